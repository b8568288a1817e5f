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
    /// - Throws: `invalid_request` naming every wrong field and what is allowed.
    package init(fileName: String?, contentType: String?, formats: MediaFormatTable) throws(UploadFault) {
        let known = formats.formats.map { $0.extensions[0] }.joined(separator: ", ")
        var faults: [FieldFault] = []
        let name = fileName.flatMap(FileName.init)
        if name == nil {
            let message =
                (fileName ?? "").isEmpty
                ? "fileName is needed: the name of the file, with its extension."
                : "fileName must have 1 to \(FileName.maximumBytes) bytes, no slash and no control character."
            faults.append(FieldFault(field: "fileName", message: message))
        }
        let typeName = contentType.flatMap { $0.isEmpty ? nil : $0 }
        let byType = typeName.flatMap(formats.format(named:))
        if typeName != nil, byType == nil {
            faults.append(
                FieldFault(
                    field: "contentType",
                    message: "contentType is not accepted; one of \(known), or its media type, is."))
        }
        guard let name, faults.isEmpty else { throw Self.fault(faults) }
        let byExtension = name.fileExtension.flatMap { formats.format(fileExtension: $0) }
        guard let format = byType ?? byExtension else {
            throw Self.fault([
                FieldFault(
                    field: "contentType",
                    message:
                        "Neither contentType nor a known extension of fileName tells the type; "
                        + "one of \(known) is needed.")
            ])
        }
        if let fileExtension = name.fileExtension, Self.looksLikeExtension(fileExtension), byExtension != format {
            throw Self.fault([
                FieldFault(
                    field: "fileName",
                    message:
                        "The extension .\(fileExtension) contradicts the type \(format.mediaType); "
                        + "use .\(format.extensions[0]).")
            ])
        }
        self.fileName = name
        self.format = format
    }

    /// "final cut v2.1 (new)" has a dot but no extension.
    private static func looksLikeExtension(_ text: String) -> Bool {
        text.utf8.count <= 5 && text.utf8.allSatisfy { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) }
            && !text.utf8.allSatisfy { (0x30...0x39).contains($0) }
    }

    private static func fault(_ faults: [FieldFault]) -> UploadFault {
        UploadFault(.invalidRequest, faults.map(\.message).joined(separator: " "), fields: faults)
    }
}
