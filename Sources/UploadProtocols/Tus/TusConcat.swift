package import UploadModel

/// `Upload-Concat` (concatenation extension): whether an upload is a piece of another, or made of pieces.
package enum TusConcat: Hashable, Sendable {
    case partial
    /// Of these, in order, by the text of their ids.
    case final([String])

    private static let finalMark = "final;"

    /// - Throws: `invalid_request` for what is neither `partial` nor `final;` and a list of URLs.
    package init(_ field: String) throws(UploadFault) {
        if field == "partial" {
            self = .partial
            return
        }
        // URLs are ASCII; anything else could not be given back as it came.
        guard field.hasPrefix(Self.finalMark), field.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) else {
            throw Self.fault("Upload-Concat must be partial, or final; and the URLs of its partial uploads.")
        }
        var ids: [String] = []
        for url in field.dropFirst(Self.finalMark.count).split(separator: " ") {
            guard let id = Self.id(url) else {
                throw Self.fault("Upload-Concat names \(url), which is no URL of an upload: \(TusProtocol.path)/ID is.")
            }
            ids.append(id)
        }
        guard !ids.isEmpty else { throw Self.fault("Upload-Concat names no upload to join.") }
        guard ids.count <= UploadRecord.maximumJoinCount else {
            throw Self.fault("At most \(UploadRecord.maximumJoinCount) uploads can be joined.")
        }
        self = .final(ids)
    }

    /// The id at the end of a path, or of an absolute URL: of its host nothing is believed, and behind a proxy the path
    /// may have begun otherwise.
    private static func id(_ url: Substring) -> String? {
        var path = url
        for scheme in ["http://", "https://"] where url.lowercased().hasPrefix(scheme) {
            path = url.dropFirst(scheme.count).drop { $0 != "/" }
        }
        guard path.hasPrefix("/") else { return nil }
        let segments = path.prefix { $0 != "?" && $0 != "#" }.split(separator: "/", omittingEmptySubsequences: false)
        guard segments.count >= 3, segments[segments.count - 2] == TusProtocol.path.dropFirst(),
            let id = segments.last.flatMap({ PercentCoding.decodePathSegment($0) }), !id.isEmpty
        else { return nil }
        return id
    }

    private static func fault(_ message: String) -> UploadFault { TusProtocol.fault(.tusConcat, message) }
}
