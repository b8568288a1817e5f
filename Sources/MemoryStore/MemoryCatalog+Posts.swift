import Synchronization
package import UploadModel
package import UploadStore

extension MemoryCatalog {
    package func add(
        _ post: Post, items: [MediaItem], fingerprint: String, idempotencyKey: String?, announcing handoffs: [Handoff]
    ) async throws(CatalogFault) -> PostOutcome {
        try state.withLock { state throws(CatalogFault) in
            let standing = state.posts.first {
                idempotencyKey != nil && $0.idempotencyKey == idempotencyKey && $0.post.tenant == post.tenant
            }
            if let standing {
                return standing.fingerprint == fingerprint ? .replayed(standing.post) : .conflict
            }
            if let missing = items.first(where: { !state.isComplete($0.fileID, of: post.tenant) }) {
                return .notComplete(missing.fileID)
            }
            let taken = Set(state.items.map(\.item.id))
            let ids = Set(items.map(\.id))
            guard ids.count == items.count, taken.isDisjoint(with: ids),
                !state.posts.contains(where: { $0.post.id == post.id })
            else { throw CatalogFault(.failed, "post: the id of the post or of an item is taken") }
            try state.announce(handoffs)
            state.posts.append(Posted(post: post, fingerprint: fingerprint, idempotencyKey: idempotencyKey))
            // Keys are those of posts here; items of posts have none.
            state.items += items.map { Finalized(item: $0, fingerprint: fingerprint, idempotencyKey: nil) }
            return .made(post)
        }
    }

    package func post(
        idempotencyKey: String, of tenant: TenantID
    ) async throws(CatalogFault) -> (post: Post, fingerprint: String)? {
        state.withLock { state in
            state.posts.first { $0.post.tenant == tenant && $0.idempotencyKey == idempotencyKey }
                .map { ($0.post, $0.fingerprint) }
        }
    }
}
