import Synchronization
package import UploadModel
package import UploadStore

extension MemoryCatalog {
    package func finalize(
        _ item: MediaItem, fingerprint: String, idempotencyKey: String?
    ) async throws(CatalogFault) -> FinalizeOutcome {
        try state.withLock { state throws(CatalogFault) in
            let own = state.items.filter { $0.item.tenant == item.tenant }
            let byKey = idempotencyKey.flatMap { key in own.first { $0.idempotencyKey == key } }
            if let standing = byKey ?? own.first(where: { $0.item.fileID == item.fileID }) {
                return standing.fingerprint == fingerprint ? .replayed(standing.item) : .conflict
            }
            guard let upload = state.uploads[item.fileID]?.record, upload.tenant == item.tenant,
                upload.state == .complete
            else { return .notComplete }
            guard !state.items.contains(where: { $0.item.id == item.id }) else {
                throw CatalogFault(.failed, "finalize: the item's id is taken")
            }
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
        _ id: MediaItemID, kind: MediaKind, of tenant: TenantID
    ) async throws(CatalogFault) -> MediaItem? {
        state.withLock { state in
            state.items.map(\.item).first { $0.id == id && $0.request.kind == kind && $0.tenant == tenant }
        }
    }

    package func item(of file: FileID) async throws(CatalogFault) -> MediaItem? {
        state.withLock { state in state.items.map(\.item).first { $0.fileID == file } }
    }

    package func gallery(
        of tenant: TenantID, after cursor: UploadCursor?, limit: Int
    ) async throws(CatalogFault) -> [GalleryEntry] {
        state.withLock { state in
            state.page(of: tenant, in: [.complete], after: cursor, limit: limit).map { upload in
                let item = state.items.first { $0.item.fileID == upload.fileID }?.item
                return GalleryEntry(upload: upload, description: item?.request.description)
            }
        }
    }
}
