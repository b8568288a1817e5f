import Foundation
import Testing

extension RawAnswer {
    var isInterim: Bool { status < 200 }
    var json: JSON { get throws { try JSON(parsing: body) } }
    /// The stable code of an error.
    var code: String? { try? json["code"].string }
}

/// What came of one request: interim answers, and the final one.
struct ResumableAnswers: Sendable {
    let interim: [RawAnswer]
    let final: RawAnswer

    var account: String { (interim + [final]).map(\.account).joined(separator: " | ") }
}

/// A client of Resumable Uploads for HTTP, in the words of one version, with a connection for each request.
struct ResumableClient: Sendable {
    let gateway: RunningGateway
    /// What it calls its version; `nil` for the RFC, which has no number.
    let interop: Int?
    /// What it sends with every request besides.
    var fields: [String] = []

    /// With the gateway's first key.
    static func keyed(_ interop: Int?) throws -> ResumableClient {
        let gateway = try RunningGateway.shared
        return ResumableClient(gateway: gateway, interop: interop, fields: ["X-API-Key: \(gateway.key)"])
    }

    var endName: String { interop == 3 ? "Upload-Incomplete" : "Upload-Complete" }

    func end(_ ends: Bool) -> String { "\(endName): \(ends == (interop != 3) ? "?1" : "?0")" }

    /// Whether an answer says that the file has ended.
    func isEnd(_ answer: RawAnswer) -> Bool? { answer[endName].map { ($0 == "?1") == (interop != 3) } }

    func head(_ method: String, _ target: String, _ more: [String], bytes: Int?) -> String {
        let own = ["Host: a"] + fields + (interop.map { ["Upload-Draft-Interop-Version: \($0)"] } ?? [])
        let length = bytes.map { ["Content-Length: \($0)"] } ?? []
        let path = target.hasPrefix(gateway.base) ? String(target.dropFirst(gateway.base.count)) : target
        return "\(method) \(path) HTTP/1.1\r\n" + (own + more + length).map { $0 + "\r\n" }.joined() + "\r\n"
    }

    /// Sends a request as a whole and reads its answers.
    func exchange(
        _ method: String, _ target: String, _ more: [String] = [], body: Data? = nil
    ) async throws -> ResumableAnswers {
        let conversation = try gateway.conversation()
        try await conversation.send(head(method, target, more, bytes: body?.count))
        if let body { try await conversation.send(body) }
        return try await Self.answers(conversation)
    }

    static func answers(_ conversation: Conversation) async throws -> ResumableAnswers {
        var interim: [RawAnswer] = []
        while let answer = try await conversation.answer() {
            guard answer.isInterim else { return ResumableAnswers(interim: interim, final: answer) }
            interim.append(answer)
        }
        throw Trouble("the connection ended without an answer, after \(interim.map(\.account))")
    }

    /// The URL of a new upload of which nothing is here yet.
    func created(_ more: [String] = ["Content-Type: video/mp4"]) async throws -> String {
        let answers = try await exchange("POST", "/uploads/", more + [end(false)], body: Data())
        try #require(answers.final.status == 201, "\(answers.account)")
        return try #require(answers.final["Location"])
    }

    /// How much is here, and whether that is all.
    struct State: Equatable, Sendable {
        let offset: Int
        let isEnd: Bool

        init(_ offset: Int, isEnd: Bool = false) {
            self.offset = offset
            self.isEnd = isEnd
        }
    }

    func state(_ url: String) async throws -> State {
        let answer = try await exchange("HEAD", url).final
        try #require(answer.status == 204, "\(answer.account)")
        let offset = try #require(answer["Upload-Offset"].flatMap { Int($0) })
        guard let isEnd = isEnd(answer) else { throw Trouble("not told whether it has ended: \(answer.account)") }
        return State(offset, isEnd: isEnd)
    }

    func append(
        _ url: String, _ bytes: Data, at offset: Int, ends: Bool, _ more: [String] = []
    ) async throws -> ResumableAnswers {
        try await exchange("PATCH", url, appendFields(at: offset, ends: ends) + more, body: bytes)
    }

    func appendFields(at offset: Int, ends: Bool) -> [String] {
        ["Upload-Offset: \(offset)", end(ends), "Content-Type: application/partial-upload"]
    }
}

extension RunningGateway {
    /// What is read where a file is served that came in over an upload's URL.
    func file(of url: String) async throws -> Data? {
        let path = url.split(separator: "?")[0]
        let status = try await status(String(path.split(separator: "/").last ?? ""))
        return try await bytes(try #require(status["accessUrl"].string))
    }
}
