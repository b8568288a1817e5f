import GRDB
import Testing
import UploadModel
import UploadStore
import UploadStoreTesting

@testable import SQLiteCatalog

/// Catalogs that an older version of this program wrote.
@Suite struct SchemaTests {
    private static let full = String(repeating: "a", count: 27)
    private static let bare = String(repeating: "b", count: 27)
    private static let other = String(repeating: "c", count: 27)
    private static let free = String(repeating: "d", count: 27)
    private static let open = String(repeating: "e", count: 27)

    /// What stands in a catalog of the first three steps: files with and without items, an open upload, keys.
    private static let rows = """
        INSERT INTO upload (file_id, tenant, alias, object_key, file_name, part_size_bytes, size_bytes, maximum_bytes,
                state, received_bytes, created_at, expires_at, completed_at, crc32c)
            SELECT value, iif(value LIKE 'c%', 'other', 'acme'), 'alias ' || value, value, 'clip.mov', 100, 7, 1000,
                'complete', 7, 1000, 2000, 1500, 4294967295
            FROM json_each('["\(full)", "\(bare)", "\(other)", "\(free)"]');
        INSERT INTO upload (file_id, tenant, object_key, file_name, maximum_bytes, expected_sha256, state,
                received_bytes, created_at, expires_at)
            VALUES ('\(open)', 'acme', '\(open)', 'été.png', 1000, x'\(String(repeating: "0f", count: 32))',
                'receiving', 7, 1000, 2000);
        INSERT INTO part (file_id, number, start_bytes, length_bytes, crc32c, token)
            VALUES ('\(open)', 1, 0, 3, 4294967295, ''), ('\(open)', 2, 3, 4, 0, 'aside');
        INSERT INTO media_item (id, tenant, file_id, kind, title, description, platforms, scheduled_at, is_draft,
                status, created_at, updated_at, fingerprint, idempotency_key)
            VALUES ('65d200000000000000000001', 'acme', '\(full)', 'video', 'Été', 'a, b', 'tiktok,youtube', 9000, 0,
                    'scheduled', 1600, 1600, 'f', 'k'),
                ('65d200000000000000000002', 'acme', '\(bare)', 'image', NULL, NULL, '', NULL, 1,
                    'draft', 1700, 1700, 'g', NULL),
                ('65d200000000000000000003', 'other', '\(other)', 'video', NULL, NULL, 'linkedin', NULL, 0,
                    'scheduled', 1800, 1800, 'h', 'k');
        INSERT INTO media_item_setting (item_id, platform, settings_json)
            VALUES ('65d200000000000000000001', 'youtube', '{"privacy":"unlisted"}'),
                ('65d200000000000000000001', 'tiktok', '{}'), ('65d200000000000000000003', 'linkedin', '{"née":1}');
        INSERT INTO api_key (id, tenant, name, hash_hex, created_at, revoked_at)
            VALUES ('aaaaaaaaaaaa', 'acme', 'Büro', 'aa', 1000, NULL), ('bbbbbbbbbbbb', 'acme', 'old', 'bb', 900, 1100);
        INSERT INTO grant_key (id, secret, created_at, retired_at)
            VALUES ('aaaaaaaa', x'00FF', 1000, NULL), ('bbbbbbbb', x'01', 900, 1000);
        UPDATE probe SET writes = 41;
        """

    /// Makes a catalog of the first three steps; answers its rows.
    private func makeOldCatalog(at path: String) throws -> [String: [Row]] {
        let queue = try DatabaseQueue(path: path)
        try Schema.migrator.migrate(queue, upTo: "003-media")
        try queue.write { try $0.execute(sql: Self.rows) }
        let columns = try queue.read { try Self.columns(in: $0) }
        #expect(columns["media_item"]?.count == 14)
        let rows = try queue.read { try Self.rows(of: columns, in: $0) }
        try queue.close()
        return rows
    }

    /// The columns of every table, those of SQLite and of the migrator left out.
    private static func columns(in database: Database) throws -> [String: [String]] {
        let tables = try String.fetchAll(
            database,
            sql: """
                SELECT name FROM sqlite_schema
                WHERE type = 'table' AND name NOT LIKE 'sqlite%' AND name NOT LIKE 'grdb%'
                """)
        var columns: [String: [String]] = [:]
        for table in tables { columns[table] = try database.columns(in: table).map(\.name) }
        return columns
    }

    private static func rows(of columns: [String: [String]], in database: Database) throws -> [String: [Row]] {
        var rows: [String: [Row]] = [:]
        for (table, columns) in columns {
            let list = columns.joined(separator: ", ")
            rows[table] = try Row.fetchAll(database, sql: "SELECT \(list) FROM \(table) ORDER BY \(list)")
        }
        return rows
    }

    private func withOldCatalog(_ body: (SQLiteCatalog, _ path: String, [String: [Row]]) async throws -> Void)
        async throws
    {
        try await withTemporaryFolder { folder in
            let path = folder.file("catalog.sqlite")
            let rows = try makeOldCatalog(at: path)
            let catalog = try SQLiteCatalog(path: path, busyTimeoutSeconds: 60)
            try await body(catalog, path, rows)
            try catalog.close()
        }
    }

    private func file(_ text: String) throws -> FileID { try #require(FileID(text)) }

    private func item(_ number: Int, of file: String, kind: MediaKind, tenant: String = "acme") throws -> MediaItem {
        MediaItem(
            id: try #require(MediaItemID("65d20000000000000000000\(number)")), tenant: try #require(TenantID(tenant)),
            fileID: try self.file(file), request: MediaItemRequest(kind: kind, platforms: []),
            status: .scheduled, createdAt: Timestamp(milliseconds: Int64(1500 + 100 * number)),
            updatedAt: Timestamp(milliseconds: Int64(1500 + 100 * number)))
    }

    @Test func anOldCatalogKeepsAllItsRows() async throws {
        try await withOldCatalog { _, path, old in
            let queue = try DatabaseQueue(path: path)
            let columns = old.mapValues { $0.first.map { Array($0.columnNames) } ?? [] }
            #expect(columns.values.allSatisfy { !$0.isEmpty }, "every table has a row")
            let (found, broken, isWhole) = try queue.read { database in
                (
                    try Self.rows(of: columns, in: database),
                    try Row.fetchAll(database, sql: "PRAGMA foreign_key_check"),
                    try String.fetchAll(database, sql: "PRAGMA integrity_check")
                )
            }
            #expect(found == old)
            #expect(broken.isEmpty)
            #expect(isWhole == ["ok"])
            let references = try await queue.read { database -> [Set<String>] in
                try ["media_item", "media_item_setting", "media_item_result"].map { table in
                    try Set(database.foreignKeys(on: table).map(\.destinationTable))
                }
            }
            #expect(references == [["upload", "post"], ["media_item"], ["media_item"]])
            try queue.close()
        }
    }

    @Test func anOldItemIsReadAsItWasMade() async throws {
        try await withOldCatalog { catalog, _, _ in
            var first = try item(1, of: Self.full, kind: .video)
            first.request = MediaItemRequest(
                kind: .video, title: "Été", description: "a, b", platforms: [.tiktok, .youtube],
                scheduledAt: Timestamp(milliseconds: 9000),
                settingsJSON: [.youtube: #"{"privacy":"unlisted"}"#, .tiktok: "{}"])
            var second = try item(2, of: Self.bare, kind: .image)
            second.request.isDraft = true
            second.status = .draft
            var third = try item(3, of: Self.other, kind: .video, tenant: "other")
            third.request.platforms = [.linkedin]
            third.request.settingsJSON = [.linkedin: #"{"née":1}"#]
            for item in [first, second, third] {
                #expect(try await catalog.item(of: item.fileID) == item)
                #expect(try await catalog.items(of: item.fileID) == [item])
                #expect(try await catalog.item(item.id, kind: nil, of: item.tenant) == item)
                #expect(item.asMade == item)
            }
            #expect(try await catalog.due(at: Timestamp(milliseconds: 9000), limit: 9) == [first])
            let found = try #require(try await catalog.finalized(idempotencyKey: "k", of: first.tenant))
            #expect(found.item == first)
            #expect(found.fingerprint == "f")
            #expect(try await catalog.apiKeys().map(\.name) == ["old", "Büro"])
            let unused = GrantKeyRecord(id: .random(), secret: [9], createdAt: Timestamp(milliseconds: 5000))
            #expect(try await catalog.grantKeys(orAdd: unused).map(\.secret) == [[0x00, 0xFF], [0x01]])
            let open = try file(Self.open)
            #expect(try await catalog.parts(of: open).map(\.token.text) == ["", "aside"])
            #expect(try await catalog.upload(open)?.description == nil)
            let announced = try #require(Digest(.sha256, hex: String(repeating: "0f", count: 32)))
            #expect(try await catalog.upload(open)?.expectedDigests == [.sha256: announced])
            #expect(try await catalog.settings().enforcesForeignKeys)
        }
    }

    @Test func whatWasFinalizedBeforeIsStillUnique() async throws {
        try await withOldCatalog { catalog, path, _ in
            let standing = try #require(try await catalog.item(of: try file(Self.full)))
            let again = try item(9, of: Self.full, kind: .video)
            for (fingerprint, key, outcome) in [
                ("f", nil, FinalizeOutcome.replayed(standing)), ("g", nil, .conflict),
                ("f", "new", .replayed(standing)),
            ] {
                let found = try await catalog.finalize(
                    again, fingerprint: fingerprint, idempotencyKey: key, announcing: [])
                #expect(found == outcome)
            }
            let unused = try item(8, of: Self.free, kind: .video)
            for (fingerprint, outcome) in [("f", FinalizeOutcome.replayed(standing)), ("g", .conflict)] {
                let found = try await catalog.finalize(
                    unused, fingerprint: fingerprint, idempotencyKey: "k", announcing: [])
                #expect(found == outcome)
            }
            // The tables refuse it themselves.
            let queue = try DatabaseQueue(path: path)
            for change in ["file_id = '\(Self.full)'", "tenant = 'acme', idempotency_key = 'k'"] {
                let fault = await #expect(throws: DatabaseError.self) {
                    try await queue.write { database in
                        try database.execute(
                            sql: "UPDATE media_item SET \(change) WHERE id IN (SELECT max(id) FROM media_item)")
                    }
                }
                #expect(fault?.extendedResultCode == .SQLITE_CONSTRAINT_UNIQUE)
            }
            try queue.close()
            #expect(
                try await catalog.finalize(unused, fingerprint: "f", idempotencyKey: nil, announcing: [])
                    == .made(unused))
        }
    }

    @Test func anOldItemIsChangedAndDeletedWithAllThatIsItsOwn() async throws {
        try await withOldCatalog { catalog, path, _ in
            var item = try #require(try await catalog.item(of: try file(Self.full)))
            item.results = [.youtube: PlatformResult(status: .published)]
            var changed = item
            changed.revision = 1
            #expect(try await catalog.update(item, announcing: []) == .done(changed))
            let outcome = try await catalog.delete(changed, now: Timestamp(milliseconds: 9000), announcing: [])
            guard case .done(let ended) = outcome else {
                Issue.record("the item was not deleted: \(outcome)")
                return
            }
            #expect(ended.map(\.fileID.text) == [Self.full])
            let queue = try DatabaseQueue(path: path)
            let owners = try await queue.read { database in
                try String.fetchAll(database, sql: "SELECT item_id FROM media_item_setting")
            }
            #expect(owners == ["65d200000000000000000003"])
            try queue.close()
            #expect(try await catalog.forgetEnded(before: Timestamp(milliseconds: 9001), limit: 9) == 1)
        }
    }

    @Test func whatTenantsHoldIsCountedOnce() async throws {
        try await withOldCatalog { catalog, _, _ in
            let counted = try await catalog.countedUsages()
            #expect(counted.map(\.tenant.text) == ["acme", "other"])
            #expect(counted.filter { !$0.isRight } == [])
            // Three files of 7 bytes, and 7 bytes of an upload of unknown size.
            let acme = TenantUsage(storedBytes: 28, openBytes: 7)
            #expect(counted.map(\.kept) == [acme, TenantUsage(storedBytes: 7)])
            let open = try file(Self.open)
            let part = StoredPart(
                number: 3, range: ByteRange(start: 7, length: 5), crc32c: CRC32C(0), token: .inPlace)
            _ = try await catalog.record(
                part, of: open, learning: PartLayout(), detectedType: nil, expiresAt: Timestamp(milliseconds: 9),
                within: TenantQuota(maximumStoredBytes: 33))
            #expect(try await catalog.usage(of: acmeTenant()) == TenantUsage(storedBytes: 33, openBytes: 12))
        }
    }

    private func acmeTenant() throws -> TenantID { try #require(TenantID("acme")) }

    /// A catalog in which a file waits for its pieces, from before pieces had places in it.
    @Test func whatWaitedToBeJoinedStillDoes() async throws {
        try await withTemporaryFolder { folder in
            let path = folder.file("catalog.sqlite")
            let queue = try DatabaseQueue(path: path)
            try Schema.migrator.migrate(queue, upTo: "006-sequential")
            try await queue.write { database in
                for (id, way, size, joins) in [
                    (Self.full, "partial", 100, nil), (Self.bare, "partial", 50, nil),
                    (Self.open, "joined", 150, "\(Self.full) \(Self.bare)"), (Self.free, "sequential", 7, nil),
                ] as [(String, String, Int, String?)] {
                    try database.execute(
                        sql: """
                            INSERT INTO upload (file_id, tenant, object_key, file_name, size_bytes, maximum_bytes, state,
                                    received_bytes, created_at, expires_at, way, joins)
                                VALUES (?, 'acme', ?, 'clip.mov', ?, 1000, 'receiving', 0, 1000, 9000, ?, ?)
                            """, arguments: [id, id, size, way, joins])
                }
            }
            try queue.close()
            let catalog = try SQLiteCatalog(path: path, busyTimeoutSeconds: 60)
            let (first, final) = (try file(Self.full), try file(Self.open))
            #expect(try await catalog.joining(after: nil, limit: 9).map(\.joins) == [[first, try file(Self.bare)]])
            #expect(try await catalog.usage(of: acmeTenant()) == TenantUsage(storedBytes: 307, openBytes: 307))
            #expect(try await catalog.place([first: 0], in: final) == [first])
            #expect(try await catalog.usage(of: acmeTenant()) == TenantUsage(storedBytes: 207, openBytes: 207))
            // The file takes the piece along that has its place in it, and no other.
            _ = try await catalog.end(final, as: .failed, now: Timestamp(milliseconds: 2000))
            #expect(try await catalog.upload(first)?.state == .failed)
            #expect(try await catalog.upload(try file(Self.bare))?.state == .receiving)
            #expect(try await catalog.usage(of: acmeTenant()) == TenantUsage(storedBytes: 57, openBytes: 57))
            #expect(try await catalog.countedUsages().filter { !$0.isRight } == [])
            try catalog.close()
        }
    }

    @Test func anOldCatalogIsOpenedByManyAtOnce() async throws {
        try await withTemporaryFolder { folder in
            let path = folder.file("catalog.sqlite")
            _ = try makeOldCatalog(at: path)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        let catalog = try SQLiteCatalog(path: path, busyTimeoutSeconds: 60)
                        let item = try await catalog.item(of: try file(Self.full))
                        #expect(item?.request.settingsJSON.count == 2)
                        try catalog.close()
                    }
                }
                try await group.waitForAll()
            }
        }
    }
}
