import Testing

@testable import UploadModel

@Suite struct DigestTests {
    @Test(arguments: DigestAlgorithm.allCases)
    func `hexadecimal there and back`(algorithm: DigestAlgorithm) throws {
        var random = SeededGenerator(seed: 0xD16E)
        for round in 0..<50 {
            let bytes = (0..<algorithm.byteCount).map { _ in UInt8.random(in: 0...255, using: &random) }
            let digest = try #require(Digest(algorithm, bytes: bytes))
            #expect(digest.hex.count == algorithm.byteCount * 2)
            #expect(digest.hex == digest.hex.lowercased(), "round \(round)")
            #expect(Digest(algorithm, hex: digest.hex) == digest, "round \(round)")
            #expect(Digest(algorithm, hex: digest.hex.uppercased()) == digest, "round \(round)")
        }
    }

    @Test func `every byte has its two digits`() throws {
        for byte in UInt8.min...UInt8.max {
            let digest = try #require(Digest(.crc32c, bytes: [0, byte, 0xFF, 1]))
            let pair = String(Int(byte) + 256, radix: 16).dropFirst()
            #expect(digest.hex == "00\(pair)ff01")
        }
    }

    @Test(arguments: DigestAlgorithm.allCases)
    func `another length is no digest`(algorithm: DigestAlgorithm) {
        for count in [0, 1, algorithm.byteCount - 1, algorithm.byteCount + 1, algorithm.byteCount * 2] {
            let bytes = [UInt8](repeating: 7, count: count)
            #expect(Digest(algorithm, bytes: bytes) == nil, "\(count) bytes")
            #expect(Digest(algorithm, hex: String(repeating: "07", count: count)) == nil, "\(count) pairs")
        }
        #expect(Digest(algorithm, hex: String(repeating: "0", count: algorithm.byteCount * 2 - 1)) == nil)
    }

    @Test func `only hexadecimal digits are`() {
        let digits = Set("0123456789abcdefABCDEF".utf8)
        for value in UInt8.min...0x7F {
            for text in ["0000000\(Character(UnicodeScalar(value)))", "\(Character(UnicodeScalar(value)))0000000"] {
                #expect((Digest(.crc32c, hex: text) != nil) == digits.contains(value), "\(text.debugDescription)")
            }
        }
        #expect(Digest(.crc32c, hex: "000000\u{E9}") == nil)
        #expect(Digest(.crc32c, hex: "0x000000") == nil)
        #expect(Digest(.crc32c, hex: "+1-1+1-1") == nil)
    }

    @Test func `the value of another algorithm is another digest`() throws {
        let bytes = [UInt8](repeating: 1, count: 16)
        #expect(try #require(Digest(.md5, bytes: bytes)).algorithm == .md5)
        #expect(Digest(.sha1, bytes: bytes) == nil)
    }

    /// Names of the registry of RFC 9530 (all but the last), and lengths of the algorithms; both are on the wire.
    @Test(arguments: [
        ("sha-256", 32), ("sha-512", 64), ("crc32c", 4), ("sha", 20), ("md5", 16), ("crc32", 4),
    ])
    func `an algorithm`(name: String, bytes: Int) {
        #expect(DigestAlgorithm(rawValue: name)?.byteCount == bytes)
    }

    @Test(
        arguments: [(0, "00000000"), (1, "00000001"), (0xE306_9283, "e3069283"), (.max, "ffffffff")]
            as [(UInt32, String)])
    func `a CRC has its most significant byte first`(value: UInt32, hex: String) {
        #expect(Digest(CRC32C(value)).hex == hex)
        #expect(Digest(CRC32C(value)) == Digest(.crc32c, hex: hex))
        #expect(CRC32C.empty == CRC32C(0))
    }
}
