import NIOCore
import Testing
import UploadModel
import UploadStore
import UploadStoreTesting

@testable import UploadEngine

@Suite struct ChunkTests {
    private static func chunk(_ number: Int, of count: Int, _ reference: String = "film-1") throws -> ChunkDescription {
        ChunkDescription(
            tenant: .default, reference: reference, number: number, count: count, fileName: try .sample)
    }

    /// The upload that a tenant's name means, complete, with its bytes.
    private static func finished(_ reference: String, in bench: Bench) async throws -> [UInt8] {
        let upload = try await bench.engine.upload(reference, of: .default)
        let complete = try await bench.engine.complete(upload)
        let content = try await bench.content(of: complete)
        try await bench.expectTidy()
        #expect(try await bench.store.inventory().map(\.kind) == [.published])
        return content
    }

    @Test(arguments: [(1, 0), (1, 1), (1, 5000), (3, 2500), (3, 2001), (7, 6001)], [true, false])
    func chunksInOrderMakeTheFile(_ shape: (count: Int, bytes: Int), _ isFileFirst: Bool) async throws {
        let bench = Bench()
        let bytes = sample(shape.bytes)
        for number in 1...shape.count {
            let outcome = try await bench.engine.send(
                slice(bytes, part: number, of: shape.count == 1 ? max(shape.bytes, 1) : 1000),
                as: Self.chunk(number, of: shape.count), isFileFirst: isFileFirst)
            #expect(outcome.isWhole == (number == shape.count))
        }
        #expect(try await Self.finished("film-1", in: bench) == bytes)
    }

    @Test(arguments: 1...20 as ClosedRange<UInt64>)
    func chunksInAnyOrderAndAtOnceMakeTheFile(_ seed: UInt64) async throws {
        let bench = Bench()
        var generator = SeededGenerator(seed: seed)
        let partBytes = Int.random(in: 1...9000, using: &generator)
        let count = Int.random(in: 2...12, using: &generator)
        let bytes = sample(
            partBytes * (count - 1) + Int.random(in: 1...partBytes, using: &generator), seed: seed)
        // Where the last one goes is known only after another.
        let numbers = Array(1..<count).shuffled(using: &generator) + [count]
        let isFileFirst = numbers.map { _ in Bool.random(using: &generator) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (index, number) in numbers.enumerated() {
                if number == count { try await group.waitForAll() }
                group.addTask {
                    for _ in 0..<(index % 3 == 0 ? 2 : 1) {
                        try await bench.engine.send(
                            slice(bytes, part: number, of: partBytes), as: Self.chunk(number, of: count),
                            isFileFirst: isFileFirst[index])
                    }
                }
            }
            try await group.waitForAll()
        }
        let isSame = try await Self.finished("film-1", in: bench) == bytes
        #expect(isSame, "seed \(seed)")
    }

    @Test(arguments: [true, false])
    func theLastOfSeveralCannotBeTheFirst(_ isFileFirst: Bool) async throws {
        let bench = Bench()
        let bytes = sample(25)
        func send(_ number: Int) async throws {
            try await bench.engine.send(
                slice(bytes, part: number, of: 10), as: Self.chunk(number, of: 3), isFileFirst: isFileFirst)
        }
        await expectFault(.chunkSizeUnknown) { try await send(3) }
        #expect(try await bench.store.inventory() == [])
        try await send(2)
        try await send(3)
        try await send(1)
        #expect(try await Self.finished("film-1", in: bench) == bytes)
    }

    @Test(arguments: [true, false])
    func anUploadThatAnotherChunkBeganStillWaitsForItsSize(_ isFileFirst: Bool) async throws {
        let bench = Bench()
        // A first chunk that broke leaves the upload begun and its part size open.
        let broken = try await bench.engine.openChunk(Self.chunk(1, of: 3))
        await broken.abandon()
        await expectFault(.chunkSizeUnknown) {
            try await bench.engine.send(sample(5), as: Self.chunk(3, of: 3), isFileFirst: isFileFirst)
        }
        try await bench.expectTidy()
    }

    /// Two clients use one name with chunks of different sizes: one of them is right, and loses nothing.
    @Test(arguments: 1...40 as ClosedRange<UInt64>)
    func ofFirstChunksOfDifferentSizesOneSizeWins(_ seed: UInt64) async throws {
        let bench = Bench()
        var generator = SeededGenerator(seed: seed)
        let count = 6
        let sizes = [Int.random(in: 1...4000, using: &generator), Int.random(in: 4001...9000, using: &generator)]
        let files = sizes.map { sample($0 * (count - 1) + 1, seed: seed + UInt64($0)) }
        let sends = (0..<2).flatMap { client in (1..<count).map { (client, $0, Bool.random(using: &generator)) } }
            .shuffled(using: &generator)
        let acknowledged = try await withThrowingTaskGroup(of: (client: Int, number: Int)?.self) { group in
            for (client, number, isFileFirst) in sends {
                group.addTask {
                    do {
                        try await bench.engine.send(
                            slice(files[client], part: number, of: sizes[client]),
                            as: Self.chunk(number, of: count), isFileFirst: isFileFirst)
                        return (client, number)
                    } catch let fault as UploadFault {
                        let codes: [UploadFault.Code] = [.invalidPart, .tooLarge, .lengthMismatch, .superseded]
                        #expect(codes.contains(fault.code), "seed \(seed): \(fault.code)")
                        return nil
                    }
                }
            }
            return try await group.reduce(into: [(client: Int, number: Int)]()) { if let one = $1 { $0.append(one) } }
        }
        let upload = try await bench.engine.upload("film-1", of: .default)
        let size = try #require(upload.layout.partSizeBytes, "seed \(seed)")
        let winner = try #require(sizes.firstIndex(of: Int(size)), "seed \(seed)")
        #expect(acknowledged.allSatisfy { $0.client == winner }, "seed \(seed)")
        let recorded = try await bench.catalog.parts(of: upload.fileID).map(\.number)
        #expect(Set(acknowledged.map(\.number)).isSubset(of: recorded), "seed \(seed)")
        try await bench.expectTidy("seed \(seed)")
        // Only what is missing is sent again: the rest must have stayed whole.
        for number in Set(1...count).subtracting(recorded) {
            try await bench.engine.send(
                slice(files[winner], part: number, of: sizes[winner]), as: Self.chunk(number, of: count),
                isFileFirst: seed % 2 == 0)
        }
        let isSame = try await Self.finished("film-1", in: bench) == files[winner]
        #expect(isSame, "seed \(seed)")
    }

    @Test func aFirstChunkThatIsLongerThanOthersDoesNotReachIntoThem() async throws {
        let bench = Bench()
        let long = try await bench.engine.openChunk(Self.chunk(1, of: 3))
        try await long.receive(ByteBuffer(repeating: 0xEE, count: 20))
        let bytes = sample(25)
        for number in 2...3 {
            try await bench.engine.send(
                slice(bytes, part: number, of: 10), as: Self.chunk(number, of: 3), isFileFirst: false)
        }
        await expectFault(.invalidPart) { _ = try await long.finish(expecting: [:]) }
        try await bench.engine.send(bytes[..<10], as: Self.chunk(1, of: 3), isFileFirst: false)
        #expect(try await Self.finished("film-1", in: bench) == bytes)
    }

    @Test(arguments: [true, false])
    func aChunkThatCannotBelongLeavesNothing(_ isFileFirst: Bool) async throws {
        let bench = Bench()
        func refuse(_ code: UploadFault.Code, _ number: Int, _ count: Int, _ reference: String = "film-1") async {
            await expectFault(code, "\(number) of \(count)") {
                try await bench.engine.send(
                    sample(10), as: Self.chunk(number, of: count, reference), isFileFirst: isFileFirst)
            }
        }
        await refuse(.invalidRequest, 1, 3, "")
        await refuse(.invalidPart, 0, 3)
        await refuse(.invalidPart, 4, 3)
        await refuse(.invalidPart, 1, 0)
        await refuse(.invalidPart, 1, 10_001)
        #expect(try await bench.store.inventory() == [])
        try await bench.engine.send(sample(10), as: Self.chunk(1, of: 3), isFileFirst: isFileFirst)
        await refuse(.invalidPart, 2, 4)
        let upload = try await bench.engine.upload("film-1", of: .default)
        #expect(upload.layout == PartLayout(partSizeBytes: 10, partCount: 3))
        try await bench.expectTidy()
    }

    @Test(arguments: [true, false])
    func aNameIsFreeAgainAfterAnAbort(_ isFileFirst: Bool) async throws {
        let bench = Bench()
        try await bench.engine.send(sample(10, seed: 1), as: Self.chunk(1, of: 2), isFileFirst: isFileFirst)
        let first = try await bench.engine.upload("film-1", of: .default)
        try await bench.engine.abort(first)
        let bytes = sample(15, seed: 2)
        for number in 1...2 {
            try await bench.engine.send(
                slice(bytes, part: number, of: 8), as: Self.chunk(number, of: 2), isFileFirst: isFileFirst)
        }
        let second = try await bench.engine.upload("film-1", of: .default)
        #expect(second.fileID != first.fileID)
        #expect(try await Self.finished("film-1", in: bench) == bytes)
        // A name stays that of the complete file.
        await expectFault(.alreadyComplete) {
            try await bench.engine.send(sample(8), as: Self.chunk(1, of: 2), isFileFirst: isFileFirst)
        }
        try await bench.expectTidy()
    }

    @Test func ofManyFirstChunksOneBeginsTheUpload() async throws {
        let bench = Bench()
        let bytes = sample(1000 * 19 + 7)
        let files = try await withThrowingTaskGroup(of: FileID.self) { group in
            for number in 1..<20 {
                group.addTask {
                    try await bench.engine.send(
                        slice(bytes, part: number, of: 1000), as: Self.chunk(number, of: 20),
                        isFileFirst: number % 2 == 0
                    ).upload.fileID
                }
            }
            return try await group.reduce(into: Set<FileID>()) { _ = $0.insert($1) }
        }
        #expect(files.count == 1)
        try await bench.engine.send(bytes[19_000...], as: Self.chunk(20, of: 20), isFileFirst: false)
        #expect(try await Self.finished("film-1", in: bench) == bytes)
    }
}
