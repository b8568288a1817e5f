import HTTPTypes
import UploadProtocols

/// The description of every call, as it is served.
enum OpenAPIDocument {
    /// The server that stands in the document as it was written.
    private static let writtenServer = "  - url: http://127.0.0.1:8080\n"

    /// RFC 9512 section 2.1.
    private static let mediaType = "application/yaml"

    /// The document with this gateway's own address in it.
    static func reply(_ address: PublicAddress) -> Reply {
        let text = String(decoding: PackageResources.openapi_yaml, as: UTF8.self)
        let here = "  - url: \"\(address.base)\"\n"
        return Reply(
            .ok, fields: [.contentType: mediaType, .cacheControl: "no-store"],
            body: Array(text.replacing(writtenServer, with: here, maxReplacements: 1).utf8))
    }
}
