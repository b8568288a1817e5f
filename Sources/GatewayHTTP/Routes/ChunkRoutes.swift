import NIOCore
import UploadEngine
import UploadModel
import UploadProtocols

extension GatewayServices {
    /// `GET /api/v1/media/chunks?fileId=…`
    func chunkStatus(_ exchange: Exchange) async throws(UploadFault) -> Answer {
        let tenant = try exchange.requiredTenant()
        let pairs = PercentCoding.parseQuery(exchange.query) ?? []
        guard let reference = pairs.first(where: { $0.name == "fileId" })?.value, !reference.isEmpty else {
            throw UploadFault(
                .invalidRequest, "fileId is needed: the id you chose for the file.",
                fields: [FieldFault(field: "fileId", message: "needed")])
        }
        let upload = try await engine.find(UploadReference.readings(of: reference), of: tenant)
        guard let upload, upload.state.isOpen || upload.state == .complete else {
            return .reply(ChunkReplies.status(reference: reference, exists: false, prefixBytes: 0))
        }
        let status = try await engine.status(of: upload)
        return .reply(ChunkReplies.status(reference: reference, exists: true, prefixBytes: status.prefixBytes))
    }

    /// A chunk whose file part was met: written to its place, kept aside until its fields come, or not needed.
    private enum TakenChunk {
        case placed(PartUpload)
        case spooled(SpooledPart)
        /// The file is complete; a repeated chunk is harmless.
        case needless
    }

    /// `POST /api/v1/media/chunks`
    func takeChunk(_ exchange: Exchange) async throws(UploadFault) -> Answer {
        let tenant = try exchange.requiredTenant()
        var reader = try FormReader(exchange)
        var form = ChunkForm()
        var budget = limits.maximumFormFieldBytes
        var taken: TakenChunk?
        var fileName: String?
        do throws(UploadFault) {
            while let event = try await reader.next() {
                guard case .partBegan(let head) = event else { continue }
                if head.name == "file" {
                    guard taken == nil else { throw Self.fileFault("file stands twice in the form.") }
                    fileName = head.fileNameWithoutPath
                    taken = try await receive(&reader, exchange, form, tenant, fileName)
                } else if ChunkForm.isField(head.name) {
                    form.take(head.name, try await reader.text(head.name, budget: &budget))
                } else {
                    try await reader.skip()
                }
            }
            guard taken != nil else { throw Self.fileFault("file is needed: the bytes of the chunk.") }
            // Checked before anything counts, also where the file came first.
            _ = try form.chunk()
        } catch {
            await abandon(taken)
            throw error
        }
        return try await finish(taken, form, tenant, fileName)
    }

    private func receive(
        _ reader: inout FormReader, _ exchange: Exchange, _ form: ChunkForm, _ tenant: TenantID, _ fileName: String?
    ) async throws(UploadFault) -> TakenChunk {
        guard form.isComplete else {
            let spooled = try await engine.openSpooledChunk()
            try await feed(&reader, exchange, into: spooled)
            return .spooled(spooled)
        }
        let part: PartUpload
        do throws(UploadFault) {
            part = try await engine.openChunk(description(of: form, tenant, fileName))
        } catch {
            guard error.code == .alreadyComplete else { throw error }
            try await reader.skip()
            return .needless
        }
        try await feed(&reader, exchange, into: part)
        return .placed(part)
    }

    private func feed(_ reader: inout FormReader, _ exchange: Exchange, into receiver: any ByteReceiver)
        async throws(UploadFault)
    {
        try await BodyPump(exchange: exchange).watching(receiver) { () async throws(UploadFault) in
            while let event = try await reader.next() {
                switch event {
                case .bytes(let bytes): try await receiver.receive(bytes)
                case .partEnded: return
                case .partBegan: break
                }
            }
        }
    }

    private func finish(_ taken: TakenChunk?, _ form: ChunkForm, _ tenant: TenantID, _ fileName: String?)
        async throws(UploadFault) -> Answer
    {
        let chunk = try form.chunk()
        let outcome: PartOutcome
        switch taken {
        case .placed(let part): outcome = try await part.finish(expecting: [:])
        case .spooled(let part):
            do throws(UploadFault) {
                outcome = try await part.place(description(of: form, tenant, fileName))
            } catch {
                guard error.code == .alreadyComplete else { throw error }
                return .reply(ChunkReplies.completed(reference: chunk.reference))
            }
        case .needless, nil: return .reply(ChunkReplies.completed(reference: chunk.reference))
        }
        guard outcome.isWhole else { return .reply(ChunkReplies.received(index: chunk.index)) }
        _ = try await engine.complete(outcome.upload)
        return .reply(ChunkReplies.completed(reference: chunk.reference))
    }

    private func abandon(_ taken: TakenChunk?) async {
        switch taken {
        case .placed(let part): await part.abandon()
        case .spooled(let part): await part.abandon()
        case .needless, nil: break
        }
    }

    private func description(of form: ChunkForm, _ tenant: TenantID, _ fileName: String?)
        throws(UploadFault) -> ChunkDescription
    {
        let chunk = try form.chunk()
        // Browsers call a slice of a file "blob", which says nothing.
        let name = fileName.flatMap { $0 == "blob" ? nil : FileName($0) } ?? FileName("upload")
        guard let name else { throw UploadFault(.invalidRequest, "The chunk has no usable file name.") }
        return ChunkDescription(
            tenant: tenant, reference: chunk.reference, number: chunk.index + 1, count: chunk.count, fileName: name)
    }

    private static func fileFault(_ message: String) -> UploadFault {
        UploadFault(.invalidRequest, message, fields: [FieldFault(field: "file", message: message)])
    }
}
