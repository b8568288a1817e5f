import GRDB
package import UploadModel
package import UploadStore

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

extension SQLiteCatalog {
    private static let apiKeyColumns = "id, tenant, name, hash_hex, created_at, revoked_at"

    package func add(_ key: APIKeyRecord) async throws(CatalogFault) {
        try await change("add an API key") { database in
            _ = try database.change(
                "INSERT INTO api_key (\(Self.apiKeyColumns)) VALUES (?, ?, ?, ?, ?, ?)",
                [
                    key.id.text, key.tenant.text, key.name, key.hashHex, key.createdAt.milliseconds,
                    key.revokedAt?.milliseconds,
                ])
        }
    }

    package func apiKey(hashHex: String) async throws(CatalogFault) -> APIKeyRecord? {
        try await look("API key") { database in
            try database.rows("SELECT \(Self.apiKeyColumns) FROM api_key WHERE hash_hex = ?", [hashHex])
                .first.map(Self.apiKey)
        }
    }

    package func apiKeys() async throws(CatalogFault) -> [APIKeyRecord] {
        try await read("API keys") { database in
            try database.rows("SELECT \(Self.apiKeyColumns) FROM api_key ORDER BY created_at, rowid", [])
                .map(Self.apiKey)
        }
    }

    package func revoke(_ id: APIKeyID, now: Timestamp) async throws(CatalogFault) -> Bool {
        try await changeKeys("revoke an API key") { database in
            try database.change(
                "UPDATE api_key SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL", [now.milliseconds, id.text])
                == 1
        }
    }

    package var keyChangeCount: Int64 { keyChanges.count }

    package func rotate(to key: GrantKeyRecord, revokingOthers: Bool) async throws(CatalogFault) {
        try await changeKeys("rotate the signing key") { database -> Void in
            if revokingOthers {
                try database.change("DELETE FROM grant_key WHERE id <> ?", [key.id.text])
            } else {
                try database.change(
                    "UPDATE grant_key SET retired_at = ? WHERE retired_at IS NULL", [key.createdAt.milliseconds])
            }
            try database.change(
                "INSERT INTO grant_key (id, secret, created_at, retired_at) VALUES (?, ?, ?, ?)",
                Self.arguments(of: key))
        }
    }

    /// Changes keys that others may remember: they are told before, and know what stands once this has an outcome, even
    /// if that is its process being killed.
    private func changeKeys<Value: Sendable>(
        _ operation: String, _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws(CatalogFault) -> Value {
        let telling = try keyChanges.begin()
        defer { withExtendedLifetime(telling) {} }
        return try await change(operation, body)
    }

    package func grantKeys(orAdd key: GrantKeyRecord) async throws(CatalogFault) -> [GrantKeyRecord] {
        try await change("signing keys") { database in
            try database.change(
                """
                INSERT INTO grant_key (id, secret, created_at, retired_at)
                SELECT ?, ?, ?, ? WHERE NOT EXISTS (SELECT 1 FROM grant_key)
                """,
                Self.arguments(of: key))
            return try database.rows(
                "SELECT id, secret, created_at, retired_at FROM grant_key ORDER BY created_at DESC, rowid DESC", []
            ).map(Self.grantKey)
        }
    }

    private static func apiKey(_ row: Row) throws(CatalogFault) -> APIKeyRecord {
        var reader = RowReader(row, of: "api_key")
        return APIKeyRecord(
            id: try reader.text(as: APIKeyID.init),
            tenant: try reader.text(as: TenantID.init),
            name: try reader.value(String.self),
            hashHex: try reader.value(String.self),
            createdAt: try reader.moment(),
            revokedAt: try reader.optionalMoment())
    }

    private static func grantKey(_ row: Row) throws(CatalogFault) -> GrantKeyRecord {
        var reader = RowReader(row, of: "grant_key")
        return GrantKeyRecord(
            id: try reader.text(as: GrantKeyID.init),
            secret: Array(try reader.value(Data.self)),
            createdAt: try reader.moment(),
            retiredAt: try reader.optionalMoment())
    }

    private static func arguments(of key: GrantKeyRecord) -> StatementArguments {
        [key.id.text, Data(key.secret), key.createdAt.milliseconds, key.retiredAt?.milliseconds]
    }
}
