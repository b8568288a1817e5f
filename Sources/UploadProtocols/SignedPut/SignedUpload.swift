package import UploadModel

/// The right to go on with one upload without a key, written as a request target: the URL of an upload that a granted
/// URL began.
///
/// It has no expiry of its own: it is good for as long as the upload is, whose lifetime grows while bytes come.
package struct SignedUpload: Hashable, Sendable {
    package let way: GrantedProtocol
    package let fileID: FileID
    package let tenant: TenantID

    /// Stands in the signature in the method's place.
    package static let signedMethod = "RESUME"

    package init(_ upload: UploadRecord, over way: GrantedProtocol) {
        self.way = way
        fileID = upload.fileID
        tenant = upload.tenant
    }

    /// The upload's path, which is all that who has a key needs.
    package var path: String { "\(way.pathPrefix)\(fileID)" }

    /// The target to sign.
    package var text: String { "\(path)?tenant=\(tenant)" }

    /// Whether a query carries a signature: then it is what counts, and no key.
    package static func isSigned(query: String) -> Bool {
        query.utf8.split(separator: UInt8(ascii: "&")).contains { $0.starts(with: "sig=".utf8) }
    }

    /// Reads a target whose signature holds; `nil` for text that this gateway did not write.
    package init?(verified text: Substring) {
        guard let way = GrantedProtocol.allCases.first(where: { text.utf8.starts(with: $0.pathPrefix.utf8) }),
            let mark = text.utf8.firstIndex(of: UInt8(ascii: "?")),
            let id = FileID(String(text[..<mark].utf8.dropFirst(way.pathPrefix.utf8.count)) ?? ""),
            let tenant = PercentCoding.parseQuery(text[text.utf8.index(after: mark)...])?
                .first(where: { $0.name == "tenant" }).flatMap({ TenantID($0.value) })
        else { return nil }
        self.way = way
        fileID = id
        self.tenant = tenant
        // Only the spelling that ``text`` has is one of this gateway's; what follows is the key's name.
        let rest = Array(text.utf8).dropFirst(self.text.utf8.count)
        guard text.utf8.starts(with: self.text.utf8), rest.isEmpty || rest.first == UInt8(ascii: "&") else {
            return nil
        }
    }
}
