import HTTPTypes
package import UploadModel

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The body of `POST /api/v1/grants`: a link for somebody without a key, and the protocol that it is for.
package struct GrantRequest: Hashable, Sendable {
    /// The longest body, in bytes.
    package static let maximumBodyBytes = 16 << 10

    package let way: GrantedProtocol
    package let order: GrantOrder

    private struct Body: Decodable {
        var `protocol`: String?
        var fileName: String?
        var contentType: String?
        var size: WholeNumber?
        var maxSize: WholeNumber?
        var expiresIn: WholeNumber?
    }

    /// What may stand in `protocol`.
    private static let ways: [GrantedProtocol] = [.tus, .resumable]

    /// - Throws: `invalid_request` with every wrong field.
    package init(json: [UInt8], formats: MediaFormatTable, limits: UploadLimits) throws(UploadFault) {
        guard JSONText.isShallow(json) else { throw Self.fault("body", "The body must be a JSON object in UTF-8.") }
        let body: Body
        do {
            body = try JSONDecoder().decode(Body.self, from: Data(json))
        } catch {
            throw Self.fault(of: error)
        }
        guard let way = Self.ways.first(where: { $0.rawValue == body.protocol }) else {
            let known = Self.ways.map(\.rawValue).joined(separator: " or ")
            throw Self.fault("protocol", "protocol must be \(known).")
        }
        self.way = way
        let numbers = [("size", body.size), ("maxSize", body.maxSize), ("expiresIn", body.expiresIn)]
        order = try GrantOrder(
            fileName: body.fileName, contentType: body.contentType,
            numbers: numbers.reduce(into: [:]) { $0[$1.0] = $1.1.map { String($0.value) } }, formats: formats,
            limits: limits)
    }

    private static func fault(of error: any Error) -> UploadFault {
        switch error as? DecodingError {
        case .typeMismatch(_, let context), .valueNotFound(_, let context):
            let field = context.codingPath.first?.stringValue ?? "body"
            return fault(field, "\(field) has the wrong type.")
        default: return fault("body", "The body must be a JSON object.")
        }
    }

    private static func fault(_ field: String, _ message: String) -> UploadFault {
        UploadFault(.invalidRequest, message, fields: [FieldFault(field: field, message: message)])
    }

    /// 201 with the link.
    package func reply(_ upload: UploadRecord, uploadURL: String, address: PublicAddress) -> Reply {
        .json(
            .created,
            Answer(
                fileId: upload.fileID.text, protocol: way.rawValue, uploadUrl: uploadURL,
                accessUrl: address.accessURL(upload), contentType: upload.mediaType.text,
                expiresAt: upload.expiresAt.description))
    }

    private struct Answer: Encodable {
        let fileId: String
        let `protocol`: String
        let uploadUrl: String
        let accessUrl: String
        let contentType: String
        let expiresAt: String
    }
}
