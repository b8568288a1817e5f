package import UploadModel

/// What a client calls its file, and of what type that makes it.
package struct NamedFile: Hashable, Sendable {
    package let fileName: FileName
    package let format: MediaFormat

    /// Reads a file name and a type as a client gives them.
    ///
    /// - Parameters:
    ///   - fileName: 1 to 255 bytes, no path.
    ///   - contentType: a short name (`mov`) or a media type; `nil` or empty: it follows from the extension.
    ///   - formats: what is accepted.
    /// - Throws: `invalid_request` naming the field, the value and what is allowed.
    package init(fileName: String?, contentType: String?, formats: MediaFormatTable) throws(UploadFault) {
        guard let fileName, !fileName.isEmpty else {
            throw Self.fault("fileName", "fileName is needed: the name of the file, with its extension.")
        }
        guard let name = FileName(fileName) else {
            throw Self.fault(
                "fileName",
                "fileName must have 1 to \(FileName.maximumBytes) bytes, no slash and no control character.")
        }
        let known = formats.formats.map { $0.extensions[0] }.joined(separator: ", ")
        let byExtension = name.fileExtension.flatMap { formats.format(fileExtension: $0) }
        guard let contentType, !contentType.isEmpty else {
            guard let byExtension else {
                throw Self.fault(
                    "contentType",
                    "Neither contentType nor a known extension of fileName tells the type; one of \(known) is needed.")
            }
            self.fileName = name
            self.format = byExtension
            return
        }
        guard let byType = formats.format(named: contentType) else {
            throw Self.fault("contentType", "contentType is not accepted; one of \(known), or its media type, is.")
        }
        if let fileExtension = name.fileExtension, Self.looksLikeExtension(fileExtension), byExtension != byType {
            throw Self.fault(
                "fileName",
                "The extension .\(fileExtension) contradicts the type \(byType.mediaType); use .\(byType.extensions[0])."
            )
        }
        self.fileName = name
        self.format = byType
    }

    /// "final cut v2.1 (new)" has a dot but no extension.
    private static func looksLikeExtension(_ text: String) -> Bool {
        text.utf8.count <= 5 && text.utf8.allSatisfy { $0 < 0x80 && ($0 >= 0x61 || (0x30...0x39).contains($0)) }
            && !text.utf8.allSatisfy { (0x30...0x39).contains($0) }
    }

    private static func fault(_ field: String, _ message: String) -> UploadFault {
        UploadFault(.invalidRequest, message, fields: [FieldFault(field: field, message: message)])
    }
}
