import GRDB
import Testing
import UploadModel
import UploadStore
import UploadStoreTesting

@testable import SQLiteCatalog

/// How the catalog keeps what each tenant holds.
@Suite struct TenantUsageTests {
    private func upload(sized bytes: Int64?, of tenant: String = "acme") throws -> UploadRecord {
        UploadRecord(
            fileID: .random(), tenant: try #require(TenantID(tenant)), fileName: try #require(FileName("a.mov")),
            declaredType: nil, layout: PartLayout(partSizeBytes: 10, sizeBytes: bytes), maximumBytes: 1 << 40,
            state: .receiving, createdAt: Timestamp(milliseconds: 0), expiresAt: Timestamp(milliseconds: 9))
    }

    private func part(_ number: Int) -> StoredPart {
        StoredPart(
            number: number, range: ByteRange(start: Int64(number - 1) * 10, length: 10), crc32c: CRC32C(0),
            token: .inPlace)
    }

    /// Opens a catalog and the same file besides it.
    private func withCatalog(_ body: (SQLiteCatalog, DatabaseQueue) async throws -> Void) async throws {
        try await withTemporaryFolder { folder in
            let catalog = try SQLiteCatalog(path: folder.file("catalog.sqlite"), busyTimeoutSeconds: 60)
            let queue = try DatabaseQueue(path: folder.file("catalog.sqlite"))
            try await body(catalog, queue)
            try queue.close()
            try catalog.close()
        }
    }

    @Test func aPartChangesNothingButItsUploadWhereNoQuotaIsAsked() async throws {
        try await withCatalog { catalog, queue in
            let uploads = [try upload(sized: 30), try upload(sized: nil)]
            for upload in uploads { #expect(try await catalog.create(upload, maximumOpen: 9) == .created) }
            try await queue.write { database in
                try database.execute(
                    sql: """
                        CREATE TRIGGER no_insert BEFORE INSERT ON tenant_usage BEGIN SELECT raise(ABORT, 'usage'); END;
                        CREATE TRIGGER no_update BEFORE UPDATE ON tenant_usage BEGIN SELECT raise(ABORT, 'usage'); END;
                        """)
            }
            for upload in uploads {
                for number in [1, 2, 1, 3] {
                    let outcome = try await catalog.record(
                        part(number), of: upload.fileID, learning: PartLayout(), detectedType: nil,
                        expiresAt: upload.expiresAt)
                    guard case .recorded = outcome else {
                        Issue.record("part \(number) was \(outcome)")
                        continue
                    }
                }
            }
            let third = try upload(sized: 1)
            await #expect(throws: CatalogFault.self) { try await catalog.create(third, maximumOpen: 9) }
        }
    }

    @Test func aWrongNumberIsFoundAndPutRight() async throws {
        try await withCatalog { catalog, queue in
            for tenant in ["acme", "other"] {
                _ = try await catalog.create(try upload(sized: 30, of: tenant), maximumOpen: 9)
            }
            #expect(try await catalog.countedUsages().filter { !$0.isRight } == [])
            let right = TenantUsage(storedBytes: 30, openBytes: 30)
            for (change, kept) in [
                ("stored_bytes = 31", TenantUsage(storedBytes: 31, openBytes: 30)),
                ("stored_bytes = 30, open_bytes = 0", TenantUsage(storedBytes: 30, openBytes: 0)),
                ("tenant = 'another'", TenantUsage()),
            ] {
                try await queue.write { try $0.execute(sql: "UPDATE tenant_usage SET \(change) WHERE tenant = 'acme'") }
                let wrong = try await catalog.countedUsages().filter { !$0.isRight }
                #expect(wrong.first { $0.tenant.text == "acme" }?.kept == kept)
                #expect(wrong.first { $0.tenant.text == "acme" }?.counted == right)
                #expect(!wrong.contains { $0.tenant.text == "other" })
                #expect(try await catalog.recountUsages() == wrong.count)
                let usages = try await catalog.countedUsages()
                #expect(usages.filter { !$0.isRight } == [])
                #expect(usages.map(\.counted).filter { $0 == right }.count == 2, "both tenants, and nobody else")
                #expect(try await catalog.recountUsages() == 0)
            }
        }
    }
}
