package import UploadModel

/// The body of `POST /api/media/urlExists`: whether a URL can be had.
package struct MediaURLQuestion: Hashable, Sendable {
    /// The longest body, in bytes.
    package static let maximumBodyBytes = 16 << 10
    package static let maximumURLBytes = PostOrder.maximumURLBytes

    /// An http or https URL.
    package let url: String

    /// - Throws: `invalid_request` with the wrong field.
    package init(json: [UInt8]) throws(UploadFault) {
        let members: JSONMembers
        do throws(JSONFault) { members = try JSONMembers(json) } catch { throw error.uploadFault }
        let field = "mediaUrl"
        var faults: [FieldFault] = []
        let text = members.text(field, &faults)
        if let text {
            if let message = WebAddress.objection(to: text, maximumBytes: Self.maximumURLBytes) {
                faults.append(FieldFault(field: field, message: message))
            }
        } else if faults.isEmpty {
            faults.append(FieldFault(field: field, message: "It is required: the http or https URL of a file."))
        }
        guard let text, faults.isEmpty else { throw .wrong(faults) }
        url = text
    }
}
