import Foundation
import NIOCore
import Testing
import UploadModel
import UploadStore

@testable import DiskStore
@testable import UploadStoreTesting

/// Bytes that are put into the memory of the store itself, as they come from a socket.
@Suite struct DiskStoreFillingTests {
    struct Setting: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var folder: String?
        var blockBudgetBytes = 32 << 20
        var usesDirectIO = true

        static let all: [Setting] =
            [
                Setting(testDescription: "on disk"),
                Setting(testDescription: "on disk, through the page cache", usesDirectIO: false),
                Setting(testDescription: "on disk, with few blocks", blockBudgetBytes: 1 << 20),
                Setting(testDescription: "on disk, without a block", blockBudgetBytes: 0),
            ]
            + [DiskPlace.memoryDisk].filter { FileManager.default.isWritableFile(atPath: $0) }.map {
                Setting(testDescription: "on a disk in memory", folder: $0)
            }

        func with(_ body: (DiskStore) async throws -> Void) async throws {
            try await DiskPlace.with(in: folder) { place in
                let store = try place.open { options in
                    options.blockBudgetBytes = blockBudgetBytes
                    options.usesDirectIO = usesDirectIO
                }
                try await body(store)
                // What runs on its threads lets go of its blocks first.
                try await store.shutDown()
                #expect(store.pool.usage.usedBytes == 0)
            }
        }
    }

    /// The unfinished piece of a store, and what is still to come of it.
    private struct Feeder {
        let writer: any FillablePieceWriter
        /// The most bytes that the piece may have.
        let maximumBytes: Int
        var rest: ArraySlice<UInt8>
        var doneBytes = 0
        var filledBytes = 0

        init(_ writer: any PieceWriter, _ bytes: ArraySlice<UInt8>, maximumBytes: Int) throws {
            self.writer = try #require(writer as? any FillablePieceWriter)
            self.maximumBytes = maximumBytes
            rest = bytes
        }

        /// Puts some bytes into the store's memory; answers whether there was any.
        mutating func fill(_ generator: inout SeededGenerator) async throws -> Bool {
            guard let vacancy = try await writer.vacancy(expecting: nil) else { return false }
            let again = try #require(try await writer.vacancy(expecting: nil))
            #expect(again.address == vacancy.address && again.byteCount == vacancy.byteCount)
            #expect(vacancy.byteCount <= maximumBytes - doneBytes)
            var count = min(vacancy.byteCount, rest.count)
            if Bool.random(using: &generator) { count = Int.random(in: 0...count, using: &generator) }
            rest.prefix(count).withUnsafeBytes { source in
                if let base = source.baseAddress { vacancy.address.copyMemory(from: base, byteCount: count) }
            }
            try await writer.filled(count)
            advance(count)
            filledBytes += count
            return true
        }

        mutating func append(_ generator: inout SeededGenerator) async throws {
            let most = min(rest.count, Bool.random(using: &generator) ? 5000 : 300_000)
            let count = Int.random(in: 1...most, using: &generator)
            try await writer.append(ByteBuffer(bytes: rest.prefix(count)))
            advance(count)
        }

        private mutating func advance(_ count: Int) {
            rest = rest.dropFirst(count)
            doneBytes += count
        }

        /// - Parameter appendsOneIn: how often bytes are appended although there is memory to fill; 0 for never.
        mutating func feed(upTo left: Int = 0, appendsOneIn: Int, _ generator: inout SeededGenerator) async throws {
            while rest.count > left {
                let appends = appendsOneIn > 0 && Int.random(in: 0..<appendsOneIn, using: &generator) == 0
                let isFilled = appends ? false : try await fill(&generator)
                if !isFilled { try await append(&generator) }
            }
        }
    }

    /// Shorter and longer than the smallest, the first and the largest block, whole blocks of the disk and others.
    private static func length(_ generator: inout SeededGenerator) -> Int {
        switch Int.random(in: 0..<6, using: &generator) {
        case 0: Int.random(in: 1...16 << 10, using: &generator)
        case 1: 4096 * Int.random(in: 1...8, using: &generator)
        case 2: Int.random(in: 1...200_000, using: &generator)
        case 3: 1 << Int.random(in: 12...21, using: &generator)
        case 4: Int.random(in: -1...1, using: &generator) + 1 << 20
        default: Int.random(in: 1...3 << 20, using: &generator)
        }
    }

    @Test(arguments: Setting.all, 1...6 as ClosedRange<UInt64>)
    func whatIsPutInIsInTheFile(_ setting: Setting, _ seed: UInt64) async throws {
        try await setting.with { store in
            var generator = SeededGenerator(seed: seed)
            let ranges = cut((0..<12).map { _ in Self.length(&generator) })
            let whole = pattern(ranges.last?.upperBound ?? 0, seed: seed)
            let key = ObjectKey.random()
            try await store.prepare(key, sizeBytes: seed % 3 == 0 ? nil : Int64(whole.count))
            let appendsOneIn = [0, 2, 3, 4][Int.random(in: 0..<4, using: &generator)]
            let seeds = ranges.map { _ in generator.next() }
            let parts = try await concurrently(ranges.count) { index in
                var own = SeededGenerator(seed: seeds[index])
                return try await Self.part(
                    index + 1, whole[ranges[index]], of: key, in: store, appendsOneIn: appendsOneIn, &own)
            }
            let hasBlocks = setting.blockBudgetBytes > 0
            #expect(parts.contains { $0.filledBytes > 0 } == hasBlocks, "seed \(seed)")
            try await store.publish(key, pieces: parts.map(\.stored), expecting: whole)
            #expect(try await store.inventory().map(\.kind) == [.published], "seed \(seed)")
        }
    }

    private static func part(
        _ number: Int, _ bytes: ArraySlice<UInt8>, of key: ObjectKey, in store: DiskStore, appendsOneIn: Int,
        _ generator: inout SeededGenerator
    ) async throws -> (stored: StoredPart, filledBytes: Int) {
        let place = PiecePlace(number: number, start: Int64(bytes.startIndex))
        let isAside = Int.random(in: 0..<4, using: &generator) == 0
        let isExact = Bool.random(using: &generator)
        let maximumBytes = isExact ? bytes.count : bytes.count + Int.random(in: 0...9000, using: &generator)
        let sizing: PieceSizing = isExact ? .exactly(Int64(maximumBytes)) : .atMost(Int64(maximumBytes))
        let writer =
            isAside
            ? try await store.spool(sizing: sizing)
            : try await store.writer(of: key, piece: place, sizing: sizing)
        var feeder = try Feeder(writer, bytes, maximumBytes: maximumBytes)
        try await feeder.feed(appendsOneIn: appendsOneIn, &generator)
        // What may not grow any more has no room.
        if maximumBytes == bytes.count {
            let vacancy = try await feeder.writer.vacancy(expecting: nil)
            #expect(vacancy == nil)
        }
        let receipt = try await writer.finish()
        #expect(receipt.lengthBytes == Int64(bytes.count))
        #expect(receipt.crc32c == plainCRC32C(bytes))
        var token = receipt.token
        if isAside {
            token = try await store.settle(token, in: key, at: place, lengthBytes: receipt.lengthBytes)
        }
        let range = ByteRange(start: place.start, length: receipt.lengthBytes)
        let stored = StoredPart(number: number, range: range, crc32c: receipt.crc32c, token: token)
        return (stored, feeder.filledBytes)
    }

    @Test(arguments: Setting.all, [1, 10_000, 2_500_001])
    func digestsAreThoseOfWhatWasPutIn(_ setting: Setting, _ count: Int) async throws {
        try await setting.with { store in
            var generator = SeededGenerator(seed: UInt64(count))
            let bytes = pattern(count, seed: 1)
            let key = ObjectKey.random()
            try await store.prepare(key, sizeBytes: Int64(count))
            let writer = try await store.writer(
                of: key, piece: PiecePlace(number: 1, start: 0), sizing: .exactly(Int64(count)))
            let algorithms = Set(DigestAlgorithm.allCases)
            writer.compute(algorithms)
            var feeder = try Feeder(writer, bytes[...], maximumBytes: count)
            try await feeder.feed(appendsOneIn: 3, &generator)
            let receipt = try await writer.finish()
            let part = StoredPart(
                number: 1, range: ByteRange(start: 0, length: Int64(count)), crc32c: receipt.crc32c,
                token: receipt.token)
            try await store.publish(key, pieces: [part], expecting: bytes)
            // Those that reading the file gives.
            let read = try await store.reader(of: key).digests(algorithms)
            for algorithm in algorithms where algorithm != .crc32c {
                #expect(receipt.digests[algorithm] == read[algorithm])
            }
        }
    }

    @Test(arguments: Setting.all, [0, 1, 70_000, 1 << 20, 2_000_000])
    func whatIsAbandonedInTheMiddleHarmsNothingBesideIt(_ setting: Setting, _ taken: Int) async throws {
        try await setting.with { store in
            var generator = SeededGenerator(seed: UInt64(taken))
            let ranges = cut([100_001, 3 << 20, 100_000])
            let whole = pattern(ranges[2].upperBound, seed: 2)
            let key = ObjectKey.random()
            try await store.prepare(key, sizeBytes: Int64(whole.count))
            let first = try await store.write(whole[ranges[0]], to: key, number: 1, start: 0)
            let last = try await store.write(whole[ranges[2]], to: key, number: 3, start: ranges[2].lowerBound)
            let place = PiecePlace(number: 2, start: Int64(ranges[1].lowerBound))
            let wrong = pattern(3 << 20, seed: 3)
            for writer in [
                try await store.writer(of: key, piece: place, sizing: .exactly(3 << 20)),
                try await store.spool(sizing: .atMost(3 << 20)),
            ] {
                var feeder = try Feeder(writer, wrong[...], maximumBytes: 3 << 20)
                try await feeder.feed(upTo: wrong.count - taken, appendsOneIn: 5, &generator)
                // Also while memory is on loan that nothing was put into.
                let vacancy = try await feeder.writer.vacancy(expecting: nil)
                #expect(vacancy != nil || setting.blockBudgetBytes == 0)
                await writer.abandon()
            }
            #expect(try await store.inventory().map(\.kind) == [.staged])
            let middle = try await store.write(
                whole[ranges[1]], to: key, number: 2, start: ranges[1].lowerBound)
            try await store.publish(key, pieces: [first, middle, last], expecting: whole)
        }
    }

    /// Whoever is slow holds its memory long, so one that finds none left appends, and fills again when there is some.
    @Test func whereNoBlockIsLeftBytesAreAppended() async throws {
        try await Setting(testDescription: "", blockBudgetBytes: 1 << 20).with { store in
            let bytes = pattern(2_000_000, seed: 4)
            let key = ObjectKey.random()
            try await store.prepare(key, sizeBytes: 2_000_000)
            let writer = try await store.writer(
                of: key, piece: PiecePlace(number: 1, start: 0), sizing: .exactly(2_000_000))
            var feeder = try Feeder(writer, bytes[...], maximumBytes: 2_000_000)
            var generator = SeededGenerator(seed: 4)
            var others: [Block] = []
            while let block = store.pool.take(expectedBytes: .max) { others.append(block) }
            for _ in 0..<3 {
                let isFilled = try await feeder.fill(&generator)
                #expect(!isFilled)
                try await feeder.append(&generator)
            }
            others = []
            let isFilled = try await feeder.fill(&generator)
            #expect(isFilled)
            try await feeder.feed(appendsOneIn: 0, &generator)
            let receipt = try await writer.finish()
            let part = StoredPart(
                number: 1, range: ByteRange(start: 0, length: 2_000_000), crc32c: receipt.crc32c, token: receipt.token)
            try await store.publish(key, pieces: [part], expecting: bytes)
        }
    }
}
