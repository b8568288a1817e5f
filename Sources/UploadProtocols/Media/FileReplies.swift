package import HTTPTypes
package import UploadModel

/// How a finished file is served: `GET|HEAD /media/{fileId}/{fileName}`.
package struct FileReply: Hashable, Sendable {
    package let head: HTTPResponse
    /// The bytes that follow; `nil` for none.
    package let body: ByteRange?

    /// Decides by the request's conditions and range (RFC 9110 sections 13 and 14).
    package init(_ request: HTTPRequest, upload: UploadRecord) {
        let size = upload.receivedBytes
        let tag = EntityTag(of: upload)
        var fields = Self.fields(of: upload, tag: tag)
        let requested = request.headerFields
        guard Precondition.ifMatch(requested[.ifMatch], current: tag) else {
            fields[.cacheControl] = "no-store"
            head = HTTPResponse(status: .preconditionFailed, headerFields: fields)
            body = nil
            return
        }
        // RFC 9110 section 13.1.3: counts only without If-None-Match. Files never change, so only the moment that we
        // told ourselves needs to be known again.
        let isKnownByDate =
            requested[.ifNoneMatch] == nil && requested[.ifModifiedSince] != nil
            && requested[.ifModifiedSince] == fields[.lastModified]
        guard !isKnownByDate, Precondition.ifNoneMatch(requested[.ifNoneMatch], current: tag) else {
            head = HTTPResponse(status: .notModified, headerFields: fields)
            body = nil
            return
        }
        // RFC 9110 section 14.2: Range is defined for GET alone.
        let holds = Precondition.ifRange(requested[.ifRange], current: tag, lastModified: upload.completedAt)
        let range = request.method == .get && holds ? requested[.range] : nil
        var status = HTTPResponse.Status.ok
        var bytes: ByteRange? = ByteRange(start: 0, length: size)
        switch RangeField.evaluate(range, sizeBytes: size) {
        case .full: break
        case .partial(let part):
            status = .partialContent
            bytes = part
            fields[.contentRange] = RangeField.contentRange(part, sizeBytes: size)
        case .unsatisfiable:
            status = .rangeNotSatisfiable
            bytes = nil
            fields[.contentRange] = RangeField.unsatisfiedContentRange(sizeBytes: size)
            fields[.cacheControl] = "no-store"
        }
        if status != .rangeNotSatisfiable { fields[.contentType] = upload.mediaType.text }
        fields[.contentLength] = String(bytes?.length ?? 0)
        head = HTTPResponse(status: status, headerFields: fields)
        body = request.method == .head || bytes?.length == 0 ? nil : bytes
    }

    private static func fields(of upload: UploadRecord, tag: EntityTag?) -> HTTPFields {
        var fields: HTTPFields = [:]
        fields[.eTag] = tag?.description
        fields[.acceptRanges] = "bytes"
        fields[.lastModified] = upload.completedAt.map(HTTPDate.text)
        // The bytes behind an access URL never change, and the URL is the secret.
        fields[.cacheControl] = "private, max-age=31536000, immutable"
        // What a stranger uploaded must not run in this origin, whatever a browser takes it for.
        fields[.xContentTypeOptions] = "nosniff"
        fields[.contentSecurityPolicy] = "sandbox"
        fields[.crossOriginResourcePolicy] = "cross-origin"
        let isMedia = MediaFormatTable.known.format(of: upload.mediaType) != nil
        fields[.contentDisposition] = (isMedia ? ContentDisposition.inline : .attachment).fieldValue(upload.servedName)
        if let crc = upload.crc32c { fields[.reprDigest] = DigestField.serialize([Digest(crc)]) }
        return fields
    }
}
