import GRDB
package import UploadModel
package import UploadStore

extension SQLiteCatalog {
    package func add(
        _ post: Post, items: [MediaItem], fingerprint: String, idempotencyKey: String?, announcing handoffs: [Handoff]
    ) async throws(CatalogFault) -> PostOutcome {
        try await change("post") { database in
            if let idempotencyKey,
                let standing = try Self.post(idempotencyKey: idempotencyKey, of: post.tenant, in: database)
            {
                return standing.fingerprint == fingerprint ? .replayed(standing.post) : .conflict
            }
            for item in items {
                let upload = try UploadRows.upload(item.fileID, in: database)
                guard let upload, upload.tenant == post.tenant, upload.state == .complete else {
                    return .notComplete(item.fileID)
                }
            }
            try database.change(
                """
                INSERT INTO post (id, tenant, words, scheduled_at, created_at, item_ids, fingerprint, idempotency_key)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                """,
                [
                    post.id.text, post.tenant.text, post.text, post.scheduledAt?.milliseconds,
                    post.createdAt.milliseconds, post.items.map(\.text).joined(separator: ","), fingerprint,
                    idempotencyKey,
                ])
            for item in items {
                try database.change(
                    """
                    INSERT INTO media_item (\(MediaRows.columns), fingerprint)
                    VALUES (\(MediaRows.placeholders), :fingerprint)
                    """,
                    MediaRows.arguments(of: item) + ["fingerprint": fingerprint])
                try MediaRows.writeDetails(of: item, in: database)
            }
            try HandoffRows.add(handoffs, in: database)
            return .made(post)
        }
    }

    package func post(
        idempotencyKey: String, of tenant: TenantID
    ) async throws(CatalogFault) -> (post: Post, fingerprint: String)? {
        try await read("post") { try Self.post(idempotencyKey: idempotencyKey, of: tenant, in: $0) }
    }

    private static func post(
        idempotencyKey: String, of tenant: TenantID, in database: Database
    ) throws -> (post: Post, fingerprint: String)? {
        let rows = try database.rows(
            """
            SELECT id, tenant, words, scheduled_at, created_at, item_ids, fingerprint
            FROM post WHERE tenant = ? AND idempotency_key = ?
            """, [tenant.text, idempotencyKey])
        guard let row = rows.first else { return nil }
        var reader = RowReader(row, of: "post")
        let post = Post(
            id: try reader.text(as: MediaItemID.init),
            tenant: try reader.text(as: TenantID.init),
            text: try reader.value(String.self),
            scheduledAt: try reader.optionalMoment(),
            createdAt: try reader.moment(),
            items: try reader.text(as: itemIDs))
        return (post, try reader.value(String.self))
    }

    private static func itemIDs(_ text: String) -> [MediaItemID]? {
        let texts = text.split(separator: ",").map(String.init)
        let ids = texts.compactMap(MediaItemID.init)
        return ids.count == texts.count ? ids : nil
    }
}
