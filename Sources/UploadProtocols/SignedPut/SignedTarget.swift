package import UploadModel

/// How the file of a granted URL comes in: where the URL stands, and what its signature covers besides.
package enum GrantedProtocol: String, Hashable, Sendable, CaseIterable {
    /// With one PUT.
    case put
    /// With Resumable Uploads for HTTP.
    case resumable
    case tus

    package var pathPrefix: String {
        switch self {
        case .put: "/upload/"
        case .resumable: "/uploads/"
        case .tus: "/files/"
        }
    }

    /// Stands in the signature in the method's place: the right of one kind of URL is never that of another.
    package var signedMethod: String { self == .put ? "PUT" : "CREATE" }
}

/// What a signed URL binds, written as a request target: every value stands in the text that is signed.
package struct SignedTarget: Hashable, Sendable {
    package let fileID: FileID
    package let fileName: FileName
    package let mediaType: MediaType
    package let sizeBytes: Int64?
    package let maximumBytes: Int64
    package let expiresAt: Timestamp
    package let tenant: TenantID

    package let way: GrantedProtocol

    /// - Parameter expiresAt: whole seconds count; the rest is cut off.
    package init(_ upload: UploadRecord, expiresAt: Timestamp, for way: GrantedProtocol = .put) {
        self.way = way
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
        return "\(way.pathPrefix)\(fileID)/\(PercentCoding.encode(fileName.text))"
            + "?type=\(PercentCoding.encode(mediaType.text))\(size)&max=\(maximumBytes)"
            + "&exp=\(expiresAt.milliseconds / 1000)&tenant=\(tenant)"
    }

    /// Whether a file of this length, in bytes, is what is granted.
    package func allows(sizeBytes length: Int64) -> Bool { length <= maximumBytes && length == sizeBytes ?? length }

    /// Reads a target whose signature holds; `nil` for text that this gateway did not write.
    package init?(verified text: Substring, for way: GrantedProtocol = .put) {
        let bytes = text.utf8
        guard let mark = bytes.firstIndex(of: UInt8(ascii: "?")), bytes.starts(with: way.pathPrefix.utf8) else {
            return nil
        }
        let path = bytes[..<mark].dropFirst(way.pathPrefix.utf8.count)
        guard let slash = path.firstIndex(of: UInt8(ascii: "/")),
            let id = FileID(String(text[path.startIndex..<slash])),
            let name = PercentCoding.decodePathSegment(text[bytes.index(after: slash)..<mark]).flatMap(FileName.init),
            let pairs = PercentCoding.parseQuery(text[bytes.index(after: mark)...])
        else { return nil }
        func value(_ name: String) -> String? { pairs.first { $0.name == name }?.value }
        guard let type = value("type").flatMap(MediaType.init), let most = value("max").flatMap({ Int64($0) }),
            let seconds = value("exp").flatMap({ Int64($0) }), let tenant = value("tenant").flatMap(TenantID.init)
        else { return nil }
        self.way = way
        fileID = id
        fileName = name
        mediaType = type
        sizeBytes = value("size").flatMap { Int64($0) }
        maximumBytes = most
        expiresAt = Timestamp(milliseconds: 0).adding(seconds: seconds)
        self.tenant = tenant
        // Only the spelling that ``text`` has is one of this gateway's; what may follow is the key's name.
        let own = Array(self.text.utf8)
        let sent = Array(bytes)
        let rest = sent.dropFirst(own.count)
        guard sent.starts(with: own), rest.isEmpty || rest.first == UInt8(ascii: "&") else { return nil }
    }
}
