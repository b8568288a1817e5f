import Testing
import UploadModel
import UploadStore
import UploadStoreTesting

@testable import UploadEngine

/// Stores that fail by chance: an upload then is where its client believes it to be, or further.
@Suite struct FaultTests {
    /// Tries until it works; faults of the ports are all that may go wrong.
    private func persist<Value>(_ seed: UInt64, _ body: () async throws -> Value) async throws -> Value {
        var last: UploadFault?
        for _ in 0..<200 {
            do { return try await body() } catch let fault as UploadFault {
                #expect([.unavailable, .insufficientStorage].contains(fault.code), "seed \(seed): \(fault)")
                last = fault
            }
        }
        throw try #require(last)
    }

    /// Sends a part until it is acknowledged; after each try it is recorded as it was sent, or not at all.
    private func send(
        _ bytes: ArraySlice<UInt8>, as number: Int, of upload: UploadRecord, through bench: Bench, seed: UInt64,
        catalogFails: Bool
    ) async throws {
        let checksum = try digest(.crc32c, of: bytes)
        func recorded() async throws -> StoredPart? {
            let all = try await persist(seed) {
                do { return try await bench.catalog.parts(of: upload.fileID) } catch let fault as CatalogFault {
                    throw UploadFault(fault)
                }
            }
            return all.first { $0.number == number }
        }
        try await persist(seed) {
            do {
                try await bench.engine.send(bytes, as: number, of: upload)
            } catch {
                let part = try await recorded()
                #expect(part == nil || (catalogFails && part.map { Digest($0.crc32c) } == checksum), "seed \(seed)")
                throw error
            }
            #expect(try await recorded().map { Digest($0.crc32c) } == checksum, "seed \(seed)")
        }
    }

    @Test(arguments: 1...40 as ClosedRange<UInt64>)
    func nothingThatWasAcknowledgedIsLost(_ seed: UInt64) async throws {
        let bench = Bench()
        var generator = SeededGenerator(seed: seed)
        let partBytes = Int.random(in: 1...9000, using: &generator)
        let bytes = sample(partBytes * 7 + Int.random(in: 1...partBytes, using: &generator), seed: seed)
        let catalogFails = seed % 2 == 0
        bench.store.follow(FaultPlan(seed: seed, oneIn: UInt64.random(in: 3...12, using: &generator)))
        if catalogFails { bench.catalog.fail(oneIn: 8, seed: seed) }
        let upload = try await persist(seed) {
            try await bench.begin(sizeBytes: seed % 3 == 0 ? bytes.count : nil, partBytes: partBytes)
        }
        let numbers = Array(1...8).shuffled(using: &generator)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for worker in 0..<3 {
                group.addTask {
                    for number in numbers where number % 3 == worker {
                        let part = slice(bytes, part: number, of: partBytes)
                        try await self.send(
                            part, as: number, of: upload, through: bench, seed: seed, catalogFails: catalogFails)
                    }
                }
            }
            try await group.waitForAll()
        }
        // A part once more, as after an answer that was lost.
        for number in [numbers[0], numbers[1]] {
            _ = try await persist(seed) {
                try await bench.engine.send(slice(bytes, part: number, of: partBytes), as: number, of: upload)
            }
        }
        let complete = try await persist(seed) { try await bench.engine.complete(upload) }
        #expect(bench.store.faultCount > 0, "seed \(seed)")
        try await settle(bench, seed)
        let isSame = try await bench.content(of: complete) == bytes
        #expect(isSame, "seed \(seed)")
        #expect(try await bench.store.inventory().map(\.key) == [complete.objectKey], "seed \(seed)")
    }

    /// The faults are over; the reaper frees what they left behind.
    private func settle(_ bench: Bench, _ seed: UInt64) async throws {
        bench.store.follow(FaultPlan([:]))
        bench.catalog.fail(oneIn: 0, seed: 0)
        #expect(try await bench.engine.check().isSound, "seed \(seed)")
        bench.clock.turn(seconds: 48 * 3600)
        _ = try await bench.engine.sweep(orphanAgeSeconds: 3600)
        try await bench.expectTidy("seed \(seed)")
    }

    @Test func aPartWhoseRecordIsNotAnsweredIsThereIfItIsRecorded() async throws {
        let bench = Bench()
        let upload = try await bench.begin(sizeBytes: 10)
        try await bench.engine.send(sample(10, seed: 1), as: 1, of: upload)
        bench.catalog.loseNextAnswer()
        await expectFault(.unavailable) { try await bench.engine.send(sample(10, seed: 2), as: 1, of: upload) }
        // The client goes on with what it knows to be there; the record names the second content.
        try await bench.expectTidy()
        #expect(try await bench.content(of: bench.engine.complete(upload)) == sample(10, seed: 2))
        try await bench.expectTidy()
    }

    @Test(arguments: 1...30 as ClosedRange<UInt64>)
    func chunksOfUnknownSizeSurviveFaults(_ seed: UInt64) async throws {
        let bench = Bench()
        bench.store.follow(FaultPlan(seed: seed, oneIn: 5))
        bench.catalog.fail(oneIn: 12, seed: seed)
        let bytes = sample(3333 * 4 + 1, seed: seed)
        for number in 1...5 {
            _ = try await persist(seed) {
                try await bench.engine.send(
                    slice(bytes, part: number, of: 3333),
                    as: ChunkDescription(
                        tenant: .default, reference: "film", number: number, count: 5, fileName: .sample),
                    isFileFirst: (seed + UInt64(number)) % 2 == 0)
            }
        }
        let complete = try await persist(seed) {
            try await bench.engine.complete(bench.engine.upload("film", of: .default))
        }
        try await settle(bench, seed)
        let isSame = try await bench.content(of: complete) == bytes
        #expect(isSame, "seed \(seed)")
        #expect(try await bench.store.inventory().map(\.key) == [complete.objectKey], "seed \(seed)")
    }

    @Test(arguments: 1...30 as ClosedRange<UInt64>)
    func whatEndsInSpiteOfFaultsIsFreed(_ seed: UInt64) async throws {
        let bench = Bench()
        bench.store.follow(FaultPlan(seed: seed, oneIn: 3))
        bench.catalog.fail(oneIn: 5, seed: seed)
        for _ in 0..<3 {
            let upload = try await persist(seed) { try await bench.begin(sizeBytes: 20, partBytes: 10) }
            for round in UInt64(0)..<2 {
                _ = try await persist(seed) {
                    try await bench.engine.send(sample(10, seed: round), as: 1, of: upload)
                }
            }
            try await persist(seed) { try await bench.engine.abort(upload) }
            // A link may be spent without an answer; then it is simply given up.
            if let granted = try? await bench.grant(), let link = try? await bench.engine.claim(granted.fileID) {
                _ = try? await bench.engine.stream(sample(6000), into: link)
            }
        }
        try await settle(bench, seed)
        let states = try await bench.engine.list(of: .default, in: Set(UploadState.allCases), after: nil, limit: 99)
        #expect(states.allSatisfy { !$0.state.isOpen }, "seed \(seed)")
        let files = states.filter { $0.state == .complete }
        #expect(try await Set(bench.store.inventory().map(\.key)) == Set(files.map(\.objectKey)), "seed \(seed)")
        for file in files { #expect(try await bench.content(of: file) == sample(6000), "seed \(seed)") }
    }
}
