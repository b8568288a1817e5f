import Foundation
import Testing

/// What a call was answered: the stable code where it was refused.
struct Verdict: Equatable, Sendable, CustomStringConvertible {
    let status: Int
    let code: String?
    let account: String

    init(_ answer: CurlAnswer) {
        status = answer.status
        // tus tells it in the first word of a line.
        code = answer.code ?? answer.text.split(separator: ":").first.map(String.init)
        account = answer.account
    }

    init(_ answer: RawAnswer) {
        status = answer.status
        code = answer.code
        account = answer.account
    }

    var isGood: Bool { (200..<300).contains(status) }
    var description: String { account }
}

extension SharedUpload {
    private var rest: Data { pieces.whole.dropFirst(hereBytes) }

    /// Brings the rest of the file, with a key or, where there is one, by the signed URL. The first refusal is the end.
    func goOn(_ continuation: Continuation) async throws -> Verdict {
        switch continuation {
        case .parts: try await sendPieces { try await gateway.putPart(id, $0, pieces.paths[$0 - 1]) }
        case .chunks:
            try await sendPieces {
                try await gateway.postChunk(pieces.paths[$0 - 1], $0 - 1, of: pieces.paths.count, id: id)
            }
        case .put:
            Verdict(
                try await gateway.call(
                    "PUT", try #require(linkPath), key: nil,
                    ["-H", "Content-Type: video/mp4", "-T", try Samples.shared.film(sizeBytes: pieces.whole.count)]))
        case .tus: try await append(tus: signed("/files/"), key: signed("/files/") == nil ? gateway.key : "")
        case .resumable: try await append(resumable: signed("/uploads/"))
        case .status: Verdict(try await gateway.get("/api/v1/uploads/\(id)"))
        case .complete: Verdict(try await gateway.complete(id))
        case .delete: Verdict(try await gateway.call("DELETE", "/api/v1/uploads/\(id)"))
        }
    }

    /// The signed URL, if it is one of this protocol.
    private func signed(_ prefix: String) -> String? { signedPath.flatMap { $0.hasPrefix(prefix) ? $0 : nil } }

    /// What the other protocol says of the signed URL with its own path, to who has no key.
    func goOnByForeignSignature(_ continuation: Continuation) async throws -> Verdict {
        let path = try #require(signedPath)
        switch continuation {
        case .tus: return try await append(tus: path.replacing("/uploads/", with: "/files/"), key: "")
        case .resumable: return try await append(resumable: path.replacing("/files/", with: "/uploads/"))
        default: throw Trouble("\(continuation) has no signed URLs")
        }
    }

    private func append(tus path: String?, key: String) async throws -> Verdict {
        Verdict(
            try await gateway.tus(
                "PATCH", path ?? "/files/\(id)",
                ["Upload-Offset: \(hereBytes)", "Upload-Length: \(pieces.whole.count)"], body: rest, key: key))
    }

    private func append(resumable path: String?) async throws -> Verdict {
        let client = ResumableClient(
            gateway: gateway, interop: 9, fields: path == nil ? ["X-API-Key: \(gateway.key)"] : [])
        return Verdict(try await client.append(path ?? "/uploads/\(id)", rest, at: hereBytes, ends: true).final)
    }

    private func sendPieces(_ send: (Int) async throws -> CurlAnswer) async throws -> Verdict {
        for number in (hereBytes / pieces.sizeBytes + 1)..<pieces.paths.count {
            let verdict = Verdict(try await send(number))
            guard verdict.isGood else { return verdict }
        }
        return Verdict(try await send(pieces.paths.count))
    }

    /// Brings the rest in the way that the upload began, not saying that it ends.
    func fill(_ beginning: Beginning) async throws {
        if let running {
            try await running.conversation.send(running.rest)
            let answer = try #require(try await running.conversation.answer())
            #expect((200..<300).contains(answer.status), "\(answer.account)")
            return
        }
        let verdict: Verdict
        switch beginning {
        case .parts, .emptyParts: verdict = try await goOn(.parts)
        case .chunks: verdict = try await goOn(.chunks)
        case .tus, .tusGrant:
            verdict = Verdict(
                try await gateway.tus("PATCH", "/files/\(id)", ["Upload-Offset: \(hereBytes)"], body: rest))
        default:
            let client = try ResumableClient.keyed(9)
            verdict = Verdict(try await client.append("/uploads/\(id)", rest, at: hereBytes, ends: false).final)
        }
        #expect(verdict.isGood, "\(verdict)")
    }

    /// Everybody says that it is a file, and it is the file.
    func expectFile(_ location: SourceLocation = #_sourceLocation) async throws {
        let status = try await gateway.status(id)
        #expect(status["state"] == "complete", sourceLocation: location)
        #expect(status["receivedBytes"].integer == pieces.whole.count, sourceLocation: location)
        let bytes = try await gateway.bytes(try #require(status["accessUrl"].string))
        #expect(bytes == pieces.whole, sourceLocation: location)
        let tus = try await gateway.tus("HEAD", "/files/\(id)")
        #expect(tus["Upload-Offset"] == "\(pieces.whole.count)", "\(tus.account)", sourceLocation: location)
        #expect(tus["Upload-Length"] == "\(pieces.whole.count)", sourceLocation: location)
        let state = try await ResumableClient.keyed(9).state("/uploads/\(id)")
        #expect(state == .init(pieces.whole.count, isEnd: true), sourceLocation: location)
    }

    /// Everybody says that it is over.
    func expectGone(_ location: SourceLocation = #_sourceLocation) async throws {
        let status = try await gateway.status(id)
        #expect(status["state"] == "aborted", sourceLocation: location)
        let tus = try await gateway.tus("HEAD", "/files/\(id)")
        #expect(tus.status == 410, "\(tus.account)", sourceLocation: location)
        #expect(try await gateway.get("/uploads/\(id)").status == 410, sourceLocation: location)
        #expect(try await gateway.complete(id).status == 410, sourceLocation: location)
        for way in [Continuation.parts, .tus, .resumable] {
            let verdict = try await goOn(way)
            #expect(verdict.status == 410, "\(way): \(verdict)", sourceLocation: location)
        }
        #expect(try await gateway.bytes(try #require(status["accessUrl"].string)) == nil, sourceLocation: location)
    }
}
