import NIOCore
import Synchronization
import Testing
import UploadModel
import UploadStore
import UploadStoreTesting

@testable import UploadEngine

/// What pieces on their way take of a quota of 1000 bytes before they are recorded.
@Suite struct PassingBytesTests {
    private func open(
        _ bench: Bench, _ number: Int, of upload: UploadRecord, bytes: Int64?
    ) async throws -> PartUpload {
        try await bench.engine.openPart(of: upload, number: number, declaredBytes: bytes, digests: [])
    }

    @Test(arguments: QuotaTests.Bound.allCases)
    func partsOfUnknownSizeAreHeldWhileTheyCome(_ bound: QuotaTests.Bound) async throws {
        let bench = bound.bench()
        let (upload, other) = (try await bench.begin(partBytes: 600), try await bench.begin(partBytes: 600))
        let first = try await open(bench, 1, of: upload, bytes: 600)
        let fault = await expectFault(bound.code) {
            await (try await open(bench, 1, of: other, bytes: 401)).abandon()
        }
        #expect(fault?.retryAfterSeconds != nil)
        await expectFault(bound.code, "a new upload") { _ = try await bench.begin(sizeBytes: 401) }
        // Whoever sends the same part again takes its place.
        async let stopped: Void = {
            await first.revoked()
            await first.abandon()
        }()
        let again = try await open(bench, 1, of: upload, bytes: 600)
        await stopped
        try await again.send(sample(600)) { _ = try await again.finish(expecting: [:]) }
        let last = try await open(bench, 1, of: other, bytes: 400)
        try await last.send(sample(400, seed: 2)) { _ = try await last.finish(expecting: [:]) }
        #expect(try await bench.catalog.usage(of: .default).openBytes == 1000)
        try await bench.expectTidy()
    }

    @Test func whatCameIsHeldWhereNoLengthWasNamed() async throws {
        let bench = Bench(limits: { $0.maximumStoredBytesPerTenant = 8 << 20 })
        let (upload, other) = (try await bench.begin(partBytes: 6 << 20), try await bench.begin(partBytes: 6 << 20))
        let first = try await open(bench, 1, of: upload, bytes: nil)
        for _ in 0..<5 { try await first.receive(ByteBuffer(bytes: sample(1 << 20))) }
        await expectFault(.quotaExceeded) {
            await (try await open(bench, 1, of: other, bytes: 4 << 20)).abandon()
        }
        let second = try await open(bench, 1, of: other, bytes: nil)
        await expectFault(.quotaExceeded) {
            try await second.send(sample(5 << 20), inBuffersOf: 64 << 10) { _ = Issue.record("it came to its end") }
        }
        await first.abandon()
        try await bench.expectTidy()
    }

    @Test(arguments: [true, false]) func oneAtATimeIsSentAgainHoweverFullTheQuotaIs(_ isSizeKnown: Bool) async throws {
        let bench = QuotaTests.Bound.stored.bench()
        let upload = try await bench.begin(sizeBytes: isSizeKnown ? 1000 : nil, partBytes: 500)
        for number in 1...2 { try await bench.engine.send(sample(500), as: number, of: upload) }
        let again = try await open(bench, 1, of: upload, bytes: 500)
        let fault = await expectFault(.tooManyUploads) {
            await (try await open(bench, 2, of: upload, bytes: 500)).abandon()
        }
        #expect(fault?.retryAfterSeconds == 5)
        try await again.send(sample(500, seed: 3)) { _ = try await again.finish(expecting: [:]) }
        try await bench.engine.send(sample(500, seed: 4), as: 2, of: upload)
        #expect(try await bench.catalog.usage(of: .default).storedBytes == 1000)
        try await bench.expectTidy()
    }

    @Test func ofChunksThatMayBeAnyOneAtATimeGoesOnWithoutRoom() async throws {
        let bench = QuotaTests.Bound.stored.bench()
        let whole = try await bench.begin(sizeBytes: 900)
        let parts = try await withThrowingTaskGroup(of: SpooledPart.self) { group in
            for _ in 0..<3 { group.addTask { try await bench.engine.openSpooledChunk(of: .default) } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        try await parts[0].receive(ByteBuffer(bytes: sample(100)))
        try await parts[1].receive(ByteBuffer(bytes: sample(1)))
        await expectFault(.tooManyUploads) { try await parts[2].receive(ByteBuffer(bytes: sample(1))) }
        // Another tenant's are another's.
        let other = try await bench.engine.openSpooledChunk(of: #require(TenantID("other")))
        try await other.receive(ByteBuffer(bytes: sample(1000)))
        for part in parts + [other] { await part.abandon() }
        try await bench.engine.abort(whole)
        try await bench.expectTidy()
    }

    @Test func whatIsSentAgainAsksForRoomOnTheDisk() async throws {
        let disk = Disk()
        let bench = Bench(
            limits: { $0.freeDiskReserveBytes = 1000 }, wrap: { ShapedStore(store: $0, free: { disk.freeBytes }) })
        let upload = try await bench.begin(sizeBytes: 1000, partBytes: 500)
        try await bench.engine.send(sample(500), as: 1, of: upload)
        disk.freeBytes = 1499
        await expectFault(.insufficientStorage) { try await bench.engine.send(sample(500), as: 1, of: upload) }
        try await bench.engine.send(sample(500), as: 2, of: upload)
        disk.freeBytes = 1500
        try await bench.engine.send(sample(500), as: 1, of: upload)
        try await bench.expectTidy()
    }
}

/// A disk with as much room as a test says.
private final class Disk: Sendable {
    private let free = Mutex<Int64>(10_000)

    var freeBytes: Int64 {
        get { free.withLock { $0 } }
        set { free.withLock { $0 = newValue } }
    }
}
