import Testing
import UploadModel

@testable import MediaInspection

@Suite struct ISOBaseMediaFileTests {
    @Test(arguments: BrandCase.table)
    func `brands give the names`(row: BrandCase) throws {
        let file = try #require(ISOBaseMediaFile(FilePrefix(row.bytes, limit: 1024)))
        #expect(file.finding.names == row.names.map(type))
    }

    @Test(arguments: BrandCase.table)
    func `a segment type box is read like a file type box`(row: BrandCase) throws {
        var bytes = row.bytes
        bytes.replaceSubrange(4..<8, with: Array("styp".utf8))
        let file = try #require(ISOBaseMediaFile(FilePrefix(bytes, limit: 1024)))
        #expect(file.finding.names == row.names.map(type))
    }

    private static let declarations: [(major: String, compatible: [String], declared: String, fits: Bool)] = [
        ("qt  ", ["qt  "], "video/mp4", false),
        ("qt  ", ["qt  ", "mp42"], "video/mp4", true),
        ("qt  ", ["qt  ", "mp42"], "video/x-m4v", true),
        ("qt  ", ["qt  ", "mp42"], "video/quicktime", true),
        ("isom", ["isom", "mp41"], "video/quicktime", false),
        ("isom", ["isom", "qt  "], "video/quicktime", true),
        ("mp42", ["isom", "mp42"], "video/x-m4v", true),
        ("M4V ", ["M4V "], "video/mp4", true),
        ("M4V ", ["M4V ", "mp42"], "video/quicktime", false),
        ("M4A ", ["M4A ", "mp42", "isom"], "video/mp4", false),
        ("M4A ", ["M4A ", "mp42", "isom"], "video/x-m4v", false),
        ("heic", ["mif1", "heic", "mp42"], "video/mp4", false),
        ("mp42", ["mp42", "heic"], "image/heic", false),
        ("avif", ["avif", "mif1"], "image/heic", false),
    ]

    @Test(arguments: declarations)
    func `a file goes by what its brands claim`(
        major: String, compatible: [String], declared: String, fits: Bool
    ) throws {
        let inspector = try ContentInspector(accepting: .known)
        let verdict = inspector.verdict(on: fileTypeBox(major, compatible), declared: type(declared))
        #expect((verdict == .matches(type(declared))) == fits, "\(verdict)")
    }

    @Test func `an iPhone's film is QuickTime and its picture HEIC`() throws {
        let inspector = try ContentInspector(accepting: .known)
        let film =
            fileTypeBox("qt  ", ["qt  "]) + [0, 0, 0, 8] + Array("wide".utf8) + [0, 0x5A, 0x11, 0x07]
            + Array("mdat".utf8)
        #expect(inspector.verdict(on: film, declared: nil) == .matches(type("video/quicktime")))
        #expect(
            inspector.verdict(on: film, declared: type("video/mp4")) == .contradicts(found: type("video/quicktime")))
        let picture =
            fileTypeBox("heic", ["mif1", "MiHE", "MiPr", "miaf", "MiHB", "heic"]) + [0, 0, 0x0E, 0x1B]
            + Array("meta".utf8)
        #expect(inspector.verdict(on: picture, declared: nil) == .matches(type("image/heic")))
        #expect(
            inspector.verdict(on: picture, declared: type("image/jpeg")) == .contradicts(found: type("image/heic")))
    }

    private static let box8: [UInt8] = [0, 0, 0, 8]
    private static let twelve = [UInt8](repeating: 0, count: 12)
    private static let sixteen = [UInt8](repeating: 0, count: 16)

    private static let brandless: [(bytes: [UInt8], isQuickTime: Bool)] = [
        ([0, 0, 2, 0] + Array("moovxxxxmvhd".utf8), true),
        ([0, 0, 2, 0] + Array("mdat".utf8), true),
        ([0, 0, 0, 0] + Array("mdat".utf8), true),
        ([0, 0, 0, 1] + Array("mdat".utf8) + [0, 0, 1, 0, 0, 0, 0, 0], true),
        ([0, 0, 0, 1] + Array("mdat".utf8) + [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], true),
        ([0, 0, 0, 1] + Array("mdat".utf8) + [0, 0, 0, 0, 0, 0, 0, 15], false),
        ([0, 0, 0, 1] + Array("mdat".utf8) + [0, 0, 0], false),
        ([0, 0, 0, 7] + Array("mdat".utf8), false),
        (box8 + Array("wide".utf8) + [0, 1, 0, 0] + Array("mdat".utf8), true),
        ([0, 0, 0, 9] + Array("wide".utf8) + [0, 1, 0, 0] + Array("mdat".utf8), false),
        (box8 + Array("wide".utf8) + [0, 1, 0, 0] + Array("html".utf8), false),
        ([0, 0, 0, 24] + Array("free".utf8) + sixteen + [0, 1, 0, 0] + Array("moov".utf8), true),
        ([0, 0, 0, 24] + Array("skip".utf8) + sixteen + [0, 1, 0, 0] + Array("mdat".utf8), true),
        ([0, 0, 0x80, 0] + Array("free".utf8) + sixteen, true),
        ([0, 0, 0, 0] + Array("free".utf8) + sixteen, false),
        (
            [0, 0, 0, 20] + Array("pnot".utf8) + twelve + [0, 1, 0, 0] + Array("moov".utf8),
            true
        ),
        ([0, 0, 0, 21] + Array("pnot".utf8) + sixteen, false),
        (Array("The wide road to moov, free of charge".utf8), false),
        (Array("Did free".utf8), false),
        (Array("Did moov".utf8), false),
        ([0, 0, 2, 0] + Array("moof".utf8) + sixteen, false),
        ([0, 0, 2, 0] + Array("mda".utf8), false),
    ]

    @Test(arguments: brandless)
    func `QuickTime without brands begins with an atom of its own`(bytes: [UInt8], isQuickTime: Bool) {
        let finding = ISOBaseMediaFile(FilePrefix(bytes, limit: 1024))?.finding
        #expect(finding == (isQuickTime ? ContentFinding(type("video/quicktime")) : nil))
    }

    @Test func `a file type box after padding counts`() throws {
        let padding: [UInt8] = [0, 0, 0, 24] + Array("free".utf8) + Self.sixteen
        let bytes = padding + fileTypeBox("isom", ["isom", "qt  "])
        #expect(
            ISOBaseMediaFile(FilePrefix(bytes, limit: 1024)) == .branded(major: "isom", compatible: ["isom", "qt  "]))
    }

    @Test func `padding without end is given up`() {
        let bytes = [[UInt8]](repeating: Self.box8 + Array("free".utf8), count: 100).flatMap { $0 }
        #expect(ISOBaseMediaFile(FilePrefix(bytes, limit: 1024)) == .brandless)
    }

    /// The box of major `mp42`, compatible `qt  ` and `isom`, as its size is claimed to be, and the brands seen.
    private static let sizes: [(size: [UInt8], major: FourCC?, compatible: [FourCC])] = [
        ([0, 0, 0, 24], "mp42", ["qt  ", "isom"]),
        ([0, 0, 0, 20], "mp42", ["qt  "]),
        ([0, 0, 0, 23], "mp42", ["qt  "]),
        ([0, 0, 0, 16], "mp42", []),
        ([0, 0, 0, 12], "mp42", []),
        ([0, 0, 0, 11], nil, []),
        ([0, 0, 0, 8], nil, []),
        ([0, 0, 0, 7], nil, []),
        ([0, 0, 0, 2], nil, []),
        ([0, 0, 0, 0], "mp42", ["qt  ", "isom"]),
        ([0, 0, 0x10, 0], "mp42", ["qt  ", "isom"]),
        ([0, 1, 0, 1], nil, []),
        ([0x7F, 0xFF, 0xFF, 0xFF], nil, []),
        ([0x80, 0, 0, 0], nil, []),
        ([0xFF, 0xFF, 0xFF, 0xFF], nil, []),
    ]

    @Test(arguments: sizes)
    func `a claimed size leads nowhere else`(size: [UInt8], major: FourCC?, compatible: [FourCC]) {
        let bytes = size + Array("ftypmp42....qt  isom".utf8)
        let file = ISOBaseMediaFile(FilePrefix(bytes, limit: 1024))
        #expect(file == .branded(major: major, compatible: compatible))
    }

    private static let longSizes: [(size: [UInt8], major: FourCC?, compatible: [FourCC])] = [
        ([0, 0, 0, 0, 0, 0, 0, 32], "mp42", ["qt  ", "isom"]),
        ([0, 0, 0, 0, 0, 0, 0, 28], "mp42", ["qt  "]),
        ([0, 0, 0, 0, 0, 0, 0, 16], nil, []),
        ([0, 0, 0, 0, 0, 0, 0, 15], nil, []),
        ([0, 0, 0, 0, 0, 0, 0, 0], nil, []),
        ([0, 0, 0, 0, 0, 0, 0x10, 0], "mp42", ["qt  ", "isom"]),
        ([0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], nil, []),
        ([0x80, 0, 0, 0, 0, 0, 0, 0], nil, []),
        ([0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], nil, []),
    ]

    @Test(arguments: longSizes)
    func `nor does a size of 64 bits`(size: [UInt8], major: FourCC?, compatible: [FourCC]) {
        let bytes = [0, 0, 0, 1] + Array("ftyp".utf8) + size + Array("mp42....qt  isom".utf8)
        let file = ISOBaseMediaFile(FilePrefix(bytes, limit: 1024))
        #expect(file == .branded(major: major, compatible: compatible))
    }

    @Test func `a box that the prefix cuts off shows the brands before the cut`() {
        let bytes = fileTypeBox("isom", ["iso2", "mp41", "qt  "])
        for length in 0...bytes.count {
            let file = ISOBaseMediaFile(FilePrefix(Array(bytes.prefix(length)), limit: 1024))
            let brands: [FourCC] = ["iso2", "mp41", "qt  "]
            switch length {
            case ..<8: #expect(file == nil)
            case ..<12: #expect(file == .branded(major: nil, compatible: []))
            default:
                let shown = brands.prefix(max(length - 16, 0) / 4)
                #expect(file == .branded(major: "isom", compatible: Array(shown)), "\(length) bytes")
            }
        }
    }
}

/// A file type box by hand.
func fileTypeBox(_ major: String, _ compatible: [String]) -> [UInt8] {
    let size = UInt8(16 + 4 * compatible.count)
    return [0, 0, 0, size] + Array("ftyp\(major)".utf8) + [0, 0, 2, 0] + compatible.flatMap { Array($0.utf8) }
}
