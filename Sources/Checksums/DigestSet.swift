import CPlatform
import Crypto
package import UploadModel

/// Computes several digests over the same bytes as they come: crc32c always, others when they are asked for.
///
/// A checksum costs next to nothing, the others are dear (SHA-256 takes more of the processor than receiving the
/// bytes and writing them), so ask only for what a client or a hand-off wants. SHA-1 and MD5 find accidents, not
/// forgeries; they are here because old clients send them (RFC 9530 section 7.2 lists them as deprecated).
package struct DigestSet: Sendable {
    private var crc = CRC32CHasher()
    private var sha256: SHA256?
    private var sha512: SHA512?
    private var sha1: Insecure.SHA1?
    private var md5: Insecure.MD5?
    private var crc32: UInt32?

    /// Of no bytes yet. Naming ``UploadModel/DigestAlgorithm/crc32c`` or not makes no difference.
    package init(_ algorithms: Set<DigestAlgorithm> = []) {
        for algorithm in algorithms {
            switch algorithm {
            case .crc32c: break
            case .sha256: sha256 = SHA256()
            case .sha512: sha512 = SHA512()
            case .sha1: sha1 = Insecure.SHA1()
            case .md5: md5 = Insecure.MD5()
            case .crc32: crc32 = 0
            }
        }
    }

    /// The checksum of everything taken so far.
    package var crc32c: CRC32C { crc.value }

    /// Takes bytes; any length, also none, and any alignment.
    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        crc.update(bytes)
        updateOthers(bytes)
    }

    /// Copies all of `source` to the start of `target` and takes exactly the bytes that arrived there.
    ///
    /// - Precondition: `target` is at least as long as `source`, and the two do not overlap.
    package mutating func copy(_ source: UnsafeRawBufferPointer, to target: UnsafeMutableRawBufferPointer) {
        crc.copy(source, to: target)
        updateOthers(UnsafeRawBufferPointer(rebasing: target[..<source.count]))
    }

    /// The digests of everything taken so far, crc32c among them. More bytes may follow.
    package func finalize() -> [DigestAlgorithm: UploadModel.Digest] {
        var digests = [DigestAlgorithm.crc32c: UploadModel.Digest(crc.value)]
        digests[.sha256] = sha256.map { Self.digest(.sha256, Array($0.finalize())) }
        digests[.sha512] = sha512.map { Self.digest(.sha512, Array($0.finalize())) }
        digests[.sha1] = sha1.map { Self.digest(.sha1, Array($0.finalize())) }
        digests[.md5] = md5.map { Self.digest(.md5, Array($0.finalize())) }
        // Most significant byte first, as of crc32c.
        digests[.crc32] = crc32.map { Self.digest(.crc32, withUnsafeBytes(of: $0.bigEndian, Array.init)) }
        return digests
    }

    private mutating func updateOthers(_ bytes: UnsafeRawBufferPointer) {
        sha256?.update(bufferPointer: bytes)
        sha512?.update(bufferPointer: bytes)
        sha1?.update(bufferPointer: bytes)
        md5?.update(bufferPointer: bytes)
        if let value = crc32 { crc32 = sluice_crc32(value, bytes.baseAddress, bytes.count) }
    }

    private static func digest(_ algorithm: DigestAlgorithm, _ bytes: [UInt8]) -> UploadModel.Digest {
        guard let digest = UploadModel.Digest(algorithm, bytes: bytes) else {
            preconditionFailure("The hash of \(algorithm.rawValue) has a length other than its algorithm's.")
        }
        return digest
    }
}
