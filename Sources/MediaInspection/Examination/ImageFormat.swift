import UploadModel

/// An image format that is examined, and how libvips reads it and writes its copy.
enum ImageFormat: Hashable, Sendable, CaseIterable {
    case jpeg
    case png
    case gif
    case webp
    case heic
    case avif

    init?(_ type: MediaType) {
        guard let format = Self.allCases.first(where: { $0.mediaType == type }) else { return nil }
        self = format
    }

    var mediaType: MediaType {
        switch self {
        case .jpeg: .jpeg
        case .png: .png
        case .gif: .gif
        case .webp: .webp
        case .heic: .heic
        case .avif: .avif
        }
    }

    /// The name that libvips gives its reader of this format.
    var loader: String {
        switch self {
        case .jpeg: "jpegload"
        case .png: "pngload"
        case .gif: "gifload"
        case .webp: "webpload"
        case .heic, .avif: "heifload"
        }
    }

    /// Whether an orientation may stand beside the pixels. libheif turns the image itself, a GIF has none.
    var mayBeTurned: Bool {
        switch self {
        case .jpeg, .png, .webp: true
        case .gif, .heic, .avif: false
        }
    }

    /// Every browser shows a JPEG, and few a HEIC.
    var copyFormat: ImageFormat {
        switch self {
        case .heic, .avif: .jpeg
        case .jpeg, .png, .gif, .webp: self
        }
    }

    var copyType: MediaType { copyFormat.mediaType }

    /// What the name of a file of this format ends with, so that libvips writes this format.
    var suffix: String {
        switch self {
        case .jpeg: ".jpg"
        case .png: ".png"
        case .gif: ".gif"
        case .webp: ".webp"
        case .heic: ".heic"
        case .avif: ".avif"
        }
    }

    /// How libvips writes a copy of this format. `strip` leaves out all metadata with the colour profile, for which the
    /// colours are made sRGB before; where a JPEG was transparent it becomes white.
    var savingOptions: String {
        switch self {
        case .jpeg: "[strip,Q=82,optimize_coding,background=255]"
        case .webp: "[strip,Q=82]"
        case .png, .gif, .heic, .avif: "[strip]"
        }
    }
}
