package import HTTPTypes
package import UploadModel

/// What the head of a request that brings bytes says of them (core protocol, "PATCH").
package struct TusAppend: Hashable, Sendable {
    /// Where the bytes go.
    package let offset: Int64
    /// The length of the whole, if this request tells it (creation-defer-length).
    package let sizeBytes: Int64?
    package let checksum: TusChecksum

    /// Reads the head of a PATCH.
    ///
    /// - Throws: `content_type_mismatch`, `invalid_request`.
    package init(_ head: HTTPRequest) throws(UploadFault) {
        try TusProtocol.checkBody(head)
        guard let offset = try TusProtocol.byteCount(head, .tusOffset) else {
            throw TusProtocol.fault(.tusOffset, "Upload-Offset is needed: where the bytes go.")
        }
        self.offset = offset
        sizeBytes = try TusProtocol.byteCount(head, .tusLength)
        checksum = try TusChecksum(head)
    }

    /// Reads the head of a POST whose body is the beginning of the upload (creation-with-upload).
    init(creating head: HTTPRequest) throws(UploadFault) {
        try TusProtocol.checkBody(head)
        offset = 0
        sizeBytes = nil
        checksum = try TusChecksum(head)
    }
}
