/// The front of a file made of boxes: ISO base media (ISO/IEC 14496-12) or its forerunner, QuickTime.
enum ISOBaseMediaFile: Hashable {
    /// It begins with a file type box (`ftyp`, or `styp` for a segment of a stream). The major brand is `nil` when the
    /// box is malformed or the prefix ends before it. Compatible brands are those that the prefix shows.
    case branded(major: FourCC?, compatible: [FourCC])
    /// QuickTime from before file type boxes: it begins with one of that format's own atoms.
    case brandless

    /// A file type box larger than this is no file type box: real ones hold a dozen brands.
    private static let maximumTypeBoxBytes: UInt64 = 64 << 10
    /// Padding and movie headers of half a gibibyte are not real either; four letters of text are such a size.
    private static let maximumHeaderBoxBytes: UInt64 = 512 << 20
    /// How many boxes of padding are skipped in search of the one that tells.
    private static let maximumLeadingBoxes = 8

    /// `nil` when the bytes are of neither format.
    init?(_ prefix: FilePrefix) {
        var offset = 0
        for _ in 0..<Self.maximumLeadingBoxes {
            guard let box = Box(in: prefix, at: offset) else {
                // Padding that reaches the end of the prefix has shown nothing else than QuickTime's own.
                guard offset > 0 else { return nil }
                self = .brandless
                return
            }
            switch box.type {
            case "ftyp", "styp":
                self = Self.brands(of: box, in: prefix)
                return
            case "mdat":
                guard box.isWellFormed else { return nil }
                self = .brandless
                return
            case "moov":
                guard box.isWellFormed(upTo: Self.maximumHeaderBoxBytes) else { return nil }
                self = .brandless
                return
            case "free", "skip", "wide", "pnot":
                guard Self.isLeadingPadding(box) else { return nil }
                // At most half a gibibyte further on, so the sum cannot overflow.
                offset += Int(box.byteCount ?? 0)
            default:
                return nil
            }
        }
        self = .brandless
    }

    /// `wide` keeps room for one 64-bit size and `pnot` has one layout, so both have one length.
    private static func isLeadingPadding(_ box: Box) -> Bool {
        switch box.type {
        case "wide": box.byteCount == 8
        case "pnot": box.byteCount == 20
        default: box.byteCount != nil && box.isWellFormed(upTo: maximumHeaderBoxBytes)
        }
    }

    private static func brands(of box: Box, in prefix: FilePrefix) -> ISOBaseMediaFile {
        guard box.isWellFormed(upTo: maximumTypeBoxBytes) else { return .branded(major: nil, compatible: []) }
        let end = min(prefix.count, box.offset + Int(box.byteCount ?? maximumTypeBoxBytes))
        // Major brand, a version that says nothing about the type, then compatible brands to the end of the box.
        guard end - box.bodyOffset >= 4 else { return .branded(major: nil, compatible: []) }
        let compatible = stride(from: box.bodyOffset + 8, to: end - 3, by: 4).compactMap { prefix.fourCC(at: $0) }
        return .branded(major: prefix.fourCC(at: box.bodyOffset), compatible: compatible)
    }
}

/// The head of one box (ISO/IEC 14496-12, section 4.2).
private struct Box {
    let type: FourCC
    /// Where the box starts.
    let offset: Int
    /// Where its content starts.
    let bodyOffset: Int
    /// The whole box with its head; `nil` when it reaches to the end of the file. Any value that a file can claim.
    let byteCount: UInt64?

    /// `nil` when the prefix ends within the head.
    init?(in prefix: FilePrefix, at offset: Int) {
        guard let size = prefix.bigEndian32(at: offset), let type = prefix.fourCC(at: offset + 4) else { return nil }
        self.type = type
        self.offset = offset
        switch size {
        case 0:
            byteCount = nil
            bodyOffset = offset + 8
        case 1:
            guard let long = prefix.bigEndian64(at: offset + 8) else { return nil }
            byteCount = long
            bodyOffset = offset + 16
        default:
            byteCount = UInt64(size)
            bodyOffset = offset + 8
        }
    }

    /// Whether the box is as large as its own head at least.
    var isWellFormed: Bool { isWellFormed(upTo: .max) }

    func isWellFormed(upTo maximumBytes: UInt64) -> Bool {
        guard let byteCount else { return true }
        return byteCount >= UInt64(bodyOffset - offset) && byteCount <= maximumBytes
    }
}
