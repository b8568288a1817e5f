package import UploadModel

/// The `Content-Disposition` of an answer (RFC 6266), safe for every file name.
package enum ContentDisposition: String, Sendable {
    case attachment
    case inline

    /// `attachment; filename="…"; filename*=UTF-8''…`.
    ///
    /// The first name is for old readers: ASCII, with `_` for what is not, for quotes and backslashes, and for the
    /// percent signs that some readers would decode (RFC 6266 appendix D). The second is exact (RFC 8187).
    package func fieldValue(_ name: FileName) -> String {
        let plain = String(
            String.UnicodeScalarView(
                name.text.unicodeScalars.map { scalar in
                    let isPlain = (0x20...0x7E).contains(scalar.value) && !"\"\\%".unicodeScalars.contains(scalar)
                    return isPlain ? scalar : "_"
                }))
        let exact = PercentCoding.encode(name.text, keeping: Self.isAttributeCharacter)
        return "\(rawValue); filename=\"\(plain)\"; filename*=UTF-8''\(exact)"
    }

    /// attr-char of RFC 8187 section 3.2.1: a token's characters but `*`, `'` and `%`.
    private static func isAttributeCharacter(_ byte: UInt8) -> Bool {
        isToken(byte) && !"*'%".utf8.contains(byte)
    }

    /// The file name that a message's sender gives, without what comes before its last slash or backslash: a path on
    /// the sender's machine means nothing here (RFC 6266 section 4.3). `filename*` goes before `filename`, which is
    /// the one for old readers. `nil` where there is none that can be read.
    static func fileName(in value: String) -> String? {
        guard let disposition = ParameterizedValue(value) else { return nil }
        let name = disposition["filename*"].flatMap(ParameterizedValue.decodingExtended) ?? disposition["filename"]
        return name.map(withoutPath)
    }

    static func withoutPath(_ name: String) -> String {
        let scalars = name.unicodeScalars
        guard let separator = scalars.lastIndex(where: { $0 == "/" || $0 == "\\" }) else { return name }
        return String(scalars[scalars.index(after: separator)...])
    }
}
