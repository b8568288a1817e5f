import RawStructuredFieldValues
package import UploadModel

/// Why a digest field cannot be used.
package enum DigestFieldFault: Error, Hashable, Sendable {
    /// Not a dictionary (RFC 9651 section 3.2).
    case malformed
    /// The value of a known algorithm is no byte sequence.
    case notBytes(DigestAlgorithm)
    /// The value of a known algorithm has another length than its digests.
    case wrongLength(DigestAlgorithm)

    /// One sentence for the client's developer.
    package var detail: String {
        switch self {
        case .malformed:
            "A digest field is not of the form algorithm=:base64: (RFC 9530)."
        case .notBytes(let algorithm):
            "The \(algorithm.rawValue) digest is not base64 between colons (RFC 9530)."
        case .wrongLength(let algorithm):
            "The \(algorithm.rawValue) digest does not have \(algorithm.byteCount) bytes."
        }
    }
}

/// `Content-Digest`, `Repr-Digest` and what asks for them (RFC 9530).
package enum DigestField {
    /// Reads `Content-Digest` or `Repr-Digest`; unknown algorithms are ignored.
    package static func parse(_ value: String) throws(DigestFieldFault) -> [DigestAlgorithm: Digest] {
        guard let dictionary = dictionary(value) else { throw .malformed }
        var digests: [DigestAlgorithm: Digest] = [:]
        for (name, member) in dictionary {
            guard let algorithm = algorithm(name) else { continue }
            guard case .item(let item) = member, case .undecodedByteSequence(let text) = item.rfc9651BareItem,
                let bytes = Base64.decode(text)
            else { throw .notBytes(algorithm) }
            guard let digest = Digest(algorithm, bytes: bytes) else { throw .wrongLength(algorithm) }
            digests[algorithm] = digest
        }
        return digests
    }

    /// What a name of the registry means; `nil` for all others (RFC 9530 section 5: unknown names are ignored).
    private static func algorithm(_ name: String) -> DigestAlgorithm? {
        DigestAlgorithm(rawValue: name).flatMap { isRegistered($0) ? $0 : nil }
    }

    /// Whether an algorithm stands in the registry of RFC 9530 section 7.2.
    private static func isRegistered(_ algorithm: DigestAlgorithm) -> Bool { algorithm != .crc32 }

    /// `crc32c=:…:, sha-256=:…:`, sorted by name; empty without digests. What has no registered name is left out.
    package static func serialize(_ digests: some Sequence<Digest>) -> String {
        digests.lazy.filter { isRegistered($0.algorithm) }.sorted { $0.algorithm.rawValue < $1.algorithm.rawValue }
            .map { "\($0.algorithm.rawValue)=:\(Base64.encode($0.bytes)):" }
            .joined(separator: ", ")
    }

    /// Reads `Want-Content-Digest` or `Want-Repr-Digest`: the known algorithms with a preference of 1 to 10.
    ///
    /// A wish that cannot be read is no wish (RFC 9651 section 4.2: a field that fails to parse is ignored).
    package static func wanted(_ value: String) -> Set<DigestAlgorithm> {
        guard let dictionary = dictionary(value) else { return [] }
        var wanted: Set<DigestAlgorithm> = []
        for (name, member) in dictionary {
            guard let algorithm = algorithm(name), case .item(let item) = member,
                case .integer(let preference) = item.rfc9651BareItem, (1...10).contains(preference)
            else { continue }
            wanted.insert(algorithm)
        }
        return wanted
    }

    private static func dictionary(_ value: String) -> OrderedMap<String, ItemOrInnerList>? {
        var parser = StructuredFieldValueParser(Array(value.utf8))
        return try? parser.parseDictionaryFieldValue()
    }
}

/// Base64 (RFC 4648 section 4) of short values.
enum Base64 {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    static func encode(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        text.reserveCapacity((bytes.count + 2) / 3 * 4)
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            let bits = group.reduce(UInt32(0)) { $0 << 8 | UInt32($1) } << (8 * UInt32(3 - group.count))
            for place in 0..<4 {
                let digit = alphabet[Int(bits >> (18 - 6 * UInt32(place)) & 63)]
                text.append(place <= group.count ? digit : UInt8(ascii: "="))
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// Padding may be missing (RFC 9651 section 4.2.7 asks for that tolerance); `nil` for anything else that is wrong.
    static func decode(_ text: String) -> [UInt8]? {
        let digits = text.utf8.prefix { $0 != UInt8(ascii: "=") }
        let padding = text.utf8.dropFirst(digits.count)
        guard padding.allSatisfy({ $0 == UInt8(ascii: "=") }), padding.count <= 2, digits.count % 4 != 1,
            padding.isEmpty || text.utf8.count % 4 == 0
        else { return nil }
        var bytes: [UInt8] = []
        var bits: UInt32 = 0
        var count = 0
        for digit in digits {
            guard let value = alphabet.firstIndex(of: digit) else { return nil }
            bits = bits << 6 | UInt32(value)
            count += 6
            if count >= 8 {
                count -= 8
                bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
            }
        }
        return bytes
    }
}
