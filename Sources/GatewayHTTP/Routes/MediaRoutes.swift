import HTTPTypes
import Hummingbird
import MediaLibrary
import UploadEngine
import UploadModel
import UploadProtocols
import UploadStore

extension GatewayServices {
    /// What a form brought.
    private struct Submission {
        var fields: [(name: String, value: String)] = []
        var stream: StreamUpload?
        /// The form's file was read away: the request is a repetition.
        var isRepetition = false

        var fileID: String? { fields.first { $0.name == "fileId" && !$0.value.isEmpty }?.value }
    }

    /// `POST /api/v1/media/images`, `…/videos`: with `file` or `fileId`.
    func finalize(_ exchange: Exchange, _ kind: MediaKind) async throws(UploadFault) -> Answer {
        let tenant = try exchange.requiredTenant()
        let key = try Self.idempotencyKey(exchange.head)
        var submission = Submission()
        do throws(UploadFault) {
            try await read(exchange, kind, tenant, key, into: &submission)
            let (request, isDue) = try Self.request(submission.fields, kind, now: engine.now)
            return try await finalize(submission, request, isDue, key, tenant)
        } catch {
            // Whatever is wrong with the form, nothing of it stays. A stream that was finished stays a file.
            await submission.stream?.abandon()
            throw error
        }
    }

    private func finalize(
        _ submission: Submission, _ request: MediaItemRequest, _ isDue: UploadFault?, _ key: String?,
        _ tenant: TenantID
    ) async throws(UploadFault) -> Answer {
        if submission.isRepetition, let key {
            if let known = try await library.replay(idempotencyKey: key, tenant: tenant, request: request) {
                return .reply(MediaReplies.finalized(known.item, upload: known.upload, address: address))
            }
            throw UploadFault(
                .unavailable, "The request that this repeats is gone; send it again.", retryAfterSeconds: 1)
        }
        let upload: UploadRecord
        if let stream = submission.stream {
            if let isDue { throw isDue }
            upload = try await stream.finish(expecting: [:]).upload
        } else if let fileID = submission.fileID {
            upload = try await engine.upload(fileID, of: tenant)
        } else {
            throw Self.needsFile
        }
        let made = try await library.finalize(upload, as: request, isDue: isDue, idempotencyKey: key)
        return .reply(MediaReplies.finalized(made.item, upload: made.upload, address: address))
    }

    private static let needsFile = UploadFault(
        .invalidRequest, "Send either file (the bytes) or fileId (of a finished upload), exactly one of them.",
        fields: [FieldFault(field: "file", message: "file or fileId is needed, exactly one of them")])

    private func read(
        _ exchange: Exchange, _ kind: MediaKind, _ tenant: TenantID, _ key: String?, into submission: inout Submission
    ) async throws(UploadFault) {
        var reader = try FormReader(exchange)
        var budget = limits.maximumFormFieldBytes
        while let event = try await reader.next() {
            guard case .partBegan(let head) = event else { continue }
            guard head.name == "file", head.fileName != nil || submission.fileID == nil else {
                let text = try await reader.text(head.name, budget: &budget)
                submission.fields.append((head.name, text))
                continue
            }
            guard submission.stream == nil, !submission.isRepetition, submission.fileID == nil else {
                throw Self.needsFile
            }
            if let key, try await library.isUsed(idempotencyKey: key, tenant: tenant) {
                submission.isRepetition = true
                try await reader.skip()
                continue
            }
            submission.stream = try await receive(&reader, exchange, head, kind, tenant)
        }
        if submission.stream != nil, submission.fileID != nil { throw Self.needsFile }
    }

    private func receive(
        _ reader: inout FormReader, _ exchange: Exchange, _ head: MultipartPartHead, _ kind: MediaKind,
        _ tenant: TenantID
    ) async throws(UploadFault) -> StreamUpload {
        let (name, type) = try declared(head, kind)
        // What is still to come of the request bounds the file: a size known before a byte is read.
        let limit = exchange.body.declaredBytes
        if let limit, limit - Int64(limits.maximumFormFieldBytes) > engine.limits.maximumUploadBytes {
            throw UploadFault(.tooLarge, "The file may have at most \(engine.limits.maximumUploadBytes) bytes.")
        }
        let stream = try await engine.openDirect(
            tenant: tenant, fileName: name, declaredType: type, limitBytes: limit)
        try await BodyPump(exchange: exchange).watching(stream) { () async throws(UploadFault) in
            while let event = try await reader.next() {
                switch event {
                case .bytes(let bytes): try await stream.receive(bytes)
                case .partEnded: return
                case .partBegan: break
                }
            }
        }
        return stream
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
            let fault = UploadFault(
                .invalidRequest, error.fields.map { "\($0.field): \($0.message)" }.joined(separator: " "),
                fields: error.fields)
            guard let request = try? MediaItemForm.request(from: fields, kind: kind, now: nil) else { throw fault }
            return (request, fault)
        }
    }

    private static func idempotencyKey(_ head: HTTPRequest) throws(UploadFault) -> String? {
        guard let key = head.headerFields[.idempotencyKey], !key.isEmpty else { return nil }
        guard key.utf8.count <= 255 else {
            throw UploadFault(.invalidRequest, "Idempotency-Key may have at most 255 bytes.")
        }
        return key
    }

    /// `GET /api/v1/media/{images|videos}/{id}`
    func showItem(_ exchange: Exchange, _ parameters: Parameters, _ kind: MediaKind) async throws(UploadFault) -> Answer
    {
        let found = try await library.item(parameters.text("id"), kind: kind, of: exchange.requiredTenant())
        return .reply(MediaReplies.item(found.item, upload: found.upload, address: address))
    }

    /// `GET /api/media`
    func showGallery(_ exchange: Exchange) async throws(UploadFault) -> Answer {
        let tenant = try exchange.requiredTenant()
        let text = (PercentCoding.parseQuery(exchange.query) ?? []).first { $0.name == "cursor" }?.value
        let page = UploadListQuery.pageSize
        let entries = try await library.gallery(of: tenant, after: try cursor(text), limit: page + 1)
        let shown = Array(entries.prefix(page))
        let next = entries.count > page ? shown.last.map { ListCursor.text($0.upload) } : nil
        return .reply(
            MediaReplies.gallery(shown.map { ($0.upload, $0.description) }, next: next, address: address))
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
