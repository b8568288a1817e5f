import Foundation
import GRDB
import SQLiteCatalog
import Testing
import UploadModel
import UploadStore
import UploadStoreTesting

@Suite struct SQLiteCatalogTests {
    private func upload(id: FileID = .random()) throws -> UploadRecord {
        UploadRecord(
            fileID: id, tenant: .default, fileName: try #require(FileName("clip.mov")), declaredType: nil,
            layout: PartLayout(), maximumBytes: 100, state: .receiving, createdAt: Timestamp(milliseconds: 1),
            expiresAt: Timestamp(milliseconds: 2))
    }

    /// Runs a test with a fresh catalog and the path of its file.
    /// Until so many changes wait for a transaction; they do for as long as the database is waited for, and no longer.
    private func awaitWaiting(_ count: Int, in catalog: SQLiteCatalog) async throws {
        let deadline = ContinuousClock.now + .seconds(60)
        while catalog.commitCounts.waiting < count {
            guard ContinuousClock.now < deadline else {
                throw ConformanceFailure("\(catalog.commitCounts.waiting) instead of \(count) changes wait")
            }
            try await Task.sleep(for: .milliseconds(1))
        }
    }

    private func withCatalog(
        busyTimeoutSeconds: Double = 60, _ body: (SQLiteCatalog, String) async throws -> Void
    ) async throws {
        try await withTemporaryFolder { folder in
            let path = folder.file("catalog.sqlite")
            let catalog = try SQLiteCatalog(path: path, busyTimeoutSeconds: busyTimeoutSeconds)
            try await body(catalog, path)
            try catalog.close()
        }
    }

    @Test func everyCommitIsSyncedToAWriteAheadLog() async throws {
        try await withCatalog { catalog, _ in
            let settings = try await catalog.settings()
            #expect(settings.journalMode == "wal")
            #expect(settings.synchronous == 2)
            #expect(settings.enforcesForeignKeys)
        }
    }

    @Test func onlyTheOwnerReadsTheFiles() async throws {
        try await withCatalog { catalog, path in
            try await catalog.checkWritable()
            for suffix in ["", "-wal", "-shm"] {
                let attributes = try FileManager.default.attributesOfItem(atPath: path + suffix)
                #expect(attributes[.posixPermissions] as? Int == 0o600, "the file \(suffix)")
            }
        }
    }

    @Test func aFileThatOthersCouldReadIsClosedToThem() async throws {
        try await withTemporaryFolder { folder in
            let path = folder.file("catalog.sqlite")
            try SQLiteCatalog(path: path).close()
            try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
            try SQLiteCatalog(path: path).close()
            let attributes = try FileManager.default.attributesOfItem(atPath: path)
            #expect(attributes[.posixPermissions] as? Int == 0o600)
        }
    }

    @Test func changesThatComeTogetherShareTransactions() async throws {
        try await withCatalog { catalog, path in
            // While another process holds the database all changes come to wait.
            let blocker = try DatabaseQueue(path: path, configuration: .holdingTransactions)
            try await blocker.writeWithoutTransaction { try $0.execute(sql: "BEGIN IMMEDIATE") }
            let uploads = try (0..<400).map { _ in try upload() }
            try await withThrowingTaskGroup(of: CreateOutcome.self) { group in
                for upload in uploads {
                    group.addTask { try await catalog.create(upload, maximumOpen: 1000) }
                }
                try await awaitWaiting(400, in: catalog)
                try await blocker.writeWithoutTransaction { try $0.execute(sql: "ROLLBACK") }
                for try await outcome in group { #expect(outcome == .created) }
            }
            let counts = catalog.commitCounts
            #expect(counts.changes == 400)
            #expect(counts.transactions == 2, "a transaction has at most 256 changes")
            #expect(counts.waiting == 0)
            try blocker.close()
        }
    }

    @Test func aChangeThatFailsInAGroupTakesBackOnlyItself() async throws {
        try await withCatalog { catalog, _ in
            let first = try upload()
            _ = try await catalog.create(first, maximumOpen: 1000)
            let uploads = try (0..<200).map { try upload(id: $0 % 10 == 0 ? first.fileID : .random()) }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for (number, upload) in uploads.enumerated() {
                    group.addTask {
                        if number % 10 == 0 {
                            await #expect(throws: CatalogFault.self) {
                                try await catalog.create(upload, maximumOpen: 1000)
                            }
                        } else {
                            let outcome = try await catalog.create(upload, maximumOpen: 1000)
                            #expect(outcome == .created)
                        }
                    }
                }
                try await group.waitForAll()
            }
            let stored = try await catalog.uploads(of: .default, in: [.receiving], after: nil, limit: 1000)
            #expect(stored.count == 181)
        }
    }

    @Test(arguments: [0, 100, 199])
    func ofOneTransactionOnlyTheChangeThatFailsIsTakenBack(_ failing: Int) async throws {
        try await withCatalog { catalog, path in
            let first = try upload()
            _ = try await catalog.create(first, maximumOpen: 1000)
            let before = catalog.commitCounts
            // While another process holds the database all changes come to wait.
            let blocker = try DatabaseQueue(path: path, configuration: .holdingTransactions)
            try await blocker.writeWithoutTransaction { try $0.execute(sql: "BEGIN IMMEDIATE") }
            let uploads = try (0..<200).map { try upload(id: $0 == failing ? first.fileID : .random()) }
            try await withThrowingTaskGroup(of: (Int, CreateOutcome?).self) { group in
                for (number, upload) in uploads.enumerated() {
                    group.addTask { (number, try? await catalog.create(upload, maximumOpen: 1000)) }
                    // In this order.
                    try await awaitWaiting(number + 1, in: catalog)
                }
                try await blocker.writeWithoutTransaction { try $0.execute(sql: "ROLLBACK") }
                for try await (number, outcome) in group {
                    #expect(outcome == (number == failing ? nil : .created), "change \(number)")
                }
            }
            #expect(catalog.commitCounts.transactions == before.transactions + 1)
            #expect(catalog.commitCounts.changes == before.changes + 200)
            let stored = try await catalog.uploads(of: .default, in: [.receiving], after: nil, limit: 1000)
            #expect(stored.count == 200)
            let expected = uploads.filter { $0.fileID != first.fileID } + [first]
            #expect(Set(stored) == Set(expected))
            try blocker.close()
        }
    }

    @Test func twoProcessesWriteAtOnce() async throws {
        try await withCatalog { catalog, path in
            let other = try SQLiteCatalog(path: path, busyTimeoutSeconds: 60)
            let uploads = try (0..<300).map { _ in try upload() }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for (number, upload) in uploads.enumerated() {
                    group.addTask {
                        let node = number % 2 == 0 ? catalog : other
                        let outcome = try await node.create(upload, maximumOpen: 1000)
                        #expect(outcome == .created)
                    }
                }
                try await group.waitForAll()
            }
            for node in [catalog, other] {
                let stored = try await node.uploads(of: nil, in: [.receiving], after: nil, limit: 1000)
                #expect(Set(stored) == Set(uploads))
            }
            try other.close()
        }
    }

    @Test func aNewCatalogIsOpenedByManyAtOnce() async throws {
        try await withTemporaryFolder { folder in
            let path = folder.file("catalog.sqlite")
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        let catalog = try SQLiteCatalog(path: path, busyTimeoutSeconds: 60)
                        try await catalog.checkWritable()
                        try catalog.close()
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    @Test func aChangeThatCannotHaveItsTurnIsBusyAndChangesNothing() async throws {
        try await withCatalog(busyTimeoutSeconds: 0.05) { catalog, path in
            let blocker = try DatabaseQueue(path: path, configuration: .holdingTransactions)
            let upload = try upload()
            try await blocker.writeWithoutTransaction { try $0.execute(sql: "BEGIN IMMEDIATE") }
            let fault = await #expect(throws: CatalogFault.self) {
                try await catalog.create(upload, maximumOpen: 1)
            }
            #expect(fault?.code == .busy)
            #expect(try await catalog.upload(upload.fileID) == nil)
            try await blocker.writeWithoutTransaction { try $0.execute(sql: "ROLLBACK") }
            #expect(try await catalog.create(upload, maximumOpen: 1) == .created)
            try blocker.close()
        }
    }

    @Test func aFullDatabaseIsFullAndTheNextChangeIsServed() async throws {
        try await withCatalog { catalog, _ in
            let whole = try upload()
            #expect(try await catalog.create(whole, maximumOpen: 9) == .created)
            try await catalog.limitPages(toMore: 0)
            var huge = try upload()
            huge.metadataJSON = String(repeating: "x", count: 1 << 20)
            let copy = huge
            let fault = await #expect(throws: CatalogFault.self) { try await catalog.create(copy, maximumOpen: 9) }
            #expect(fault?.code == .full)
            #expect(try await catalog.upload(huge.fileID) == nil)
            try await catalog.limitPages(toMore: 1000)
            #expect(try await catalog.create(huge, maximumOpen: 9) == .created)
            #expect(try await catalog.upload(whole.fileID) == whole)
        }
    }

    @Test func aFileThatIsNoDatabaseIsCorrupt() async throws {
        try await withTemporaryFolder { folder in
            let path = folder.file("catalog.sqlite")
            try Data(repeating: 0x5A, count: 8192).write(to: URL(fileURLWithPath: path))
            let fault = #expect(throws: CatalogFault.self) { try SQLiteCatalog(path: path) }
            #expect(fault?.code == .corrupt)
        }
    }

    @Test func aDatabaseWhosePagesWereOverwrittenIsCorrupt() async throws {
        try await withTemporaryFolder { folder in
            let path = folder.file("catalog.sqlite")
            let catalog = try SQLiteCatalog(path: path)
            let upload = try upload()
            _ = try await catalog.create(upload, maximumOpen: 9)
            try catalog.close()
            let file = try FileHandle(forUpdating: URL(fileURLWithPath: path))
            let size = try file.seekToEnd()
            try file.seek(toOffset: 4096)
            try file.write(contentsOf: Data(repeating: 0x5A, count: Int(size) - 4096))
            try file.close()
            let fault = await #expect(throws: CatalogFault.self) {
                let again = try SQLiteCatalog(path: path)
                _ = try await again.upload(upload.fileID)
            }
            #expect(fault?.code == .corrupt)
        }
    }

    @Test func aNewerSchemaIsRefused() async throws {
        try await withTemporaryFolder { folder in
            let path = folder.file("catalog.sqlite")
            try SQLiteCatalog(path: path).close()
            let queue = try DatabaseQueue(path: path)
            try await queue.write { database in
                try database.execute(sql: "INSERT INTO grdb_migrations (identifier) VALUES ('999-later')")
            }
            try queue.close()
            let fault = #expect(throws: CatalogFault.self) { try SQLiteCatalog(path: path) }
            #expect(fault?.code == .failed)
            #expect(fault?.detail.contains("newer version") == true)
        }
    }

    @Test func aFolderThatIsNotThereIsAFault() async throws {
        try await withTemporaryFolder { folder in
            let fault = #expect(throws: CatalogFault.self) {
                try SQLiteCatalog(path: folder.file("nowhere/catalog.sqlite"))
            }
            #expect(fault?.code == .failed)
        }
    }

    @Test func aClosedCatalogFails() async throws {
        try await withTemporaryFolder { folder in
            let catalog = try SQLiteCatalog(path: folder.file("catalog.sqlite"))
            try catalog.close()
            await #expect(throws: CatalogFault.self) { try await catalog.checkWritable() }
            await #expect(throws: CatalogFault.self) { try await catalog.references() }
        }
    }

    @Test func aCancelledTaskStillReadsAndChanges() async throws {
        try await withCatalog { catalog, _ in
            let upload = try upload()
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.cancelAll()
                group.addTask {
                    #expect(Task.isCancelled)
                    let outcome = try await catalog.create(upload, maximumOpen: 9)
                    #expect(outcome == .created)
                    let stored = try await catalog.upload(upload.fileID)
                    #expect(stored == upload)
                }
                try await group.waitForAll()
            }
        }
    }
}

extension Configuration {
    /// Lets a test keep a transaction open between its steps, as another process may.
    fileprivate static var holdingTransactions: Configuration {
        var configuration = Configuration()
        configuration.allowsUnsafeTransactions = true
        return configuration
    }
}
