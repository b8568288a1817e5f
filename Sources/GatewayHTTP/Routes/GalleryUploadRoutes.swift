import HTTPTypes
import MediaLibrary
import NIOCore
import UploadEngine
import UploadModel
import UploadProtocols
import UploadStore

/// `POST /api/media/upload`: base64 in JSON, or a form. Either may tell the name after the bytes.
extension GatewayServices {
    func uploadToGallery(_ exchange: Exchange) async throws(UploadFault) -> Answer {
        let tenant = try exchange.requiredTenant()
        let type = exchange.head.headerFields[.contentType].flatMap { UploadModel.MediaType($0) }
        let upload =
            type?.text == "multipart/form-data"
            ? try await takeGalleryForm(exchange, tenant) : try await takeGalleryJSON(exchange, tenant)
        // Its copy belongs into the answer, if it can be made soon.
        let kind = formats.format(of: upload.mediaType)?.kind
        let looked = kind == .image ? try await library.looked(at: upload, withinSeconds: Self.copySeconds) : nil
        return .reply(
            GalleryReplies.uploaded(
                upload, copy: looked?.copy, copyMessage: looked.map { Self.copyMessage($0) }, address: address))
    }

    /// How long an answer waits for the copy of its image.
    private static let copySeconds: Int64 = 20

    private static func copyMessage(_ looked: MediaLibrary.Looked) -> String {
        looked.examination?.message ?? "There is no resized copy of this image now."
    }

    // MARK: JSON

    private func takeGalleryJSON(_ exchange: Exchange, _ tenant: TenantID) async throws(UploadFault) -> UploadRecord {
        var body = GalleryJSONBody(exchange, maximumFieldBytes: limits.maximumFormFieldBytes)
        var form = GalleryForm()
        // Base64 takes four bytes for three.
        let most = limits.maximumGalleryBytes / 3 * 4 + Int64(limits.maximumFormFieldBytes) + 1024
        if let declared = exchange.body.declaredBytes, declared > most { throw galleryFileTooLarge }
        guard let dataURIType = try await body.nextFile(&form) else { throw Self.needsGalleryFile }
        form.declaredType = dataURIType.type == .octetStream ? nil : dataURIType.type
        let stream = try await openGalleryStream(form, tenant)
        return try await finish(stream, exchange) { () async throws(UploadFault) in
            try await body.moveFile(into: stream)
            _ = try await body.nextFile(&form)
            return form
        }
    }

    // MARK: Form

    private func takeGalleryForm(_ exchange: Exchange, _ tenant: TenantID) async throws(UploadFault) -> UploadRecord {
        var reader = try FormReader(exchange, maximumFieldBytes: limits.maximumFormFieldBytes)
        var form = GalleryForm()
        let most = limits.maximumGalleryBytes + Int64(limits.maximumFormFieldBytes) + 4096
        if let declared = exchange.body.declaredBytes, declared > most { throw galleryFileTooLarge }
        guard let file = try await nextGalleryFile(&reader, &form) else { throw Self.needsGalleryFile }
        let said = file.contentType.flatMap { UploadModel.MediaType($0) }
        form.declaredType = said == .octetStream ? nil : said
        form.partName = file.fileNameWithoutPath
        let stream = try await openGalleryStream(form, tenant)
        return try await finish(stream, exchange) { () async throws(UploadFault) in
            try await reader.moveFile(into: stream)
            if try await nextGalleryFile(&reader, &form) != nil {
                throw UploadFault(
                    .invalidRequest, "file stands twice in the form.",
                    fields: [FieldFault(field: "file", message: "stands twice")])
            }
            return form
        }
    }

    private func nextGalleryFile(
        _ reader: inout FormReader, _ form: inout GalleryForm
    ) async throws(UploadFault) -> MultipartPartHead? {
        while let event = try await reader.next() {
            guard case .partBegan(let head) = event else { continue }
            if head.name == "file" { return head }
            form.take(head.name, try await reader.text(head.name))
        }
        return nil
    }

    // MARK: Both

    private func openGalleryStream(_ form: GalleryForm, _ tenant: TenantID) async throws(UploadFault) -> StreamUpload {
        // What is wrong with what is known already is told before the bytes are read.
        let named = try form.named(detected: nil, formats: formats)
        guard let name = named?.fileName ?? FileName("upload") else { throw Self.needsGalleryFile }
        return try await engine.openDirect(
            tenant: tenant, fileName: name, declaredType: named?.declaredType, limitBytes: limits.maximumGalleryBytes)
    }

    /// Moves the bytes and ends the upload with the name and type that the whole request gave it.
    private func finish(
        _ stream: StreamUpload, _ exchange: Exchange, _ body: () async throws(UploadFault) -> GalleryForm
    ) async throws(UploadFault) -> UploadRecord {
        let naming = try await BodyPump(exchange: exchange).watching(stream) { () async throws(UploadFault) in
            let form = try await body()
            let named = try form.named(detected: try stream.settledType(), formats: formats)
            guard let named else {
                throw UploadFault(.unsupportedMediaType, "The file is no image or video that is accepted here.")
            }
            return named
        }
        return try await stream.finish(expecting: [:], naming: naming).upload
    }

    private var galleryFileTooLarge: UploadFault {
        UploadFault(
            .tooLarge,
            "The file may have at most \(limits.maximumGalleryBytes) bytes here; larger ones go to an upload URL.")
    }

    private static let needsGalleryFile = UploadFault(
        .invalidRequest, "file is needed: the image or video, as base64 or as a part of a form.",
        fields: [FieldFault(field: "file", message: "needed")])
}

/// What such a request says besides the bytes.
private struct GalleryForm {
    /// What the data URI or the head of the part says.
    var declaredType: UploadModel.MediaType?
    /// The name in the head of the part.
    var partName: String?
    private var fileName: String?
    private var description: String?

    mutating func take(_ name: String, _ value: String) {
        switch name {
        case "fileName": fileName = value.isEmpty ? nil : value
        case "description": description = value.isEmpty ? nil : value
        default: break
        }
    }

    /// Name, type and description; `nil` while neither name nor type is known.
    ///
    /// - Parameter detected: the type that the bytes have, once they are here.
    func named(
        detected: UploadModel.MediaType?, formats: MediaFormatTable
    ) throws(UploadFault) -> Completion.Naming? {
        if let description, description.unicodeScalars.count > UploadLimits.maximumDescriptionCharacters {
            let message = "It may have at most \(UploadLimits.maximumDescriptionCharacters) characters."
            throw UploadFault(
                .invalidRequest, "description: \(message)", fields: [FieldFault(field: "description", message: message)]
            )
        }
        let given = fileName ?? partName.flatMap { $0.isEmpty ? nil : $0 }
        let type = declaredType ?? (Self.hasExtension(given, formats) ? nil : detected)
        if given == nil, type == nil { return nil }
        if let given, type == nil, !Self.hasExtension(given, formats) {
            // Its type is told by its bytes later, or never.
            guard FileName(given) != nil else {
                _ = try NamedFile(fileName: given, contentType: "png", formats: .known)
                return nil
            }
            return nil
        }
        let fallback = type.flatMap(formats.format(of:)).map { "upload." + $0.extensions[0] } ?? "upload"
        let named: NamedFile
        do throws(UploadFault) {
            named = try NamedFile(fileName: given ?? fallback, contentType: type?.text, formats: formats)
        } catch {
            guard error.fields.contains(where: { $0.field == "contentType" }) else { throw error }
            throw UploadFault(
                .unsupportedMediaType, error.detail, fields: [FieldFault(field: "file", message: error.detail)])
        }
        return Completion.Naming(
            fileName: named.fileName, declaredType: named.format.mediaType, description: description)
    }

    private static func hasExtension(_ name: String?, _ formats: MediaFormatTable) -> Bool {
        guard let name = name.flatMap({ FileName($0) }), let fileExtension = name.fileExtension else { return false }
        return formats.format(fileExtension: fileExtension) != nil
    }
}

/// The JSON form of the request, as it arrives.
private struct GalleryJSONBody {
    private let body: RequestBodySource
    private var parser: GalleryUploadParser
    private var events: [GalleryUploadEvent] = []
    private var position = 0
    private var isAtEnd = false

    init(_ exchange: Exchange, maximumFieldBytes: Int) {
        body = exchange.body
        parser = GalleryUploadParser(maximumFieldBytes: maximumFieldBytes)
    }

    /// What the data URI says; wrapped, because no type is not the same as no file.
    struct File {
        let type: UploadModel.MediaType?
    }

    /// Reads members up to the file; `nil` at the end.
    mutating func nextFile(_ form: inout GalleryForm) async throws(UploadFault) -> File? {
        while let event = try await next() {
            switch event {
            case .fileBegan(let type): return File(type: type)
            case .field(let name, let value): form.take(name, value)
            case .bytes, .fileEnded: break
            }
        }
        return nil
    }

    mutating func moveFile(into receiver: any ByteReceiver) async throws(UploadFault) {
        while let event = try await next() {
            switch event {
            case .bytes(let bytes): try await receiver.receive(ByteBuffer(bytes: bytes))
            case .fileEnded: return
            case .fileBegan, .field: break
            }
        }
    }

    private mutating func next() async throws(UploadFault) -> GalleryUploadEvent? {
        while position == events.count {
            guard !isAtEnd else { return nil }
            events.removeAll(keepingCapacity: true)
            position = 0
            let bytes = try await body.next()
            do throws(GalleryUploadFault) {
                if let bytes {
                    try feed(bytes)
                } else {
                    isAtEnd = true
                    try parser.end()
                }
            } catch {
                throw error.uploadFault
            }
        }
        defer { position += 1 }
        return events[position]
    }

    private mutating func feed(_ bytes: ByteBuffer) throws(GalleryUploadFault) {
        let fault: GalleryUploadFault? = bytes.withUnsafeReadableBytes { raw in
            do throws(GalleryUploadFault) {
                try parser.feed(raw, &events)
                return nil
            } catch {
                return error
            }
        }
        if let fault { throw fault }
    }
}
