package import UploadModel

/// The body of `PATCH /api/v1/media/{kind}/{id}/platforms/{platform}`: what the publisher tells of one platform.
package struct PlatformReport: Hashable, Sendable {
    /// The longest body, in bytes.
    package static let maximumBodyBytes = 64 << 10

    package let result: PlatformResult

    /// Reads the members `status`, the platform's own id (``Platform/remoteIDKey``, or `id`), `url` and `message`.
    /// Members that are `null` count as absent.
    ///
    /// - Parameter json: at most ``maximumBodyBytes``, which its reader sees to.
    /// - Throws: `invalid_request` with every wrong field; members that the platform does not have are wrong.
    package init(json: [UInt8], platform: Platform) throws(UploadFault) {
        let members: JSONMembers
        do throws(JSONFault) { members = try JSONMembers(json) } catch { throw error.uploadFault }
        var faults = Self.strangers(in: members, platform)
        let status = Self.status(members, &faults)
        let remoteID = Self.remoteID(members, platform, &faults)
        let url = Self.url(members, &faults)
        let message = Self.message(members, &faults)
        guard let status, faults.isEmpty else { throw .wrong(faults) }
        result = PlatformResult(status: status, remoteID: remoteID, url: url, message: message)
    }

    private static func strangers(in members: JSONMembers, _ platform: Platform) -> [FieldFault] {
        let allowed = ["status", platform.remoteIDKey, "id", "url", "message"]
        return members.all.filter { !allowed.contains($0.name) }.map { member in
            FieldFault(
                field: member.name,
                message: "It is not told of \(platform.rawValue); allowed: \(allowed.joined(separator: ", ")).")
        }
    }

    private static func status(_ members: JSONMembers, _ faults: inout [FieldFault]) -> PlatformStatus? {
        let field = "status"
        let known = PlatformStatus.allCases.map(\.rawValue).joined(separator: ", ")
        let before = faults.count
        guard let text = members.text(field, &faults) else {
            if faults.count == before {
                faults.append(FieldFault(field: field, message: "It is required: one of \(known)."))
            }
            return nil
        }
        guard let status = PlatformStatus(rawValue: text) else {
            faults.append(
                FieldFault(field: field, message: "\(FormFields.quoted(text)) is not one of \(known)."))
            return nil
        }
        return status
    }

    private static func remoteID(
        _ members: JSONMembers, _ platform: Platform, _ faults: inout [FieldFault]
    ) -> String? {
        var found: String?
        for key in [platform.remoteIDKey, "id"] {
            guard let text = members.text(key, &faults) else { continue }
            let isVisible = text.unicodeScalars.allSatisfy { $0.value > 0x20 && !(0x7F...0xA0).contains($0.value) }
            guard (1...PlatformResult.maximumIDBytes).contains(text.utf8.count), isVisible else {
                let message =
                    "It must have 1 to \(PlatformResult.maximumIDBytes) bytes, no space and no control character."
                faults.append(FieldFault(field: key, message: message))
                continue
            }
            if let found, found != text {
                faults.append(FieldFault(field: key, message: "It contradicts \(platform.remoteIDKey); send one."))
            }
            found = text
        }
        return found
    }

    private static func url(_ members: JSONMembers, _ faults: inout [FieldFault]) -> String? {
        guard let text = members.text("url", &faults) else { return nil }
        let objection = WebAddress.objection(to: text, maximumBytes: PlatformResult.maximumURLBytes)
        if let objection { faults.append(FieldFault(field: "url", message: objection)) }
        return text
    }

    private static func message(_ members: JSONMembers, _ faults: inout [FieldFault]) -> String? {
        guard let text = members.text("message", &faults) else { return nil }
        let objection = FormFields.objection(
            toText: text, maximumCharacters: PlatformResult.maximumMessageCharacters)
        if let objection { faults.append(FieldFault(field: "message", message: objection)) }
        return text.isEmpty ? nil : text
    }
}
