import GRDB
import UploadModel
import UploadStore

/// How quotas are asked in statements.
enum QuotaRows {
    /// Rows of tenants: what is kept of one and nothing counted, or what its uploads have and nothing kept.
    static let keptAndCounted = """
        SELECT tenant, stored_bytes AS kept_stored, open_bytes AS kept_open, 0 AS stored, 0 AS open FROM tenant_usage
        UNION ALL
        SELECT tenant, 0, 0, sum(coalesce(size_bytes, reserved_bytes)),
            sum(iif(state = 'receiving', coalesce(size_bytes, reserved_bytes), 0))
        FROM upload WHERE home_id IS NULL AND state IN ('receiving', 'complete') GROUP BY tenant
        """

    /// Of a row of uploads: what its tenant holds more once its link is claimed.
    static let growthOfClaim = """
        CASE WHEN size_bytes IS NULL THEN coalesce(:size_bytes, max(1, :reserved_bytes)) - reserved_bytes
            WHEN state = 'granted' THEN size_bytes ELSE 0 END
        """

    /// Of a row of uploads: what it has received once a part is recorded.
    static let receivedWithPart = """
        received_bytes + :length_bytes
            - coalesce((SELECT length_bytes FROM part WHERE part.file_id = :file_id AND number = :number), 0)
        """

    /// Of a row of uploads: what its tenant holds more once a part is recorded.
    static let growthOfPart =
        "coalesce(size_bytes, :size_bytes, \(receivedWithPart)) - coalesce(size_bytes, reserved_bytes)"

    /// Of a row of uploads: what its tenant holds more once bytes are appended.
    static let growthOfAppend = "coalesce(size_bytes, :size_bytes, :held) - coalesce(size_bytes, reserved_bytes)"

    /// Whether a tenant may hold so many bytes more; for statements that are given ``arguments(of:)``. Asks the same as
    /// `TenantQuota.excess`.
    static func fits(_ growth: String, of tenant: String) -> String {
        "(\(growth) <= 0 OR \(growth) <= \(room(of: tenant)))"
    }

    /// What is free for a tenant; for statements that are given ``arguments(of:)``. Below zero when it holds more than
    /// it may by now.
    static func room(of tenant: String) -> String {
        """
        min(
            :maximum_stored
                - coalesce((SELECT stored_bytes FROM tenant_usage AS used WHERE used.tenant = \(tenant)), 0),
            :maximum_open_bytes
                - coalesce((SELECT open_bytes FROM tenant_usage AS used WHERE used.tenant = \(tenant)), 0))
        """
    }

    static func arguments(of quota: TenantQuota) -> StatementArguments {
        [
            "maximum_stored": quota.maximumStoredBytes ?? noBound,
            "maximum_open_bytes": quota.maximumOpenBytes ?? noBound,
        ]
    }

    /// More than anybody stores, and small enough to be added to.
    private static let noBound: Int64 = 1 << 62

    static func usage(of tenant: TenantID, in database: Database) throws -> TenantUsage {
        let rows = try database.rows(
            "SELECT stored_bytes, open_bytes FROM tenant_usage WHERE tenant = ?", [tenant.text])
        guard let row = rows.first else { return TenantUsage() }
        var reader = RowReader(row, of: "tenant_usage")
        return try usage(&reader)
    }

    static func usage(_ reader: inout RowReader) throws(CatalogFault) -> TenantUsage {
        TenantUsage(storedBytes: try reader.value(Int64.self), openBytes: try reader.value(Int64.self))
    }

    /// Why a statement that asked for room did not find it; `nil` when that was not the reason. Looked up in the same
    /// transaction.
    ///
    /// - Parameters:
    ///   - growth: what the upload's tenant would hold more, as in the condition of the statement.
    ///   - arguments: those of the statement; `file_id` is the upload's.
    static func excess(
        _ growth: String, _ arguments: StatementArguments, of upload: UploadRecord, within quota: TenantQuota?,
        in database: Database
    ) throws -> QuotaExcess? {
        guard let quota else { return nil }
        let rows = try database.rows("SELECT \(growth) FROM upload WHERE file_id = :file_id", arguments)
        guard let row = rows.first else { return nil }
        var reader = RowReader(row, of: "upload")
        return quota.excess(
            adding: try reader.value(Int64.self), to: try usage(of: upload.tenant, in: database))
    }
}
