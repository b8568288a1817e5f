import Checksums
import UploadModel

extension Kernel {
    /// Digests over 1 MiB, all by instructions that not every processor has, and the joining of checksums.
    static let checksums: [Kernel] = [crc32c, crc32cCopy, sha256, crc32cCombined]

    private static let length = 1 << 20

    private static let crc32c = Kernel(
        "crc32c", "crc32c of 1 MiB", iterations: 4, dependsOnMachine: true
    ) {
        let bytes = Sample.bytes(length, seed: 1)
        return { iterations in
            for _ in 0..<iterations {
                var hasher = CRC32CHasher()
                bytes.withUnsafeBytes { hasher.update($0) }
                consume(hasher.value)
            }
        }
    }

    private static let crc32cCopy = Kernel(
        "crc32c-copy", "1 MiB copied and its crc32c taken on the way", iterations: 4, dependsOnMachine: true
    ) {
        let source = Sample.bytes(length, seed: 1)
        return { iterations in
            var target = [UInt8](repeating: 0, count: length)
            for _ in 0..<iterations {
                var hasher = CRC32CHasher()
                source.withUnsafeBytes { from in
                    target.withUnsafeMutableBytes { to in hasher.copy(from, to: to) }
                }
                consume(hasher.value)
            }
        }
    }

    private static let sha256 = Kernel(
        "sha-256", "SHA-256 and crc32c of 1 MiB", iterations: 1, dependsOnMachine: true
    ) {
        let bytes = Sample.bytes(length, seed: 1)
        return { iterations in
            for _ in 0..<iterations {
                var digests = DigestSet([.sha256])
                bytes.withUnsafeBytes { digests.update($0) }
                consume(digests.finalize())
            }
        }
    }

    private static let crc32cCombined = Kernel(
        "crc32c-combined", "checksum of a file joined from those of 1,280 parts of 8 MiB", iterations: 2
    ) {
        let parts = (0..<1280).map { CRC32C(UInt32($0) &* 0x9E37_79B9) }
        return { iterations in
            for _ in 0..<iterations {
                consume(parts.reduce(CRC32C.empty) { $0.combined(with: $1, lengthBytes: 8 << 20) })
            }
        }
    }
}
