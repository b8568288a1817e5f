package import UploadModel

/// Where clients reach the gateway, and the addresses made from that.
package struct PublicAddress: Hashable, Sendable {
    /// Scheme and authority, perhaps a path, without a slash at the end: `https://upload.example.com`.
    package let base: String

    package init(base: String) {
        var base = base
        while base.hasSuffix("/") { base.removeLast() }
        self.base = base
    }

    /// Where a finished file is read.
    package func accessURL(_ upload: UploadRecord) -> String { base + Self.accessPath(upload) }

    static func accessPath(_ upload: UploadRecord) -> String {
        "/media/\(upload.fileID)/\(PercentCoding.encode(upload.servedName.text))"
    }

    /// The file that a URL reads, if it is an access URL of this gateway.
    package func fileID(ofAccessURL url: String) -> FileID? {
        let prefix = base + "/media/"
        guard url.hasPrefix(prefix) else { return nil }
        let path = url.dropFirst(prefix.count).prefix { $0 != "?" && $0 != "#" }
        let segments = path.split(separator: "/", omittingEmptySubsequences: false)
        guard segments.count == 2, !segments[1].isEmpty else { return nil }
        return FileID(String(segments[0]))
    }

    package func uploadURL(_ target: String) -> String { base + target }

    package static func uploadPath(_ id: FileID) -> String { "/api/v1/uploads/\(id)" }
}
