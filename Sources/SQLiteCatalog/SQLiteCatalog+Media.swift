import GRDB
package import UploadModel
package import UploadStore

extension SQLiteCatalog {
    package func finalize(
        _ item: MediaItem, fingerprint: String, idempotencyKey: String?, announcing handoffs: [Handoff]
    ) async throws(CatalogFault) -> FinalizeOutcome {
        try await change("finalize") { database in
            // Neither conflict is an error here: both say that somebody was first.
            let inserted = try database.change(
                """
                INSERT INTO media_item (\(MediaRows.columns), fingerprint, idempotency_key)
                SELECT \(MediaRows.placeholders), :fingerprint, :idempotency_key
                WHERE EXISTS
                    (SELECT 1 FROM upload WHERE file_id = :file_id AND tenant = :tenant AND state = 'complete')
                ON CONFLICT (file_id) WHERE post_id IS NULL DO NOTHING
                ON CONFLICT (tenant, idempotency_key) WHERE idempotency_key IS NOT NULL DO NOTHING
                """,
                MediaRows.arguments(of: item) + ["fingerprint": fingerprint, "idempotency_key": idempotencyKey])
            if inserted == 1 {
                try MediaRows.writeDetails(of: item, in: database)
                try HandoffRows.add(handoffs, in: database)
                return .made(item)
            }
            let byKey = try idempotencyKey.flatMap { key in
                try MediaRows.finalized("idempotency_key = ? AND tenant = ?", [key, item.tenant.text], in: database)
            }
            let standing =
                try byKey
                ?? MediaRows.finalized(
                    "file_id = ? AND tenant = ? AND post_id IS NULL", [item.fileID.text, item.tenant.text],
                    in: database)
            guard let standing else { return .notComplete }
            return standing.fingerprint == fingerprint ? .replayed(standing.item) : .conflict
        }
    }

    package func finalized(
        idempotencyKey: String, of tenant: TenantID
    ) async throws(CatalogFault) -> (item: MediaItem, fingerprint: String)? {
        try await read("finalized") { database in
            try MediaRows.finalized("idempotency_key = ? AND tenant = ?", [idempotencyKey, tenant.text], in: database)
        }
    }

    package func item(
        _ id: MediaItemID, kind: MediaKind?, of tenant: TenantID
    ) async throws(CatalogFault) -> MediaItem? {
        try await read("item") { database in
            try MediaRows.items(
                "id = :id AND tenant = :tenant \(kind == nil ? "" : "AND kind = :kind")",
                ["id": id.text, "tenant": tenant.text] + (kind.map { ["kind": $0.rawValue] } ?? [:]), in: database
            ).first
        }
    }

    package func item(of file: FileID) async throws(CatalogFault) -> MediaItem? {
        try await read("item of file") { database in
            try MediaRows.items("file_id = ? AND post_id IS NULL", [file.text], in: database).first
        }
    }

    package func items(of file: FileID) async throws(CatalogFault) -> [MediaItem] {
        try await read("items of file") { database in
            try MediaRows.items("file_id = ? ORDER BY created_at, id", [file.text], in: database)
        }
    }

    package func items(
        of tenant: TenantID, kind: MediaKind, status: MediaItemStatus?, after cursor: MediaItemCursor?, limit: Int
    ) async throws(CatalogFault) -> [MediaItem] {
        try await read("items") { database in
            var arguments: StatementArguments = [
                "tenant": tenant.text, "kind": kind.rawValue, "limit": max(0, limit),
            ]
            if let status { arguments += ["status": status.rawValue] }
            if let cursor { arguments += ["created_at": cursor.createdAt.milliseconds, "id": cursor.id.text] }
            return try MediaRows.items(
                """
                tenant = :tenant AND kind = :kind \(status == nil ? "" : "AND status = :status")
                    \(cursor == nil ? "" : "AND (created_at, id) < (:created_at, :id)")
                ORDER BY created_at DESC, id DESC LIMIT :limit
                """, arguments, in: database)
        }
    }

    package func due(at now: Timestamp, limit: Int) async throws(CatalogFault) -> [MediaItem] {
        try await read("due") { database in
            try MediaRows.items(
                """
                status = 'scheduled' AND scheduled_at IS NOT NULL AND scheduled_at <= ?
                ORDER BY scheduled_at, id LIMIT ?
                """, [now.milliseconds, max(0, limit)], in: database)
        }
    }

    package func update(
        _ item: MediaItem, announcing handoffs: [Handoff]
    ) async throws(CatalogFault) -> UpdateOutcome {
        try await change("update item") { database in
            let updated = try database.change(
                """
                UPDATE media_item SET title = :title, description = :description, platforms = :platforms,
                    scheduled_at = :scheduled_at, is_draft = :is_draft, original_json = :original_json,
                    status = :status, due_at = :due_at, updated_at = :updated_at, revision = revision + 1
                WHERE id = :id AND tenant = :tenant AND revision = :revision
                """,
                MediaRows.changeArguments(of: item))
            guard updated == 1 else {
                let standing = try MediaRows.items(
                    "id = ? AND tenant = ?", [item.id.text, item.tenant.text], in: database)
                return standing.first.map { .changed($0) } ?? .unknown
            }
            try MediaRows.writeDetails(of: item, in: database)
            try HandoffRows.add(handoffs, in: database)
            var done = item
            done.revision += 1
            return .done(done)
        }
    }

    package func delete(
        _ item: MediaItem, now: Timestamp, announcing handoffs: [Handoff]
    ) async throws(CatalogFault) -> DeleteOutcome {
        try await change("delete item") { database in
            let deleted = try database.change(
                "DELETE FROM media_item WHERE id = ? AND tenant = ? AND revision = ?",
                [item.id.text, item.tenant.text, item.revision])
            guard deleted == 1 else {
                let standing = try database.rows(
                    "SELECT 1 FROM media_item WHERE id = ? AND tenant = ?", [item.id.text, item.tenant.text])
                return standing.isEmpty ? .unknown : .changed
            }
            try HandoffRows.add(handoffs, in: database)
            let isUsed = try database.rows("SELECT 1 FROM media_item WHERE file_id = ?", [item.fileID.text])
            guard item.postID == nil, isUsed.isEmpty else { return .done([]) }
            return .done(try FileRows.end(item.fileID, now: now, in: database))
        }
    }

    package func delete(
        _ file: FileID, of tenant: TenantID, items: [MediaItemID], now: Timestamp, announcing handoffs: [Handoff]
    ) async throws(CatalogFault) -> DeleteOutcome {
        try await change("delete file") { database in
            let upload = try UploadRows.upload(file, in: database)
            guard let upload, upload.tenant == tenant, upload.state == .complete else { return .unknown }
            let standing = try MediaRows.items("file_id = ?", [file.text], in: database)
            guard Set(standing.map(\.id)) == Set(items) else { return .changed }
            try database.change("DELETE FROM media_item WHERE file_id = ?", [file.text])
            try HandoffRows.add(handoffs, in: database)
            return .done(try FileRows.end(file, now: now, in: database))
        }
    }

    package func gallery(
        of tenant: TenantID, after cursor: UploadCursor?, limit: Int
    ) async throws(CatalogFault) -> [GalleryEntry] {
        try await read("gallery") { database in
            try UploadRows.page(
                of: tenant, in: [.complete], after: cursor, limit: limit,
                adding: """
                    coalesce(description, (SELECT description FROM media_item
                        WHERE media_item.file_id = upload.file_id AND post_id IS NULL)) AS words
                    """,
                in: database
            ).map { row in
                var reader = RowReader(row, of: "upload")
                let upload = try UploadRows.record(&reader)
                return GalleryEntry(upload: upload, description: try reader.optional(String.self))
            }
        }
    }

    package func files(completedBefore moment: Timestamp, limit: Int) async throws(CatalogFault) -> [UploadRecord] {
        try await read("old files") { database in
            try database.rows(
                """
                SELECT \(UploadRows.columns) FROM upload INDEXED BY upload_by_completion
                WHERE state = 'complete' AND completed_at < ? AND original_id IS NULL
                ORDER BY completed_at, file_id LIMIT ?
                """, [moment.milliseconds, max(0, limit)]
            ).map(UploadRows.record)
        }
    }
}
