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
}
