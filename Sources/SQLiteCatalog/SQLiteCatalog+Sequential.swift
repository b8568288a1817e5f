import GRDB
package import UploadModel
package import UploadStore

extension SQLiteCatalog {
    package func append(
        _ growth: Growth, to id: FileID, expiresAt: Timestamp, within quota: TenantQuota?
    ) async throws(CatalogFault) -> AppendOutcome {
        try await change("append") { database in
            var arguments: StatementArguments = [
                "file_id": id.text, "from": growth.fromBytes, "to": growth.toBytes, "size_bytes": growth.sizeBytes,
                "held": max(growth.toBytes, growth.heldBytes), "detected_type": growth.detectedType?.text,
                "expires_at": expiresAt.milliseconds,
            ]
            arguments += ExpectedDigests.arguments(of: growth.fileDigests)
            if let quota { arguments += QuotaRows.arguments(of: quota) }
            let updated = try database.rows(
                """
                UPDATE upload SET
                    way = iif(way = 'parts', 'sequential', way), received_bytes = :to,
                    part_size_bytes = iif(way = 'parts', NULL, part_size_bytes),
                    part_count = iif(way = 'parts', NULL, part_count),
                    size_bytes = coalesce(size_bytes, :size_bytes), \(ExpectedDigests.learning),
                    reserved_bytes = \(quota == nil ? "reserved_bytes" : ":held"),
                    detected_type = coalesce(detected_type, :detected_type),
                    expires_at = max(expires_at, :expires_at)
                WHERE file_id = :file_id AND state = 'receiving' AND received_bytes = :from
                    AND coalesce(size_bytes = :size_bytes, TRUE) AND \(ExpectedDigests.agree)
                    AND :to <= coalesce(size_bytes, :size_bytes, maximum_bytes)
                    AND (way <> 'parts' OR (claimed_at IS NULL
                        AND NOT EXISTS (SELECT 1 FROM part WHERE part.file_id = :file_id)))
                    \(quota == nil ? "" : "AND \(QuotaRows.fits(QuotaRows.growthOfAppend, of: "upload.tenant"))")
                RETURNING \(UploadRows.columns)
                """, arguments)
            guard let row = updated.first else {
                guard let standing = try UploadRows.upload(id, in: database) else { return .unknown }
                guard standing.state == .receiving, standing.receivedBytes == growth.fromBytes else {
                    return .refused(standing)
                }
                let excess = try QuotaRows.excess(
                    QuotaRows.growthOfAppend, arguments, of: standing, within: quota, in: database)
                return excess.map { .overQuota($0) } ?? .refused(standing)
            }
            if let piece = growth.piece { _ = try UploadRows.put(piece, of: id, in: database) }
            let grown = try UploadRows.record(row)
            if let home = grown.home {
                try database.change(
                    "UPDATE upload SET expires_at = ? WHERE file_id = ? AND expires_at < ?",
                    [expiresAt.milliseconds, home.fileID.text, expiresAt.milliseconds])
            }
            return .grown(grown)
        }
    }

    package func place(_ places: [FileID: Int64], in home: FileID) async throws(CatalogFault) -> Set<FileID> {
        try await change("place") { database in
            try Set(
                places.compactMap { id, start in
                    let isPlaced = try database.change(
                        """
                        UPDATE upload SET home_id = home.file_id, base_bytes = :start, object_key = home.object_key
                        FROM upload AS home
                        WHERE home.file_id = :home AND home.way = 'joined' AND home.state = 'receiving'
                            AND home.tenant = upload.tenant AND upload.file_id = :file_id
                            AND upload.way = 'partial' AND upload.state = 'receiving'
                            AND upload.claimed_at IS NULL AND upload.size_bytes IS NOT NULL
                            AND upload.received_bytes = 0 AND upload.home_id IS NULL
                        """, ["home": home.text, "start": start, "file_id": id.text])
                    return isPlaced == 1 ? id : nil
                })
        }
    }

    package func joining(after cursor: UploadCursor?, limit: Int) async throws(CatalogFault) -> [UploadRecord] {
        try await read("joining") { database in
            try database.rows(
                """
                SELECT \(UploadRows.columns) FROM upload INDEXED BY upload_joining
                WHERE way = 'joined' AND state = 'receiving' AND (created_at, file_id) > (?, ?)
                ORDER BY created_at, file_id LIMIT ?
                """,
                [cursor?.createdAt.milliseconds ?? Int64.min, cursor?.fileID.text ?? "", max(0, limit)]
            ).map(UploadRows.record)
        }
    }
}
