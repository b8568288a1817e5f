import GRDB
import Testing
import UploadModel
import UploadStore
import UploadStoreTesting

@testable import SQLiteCatalog

/// How everybody who remembers keys is told that they change.
@Suite struct KeyChangeFileTests {
    /// A count once it stays. A lock that was given back is still held by a child of these tests, for as long as that is
    /// forked and not yet another program.
    private func settled(_ count: () -> Int64) async throws -> Int64 {
        for _ in 0..<1000 {
            let found = count()
            if count() == found { return found }
            try await Task.sleep(for: .milliseconds(5))
        }
        throw ConformanceFailure("a count that never stays")
    }

    @Test func aChangeIsToldOfBeforeItStandsAndKnownWhenItHasEnded() async throws {
        try await withTemporaryFolder { folder in
            let path = folder.file("changes")
            let (mine, other) = (KeyChangeFile(path: path), KeyChangeFile(path: path))
            #expect(mine.count == 0)
            var before = mine.count
            for _ in 0..<3 {
                var change: KeyChangeFile.Change? = try other.begin()
                let during = (0..<3).map { _ in mine.count } + [before]
                #expect(Set(during).count == during.count, "nobody keeps what is read now: \(during)")
                // As the kernel does for one who is killed.
                withExtendedLifetime(change) {}
                change = nil
                let after = try await settled { mine.count }
                #expect(!during.contains(after))
                #expect(try await settled { other.count } == after, "what is read now stands")
                before = after
            }
        }
    }

    @Test func ofTwoChangesAtOnceBothMustHaveEnded() async throws {
        try await withTemporaryFolder { folder in
            let file = KeyChangeFile(path: folder.file("changes"))
            var changes = [try file.begin(), try file.begin()]
            #expect(file.count != file.count)
            changes.removeFirst()
            #expect(file.count != file.count)
            changes.removeAll()
            _ = try await settled { file.count }
        }
    }

    @Test(arguments: ["revoke", "rotate"])
    func aCatalogTellsBeforeItCommits(_ what: String) async throws {
        try await withTemporaryFolder { folder in
            let catalog = try SQLiteCatalog(path: folder.file("catalog.sqlite"), busyTimeoutSeconds: 60)
            var configuration = Configuration()
            configuration.allowsUnsafeTransactions = true
            let holder = try DatabaseQueue(path: folder.file("catalog.sqlite"), configuration: configuration)
            let key = APIKeyRecord(
                id: .random(), tenant: .default, name: "key", hashHex: "aa", createdAt: Timestamp(milliseconds: 1))
            try await catalog.add(key)
            let before = catalog.keyChangeCount
            // Nothing is committed as long as another program writes.
            try await holder.writeWithoutTransaction { try $0.execute(sql: "BEGIN IMMEDIATE") }
            async let change: Void = {
                if what == "revoke" {
                    #expect(try await catalog.revoke(key.id, now: Timestamp(milliseconds: 2)))
                } else {
                    let signing = GrantKeyRecord(
                        id: .random(), secret: [1], createdAt: Timestamp(milliseconds: 2))
                    try await catalog.rotate(to: signing, revokingOthers: true)
                }
            }()
            let deadline = ContinuousClock.now + .seconds(5)
            while catalog.keyChangeCount == before, ContinuousClock.now < deadline { await Task.yield() }
            #expect(catalog.keyChangeCount != before && catalog.keyChangeCount != catalog.keyChangeCount)
            try await holder.writeWithoutTransaction { try $0.execute(sql: "ROLLBACK") }
            try await change
            #expect(catalog.keyChangeCount != before)
            _ = try await settled { catalog.keyChangeCount }
            try holder.close()
            try catalog.close()
        }
    }
}
