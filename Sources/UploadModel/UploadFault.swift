/// Why a call was refused or failed. The code is stable and on the wire; the detail says what to do.
package struct UploadFault: Error, Hashable, Sendable {
    /// Stable names; contract, "Errors".
    package enum Code: String, Hashable, Sendable, CaseIterable {
        case invalidRequest = "invalid_request"
        case invalidPart = "invalid_part"
        case digestMismatch = "digest_mismatch"
        case unauthorized = "unauthorized"
        case linkInvalid = "link_invalid"
        case notFound = "not_found"
        case methodNotAllowed = "method_not_allowed"
        case requestTimeout = "request_timeout"
        case linkUsed = "link_used"
        case partsMissing = "parts_missing"
        case chunkSizeUnknown = "chunk_size_unknown"
        case superseded = "superseded"
        case alreadyComplete = "already_complete"
        case alreadyFinalized = "already_finalized"
        case notComplete = "not_complete"
        case linkExpired = "link_expired"
        case uploadGone = "upload_gone"
        case tooLarge = "too_large"
        case lengthMismatch = "length_mismatch"
        case contentTypeMismatch = "content_type_mismatch"
        case contentMismatch = "content_mismatch"
        case unsupportedMediaType = "unsupported_media_type"
        case rangeNotSatisfiable = "range_not_satisfiable"
        /// The request speaks a version of its protocol that is not spoken here.
        case unsupportedVersion = "unsupported_version"
        case headTooLarge = "head_too_large"
        case tooManyUploads = "too_many_uploads"
        case rateLimited = "rate_limited"
        /// Bytes of an upload that takes them in order came for another place than the next.
        case offsetMismatch = "offset_mismatch"
        /// Two requests, or two fields of one, tell different lengths of the same file.
        case inconsistentLength = "inconsistent_upload_length"
        /// The upload takes its bytes another way: in parts, in order, or not at all.
        case wayMismatch = "way_mismatch"
        case internalError = "internal_error"
        case unavailable = "unavailable"
        case insufficientStorage = "insufficient_storage"
        /// The tenant stores as many bytes as it may.
        case quotaExceeded = "quota_exceeded"
        /// A foreign URL that may not be fetched: its scheme, its address, its redirect.
        case urlRefused = "url_refused"
        /// A foreign URL that did not answer with a whole file.
        case urlUnreachable = "url_unreachable"
        /// The item is on its way to the platforms, or there.
        case notEditable = "not_editable"
        /// The application behind the gateway said no; status and detail are its own.
        case verificationRefused = "verification_refused"
    }

    package var code: Code
    /// One or two sentences for the client's developer. Never a path, a query or another tenant's data.
    package var detail: String
    /// For the log only: what lies behind it.
    package var cause: String?
    /// For ``Code/partsMissing``: closed ranges of part numbers.
    package var missing: [ClosedRange<Int>]?
    /// For ``Code/offsetMismatch``, in bytes: the offset that is taken next, and the one that the request named.
    package var expectedOffset: Int64?
    package var providedOffset: Int64?
    /// Wrong fields of a form, all of them at once.
    package var fields: [FieldFault]
    /// When to try again.
    package var retryAfterSeconds: Int64?
    /// For ``Code/verificationRefused``: the status that the application chose, 400 to 499.
    package var applicationStatus: Int?
    /// The file that is here and stays, although the call failed: what the client sends instead of the bytes next time.
    package var fileID: FileID?

    package init(
        _ code: Code, _ detail: String, cause: String? = nil, missing: [ClosedRange<Int>]? = nil,
        fields: [FieldFault] = [], retryAfterSeconds: Int64? = nil
    ) {
        self.code = code
        self.detail = detail
        self.cause = cause
        self.missing = missing
        self.fields = fields
        self.retryAfterSeconds = retryAfterSeconds
    }

    /// An id that never was, or that is not this tenant's: the same answer for both.
    package static let notFound = UploadFault(.notFound, "There is no such upload or file.")
}

/// A field of a form that is wrong: which, and what is allowed.
package struct FieldFault: Hashable, Sendable {
    package let field: String
    package let message: String

    package init(field: String, message: String) {
        self.field = field
        self.message = message
    }
}
