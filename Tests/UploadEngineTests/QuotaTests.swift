import NIOCore
import Testing
import UploadModel
import UploadStore
import UploadStoreTesting

@testable import UploadEngine

/// Bytes of a tenant: those of its files and open uploads together, and those of open uploads alone.
@Suite struct QuotaTests {
    /// A quota of 1000 bytes.
    enum Bound: CaseIterable, Sendable {
        case stored, open

        var code: UploadFault.Code { self == .stored ? .quotaExceeded : .tooManyUploads }

        func bench() -> Bench {
            Bench(limits: { limits in
                if self == .stored { limits.maximumStoredBytesPerTenant = 1000 }
                if self == .open { limits.maximumOpenBytesPerTenant = 1000 }
            })
        }
    }

    private func chunk(_ name: String, _ number: Int, of count: Int) throws -> ChunkDescription {
        ChunkDescription(tenant: .default, reference: name, number: number, count: count, fileName: try .sample)
    }

    private func openDirect(_ bench: Bench, leastBytes: Int64 = 0, originalID: FileID? = nil) async throws
        -> StreamUpload
    {
        try await bench.engine.openDirect(
            tenant: .default, fileName: .sample, declaredType: nil, originalID: originalID, limitBytes: nil,
            leastBytes: leastBytes)
    }

    /// Every way in.
    enum Entrance: String, CaseIterable, Sendable {
        case parts, link, sizedLink, form, largeForm, chunk, largeChunk

        /// Whether its file may be of any size when it is let in.
        var isOfUnknownSize: Bool { self == .form || self == .chunk }
    }

    /// Begins a file of so many bytes, and says so where the way in lets it.
    private func enter(_ bench: Bench, by entrance: Entrance, bytes: Int) async throws {
        switch entrance {
        case .parts: _ = try await bench.begin(sizeBytes: bytes)
        case .link: _ = try await bench.engine.claim(bench.grant().fileID, declaredBytes: Int64(bytes))
        case .sizedLink: _ = try await bench.engine.claim(bench.grant(sizeBytes: bytes).fileID)
        case .form, .largeForm:
            await (try await openDirect(bench, leastBytes: entrance == .form ? 0 : Int64(bytes))).abandon()
        case .chunk, .largeChunk:
            let least = entrance == .chunk ? 0 : Int64(bytes)
            await (try await bench.engine.openChunk(chunk("c", 1, of: 2), leastBytes: least)).abandon()
        }
    }

    @Test(arguments: Bound.allCases, Entrance.allCases)
    func whatIsOverIsRefusedBeforeAByteOfIt(_ bound: Bound, _ entrance: Entrance) async throws {
        let bench = bound.bench()
        let standing = try await bench.begin(sizeBytes: 600)
        if entrance.isOfUnknownSize {
            try await enter(bench, by: entrance, bytes: 1)
            _ = try await bench.begin(sizeBytes: 400)
        }
        let before = try await (bench.store.inventory().count, bench.catalog.usage(of: .default))
        let fault = await expectFault(bound.code) {
            try await enter(bench, by: entrance, bytes: 401)
        }
        #expect(fault?.retryAfterSeconds != nil)
        #expect(try await bench.store.inventory().count == before.0)
        #expect(try await bench.catalog.usage(of: .default) == before.1)
        // What could never fit is too large, however much is free.
        if !entrance.isOfUnknownSize {
            let never = await expectFault(.tooLarge) { try await enter(bench, by: entrance, bytes: 1001) }
            #expect(never?.retryAfterSeconds == nil)
            try await enter(bench, by: entrance, bytes: 400)
        }
        try await bench.engine.abort(standing)
        try await enter(bench, by: entrance, bytes: 401)
        // Another tenant has its own.
        let announcement = try UploadEngine.Announcement(
            tenant: #require(TenantID("other")), fileName: .sample, declaredType: nil, sizeBytes: 1000)
        _ = try await bench.engine.begin(announcement)
        try await bench.expectCounted()
    }

    @Test(arguments: Bound.allCases) func aLinkThatIsRefusedStaysGood(_ bound: Bound) async throws {
        let bench = bound.bench()
        let whole = try await bench.begin(sizeBytes: 1000)
        let link = try await bench.grant()
        for declared in [nil, 1, 1000, 1001, Int64.max] {
            await expectFault((declared ?? 0) > 1000 ? .tooLarge : bound.code) {
                _ = try await bench.engine.claim(link.fileID, declaredBytes: declared)
            }
        }
        #expect(try await bench.standing(link) == link)
        // Whoever was let in goes on to the end.
        try await bench.engine.send(sample(1000), as: 1, of: whole)
        let file = try await bench.engine.complete(whole)
        #expect(try await bench.content(of: file) == sample(1000))
        if bound == .stored {
            await expectFault(.quotaExceeded) { _ = try await bench.engine.claim(link.fileID, declaredBytes: 1) }
            await bench.engine.withdraw(file)
        }
        let claimed = try await bench.engine.claim(link.fileID, declaredBytes: 1000)
        try await bench.engine.stream(sample(1000), into: claimed)
        await expectFault(.linkUsed) { _ = try await bench.engine.claim(link.fileID, declaredBytes: 5000) }
        try await bench.expectTidy()
        try await bench.expectCounted()
    }

    @Test func aStreamOfUnknownLengthIsStoppedAtTheQuota() async throws {
        let bench = Bench(limits: { $0.maximumStoredBytesPerTenant = 1_000_000 })
        _ = try await bench.begin(sizeBytes: 100_000)
        for bytes in [899_999, 900_000] {
            let stream = try await openDirect(bench)
            let file = try await stream.send(sample(bytes)) { try await stream.finish(expecting: [:]) }.upload
            #expect(try await bench.catalog.usage(of: .default).storedBytes == 100_000 + Int64(bytes))
            await bench.engine.withdraw(file)
        }
        await expectFault(.quotaExceeded) {
            let stream = try await openDirect(bench)
            _ = try await stream.send(sample(900_001)) { try await stream.finish(expecting: [:]) }
        }
        // A link without a length goes the same way; beyond the quota altogether the file is too large.
        await expectFault(.quotaExceeded) {
            let claimed = try await bench.engine.claim(bench.grant().fileID)
            try await bench.engine.stream(sample(950_000), into: claimed, isDeclared: false)
        }
        let other = Bench(limits: { $0.maximumStoredBytesPerTenant = 1_000_000 })
        await expectFault(.tooLarge) {
            let stream = try await openDirect(other)
            _ = try await stream.send(sample(1_000_001)) { try await stream.finish(expecting: [:]) }
        }
        #expect(try await bench.catalog.usage(of: .default) == TenantUsage(storedBytes: 100_000, openBytes: 100_000))
        #expect(try await bench.store.inventory().count == 1)
        try await bench.expectTidy()
        try await bench.expectCounted()
    }

    @Test func ofStreamsThatGrowAtTheSameTimeOnlyThoseEndThatFit() async throws {
        let bench = Bench(limits: { $0.maximumOpenBytesPerTenant = 1_000_000 })
        let ended = try await withThrowingTaskGroup(of: Bool.self) { group in
            for seed in UInt64(0)..<6 {
                group.addTask {
                    do {
                        let stream = try await openDirect(bench)
                        let outcome = try await stream.send(sample(400_000, seed: seed)) {
                            #expect(try await bench.catalog.usage(of: .default).openBytes <= 1_000_000)
                            return try await stream.finish(expecting: [:])
                        }
                        #expect(try await bench.content(of: outcome.upload) == sample(400_000, seed: seed))
                        return true
                    } catch let fault as UploadFault {
                        #expect(fault.code == .tooManyUploads)
                        return false
                    }
                }
            }
            return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        #expect(try await bench.catalog.usage(of: .default) == TenantUsage(storedBytes: Int64(ended) * 400_000))
        try await bench.expectTidy()
        try await bench.expectCounted()
    }

    @Test(arguments: Bound.allCases, [false, true])
    func chunksComeUpToTheQuota(_ bound: Bound, _ isFileFirst: Bool) async throws {
        let bench = bound.bench()
        _ = try await bench.begin(sizeBytes: 200)
        for number in 1...2 {
            try await bench.engine.send(
                sample(300, seed: UInt64(number)), as: chunk("c", number, of: 3), isFileFirst: isFileFirst)
        }
        for _ in 0..<2 {
            let fault = await expectFault(bound.code) {
                try await bench.engine.send(sample(300), as: chunk("c", 3, of: 3), isFileFirst: isFileFirst)
            }
            #expect(fault?.retryAfterSeconds != nil)
        }
        // What was acknowledged stays, and may be sent again.
        let upload = try await bench.engine.upload("c", of: .default)
        #expect(upload.receivedBytes == 600)
        #expect(try await bench.catalog.usage(of: .default) == TenantUsage(storedBytes: 800, openBytes: 800))
        _ = try await bench.begin(sizeBytes: 200)
        try await bench.engine.send(sample(300, seed: 1), as: chunk("c", 1, of: 3), isFileFirst: isFileFirst)
        if !isFileFirst {
            await expectFault(bound.code) {
                _ = try await bench.engine.openChunk(chunk("c", 3, of: 3))
            }
        }
        await expectFault(bound.code) {
            _ = try await bench.engine.openPart(of: upload, number: 3, declaredBytes: 300, digests: [])
        }
        try await bench.engine.abort(upload)
        #expect(try await bench.catalog.usage(of: .default) == TenantUsage(storedBytes: 400, openBytes: 400))
        try await bench.expectTidy()
        try await bench.expectCounted()
    }

    @Test func aCopyIsCountedAndNeverRefused() async throws {
        let bench = Bench(limits: {
            $0.maximumStoredBytesPerTenant = 1000
            $0.maximumOpenBytesPerTenant = 1000
        })
        let whole = try await bench.begin(sizeBytes: 1000)
        let copy = try await openDirect(bench, originalID: whole.fileID)
        let outcome = try await copy.send(sample(3000)) { try await copy.finish(expecting: [:]) }
        #expect(try await bench.content(of: outcome.upload) == sample(3000))
        #expect(try await bench.catalog.usage(of: .default) == TenantUsage(storedBytes: 4000, openBytes: 1000))
        try await bench.expectCounted()
    }

    @Test func whatAnExpiredUploadHeldIsFree() async throws {
        let bench = Bound.stored.bench()
        _ = try await bench.begin(sizeBytes: 1000)
        let link = try await bench.grant(sizeBytes: 1000, lifetimeSeconds: 1 << 20)
        await expectFault(.quotaExceeded) { _ = try await bench.engine.claim(link.fileID) }
        bench.clock.turn(seconds: 25 * 3600)
        #expect(try await bench.engine.expireOld() == 1)
        _ = try await bench.engine.claim(link.fileID)
        try await bench.expectCounted()
    }

    @Test func aQuotaThatIsNewCountsWhatIsThere() async throws {
        let old = Bench()
        for number in 1...2 {
            try await old.engine.send(sample(300), as: chunk("c", number, of: 5), isFileFirst: false)
        }
        #expect(try await old.catalog.usage(of: .default) == TenantUsage())
        try await old.engine.prepareQuotas()
        #expect(try await old.catalog.usage(of: .default) == TenantUsage(), "nothing is asked without a quota")
        try await old.catalog.reserveReceived()
        #expect(try await old.catalog.usage(of: .default) == TenantUsage(storedBytes: 600, openBytes: 600))
    }

    /// A bound of parts that are known to fit costs no look at what the tenant holds.
    @Test func partsOfKnownSizeAreNotAskedAgain() async throws {
        let bench = Bound.stored.bench()
        let upload = try await bench.begin(sizeBytes: 1000, partBytes: 500)
        let copy = try await openDirect(bench, originalID: upload.fileID)
        _ = try await copy.send(sample(3000)) { try await copy.finish(expecting: [:]) }
        for number in 1...2 {
            try await bench.engine.send(slice(sample(1000), part: number, of: 500), as: number, of: upload)
        }
        #expect(try await bench.content(of: bench.engine.complete(upload)) == sample(1000))
        try await bench.expectTidy()
    }
}

extension Bench {
    /// What every tenant holds is what its uploads add up to.
    func expectCounted(at location: SourceLocation = #_sourceLocation) async throws {
        #expect(try await engine.check().miscounted == [], sourceLocation: location)
    }
}
