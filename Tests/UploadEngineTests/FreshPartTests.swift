import DiskStore
import Foundation
import Logging
import MemoryStore
import NIOCore
import Testing
import UploadModel
import UploadStore
import UploadStoreTesting

@testable import UploadEngine

extension UploadEngine {
    /// Sends a part of an upload that is named by its id, as a dialect does that knows no more of it.
    @discardableResult
    func send(
        _ bytes: some Collection<UInt8>, as number: Int, of id: FileID, tenant: TenantID = .default,
        expecting digests: [DigestAlgorithm: Digest] = [:]
    ) async throws -> PartOutcome {
        let part = try await openPart(
            number, of: id.text, tenant: tenant, declaredBytes: Int64(bytes.count), digests: Set(digests.keys))
        return try await part.send(bytes) { try await part.finish(expecting: digests) }
    }

    func isFresh(_ upload: UploadRecord, part number: Int) -> Bool {
        fresh.surroundings(of: number, in: upload.fileID, of: upload.tenant) != nil
    }
}

/// Parts of uploads that this process began, of which it knows much without asking.
@Suite struct FreshPartTests {
    static let partBytes = 40_000

    /// Runs a test with an engine and another one over the same store and catalog, as a second program has.
    func withTwo(onDisk isOnDisk: Bool, _ body: (Bench, _ other: UploadEngine) async throws -> Void)
        async throws
    {
        let clock = TestClock()
        guard isOnDisk else {
            let backing = MemoryByteStore.Backing()
            let stores = (0..<2).map { _ in MemoryByteStore(over: backing, now: { clock.now }) }
            let bench = Bench(stores[0], clock: clock)
            return try await body(bench, other(stores[1], beside: bench))
        }
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("engine-tests-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let stores = try (0..<2).map { _ in try DiskStore(root: folder.path) }
        let bench = Bench(stores[0], clock: clock)
        try await body(bench, other(stores[1], beside: bench))
        for store in stores { try await store.shutDown() }
    }

    private func other(_ store: any ByteStore, beside bench: Bench) -> UploadEngine {
        UploadEngine(
            store: store, catalog: bench.catalog, checker: AnyContent(), limits: bench.engine.limits,
            logger: bench.engine.logger, clock: { bench.clock.now })
    }

    func begin(_ count: Int, parts: Int, on bench: Bench) async throws -> UploadRecord {
        let upload = try await bench.begin(sizeBytes: count, partBytes: Self.partBytes)
        try #require(upload.layout.partCount == parts)
        for number in 1...parts { #expect(bench.engine.isFresh(upload, part: number)) }
        return upload
    }

    @Test(arguments: [false, true])
    func thePartsOfAFreshUploadAreTheFile(_ isOnDisk: Bool) async throws {
        try await withTwo(onDisk: isOnDisk) { bench, _ in
            let bytes = sample(4 * Self.partBytes + 5)
            let upload = try await begin(bytes.count, parts: 5, on: bench)
            for number in [3, 5, 1, 2, 4] {
                #expect(bench.engine.isFresh(upload, part: number))
                let outcome = try await bench.engine.send(
                    slice(bytes, part: number, of: Self.partBytes), as: number, of: upload.fileID)
                #expect(outcome.isWhole == (number == 4))
                #expect(!bench.engine.isFresh(upload, part: number))
            }
            let isSame = try await bench.content(of: bench.engine.complete(upload)) == bytes
            #expect(isSame)
            try await bench.expectTidy()
        }
    }

    /// A part that does not fit is refused for the same reason as without that knowledge.
    @Test(arguments: [(number: 0, count: 40_000), (4, 40_000), (1, 39_999), (1, 40_001), (3, 6), (3, 4)])
    func aPartThatDoesNotFitIsRefused(_ number: Int, _ count: Int) async throws {
        try await withTwo(onDisk: false) { bench, other in
            let upload = try await begin(2 * Self.partBytes + 5, parts: 3, on: bench)
            for engine in [bench.engine, other] {
                await expectFault(.invalidPart) { try await engine.send(sample(count), as: number, of: upload.fileID) }
            }
            let stranger = try #require(TenantID("stranger"))
            await expectFault(.notFound) {
                try await bench.engine.send(sample(count), as: number, of: upload.fileID, tenant: stranger)
            }
            try await bench.expectTidy()
        }
    }

    @Test(arguments: [false, true])
    func aPartThatIsRecordedIsNotWrittenOver(_ isOnDisk: Bool) async throws {
        try await withTwo(onDisk: isOnDisk) { bench, _ in
            let bytes = sample(2 * Self.partBytes)
            let upload = try await begin(bytes.count, parts: 2, on: bench)
            let first = slice(bytes, part: 1, of: Self.partBytes)
            try await bench.engine.send(first, as: 1, of: upload.fileID)
            #expect(bench.engine.isFresh(upload, part: 2))
            let wrong = sample(Self.partBytes, seed: 9)
            // One that is not what it should be, and one that is not sent to its end.
            await expectFault(.digestMismatch) {
                try await bench.engine.send(
                    wrong, as: 1, of: upload.fileID, expecting: [.crc32c: try digest(.crc32c, of: first)])
            }
            let part = try await bench.engine.openPart(
                1, of: upload.fileID.text, tenant: .default, declaredBytes: Int64(wrong.count), digests: [])
            try await part.receive(ByteBuffer(bytes: wrong))
            await part.abandon()
            try await bench.engine.send(slice(bytes, part: 2, of: Self.partBytes), as: 2, of: upload.fileID)
            let isSame = try await bench.content(of: bench.engine.complete(upload)) == bytes
            #expect(isSame)
            try await bench.expectTidy()
        }
    }

    /// After a fault nothing is taken for known: the part may be recorded all the same.
    @Test func aPartWhoseRecordWasNotAnsweredIsNotWrittenOver() async throws {
        let bench = Bench()
        let upload = try await begin(2 * Self.partBytes, parts: 2, on: bench)
        let bytes = sample(2 * Self.partBytes)
        bench.catalog.loseNextAnswer()
        await expectFault(.unavailable) {
            try await bench.engine.send(slice(bytes, part: 1, of: Self.partBytes), as: 1, of: upload.fileID)
        }
        #expect(!bench.engine.isFresh(upload, part: 1))
        let wrong = sample(Self.partBytes, seed: 9)
        await expectFault(.digestMismatch) {
            try await bench.engine.send(
                wrong, as: 1, of: upload.fileID, expecting: [.crc32c: try digest(.crc32c, of: bytes)])
        }
        try await bench.engine.send(slice(bytes, part: 2, of: Self.partBytes), as: 2, of: upload.fileID)
        let isSame = try await bench.content(of: bench.engine.complete(upload)) == bytes
        #expect(isSame)
        try await bench.expectTidy()
    }

    @Test(arguments: [false, true])
    func aFileThatIsCompleteIsNeverWrittenTo(_ isOnDisk: Bool) async throws {
        try await withTwo(onDisk: isOnDisk) { bench, other in
            let bytes = sample(3 * Self.partBytes)
            let uploads = [
                try await begin(bytes.count, parts: 3, on: bench), try await begin(bytes.count, parts: 3, on: bench),
            ]
            for (engine, upload) in zip([bench.engine, other], uploads) {
                for number in 1...3 {
                    try await bench.engine.send(
                        slice(bytes, part: number, of: Self.partBytes), as: number, of: upload.fileID)
                }
                let complete = try await engine.complete(upload)
                for number in 1...3 {
                    #expect(!bench.engine.isFresh(upload, part: number))
                    await expectFault(.alreadyComplete) {
                        try await bench.engine.send(
                            sample(Self.partBytes, seed: 9), as: number, of: upload.fileID)
                    }
                }
                let isSame = try await bench.content(of: complete) == bytes
                #expect(isSame)
            }
            try await bench.expectTidy()
        }
    }

    /// A completion that was refused has moved the bytes to their final place already.
    @Test func aPartThatMendsAFileIsKeptAside() async throws {
        try await withTwo(onDisk: true) { bench, _ in
            let bytes = sample(2 * Self.partBytes)
            let upload = try await bench.begin(
                sizeBytes: bytes.count, partBytes: Self.partBytes, sha256: try digest(.sha256, of: bytes))
            let wrong = sample(Self.partBytes, seed: 8)
            try await bench.engine.send(wrong, as: 1, of: upload.fileID)
            try await bench.engine.send(slice(bytes, part: 2, of: Self.partBytes), as: 2, of: upload.fileID)
            await expectFault(.digestMismatch) { _ = try await bench.engine.complete(upload) }
            #expect(!bench.engine.isFresh(upload, part: 1))
            let first = slice(bytes, part: 1, of: Self.partBytes)
            await expectFault(.digestMismatch) {
                try await bench.engine.send(
                    sample(Self.partBytes, seed: 7), as: 1, of: upload.fileID,
                    expecting: [.crc32c: try digest(.crc32c, of: first)])
            }
            try await bench.engine.send(first, as: 1, of: upload.fileID)
            let isSame = try await bench.content(of: bench.engine.complete(upload)) == bytes
            #expect(isSame)
            try await bench.expectTidy()
        }
    }

    @Test(arguments: [false, true])
    func aPartOfAnUploadThatWasAbortedIsGone(_ isOnDisk: Bool) async throws {
        try await withTwo(onDisk: isOnDisk) { bench, _ in
            let upload = try await begin(2 * Self.partBytes, parts: 2, on: bench)
            try await bench.engine.send(sample(Self.partBytes), as: 1, of: upload.fileID)
            try await bench.engine.abort(upload)
            for number in 1...2 {
                #expect(!bench.engine.isFresh(upload, part: number))
                await expectFault(.uploadGone) {
                    try await bench.engine.send(sample(Self.partBytes), as: number, of: upload.fileID)
                }
            }
            #expect(try await bench.store.inventory() == [])
            try await bench.expectTidy()
        }
    }

    @Test(arguments: [false, true])
    func aPartOfAnUploadThatExpiredIsGone(_ isOnDisk: Bool) async throws {
        try await withTwo(onDisk: isOnDisk) { bench, _ in
            let upload = try await begin(2 * Self.partBytes, parts: 2, on: bench)
            bench.clock.turn(seconds: bench.engine.limits.uploadLifetimeSeconds + 1)
            #expect(try await bench.engine.expireOld() == 1)
            #expect(!bench.engine.isFresh(upload, part: 1))
            await expectFault(.uploadGone) {
                try await bench.engine.send(sample(Self.partBytes), as: 1, of: upload.fileID)
            }
            #expect(try await bench.store.inventory() == [])
            try await bench.expectTidy()
        }
    }

    /// The first engine does not learn of it before it records a part.
    @Test(arguments: [false, true])
    func whatAnotherProgramAbortedIsGone(_ isOnDisk: Bool) async throws {
        try await withTwo(onDisk: isOnDisk) { bench, other in
            let upload = try await begin(3 * Self.partBytes, parts: 3, on: bench)
            try await bench.engine.send(sample(Self.partBytes), as: 1, of: upload.fileID)
            try await other.abort(upload)
            #expect(bench.engine.isFresh(upload, part: 3))
            for number in [3, 3, 1] {
                await expectFault(.uploadGone, "part \(number)") {
                    try await bench.engine.send(sample(Self.partBytes), as: number, of: upload.fileID)
                }
            }
            #expect(!bench.engine.isFresh(upload, part: 3))
            #expect(try await bench.store.inventory() == [])
            try await bench.expectTidy()
        }
    }

    /// Another program has recorded the end, and died before it freed the bytes.
    @Test(arguments: [false, true])
    func whatHasEndedInTheCatalogTakesNoPart(_ isOnDisk: Bool) async throws {
        try await withTwo(onDisk: isOnDisk) { bench, _ in
            let upload = try await begin(2 * Self.partBytes, parts: 2, on: bench)
            _ = try await bench.catalog.end(upload.fileID, as: .aborted, now: bench.clock.now)
            #expect(bench.engine.isFresh(upload, part: 1))
            for _ in 0..<2 {
                await expectFault(.uploadGone) {
                    try await bench.engine.send(sample(Self.partBytes), as: 1, of: upload.fileID)
                }
                #expect(!bench.engine.isFresh(upload, part: 1))
            }
            #expect(try await bench.standing(upload).receivedBytes == 0)
            #expect(bench.engine.leases.count == 0)
            bench.clock.turn(seconds: 1)
            #expect(try await bench.engine.check().orphans.map(\.key) == [upload.objectKey])
        }
    }
}
