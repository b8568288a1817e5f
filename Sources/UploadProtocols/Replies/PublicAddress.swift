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
        let prefix = Self.plain(base) + "/media/"
        let url = Self.plain(url)
        guard url.hasPrefix(prefix) else { return nil }
        let path = url.dropFirst(prefix.count).prefix { $0 != "?" && $0 != "#" }
        let segments = path.split(separator: "/", omittingEmptySubsequences: false)
        guard segments.count == 2, !segments[1].isEmpty else { return nil }
        return FileID(String(segments[0]))
    }

    /// Scheme and host in lower case, without the port that the scheme means anyway (RFC 3986 section 6.2.3).
    private static func plain(_ url: String) -> String {
        guard let colon = url.firstIndex(of: ":"), url[colon...].hasPrefix("://") else { return url }
        let start = url.index(colon, offsetBy: 3)
        let end = url[start...].firstIndex { $0 == "/" || $0 == "?" || $0 == "#" } ?? url.endIndex
        let scheme = url[..<colon].lowercased()
        var authority = url[start..<end].lowercased()
        let port = scheme == "https" ? ":443" : ":80"
        if authority.hasSuffix(port) { authority.removeLast(port.count) }
        return "\(scheme)://\(authority)\(url[end...])"
    }

    package func uploadURL(_ target: String) -> String { base + target }

    package static func uploadPath(_ id: FileID) -> String { "/api/v1/uploads/\(id)" }
}
