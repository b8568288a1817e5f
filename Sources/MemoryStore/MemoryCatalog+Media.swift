import Synchronization
package import UploadModel
package import UploadStore

extension MemoryCatalog {
    package func finalize(
        _ item: MediaItem, fingerprint: String, idempotencyKey: String?, announcing handoffs: [Handoff]
    ) async throws(CatalogFault) -> FinalizeOutcome {
        try state.withLock { state throws(CatalogFault) in
            let own = state.items.filter { $0.item.tenant == item.tenant }
            let byKey = idempotencyKey.flatMap { key in own.first { $0.idempotencyKey == key } }
            if let standing = byKey ?? own.first(where: { $0.item.fileID == item.fileID && $0.item.postID == nil }) {
                return standing.fingerprint == fingerprint ? .replayed(standing.item) : .conflict
            }
            guard state.isComplete(item.fileID, of: item.tenant) else { return .notComplete }
            guard !state.items.contains(where: { $0.item.id == item.id }) else {
                throw CatalogFault(.failed, "finalize: the item's id is taken")
            }
            try state.announce(handoffs)
            state.items.append(Finalized(item: item, fingerprint: fingerprint, idempotencyKey: idempotencyKey))
            return .made(item)
        }
    }

    package func finalized(
        idempotencyKey: String, of tenant: TenantID
    ) async throws(CatalogFault) -> (item: MediaItem, fingerprint: String)? {
        state.withLock { state in
            state.items.first { $0.item.tenant == tenant && $0.idempotencyKey == idempotencyKey }
                .map { ($0.item, $0.fingerprint) }
        }
    }

    package func item(
        _ id: MediaItemID, kind: MediaKind?, of tenant: TenantID
    ) async throws(CatalogFault) -> MediaItem? {
        state.withLock { state in
            state.items.map(\.item).first {
                $0.id == id && (kind == nil || $0.request.kind == kind) && $0.tenant == tenant
            }
        }
    }

    package func item(of file: FileID) async throws(CatalogFault) -> MediaItem? {
        state.withLock { state in state.items.map(\.item).first { $0.fileID == file && $0.postID == nil } }
    }

    package func items(of file: FileID) async throws(CatalogFault) -> [MediaItem] {
        state.withLock { state in
            state.items.map(\.item).filter { $0.fileID == file }
                .sorted { ($0.createdAt, $0.id.text) < ($1.createdAt, $1.id.text) }
        }
    }

    package func items(
        of tenant: TenantID, kind: MediaKind, status: MediaItemStatus?, after cursor: MediaItemCursor?, limit: Int
    ) async throws(CatalogFault) -> [MediaItem] {
        state.withLock { state in
            let found = state.items.map(\.item).filter { item in
                item.tenant == tenant && item.request.kind == kind && (status == nil || item.status == status)
                    && cursor.map { (item.createdAt, item.id.text) < ($0.createdAt, $0.id.text) } ?? true
            }
            let sorted = found.sorted { ($0.createdAt, $0.id.text) > ($1.createdAt, $1.id.text) }
            return Array(sorted.prefix(max(0, limit)))
        }
    }

    package func due(at now: Timestamp, limit: Int) async throws(CatalogFault) -> [MediaItem] {
        state.withLock { state in
            let due = state.items.map(\.item).compactMap { item in
                item.request.scheduledAt.flatMap { moment in
                    item.status == .scheduled && moment <= now ? (moment: moment, item: item) : nil
                }
            }
            let sorted = due.sorted { ($0.moment, $0.item.id.text) < ($1.moment, $1.item.id.text) }
            return sorted.prefix(max(0, limit)).map(\.item)
        }
    }

    package func update(
        _ item: MediaItem, announcing handoffs: [Handoff]
    ) async throws(CatalogFault) -> UpdateOutcome {
        try state.withLock { state throws(CatalogFault) in
            guard let index = state.place(of: item) else { return .unknown }
            let standing = state.items[index].item
            guard standing.revision == item.revision else { return .changed(standing) }
            try state.announce(handoffs)
            state.items[index].item.request = item.request
            state.items[index].item.original = item.original
            state.items[index].item.status = item.status
            state.items[index].item.dueAt = item.dueAt
            state.items[index].item.results = item.results
            state.items[index].item.updatedAt = item.updatedAt
            state.items[index].item.revision += 1
            return .done(state.items[index].item)
        }
    }

    package func delete(
        _ item: MediaItem, now: Timestamp, announcing handoffs: [Handoff]
    ) async throws(CatalogFault) -> DeleteOutcome {
        try state.withLock { state throws(CatalogFault) in
            guard let index = state.place(of: item) else { return .unknown }
            let standing = state.items[index].item
            guard standing.revision == item.revision else { return .changed }
            try state.announce(handoffs)
            state.items.remove(at: index)
            guard standing.postID == nil, !state.isUsed(standing.fileID) else { return .done([]) }
            return .done(state.endFile(standing.fileID, now: now))
        }
    }

    package func delete(
        _ file: FileID, of tenant: TenantID, items: [MediaItemID], now: Timestamp, announcing handoffs: [Handoff]
    ) async throws(CatalogFault) -> DeleteOutcome {
        try state.withLock { state throws(CatalogFault) in
            guard state.isComplete(file, of: tenant) else { return .unknown }
            let standing = state.items.map(\.item).filter { $0.fileID == file }
            guard Set(standing.map(\.id)) == Set(items) else { return .changed }
            try state.announce(handoffs)
            state.items.removeAll { $0.item.fileID == file }
            return .done(state.endFile(file, now: now))
        }
    }

    package func gallery(
        of tenant: TenantID, after cursor: UploadCursor?, limit: Int
    ) async throws(CatalogFault) -> [GalleryEntry] {
        state.withLock { state in
            state.page(of: tenant, in: [.complete], after: cursor, limit: limit).map { upload in
                let item = state.items.map(\.item).first { $0.fileID == upload.fileID && $0.postID == nil }
                return GalleryEntry(upload: upload, description: upload.description ?? item?.request.description)
            }
        }
    }

    package func files(completedBefore moment: Timestamp, limit: Int) async throws(CatalogFault) -> [UploadRecord] {
        state.withLock { state in
            let old = state.uploads.values.map(\.record).compactMap { record in
                record.completedAt.flatMap { completedAt in
                    record.state == .complete && record.originalID == nil && completedAt < moment
                        ? (completedAt: completedAt, record: record) : nil
                }
            }
            let sorted = old.sorted {
                ($0.completedAt, $0.record.fileID.text) < ($1.completedAt, $1.record.fileID.text)
            }
            return sorted.prefix(max(0, limit)).map(\.record)
        }
    }
}

extension MemoryCatalog.State {
    /// Where a tenant's item stands among the items.
    fileprivate func place(of item: MediaItem) -> Int? {
        items.firstIndex { $0.item.id == item.id && $0.item.tenant == item.tenant }
    }
}
