package import HTTPTypes
package import UploadModel

/// The form that an error takes; contract, "Errors".
package enum ErrorDialect: Hashable, Sendable {
    /// `application/problem+json` (RFC 9457): native calls and signed URLs.
    case problem
    /// `{"success":false,"message","code"}`: `/api/v1/media/…`.
    case media
    /// `{"status":"error","code","message"}`: `/api/media/…`.
    case gallery
    /// One line of text and the fields of tus: `/files`.
    case tus
    /// `application/problem+json` with the problem types of Resumable Uploads, and its fields.
    case resumable(ResumableRefusal)
}

extension UploadFault {
    /// The one place where faults become statuses.
    package var status: HTTPResponse.Status {
        switch code {
        case .invalidRequest, .invalidPart, .digestMismatch, .lengthMismatch, .inconsistentLength, .urlRefused,
            .urlUnreachable:
            .badRequest
        case .verificationRefused: Self.refused(applicationStatus ?? 422)
        case .unauthorized: .unauthorized
        case .linkInvalid: .forbidden
        case .notFound: .notFound
        case .methodNotAllowed: .methodNotAllowed
        case .requestTimeout: .requestTimeout
        case .linkUsed, .partsMissing, .chunkSizeUnknown, .superseded, .alreadyComplete, .alreadyFinalized,
            .notComplete, .notEditable, .offsetMismatch, .wayMismatch:
            .conflict
        case .linkExpired, .uploadGone: .gone
        case .tooLarge: .contentTooLarge
        case .contentTypeMismatch, .contentMismatch, .unsupportedMediaType: .unsupportedMediaType
        case .rangeNotSatisfiable: .rangeNotSatisfiable
        case .unsupportedVersion: .preconditionFailed
        case .headTooLarge: .requestHeaderFieldsTooLarge
        case .tooManyUploads, .rateLimited: .tooManyRequests
        case .internalError: .internalServerError
        case .unavailable: .serviceUnavailable
        case .insufficientStorage, .quotaExceeded: HTTPResponse.Status(code: 507, reasonPhrase: "Insufficient Storage")
        }
    }

    /// The application chooses the number; what it would be called elsewhere says nothing of why.
    private static func refused(_ code: Int) -> HTTPResponse.Status {
        HTTPResponse.Status(code: code, reasonPhrase: "Refused by the Application")
    }

    /// This fault as an answer in a dialect's own form.
    package func reply(_ dialect: ErrorDialect, requestID: String) -> Reply {
        var fields: HTTPFields = [:]
        if let retryAfterSeconds { fields[.retryAfter] = String(retryAfterSeconds) }
        // RFC 6750 section 3: what a client without a (good) key is told.
        if code == .unauthorized { fields[.wwwAuthenticate] = "Bearer" }
        let ranges = missing?.map { [$0.lowerBound, $0.upperBound] }
        let errors = self.fields.isEmpty ? nil : self.fields.map { FieldBody(field: $0.field, message: $0.message) }
        switch dialect {
        case .problem:
            let body = ProblemBody(
                type: "about:blank", title: status.reasonPhrase, status: status.code, detail: detail,
                code: code.rawValue, requestId: requestID, missing: ranges, errors: errors, fileId: fileID?.text)
            return .json(status, body, mediaType: "application/problem+json", fields: fields)
        case .resumable(let refusal):
            let told = refusal.told(self)
            let status = refusal.status(of: told)
            let problem = refusal.problem(of: told)
            refusal.addFields(of: told, to: &fields)
            let body = ProblemBody(
                type: problem?.type ?? "about:blank", title: problem?.title ?? status.reasonPhrase,
                status: status.code, detail: told.detail, code: told.code.rawValue, requestId: requestID,
                missing: ranges, errors: errors, fileId: fileID?.text, expectedOffset: told.expectedOffset,
                providedOffset: told.providedOffset)
            return .json(status, body, mediaType: "application/problem+json", fields: fields)
        case .media:
            let body = MediaErrorBody(
                success: false, message: detail, code: code.rawValue, requestId: requestID, missing: ranges,
                errors: errors, fileId: fileID?.text)
            return .json(status, body, fields: fields)
        case .gallery:
            let body = GalleryErrorBody(
                status: "error", code: code.rawValue, message: detail, requestId: requestID, errors: errors,
                fileId: fileID?.text)
            return .json(status, body, fields: fields)
        case .tus: return TusReplies.refusal(self, fields: fields)
        }
    }
}

private struct FieldBody: Encodable {
    let field: String
    let message: String
}

/// RFC 9457 section 3.1, with `code` and the rest as extension members.
private struct ProblemBody: Encodable {
    let type: String
    let title: String
    let status: Int
    let detail: String
    let code: String
    let requestId: String
    let missing: [[Int]]?
    let errors: [FieldBody]?
    let fileId: String?
    var expectedOffset: Int64?
    var providedOffset: Int64?

    private enum CodingKeys: String, CodingKey {
        case type, title, status, detail, code, requestId, missing, errors, fileId
        // Draft, "Mismatching Offset".
        case expectedOffset = "expected-offset"
        case providedOffset = "provided-offset"
    }
}

private struct MediaErrorBody: Encodable {
    let success: Bool
    let message: String
    let code: String
    let requestId: String
    let missing: [[Int]]?
    let errors: [FieldBody]?
    let fileId: String?
}

private struct GalleryErrorBody: Encodable {
    let status: String
    let code: String
    let message: String
    let requestId: String
    let errors: [FieldBody]?
    let fileId: String?
}
