import UploadModel

/// Formats that a fixed sequence of bytes at a fixed place gives away.
enum FileSignature {
    static func finding(in prefix: FilePrefix) -> ContentFinding? {
        type(of: prefix).map { ContentFinding($0) }
    }

    private static func type(of prefix: FilePrefix) -> MediaType? {
        if prefix.holds([0xFF, 0xD8, 0xFF]) { return .jpeg }
        if isPNG(prefix) { return .png }
        if prefix.holds(Array("GIF87a".utf8)) || prefix.holds(Array("GIF89a".utf8)) { return .gif }
        if prefix.fourCC(at: 0) == "RIFF" { return resourceInterchangeType(prefix) }
        if isMPEG(prefix) { return .mpeg }
        if isTransportStream(prefix) { return .mpegTransportStream }
        return nil
    }

    /// The signature and the header chunk of 13 bytes that must come first (PNG, sections 5.2 and 5.6).
    private static func isPNG(_ prefix: FilePrefix) -> Bool {
        prefix.holds([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A])
            && prefix.bigEndian32(at: 8) == 13 && prefix.fourCC(at: 12) == "IHDR"
    }

    /// RIFF carries much that is neither; wave audio, for one, is left to libmagic.
    private static func resourceInterchangeType(_ prefix: FilePrefix) -> MediaType? {
        switch (prefix.fourCC(at: 8), prefix.fourCC(at: 12)) {
        case ("AVI ", _): .avi
        case ("WEBP", "VP8 "), ("WEBP", "VP8L"), ("WEBP", "VP8X"): .webp
        default: nil
        }
    }

    /// A pack header of a program stream (ISO/IEC 11172-1 or 13818-1, told apart by the bits that follow it), or a
    /// sequence header of an elementary stream, whose picture has a width and a height.
    private static func isMPEG(_ prefix: FilePrefix) -> Bool {
        switch prefix.bigEndian32(at: 0) {
        case 0x0000_01BA:
            guard let next = prefix.byte(at: 4) else { return false }
            return next & 0xF0 == 0x20 || next & 0xC0 == 0x40
        case 0x0000_01B3:
            guard let sizes = prefix.bigEndian32(at: 4) else { return false }
            return sizes >> 20 != 0 && (sizes >> 8) & 0xFFF != 0
        default:
            return false
        }
    }

    /// Packets of 188 bytes (ISO/IEC 13818-1), or of 192 where a clock of 4 bytes stands before each. At least three
    /// must be seen, and every one that is seen must start with the sync byte: one such byte alone is a letter G.
    private static func isTransportStream(_ prefix: FilePrefix) -> Bool {
        [(first: 0, step: 188), (first: 4, step: 192)].contains { first, step in
            let starts = stride(from: first, to: prefix.count, by: step)
            return prefix.count > first + 2 * step && starts.allSatisfy { prefix.byte(at: $0) == 0x47 }
        }
    }
}
