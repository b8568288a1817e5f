import Checksums
import Testing
import UploadModel

struct CombinedTests {
    @Test func theCheckValueFromTwoParts() {
        let whole = checksum(Array("1234".utf8)).combined(with: checksum(Array("56789".utf8)), lengthBytes: 5)
        #expect(whole == CRC32C(0xE306_9283))
    }

    @Test func randomSplits() {
        let seed = UInt64.random(in: 0 ... .max)
        var generator = SeededGenerator(seed: seed)
        let bytes = generator.bytes(50_000)
        for round in 0..<300 {
            let length = Int.random(in: 0...(round.isMultiple(of: 3) ? 50_000 : 40), using: &generator)
            let split = Int.random(in: 0...length, using: &generator)
            let first = checksum(Array(bytes[..<split]))
            let second = checksum(Array(bytes[split..<length]))
            #expect(
                first.combined(with: second, lengthBytes: Int64(length - split)) == checksum(Array(bytes[..<length])),
                "seed \(seed), \(split) of \(length)")
        }
    }

    @Test func manyPartsInOrder() {
        let seed = UInt64.random(in: 0 ... .max)
        var generator = SeededGenerator(seed: seed)
        let bytes = generator.bytes(30_000)
        var rest = bytes[...]
        var whole = CRC32C.empty
        while !rest.isEmpty {
            let part = Array(rest.prefix(Int.random(in: 0...2000, using: &generator)))
            whole = whole.combined(with: checksum(part), lengthBytes: Int64(part.count))
            rest = rest.dropFirst(part.count)
        }
        #expect(whole == CRC32C(bitwiseCRC32C(bytes)), "seed \(seed)")
    }

    @Test(arguments: [0, 1, 0x8000_0000, 0xE306_9283, UInt32.max])
    func anEmptySideChangesNothing(_ value: UInt32) {
        #expect(CRC32C(value).combined(with: .empty, lengthBytes: 0) == CRC32C(value))
        for length in [0, 1, 4096, 5_000_000_000, Int64.max] {
            #expect(CRC32C.empty.combined(with: CRC32C(value), lengthBytes: length) == CRC32C(value))
        }
    }

    /// Runs of zero bytes are made by doubling, up to 2^40 of them, and compared where reading is still quick.
    @Test func zeroRunsByDoubling() {
        var run = checksum([0])
        var lengthBytes: Int64 = 1
        while lengthBytes < 1 << 40 {
            if lengthBytes <= 1 << 16 {
                #expect(run == checksum(Array(repeating: 0, count: Int(lengthBytes))), "\(lengthBytes) zeros")
            }
            run = run.combined(with: run, lengthBytes: lengthBytes)
            lengthBytes *= 2
        }
        // The same run from two unequal pieces, so that every binary digit of a length is used.
        let allButOne = zeros((1 << 40) - 1)
        #expect(allButOne.combined(with: checksum([0]), lengthBytes: 1) == run)
        #expect(checksum([0]).combined(with: allButOne, lengthBytes: (1 << 40) - 1) == run)
    }

    /// Three runs may be joined in either grouping, also beyond 4 GiB, where 32 bits of length would wrap.
    @Test func lengthsBeyondFourGiBAssociate() {
        let seed = UInt64.random(in: 0 ... .max)
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<200 {
            let (first, second, third) = (
                CRC32C(UInt32.random(in: 0 ... .max, using: &generator)),
                CRC32C(UInt32.random(in: 0 ... .max, using: &generator)),
                CRC32C(UInt32.random(in: 0 ... .max, using: &generator))
            )
            let secondBytes = Int64.random(in: (1 << 32)...(1 << 61), using: &generator)
            let thirdBytes = Int64.random(in: (1 << 32)...(1 << 61), using: &generator)
            let leftFirst = first.combined(with: second, lengthBytes: secondBytes)
                .combined(with: third, lengthBytes: thirdBytes)
            let rightFirst = first.combined(
                with: second.combined(with: third, lengthBytes: thirdBytes), lengthBytes: secondBytes + thirdBytes)
            #expect(leftFirst == rightFirst, "seed \(seed), \(secondBytes) and \(thirdBytes) bytes")
        }
    }

    /// Castagnoli's polynomial is (x + 1) times a primitive one of degree 31, so that x has the order 2^31 - 1:
    /// that many zero bytes bring every register back, and one more act like one.
    @Test func theOrderOfThePolynomial() {
        let period = Int64((1 << 31) - 1)
        let any = CRC32C(0xE306_9283)
        #expect(any.combined(with: .empty, lengthBytes: period) == any)
        #expect(any.combined(with: .empty, lengthBytes: 5 * period) == any)
        #expect(
            any.combined(with: .empty, lengthBytes: 3 * period + 77) == any.combined(with: .empty, lengthBytes: 77))
        #expect(any.combined(with: .empty, lengthBytes: 1 << 31) != any)
    }

    /// Five GiB of zeros read for true, a buffer many times over, against the same by doubling.
    @Test(.enabled(if: CRC32CHasher.isAccelerated, "takes half a minute with tables"))
    func fiveGiBOfZerosAreRead() {
        let block = [UInt8](repeating: 0, count: 1 << 20)
        var hasher = CRC32CHasher()
        block.withUnsafeBytes { bytes in
            for _ in 0..<5120 { hasher.update(bytes) }
        }
        #expect(hasher.value == zeros(5 << 30))
    }

    private func checksum(_ bytes: [UInt8]) -> CRC32C {
        CRC32C(bitwiseCRC32C(bytes))
    }

    /// The checksum of a run of zero bytes, from runs of powers of two.
    private func zeros(_ count: Int64) -> CRC32C {
        var whole = CRC32C.empty
        var run = checksum([0])
        var runBytes: Int64 = 1
        var rest = count
        while rest > 0 {
            if rest & 1 == 1 { whole = whole.combined(with: run, lengthBytes: runBytes) }
            run = run.combined(with: run, lengthBytes: runBytes)
            runBytes *= 2
            rest >>= 1
        }
        return whole
    }
}
