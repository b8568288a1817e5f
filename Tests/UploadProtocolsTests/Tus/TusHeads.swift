import HTTPTypes
import UploadModel

@testable import UploadProtocols

/// Heads as tus clients send them.
enum TusHeads {
    /// - Parameter fields: as on the wire, in their order.
    static func head(
        _ method: HTTPRequest.Method, _ fields: [(String, String)], path: String = "/files"
    ) -> HTTPRequest {
        var head = HTTPRequest(method: method, scheme: "http", authority: "up.example.com", path: path)
        for (name, value) in fields {
            if let name = HTTPField.Name(name) { head.headerFields.append(HTTPField(name: name, value: value)) }
        }
        return head
    }

    static func creation(_ fields: [(String, String)]) throws(UploadFault) -> TusCreation {
        try TusCreation(head(.post, fields), formats: .known, limits: UploadLimits())
    }

    static let bytes = ("Content-Type", "application/offset+octet-stream")

    /// The digests of the three bytes `abc`, as each algorithm's definition gives them.
    static let abc: [(name: String, base64: String, algorithm: DigestAlgorithm)] = [
        ("sha1", "qZk+NkcGgWq6PiVxeFDCbJzQ2J0=", .sha1),
        ("sha256", "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=", .sha256),
        (
            "sha512",
            "3a81oZNherrMQXNJriBBMRLm+k6JqX6iCp7u5ktV05ohkpkqJ0/BqDa6PCOj/uu9RU1EI2Q86A4qmslPpUyknw==", .sha512
        ),
        ("md5", "kAFQmDzST7DWlj99KOF/cg==", .md5), ("crc32", "NSRBwg==", .crc32), ("crc32c", "Nks/tw==", .crc32c),
    ]
}
