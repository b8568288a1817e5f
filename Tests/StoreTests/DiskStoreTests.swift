import Foundation
import NIOCore
import Testing
import UploadModel
import UploadStore
import UploadStoreTesting

@testable import DiskStore

@Suite struct DiskStoreTests {
    private static func bytes(_ count: Int, _ generator: inout SeededGenerator) -> [UInt8] {
        let words = (0..<count / 8 + 1).map { _ in generator.next() }
        return words.withUnsafeBytes { Array($0.prefix(count)) }
    }

    private static func append(
        _ bytes: some Collection<UInt8>, to writer: any PieceWriter, _ generator: inout SeededGenerator
    ) async throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = Int.random(in: 1...200_000, using: &generator)
            try await writer.append(ByteBuffer(bytes: rest.prefix(count)))
            rest = rest.dropFirst(count)
        }
    }

    private static func read(_ key: ObjectKey, from store: DiskStore) async throws -> [UInt8] {
        let reader = try await store.reader(of: key)
        var found: [UInt8] = []
        while Int64(found.count) < reader.sizeBytes {
            let start = Int64(found.count)
            let buffer = try await reader.read(ByteRange(start: start, length: reader.sizeBytes - start))
            found.append(contentsOf: buffer.readableBytesView)
        }
        return found
    }

    private static let places: [String?] =
        [nil] + (FileManager.default.isWritableFile(atPath: DiskPlace.memoryDisk) ? [DiskPlace.memoryDisk] : [])

    /// Direct writes, the page cache and settled pieces side by side, with borders inside of disk blocks.
    @Test(arguments: places, [1, 2, 3, 4] as [UInt64])
    func neighboursThatAreWrittenAtOnceLeaveEachOtherAlone(_ parent: String?, _ seed: UInt64) async throws {
        try await DiskPlace.with(in: parent) { place in
            let store = try place.open()
            var generator = SeededGenerator(seed: seed)
            let lengths = (0..<12).map { _ in
                Int.random(in: 1...(Bool.random(using: &generator) ? 10_000 : 1_500_000), using: &generator)
            }
            let whole = Self.bytes(lengths.reduce(0, +), &generator)
            let key = ObjectKey.random()
            try await store.prepare(key, sizeBytes: Bool.random(using: &generator) ? Int64(whole.count) : nil)
            let parts = try await withThrowingTaskGroup(of: StoredPart.self) { group in
                var start = 0
                for (index, length) in lengths.enumerated() {
                    let range = start..<start + length
                    start += length
                    var own = SeededGenerator(seed: generator.next())
                    group.addTask {
                        let piece = PiecePlace(number: index + 1, start: Int64(range.lowerBound))
                        let isAside = own.next() % 4 == 0
                        let sizing: PieceSizing =
                            own.next() % 2 == 0 ? .exactly(Int64(length)) : .atMost(Int64(length) + 9)
                        let writer =
                            isAside
                            ? try await store.spool(sizing: sizing)
                            : try await store.writer(of: key, piece: piece, sizing: sizing)
                        try await Self.append(whole[range], to: writer, &own)
                        let receipt = try await writer.finish()
                        let token =
                            isAside
                            ? try await store.settle(
                                receipt.token, in: key, at: piece, lengthBytes: receipt.lengthBytes)
                            : receipt.token
                        return StoredPart(
                            number: index + 1,
                            range: ByteRange(start: Int64(range.lowerBound), length: receipt.lengthBytes),
                            crc32c: receipt.crc32c, token: token)
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }.sorted { $0.number < $1.number }
            }
            let receipt = try await store.publish(key, pieces: parts)
            #expect(receipt.sizeBytes == Int64(whole.count), "seed \(seed)")
            let isSame = try await Self.read(key, from: store) == whole
            #expect(isSame, "seed \(seed)")
            #expect(try await store.inventory().map(\.kind) == [.published], "seed \(seed)")
        }
    }

    @Test func whatStandsBehindTheRecordedBytesIsCutOff() async throws {
        try await DiskPlace.with { place in
            var generator = SeededGenerator(seed: 7)
            let whole = Self.bytes(300_001, &generator)
            let key = ObjectKey.random()
            let before = try place.open()
            try await before.prepare(key, sizeBytes: nil)
            let writer = try await before.writer(
                of: key, piece: PiecePlace(number: 1, start: 0), sizing: .atMost(1 << 20))
            try await Self.append(whole, to: writer, &generator)
            let receipt = try await writer.finish()
            // A second piece was on its way when the power went: some of it is there, and more than it would be.
            let path = DiskLayout(root: place.root).path(.staged, of: key)
            let file = try #require(FileHandle(forUpdatingAtPath: path))
            try file.seek(toOffset: 300_001)
            try file.write(contentsOf: Data(repeating: 0xEE, count: 5_000_000))
            try file.close()
            let after = try place.open()
            let part = StoredPart(
                number: 1, range: ByteRange(start: 0, length: 300_001), crc32c: receipt.crc32c, token: receipt.token)
            #expect(try await after.publish(key, pieces: [part]).sizeBytes == 300_001)
            let isSame = try await Self.read(key, from: after) == whole
            #expect(isSame)
        }
    }

    @Test func aStagedFileThatIsShorterThanItsPartsIsNotPublished() async throws {
        try await DiskPlace.with { place in
            let store = try place.open()
            let key = ObjectKey.random()
            try await store.prepare(key, sizeBytes: nil)
            let part = StoredPart(
                number: 1, range: ByteRange(start: 0, length: 10), crc32c: .empty, token: .inPlace)
            let fault = await #expect(throws: StoreFault.self) { try await store.publish(key, pieces: [part]) }
            #expect(fault?.code == .corrupt)
            #expect(try await store.inventory().map(\.kind) == [.staged])
        }
    }

    @Test(arguments: [0, 1, 200_000, 3 << 20], [0, 32 << 20])
    func anAbandonedSpoolLeavesNoFile(_ taken: Int, _ budget: Int) async throws {
        try await DiskPlace.with { place in
            let store = try place.open { $0.blockBudgetBytes = budget }
            let writer = try await store.spool(sizing: .atMost(4 << 20))
            // It is there, but no leftover to the store that is writing it.
            let other = try place.open()
            #expect(try await other.inventory().map(\.kind) == [.spooled])
            #expect(try await store.inventory() == [])
            try await writer.append(ByteBuffer(repeating: 1, count: taken))
            await writer.abandon()
            #expect(try await other.inventory() == [])
            #expect(store.pool.usage.usedBytes == 0)
        }
    }

    @Test func aPieceThatIsLongerThanItMayBeIsRefusedAndLeavesNothing() async throws {
        try await DiskPlace.with { place in
            let store = try place.open()
            let writer = try await store.spool(sizing: .exactly(100_000))
            try await writer.append(ByteBuffer(repeating: 1, count: 100_000))
            await #expect(throws: StoreFault.self) { try await writer.append(ByteBuffer(repeating: 1, count: 1)) }
            await writer.abandon()
            #expect(try await store.inventory() == [])
            #expect(store.pool.usage.usedBytes == 0)
        }
    }

    @Test func aSpoolWhoseFinishFailsHasEnded() async throws {
        try await DiskPlace.with { place in
            let store = try place.open()
            let writer = try await store.spool(sizing: .atMost(4 << 20))
            try await writer.append(ByteBuffer(repeating: 1, count: 3 << 20))
            try await store.shutDown()
            await #expect(throws: StoreFault.self) { try await writer.finish() }
            // Ending it again changes nothing, and a writer that had not ended would trap now.
            await writer.abandon()
            #expect(store.pool.usage.usedBytes == 0)
        }
    }

    #if os(Linux)
        // The C library's import does not show O_DIRECT; its value is the architecture's.
        #if arch(arm64)
            private static let directFlag: CInt = 0o200000
        #else
            private static let directFlag: CInt = 0o40000
        #endif

        @Test(arguments: [true, false])
        func directWritesAreMadeOnlyIfTheyAreWanted(_ usesDirectIO: Bool) async throws {
            try await DiskPlace.with { place in
                let key = ObjectKey.random()
                let store = try place.open { $0.usesDirectIO = usesDirectIO }
                try await store.prepare(key, sizeBytes: 1 << 20)
                let path = DiskLayout(root: place.root).path(.staged, of: key)
                let offersDirectIO = try StagedFile(path: path, usesDirectIO: true).hasDirect
                let writer = try await store.writer(
                    of: key, piece: PiecePlace(number: 1, start: 0), sizing: .exactly(1 << 20))
                #expect(try Self.isOpenPastThePageCache(path) == (usesDirectIO && offersDirectIO))
                await writer.abandon()
            }
        }

        private static func isOpenPastThePageCache(_ path: String) throws -> Bool {
            let files = FileManager.default
            return try files.contentsOfDirectory(atPath: "/proc/self/fd").contains { name in
                guard let descriptor = CInt(name) else { return false }
                let target = try? files.destinationOfSymbolicLink(atPath: "/proc/self/fd/\(name)")
                return target.map { $0.hasSuffix(path) } == true && fcntl(descriptor, F_GETFL) & directFlag != 0
            }
        }
    #endif
}
