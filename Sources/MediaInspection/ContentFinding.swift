import UploadModel

/// What bytes are: the name that fits them best, and the others they may truthfully go by.
struct ContentFinding: Hashable, Sendable {
    /// The best name first, each once; never empty.
    let names: [MediaType]

    var type: MediaType { names[0] }

    init(_ type: MediaType, orAs others: [MediaType] = []) {
        names = others.reduce(into: [type]) { names, name in
            if !names.contains(name) { names.append(name) }
        }
    }

    static let unrecognised = ContentFinding(.octetStream)
}

/// The types that the rules of this module give. Those in `MediaFormatTable.known` are spelled as there.
extension MediaType {
    static let jpeg = fixed("image/jpeg")
    static let png = fixed("image/png")
    static let gif = fixed("image/gif")
    static let webp = fixed("image/webp")
    static let heic = fixed("image/heic")
    static let avif = fixed("image/avif")
    static let canonRaw = fixed("image/x-canon-cr3")
    static let mp4 = fixed("video/mp4")
    static let quickTime = fixed("video/quicktime")
    static let m4v = fixed("video/x-m4v")
    static let threeGPP = fixed("video/3gpp")
    static let threeGPP2 = fixed("video/3gpp2")
    static let webm = fixed("video/webm")
    static let matroska = fixed("video/x-matroska")
    static let avi = fixed("video/x-msvideo")
    static let mpeg = fixed("video/mpeg")
    static let mpegTransportStream = fixed("video/mp2t")
    static let mp4Audio = fixed("audio/mp4")
    /// What a file of no bytes is called; libmagic's word for it.
    static let empty = fixed("application/x-empty")

    private static func fixed(_ text: String) -> MediaType {
        guard let type = MediaType(text) else { preconditionFailure("\(text) is no media type") }
        return type
    }
}
