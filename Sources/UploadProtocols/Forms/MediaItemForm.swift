package import UploadModel

/// Everything that is wrong with a form, at once.
package struct FormFault: Error, Hashable, Sendable {
    /// At least one, at most ``MediaItemForm/maximumFaults``.
    package let fields: [FieldFault]
}

/// The text fields with which a client makes a media item of a file: `POST /api/v1/media/images` and `…/videos`.
package enum MediaItemForm {
    /// In Unicode scalars.
    package static let maximumTitleCharacters = 255
    /// In Unicode scalars.
    package static let maximumDescriptionCharacters = 10_000
    /// More faults of one form are not told.
    package static let maximumFaults = 50

    /// Reads the fields `title`, `description`, `platforms`, `scheduledAt`, `isDraft` and every platform's settings.
    ///
    /// Other fields are ignored; `file`, `fileId` and `profileId` are their reader's matter. Empty fields count as
    /// absent. A draft is never scheduled: its `scheduledAt` is checked and dropped. Settings of platforms that are
    /// not asked for are checked and dropped.
    ///
    /// - Parameters:
    ///   - fields: in their order, file parts left out; their reader bounds their number and bytes.
    ///   - now: a schedule must lie after it. `nil` lets every moment pass: to compare the repetition of an old
    ///     request with what was made of it then.
    package static func request(
        from fields: [(name: String, value: String)], kind: MediaKind, now: Timestamp?
    ) throws(FormFault) -> MediaItemRequest {
        let form = FormFields(fields)
        var faults: [FieldFault] = []
        let title = text("title", maximumCharacters: maximumTitleCharacters, form, &faults)
        let description = text("description", maximumCharacters: maximumDescriptionCharacters, form, &faults)
        let platforms = platforms(form, kind: kind, &faults)
        let scheduledAt = schedule(form, now: now, &faults)
        let isDraft = flag("isDraft", form, &faults) ?? false
        var settings: [Platform: String] = [:]
        for platform in Platform.allCases {
            var reader = PlatformSettingsReader(platform: platform, kind: kind)
            let json = reader.read(form)
            faults += reader.faults
            if platforms.contains(platform) { settings[platform] = json }
        }
        guard faults.isEmpty else { throw FormFault(fields: Array(faults.prefix(maximumFaults))) }
        return MediaItemRequest(
            kind: kind, title: title, description: description, platforms: platforms,
            scheduledAt: isDraft ? nil : scheduledAt, isDraft: isDraft, settingsJSON: settings)
    }

    /// What a standing request becomes by an edit: fields that are not named stay, those that are `null` or empty go.
    ///
    /// - Parameters:
    ///   - fields: as in ``request(from:kind:now:)``, where none is required.
    ///   - nulls: the names of fields that are `null`.
    ///   - now: a schedule that is named must lie after it.
    package static func edit(
        _ standing: MediaItemRequest, by fields: [(name: String, value: String)], nulls: Set<String>, now: Timestamp
    ) throws(FormFault) -> MediaItemRequest {
        let form = FormFields(fields)
        func isNamed(_ name: String) -> Bool { nulls.contains(name) || form.has(name) }
        var faults: [FieldFault] = []
        var edited = standing
        if isNamed("title") { edited.title = text("title", maximumCharacters: maximumTitleCharacters, form, &faults) }
        if isNamed("description") {
            edited.description = text(
                "description", maximumCharacters: maximumDescriptionCharacters, form, &faults)
        }
        if isNamed("platforms") || form.has("platforms[]") {
            edited.platforms = platforms(form, kind: standing.kind, &faults)
        }
        if isNamed("scheduledAt") { edited.scheduledAt = schedule(form, now: now, &faults) }
        if isNamed("isDraft") { edited.isDraft = flag("isDraft", form, &faults) ?? false }
        edited.settingsJSON = [:]
        for platform in Platform.allCases {
            var reader = PlatformSettingsReader(platform: platform, kind: standing.kind)
            let json = reader.edit(standing.settingsJSON[platform], by: form, nulls: nulls)
            faults += reader.faults
            if edited.platforms.contains(platform) { edited.settingsJSON[platform] = json }
        }
        guard faults.isEmpty else { throw FormFault(fields: Array(faults.prefix(maximumFaults))) }
        if edited.isDraft { edited.scheduledAt = nil }
        return edited
    }

    private static func text(
        _ name: String, maximumCharacters: Int, _ form: FormFields, _ faults: inout [FieldFault]
    ) -> String? {
        guard let text = form.single(name, &faults), !text.isEmpty else { return nil }
        guard let message = FormFields.objection(toText: text, maximumCharacters: maximumCharacters) else {
            return text
        }
        faults.append(FieldFault(field: name, message: message))
        return nil
    }

    private static func platforms(
        _ form: FormFields, kind: MediaKind, _ faults: inout [FieldFault]
    ) -> [Platform] {
        let field = "platforms"
        let allowed = Platform.allCases.filter { $0.takes(kind) }.map(\.rawValue).joined(separator: ", ")
        guard let names = form.list(field, &faults) else { return [] }
        guard !names.isEmpty else {
            let message = "It is required: a JSON array with at least one of \(allowed)."
            faults.append(FieldFault(field: field, message: message))
            return []
        }
        var platforms: [Platform] = []
        var refused: Set<String> = []
        for name in names {
            let platform = Platform(rawValue: name)
            if let platform, platform.takes(kind) {
                if !platforms.contains(platform) { platforms.append(platform) }
                continue
            }
            guard refused.insert(name).inserted, refused.count <= maximumFaults else { continue }
            let what = platform == nil ? "is not a platform" : "does not take \(kind.rawValue)s"
            let message = "\(FormFields.quoted(name)) \(what); allowed: \(allowed)."
            faults.append(FieldFault(field: field, message: message))
        }
        return platforms
    }

    private static func schedule(
        _ form: FormFields, now: Timestamp?, _ faults: inout [FieldFault]
    ) -> Timestamp? {
        let field = "scheduledAt"
        guard let text = form.single(field, &faults), !FormFields.isBlank(text) else { return nil }
        guard let moment = Timestamp(rfc3339: trimmingBlanks(text[...])) else {
            let message =
                "\(FormFields.quoted(text)) is not an ISO 8601 moment with a zone, such as 2030-01-31T18:00:00Z."
            faults.append(FieldFault(field: field, message: message))
            return nil
        }
        if let now, moment <= now {
            let message = "\(FormFields.quoted(text)) is not in the future; it is \(now) now."
            faults.append(FieldFault(field: field, message: message))
            return nil
        }
        return moment
    }

    private static func flag(_ name: String, _ form: FormFields, _ faults: inout [FieldFault]) -> Bool? {
        guard let text = form.single(name, &faults), !FormFields.isBlank(text) else { return nil }
        guard let flag = FormFields.flag(text) else {
            let message = "\(FormFields.quoted(text)) is not true, false, 1 or 0."
            faults.append(FieldFault(field: name, message: message))
            return nil
        }
        return flag
    }
}
