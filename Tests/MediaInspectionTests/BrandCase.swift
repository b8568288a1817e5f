/// A file type box and the names that it gives, the best first.
struct BrandCase: Sendable, CustomStringConvertible {
    let major: String
    let compatible: [String]
    let names: [String]

    init(_ major: String, _ compatible: [String], _ names: [String]) {
        self.major = major
        self.compatible = compatible
        self.names = names
    }

    var bytes: [UInt8] { fileTypeBox(major, compatible) }
    var description: String { "\(major) \(compatible)" }

    static let table: [BrandCase] = movies + images + others

    private static let mp4 = ["video/mp4", "video/x-m4v"]
    private static let m4v = ["video/x-m4v", "video/mp4"]

    private static let movies: [BrandCase] =
        [
            "isom", "iso2", "iso3", "iso4", "iso5", "iso6", "iso7", "iso8", "iso9", "isoa", "isob", "isoc", "mp41",
            "mp42", "avc1", "dash", "MSNV", "mmp4", "f4v ", "F4V ", "msdh", "cmfc", "av01", "hvc1",
        ].map { BrandCase($0, [], mp4) }
        + [
            BrandCase("isom", ["isom", "iso2", "avc1", "mp41"], mp4),
            BrandCase("mp42", ["isom", "mp42", "qt  "], mp4 + ["video/quicktime"]),
            BrandCase("mp42", ["mp42", "heic", "avif"], mp4),
            BrandCase("isom", ["isom", "3gp6"], mp4 + ["video/3gpp"]),
            BrandCase("XAVC", ["XAVC", "mp42", "iso2"], mp4),
            BrandCase("????", ["????", "isom"], mp4),
            BrandCase("????", ["????", "M4A ", "isom"], mp4),
            BrandCase("????", ["qt  ", "isom"], mp4 + ["video/quicktime"]),
            BrandCase("????", ["qt  "], ["video/quicktime"]),
            BrandCase("????", ["M4V "], m4v),
            BrandCase("M4V ", ["M4V ", "M4A ", "mp42", "isom"], m4v),
            BrandCase("M4VH", ["M4VH"], m4v),
            BrandCase("M4VP", ["M4VP", "qt  "], m4v + ["video/quicktime"]),
            BrandCase("qt  ", [], ["video/quicktime"]),
            BrandCase("qt  ", ["qt  "], ["video/quicktime"]),
            BrandCase("qt  ", ["qt  ", "\0\0\0\0", "\0\0\0\0", "\0\0\0\0"], ["video/quicktime"]),
            BrandCase("qt  ", ["qt  ", "mp42"], ["video/quicktime"] + mp4),
            BrandCase("qt  ", ["qt  ", "M4V "], ["video/quicktime"] + m4v),
            BrandCase("3gp4", ["3gp4"], ["video/3gpp"]),
            BrandCase("3gp6", ["3gp6", "isom", "iso2", "avc1"], ["video/3gpp"] + mp4),
            BrandCase("3g2a", ["3g2a", "3gp6"], ["video/3gpp2", "video/3gpp"]),
        ]

    private static let images: [BrandCase] =
        ["heic", "heix", "hevc", "hevx", "heim", "heis", "hevm", "hevs"].flatMap {
            [
                BrandCase($0, [], ["image/heic"]), BrandCase("mif1", ["mif1", $0], ["image/heic"]),
                BrandCase("msf1", ["iso8", $0], ["image/heic"]),
            ]
        }
        + [
            BrandCase("heic", ["mif1", "heic", "miaf"], ["image/heic"]),
            BrandCase("heic", ["mif1", "heic", "iso8", "mp42"], ["image/heic"]),
            BrandCase("avif", ["avif", "mif1", "miaf", "MA1B"], ["image/avif"]),
            BrandCase("avis", ["avis", "msf1", "iso8", "mif1", "miaf"], ["image/avif"]),
            BrandCase("mif1", ["mif1", "avif", "miaf"], ["image/avif"]),
            BrandCase("miaf", ["mif1", "avis"], ["image/avif"]),
            BrandCase("mif1", ["avif", "heic"], ["image/avif", "image/heic"]),
            BrandCase("????", ["mif1", "heic", "iso8"], ["image/heic"]),
            BrandCase("mif1", ["mif1", "miaf"], ["application/octet-stream"]),
            BrandCase("mif1", ["mif1", "iso8"], ["application/octet-stream"]),
            BrandCase("avci", ["mif1", "avci", "iso8"], ["application/octet-stream"]),
        ]

    private static let others: [BrandCase] = [
        BrandCase("M4A ", ["M4A ", "isom", "iso2"], ["audio/mp4"]),
        BrandCase("M4B ", ["M4B ", "mp42"], ["audio/mp4"]),
        BrandCase("????", ["M4A "], ["audio/mp4"]),
        BrandCase("crx ", ["crx ", "isom"], ["image/x-canon-cr3"]),
        BrandCase("????", [], ["application/octet-stream"]),
        BrandCase("????", ["????", "jp2 "], ["application/octet-stream"]),
        BrandCase("\0\0\0\0", ["\0\0\0\0"], ["application/octet-stream"]),
    ]
}
