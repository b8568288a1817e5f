import GRDB
import UploadModel
import UploadStore

/// How uploads and parts stand in their tables.
enum UploadRows {
    /// In the order in which ``record(_:)`` reads them.
    static let columns = """
        file_id, tenant, alias, object_key, file_name, declared_type, detected_type, part_size_bytes, part_count, \
        size_bytes, maximum_bytes, metadata_json, state, received_bytes, created_at, expires_at, claimed_at, \
        completed_at, crc32c, sha256, description, original_id, way, joins, home_id, base_bytes, \
        \(ExpectedDigests.columns)
        """

    /// The names of the values that ``arguments(of:)`` gives, in the order of ``columns``.
    static let placeholders = """
        :file_id, :tenant, :alias, :object_key, :file_name, :declared_type, :detected_type, :part_size_bytes, \
        :part_count, :size_bytes, :maximum_bytes, :metadata_json, :state, :received_bytes, :created_at, \
        :expires_at, :claimed_at, :completed_at, :crc32c, :sha256, :description, :original_id, :way, :joins, \
        :home_id, :base_bytes, \(ExpectedDigests.placeholders)
        """

    static func arguments(of upload: UploadRecord) -> StatementArguments {
        [
            "file_id": upload.fileID.text, "tenant": upload.tenant.text, "alias": upload.alias?.text,
            "object_key": upload.objectKey.text, "file_name": upload.fileName.text,
            "declared_type": upload.declaredType?.text, "detected_type": upload.detectedType?.text,
            "part_size_bytes": upload.layout.partSizeBytes, "part_count": upload.layout.partCount,
            "size_bytes": upload.layout.sizeBytes, "maximum_bytes": upload.maximumBytes,
            "metadata_json": upload.metadataJSON, "state": upload.state.rawValue,
            "received_bytes": upload.receivedBytes,
            "created_at": upload.createdAt.milliseconds, "expires_at": upload.expiresAt.milliseconds,
            "claimed_at": upload.claimedAt?.milliseconds, "completed_at": upload.completedAt?.milliseconds,
            "crc32c": upload.crc32c.map { Int64($0.value) }, "sha256": upload.sha256?.data,
            "description": upload.description, "original_id": upload.originalID?.text, "way": upload.way.rawValue,
            "joins": upload.joins.isEmpty ? nil : upload.joins.map(\.text).joined(separator: " "),
            "home_id": upload.home?.fileID.text, "base_bytes": upload.home?.startBytes,
        ] + ExpectedDigests.arguments(of: upload.expectedDigests)
    }

    /// Tells an upload of a part that is about to be recorded.
    static let recordPart = recordPart(isWithinQuota: false)

    /// The same where the upload must find room for what it holds then; see ``QuotaRows/arguments(of:)``.
    static let recordPartWithinQuota = recordPart(isWithinQuota: true)

    private static func recordPart(isWithinQuota: Bool) -> String {
        """
        UPDATE upload SET
            part_size_bytes = coalesce(part_size_bytes, :part_size_bytes),
            part_count = coalesce(part_count, :part_count),
            size_bytes = coalesce(size_bytes, :size_bytes),
            detected_type = coalesce(detected_type, :detected_type),
            expires_at = max(expires_at, :expires_at),
            received_bytes = \(QuotaRows.receivedWithPart)
            \(isWithinQuota ? ", reserved_bytes = \(QuotaRows.receivedWithPart)" : "")
        WHERE file_id = :file_id AND state = 'receiving' AND claimed_at IS NULL AND way = 'parts'
            AND coalesce(part_size_bytes = :part_size_bytes, TRUE)
            AND coalesce(part_count = :part_count, TRUE)
            AND coalesce(size_bytes = :size_bytes, TRUE)
            \(isWithinQuota ? "AND \(QuotaRows.fits(QuotaRows.growthOfPart, of: "upload.tenant"))" : "")
        RETURNING \(columns)
        """
    }

    static func record(_ row: Row) throws(CatalogFault) -> UploadRecord {
        var reader = RowReader(row, of: "upload")
        return try record(&reader)
    }

    /// Leaves the reader at the first column after those of an upload.
    static func record(_ reader: inout RowReader) throws(CatalogFault) -> UploadRecord {
        var record = UploadRecord(
            fileID: try reader.text(as: FileID.init),
            tenant: try reader.text(as: TenantID.init),
            alias: try reader.optionalText(as: UploadAlias.init),
            objectKey: try reader.text(as: ObjectKey.init),
            fileName: try reader.text(as: FileName.init),
            declaredType: try reader.optionalText(as: MediaType.init),
            detectedType: try reader.optionalText(as: MediaType.init),
            layout: PartLayout(
                partSizeBytes: try reader.optional(Int64.self),
                partCount: try reader.optional(Int.self),
                sizeBytes: try reader.optional(Int64.self)),
            maximumBytes: try reader.value(Int64.self),
            metadataJSON: try reader.optional(String.self),
            state: try reader.text(as: UploadState.init),
            receivedBytes: try reader.value(Int64.self),
            createdAt: try reader.moment(),
            expiresAt: try reader.moment(),
            claimedAt: try reader.optionalMoment(),
            completedAt: try reader.optionalMoment(),
            crc32c: try reader.optionalCRC32C(),
            sha256: try reader.optionalDigest(.sha256))
        record.description = try reader.optional(String.self)
        record.originalID = try reader.optionalText(as: FileID.init)
        record.way = try reader.text(as: UploadWay.init)
        let joins = try reader.optional(String.self)?.split(separator: " ") ?? []
        record.joins = joins.compactMap { FileID(String($0)) }
        let home = try reader.optionalText(as: FileID.init)
        let base = try reader.optional(Int64.self)
        if let home, let base { record.home = UploadHome(fileID: home, startBytes: base) }
        guard record.joins.count == joins.count, (home == nil) == (base == nil) else {
            throw CatalogFault(.corrupt, "a row of upload cannot be read")
        }
        record.expectedDigests = try ExpectedDigests.read(&reader)
        return record
    }

    static func upload(_ id: FileID, in database: Database) throws -> UploadRecord? {
        try database.rows("SELECT \(columns) FROM upload WHERE file_id = ?", [id.text]).first.map(record)
    }

    static func upload(alias: UploadAlias, of tenant: TenantID, in database: Database) throws -> UploadRecord? {
        try database.rows(
            "SELECT \(columns) FROM upload WHERE tenant = ? AND alias = ?", [tenant.text, alias.text]
        ).first.map(record)
    }

    static func upload(
        _ reference: UploadReference, of tenant: TenantID, in database: Database
    ) throws -> UploadRecord? {
        switch reference {
        case .fileID(let id):
            let upload = try upload(id, in: database)
            return upload?.tenant == tenant ? upload : nil
        case .alias(let alias): return try upload(alias: alias, of: tenant, in: database)
        }
    }

    /// The part of a number, if it is recorded, and the highest one.
    static func parts(of id: FileID, near number: Int, in database: Database) throws -> [StoredPart] {
        try parts(
            of: id, "number IN (:number, (SELECT max(number) FROM part WHERE file_id = :file_id))",
            ["number": number], in: database)
    }

    /// Those that a condition names, by number.
    static func parts(
        of id: FileID, _ condition: String = "TRUE", _ arguments: StatementArguments = [:], in database: Database
    ) throws -> [StoredPart] {
        let statement = try database.cachedStatement(
            sql: """
                SELECT number, start_bytes, length_bytes, crc32c, token FROM part
                WHERE file_id = :file_id AND \(condition) ORDER BY number
                """)
        // One row at a time: there may be ten thousand.
        let rows = try Row.fetchCursor(statement, arguments: arguments + ["file_id": id.text])
        var parts: [StoredPart] = []
        while let row = try rows.next() {
            var reader = RowReader(row, of: "part")
            let number = try reader.value(Int.self)
            let start = try reader.value(Int64.self)
            let length = try reader.value(Int64.self)
            guard start >= 0, length >= 0, start <= Int64.max - length, let crc = try reader.optionalCRC32C() else {
                throw CatalogFault(.corrupt, "a row of part cannot be read")
            }
            parts.append(
                StoredPart(
                    number: number, range: ByteRange(start: start, length: length), crc32c: crc,
                    token: PieceToken(try reader.value(String.self))))
        }
        return parts
    }

    /// Writes a part; answers the token of the one that it replaced.
    static func put(_ part: StoredPart, of id: FileID, in database: Database) throws -> PieceToken? {
        let values: StatementArguments = [
            id.text, part.number, part.range.start, part.range.length, Int64(part.crc32c.value), part.token.text,
        ]
        // Nearly always there is none to be replaced.
        let inserted = try database.change(
            """
            INSERT INTO part (file_id, number, start_bytes, length_bytes, crc32c, token)
            VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (file_id, number) DO NOTHING
            """, values)
        guard inserted == 0 else { return nil }
        let before = try database.rows(
            "SELECT token FROM part WHERE file_id = ? AND number = ?", [id.text, part.number])
        try database.change(
            "REPLACE INTO part (file_id, number, start_bytes, length_bytes, crc32c, token) VALUES (?, ?, ?, ?, ?, ?)",
            values)
        return try before.first.map { row in
            var reader = RowReader(row, of: "part")
            return PieceToken(try reader.value(String.self))
        }
    }

    /// Uploads in any of some states, newest first: each state's list comes sorted from an index, already cut to
    /// the limit, so a page costs the same however many uploads there are.
    static func page(
        of tenant: TenantID?, in states: Set<UploadState>, after cursor: UploadCursor?, limit: Int,
        adding extraColumn: String? = nil, in database: Database
    ) throws -> [Row] {
        guard limit > 0, !states.isEmpty else { return [] }
        let shown = extraColumn.map { "\(columns), \($0)" } ?? columns
        let lists = states.map(\.rawValue).sorted().map { state in
            """
            SELECT * FROM (
                SELECT \(shown) FROM upload
                WHERE state = '\(state)' AND original_id IS NULL \(tenant == nil ? "" : "AND tenant = :tenant")
                    \(cursor == nil ? "" : "AND (created_at, file_id) < (:created_at, :file_id)")
                ORDER BY created_at DESC, file_id DESC LIMIT :limit)
            """
        }
        var arguments: StatementArguments = ["limit": limit]
        if let tenant { arguments += ["tenant": tenant.text] }
        if let cursor {
            arguments += ["created_at": cursor.createdAt.milliseconds, "file_id": cursor.fileID.text]
        }
        return try database.rows(
            lists.joined(separator: "\nUNION ALL\n") + "\nORDER BY created_at DESC, file_id DESC LIMIT :limit",
            arguments)
    }
}
