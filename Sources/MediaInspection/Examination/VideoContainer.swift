import UploadModel

/// A container that ffprobe is told to read, so that a playlist under another name cannot make it open other files.
enum VideoContainer: Hashable, Sendable, CaseIterable {
    case isoBaseMedia
    case matroska
    case avi
    /// A program stream, or a bare video stream.
    case mpeg
    case transportStream

    init?(_ type: MediaType) {
        guard let container = Self.allCases.first(where: { $0.mediaTypes.contains(type) }) else { return nil }
        self = container
    }

    private var mediaTypes: [MediaType] {
        switch self {
        case .isoBaseMedia: [.mp4, .quickTime, .m4v, .threeGPP, .threeGPP2, .mp4Audio]
        case .matroska: [.webm, .matroska]
        case .avi: [.avi]
        case .mpeg: [.mpeg]
        case .transportStream: [.mpegTransportStream]
        }
    }

    var demuxerArguments: [String] {
        switch self {
        case .isoBaseMedia:
            // A track may point at another file for its data; ffmpeg does not follow it, and is told so again.
            ["-f", "mov", "-enable_drefs", "0", "-use_absolute_path", "0"]
        case .matroska: ["-f", "matroska"]
        case .avi: ["-f", "avi"]
        // The two have one media type: ffprobe chooses, and has no other choice.
        case .mpeg: ["-format_whitelist", "mpeg,mpegvideo"]
        case .transportStream: ["-f", "mpegts"]
        }
    }
}
