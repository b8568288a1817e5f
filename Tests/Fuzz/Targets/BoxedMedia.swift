import UploadModel

@testable import MediaInspection

/// ISO base media: brands as a plain reading finds them, and names that the brands claim.
enum BoxedMedia {
    private static let limit = 1024

    static func check(_ bytes: [UInt8]) throws {
        let prefix = FilePrefix(bytes, limit: limit)
        guard let file = ISOBaseMediaFile(prefix) else {
            return try claim(prefix.fourCC(at: 4) != "ftyp" || prefix.count < 16, "a file type box is not seen")
        }
        let finding = file.finding
        try claim(Set(finding.names).count == finding.names.count && finding.type == finding.names[0], "\(finding)")
        guard case .branded(let major, let compatible) = file else {
            return try claim(finding.names == [.quickTime], "\(finding) without brands")
        }
        try checkNames(finding, [major].compactMap { $0 } + compatible)
        try checkBrands(bytes, major, compatible)
        let first = prefix.fourCC(at: 4)
        if first == "ftyp" || first == "styp", prefix.count + 8 <= limit {
            let wide = ISOBaseMediaFile(FilePrefix([0, 0, 0, 8] + Array("wide".utf8) + bytes, limit: limit))
            try claim(wide == file, "behind padding it is \(String(describing: wide))")
        }
    }

    private static func checkNames(_ finding: ContentFinding, _ brands: [FourCC]) throws {
        let isQuickTime = brands.contains("qt  ")
        try claim(!finding.names.contains(.quickTime) || isQuickTime, "QuickTime by \(brands)")
        let others = brands.filter { $0 != "qt  " }
        for type in [MediaType.mp4, .m4v, .heic, .avif] {
            try claim(!finding.names.contains(type) || !others.isEmpty, "\(type) by \(brands)")
        }
        try claim(!(brands.first == "qt  ") || finding.type == .quickTime, "\(finding) by \(brands)")
    }

    /// A box with a plain size, read here as the standard has it: major brand, version, brands to the end.
    private static func checkBrands(_ bytes: [UInt8], _ major: FourCC?, _ compatible: [FourCC]) throws {
        let size = bytes.prefix(4).reduce(0) { $0 << 8 | Int($1) }
        guard bytes.count >= 16, bytes.count <= limit, bytes[4..<8].elementsEqual("ftyp".utf8),
            (16...(64 << 10)).contains(size)
        else { return }
        let words = stride(from: 8, to: min(size, bytes.count) / 4 * 4, by: 4).map { start in
            FourCC(rawValue: bytes[start..<(start + 4)].reduce(0) { $0 << 8 | UInt32($1) })
        }
        try claim(major == words[0] && compatible == Array(words.dropFirst(2)), "\(words) are read as \(compatible)")
    }
}
