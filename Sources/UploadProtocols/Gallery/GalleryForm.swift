package import UploadModel

/// What `POST /api/media/upload` says of its file besides the bytes, in either form. It may come after them.
package struct GalleryForm: Hashable, Sendable {
    /// What the data URI or the head of the part says; a type that says nothing counts as none.
    package var declaredType: MediaType? {
        didSet { if declaredType == .octetStream { declaredType = nil } }
    }
    /// The name in the head of the part; a field `fileName` goes before it.
    package var partName: String?
    private var fileName: String?
    package private(set) var description: String?
    private var taken: Set<String> = []

    package init() {}

    /// Takes a field; others than `fileName` and `description` are ignored, empty ones count as absent.
    ///
    /// - Throws: `invalid_request` for one that stands twice or cannot be kept.
    package mutating func take(_ name: String, _ value: String) throws(UploadFault) {
        guard ["fileName", "description"].contains(name) else { return }
        guard taken.insert(name).inserted else { throw Self.fault(name, "It stands twice; send it once.") }
        guard !value.isEmpty else { return }
        if name == "fileName" {
            fileName = value
            return
        }
        if let message = FormFields.objection(
            toText: value, maximumCharacters: UploadLimits.maximumDescriptionCharacters)
        {
            throw Self.fault(name, message)
        }
        description = value
    }

    /// The name and the type of the file; `nil` while nothing tells its type.
    ///
    /// - Parameter detected: the type that the bytes have, once they are here.
    /// - Throws: `invalid_request` for a name that cannot be one or contradicts the type, `unsupported_media_type` for a
    ///   type that is not accepted.
    package func named(detected: MediaType?, formats: MediaFormatTable) throws(UploadFault) -> NamedFile? {
        let given = fileName ?? partName.flatMap { $0.isEmpty ? nil : $0 }
        if let given, FileName(given) == nil {
            throw Self.fault(
                "fileName", "It must have 1 to \(FileName.maximumBytes) bytes, no slash and no control character.")
        }
        let tells = given.flatMap { FileName($0)?.fileExtension }.flatMap(formats.format(fileExtension:)) != nil
        let type = declaredType ?? (tells ? nil : detected)
        guard tells || type != nil else { return nil }
        let fallback = type.flatMap(formats.format(of:)).map { "upload." + $0.extensions[0] } ?? "upload"
        do throws(UploadFault) {
            return try NamedFile(fileName: given ?? fallback, contentType: type?.text, formats: formats)
        } catch {
            guard error.fields.contains(where: { $0.field == "contentType" }) else { throw error }
            throw UploadFault(
                .unsupportedMediaType, error.detail, fields: [FieldFault(field: "file", message: error.detail)])
        }
    }

    private static func fault(_ field: String, _ message: String) -> UploadFault {
        UploadFault(.invalidRequest, "\(field): \(message)", fields: [FieldFault(field: field, message: message)])
    }
}
