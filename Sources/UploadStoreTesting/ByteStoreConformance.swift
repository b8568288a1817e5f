import NIOCore
import UploadModel
package import UploadStore

/// What every byte store must do. A fresh instance over the same place is the store after a crash.
package struct ByteStoreConformance {
    /// Opens the store of one place.
    package typealias Open = @Sendable () async throws -> any ByteStore
    package typealias Check = ConformanceCheck<Open>

    package static let checks: [Check] = writing + publishing + keeping

    /// Around the borders of disk blocks and of the stores' own blocks, in bytes.
    static let sizes = [0, 1, 4095, 4096, 4097, 1 << 20 - 1, 1 << 20, 1 << 20 + 1, 3 << 20 + 123]
}

/// Bytes that tell their place: the same seed gives the same bytes.
func pattern(_ count: Int, seed: UInt64) -> [UInt8] {
    var generator = SeededGenerator(seed: seed)
    return [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
        let bytes = UnsafeMutableRawBufferPointer(buffer)
        var offset = 0
        while offset + 8 <= count {
            bytes.storeBytes(of: generator.next(), toByteOffset: offset, as: UInt64.self)
            offset += 8
        }
        while offset < count {
            buffer[offset] = UInt8(truncatingIfNeeded: generator.next())
            offset += 1
        }
        filled = count
    }
}

/// CRC-32C the slow and plain way, a byte at a time, so that it owes nothing to the code under test.
func plainCRC32C(_ bytes: some Collection<UInt8>) -> CRC32C {
    // Plain loops over plain memory: this runs over many megabytes in builds that are not optimized.
    let value = Array(bytes).withUnsafeBufferPointer { bytes in
        crcTable.withUnsafeBufferPointer { table in
            var crc = ~UInt32(0)
            var index = 0
            while index < bytes.count {
                crc = table[Int((crc ^ UInt32(bytes[index])) & 0xFF)] ^ (crc >> 8)
                index &+= 1
            }
            return crc
        }
    }
    return CRC32C(~value)
}

private let crcTable: [UInt32] = (0..<256).map { (byte: UInt32) in
    (0..<8).reduce(byte) { crc, _ in crc & 1 == 1 ? (crc >> 1) ^ 0x82F6_3B78 : crc >> 1 }
}

/// Cuts a file into pieces that follow one another.
func cut(_ lengths: [Int]) -> [Range<Int>] {
    var start = 0
    return lengths.map { length in
        defer { start += length }
        return start..<start + length
    }
}

extension ByteStore {
    /// Feeds bytes to a writer in buffers of odd sizes, and finishes it.
    func fill(
        _ writer: any PieceWriter, with bytes: some Collection<UInt8>, computing digests: Set<DigestAlgorithm> = []
    ) async throws -> PieceReceipt {
        writer.compute(digests)
        let bufferBytes = [1, 4096, 65_536, 13, 100_000, 300_001]
        var rest = bytes[...]
        var number = 0
        while !rest.isEmpty {
            let chunk = rest.prefix(bufferBytes[number % bufferBytes.count])
            // Whoever reads from a socket has bytes before and after those of the body.
            var buffer = ByteBuffer(bytes: [0xEE, 0xEE, 0xEE])
            buffer.writeBytes(chunk)
            buffer.moveReaderIndex(forwardBy: 3)
            try await writer.append(buffer)
            rest = rest.dropFirst(chunk.count)
            number += 1
        }
        return try await writer.finish()
    }

    /// Writes a piece at its place and checks its receipt.
    func write(
        _ bytes: some Collection<UInt8>, to key: ObjectKey, number: Int, start: Int, isSizeKnown: Bool = true
    ) async throws -> StoredPart {
        let sizing = isSizeKnown ? PieceSizing.exactly(Int64(bytes.count)) : .atMost(Int64(bytes.count) + 5000)
        let writer = try await self.writer(
            of: key, piece: PiecePlace(number: number, start: Int64(start)), sizing: sizing)
        return try Self.part(await fill(writer, with: bytes), of: bytes, number: number, start: start)
    }

    /// Keeps a piece aside and checks its receipt.
    func putAside(
        _ bytes: some Collection<UInt8>, number: Int, start: Int, isSizeKnown: Bool = true
    ) async throws -> StoredPart {
        let sizing = isSizeKnown ? PieceSizing.exactly(Int64(bytes.count)) : .atMost(Int64(bytes.count) + 5000)
        let part = try Self.part(
            await fill(try await spool(sizing: sizing), with: bytes), of: bytes, number: number, start: start)
        try require(part.token != .inPlace, "a piece that is kept aside has a token that says where")
        return part
    }

    private static func part(
        _ receipt: PieceReceipt, of bytes: some Collection<UInt8>, number: Int, start: Int
    ) throws -> StoredPart {
        try requireEqual(receipt.lengthBytes, Int64(bytes.count), "the length of piece \(number)")
        try requireEqual(receipt.crc32c, plainCRC32C(bytes), "the checksum of piece \(number)")
        return StoredPart(
            number: number, range: ByteRange(start: Int64(start), length: receipt.lengthBytes),
            crc32c: receipt.crc32c, token: receipt.token)
    }

    /// Publishes pieces and checks that the object is what they make.
    func publish(_ key: ObjectKey, pieces: [StoredPart], expecting bytes: [UInt8]) async throws {
        let receipt = try await publish(key, pieces: pieces)
        try requireEqual(
            receipt, ObjectReceipt(sizeBytes: Int64(bytes.count), crc32c: plainCRC32C(bytes)), "the object's receipt")
        try await requireContent(of: key, bytes)
    }

    func requireContent(
        of key: ObjectKey, _ expected: [UInt8], file: StaticString = #fileID, line: UInt = #line
    ) async throws {
        let reader = try await reader(of: key)
        try requireEqual(reader.sizeBytes, Int64(expected.count), "the size of the object", file: file, line: line)
        let found = try await read(reader, 0..<expected.count)
        if found != expected {
            let place = zip(found, expected).enumerated().first { $0.element.0 != $0.element.1 }?.offset
            throw ConformanceFailure("the object differs from byte \(place ?? found.count) on (\(file):\(line))")
        }
    }

    /// A reader may answer with fewer bytes than were asked for, never with none.
    func read(_ reader: any ObjectReader, _ range: Range<Int>) async throws -> [UInt8] {
        var found: [UInt8] = []
        while found.count < range.count {
            let left = range.count - found.count
            let buffer = try await reader.read(
                ByteRange(start: Int64(range.lowerBound + found.count), length: Int64(left)))
            try require((1...left).contains(buffer.readableBytes), "a read answers one to \(left) bytes")
            buffer.withUnsafeReadableBytes { found.append(contentsOf: $0) }
        }
        return found
    }

    func inventory(of key: ObjectKey) async throws -> InventoryEntry? {
        let entries = try await inventory().filter { $0.key == key }
        try require(entries.count <= 1, "an object stands in the inventory once")
        return entries.first
    }

    func isSpooled(_ token: PieceToken) async throws -> Bool {
        try await inventory().contains { $0.kind == .spooled && $0.key.text == token.text }
    }
}

func requireMissing(
    _ what: String, file: StaticString = #fileID, line: UInt = #line, _ body: () async throws -> Void
) async throws {
    do {
        try await body()
    } catch let fault as StoreFault where fault.code == .missing {
        return
    }
    throw ConformanceFailure("\(what) should be missing (\(file):\(line))")
}
