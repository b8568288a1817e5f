import Checksums
import Testing
import UploadModel

struct DigestSetTests {
    /// The examples of FIPS 180 and RFC 1321, and of no bytes; those of CRC-32 as gzip computes them.
    static let vectors: [(text: String, algorithm: DigestAlgorithm, hex: String)] = [
        ("", .crc32c, "00000000"),
        ("", .crc32, "00000000"),
        ("", .md5, "d41d8cd98f00b204e9800998ecf8427e"),
        ("", .sha1, "da39a3ee5e6b4b0d3255bfef95601890afd80709"),
        ("", .sha256, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        (
            "", .sha512,
            "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce"
                + "47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e"
        ),
        ("abc", .crc32c, "364b3fb7"),
        ("abc", .crc32, "352441c2"),
        ("The quick brown fox jumps over the lazy dog", .crc32, "414fa339"),
        ("abc", .md5, "900150983cd24fb0d6963f7d28e17f72"),
        ("abc", .sha1, "a9993e364706816aba3e25717850c26c9cd0d89d"),
        ("abc", .sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "abc", .sha512,
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
                + "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"
        ),
    ]

    @Test(arguments: vectors)
    func knownVectors(text: String, algorithm: DigestAlgorithm, hex: String) {
        var alone = DigestSet([algorithm])
        var together = DigestSet(Set(DigestAlgorithm.allCases))
        for byte in text.utf8 {
            withUnsafeBytes(of: byte) {
                alone.update($0)
                together.update($0)
            }
        }
        #expect(alone.finalize()[algorithm]?.hex == hex)
        #expect(together.finalize()[algorithm]?.hex == hex)
    }

    @Test func onlyWhatWasAskedForAndTheChecksum() {
        #expect(Set(DigestSet().finalize().keys) == [.crc32c])
        #expect(Set(DigestSet([.sha256]).finalize().keys) == [.crc32c, .sha256])
        #expect(Set(DigestSet([.crc32c, .md5]).finalize().keys) == [.crc32c, .md5])
        #expect(Set(DigestSet(Set(DigestAlgorithm.allCases)).finalize().keys) == Set(DigestAlgorithm.allCases))
        for (algorithm, digest) in DigestSet(Set(DigestAlgorithm.allCases)).finalize() {
            #expect(digest.algorithm == algorithm)
        }
    }

    @Test func copyingInPiecesGivesTheBytesAndTheirDigests() {
        let seed = UInt64.random(in: 0 ... .max)
        var generator = SeededGenerator(seed: seed)
        let bytes = generator.bytes(70_001)
        var whole = DigestSet(Set(DigestAlgorithm.allCases))
        bytes.withUnsafeBytes { whole.update($0) }

        var pieces = DigestSet(Set(DigestAlgorithm.allCases))
        var target = [UInt8](repeating: 0, count: bytes.count)
        var rest = bytes[...]
        while !rest.isEmpty {
            let piece = rest.prefix(Int.random(in: 0...20_000, using: &generator))
            let done = bytes.count - rest.count
            piece.withUnsafeBytes { source in
                target.withUnsafeMutableBytes {
                    pieces.copy(source, to: UnsafeMutableRawBufferPointer(rebasing: $0[done...]))
                }
            }
            rest = rest.dropFirst(piece.count)
        }
        #expect(firstDifference(target, bytes) == nil, "seed \(seed)")
        #expect(pieces.finalize() == whole.finalize(), "seed \(seed)")
        #expect(pieces.crc32c == CRC32C(bitwiseCRC32C(bytes)), "seed \(seed)")
    }

    @Test func finalizingMidwayAndCopyingDisturbNothing() {
        var set = DigestSet([.sha256])
        withUnsafeBytes(of: UInt8(ascii: "a")) { set.update($0) }
        let early = set.finalize()
        var other = set
        withUnsafeBytes(of: UInt8(ascii: "x")) { other.update($0) }
        for letter in "bc".utf8 { withUnsafeBytes(of: letter) { set.update($0) } }
        #expect(early[.sha256]?.hex == "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb")
        #expect(set.finalize()[.sha256]?.hex == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(other.finalize() != early)
        #expect(set.crc32c == CRC32C(0x364B_3FB7))
    }
}
