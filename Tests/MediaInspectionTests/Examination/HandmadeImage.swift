@testable import MediaInspection

/// Images that no tool makes willingly.
enum HandmadeImage {
    /// A valid PNG of one bit a pixel, all black: `edge` x `edge` pixels in about `edge`² / 8256 bytes. `edge` is a
    /// multiple of 8. Interlaced it must be decoded as a whole, which takes `edge`² bytes of memory at least.
    static func blackPNG(edge: Int, interlaced: Bool = false) -> [UInt8] {
        var head = bigEndian(UInt32(edge)) + bigEndian(UInt32(edge))
        // Bit depth 1, grey, the only methods of compression and filter, and seven passes or one.
        head += [1, 0, 0, 0, interlaced ? 1 : 0]
        let passes =
            interlaced ? [(8, 8), (8, 8), (4, 8), (4, 4), (2, 4), (2, 2), (1, 2)] : [(1, 1)]
        let count = passes.map { across, down in ((edge / across + 7) / 8 + 1) * (edge / down) }.reduce(0, +)
        return [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A] + chunk("IHDR", head)
            + chunk("IDAT", zlibZeros(count: count)) + chunk("IEND", [])
    }

    /// A JPEG with EXIF (an orientation, a maker, a place), XMP and a comment put behind its first marker.
    static func jpeg(_ plain: [UInt8], orientation: UInt8, secret: String) -> [UInt8] {
        let tiff: [UInt8] =
            [0x49, 0x49, 42, 0, 8, 0, 0, 0]
            + [3, 0]
            + entry(0x010F, type: 2, count: UInt32(secret.utf8.count + 1), value: 100)
            + entry(0x0112, type: 3, count: 1, value: UInt32(orientation))
            + entry(0x8825, type: 4, count: 1, value: 50)
            + [0, 0, 0, 0]
            // Two fields of place: the hemisphere, and three fractions.
            + [2, 0] + entry(1, type: 2, count: 2, value: 0x4E) + entry(2, type: 5, count: 3, value: 80)
        let exif = pad(pad(tiff, to: 80) + (0..<5).map { UInt8($0) + 1 }, to: 100) + Array(secret.utf8) + [0]
        let xmp = Array("http://ns.adobe.com/xap/1.0/\0<x:xmpmeta xmlns:x='adobe:ns:meta/'>\(secret)</x:xmpmeta>".utf8)
        return Array(plain.prefix(2)) + segment(0xE1, Array("Exif\0\0".utf8) + exif) + segment(0xE1, xmp)
            + segment(0xFE, Array(secret.utf8)) + Array(plain.dropFirst(2))
    }

    private static func pad(_ bytes: [UInt8], to count: Int) -> [UInt8] {
        bytes + [UInt8](repeating: 0, count: max(0, count - bytes.count))
    }

    private static func segment(_ marker: UInt8, _ body: [UInt8]) -> [UInt8] {
        [0xFF, marker, UInt8((body.count + 2) >> 8), UInt8(truncatingIfNeeded: body.count + 2)] + body
    }

    /// A field of a TIFF directory, little endian.
    private static func entry(_ tag: UInt16, type: UInt16, count: UInt32, value: UInt32) -> [UInt8] {
        [UInt8(truncatingIfNeeded: tag), UInt8(tag >> 8), UInt8(type), 0] + bigEndian(count).reversed()
            + bigEndian(value).reversed()
    }

    private static func bigEndian(_ value: UInt32) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
    }

    private static func chunk(_ name: String, _ body: [UInt8]) -> [UInt8] {
        let content = Array(name.utf8) + body
        return bigEndian(UInt32(body.count)) + content + bigEndian(crc32(content))
    }

    private static func crc32(_ bytes: [UInt8]) -> UInt32 {
        var sum = ~UInt32(0)
        for byte in bytes {
            sum ^= UInt32(byte)
            for _ in 0..<8 { sum = sum & 1 == 1 ? sum >> 1 ^ 0xEDB8_8320 : sum >> 1 }
        }
        return ~sum
    }

    /// Zeros as one block of deflate with codes made for them (RFC 1951 section 3.2.7): 258 bytes take two bits.
    private static func zlibZeros(count: Int) -> [UInt8] {
        var bits = BitWriter()
        // The last block, codes of its own; 286 lengths and 1 distance; 18 lengths of the code of code lengths.
        bits.number(1, bits: 1)
        bits.number(2, bits: 2)
        bits.number(29, bits: 5)
        bits.number(0, bits: 5)
        bits.number(14, bits: 4)
        // In the order of the format: 18 ("many zeros") has one bit, 2 and 1 have two.
        for length in [0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 2] { bits.number(length, bits: 3) }
        let (zeros, one, two) = ([0], [1, 0], [1, 1])
        // Byte 0 has a code of two bits, the end (256) one of two, the length 258 (285) one of one.
        bits.code(two)
        for run in [138, 117] {
            bits.code(zeros)
            bits.number(run - 11, bits: 7)
        }
        bits.code(two)
        bits.code(zeros)
        bits.number(28 - 11, bits: 7)
        bits.code(one)
        // The one distance, which is 1.
        bits.code(one)
        bits.code([1, 0])
        for _ in 0..<(count - 1) / 258 { bits.number(0, bits: 2) }
        for _ in 0..<(count - 1) % 258 { bits.code([1, 0]) }
        bits.code([1, 1])
        // Adler-32 of zeros: one sum stays 1, the other counts.
        return [0x78, 0xDA] + bits.finished() + bigEndian(UInt32(count % 65_521) << 16 | 1)
    }
}

/// Bits as deflate packs them: from the lowest bit of a byte on; numbers low bit first, codes as written.
private struct BitWriter {
    private var bytes: [UInt8] = []
    private var current: UInt8 = 0
    private var filled = 0

    mutating func number(_ value: Int, bits: Int) {
        for bit in 0..<bits { append(value >> bit & 1) }
    }

    mutating func code(_ bits: [Int]) {
        for bit in bits { append(bit) }
    }

    private mutating func append(_ bit: Int) {
        current |= UInt8(bit) << UInt8(filled)
        filled += 1
        if filled == 8 {
            bytes.append(current)
            (current, filled) = (0, 0)
        }
    }

    consuming func finished() -> [UInt8] { filled == 0 ? bytes : bytes + [current] }
}
