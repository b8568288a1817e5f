import GRDB
package import UploadModel
package import UploadStore

extension SQLiteCatalog {
    package func create(
        _ upload: UploadRecord, within admission: Admission
    ) async throws(CatalogFault) -> CreateOutcome {
        let quota = admission.quota
        let needed = admission.neededBytes(sizeBytes: upload.layout.sizeBytes)
        let reserved = upload.state == .receiving ? admission.reservedBytes : 0
        return try await change("create") { database in
            // Only a row that would be `receiving` needs a place; a granted one asks for it when it is claimed.
            let inserted = try database.change(
                """
                INSERT INTO upload (\(UploadRows.columns), reserved_bytes)
                SELECT \(UploadRows.placeholders), :reserved_bytes
                WHERE :state <> 'receiving'
                    OR ((SELECT count(*) FROM upload WHERE tenant = :tenant AND state = 'receiving') < :maximum_open
                        \(quota == nil ? "" : "AND \(QuotaRows.fits(":needed", of: ":tenant"))"))
                ON CONFLICT (tenant, alias) WHERE alias IS NOT NULL DO NOTHING
                """,
                UploadRows.arguments(of: upload)
                    + ["maximum_open": admission.maximumOpen, "reserved_bytes": reserved]
                    + (quota.map { ["needed": needed] + QuotaRows.arguments(of: $0) } ?? [:]))
            if inserted == 1 { return .created }
            if let alias = upload.alias,
                let standing = try UploadRows.upload(alias: alias, of: upload.tenant, in: database)
            {
                return .aliasTaken(standing)
            }
            let excess = try quota?.excess(adding: needed, to: QuotaRows.usage(of: upload.tenant, in: database))
            return excess.map { .overQuota($0) } ?? .tooManyOpen
        }
    }

    package func upload(_ id: FileID) async throws(CatalogFault) -> UploadRecord? {
        try await look("upload") { try UploadRows.upload(id, in: $0) }
    }

    package func upload(_ reference: UploadReference, of tenant: TenantID) async throws(CatalogFault) -> UploadRecord? {
        try await look("upload of tenant") { try UploadRows.upload(reference, of: tenant, in: $0) }
    }

    package func upload(
        _ reference: UploadReference, of tenant: TenantID, near number: Int
    ) async throws(CatalogFault) -> PartSurroundings? {
        try await look("upload near a part") { database in
            guard let upload = try UploadRows.upload(reference, of: tenant, in: database) else { return nil }
            return PartSurroundings(
                upload: upload, parts: try UploadRows.parts(of: upload.fileID, near: number, in: database))
        }
    }

    package func claim(
        _ id: FileID, on terms: ClaimTerms, now: Timestamp, expiresAt: Timestamp, within admission: Admission
    ) async throws(CatalogFault) -> ClaimOutcome {
        let quota = admission.quota
        return try await change("claim") { database in
            let arguments: StatementArguments = [
                "file_id": id.text, "reserved_bytes": admission.reservedBytes, "size_bytes": terms.sizeBytes,
            ]
            // An upload that is receiving already has its place among the open ones.
            let claimed = try database.rows(
                """
                UPDATE upload SET state = 'receiving', claimed_at = :now, way = :way,
                    part_size_bytes = iif(:way = 'parts', part_size_bytes, NULL),
                    part_count = iif(:way = 'parts', part_count, NULL),
                    size_bytes = coalesce(size_bytes, :size_bytes),
                    \(ExpectedDigests.learning),
                    metadata_json = coalesce(:metadata_json, metadata_json),
                    expires_at = max(expires_at, :expires_at), reserved_bytes = max(reserved_bytes, :reserved_bytes)
                WHERE file_id = :file_id
                    \(quota == nil ? "" : "AND \(QuotaRows.fits(QuotaRows.growthOfClaim, of: "upload.tenant"))")
                    AND ((state = 'granted' AND :maximum_open >
                        (SELECT count(*) FROM upload AS other
                         WHERE other.tenant = upload.tenant AND other.state = 'receiving'))
                    OR (state = 'receiving' AND claimed_at IS NULL AND way = 'parts'
                        AND NOT EXISTS (SELECT 1 FROM part WHERE part.file_id = :file_id)))
                RETURNING \(UploadRows.columns)
                """,
                arguments + [
                    "now": now.milliseconds, "expires_at": expiresAt.milliseconds, "way": terms.way.rawValue,
                    "metadata_json": terms.metadataJSON, "maximum_open": admission.maximumOpen,
                ] + ExpectedDigests.arguments(of: terms.digests) + (quota.map(QuotaRows.arguments) ?? [:]))
            if let row = claimed.first { return .claimed(try UploadRows.record(row)) }
            guard let standing = try UploadRows.upload(id, in: database) else { return .unknown }
            guard try Self.mayBeClaimed(standing, in: database) else { return .taken(standing) }
            let excess = try QuotaRows.excess(
                QuotaRows.growthOfClaim, arguments, of: standing, within: quota, in: database)
            return excess.map { .overQuota($0) } ?? .tooManyOpen
        }
    }

    /// Whether only its tenant's bounds can be against a claim.
    private static func mayBeClaimed(_ standing: UploadRecord, in database: Database) throws -> Bool {
        if standing.state == .granted { return true }
        guard standing.state == .receiving, standing.claimedAt == nil, standing.way == .parts else { return false }
        return try database.rows("SELECT 1 FROM part WHERE file_id = ? LIMIT 1", [standing.fileID.text]).isEmpty
    }

    package func parts(of id: FileID) async throws(CatalogFault) -> [StoredPart] {
        try await read("parts") { try UploadRows.parts(of: id, in: $0) }
    }

    package func record(
        _ part: StoredPart, of id: FileID, learning layout: PartLayout, detectedType: MediaType?,
        expiresAt: Timestamp, within quota: TenantQuota?
    ) async throws(CatalogFault) -> RecordOutcome {
        try await change("record") { database in
            var arguments: StatementArguments = [
                "file_id": id.text, "number": part.number, "length_bytes": part.range.length,
                "part_size_bytes": layout.partSizeBytes, "part_count": layout.partCount,
                "size_bytes": layout.sizeBytes, "detected_type": detectedType?.text,
                "expires_at": expiresAt.milliseconds,
            ]
            if let quota { arguments += QuotaRows.arguments(of: quota) }
            let updated = try database.rows(
                quota == nil ? UploadRows.recordPart : UploadRows.recordPartWithinQuota, arguments)
            guard let row = updated.first else {
                guard let standing = try UploadRows.upload(id, in: database) else { return .notReceiving(nil) }
                guard standing.state == .receiving, standing.claimedAt == nil, standing.way == .parts else {
                    return .notReceiving(standing.state)
                }
                guard standing.layout.agrees(with: layout) else { return .conflict(standing.layout) }
                let excess = try QuotaRows.excess(
                    QuotaRows.growthOfPart, arguments, of: standing, within: quota, in: database)
                return excess.map { .overQuota($0) } ?? .conflict(standing.layout)
            }
            let replaced = try UploadRows.put(part, of: id, in: database)
            return .recorded(try UploadRows.record(row), replaced: replaced == part.token ? nil : replaced)
        }
    }

    package func complete(
        _ id: FileID, with completion: Completion, announcing handoffs: [Handoff]
    ) async throws(CatalogFault) -> TransitionOutcome {
        try await change("complete") { database in
            let naming = completion.naming
            let updated = try database.rows(
                """
                UPDATE upload SET
                    state = 'complete', size_bytes = :size_bytes, received_bytes = :size_bytes, crc32c = :crc32c,
                    sha256 = :sha256, detected_type = coalesce(:detected_type, detected_type), completed_at = :now
                    \(naming == nil
                        ? "" : ", file_name = :file_name, declared_type = :declared_type, description = :description")
                WHERE file_id = :file_id AND state = 'receiving'
                RETURNING \(UploadRows.columns)
                """,
                [
                    "file_id": id.text, "size_bytes": completion.sizeBytes,
                    "crc32c": Int64(completion.crc32c.value), "sha256": completion.sha256?.data,
                    "detected_type": completion.detectedType?.text, "now": completion.now.milliseconds,
                ]
                    + (naming.map {
                        [
                            "file_name": $0.fileName.text, "declared_type": $0.declaredType?.text,
                            "description": $0.description,
                        ]
                    } ?? [:]))
            guard !updated.isEmpty else { return try Self.transition(updated, of: id, in: database) }
            if completion.wantsExamination {
                try database.change(
                    "INSERT INTO examination (file_id, state, wanted_at) VALUES (?, 'pending', ?)",
                    [id.text, completion.now.milliseconds])
            }
            try HandoffRows.add(handoffs, in: database)
            return try Self.transition(updated, of: id, in: database)
        }
    }

    package func end(
        _ id: FileID, as state: UploadState, now: Timestamp
    ) async throws(CatalogFault) -> TransitionOutcome {
        precondition(!state.isOpen && state != .complete, "an upload ends as failed, aborted or expired")
        return try await change("end") { database in
            // Without its parts it has received nothing, and its client may begin another by the same alias.
            let updated = try database.rows(
                """
                UPDATE upload SET state = :state, alias = NULL, ended_at = :now, received_bytes = 0
                WHERE file_id = :file_id AND state IN ('granted', 'receiving')
                    AND (:state <> 'expired' OR expires_at <= :now)
                RETURNING \(UploadRows.columns)
                """,
                ["file_id": id.text, "state": state.rawValue, "now": now.milliseconds])
            return try Self.transition(updated, of: id, in: database)
        }
    }

    package func endInterruptedStreams(now: Timestamp) async throws(CatalogFault) -> [UploadRecord] {
        try await change("end interrupted streams") { database in
            // It has no parts: a link is claimed only as long as there are none, and takes none from then on.
            try database.rows(
                """
                UPDATE upload SET state = 'failed', alias = NULL, ended_at = ?, received_bytes = 0
                WHERE state = 'receiving' AND claimed_at IS NOT NULL AND way = 'parts'
                RETURNING \(UploadRows.columns)
                """,
                [now.milliseconds]
            ).map(UploadRows.record)
        }
    }

    package func withdraw(
        _ id: FileID, now: Timestamp, announcing handoffs: [Handoff]
    ) async throws(CatalogFault) -> TransitionOutcome {
        try await change("withdraw") { database in
            let isUsed = try database.rows("SELECT 1 FROM media_item WHERE file_id = ?", [id.text])
            guard isUsed.isEmpty, let ended = try FileRows.end(id, now: now, in: database).first else {
                return try Self.transition([], of: id, in: database)
            }
            try HandoffRows.add(handoffs, in: database)
            return .done(ended)
        }
    }

    /// The parts of an upload that changed its state are not needed any more; what did not change is said.
    private static func transition(_ updated: [Row], of id: FileID, in database: Database) throws -> TransitionOutcome {
        guard let row = updated.first else {
            return try UploadRows.upload(id, in: database).map { .refused($0) } ?? .unknown
        }
        try database.change("DELETE FROM part WHERE file_id = ?", [id.text])
        return .done(try UploadRows.record(row))
    }

    package func uploads(
        of tenant: TenantID?, in states: Set<UploadState>, after cursor: UploadCursor?, limit: Int
    ) async throws(CatalogFault) -> [UploadRecord] {
        try await read("uploads") { database in
            try UploadRows.page(of: tenant, in: states, after: cursor, limit: limit, in: database)
                .map(UploadRows.record)
        }
    }

    package func expired(before now: Timestamp, limit: Int) async throws(CatalogFault) -> [UploadRecord] {
        try await read("expired") { database in
            try database.rows(
                """
                SELECT \(UploadRows.columns) FROM upload INDEXED BY upload_by_expiry
                WHERE state IN ('granted', 'receiving') AND expires_at < ?
                    AND NOT EXISTS (SELECT 1 FROM upload AS home
                        WHERE home.file_id = upload.home_id AND home.state = 'receiving')
                ORDER BY expires_at, file_id LIMIT ?
                """,
                [now.milliseconds, max(0, limit)]
            ).map(UploadRows.record)
        }
    }

    package func forgetEnded(before moment: Timestamp, limit: Int) async throws(CatalogFault) -> Int {
        try await change("forget ended") { database in
            try database.change(
                """
                DELETE FROM upload WHERE rowid IN
                    (SELECT rowid FROM upload WHERE ended_at < ? ORDER BY ended_at LIMIT ?)
                """,
                [moment.milliseconds, max(0, limit)])
        }
    }

    package func references() async throws(CatalogFault) -> [ObjectReference] {
        try await read("references") { database in
            var spooled: [String: [PieceToken]] = [:]
            for row in try database.rows("SELECT file_id, token FROM part WHERE token <> '' ORDER BY number", []) {
                var reader = RowReader(row, of: "part")
                let file = try reader.value(String.self)
                spooled[file, default: []].append(PieceToken(try reader.value(String.self)))
            }
            return try database.rows(
                """
                SELECT file_id, object_key, state, CASE state WHEN 'complete' THEN size_bytes END
                FROM upload WHERE state IN ('receiving', 'complete') ORDER BY file_id
                """, []
            ).map { row in
                var reader = RowReader(row, of: "upload")
                let file = try reader.text(as: FileID.init)
                return ObjectReference(
                    fileID: file,
                    objectKey: try reader.text(as: ObjectKey.init),
                    state: try reader.text(as: UploadState.init),
                    sizeBytes: try reader.optional(Int64.self),
                    spooled: spooled[file.text] ?? [])
            }
        }
    }
}
