import NIOCore
import UploadEngine
import UploadModel
import UploadProtocols

extension GatewayServices {
    /// `GET /api/v1/media/chunks?fileId=…`
    func chunkStatus(_ exchange: Exchange) async throws(UploadFault) -> Answer {
        let tenant = try exchange.requiredTenant()
        guard let reference = try exchange.queryPairs().first(where: { $0.name == "fileId" })?.value, !reference.isEmpty
        else {
            throw UploadFault(
                .invalidRequest, "fileId is needed: the id you chose for the file.",
                fields: [FieldFault(field: "fileId", message: "needed")])
        }
        let upload = try await engine.find(UploadReference.readings(of: reference), of: tenant)
        guard let upload, upload.state.isOpen || upload.state == .complete else {
            return .reply(ChunkReplies.status(reference: reference, exists: false, prefixBytes: 0))
        }
        let status = try await engine.status(of: engine.completeIfWhole(upload))
        return .reply(ChunkReplies.status(reference: reference, exists: true, prefixBytes: status.prefixBytes))
    }

    /// `POST /api/v1/media/chunks`
    func takeChunk(_ exchange: Exchange) async throws(UploadFault) -> Answer {
        let tenant = try exchange.requiredTenant()
        var reader = try FormReader(exchange, maximumFieldBytes: limits.maximumFormFieldBytes)
        var form = ChunkForm()
        guard let file = try await nextFile(&reader, &form) else {
            throw Self.fileFault("file is needed: the bytes of the chunk.")
        }
        let name = file.fileNameWithoutPath
        do throws(UploadFault) {
            let outcome =
                form.isComplete
                ? try await place(&reader, exchange, &form, tenant, name)
                : try await spool(&reader, exchange, &form, tenant, name)
            let chunk = try form.chunk()
            guard outcome.isWhole else { return .reply(ChunkReplies.received(index: chunk.index)) }
            _ = try await engine.complete(outcome.upload)
            return .reply(ChunkReplies.completed(reference: chunk.reference))
        } catch {
            // A chunk of a file that is complete is a repetition, and harmless; unless it is of another file.
            guard error.code == .alreadyComplete, let chunk = try? form.chunk() else { throw error }
            let complete = try await engine.find(UploadReference.readings(of: chunk.reference), of: tenant)
            if let count = complete?.layout.partCount, count != chunk.count {
                throw UploadFault(
                    .alreadyComplete,
                    "This fileId is of a complete file of \(count) chunks; another file needs another fileId.")
            }
            return .reply(ChunkReplies.completed(reference: chunk.reference))
        }
    }

    /// Reads fields up to the next file part; `nil` at the end of the form.
    private func nextFile(_ reader: inout FormReader, _ form: inout ChunkForm) async throws(UploadFault)
        -> MultipartPartHead?
    {
        while let event = try await reader.next() {
            guard case .partBegan(let head) = event else { continue }
            if head.name == "file" { return head }
            if ChunkForm.isField(head.name) {
                try form.take(head.name, try await reader.text(head.name))
            } else {
                try await reader.skipField(head.name)
            }
        }
        return nil
    }

    /// The fields came first: the bytes go straight to their place.
    private func place(
        _ reader: inout FormReader, _ exchange: Exchange, _ form: inout ChunkForm, _ tenant: TenantID, _ name: String?
    ) async throws(UploadFault) -> PartOutcome {
        let part = try await engine.openChunk(
            description(of: form, tenant, name), leastBytes: leastFileBytes(of: exchange))
        try await feed(&reader, exchange, &form, into: part)
        return try await part.finish(expecting: [:])
    }

    /// The file came first: its bytes are kept aside until the fields tell where they go.
    private func spool(
        _ reader: inout FormReader, _ exchange: Exchange, _ form: inout ChunkForm, _ tenant: TenantID, _ name: String?
    ) async throws(UploadFault) -> PartOutcome {
        let part = try await engine.openSpooledChunk(of: tenant)
        try await feed(&reader, exchange, &form, into: part)
        let chunk: ChunkDescription
        do throws(UploadFault) {
            chunk = try description(of: form, tenant, name)
        } catch {
            await part.abandon()
            throw error
        }
        return try await part.place(chunk)
    }

    /// Moves the file's bytes and reads what follows it in the form: nothing counts before the form is whole.
    private func feed(
        _ reader: inout FormReader, _ exchange: Exchange, _ form: inout ChunkForm, into receiver: any ByteReceiver
    ) async throws(UploadFault) {
        try await BodyPump(exchange: exchange).watching(receiver) { () async throws(UploadFault) in
            try await reader.moveFile(into: receiver)
            if try await nextFile(&reader, &form) != nil { throw Self.fileFault("file stands twice in the form.") }
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
