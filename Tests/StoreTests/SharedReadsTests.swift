import Foundation
import GRDB
import Synchronization
import Testing
import UploadModel
import UploadStore
import UploadStoreTesting

@testable import SQLiteCatalog

/// A number that many tasks raise.
private final class Count: Sendable {
    private let state = Mutex(0)

    var value: Int { state.withLock { $0 } }
    func raise(to least: Int) { state.withLock { $0 = max($0, least) } }
    func add() { state.withLock { $0 += 1 } }
}

@Suite struct SharedReadsTests {
    /// What a read of a test fails with.
    private struct Unreadable: Error {}

    private func withCatalog(_ body: (SQLiteCatalog) async throws -> Void) async throws {
        try await withTemporaryFolder { folder in
            let catalog = try SQLiteCatalog(path: folder.file("catalog.sqlite"), busyTimeoutSeconds: 60)
            try await body(catalog)
            try catalog.close()
        }
    }

    private func upload() throws -> UploadRecord {
        UploadRecord(
            fileID: .random(), tenant: .default, fileName: try #require(FileName("clip.mov")), declaredType: nil,
            layout: PartLayout(), maximumBytes: 100, state: .receiving, createdAt: Timestamp(milliseconds: 1),
            expiresAt: Timestamp(milliseconds: 2))
    }

    @Test func everyoneSeesWhatItChangedBefore() async throws {
        try await withCatalog { catalog in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<32 {
                    group.addTask {
                        for _ in 0..<10 {
                            let upload = try self.upload()
                            #expect(try await catalog.upload(upload.fileID) == nil)
                            #expect(try await catalog.create(upload, maximumOpen: 9999) == .created)
                            #expect(try await catalog.upload(upload.fileID) == upload)
                            let ended = try await catalog.end(
                                upload.fileID, as: .aborted, now: Timestamp(milliseconds: 3))
                            guard case .done(let record) = ended else {
                                Issue.record("the upload was not ended: \(ended)")
                                return
                            }
                            #expect(try await catalog.upload(upload.fileID) == record)
                            let found = try await catalog.upload(.fileID(upload.fileID), of: .default, near: 1)
                            #expect(found == PartSurroundings(upload: record, parts: []))
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    @Test func everyoneSeesWhatOthersWereToldIsDone() async throws {
        try await withCatalog { catalog in
            // The last change whose call has returned to somebody.
            let latest = Count()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<4 {
                    group.addTask {
                        for _ in 0..<100 {
                            let count = try await catalog.change("count") { database in
                                try database.execute(sql: "UPDATE probe SET writes = writes + 1")
                                return try Int.fetchOne(database, sql: "SELECT writes FROM probe") ?? 0
                            }
                            latest.raise(to: count)
                        }
                    }
                }
                for _ in 0..<16 {
                    group.addTask {
                        while latest.value < 400, !Task.isCancelled {
                            let least = latest.value
                            let counts = try await catalog.look("counts") { database in
                                try (0..<3).map { _ in
                                    try Int.fetchOne(database, sql: "SELECT writes FROM probe") ?? 0
                                }
                            }
                            try #require(counts[0] >= least)
                            // All that one read sees is of one moment.
                            try #require(Set(counts).count == 1)
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    /// Reads that come while another runs, so that they share what follows.
    @Test func aReadThatFailsHarmsNobodyElse() async throws {
        try await withCatalog { catalog in
            let uploads = try (0..<300).map { _ in try upload() }
            for upload in uploads { _ = try await catalog.create(upload, maximumOpen: 9999) }
            let mayEnd = DispatchSemaphore(value: 0)
            let began = Count()
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await catalog.look("the first") { _ in mayEnd.wait() } }
                for (number, upload) in uploads.enumerated() {
                    group.addTask {
                        began.add()
                        switch number % 10 {
                        case 0:
                            let fault = await #expect(throws: CatalogFault.self) {
                                try await catalog.look("no table") { try $0.execute(sql: "SELECT * FROM nowhere") }
                            }
                            #expect(fault?.detail.contains("no table") == true)
                        case 5:
                            let fault = await #expect(throws: CatalogFault.self) {
                                try await catalog.look("unreadable") { _ in throw Unreadable() }
                            }
                            #expect(fault?.code == .failed)
                        default:
                            let found = try await catalog.upload(upload.fileID)
                            #expect(found == upload)
                        }
                    }
                }
                while began.value < 300 { await Task.yield() }
                mayEnd.signal()
                try await group.waitForAll()
            }
            // And the next is served.
            #expect(try await catalog.upload(uploads[0].fileID) == uploads[0])
        }
    }

    @Test func aReadOfAClosedCatalogFails() async throws {
        try await withTemporaryFolder { folder in
            let catalog = try SQLiteCatalog(path: folder.file("catalog.sqlite"))
            let found = try await catalog.upload(.random())
            #expect(found == nil)
            try catalog.close()
            let fault = await #expect(throws: CatalogFault.self) { _ = try await catalog.upload(.random()) }
            #expect(fault?.code == .failed)
        }
    }
}
