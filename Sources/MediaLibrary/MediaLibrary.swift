package import UploadEngine
package import UploadModel
package import UploadStore

/// Finished files as clients know them: media items, made once of a file, and the gallery.
package final class MediaLibrary: Sendable {
    package let engine: UploadEngine
    package let formats: MediaFormatTable
    let catalog: any UploadCatalog & MediaCatalog & ExaminationCatalog
    let composer: HandoffComposer
    let verifier: Verifier?
    let desk: ExaminationDesk
    let fetcher: ForeignFetcher

    /// - Parameters:
    ///   - formats: what is accepted, and of which kind it is.
    ///   - verifier: who is asked before an item is accepted; `nil` for nobody.
    ///   - desk: where finished files are looked into.
    package init(
        engine: UploadEngine, catalog: any UploadCatalog & MediaCatalog & ExaminationCatalog,
        formats: MediaFormatTable, composer: HandoffComposer, verifier: Verifier?, desk: ExaminationDesk,
        fetcher: ForeignFetcher
    ) {
        self.engine = engine
        self.catalog = catalog
        self.formats = formats
        self.composer = composer
        self.verifier = verifier
        self.desk = desk
        self.fetcher = fetcher
    }

    /// A media item and its file.
    package struct Finalized: Sendable {
        package let item: MediaItem
        package let upload: UploadRecord
    }

    /// Turns a complete file into a media item, exactly once.
    ///
    /// - Parameters:
    ///   - request: what the client wants of the item.
    ///   - isDue: whether `request` could be made now; a repetition of an old request may name a moment that has passed.
    ///   - idempotencyKey: the client's, if it sent one.
    /// - Returns: the item; of a repetition the one that was made first.
    /// - Throws: `already_finalized`, `not_complete`, `unsupported_media_type`; the fault of `isDue` when there is
    ///   nothing to repeat; what the verifier says.
    package func finalize(
        _ upload: UploadRecord, as request: MediaItemRequest, isDue: UploadFault?, idempotencyKey: String?
    ) async throws(UploadFault) -> Finalized {
        switch upload.state {
        case .complete: break
        case .granted, .receiving:
            throw UploadFault(.notComplete, "This upload is not complete; send what is missing, then finalize.")
        case .failed, .aborted, .expired:
            throw UploadFault(.uploadGone, "This upload ended (\(upload.state.rawValue)); upload the file again.")
        }
        try checkKind(of: upload, request.kind)
        let now = engine.now
        let item = MediaItem(
            id: .random(now: now), tenant: upload.tenant, fileID: upload.fileID, request: request,
            status: request.initialStatus, createdAt: now, updatedAt: now)
        if isDue != nil || verifier != nil, try await !existing(of: upload, or: idempotencyKey) {
            if let isDue { throw isDue }
            try await verifier?.check(item, upload, composer, now: now)
        }
        let outcome = try await reading { () throws(CatalogFault) in
            try await catalog.finalize(
                item, fingerprint: Self.fingerprint(of: request), idempotencyKey: idempotencyKey,
                announcing: composer.handoffs(finalizing: item, upload))
        }
        switch outcome {
        case .made(let item): return Finalized(item: item, upload: upload)
        case .replayed(let item):
            let known = item.fileID == upload.fileID ? upload : try await file(of: item)
            guard known.crc32c == upload.crc32c, known.receivedBytes == upload.receivedBytes else {
                throw Self.conflict
            }
            return Finalized(item: item, upload: known)
        case .conflict: throw Self.conflict
        case .notComplete:
            throw UploadFault(.notComplete, "This upload is not complete any more; upload the file again.")
        }
    }

    private func existing(of upload: UploadRecord, or idempotencyKey: String?) async throws(UploadFault) -> Bool {
        let byFile = try await reading { () throws(CatalogFault) in try await catalog.item(of: upload.fileID) }
        if byFile != nil { return true }
        guard let idempotencyKey else { return false }
        return try await reading { () throws(CatalogFault) in
            try await catalog.finalized(idempotencyKey: idempotencyKey, of: upload.tenant)
        } != nil
    }

    private static let conflict = UploadFault(
        .alreadyFinalized,
        "This file or Idempotency-Key was finalized with another content; a repetition must be the same request.")

    /// Turns a file that came along with the request into a media item. Where that is refused, or the request is a
    /// repetition whose file is here already, the new file goes again. Where it only could not be done now, the file
    /// stays, and the fault says its id.
    package func finalizeNew(
        _ upload: UploadRecord, as request: MediaItemRequest, isDue: UploadFault?, idempotencyKey: String?
    ) async throws(UploadFault) -> Finalized {
        do throws(UploadFault) {
            let made = try await finalize(upload, as: request, isDue: isDue, idempotencyKey: idempotencyKey)
            if made.item.fileID != upload.fileID { await engine.withdraw(upload) }
            return made
        } catch {
            var fault = error
            if fault.isPassing { fault.fileID = upload.fileID } else { await engine.withdraw(upload) }
            throw fault
        }
    }

    /// - Throws: `not_found`, also for another tenant's and for one of another kind.
    package func item(_ id: String, kind: MediaKind, of tenant: TenantID) async throws(UploadFault) -> Finalized {
        guard let id = MediaItemID(id) else { throw Self.noItem }
        let item = try await reading { () throws(CatalogFault) in
            try await catalog.item(id, kind: kind, of: tenant)
        }
        guard let item else { throw Self.noItem }
        return Finalized(item: item, upload: try await file(of: item))
    }

    static let noItem = UploadFault(.notFound, "There is no such media item.")

    /// A tenant's items of a kind, newest first, with their files.
    package func items(
        of tenant: TenantID, kind: MediaKind, status: MediaItemStatus?, after cursor: MediaItemCursor?, limit: Int
    ) async throws(UploadFault) -> [Finalized] {
        let items = try await reading { () throws(CatalogFault) in
            try await catalog.items(of: tenant, kind: kind, status: status, after: cursor, limit: limit)
        }
        var found: [Finalized] = []
        for item in items { found.append(Finalized(item: item, upload: try await file(of: item))) }
        return found
    }

    func file(of item: MediaItem) async throws(UploadFault) -> UploadRecord {
        let upload = try await reading { () throws(CatalogFault) in try await catalog.upload(item.fileID) }
        guard let upload else {
            throw UploadFault(.internalError, "The item's file is not known.", cause: "item \(item.id) has no upload")
        }
        return upload
    }

    /// A tenant's finished files, newest first.
    package func gallery(of tenant: TenantID, after cursor: UploadCursor?, limit: Int)
        async throws(UploadFault) -> [GalleryEntry]
    {
        try await reading { () throws(CatalogFault) in
            try await catalog.gallery(of: tenant, after: cursor, limit: limit)
        }
    }

    /// A finished file and its bytes, by the id in its access URL alone.
    ///
    /// - Throws: `not_found` until the file is complete.
    package func open(_ id: FileID) async throws(UploadFault) -> (upload: UploadRecord, reader: any ObjectReader) {
        let upload = try await reading { () throws(CatalogFault) in try await catalog.upload(id) }
        guard let upload, upload.state == .complete else { throw UploadFault.notFound }
        let reader: any ObjectReader
        do throws(UploadFault) {
            reader = try await engine.reader(of: upload)
        } catch {
            // It may have been deleted between the two looks.
            let standing = try await reading { () throws(CatalogFault) in try await catalog.upload(id) }
            throw standing?.state == .complete ? error : UploadFault.notFound
        }
        // Checked after reading what was checked before writing: an answer must not promise bytes that are gone.
        guard reader.sizeBytes == upload.receivedBytes else {
            throw UploadFault(
                .internalError, "The stored file could not be used.", cause: "file \(id) has \(reader.sizeBytes) bytes")
        }
        return (upload, reader)
    }

    func checkKind(of upload: UploadRecord, _ kind: MediaKind) throws(UploadFault) {
        guard formats.format(of: upload.mediaType)?.kind == kind else {
            throw UploadFault(
                .unsupportedMediaType, "This file is \(upload.mediaType), which is not accepted as \(kind.rawValue).")
        }
    }

    func reading<Value>(_ body: () async throws(CatalogFault) -> Value) async throws(UploadFault) -> Value {
        do throws(CatalogFault) {
            return try await body()
        } catch {
            throw UploadFault(error)
        }
    }
}
