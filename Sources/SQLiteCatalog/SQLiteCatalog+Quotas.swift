import GRDB
package import UploadModel
package import UploadStore

extension SQLiteCatalog {
    package func usage(of tenant: TenantID) async throws(CatalogFault) -> TenantUsage {
        try await look("usage") { try QuotaRows.usage(of: tenant, in: $0) }
    }

    package func countedUsages() async throws(CatalogFault) -> [CountedUsage] {
        try await read("counted usages") { database in
            try database.rows(
                """
                SELECT tenant, sum(kept_stored), sum(kept_open), sum(stored), sum(open)
                FROM (\(QuotaRows.keptAndCounted)) GROUP BY tenant ORDER BY tenant
                """, []
            ).map { row in
                var reader = RowReader(row, of: "tenant_usage")
                return CountedUsage(
                    tenant: try reader.text(as: TenantID.init), kept: try QuotaRows.usage(&reader),
                    counted: try QuotaRows.usage(&reader))
            }
        }
    }

    package func recountUsages() async throws(CatalogFault) -> Int {
        try await change("recount usages") { database in
            try database.change(
                """
                INSERT INTO tenant_usage (tenant, stored_bytes, open_bytes)
                SELECT tenant, sum(stored), sum(open) FROM (\(QuotaRows.keptAndCounted)) WHERE TRUE GROUP BY tenant
                HAVING sum(kept_stored) <> sum(stored) OR sum(kept_open) <> sum(open)
                ON CONFLICT (tenant) DO UPDATE SET
                    stored_bytes = excluded.stored_bytes, open_bytes = excluded.open_bytes
                """, [])
        }
    }

    package func reserve(
        _ id: FileID, atLeast leastBytes: Int64, wanting wantedBytes: Int64, within quota: TenantQuota
    ) async throws(CatalogFault) -> ReserveOutcome {
        try await change("reserve") { database in
            let arguments: StatementArguments = ["file_id": id.text, "least": leastBytes]
            let room = "(reserved_bytes + \(QuotaRows.room(of: "upload.tenant")))"
            let updated = try database.rows(
                """
                UPDATE upload SET reserved_bytes = max(reserved_bytes, min(:wanted, \(room)))
                WHERE file_id = :file_id AND state = 'receiving' AND size_bytes IS NULL
                    AND (reserved_bytes >= :least OR \(room) >= :least)
                RETURNING reserved_bytes
                """,
                arguments + ["wanted": max(leastBytes, wantedBytes)] + QuotaRows.arguments(of: quota))
            if let row = updated.first {
                var reader = RowReader(row, of: "upload")
                return .reserved(try reader.value(Int64.self))
            }
            let standing = try UploadRows.upload(id, in: database)
            guard let standing, standing.state == .receiving, standing.layout.sizeBytes == nil,
                let excess = try QuotaRows.excess(
                    ":least - reserved_bytes", arguments, of: standing, within: quota, in: database)
            else { return .notReceiving(standing?.state) }
            return .overQuota(excess)
        }
    }

    package func reserveReceived() async throws(CatalogFault) {
        _ = try await change("reserve what was received") { database in
            try database.change(
                """
                UPDATE upload SET reserved_bytes = received_bytes
                WHERE state = 'receiving' AND size_bytes IS NULL AND (claimed_at IS NULL OR way <> 'parts')
                    AND reserved_bytes <> received_bytes
                """, [])
        }
    }
}
