import UploadModel

/// The header that Matroska and WebM begin with: EBML (RFC 8794), of which only the document type matters here.
struct MatroskaFile {
    /// What the header says, or `nil` when the prefix ends before it or the header holds none.
    let documentType: String?

    /// `nil` when the bytes are no EBML at all.
    init?(_ prefix: FilePrefix) {
        guard prefix.bigEndian32(at: 0) == 0x1A45_DFA3 else { return nil }
        documentType = Self.documentType(in: prefix)
    }

    /// WebM is a subset of Matroska, so a WebM file may be called either; a Matroska file is not WebM.
    var finding: ContentFinding {
        switch documentType {
        case "webm": ContentFinding(.webm, orAs: [.matroska])
        case "matroska": ContentFinding(.matroska)
        default: .unrecognised
        }
    }

    private static func documentType(in prefix: FilePrefix) -> String? {
        guard let length = VariableInteger(in: prefix, at: 4) else { return nil }
        let start = 4 + length.byteCount
        let end = Self.end(of: length, from: start, in: prefix)
        var offset = start
        while offset < end, let identifier = elementIdentifier(in: prefix, at: offset),
            let size = VariableInteger(in: prefix, at: offset + identifier.byteCount)
        {
            let body = offset + identifier.byteCount + size.byteCount
            // An element that ends unknown or outside hides whatever follows.
            guard let value = size.value, value <= UInt64(max(end - body, 0)) else { return nil }
            if identifier.value == 0x4282 {
                // Anything after a zero byte is padding (RFC 8794 section 7.4).
                return String(decoding: prefix.bytes[body..<body + Int(value)].prefix { $0 != 0 }, as: UTF8.self)
            }
            offset = body + Int(value)
        }
        return nil
    }

    private static func end(of length: VariableInteger, from start: Int, in prefix: FilePrefix) -> Int {
        guard let value = length.value, value < UInt64(max(prefix.count - start, 0)) else { return prefix.count }
        return start + Int(value)
    }

    /// An identifier keeps its length marker and has four bytes at most (RFC 8794 section 5).
    private static func elementIdentifier(in prefix: FilePrefix, at offset: Int) -> (value: UInt32, byteCount: Int)? {
        guard let first = prefix.byte(at: offset), first.leadingZeroBitCount < 4 else { return nil }
        let byteCount = first.leadingZeroBitCount + 1
        var value: UInt32 = 0
        for index in 0..<byteCount {
            guard let byte = prefix.byte(at: offset + index) else { return nil }
            value = value << 8 | UInt32(byte)
        }
        return (value, byteCount)
    }
}

/// An element's length: 1 to 8 bytes, the leading zero bits of the first tell how many (RFC 8794 section 4).
private struct VariableInteger {
    /// Less than 2^56; `nil` stands for an unknown length, which is all ones.
    let value: UInt64?
    let byteCount: Int

    init?(in prefix: FilePrefix, at offset: Int) {
        guard let first = prefix.byte(at: offset), first != 0 else { return nil }
        byteCount = first.leadingZeroBitCount + 1
        let unknown = (UInt64(1) << UInt64(7 * byteCount)) - 1
        var bits: UInt64 = 0
        for index in 0..<byteCount {
            guard let byte = prefix.byte(at: offset + index) else { return nil }
            bits = bits << 8 | UInt64(byte)
        }
        // What is above the value's 7 bits per byte is the length marker.
        bits &= unknown
        value = bits == unknown ? nil : bits
    }
}
