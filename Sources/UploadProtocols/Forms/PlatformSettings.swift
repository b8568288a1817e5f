import UploadModel

/// One setting of one platform: where it may stand in a form and what it may be.
struct PlatformSetting: Sendable {
    enum Value: Equatable, Sendable {
        case text(PlatformLimit)
        case flag
        /// Account or channel ids; see ``PlatformSettingsReader/maximumListEntries``.
        case list
        case oneOf([String])
    }

    let platform: Platform
    /// In the JSON object of the field that is named like the platform.
    let nestedKey: String
    /// As a field of its own; `nil` when only the nested form is documented.
    let flatKey: String?
    let value: Value

    private init(_ platform: Platform, _ nestedKey: String, _ flatKey: String?, _ value: Value) {
        self.platform = platform
        self.nestedKey = nestedKey
        self.flatKey = flatKey
        self.value = value
    }

    /// Every setting of the publishing API.
    static let table: [PlatformSetting] = [
        PlatformSetting(.youtube, "title", "youtubeTitle", .text(.youtubeTitle)),
        PlatformSetting(.youtube, "description", "youtubeDescription", .text(.youtubeDescription)),
        PlatformSetting(.youtube, "privacy", "youtubePrivacy", .oneOf(["public", "private", "unlisted"])),
        PlatformSetting(.youtube, "autoPublish", "youtubeAutoPublish", .flag),
        PlatformSetting(.youtube, "channels", "selectedYoutubeChannels", .list),
        PlatformSetting(.youtube, "profileId", nil, .text(.profileID)),

        PlatformSetting(.instagram, "caption", "instagramCaption", .text(.instagramCaption)),
        PlatformSetting(.instagram, "autoPublish", "instagramAutoPublish", .flag),
        PlatformSetting(.instagram, "accounts", "selectedInstagramAccounts", .list),
        PlatformSetting(.instagram, "profileId", nil, .text(.profileID)),

        PlatformSetting(.tiktok, "caption", "tiktokCaption", .text(.tiktokCaption)),
        PlatformSetting(
            .tiktok, "privacy", "tiktokPrivacy",
            .oneOf(["PUBLIC_TO_EVERYONE", "MUTUAL_FOLLOW_FRIENDS", "SELF_ONLY"])),
        PlatformSetting(.tiktok, "autoPublish", "tiktokAutoPublish", .flag),
        PlatformSetting(.tiktok, "accounts", "selectedTiktokAccounts", .list),
        PlatformSetting(.tiktok, "disableComment", "tiktokDisableComment", .flag),
        PlatformSetting(.tiktok, "disableDuet", "tiktokDisableDuet", .flag),
        PlatformSetting(.tiktok, "disableStitch", "tiktokDisableStitch", .flag),
        PlatformSetting(.tiktok, "profileId", nil, .text(.profileID)),

        PlatformSetting(.linkedin, "comment", "linkedinComment", .text(.linkedinComment)),
        PlatformSetting(.linkedin, "autoPublish", "linkedinAutoPublish", .flag),
        PlatformSetting(.linkedin, "accounts", "selectedLinkedinAccounts", .list),
        PlatformSetting(.linkedin, "profileId", nil, .text(.profileID)),

        PlatformSetting(.pinterest, "title", "pinterestTitle", .text(.pinterestTitle)),
        PlatformSetting(.pinterest, "description", "pinterestDescription", .text(.pinterestDescription)),
        PlatformSetting(.pinterest, "autoPublish", "pinterestAutoPublish", .flag),
        PlatformSetting(.pinterest, "accounts", "selectedPinterestAccounts", .list),
        PlatformSetting(.pinterest, "profileId", nil, .text(.profileID)),
    ]
}

/// A setting's value, or why it cannot be one.
enum SettingValue: Equatable, Sendable {
    case text(String)
    case flag(Bool)
    case list([String])
    case null
    /// JSON of another shape: a number, an object, a list of other things than strings.
    case other
}

/// Reads one platform's settings out of a form.
struct PlatformSettingsReader {
    /// Entries of a list of account or channel ids.
    static let maximumListEntries = 100
    /// Unicode scalars of one id.
    static let maximumIDCharacters = 200

    let platform: Platform
    /// Of the media that the settings are for; `nil` when it is not known: then the widest limits count.
    let kind: MediaKind?
    private(set) var faults: [FieldFault] = []
    private var values: [String: SettingValue] = [:]
    /// Whether `null` in the nested object takes away what stands; otherwise it says nothing.
    private var nullRemoves = false

    init(platform: Platform, kind: MediaKind? = nil) {
        self.platform = platform
        self.kind = kind
    }

    /// Reads flat fields, then the nested object, whose values win where both stand.
    ///
    /// - Returns: canonical JSON, keys sorted, without spaces; `nil` when nothing is set.
    mutating func read(_ form: FormFields) -> String? {
        let settings = PlatformSetting.table.filter { $0.platform == platform }
        for setting in settings {
            if let key = setting.flatKey { readFlat(key, setting, form) }
        }
        readNested(settings, form)
        return values.isEmpty ? nil : CanonicalJSON.object(values)
    }

    /// Reads what changes: what is not named stays, what is named `null` goes.
    ///
    /// - Parameters:
    ///   - standing: the settings that stand, as ``read(_:)`` answered them.
    ///   - nulls: fields that are `null` in the request.
    mutating func edit(_ standing: String?, by form: FormFields, nulls: Set<String>) -> String? {
        let settings = PlatformSetting.table.filter { $0.platform == platform }
        if let standing, !nulls.contains(platform.rawValue) { values = SettingsJSON.object(standing) ?? [:] }
        for setting in settings {
            if let key = setting.flatKey, nulls.contains(key) { values[setting.nestedKey] = nil }
        }
        nullRemoves = true
        return read(form)
    }

    private mutating func readFlat(_ key: String, _ setting: PlatformSetting, _ form: FormFields) {
        if setting.value == .list {
            guard let entries = form.list(key, &faults), !entries.isEmpty else { return }
            accept(.list(entries), setting, field: key)
            return
        }
        guard let text = form.single(key, &faults), !text.isEmpty else { return }
        if setting.value == .flag {
            guard let flag = FormFields.flag(text) else {
                faults.append(
                    FieldFault(field: key, message: "\(FormFields.quoted(text)) is not true, false, 1 or 0."))
                return
            }
            accept(.flag(flag), setting, field: key)
        } else {
            accept(.text(text), setting, field: key)
        }
    }

    private mutating func readNested(_ settings: [PlatformSetting], _ form: FormFields) {
        let field = platform.rawValue
        guard let text = form.single(field, &faults), !FormFields.isBlank(text) else { return }
        guard let object = SettingsJSON.object(text) else {
            faults.append(FieldFault(field: field, message: "\(FormFields.quoted(text)) is not a JSON object."))
            return
        }
        let known = settings.map(\.nestedKey)
        for (key, value) in object.sorted(by: { $0.key < $1.key }) {
            guard let setting = settings.first(where: { $0.nestedKey == key }) else {
                faults.append(
                    FieldFault(
                        field: field,
                        message: "\(FormFields.quoted(key)) is not a setting of \(field); allowed: "
                            + known.joined(separator: ", ") + "."))
                continue
            }
            if value != .null {
                accept(value, setting, field: "\(field).\(key)")
            } else if nullRemoves {
                values[key] = nil
            }
        }
    }

    /// Keeps a value that the table allows.
    private mutating func accept(_ value: SettingValue, _ setting: PlatformSetting, field: String) {
        if let message = objection(to: value, setting.value) {
            faults.append(FieldFault(field: field, message: message))
        } else {
            values[setting.nestedKey] = value
        }
    }

    private func objection(to value: SettingValue, _ allowed: PlatformSetting.Value) -> String? {
        switch (allowed, value) {
        case (.text(let limit), .text(let text)): return limit.objection(to: text, kind: kind)
        case (.text, _): return "It must be text."
        case (.flag, .flag): return nil
        case (.flag, .text(let text)): return "\(FormFields.quoted(text)) is text; it must be true or false."
        case (.flag, _): return "It must be true or false."
        case (.oneOf(let names), .text(let text)):
            return names.contains(text)
                ? nil : "\(FormFields.quoted(text)) is not one of \(names.joined(separator: ", "))."
        case (.oneOf(let names), _): return "It must be one of \(names.joined(separator: ", "))."
        case (.list, .list(let entries)):
            guard entries.count <= Self.maximumListEntries else {
                return "It has \(entries.count) entries; at most \(Self.maximumListEntries) are allowed."
            }
            for entry in entries {
                if entry.isEmpty { return "An entry is empty; each must be an id." }
                if let message = FormFields.objection(toText: entry, maximumCharacters: Self.maximumIDCharacters) {
                    return message
                }
            }
            return nil
        case (.list, _): return "It must be a JSON array of strings."
        }
    }
}

/// Writes settings so that equal settings are equal text.
private enum CanonicalJSON {
    static func object(_ values: [String: SettingValue]) -> String {
        let members = values.sorted { Array($0.key.utf8).lexicographicallyPrecedes(Array($1.key.utf8)) }
        return "{" + members.map { string($0.key) + ":" + text($0.value) }.joined(separator: ",") + "}"
    }

    private static func text(_ value: SettingValue) -> String {
        switch value {
        case .text(let text): string(text)
        case .flag(let flag): flag ? "true" : "false"
        case .list(let entries): "[" + entries.map(string).joined(separator: ",") + "]"
        case .null, .other: "null"
        }
    }

    /// Escapes only what RFC 8259 section 7 demands.
    private static func string(_ text: String) -> String {
        var escaped = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": escaped += "\\\""
            case "\\": escaped += "\\\\"
            case "\n": escaped += "\\n"
            case "\r": escaped += "\\r"
            case "\t": escaped += "\\t"
            case _ where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16)
                escaped += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped + "\""
    }
}
