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
        // The file is stored by now: whatever keeps the copy from being told must not look like a failed upload.
        let looked = kind == .image ? try? await library.looked(at: upload, withinSeconds: Self.copySeconds) : nil
        return .reply(
            GalleryReplies.uploaded(
                upload, copy: looked?.copy, copyMessage: kind == .image ? Self.copyMessage(looked) : nil,
                address: address(of: exchange)))
    }

    /// How long an answer waits for the copy of its image.
    private static let copySeconds: Int64 = 20

    private static func copyMessage(_ looked: MediaLibrary.Looked?) -> String {
        looked?.examination?.message ?? "There is no resized copy of this image now."
    }

    // MARK: JSON

    private func takeGalleryJSON(_ exchange: Exchange, _ tenant: TenantID) async throws(UploadFault) -> UploadRecord {
        // Base64 takes four bytes for three; as much as a tenth more is left for line ends.
        let most = limits.maximumGalleryBytes / 20 * 29 + Int64(limits.maximumFormFieldBytes) + 4096
        var body = GalleryJSONBody(
            exchange, maximumFieldBytes: limits.maximumFormFieldBytes, maximumBytes: most, tooLarge: galleryFileTooLarge
        )
        var form = GalleryForm()
        if let declared = exchange.body.declaredBytes, declared > most { throw galleryFileTooLarge }
        let least = leastFileBytes(of: exchange) / 29 * 20
        try await engine.expect(fileOf: least, for: tenant)
        guard let file = try await body.nextFile(&form) else { throw Self.needsGalleryFile }
        form.declaredType = file.type
        let stream = try await openGalleryStream(form, tenant, leastBytes: least)
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
        let least = leastFileBytes(of: exchange)
        try await engine.expect(fileOf: least, for: tenant)
        guard let file = try await nextGalleryFile(&reader, &form) else { throw Self.needsGalleryFile }
        form.declaredType = file.contentType.flatMap { UploadModel.MediaType($0) }
        form.partName = file.fileNameWithoutPath
        let stream = try await openGalleryStream(form, tenant, leastBytes: least)
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
            try form.take(head.name, try await reader.text(head.name))
        }
        return nil
    }

    // MARK: Both

    private func openGalleryStream(
        _ form: GalleryForm, _ tenant: TenantID, leastBytes: Int64
    ) async throws(UploadFault) -> StreamUpload {
        // What is wrong with what is known already is told before the bytes are read.
        let named = try form.named(detected: nil, formats: formats)
        guard let name = named?.fileName ?? FileName("upload") else { throw Self.needsGalleryFile }
        return try await engine.openDirect(
            tenant: tenant, fileName: name, declaredType: named?.format.mediaType,
            limitBytes: limits.maximumGalleryBytes, leastBytes: leastBytes)
    }

    /// Moves the bytes and ends the upload with the name and type that the whole request gave it.
    private func finish(
        _ stream: StreamUpload, _ exchange: Exchange, _ body: () async throws(UploadFault) -> GalleryForm
    ) async throws(UploadFault) -> UploadRecord {
        let naming = try await BodyPump(exchange: exchange).watching(stream) { () async throws(UploadFault) in
            let form = try await body()
            guard let named = try form.named(detected: try stream.settledType(), formats: formats) else {
                throw UploadFault(.unsupportedMediaType, "The file is no image or video that is accepted here.")
            }
            return Completion.Naming(
                fileName: named.fileName, declaredType: named.format.mediaType, description: form.description)
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

/// The JSON form of the request, as it arrives.
private struct GalleryJSONBody {
    private let body: RequestBodySource
    private let maximumBytes: Int64
    private let tooLarge: UploadFault
    private var parser: GalleryUploadParser
    private var events: [GalleryUploadEvent] = []
    private var position = 0
    private var isAtEnd = false

    /// - Parameter maximumBytes: of the whole body, whatever stands in it; beyond it is `tooLarge`.
    init(_ exchange: Exchange, maximumFieldBytes: Int, maximumBytes: Int64, tooLarge: UploadFault) {
        self.maximumBytes = maximumBytes
        self.tooLarge = tooLarge
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
            case .field(let name, let value): try form.take(name, value)
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
            guard body.receivedBytes <= maximumBytes else { throw tooLarge }
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
