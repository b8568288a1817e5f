package import UploadModel

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The body of `POST /api/v1/uploads`.
package struct PartsAnnouncement: Hashable, Sendable {
    /// The longest body, in bytes.
    package static let maximumBodyBytes = 64 << 10

    package let file: NamedFile
    package let sizeBytes: Int64?
    package let partBytes: Int64?
    package let sha256: Digest?
    /// A canonical JSON object.
    package let metadataJSON: String?

    private struct Body: Decodable {
        var fileName: String?
        var contentType: String?
        var size: WholeNumber?
        var partSize: WholeNumber?
        var sha256: String?
        var metadata: [String: JSONValue]?
    }

    /// - Throws: `invalid_request` with the wrong field.
    package init(json: [UInt8], formats: MediaFormatTable, limits: UploadLimits) throws(UploadFault) {
        guard JSONText.isShallow(json) else {
            throw Self.fault(("body", "The body must be UTF-8, nested at most \(JSONText.maximumDepth) levels deep."))
        }
        let body: Body
        do {
            body = try JSONDecoder().decode(Body.self, from: Data(json))
        } catch {
            throw Self.fault(Self.explain(error))
        }
        file = try NamedFile(fileName: body.fileName, contentType: body.contentType, formats: formats)
        if let size = body.size, size.value < 0 { throw Self.fault(("size", "size must not be negative.")) }
        sizeBytes = body.size?.value
        partBytes = body.partSize?.value
        if let text = body.sha256 {
            guard let digest = Digest(.sha256, hex: text) ?? Base64.decode(text).flatMap({ Digest(.sha256, bytes: $0) })
            else { throw Self.fault(("sha256", "sha256 must be 64 hexadecimal digits, or base64 of 32 bytes.")) }
            sha256 = digest
        } else {
            sha256 = nil
        }
        if let metadata = body.metadata {
            let text = JSONText.encode(metadata)
            guard text.count <= limits.maximumMetadataBytes else {
                throw Self.fault(
                    ("metadata", "metadata may have at most \(limits.maximumMetadataBytes) bytes as JSON."))
            }
            metadataJSON = String(decoding: text, as: UTF8.self)
        } else {
            metadataJSON = nil
        }
    }

    private static func explain(_ error: any Error) -> (String, String) {
        guard let error = error as? DecodingError else { return ("body", "The body is not JSON.") }
        switch error {
        case .typeMismatch(_, let context), .valueNotFound(_, let context), .keyNotFound(_, let context):
            let field = context.codingPath.first?.stringValue ?? "body"
            return (field, "\(field) has the wrong type.")
        default: return ("body", "The body must be a JSON object.")
        }
    }

    private static func fault(_ fault: (field: String, message: String)) -> UploadFault {
        UploadFault(
            .invalidRequest, fault.message, fields: [FieldFault(field: fault.field, message: fault.message)])
    }
}

/// The query of `GET /api/v1/uploads`.
package struct UploadListQuery: Hashable, Sendable {
    package static let pageSize = 100

    package let states: Set<UploadState>
    /// As ``PartsReplies/list(_:next:)`` gave it.
    package let cursor: String?

    package init(query: String) throws(UploadFault) {
        guard let pairs = PercentCoding.parseQuery(query) else {
            throw UploadFault(.invalidRequest, "The query is not well-formed percent-encoding of UTF-8.")
        }
        var states: Set<UploadState> = [.granted, .receiving]
        var cursor: String?
        for (name, value) in pairs where !value.isEmpty {
            switch name {
            case "state":
                states = []
                for text in value.split(separator: ",", omittingEmptySubsequences: false) {
                    guard let state = UploadState(rawValue: String(text)) else {
                        let known = UploadState.allCases.map(\.rawValue).joined(separator: ", ")
                        throw UploadFault(
                            .invalidRequest, "state must be one of \(known).",
                            fields: [FieldFault(field: "state", message: "one of \(known)")])
                    }
                    states.insert(state)
                }
            case "cursor": cursor = value
            default: break
            }
        }
        self.states = states
        self.cursor = cursor
    }
}

/// A place in a list, as text that clients hand back: milliseconds and id.
package enum ListCursor {
    package static func text(_ upload: UploadRecord) -> String {
        "\(upload.createdAt.milliseconds).\(upload.fileID)"
    }

    /// - Throws: `invalid_request` for text that no list gave.
    package static func parse(_ text: String) throws(UploadFault) -> (createdAt: Timestamp, fileID: FileID) {
        let halves = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard halves.count == 2, let milliseconds = Int64(halves[0]), String(milliseconds) == halves[0],
            let id = FileID(String(halves[1]))
        else {
            throw UploadFault(
                .invalidRequest, "cursor must be the one that the list before gave.",
                fields: [FieldFault(field: "cursor", message: "not a cursor")])
        }
        return (Timestamp(milliseconds: milliseconds), id)
    }
}
