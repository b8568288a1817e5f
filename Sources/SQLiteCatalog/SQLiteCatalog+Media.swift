import GRDB
package import UploadModel
package import UploadStore

extension SQLiteCatalog {
    package func finalize(
        _ item: MediaItem, fingerprint: String, idempotencyKey: String?
    ) async throws(CatalogFault) -> FinalizeOutcome {
        try await change("finalize") { database in
            // Neither conflict is an error here: both say that somebody was first.
            let inserted = try database.change(
                """
                INSERT INTO media_item (\(MediaRows.columns), fingerprint, idempotency_key)
                SELECT \(MediaRows.placeholders), :fingerprint, :idempotency_key
                WHERE EXISTS
                    (SELECT 1 FROM upload WHERE file_id = :file_id AND tenant = :tenant AND state = 'complete')
                ON CONFLICT (file_id) DO NOTHING
                ON CONFLICT (tenant, idempotency_key) WHERE idempotency_key IS NOT NULL DO NOTHING
                """,
                MediaRows.arguments(of: item) + ["fingerprint": fingerprint, "idempotency_key": idempotencyKey])
            if inserted == 1 {
                for (platform, settings) in item.request.settingsJSON {
                    try database.change(
                        "INSERT INTO media_item_setting (item_id, platform, settings_json) VALUES (?, ?, ?)",
                        [item.id.text, platform.rawValue, settings])
                }
                return .made(item)
            }
            let byKey = try idempotencyKey.flatMap { key in
                try MediaRows.finalized("idempotency_key = ? AND tenant = ?", [key, item.tenant.text], in: database)
            }
            let standing =
                try byKey
                ?? MediaRows.finalized(
                    "file_id = ? AND tenant = ?", [item.fileID.text, item.tenant.text], in: database)
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
        _ id: MediaItemID, kind: MediaKind, of tenant: TenantID
    ) async throws(CatalogFault) -> MediaItem? {
        try await read("item") { database in
            try MediaRows.finalized(
                "id = ? AND kind = ? AND tenant = ?", [id.text, kind.rawValue, tenant.text], in: database)?.item
        }
    }

    package func item(of file: FileID) async throws(CatalogFault) -> MediaItem? {
        try await read("item of file") { database in
            try MediaRows.finalized("file_id = ?", [file.text], in: database)?.item
        }
    }

    package func gallery(
        of tenant: TenantID, after cursor: UploadCursor?, limit: Int
    ) async throws(CatalogFault) -> [GalleryEntry] {
        try await read("gallery") { database in
            try UploadRows.page(
                of: tenant, in: [.complete], after: cursor, limit: limit,
                adding: "(SELECT description FROM media_item WHERE media_item.file_id = upload.file_id) AS words",
                in: database
            ).map { row in
                var reader = RowReader(row, of: "upload")
                let upload = try UploadRows.record(&reader)
                return GalleryEntry(upload: upload, description: try reader.optional(String.self))
            }
        }
    }
}

/// How media items stand in their tables.
private enum MediaRows {
    /// In the order in which ``finalized(_:_:in:)`` reads them.
    static let columns = """
        id, tenant, file_id, kind, title, description, platforms, scheduled_at, is_draft, status, created_at, updated_at
        """

    static let placeholders = """
        :id, :tenant, :file_id, :kind, :title, :description, :platforms, :scheduled_at, :is_draft, :status, \
        :created_at, :updated_at
        """

    static func arguments(of item: MediaItem) -> StatementArguments {
        [
            "id": item.id.text, "tenant": item.tenant.text, "file_id": item.fileID.text,
            "kind": item.request.kind.rawValue, "title": item.request.title, "description": item.request.description,
            "platforms": item.request.platforms.map(\.rawValue).joined(separator: ","),
            "scheduled_at": item.request.scheduledAt?.milliseconds, "is_draft": item.request.isDraft,
            "status": item.status.rawValue, "created_at": item.createdAt.milliseconds,
            "updated_at": item.updatedAt.milliseconds,
        ]
    }

    /// The item that a condition names, with the fingerprint of the request that made it.
    static func finalized(
        _ condition: String, _ arguments: StatementArguments, in database: Database
    ) throws -> (item: MediaItem, fingerprint: String)? {
        let rows = try database.rows(
            "SELECT \(columns), fingerprint FROM media_item WHERE \(condition)", arguments)
        guard let row = rows.first else { return nil }
        var reader = RowReader(row, of: "media_item")
        let id = try reader.text(as: MediaItemID.init)
        let item = MediaItem(
            id: id,
            tenant: try reader.text(as: TenantID.init),
            fileID: try reader.text(as: FileID.init),
            request: MediaItemRequest(
                kind: try reader.text(as: MediaKind.init),
                title: try reader.optional(String.self),
                description: try reader.optional(String.self),
                platforms: try reader.text(as: platforms),
                scheduledAt: try reader.optionalMoment(),
                isDraft: try reader.value(Bool.self),
                settingsJSON: try settings(of: id, in: database)),
            status: try reader.text(as: MediaItemStatus.init),
            createdAt: try reader.moment(),
            updatedAt: try reader.moment())
        return (item, try reader.value(String.self))
    }

    /// `nil` when one of the names is none.
    private static func platforms(_ text: String) -> [Platform]? {
        let names = text.split(separator: ",").map(String.init)
        let platforms = names.compactMap(Platform.init)
        return platforms.count == names.count ? platforms : nil
    }

    private static func settings(of id: MediaItemID, in database: Database) throws -> [Platform: String] {
        let rows = try database.rows(
            "SELECT platform, settings_json FROM media_item_setting WHERE item_id = ?", [id.text])
        var settings: [Platform: String] = [:]
        for row in rows {
            var reader = RowReader(row, of: "media_item_setting")
            settings[try reader.text(as: Platform.init)] = try reader.value(String.self)
        }
        return settings
    }
}
