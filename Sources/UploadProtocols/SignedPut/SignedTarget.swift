package import UploadModel

/// What a signed URL binds, written as a request target: every value stands in the text that is signed.
package struct SignedTarget: Hashable, Sendable {
    package let fileID: FileID
    package let fileName: FileName
    package let mediaType: MediaType
    package let sizeBytes: Int64?
    package let maximumBytes: Int64
    package let expiresAt: Timestamp
    package let tenant: TenantID

    package static let pathPrefix = "/upload/"
    /// The method that the signature covers.
    package static let method = "PUT"

    /// - Parameter expiresAt: whole seconds count; the rest is cut off.
    package init(_ upload: UploadRecord, expiresAt: Timestamp) {
        fileID = upload.fileID
        fileName = upload.fileName
        mediaType = upload.mediaType
        sizeBytes = upload.layout.sizeBytes
        maximumBytes = upload.maximumBytes
        self.expiresAt = Timestamp(milliseconds: expiresAt.milliseconds / 1000 * 1000)
        tenant = upload.tenant
    }

    /// The target to sign: path and query.
    package var text: String {
        let size = sizeBytes.map { "&size=\($0)" } ?? ""
        return "\(Self.pathPrefix)\(fileID)/\(PercentCoding.encode(fileName.text))"
            + "?type=\(PercentCoding.encode(mediaType.text))\(size)&max=\(maximumBytes)"
            + "&exp=\(expiresAt.milliseconds / 1000)&tenant=\(tenant)"
    }

    /// Reads a target whose signature holds; `nil` for text that this gateway did not write.
    package init?(verified text: Substring) {
        guard let mark = text.firstIndex(of: "?"), text.hasPrefix(Self.pathPrefix) else { return nil }
        let path = text[..<mark].dropFirst(Self.pathPrefix.count).split(
            separator: "/", omittingEmptySubsequences: false)
        guard path.count == 2, let id = FileID(String(path[0])),
            let name = PercentCoding.decodePathSegment(String(path[1])).flatMap(FileName.init),
            let pairs = PercentCoding.parseQuery(String(text[text.index(after: mark)...]))
        else { return nil }
        let values = Dictionary(pairs.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first })
        guard let type = values["type"].flatMap(MediaType.init), let most = values["max"].flatMap({ Int64($0) }),
            let seconds = values["exp"].flatMap({ Int64($0) }), let tenant = values["tenant"].flatMap(TenantID.init)
        else { return nil }
        fileID = id
        fileName = name
        mediaType = type
        sizeBytes = values["size"].flatMap { Int64($0) }
        maximumBytes = most
        expiresAt = Timestamp(milliseconds: 0).adding(seconds: seconds)
        self.tenant = tenant
        // Only the spelling that ``text`` has is one of this gateway's; what may follow is the key's name.
        let rest = text.utf8.dropFirst(self.text.utf8.count)
        guard text.utf8.starts(with: self.text.utf8), rest.isEmpty || rest.first == UInt8(ascii: "&") else {
            return nil
        }
    }
}
