import UploadModel

extension ISOBaseMediaFile {
    /// The names that the brands claim; see ``ContentInspector`` for where the line between QuickTime and MP4 is drawn.
    var finding: ContentFinding {
        switch self {
        case .brandless: ContentFinding(.quickTime)
        case .branded(let major, let compatible): Self.finding(major: major, compatible: compatible)
        }
    }

    private static func finding(major: FourCC?, compatible: [FourCC]) -> ContentFinding {
        let claims = compatible.compactMap(BrandClaim.init)
        let leading = major.flatMap(BrandClaim.init) ?? BrandClaim.precedence.first(where: claims.contains)
        switch leading {
        case nil: return .unrecognised
        // Their compatible brands tell how the boxes are laid out, not that there are moving pictures in them.
        case .audio: return ContentFinding(.mp4Audio)
        case .canonRaw: return ContentFinding(.canonRaw)
        case .heic, .avif, .imageContainer: return imageFinding([leading].compactMap { $0 } + claims)
        case .mp4, .m4v, .quickTime, .threeGPP, .threeGPP2:
            return movieFinding([leading].compactMap { $0 } + claims)
        }
    }

    /// A container of pictures that names no coding known here is of no known type.
    private static func imageFinding(_ claims: [BrandClaim]) -> ContentFinding {
        let names = claims.compactMap { claim -> MediaType? in
            switch claim {
            case .heic: .heic
            case .avif: .avif
            default: nil
            }
        }
        return names.first.map { ContentFinding($0, orAs: names) } ?? .unrecognised
    }

    /// M4V is Apple's name for MP4 with video in it, so each answers to the other's name.
    private static func movieFinding(_ claims: [BrandClaim]) -> ContentFinding {
        let names = claims.flatMap { claim -> [MediaType] in
            switch claim {
            case .mp4: [.mp4, .m4v]
            case .m4v: [.m4v, .mp4]
            case .quickTime: [.quickTime]
            case .threeGPP: [.threeGPP]
            case .threeGPP2: [.threeGPP2]
            case .heic, .avif, .imageContainer, .audio, .canonRaw: []
            }
        }
        return names.first.map { ContentFinding($0, orAs: names) } ?? .unrecognised
    }
}

/// What one brand says a file is.
private enum BrandClaim: Hashable {
    case mp4, m4v, quickTime, threeGPP, threeGPP2
    case heic, avif
    /// Pictures, in a coding that another brand must name.
    case imageContainer
    case canonRaw
    case audio

    /// Which claim of the compatible brands counts when the major brand is not known. Pictures come first, since
    /// their files list brands of the layout too, which without them would mean MP4.
    static let precedence: [BrandClaim] = [
        .heic, .avif, .imageContainer, .canonRaw, .mp4, .m4v, .quickTime, .threeGPP, .threeGPP2, .audio,
    ]

    /// `nil` for a brand that is not known, and for the zeros that some writers pad with.
    init?(_ brand: FourCC) {
        if let claim = Self.table[brand] {
            self = claim
        } else if brand.sharesFirstThree(with: "3gp?") {
            self = .threeGPP
        } else if brand.sharesFirstThree(with: "3g2?") {
            self = .threeGPP2
        } else {
            return nil
        }
    }

    private static let table: [FourCC: BrandClaim] = {
        let brands: [(BrandClaim, [FourCC])] = [
            (.quickTime, ["qt  "]),
            (.m4v, ["M4V ", "M4VH", "M4VP"]),
            (.heic, ["heic", "heix", "hevc", "hevx", "heim", "heis", "hevm", "hevs"]),
            (.avif, ["avif", "avis"]),
            (.imageContainer, ["mif1", "mif2", "msf1", "miaf"]),
            (.canonRaw, ["crx ", "cr3 "]),
            (.audio, ["M4A ", "M4B ", "M4P ", "F4A ", "F4B "]),
            // ISO/IEC 14496-12 and -14, then streaming segments, then what cameras and players write.
            (.mp4, ["isom", "iso2", "iso3", "iso4", "iso5", "iso6", "iso7", "iso8", "iso9", "isoa", "isob", "isoc"]),
            (.mp4, ["mp41", "mp42", "mp71", "avc1", "hvc1", "hev1", "av01"]),
            (.mp4, ["dash", "msdh", "msix", "cmfc", "cmf2", "cmfs", "cmff", "cmfl", "piff"]),
            (.mp4, ["MSNV", "mmp4", "XAVC", "f4v ", "F4V ", "F4P "]),
        ]
        return Dictionary(uniqueKeysWithValues: brands.flatMap { claim, names in names.map { ($0, claim) } })
    }()
}
