/// A media type without parameters (RFC 9110 section 8.3.1), lower case: `video/mp4`.
package struct MediaType: Hashable, Sendable, CustomStringConvertible {
    package let text: String

    /// Reads `type/subtype`, dropping parameters and case; `nil` when it is not of that form.
    package init?(_ text: String) {
        // As nearly everybody writes it, and as it stands in records.
        if Self.isPlain(text.utf8) {
            self.text = text
            return
        }
        let essence = text.prefix { $0 != ";" }
        let trimmed = essence.drop { $0 == " " || $0 == "\t" }
        let end = trimmed.lastIndex { $0 != " " && $0 != "\t" }
        // Looked at before case is dropped, by which other letters would become ASCII.
        guard let end, trimmed[...end].utf8.allSatisfy({ $0 < 0x80 }) else { return nil }
        let lower = trimmed[...end].lowercased()
        let halves = lower.split(separator: "/", omittingEmptySubsequences: false)
        guard halves.count == 2, lower.utf8.count <= 127,
            halves.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy(Self.isTokenByte) })
        else { return nil }
        self.text = lower
    }

    private init(unchecked text: String) { self.text = text }

    /// What stands for bytes of no known type.
    package static let octetStream = MediaType(unchecked: "application/octet-stream")

    /// Whether it is what is kept: lower case, without parameters and blanks.
    private static func isPlain(_ text: String.UTF8View) -> Bool {
        guard let slash = text.firstIndex(of: UInt8(ascii: "/")), text.count <= 127 else { return false }
        let (type, subtype) = (text[..<slash], text[slash...].dropFirst())
        return !type.isEmpty && !subtype.isEmpty && type.allSatisfy(isTokenByte) && subtype.allSatisfy(isTokenByte)
    }

    /// tchar of RFC 9110 section 5.6.2.
    private static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }

    package var description: String { text }
}

/// What the publishing APIs divide media into.
package enum MediaKind: String, Hashable, Sendable, CaseIterable {
    case image
    case video
}

/// One accepted format: its media type, the names it goes by, and its kind.
package struct MediaFormat: Hashable, Sendable {
    package let mediaType: MediaType
    /// Other media types that mean the same.
    package let synonyms: [MediaType]
    package let kind: MediaKind
    /// Lower-case file name extensions; each is also a short name (`contentType=mov`). The first is preferred.
    package let extensions: [String]
}

/// The formats a gateway accepts, looked up by media type, short name or extension.
package struct MediaFormatTable: Sendable, Equatable {
    package let formats: [MediaFormat]

    package init(formats: [MediaFormat]) { self.formats = formats }

    /// The formats of this table whose short name or media type is in `names`; `nil` when a name is unknown.
    package func selecting(_ names: [String]) -> MediaFormatTable? {
        var selected: [MediaFormat] = []
        for name in names {
            guard let format = format(named: name) else { return nil }
            if !selected.contains(format) { selected.append(format) }
        }
        return MediaFormatTable(formats: selected)
    }

    /// By media type or one of its synonyms.
    package func format(of mediaType: MediaType) -> MediaFormat? {
        formats.first { $0.mediaType == mediaType || $0.synonyms.contains(mediaType) }
    }

    /// By extension, without the dot, in any case.
    package func format(fileExtension: String) -> MediaFormat? {
        let lower = fileExtension.lowercased()
        return formats.first { $0.extensions.contains(lower) }
    }

    /// By what a client may put in `contentType`: a short name (`mov`, `quicktime`, `jpg`) or a media type.
    package func format(named name: String) -> MediaFormat? {
        if name.contains("/") { return MediaType(name).flatMap(format(of:)) }
        if name.lowercased() == "quicktime" { return format(fileExtension: "mov") }
        return format(fileExtension: name)
    }

    /// Every format that the gateway can tell from bytes; all are accepted by default.
    package static let known = MediaFormatTable(formats: [
        entry("image/jpeg", ["image/jpg", "image/pjpeg"], .image, ["jpg", "jpeg", "jpe", "jfif"]),
        entry("image/png", ["image/x-png"], .image, ["png"]),
        entry("image/gif", [], .image, ["gif"]),
        entry("image/webp", [], .image, ["webp"]),
        entry("image/heic", ["image/heif"], .image, ["heic", "heif"]),
        entry("image/avif", [], .image, ["avif"]),
        entry("video/mp4", ["application/mp4"], .video, ["mp4"]),
        entry("video/quicktime", [], .video, ["mov", "qt"]),
        entry("video/webm", [], .video, ["webm"]),
        entry("video/x-m4v", ["video/m4v"], .video, ["m4v"]),
        entry("video/x-msvideo", ["video/avi", "video/msvideo", "video/vnd.avi"], .video, ["avi"]),
        entry("video/x-matroska", ["video/matroska", "video/mkv"], .video, ["mkv"]),
        entry("video/mpeg", ["video/x-mpeg"], .video, ["mpeg", "mpg", "mpe"]),
    ])

    private static func entry(
        _ type: String, _ synonyms: [String], _ kind: MediaKind, _ extensions: [String]
    ) -> MediaFormat {
        guard let mediaType = MediaType(type) else { preconditionFailure("\(type) in the format table") }
        return MediaFormat(
            mediaType: mediaType, synonyms: synonyms.compactMap(MediaType.init), kind: kind, extensions: extensions)
    }
}
