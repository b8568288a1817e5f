package import HTTPTypes
package import UploadModel

/// `Upload-Checksum` (checksum and checksum-trailer extensions): the digest that the bytes of one request must have.
package struct TusChecksum: Hashable, Sendable {
    /// `Tus-Checksum-Algorithm`: sha1 is the one that must be there.
    static let algorithms: [(name: String, algorithm: DigestAlgorithm)] = [
        ("sha1", .sha1), ("sha256", .sha256), ("sha512", .sha512), ("md5", .md5), ("crc32", .crc32),
        ("crc32c", .crc32c),
    ]

    private let announced: Digest?
    /// Whether it comes behind the body.
    private let isInTrailer: Bool

    /// - Throws: `invalid_request` for an algorithm that is not known (400), and for what is no digest of its length.
    init(_ head: HTTPRequest) throws(UploadFault) {
        announced = try head.headerFields[.tusChecksum].map { text throws(UploadFault) in try Self.digest(text) }
        isInTrailer = (head.headerFields[.trailer] ?? "").split(separator: ",").contains { name in
            HTTPField.Name(String(name.filter { $0 != " " && $0 != "\t" })) == .tusChecksum
        }
        // RFC 9112 section 7.1.2: only a body in chunks has a trailer.
        guard !isInTrailer || head.headerFields[.transferEncoding] != nil else {
            throw Self.fault("Upload-Checksum can follow only a body with Transfer-Encoding: chunked.")
        }
    }

    /// Whether bytes count only once their digest was seen to be right.
    package var isAnnounced: Bool { announced != nil || isInTrailer }

    /// What has to be computed. Of a digest that follows the bytes nobody knows which it will be.
    package var digests: Set<DigestAlgorithm> {
        isInTrailer ? Set(Self.algorithms.map(\.algorithm)) : Set([announced?.algorithm].compactMap(\.self))
    }

    /// What the bytes must have.
    ///
    /// - Parameter trailers: the fields that came behind the body.
    /// - Throws: `invalid_request` when the announced field did not come or cannot be read.
    package func expected(trailers: HTTPFields?) throws(UploadFault) -> [DigestAlgorithm: Digest] {
        var expected: [DigestAlgorithm: Digest] = [:]
        if let announced { expected[announced.algorithm] = announced }
        guard isInTrailer else { return expected }
        guard let text = trailers?[.tusChecksum] else {
            throw Self.fault("Upload-Checksum was announced as a trailer and did not come; nothing of the body counts.")
        }
        let digest = try Self.digest(text)
        guard expected.updateValue(digest, forKey: digest.algorithm).map({ $0 == digest }) ?? true else {
            throw UploadFault(.digestMismatch, "The request names two checksums for the same bytes.")
        }
        return expected
    }

    private static func digest(_ text: String) throws(UploadFault) -> Digest {
        let words = text.split(separator: " ")
        guard words.count == 2 else { throw fault("Upload-Checksum must be an algorithm and a digest in base64.") }
        guard let algorithm = algorithms.first(where: { $0.name == words[0] })?.algorithm else {
            let known = algorithms.map(\.name).joined(separator: ", ")
            throw fault("Upload-Checksum: the algorithm is not one of \(known).")
        }
        guard let bytes = Base64.decode(String(words[1])), let digest = Digest(algorithm, bytes: bytes) else {
            throw fault("Upload-Checksum: the digest is not base64 of \(algorithm.byteCount) bytes.")
        }
        return digest
    }

    private static func fault(_ message: String) -> UploadFault { TusProtocol.fault(.tusChecksum, message) }
}
