import Foundation

/// The bytes of one file, made again whenever they are needed. Every 512 bytes are different from all others, in this
/// file and in every other, so that no piece can stand in another one's place unseen.
struct TortureContent: Sendable {
    enum Kind: Sendable {
        case png, mp4

        var type: String { self == .png ? "image/png" : "video/mp4" }
        /// The collection that its items are in.
        var collection: String { self == .png ? "images" : "videos" }
    }

    let kind: Kind
    let seed: UInt64
    let sizeBytes: Int
    /// Of every part but the last.
    let partBytes: Int

    var partCount: Int { (sizeBytes + partBytes - 1) / partBytes }

    /// A random file.
    ///
    /// - Parameter inParts: whether it is cut; otherwise it is one part.
    init(_ random: inout SeededRandom, inParts: Bool) {
        kind = Bool.random(using: &random) ? .png : .mp4
        seed = random.next()
        // Small ones are gathered, larger ones go to the block from the socket, whole blocks past the page cache.
        let partSizes = [777, 3000, 4096, 12_288, 16_384, 20_000, 65_535, 65_536, 100_003, 131_072, 262_144, 1 << 20]
        let part = partSizes.randomElement(using: &random) ?? 4096
        let count = part < 200_000 ? Int.random(in: 1...7, using: &random) : Int.random(in: 1...3, using: &random)
        let size = max(200, (count - 1) * part + Int.random(in: 1...part, using: &random))
        sizeBytes = size
        partBytes = inParts ? part : size
    }

    func range(of number: Int) -> Range<Int> { ((number - 1) * partBytes)..<min(number * partBytes, sizeBytes) }

    /// The bytes of a part, counted from 1, in one of several versions.
    func part(_ number: Int, _ version: Int) -> Data { bytes(range(of: number), version) }

    func bytes(_ range: Range<Int>, _ version: Int) -> Data {
        let mark = (seed &+ UInt64(version) &* 0x9E37_79B9_7F4A_7C15).littleEndian
        let markBytes = withUnsafeBytes(of: mark) { Array($0) }
        var data = Data(count: range.count)
        data.withUnsafeMutableBytes { target in
            Self.noise.withUnsafeBytes { noise in
                for block in (range.lowerBound / 512)..<((range.upperBound + 511) / 512) {
                    let start = max(block * 512, range.lowerBound)
                    let end = min(block * 512 + 512, range.upperBound)
                    let source = noise[(start % noise.count)..<(start % noise.count + end - start)]
                    target[(start - range.lowerBound)..<(end - range.lowerBound)].copyBytes(from: source)
                    // Which block it is, and of what; a range may begin or end inside.
                    let stamp = withUnsafeBytes(of: UInt32(block).littleEndian) { Array($0) } + markBytes
                    for (offset, byte) in stamp.enumerated() where range.contains(block * 512 + offset) {
                        target[block * 512 + offset - range.lowerBound] = byte
                    }
                }
            }
            for (offset, byte) in head.enumerated() where range.contains(offset) {
                target[offset - range.lowerBound] = byte
            }
        }
        return data
    }

    /// What tells the type, and leaves all that follows to be anything.
    private var head: [UInt8] {
        switch kind {
        case .png:
            return [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0, 0, 0, 13] + Array("IHDR".utf8)
                + [0, 0, 0, 16, 0, 0, 0, 16, 8, 2, 0, 0, 0]
        case .mp4:
            let rest = withUnsafeBytes(of: UInt32(sizeBytes - 24).bigEndian) { Array($0) }
            return [0, 0, 0, 24] + Array("ftypisom".utf8) + [0, 0, 2, 0] + Array("isommp41".utf8) + rest
                + Array("free".utf8)
        }
    }

    private static let noise: Data = {
        var random = SeededRandom(seed: 7)
        var data = Data(capacity: 64 << 10)
        for _ in 0..<(8 << 10) { withUnsafeBytes(of: random.next()) { data.append(contentsOf: $0) } }
        return data
    }()
}

extension Checksums {
    /// As ``crc32c(_:)``, for many bytes: by eight tables instead of one.
    static func fastCRC32C(_ bytes: Data) -> UInt32 {
        var crc = ~UInt32(0)
        bytes.withUnsafeBytes { raw in
            tables.withUnsafeBufferPointer { tables in
                var position = 0
                while position + 8 <= raw.count {
                    let word = raw.loadUnaligned(fromByteOffset: position, as: UInt64.self).littleEndian
                    let mixed = word ^ UInt64(crc)
                    crc = 0
                    var shift: UInt64 = 0
                    var table = 7 * 256
                    while shift < 64 {
                        crc ^= tables[table + Int((mixed >> shift) & 0xFF)]
                        shift += 8
                        table -= 256
                    }
                    position += 8
                }
                while position < raw.count {
                    crc = tables[Int((crc ^ UInt32(raw[position])) & 0xFF)] ^ (crc >> 8)
                    position += 1
                }
            }
        }
        return ~crc
    }

    private static let tables: [UInt32] = {
        var tables: [UInt32] = (0..<256).map { (byte: UInt32) -> UInt32 in
            (0..<8).reduce(byte) { crc, _ in crc & 1 == 1 ? (crc >> 1) ^ 0x82F6_3B78 : crc >> 1 }
        }
        for index in 256..<2048 {
            let before: UInt32 = tables[index - 256]
            tables.append(tables[Int(before & 0xFF)] ^ (before >> 8))
        }
        return tables
    }()
}
