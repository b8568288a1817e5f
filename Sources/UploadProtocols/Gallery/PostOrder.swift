package import UploadModel

/// The body of `POST /api/post`: a text with media for some platforms, now or later.
package struct PostOrder: Hashable, Sendable {
    /// The longest body, in bytes.
    package static let maximumBodyBytes = 256 << 10
    /// In Unicode scalars.
    package static let maximumTextCharacters = 10_000
    package static let maximumMediaURLs = 20
    package static let maximumURLBytes = 2_048

    /// May be empty.
    package let text: String
    /// At least one, each once, in their order.
    package let platforms: [Platform]
    /// 1 to ``maximumMediaURLs`` http or https URLs, in their order.
    package let mediaURLs: [String]
    package let scheduledAt: Timestamp?
    /// What the client says of URLs whose names do not tell.
    package let isVideo: Bool
    /// Of the platforms asked for: a canonical JSON object. The post's text stands in it where a platform has a place
    /// for such a text and the client gave none of its own.
    package let settingsJSON: [Platform: String]

    /// Reads the members `post`, `platforms`, `mediaUrls`, `scheduleDate`, `isVideo` and an object of settings under
    /// each platform's name; others are ignored. A single URL may stand without its array.
    ///
    /// - Parameters:
    ///   - json: at most ``maximumBodyBytes``, which its reader sees to.
    ///   - now: a schedule must lie after it.
    /// - Throws: `invalid_request` with every wrong field.
    package init(json: [UInt8], now: Timestamp) throws(UploadFault) {
        let members: JSONMembers
        do throws(JSONFault) { members = try JSONMembers(json) } catch { throw error.uploadFault }
        var faults: [FieldFault] = []
        text = Self.text(members, &faults)
        platforms = Self.platforms(members, &faults)
        mediaURLs = Self.mediaURLs(members, &faults)
        scheduledAt = Self.schedule(members, now: now, &faults)
        isVideo = members.flag("isVideo", &faults) ?? false
        settingsJSON = Self.settings(members, text: text, platforms: platforms, &faults)
        guard faults.isEmpty else { throw .wrong(faults) }
    }

    private static func text(_ members: JSONMembers, _ faults: inout [FieldFault]) -> String {
        let field = "post"
        let before = faults.count
        guard let text = members.text(field, &faults) else {
            if faults.count == before {
                let message = "It is required: the text of the post; it may be empty when there are mediaUrls."
                faults.append(FieldFault(field: field, message: message))
            }
            return ""
        }
        if let message = FormFields.objection(toText: text, maximumCharacters: maximumTextCharacters) {
            faults.append(FieldFault(field: field, message: message))
            // Not told again for every platform whose limit is lower.
            return ""
        }
        if text.isEmpty, members["mediaUrls"] == nil {
            faults.append(FieldFault(field: field, message: "It may be empty only when there are mediaUrls."))
        }
        return text
    }

    private static func platforms(_ members: JSONMembers, _ faults: inout [FieldFault]) -> [Platform] {
        let field = "platforms"
        let known = Platform.allCases.map(\.rawValue).joined(separator: ", ")
        let before = faults.count
        let names = members.strings(field, &faults) ?? []
        if names.isEmpty, faults.count == before {
            let message = "It is required: a JSON array with at least one of \(known)."
            faults.append(FieldFault(field: field, message: message))
        }
        var platforms: [Platform] = []
        var refused: Set<String> = []
        for name in names {
            if let platform = Platform(rawValue: name) {
                if !platforms.contains(platform) { platforms.append(platform) }
            } else if refused.insert(name).inserted, refused.count <= MediaItemForm.maximumFaults {
                let message = "\(FormFields.quoted(name)) is not a platform; allowed: \(known)."
                faults.append(FieldFault(field: field, message: message))
            }
        }
        return platforms
    }

    private static func mediaURLs(_ members: JSONMembers, _ faults: inout [FieldFault]) -> [String] {
        let field = "mediaUrls"
        let before = faults.count
        let urls: [String]
        if case .text(let url) = members[field] {
            urls = [url]
        } else {
            urls = members.strings(field, &faults) ?? []
        }
        guard faults.count == before else { return [] }
        guard (1...maximumMediaURLs).contains(urls.count) else {
            let message =
                urls.isEmpty
                ? "It is required: a JSON array of 1 to \(maximumMediaURLs) URLs. A post without media is not taken."
                : "It has \(urls.count) URLs; at most \(maximumMediaURLs) are allowed."
            faults.append(FieldFault(field: field, message: message))
            return []
        }
        for url in urls {
            guard let message = WebAddress.objection(to: url, maximumBytes: maximumURLBytes) else { continue }
            faults.append(FieldFault(field: field, message: message))
        }
        return urls
    }

    private static func schedule(
        _ members: JSONMembers, now: Timestamp, _ faults: inout [FieldFault]
    ) -> Timestamp? {
        let field = "scheduleDate"
        guard let text = members.text(field, &faults), !FormFields.isBlank(text) else { return nil }
        guard let moment = Timestamp(rfc3339: trimmingBlanks(text[...])) else {
            let message =
                "\(FormFields.quoted(text)) is not an ISO 8601 moment with a zone, such as 2030-01-31T18:00:00Z."
            faults.append(FieldFault(field: field, message: message))
            return nil
        }
        guard moment > now else {
            let message = "\(FormFields.quoted(text)) is not in the future; it is \(now) now."
            faults.append(FieldFault(field: field, message: message))
            return nil
        }
        return moment
    }

    // MARK: Settings

    /// Of every platform the settings are checked, of those asked for they are kept.
    private static func settings(
        _ members: JSONMembers, text: String, platforms: [Platform], _ faults: inout [FieldFault]
    ) -> [Platform: String] {
        var settings: [Platform: String] = [:]
        for platform in Platform.allCases {
            let nested = nestedSettings(of: platform, members)
            var reader = PlatformSettingsReader(platform: platform)
            let json = reader.read(FormFields(nested))
            faults += reader.faults
            guard platforms.contains(platform), reader.faults.isEmpty else { continue }
            settings[platform] = json
            guard !text.isEmpty, let place = textPlace(platform, filledIn: json) else { continue }
            // A flat field says what the object leaves out: so the text stands under the platform's own limit.
            var filling = PlatformSettingsReader(platform: platform)
            settings[platform] = filling.read(FormFields(nested + [(name: place, value: text)]))
            faults += filling.faults.map { fault in
                FieldFault(field: "post", message: "As the text for \(platform.rawValue): \(fault.message)")
            }
        }
        return settings
    }

    private static func nestedSettings(
        of platform: Platform, _ members: JSONMembers
    ) -> [(name: String, value: String)] {
        switch members[platform.rawValue] {
        case .nested(let json), .text(let json), .number(let json): [(platform.rawValue, json)]
        case .flag(let flag): [(platform.rawValue, flag ? "true" : "false")]
        case .null, nil: []
        }
    }

    /// The flat field for the text that goes with the media; `nil` when the client's settings have it already.
    private static func textPlace(_ platform: Platform, filledIn json: String?) -> String? {
        let key =
            switch platform {
            case .instagram, .tiktok: "caption"
            case .linkedin: "comment"
            case .pinterest, .youtube: "description"
            }
        if let json, SettingsJSON.object(json)?[key] != nil { return nil }
        return PlatformSetting.table.first { $0.platform == platform && $0.nestedKey == key }?.flatKey
    }
}
