import GRDB
import UploadModel
import UploadStore

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// How media items stand in their tables.
enum MediaRows {
    /// In the order in which ``item(_:in:)`` reads them.
    static let columns = """
        id, tenant, file_id, post_id, kind, title, description, platforms, scheduled_at, is_draft, original_json, \
        status, due_at, created_at, updated_at, revision
        """

    static let placeholders = """
        :id, :tenant, :file_id, :post_id, :kind, :title, :description, :platforms, :scheduled_at, :is_draft, \
        :original_json, :status, :due_at, :created_at, :updated_at, :revision
        """

    static func arguments(of item: MediaItem) throws -> StatementArguments {
        [
            "id": item.id.text, "tenant": item.tenant.text, "file_id": item.fileID.text,
            "post_id": item.postID?.text, "kind": item.request.kind.rawValue, "title": item.request.title,
            "description": item.request.description,
            "platforms": item.request.platforms.map(\.rawValue).joined(separator: ","),
            "scheduled_at": item.request.scheduledAt?.milliseconds, "is_draft": item.request.isDraft,
            "original_json": try item.original.map(StoredRequest.text), "status": item.status.rawValue,
            "due_at": item.dueAt?.milliseconds, "created_at": item.createdAt.milliseconds,
            "updated_at": item.updatedAt.milliseconds, "revision": item.revision,
        ]
    }

    /// Only what a change of an item names.
    static func changeArguments(of item: MediaItem) throws -> StatementArguments {
        [
            "id": item.id.text, "tenant": item.tenant.text, "title": item.request.title,
            "description": item.request.description,
            "platforms": item.request.platforms.map(\.rawValue).joined(separator: ","),
            "scheduled_at": item.request.scheduledAt?.milliseconds, "is_draft": item.request.isDraft,
            "original_json": try item.original.map(StoredRequest.text), "status": item.status.rawValue,
            "due_at": item.dueAt?.milliseconds, "updated_at": item.updatedAt.milliseconds,
            "revision": item.revision,
        ]
    }

    /// What stands in tables of its own, for an item whose row is new or was changed.
    static func writeDetails(of item: MediaItem, in database: Database) throws {
        try database.change("DELETE FROM media_item_setting WHERE item_id = ?", [item.id.text])
        for (platform, settings) in item.request.settingsJSON {
            try database.change(
                "INSERT INTO media_item_setting (item_id, platform, settings_json) VALUES (?, ?, ?)",
                [item.id.text, platform.rawValue, settings])
        }
        try database.change("DELETE FROM media_item_result WHERE item_id = ?", [item.id.text])
        for (platform, result) in item.results {
            try database.change(
                """
                INSERT INTO media_item_result (item_id, platform, status, remote_id, url, message)
                VALUES (?, ?, ?, ?, ?, ?)
                """,
                [
                    item.id.text, platform.rawValue, result.status.rawValue, result.remoteID, result.url,
                    result.message,
                ])
        }
    }

    /// The items that a condition names.
    static func items(
        _ condition: String, _ arguments: StatementArguments, in database: Database
    ) throws -> [MediaItem] {
        try database.rows("SELECT \(columns) FROM media_item WHERE \(condition)", arguments).map { row in
            var reader = RowReader(row, of: "media_item")
            return try item(&reader, in: database)
        }
    }

    /// The item that a condition names, with the fingerprint of the request that made it.
    static func finalized(
        _ condition: String, _ arguments: StatementArguments, in database: Database
    ) throws -> (item: MediaItem, fingerprint: String)? {
        let rows = try database.rows("SELECT \(columns), fingerprint FROM media_item WHERE \(condition)", arguments)
        guard let row = rows.first else { return nil }
        var reader = RowReader(row, of: "media_item")
        let item = try item(&reader, in: database)
        return (item, try reader.value(String.self))
    }

    private static func item(_ reader: inout RowReader, in database: Database) throws -> MediaItem {
        let id = try reader.text(as: MediaItemID.init)
        var item = MediaItem(
            id: id,
            tenant: try reader.text(as: TenantID.init),
            fileID: try reader.text(as: FileID.init),
            postID: try reader.optionalText(as: MediaItemID.init),
            request: MediaItemRequest(
                kind: try reader.text(as: MediaKind.init),
                title: try reader.optional(String.self),
                description: try reader.optional(String.self),
                platforms: try reader.text(as: platforms),
                scheduledAt: try reader.optionalMoment(),
                isDraft: try reader.value(Bool.self),
                settingsJSON: try settings(of: id, in: database)),
            original: try reader.optionalText(as: StoredRequest.request),
            status: try reader.text(as: MediaItemStatus.init),
            dueAt: try reader.optionalMoment(),
            createdAt: try reader.moment(),
            updatedAt: try reader.moment())
        item.revision = try reader.value(Int64.self)
        item.results = try results(of: id, in: database)
        return item
    }

    /// `nil` when one of the names is none.
    static func platforms(_ text: String) -> [Platform]? {
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

    private static func results(of id: MediaItemID, in database: Database) throws -> [Platform: PlatformResult] {
        let rows = try database.rows(
            "SELECT platform, status, remote_id, url, message FROM media_item_result WHERE item_id = ?", [id.text])
        var results: [Platform: PlatformResult] = [:]
        for row in rows {
            var reader = RowReader(row, of: "media_item_result")
            results[try reader.text(as: Platform.init)] = PlatformResult(
                status: try reader.text(as: PlatformStatus.init),
                remoteID: try reader.optional(String.self),
                url: try reader.optional(String.self),
                message: try reader.optional(String.self))
        }
        return results
    }
}

/// A request as text: what an edited item was at first is only ever read whole.
private struct StoredRequest: Codable {
    var kind: String
    var title: String?
    var description: String?
    var platforms: [String]
    var scheduledAt: Int64?
    var isDraft: Bool
    var settings: [String: String]

    static func text(_ request: MediaItemRequest) throws -> String {
        let stored = StoredRequest(
            kind: request.kind.rawValue, title: request.title, description: request.description,
            platforms: request.platforms.map(\.rawValue), scheduledAt: request.scheduledAt?.milliseconds,
            isDraft: request.isDraft,
            settings: Dictionary(
                request.settingsJSON.map { ($0.key.rawValue, $0.value) }, uniquingKeysWith: { first, _ in first }))
        return String(decoding: try JSONEncoder().encode(stored), as: UTF8.self)
    }

    static func request(_ text: String) -> MediaItemRequest? {
        guard let stored = try? JSONDecoder().decode(StoredRequest.self, from: Data(text.utf8)),
            let kind = MediaKind(rawValue: stored.kind)
        else { return nil }
        let platforms = stored.platforms.compactMap(Platform.init)
        guard platforms.count == stored.platforms.count else { return nil }
        var request = MediaItemRequest(
            kind: kind, title: stored.title, description: stored.description, platforms: platforms,
            scheduledAt: stored.scheduledAt.map(Timestamp.init(milliseconds:)), isDraft: stored.isDraft)
        for (name, settings) in stored.settings {
            guard let platform = Platform(rawValue: name) else { return nil }
            request.settingsJSON[platform] = settings
        }
        return request
    }
}
