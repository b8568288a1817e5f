import Foundation

/// Images that no tool would write.
enum ImageBytes {
    // MARK: EXIF

    /// A JPEG with an orientation and a place in its EXIF (TIFF 6.0, EXIF 2.3 section 4.6).
    static func photo(_ jpeg: Data, orientation: UInt16) throws -> Data {
        guard jpeg.starts(with: [0xFF, 0xD8]) else { throw Trouble("not a JPEG") }
        func entry(_ tag: UInt16, _ kind: UInt16, _ count: UInt32, _ value: Data) -> Data {
            let head: Data = big(tag) + big(kind) + big(count)
            return head + value.prefix(4) + Data(count: max(0, 4 - value.count))
        }
        // Two directories, then the three fractions of the latitude: degrees, minutes, seconds.
        let placeOffset: UInt32 = 8 + 2 + 2 * 12 + 4
        let latitudeOffset = placeOffset + 2 + 2 * 12 + 4
        var tiff = Data("MM".utf8) + big(UInt16(42)) + big(UInt32(8))
        for directory in [
            [entry(0x0112, 3, 1, big(orientation)), entry(0x8825, 4, 1, big(placeOffset))],
            [entry(0x0001, 2, 2, Data("N".utf8)), entry(0x0002, 5, 3, big(latitudeOffset))],
        ] {
            tiff += big(UInt16(directory.count))
            for entry in directory { tiff += entry }
            tiff += big(UInt32(0))
        }
        for part: UInt32 in [52, 31, 12] { tiff += big(part) + big(UInt32(1)) }
        let payload = Data("Exif\0\0".utf8) + tiff
        let marker: Data = Data([0xFF, 0xE1]) + big(UInt16(payload.count + 2))
        return jpeg.prefix(2) + marker + payload + jpeg.dropFirst(2)
    }

    // MARK: PNG

    /// A black PNG with one bit for each pixel. Its pixels need a thousandth of their room, so that a few hundred
    /// kilobytes become half a gigabyte.
    static func blackPNG(edge: Int) -> Data {
        let row = 1 + (edge + 7) / 8
        let header: Data = big(UInt32(edge)) + big(UInt32(edge)) + Data([1, 0, 0, 0, 0])
        var png = Data([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A])
        png += chunk("IHDR", header)
        png += chunk("IDAT", zeros(row * edge))
        return png + chunk("IEND", Data())
    }

    private static func chunk(_ type: String, _ content: Data) -> Data {
        let named = Data(type.utf8) + content
        return big(UInt32(content.count)) + named + big(crc32(named))
    }

    /// So many zeros as a zlib stream (RFC 1950) of one block with codes of its own (RFC 1951 section 3.2.7): one bit
    /// for "258 bytes again", one for "the last byte".
    private static func zeros(_ count: Int) -> Data {
        var bits = BitWriter()
        bits.write(1, 1)  // the last block
        bits.write(2, 2)  // with codes of its own
        bits.write(286 - 257, 5)  // lengths for literals up to 285
        bits.write(0, 5)  // and for one distance
        bits.write(18 - 4, 4)  // and for so many length codes
        // In the order 16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1.
        let lengths: [Int] = [0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 2]
        for length in lengths { bits.write(length, 3) }
        func skip(_ places: Int) {
            bits.write(0, 1)
            bits.write(places - 11, 7)
        }
        let (lengthOne, lengthTwo) = (0b01, 0b11)  // from their end, as codes are written
        bits.write(lengthTwo, 2)  // literal 0
        skip(138)
        skip(117)
        bits.write(lengthTwo, 2)  // 256, the end
        skip(28)
        bits.write(lengthOne, 2)  // 285, a length of 258
        bits.write(lengthOne, 2)  // distance 1
        let (zero, end) = (0b01, 0b11)
        bits.write(zero, 2)
        let (matches, rest) = (count - 1).quotientAndRemainder(dividingBy: 258)
        bits.writeZeros(2 * matches)
        for _ in 0..<rest { bits.write(zero, 2) }
        bits.write(end, 2)
        // Adler-32 of zeros: the first sum stays 1, the second counts them.
        let checksum = UInt32(count % 65_521) << 16 | 1
        return Data([0x78, 0xDA]) + bits.bytes + big(checksum)
    }

    /// CRC-32 as PNG has it (PNG 1.2 appendix D), bit by bit.
    private static func crc32(_ bytes: Data) -> UInt32 {
        let table: [UInt32] = (0..<256).map { byte in
            (0..<8).reduce(UInt32(byte)) { crc, _ in crc & 1 == 1 ? (crc >> 1) ^ 0xEDB8_8320 : crc >> 1 }
        }
        return ~bytes.reduce(~UInt32(0)) { crc, byte in table[Int((crc ^ UInt32(byte)) & 0xFF)] ^ (crc >> 8) }
    }

    private static func big(_ number: some FixedWidthInteger) -> Data {
        withUnsafeBytes(of: number.bigEndian) { Data($0) }
    }
}

/// Bits as deflate packs them, the lowest first (RFC 1951 section 3.1.1).
private struct BitWriter {
    private var filled = Data()
    private var last: UInt8 = 0
    private var count = 0

    mutating func write(_ value: Int, _ width: Int) {
        for place in 0..<width {
            last |= UInt8(value >> place & 1) << UInt8(count)
            count += 1
            if count == 8 {
                filled.append(last)
                (last, count) = (0, 0)
            }
        }
    }

    mutating func writeZeros(_ width: Int) {
        var left = width
        while left > 0, count != 0 {
            write(0, 1)
            left -= 1
        }
        filled.append(Data(count: left / 8))
        write(0, left % 8)
    }

    var bytes: Data { count == 0 ? filled : filled + [last] }
}
