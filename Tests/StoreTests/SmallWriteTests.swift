import Foundation
import Testing
import UploadStore
import UploadStoreTesting

@testable import DiskStore

@Suite struct SmallWriteTests {
    /// A write in one block of a pool; what it holds tells its place among the others.
    private static func write(_ start: Int64, _ byteCount: Int, from pool: BlockPool, mark: UInt8 = 0) throws
        -> SmallWrite
    {
        let block = try #require(pool.take(expectedBytes: Int64(byteCount)))
        try #require(byteCount <= block.bytes.count)
        for index in 0..<byteCount { block.bytes[index] = mark &+ UInt8(truncatingIfNeeded: index / 251) }
        return SmallWrite(block: block, byteCount: byteCount, start: start)
    }

    // MARK: - Runs

    /// Writes as starts and lengths, how many of them one run may have, and the runs.
    struct Row: Sendable {
        let places: [(start: Int64, byteCount: Int)]
        let maximumCount: Int
        let runs: [[Int]]

        init(_ places: [(start: Int64, byteCount: Int)], _ maximumCount: Int, _ runs: [[Int]]) {
            self.places = places
            self.maximumCount = maximumCount
            self.runs = runs
        }
    }

    static let rows: [Row] = [
        Row([], 9, []),
        Row([(500, 10)], 9, [[0]]),
        Row([(0, 10), (10, 20), (30, 5)], 9, [[0, 1, 2]]),
        Row([(30, 5), (0, 10), (10, 20)], 9, [[1, 2, 0]]),
        Row([(0, 10), (11, 10), (21, 10)], 9, [[0], [1, 2]]),
        Row([(40, 10), (0, 10), (50, 10), (10, 10)], 9, [[1, 3], [0, 2]]),
        // Whatever reaches into another is written by itself.
        Row([(0, 11), (10, 10)], 9, [[0], [1]]),
        Row([(8, 4), (0, 4), (4, 4), (12, 4), (16, 4)], 2, [[1, 2], [0, 3], [4]]),
        Row([(0, 4), (4, 4), (8, 4)], 1, [[0], [1], [2]]),
    ]

    @Test(arguments: rows)
    func whatFollowsEachOtherIsARun(_ row: Row) throws {
        let pool = BlockPool(budgetBytes: 1 << 20)
        let writes = try row.places.map { try Self.write($0.start, $0.byteCount, from: pool) }
        #expect(SmallWrite.runs(of: writes, maximumCount: row.maximumCount) == row.runs)
    }

    @Test(arguments: 1...10 as ClosedRange<UInt64>)
    func everyWriteIsInOneRunAndRunsAreAsLongAsTheyMayBe(_ seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let pool = BlockPool(budgetBytes: 2 << 20)
        let maximumCount = Int.random(in: 1...7, using: &generator)
        var start: Int64 = 0
        let writes = try (0..<100).map { _ in
            if Int.random(in: 0..<6, using: &generator) == 0 { start += 1 }
            let write = try Self.write(start, Int.random(in: 1...16_384, using: &generator), from: pool)
            start = write.end
            return write
        }.shuffled(using: &generator)
        let runs = SmallWrite.runs(of: writes, maximumCount: maximumCount)
        #expect(runs.flatMap { $0 }.sorted() == Array(0..<100), "seed \(seed)")
        for run in runs {
            #expect((1...maximumCount).contains(run.count), "seed \(seed)")
            let isGapless = zip(run, run.dropFirst()).allSatisfy { writes[$0].end == writes[$1].start }
            #expect(isGapless, "seed \(seed)")
        }
        for (run, next) in zip(runs, runs.dropFirst()) {
            let (last, first) = (try #require(run.last), try #require(next.first))
            #expect(writes[last].end <= writes[first].start, "seed \(seed)")
            #expect(run.count == maximumCount || writes[last].end < writes[first].start, "seed \(seed)")
        }
    }

    // MARK: - Writing

    /// Where a file stands, and how it is written to.
    struct Place: Sendable {
        var folder: String?
        var usesDirectIO = true

        static let all: [Place] = {
            let folders =
                FileManager.default.isWritableFile(atPath: DiskPlace.memoryDisk) ? [nil, DiskPlace.memoryDisk] : [nil]
            return folders.flatMap { [Place(folder: $0), Place(folder: $0, usesDirectIO: false)] }
        }()
    }

    /// A file of some length without a zero in it.
    private static func withFile(
        in place: Place, sizeBytes: Int, _ body: (StagedFile, _ read: () throws -> [UInt8]) throws -> Void
    ) throws {
        let folder = place.folder.map { URL(fileURLWithPath: $0) } ?? FileManager.default.temporaryDirectory
        let url = folder.appendingPathComponent("small-writes-\(UUID().uuidString)")
        try Data(repeating: 0xEE, count: sizeBytes).write(to: url)
        defer { try? FileManager.default.removeItem(at: url) }
        try body(try StagedFile(path: url.path, usesDirectIO: place.usesDirectIO)) { Array(try Data(contentsOf: url)) }
    }

    /// Writes as the parts of one file come: most of them whole blocks of the disk, some with a tail, some behind
    /// a gap.
    private static func writes(
        _ count: Int, from first: Int64, pool: BlockPool, isAligned: Bool, _ generator: inout SeededGenerator
    ) throws -> [SmallWrite] {
        var start = first
        return try (0..<count).map { number in
            if Int.random(in: 0..<8, using: &generator) == 0 {
                start += isAligned ? 4096 : Int64.random(in: 1...9000, using: &generator)
            }
            let blocks = 4096 * Int.random(in: 1...3, using: &generator)
            let tail = Int.random(in: 1...4095, using: &generator)
            let hasTail = !isAligned && Int.random(in: 0..<4, using: &generator) == 0
            let write = try write(
                start, hasTail ? blocks + tail : blocks, from: pool, mark: UInt8(truncatingIfNeeded: number))
            start = write.end
            return write
        }.shuffled(using: &generator)
    }

    private static func expectedBytes(_ old: [UInt8], after writes: [SmallWrite]) -> [UInt8] {
        var bytes = old
        for write in writes where write.start >= 0 {
            let end = Int(write.end)
            if bytes.count < end { bytes += [UInt8](repeating: 0, count: end - bytes.count) }
            bytes.replaceSubrange(Int(write.start)..<end, with: write.bytes)
        }
        return bytes
    }

    @Test(arguments: Place.all, 1...6 as ClosedRange<UInt64>)
    func everyByteIsPutAtItsPlaceAndNoOtherIsTouched(_ place: Place, _ seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let pool = BlockPool(budgetBytes: 4 << 20)
        let first = Int64(seed % 3 == 0 ? Int.random(in: 1...9000, using: &generator) : 8192)
        let writes = try Self.writes(
            120, from: first, pool: pool, isAligned: seed % 2 == 0, &generator)
        try Self.withFile(in: place, sizeBytes: 300_000) { file, read in
            let before = try read()
            #expect(file.write(writes).isEmpty, "seed \(seed)")
            let isRight = try read() == Self.expectedBytes(before, after: writes)
            #expect(isRight, "seed \(seed)")
        }
    }

    @Test(arguments: Place.all)
    func moreThanOneCallTakesAreWrittenAllTheSame(_ place: Place) throws {
        let pool = BlockPool(budgetBytes: 32 << 20)
        let writes = try (0..<1500).map {
            try Self.write(Int64($0 * 4096), 4096, from: pool, mark: UInt8(truncatingIfNeeded: $0))
        }
        try Self.withFile(in: place, sizeBytes: 0) { file, read in
            #expect(file.write(writes).isEmpty)
            let isRight = try read() == Self.expectedBytes([], after: writes)
            #expect(isRight)
        }
    }

    /// A place before the file is one that no system writes to. The first of these stand in one run with others that
    /// can be written.
    @Test(arguments: Place.all)
    func aWriteThatFailsHarmsNoOther(_ place: Place) throws {
        let pool = BlockPool(budgetBytes: 1 << 20)
        let starts: [Int64] = [4096, -4096, 0, 40_960, -8192, 20_000, -50_000]
        let writes = try starts.enumerated().map { number, start in
            try Self.write(start, 4096, from: pool, mark: UInt8(number + 1))
        }
        try Self.withFile(in: place, sizeBytes: 60_000) { file, read in
            let before = try read()
            let faults = file.write(writes)
            #expect(faults.keys.sorted() == [1, 4, 6])
            #expect(faults.values.allSatisfy { $0.code == .failed })
            let isRight = try read() == Self.expectedBytes(before, after: writes)
            #expect(isRight)
        }
    }
}
