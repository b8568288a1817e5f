import HTTPTypes
import Hummingbird
import MediaLibrary
import UploadEngine
import UploadModel
import UploadProtocols
import UploadStore

extension GatewayServices {
    /// `POST /api/v1/media/images`, `…/videos`: with `file` or `fileId`.
    func finalize(_ exchange: Exchange, _ kind: MediaKind) async throws(UploadFault) -> Answer {
        let tenant = try exchange.requiredTenant()
        let key = try Self.idempotencyKey(exchange.head)
        var reader = try FormReader(exchange, maximumFieldBytes: limits.maximumFormFieldBytes)
        // A large body holds a file: whether there is room for it is known before a byte is read.
        try await engine.expect(fileOf: leastFileBytes(of: exchange), for: tenant)
        var fields: [(name: String, value: String)] = []
        let made: MediaLibrary.Finalized
        if let file = try await nextFile(&reader, &fields) {
            let stream = try await openStream(exchange, file, kind, tenant)
            let (request, isDue) = try await BodyPump(exchange: exchange).watching(stream) {
                () async throws(UploadFault) in
                try await reader.moveFile(into: stream)
                if try await nextFile(&reader, &fields) != nil { throw Self.needsFile }
                if Self.fileID(in: fields) != nil { throw Self.needsFile }
                return try Self.request(fields, kind, now: engine.now)
            }
            let upload = try await stream.finish(expecting: [:]).upload
            made = try await library.finalizeNew(upload, as: request, isDue: isDue, idempotencyKey: key)
        } else {
            guard let fileID = Self.fileID(in: fields) else { throw Self.needsFile }
            let (request, isDue) = try Self.request(fields, kind, now: engine.now)
            let upload = try await engine.completeIfWhole(engine.upload(fileID, of: tenant))
            made = try await library.finalize(upload, as: request, isDue: isDue, idempotencyKey: key)
        }
        return .reply(MediaReplies.finalized(made.item, upload: made.upload, address: address(of: exchange)))
    }

    private static let needsFile = UploadFault(
        .invalidRequest, "Send either file (the bytes) or fileId (of a finished upload), exactly one of them.",
        fields: [FieldFault(field: "file", message: "file or fileId is needed, exactly one of them")])

    private static func fileID(in fields: [(name: String, value: String)]) -> String? {
        fields.first { $0.name == "fileId" && !$0.value.isEmpty }?.value
    }

    /// Reads fields up to the next file part; `nil` at the end of the form.
    private func nextFile(_ reader: inout FormReader, _ fields: inout [(name: String, value: String)])
        async throws(UploadFault) -> MultipartPartHead?
    {
        while let event = try await reader.next() {
            guard case .partBegan(let head) = event else { continue }
            // A form that sends fileId may leave an empty text field where its file would stand.
            if head.name == "file", head.fileName != nil || head.contentType != nil { return head }
            fields.append((head.name, try await reader.text(head.name)))
        }
        return nil
    }

    private func openStream(
        _ exchange: Exchange, _ head: MultipartPartHead, _ kind: MediaKind, _ tenant: TenantID
    ) async throws(UploadFault) -> StreamUpload {
        let (name, type) = try declared(head, kind)
        // What is still to come of the request bounds the file.
        return try await engine.openDirect(
            tenant: tenant, fileName: name, declaredType: type, limitBytes: exchange.body.declaredBytes,
            leastBytes: leastFileBytes(of: exchange))
    }

    /// More than a form has besides its fields and its file: preamble, boundaries, heads of parts, epilogue.
    private static let formFramingBytes: Int64 = 64 << 10

    /// How long the file of a form is at least, as the request's head tells: all but what fields may have. 0 where it
    /// does not tell.
    func leastFileBytes(of exchange: Exchange) -> Int64 {
        max(0, (exchange.body.declaredBytes ?? 0) - Int64(limits.maximumFormFieldBytes) - Self.formFramingBytes)
    }

    /// Name and type of a form's file: what its part says, else what its extension says.
    private func declared(_ head: MultipartPartHead, _ kind: MediaKind) throws(UploadFault) -> (
        FileName, UploadModel.MediaType
    ) {
        let said = head.contentType.flatMap { UploadModel.MediaType($0) }
        let type = said == .octetStream ? nil : said?.text
        let given = head.fileNameWithoutPath ?? ""
        let named: NamedFile
        do throws(UploadFault) {
            named = try NamedFile(fileName: given.isEmpty ? "upload" : given, contentType: type, formats: formats)
        } catch {
            throw UploadFault(
                .unsupportedMediaType, error.detail, fields: [FieldFault(field: "file", message: error.detail)])
        }
        guard named.format.kind == kind else {
            throw UploadFault(
                .unsupportedMediaType, "A \(named.format.mediaType) file is not accepted as \(kind.rawValue).")
        }
        return (named.fileName, named.format.mediaType)
    }

    /// The request that a form makes, and the fault of one that is right but for a moment that has passed.
    private static func request(_ fields: [(name: String, value: String)], _ kind: MediaKind, now: Timestamp)
        throws(UploadFault) -> (MediaItemRequest, isDue: UploadFault?)
    {
        do throws(FormFault) {
            return (try MediaItemForm.request(from: fields, kind: kind, now: now), nil)
        } catch {
            let fault = Self.fault(error)
            guard let request = try? MediaItemForm.request(from: fields, kind: kind, now: nil) else { throw fault }
            return (request, fault)
        }
    }

    static func idempotencyKey(_ head: HTTPRequest) throws(UploadFault) -> String? {
        guard let key = head.headerFields[.idempotencyKey], !key.isEmpty else { return nil }
        guard key.utf8.count <= 255 else {
            throw UploadFault(.invalidRequest, "Idempotency-Key may have at most 255 bytes.")
        }
        return key
    }

    /// `GET|HEAD /media/{fileId}/{fileName}`
    func serveFile(_ exchange: Exchange, _ parameters: Parameters) async throws(UploadFault) -> Answer {
        guard let id = FileID(try parameters.text("fileId")) else { throw UploadFault.notFound }
        let (upload, reader) = try await library.open(id)
        let name = try parameters.text("fileName")
        // The address that was told before the type was known stays good.
        guard name == upload.servedName.text || name == upload.fileName.text else { throw UploadFault.notFound }
        return .file(FileReply(exchange.head, upload: upload), reader)
    }
}
