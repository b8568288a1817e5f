import Checksums
import Testing
import UploadModel

struct CRC32CHasherTests {
    struct Vector: CustomTestStringConvertible {
        let name: String
        let bytes: [UInt8]
        let checksum: UInt32
        var testDescription: String { name }
    }

    /// RFC 3720 appendix B.4 and the customary check value.
    static let vectors = [
        Vector(name: "nothing", bytes: [], checksum: 0),
        Vector(name: "check value", bytes: Array("123456789".utf8), checksum: 0xE306_9283),
        Vector(name: "one a", bytes: Array("a".utf8), checksum: 0xC1D0_4330),
        Vector(name: "32 zeros", bytes: Array(repeating: 0, count: 32), checksum: 0x8A91_36AA),
        Vector(name: "32 ones", bytes: Array(repeating: 0xFF, count: 32), checksum: 0x62A8_AB43),
        Vector(name: "ascending", bytes: Array(0..<32), checksum: 0x46DD_794E),
        Vector(name: "descending", bytes: Array((0..<32).reversed()), checksum: 0x113F_DB5C),
        Vector(
            name: "iSCSI read command",
            bytes: [
                0x01, 0xC0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x14, 0, 0, 0, 0, 0, 0x04, 0,
                0, 0, 0, 0x14, 0, 0, 0, 0x18, 0x28, 0, 0, 0, 0, 0, 0, 0, 0x02, 0, 0, 0, 0, 0, 0, 0,
            ], checksum: 0xD996_3A56),
    ]

    @Test(arguments: vectors)
    func knownVectors(_ vector: Vector) {
        var hasher = CRC32CHasher()
        vector.bytes.withUnsafeBytes { hasher.update($0) }
        #expect(hasher.value == CRC32C(vector.checksum))
        #expect(vector.bytes.withUnsafeBytes { PortableCRC32C.update(.empty, $0) } == CRC32C(vector.checksum))
        #expect(bitwiseCRC32C(vector.bytes) == vector.checksum)
    }

    @Test func anEmptyBufferWithoutAnAddressChangesNothing() {
        let nothing = UnsafeRawBufferPointer(start: nil, count: 0)
        let nowhere = UnsafeMutableRawBufferPointer(start: nil, count: 0)
        var hasher = CRC32CHasher(resuming: CRC32C(0x1234_5678))
        hasher.update(nothing)
        hasher.copy(nothing, to: nowhere)
        #expect(hasher.value == CRC32C(0x1234_5678))
        #expect(PortableCRC32C.update(hasher.value, nothing) == hasher.value)
        #expect(PortableCRC32C.copy(hasher.value, nothing, to: nowhere) == hasher.value)
    }

    #if arch(x86_64) || (arch(arm64) && canImport(Darwin))
        /// Were the instruction not found, the tests below would compare the tables with themselves.
        @Test func theInstructionIsFound() {
            #expect(CRC32CHasher.isAccelerated)
        }
    #endif

    /// All lengths around the sizes at which the kernels change their way of working: a word, three short lanes
    /// (576 bytes), three long ones (16,320 bytes), each of them twice, both together, and the step of the portable
    /// copy (16,384 bytes).
    @Test(arguments: [0...80, 560...600, 1136...1168, 16_300...16_400, 16_880...16_912, 32_630...32_660])
    func everyLengthNearASeam(_ lengths: ClosedRange<Int>) {
        var generator = SeededGenerator(seed: 1)
        let bytes = generator.bytes(lengths.upperBound)
        var expected = lengths.lowerBound == 0 ? 0 : bitwiseCRC32C(bytes[..<lengths.lowerBound])
        for length in lengths {
            if length > lengths.lowerBound { expected = extended(expected, by: bytes[length - 1]) }
            compare(bytes[..<length], expected: expected, "length \(length)")
        }
    }

    @Test func everyAlignmentOfSourceAndTarget() {
        var generator = SeededGenerator(seed: 2)
        let bytes = generator.bytes(700)
        for start in 0..<16 {
            let slice = bytes[start..<start + 650]
            let expected = CRC32C(bitwiseCRC32C(slice))
            for offset in 0..<16 {
                var target = [UInt8](repeating: 0xA5, count: 700)
                var hasher = CRC32CHasher()
                slice.withUnsafeBytes { source in
                    target.withUnsafeMutableBytes {
                        hasher.copy(source, to: UnsafeMutableRawBufferPointer(rebasing: $0[offset...]))
                    }
                }
                #expect(hasher.value == expected, "start \(start), offset \(offset)")
                let copied = target[offset..<offset + 650]
                #expect(firstDifference(copied, slice) == nil, "start \(start), offset \(offset)")
                #expect(target[..<offset].allSatisfy { $0 == 0xA5 })
                #expect(target[(offset + 650)...].allSatisfy { $0 == 0xA5 })
            }
        }
    }

    @Test func randomLengthsAlignmentsAndSplits() {
        let seed = UInt64.random(in: 0 ... .max)
        var generator = SeededGenerator(seed: seed)
        let bytes = generator.bytes(100_000)
        for round in 0..<60 {
            let start = Int.random(in: 0..<64, using: &generator)
            let length = Int.random(in: 0...(round.isMultiple(of: 4) ? 99_000 : 3000), using: &generator)
            let slice = bytes[start..<start + length]
            let expected = bitwiseCRC32C(slice)
            compare(slice, expected: expected, "seed \(seed), round \(round)")

            var hasher = CRC32CHasher()
            var portable = CRC32C.empty
            var target = [UInt8](repeating: 0, count: length)
            var rest = slice
            while !rest.isEmpty {
                let piece = rest.prefix(Int.random(in: 0...max(1, length / 3), using: &generator))
                let done = length - rest.count
                piece.withUnsafeBytes { source in
                    portable = PortableCRC32C.update(portable, source)
                    if Bool.random(using: &generator) {
                        hasher.update(source)
                        target.replaceSubrange(done..<done + piece.count, with: piece)
                    } else {
                        target.withUnsafeMutableBytes {
                            hasher.copy(source, to: UnsafeMutableRawBufferPointer(rebasing: $0[done...]))
                        }
                    }
                }
                rest = rest.dropFirst(piece.count)
            }
            #expect(hasher.value == CRC32C(expected), "seed \(seed), round \(round)")
            #expect(portable == CRC32C(expected), "seed \(seed), round \(round)")
            #expect(firstDifference(target, slice) == nil, "seed \(seed), round \(round)")
        }
    }

    @Test func aHasherGoesOnFromAChecksum() {
        let bytes = Array("123456789".utf8)
        var first = CRC32CHasher()
        bytes[..<4].withUnsafeBytes { first.update($0) }
        var second = CRC32CHasher(resuming: first.value)
        bytes[4...].withUnsafeBytes { second.update($0) }
        #expect(second.value == CRC32C(0xE306_9283))
        #expect(first != second)
    }

    /// All four kernels over one run of bytes, and both copies byte for byte.
    private func compare(_ bytes: ArraySlice<UInt8>, expected: UInt32, _ place: String) {
        let expected = CRC32C(expected)
        var plain = CRC32CHasher()
        var fused = CRC32CHasher()
        var target = [UInt8](repeating: 0, count: bytes.count + 8)
        var portableTarget = target
        bytes.withUnsafeBytes { source in
            plain.update(source)
            target.withUnsafeMutableBytes { fused.copy(source, to: $0) }
            #expect(PortableCRC32C.update(.empty, source) == expected, "portable, \(place)")
            portableTarget.withUnsafeMutableBytes {
                #expect(PortableCRC32C.copy(.empty, source, to: $0) == expected, "portable copy, \(place)")
            }
        }
        #expect(plain.value == expected, "\(place)")
        #expect(fused.value == expected, "copy, \(place)")
        let wanted = Array(bytes) + [UInt8](repeating: 0, count: 8)
        #expect(firstDifference(target, wanted) == nil, "copied bytes, \(place)")
        #expect(firstDifference(portableTarget, wanted) == nil, "portably copied bytes, \(place)")
    }

    private func extended(_ checksum: UInt32, by byte: UInt8) -> UInt32 {
        var register = ~checksum ^ UInt32(byte)
        for _ in 0..<8 {
            register = (register >> 1) ^ (register & 1 == 1 ? 0x82F6_3B78 : 0)
        }
        return ~register
    }
}
