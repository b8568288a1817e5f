/// A generator whose runs can be repeated from the seed that a failing test prints (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        self.state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    mutating func bytes(_ count: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count + 8)
        while bytes.count < count {
            withUnsafeBytes(of: next()) { bytes.append(contentsOf: $0) }
        }
        bytes.removeLast(bytes.count - count)
        return bytes
    }
}

/// CRC-32C as RFC 9260 appendix B defines it, bit by bit: slow, and with no table that could be wrong.
func bitwiseCRC32C(_ bytes: some Sequence<UInt8>) -> UInt32 {
    var register = UInt32.max
    for byte in bytes {
        register ^= UInt32(byte)
        for _ in 0..<8 {
            register = (register >> 1) ^ (register & 1 == 1 ? 0x82F6_3B78 : 0)
        }
    }
    return ~register
}

/// How many bytes agree before the first that does not, or `nil` when all do. For expectations over long runs,
/// where a report of every difference takes minutes.
func firstDifference(_ left: some Collection<UInt8>, _ right: some Collection<UInt8>) -> Int? {
    if left.elementsEqual(right) { return nil }
    return zip(left, right).prefix { $0 == $1 }.reduce(0) { count, _ in count + 1 }
}
