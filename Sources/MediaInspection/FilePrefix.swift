/// The first bytes of a file, read without ever looking past their end.
///
/// Every read answers `nil` (or `false`) where bytes are missing, so sizes that a file merely claims cannot lead
/// outside. Offsets count from the start of the file.
struct FilePrefix {
    let bytes: [UInt8]

    /// Keeps no more than `limit` bytes, so that an answer does not depend on how much happened to arrive at once.
    init(_ bytes: [UInt8], limit: Int) {
        self.bytes = bytes.count <= limit ? bytes : Array(bytes.prefix(limit))
    }

    var count: Int { bytes.count }

    func byte(at offset: Int) -> UInt8? {
        bytes.indices.contains(offset) ? bytes[offset] : nil
    }

    func bigEndian32(at offset: Int) -> UInt32? {
        bigEndian(at: offset, byteCount: 4).map { UInt32(truncatingIfNeeded: $0) }
    }

    func bigEndian64(at offset: Int) -> UInt64? {
        bigEndian(at: offset, byteCount: 8)
    }

    func fourCC(at offset: Int) -> FourCC? {
        bigEndian32(at: offset).map(FourCC.init(rawValue:))
    }

    /// Whether exactly these bytes stand at `offset`.
    func holds(_ pattern: [UInt8], at offset: Int = 0) -> Bool {
        guard offset >= 0, offset <= count, count - offset >= pattern.count else { return false }
        return bytes[offset..<offset + pattern.count].elementsEqual(pattern)
    }

    /// `byteCount` is 1 to 8.
    private func bigEndian(at offset: Int, byteCount: Int) -> UInt64? {
        guard offset >= 0, offset <= count, count - offset >= byteCount else { return nil }
        return bytes[offset..<offset + byteCount].reduce(0) { $0 << 8 | UInt64($1) }
    }
}

/// Four bytes that name a box, a chunk or a brand; mostly printable ASCII.
struct FourCC: RawRepresentable, Hashable, Sendable, ExpressibleByStringLiteral {
    let rawValue: UInt32

    init(rawValue: UInt32) { self.rawValue = rawValue }

    /// For names in this source only; a literal that is not four ASCII characters is a programming error.
    init(stringLiteral text: StaticString) {
        precondition(text.isASCII && text.utf8CodeUnitCount == 4, "\(text) is not four ASCII characters")
        rawValue = text.withUTF8Buffer { $0.reduce(0) { $0 << 8 | UInt32($1) } }
    }

    /// Whether the first three characters are those of `other`.
    func sharesFirstThree(with other: FourCC) -> Bool { rawValue >> 8 == other.rawValue >> 8 }
}
