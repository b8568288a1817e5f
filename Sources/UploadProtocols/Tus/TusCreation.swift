package import HTTPTypes
package import UploadModel

/// What the head of a POST asks to be created (creation extension and those that build on it).
package struct TusCreation: Hashable, Sendable {
    /// What the upload is called where its client gives no name.
    private static let standInName = "upload"

    package let concat: TusConcat?
    /// `nil` while it is not known, and of a final upload.
    package let sizeBytes: Int64?
    package let fileName: FileName
    package let declaredType: MediaType?
    /// A JSON object; `nil` when there is nothing to keep.
    package let metadataJSON: String?
    /// The body is the beginning of the upload; `nil` when there is none.
    package let append: TusAppend?

    /// - Throws: `invalid_request`, `too_large`, `content_type_mismatch`.
    package init(_ head: HTTPRequest, formats: MediaFormatTable, limits: UploadLimits) throws(UploadFault) {
        let metadata = try TusMetadata(head.headerFields[.tusMetadata] ?? "")
        let concatText = head.headerFields[.tusConcat]
        concat = try concatText.map { text throws(UploadFault) in try TusConcat(text) }
        sizeBytes = try Self.size(head, concat)
        (fileName, declaredType) = try Self.naming(metadata, concat, formats)
        metadataJSON = try TusKeepsake(metadata: metadata, concat: concatText).text(limits: limits)
        append = try Self.append(head, concat, sizeBytes)
    }

    /// The creation that a granted URL is for: name and type are the grant's, and the size lies within its bounds.
    ///
    /// - Throws: `invalid_request`, `inconsistent_upload_length`, `too_large`, `content_type_mismatch`.
    package init(
        _ head: HTTPRequest, granted target: SignedTarget, formats: MediaFormatTable, limits: UploadLimits
    ) throws(UploadFault) {
        let metadata = try TusMetadata(head.headerFields[.tusMetadata] ?? "")
        guard head.headerFields[.tusConcat] == nil else {
            throw TusProtocol.fault(.tusConcat, "This link is for one file, which is no piece and made of none.")
        }
        concat = nil
        if let name = try Self.typeName(metadata), formats.format(named: name)?.mediaType != target.mediaType {
            throw UploadFault(.contentTypeMismatch, "This link takes a file of the type \(target.mediaType).")
        }
        let length = try Self.size(head, nil)
        if let length {
            guard length <= target.maximumBytes else {
                throw UploadFault(.tooLarge, "This link takes at most \(target.maximumBytes) bytes.")
            }
            guard length == target.sizeBytes ?? length else {
                throw UploadFault(
                    .inconsistentLength, "This link takes a file of exactly \(target.sizeBytes ?? 0) bytes.")
            }
        }
        sizeBytes = length ?? target.sizeBytes
        fileName = target.fileName
        declaredType = target.mediaType
        metadataJSON = try TusKeepsake(metadata: metadata, concat: nil).text(limits: limits)
        append = try Self.append(head, nil, sizeBytes ?? target.maximumBytes)
    }

    private static func size(_ head: HTTPRequest, _ concat: TusConcat?) throws(UploadFault) -> Int64? {
        let length = try TusProtocol.byteCount(head, .tusLength)
        let deferral = head.headerFields[.tusDeferLength]
        if case .final = concat {
            guard length == nil, deferral == nil else {
                throw TusProtocol.fault(
                    .tusLength, "The length of a final upload follows from its parts; do not send it.")
            }
            return nil
        }
        // creation-defer-length: 1, and nothing else.
        guard deferral == nil || deferral == "1" else {
            throw TusProtocol.fault(.tusDeferLength, "Upload-Defer-Length must be 1.")
        }
        guard (length == nil) != (deferral == nil) else {
            throw TusProtocol.fault(.tusLength, "Either Upload-Length or Upload-Defer-Length: 1 is needed.")
        }
        return length
    }

    /// Name and type, under the same rules as in other dialects. Pieces of a file have none, and where neither is told the
    /// bytes tell the type.
    private static func naming(
        _ metadata: TusMetadata, _ concat: TusConcat?, _ formats: MediaFormatTable
    ) throws(UploadFault) -> (FileName, MediaType?) {
        guard let standIn = FileName(standInName) else { preconditionFailure("\(standInName) is no file name") }
        if concat == .partial { return (standIn, nil) }
        let name = try metadata.word("filename", "name")
        let type = try typeName(metadata)
        if type == nil, name?.contains(".") != true {
            guard let name else { return (standIn, nil) }
            guard let fileName = FileName(name) else {
                throw TusProtocol.fault(
                    .tusMetadata,
                    "filename must have 1 to \(FileName.maximumBytes) bytes, no slash and no control character.")
            }
            return (fileName, nil)
        }
        let file: NamedFile
        do throws(UploadFault) {
            file = try NamedFile(fileName: name ?? standInName, contentType: type, formats: formats)
        } catch {
            throw TusProtocol.fault(.tusMetadata, "Upload-Metadata: \(error.detail)")
        }
        return (file.fileName, file.format.mediaType)
    }

    private static func typeName(_ metadata: TusMetadata) throws(UploadFault) -> String? {
        guard let type = try metadata.word("filetype", "type") else { return nil }
        // What browsers say of files that they do not know.
        return MediaType(type) == .octetStream ? nil : type
    }

    private static func append(
        _ head: HTTPRequest, _ concat: TusConcat?, _ maximumBytes: Int64?
    ) throws(UploadFault) -> TusAppend? {
        let declared = head.headerFields[.contentLength].flatMap { Int64($0) } ?? 0
        guard head.headerFields[.transferEncoding] != nil || declared > 0 else { return nil }
        if case .final = concat {
            throw UploadFault(.invalidRequest, "A final upload is made of its parts and takes no bytes.")
        }
        if let maximumBytes, declared > maximumBytes {
            throw UploadFault(.tooLarge, "The body has more than the \(maximumBytes) bytes that the file may have.")
        }
        return try TusAppend(creating: head)
    }
}
