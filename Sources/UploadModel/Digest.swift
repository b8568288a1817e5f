/// A digest algorithm by its name in the HTTP digest registry (RFC 9530 section 7.2), where it stands there.
package enum DigestAlgorithm: String, Hashable, Sendable, CaseIterable {
    case sha256 = "sha-256"
    case sha512 = "sha-512"
    case crc32c = "crc32c"
    case sha1 = "sha"
    case md5 = "md5"
    /// Of gzip and PNG (RFC 1952 section 8). Not in the registry, and so in no digest field of HTTP.
    case crc32 = "crc32"

    package var byteCount: Int {
        switch self {
        case .sha256: 32
        case .sha512: 64
        case .crc32c, .crc32: 4
        case .sha1: 20
        case .md5: 16
        }
    }
}

/// The value of a digest, always of its algorithm's length.
package struct Digest: Hashable, Sendable {
    package let algorithm: DigestAlgorithm
    package let bytes: [UInt8]

    /// `nil` when the length is not the algorithm's.
    package init?(_ algorithm: DigestAlgorithm, bytes: [UInt8]) {
        guard bytes.count == algorithm.byteCount else { return nil }
        self.algorithm = algorithm
        self.bytes = bytes
    }

    package init(_ crc: CRC32C) {
        self.algorithm = .crc32c
        self.bytes = crc.bytes
    }

    /// Lower-case hexadecimal.
    package var hex: String {
        let digits = Array("0123456789abcdef".utf8)
        return String(unsafeUninitializedCapacity: bytes.count * 2) { buffer in
            for (index, byte) in bytes.enumerated() {
                buffer[index * 2] = digits[Int(byte >> 4)]
                buffer[index * 2 + 1] = digits[Int(byte & 15)]
            }
            return bytes.count * 2
        }
    }

    /// Reads hexadecimal of either case; `nil` when the length or a digit is wrong.
    package init?(_ algorithm: DigestAlgorithm, hex: String) {
        let digits = Array(hex.utf8)
        guard digits.count == algorithm.byteCount * 2 else { return nil }
        func value(_ byte: UInt8) -> UInt8? {
            switch byte {
            case 0x30...0x39: byte - 0x30
            case 0x41...0x46: byte - 0x41 + 10
            case 0x61...0x66: byte - 0x61 + 10
            default: nil
            }
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(algorithm.byteCount)
        for index in stride(from: 0, to: digits.count, by: 2) {
            guard let high = value(digits[index]), let low = value(digits[index + 1]) else { return nil }
            bytes.append(high << 4 | low)
        }
        self.algorithm = algorithm
        self.bytes = bytes
    }
}

extension [DigestAlgorithm: Digest] {
    /// The algorithm by which others are the digests of other bytes; `nil` where none speaks against it.
    package func contradiction(with others: [DigestAlgorithm: Digest]) -> DigestAlgorithm? {
        others.lazy.filter { self[$0] ?? $1 != $1 }.map(\.key).min { $0.rawValue < $1.rawValue }
    }

    /// These, and others that they do not speak of.
    package func adding(_ others: [DigestAlgorithm: Digest]) -> [DigestAlgorithm: Digest] {
        merging(others, uniquingKeysWith: { own, _ in own })
    }
}

/// A CRC-32C (Castagnoli, RFC 9260 appendix B) over some bytes.
package struct CRC32C: Hashable, Sendable {
    package let value: UInt32

    package init(_ value: UInt32) { self.value = value }

    /// Of no bytes.
    package static let empty = CRC32C(0)

    /// Most significant byte first, as a digest field carries it.
    package var bytes: [UInt8] {
        [
            UInt8(truncatingIfNeeded: value >> 24), UInt8(truncatingIfNeeded: value >> 16),
            UInt8(truncatingIfNeeded: value >> 8), UInt8(truncatingIfNeeded: value),
        ]
    }
}
