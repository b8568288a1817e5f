package import HTTPTypes
package import UploadModel

/// What a request that carries a file as its content calls it.
package struct ResumableNaming: Hashable, Sendable {
    package let fileName: FileName
    /// `nil` where nothing tells it: the bytes will.
    package let declaredType: MediaType?

    /// What senders say that know nothing of the type: browsers, and programs that mean a form by default.
    private static let saysNothing: Set<String> = ["application/octet-stream", "application/x-www-form-urlencoded"]

    /// Reads the name from `Content-Disposition` (RFC 6266; the draft recommends `inline`) or from `fileName` in the
    /// query, the type from `Content-Type`.
    ///
    /// - Throws: `invalid_request` as ``NamedFile`` does.
    package init(_ head: HTTPRequest, query: String, formats: MediaFormatTable) throws(UploadFault) {
        guard let pairs = PercentCoding.parseQuery(query) else {
            throw UploadFault(.invalidRequest, "The query is not well-formed percent-encoding of UTF-8.")
        }
        let sentType = head.headerFields[.contentType]
        let type = sentType.flatMap(MediaType.init).map(\.text) ?? sentType
        let known = type.flatMap { Self.saysNothing.contains($0) ? nil : $0 }
        let name =
            head.headerFields[.contentDisposition].flatMap(ContentDisposition.fileName(in:))
            ?? pairs.first { $0.name == "fileName" }?.value
        if let name {
            let file = try NamedFile(fileName: name, contentType: known, formats: formats)
            (fileName, declaredType) = (file.fileName, file.format.mediaType)
        } else if let known {
            let suffix = formats.format(named: known)?.extensions.first
            let file = try NamedFile(
                fileName: suffix.map { "\(Self.unnamed).\($0)" } ?? Self.unnamed.text, contentType: known,
                formats: formats)
            (fileName, declaredType) = (file.fileName, file.format.mediaType)
        } else {
            (fileName, declaredType) = (Self.unnamed, nil)
        }
    }

    private static let unnamed: FileName = {
        guard let name = FileName("upload") else { preconditionFailure("a file may be called upload") }
        return name
    }()
}
