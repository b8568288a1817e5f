import Foundation
import Testing

/// What somebody sends who means us no good, and what must come back.
struct HostileRow: Sendable, CustomTestStringConvertible {
    /// What is wrong with it.
    let testDescription: String
    /// The section that says what is to be done.
    let rule: String
    /// The statuses of the answers in their order; each is one of some.
    let answers: [Set<Int>]
    /// Whether the gateway ends the connection. Where it does not, the next request on it must be understood.
    let ends: Bool
    let bytes: @Sendable (HostilePlace) -> Data

    init(
        _ what: String, _ rule: String, _ answers: [Set<Int>], ends: Bool = false,
        bytes: @escaping @Sendable (HostilePlace) -> Data
    ) {
        testDescription = what
        self.rule = rule
        self.answers = answers
        self.ends = ends
        self.bytes = bytes
    }

    /// A request of text.
    init(
        _ what: String, _ rule: String, _ answers: [Set<Int>], ends: Bool = false,
        text: @escaping @Sendable (HostilePlace) -> String
    ) {
        self.init(what, rule, answers, ends: ends, bytes: { Data(text($0).utf8) })
    }

    /// Something whose framing nobody can be sure of: it is refused, and nothing behind it is looked at.
    static func refused(
        _ what: String, _ rule: String, _ status: Int = 400, text: @escaping @Sendable (HostilePlace) -> String
    ) -> HostileRow {
        HostileRow(what, rule, [[status]], ends: true, text: text)
    }

    static func refused(
        _ what: String, _ rule: String, _ status: Int = 400, bytes: @escaping @Sendable (HostilePlace) -> Data
    ) -> HostileRow {
        HostileRow(what, rule, [[status]], ends: true, bytes: bytes)
    }
}

/// What the requests of the rows are made of.
struct HostilePlace: Sendable {
    /// A good key, of the tenant that sends.
    let key: String
    /// A whole request that must never be understood as one: it would begin an upload of a tenant that has none.
    let canary: String
    /// Another good key; nothing may ever be done with it.
    let canaryKey: String

    init(key: String, canaryKey: String) {
        self.key = key
        self.canaryKey = canaryKey
        canary = Self.begin(key: canaryKey)
    }

    /// A request that begins an upload.
    static func begin(key: String) -> String {
        let body = #"{"fileName":"smuggled.mp4","size":1}"#
        return "POST /api/v1/uploads HTTP/1.1\r\nHost: a\r\nX-API-Key: \(key)\r\n"
            + "Content-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
    }

    /// The head of a request that is allowed to have a body, with these lines and no other that frame it.
    func head(_ lines: String, _ target: String = "/api/v1/uploads", version: String = "HTTP/1.1") -> String {
        "POST \(target) \(version)\r\nHost: a\r\nX-API-Key: \(key)\r\n\(lines)\r\n\r\n"
    }

    /// The canary where a body ends for whoever believes in chunks.
    func chunked(_ lines: String, version: String = "HTTP/1.1") -> String {
        head(lines, version: version) + "0\r\n\r\n" + canary
    }

    /// The canary inside a chunk, where a body of four bytes would end before it.
    func insideChunk(_ lines: String) -> String {
        let canary = canary
        return head(lines) + String(canary.utf8.count, radix: 16) + "\r\n\(canary)\r\n0\r\n\r\n"
    }

    /// A form that is sent to a route that takes one.
    func form(_ body: String, to path: String, boundary: String = "b") -> String {
        head(
            "Content-Type: multipart/form-data; boundary=\(boundary)\r\nContent-Length: \(body.utf8.count)", path)
            + body
    }

    /// JSON that is sent to a route that takes it.
    func json(_ body: String, to path: String) -> String {
        "POST \(path) HTTP/1.1\r\nHost: a\r\nX-API-Key: \(key)\r\nContent-Type: application/json\r\n"
            + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
    }
}

/// Many of the same.
func many(_ count: Int, _ text: String) -> String { String(repeating: text, count: count) }
