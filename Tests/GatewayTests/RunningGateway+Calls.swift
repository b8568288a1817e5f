import Foundation
import Testing

/// A link for one PUT, as the gateway gave it.
struct Link: Sendable {
    let uploadURL: String
    let accessURL: String
    let fileID: String
    let contentType: String
    let expiresAt: String

    init(_ answer: JSON) throws {
        uploadURL = try #require(answer["uploadUrl"].string)
        accessURL = try #require(answer["accessUrl"].string)
        fileID = try #require(answer["fileId"].string)
        contentType = try #require(answer["contentType"].string)
        expiresAt = try #require(answer["expiresAt"].string)
    }
}

/// An upload in parts that was begun.
struct BegunUpload: Sendable {
    let fileID: String
    let partSize: Int
    let partCount: Int?
    let uploadURL: String
    let accessURL: String

    init(_ answer: JSON) throws {
        fileID = try #require(answer["fileId"].string)
        partSize = try #require(answer["partSize"].integer)
        partCount = answer["partCount"].integer
        uploadURL = try #require(answer["uploadUrl"].string)
        accessURL = try #require(answer["accessUrl"].string)
    }
}

extension RunningGateway {
    /// Every route as `GET /api/media/{}`: told at the start at log level debug, each in a line of its own.
    var servedRoutes: [String] {
        log.text.split(separator: "\n").filter { $0.hasSuffix("] route") }.map { line in
            let method = line.firstMatch(of: /http\.method=(\S+)/)?.1 ?? "no method"
            let pattern = line.firstMatch(of: /http\.route=(\S+)/)?.1 ?? "no pattern"
            return "\(method) " + pattern.replacing(/:[A-Za-z]+/, with: "{}")
        }
    }

    /// A request with the first key.
    func call(_ method: String, _ path: String, _ arguments: [String] = []) async throws -> CurlAnswer {
        try await call(method, path, key: key, arguments)
    }

    func call(_ method: String, _ path: String, key: String?, _ arguments: [String] = []) async throws -> CurlAnswer {
        let verb = method == "HEAD" ? ["--head"] : ["-X", method]
        let right = key.map { ["-H", "X-API-Key: \($0)"] } ?? []
        return try await Curl.run(verb + right + arguments + [base + path])
    }

    func get(_ path: String) async throws -> CurlAnswer { try await call("GET", path) }

    // MARK: Keys

    /// Another key, made by the command line while the gateway runs.
    func newKey(tenant: String) async throws -> String {
        let made = try await command("keys", "create", "--name", "test", "--tenant", tenant)
        try #require(made.exitCode == 0, "\(made.errors)")
        return made.output.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    // MARK: Signed URLs

    func link(_ query: String) async throws -> Link {
        let answer = try await get("/api/media/uploadUrl?\(query)")
        try #require(answer.status == 200, "\(answer.account)")
        return try Link(try answer.json)
    }

    /// A link for one upload over a protocol.
    func granted(_ members: [String: JSON]) async throws -> (link: Link, json: JSON) {
        let answer = try await call(
            "POST", "/api/v1/grants",
            ["-H", "Content-Type: application/json", "--data-binary", try JSON.object(members).encoded])
        try #require(answer.status == 201, "\(answer.account)")
        return (try Link(try answer.json), try answer.json)
    }

    /// A link whose time is over.
    func expiredLink() async throws -> Link {
        let link = try await link("fileName=late.mp4&expiresIn=1")
        try await eventually("the link expires") {
            try await Curl.run(["-X", "PUT", "-H", "Content-Type: video/mp4", link.uploadURL]).status == 410
        }
        return link
    }

    /// A link that was used, with success.
    func usedLink(_ file: String) async throws -> Link {
        let link = try await link("fileName=used.mp4")
        let answer = try await put(link, file)
        try #require(answer.status == 200, "\(answer.account)")
        return link
    }

    func put(_ link: Link, _ file: String, _ arguments: [String] = []) async throws -> CurlAnswer {
        try await Curl.run(["-H", "Content-Type: \(link.contentType)", "-T", file] + arguments + [link.uploadURL])
    }

    /// The bytes behind an access URL; `nil` when it answers 404.
    func bytes(_ accessURL: String) async throws -> Data? {
        let answer = try await Curl.run([accessURL])
        try #require(answer.exitCode == 0, "\(answer.account)")
        return answer.status == 404 ? nil : answer.body
    }

    // MARK: Parts

    func begin(_ body: JSON, key: String? = nil) async throws -> CurlAnswer {
        try await call(
            "POST", "/api/v1/uploads", key: key ?? self.key,
            ["-H", "Content-Type: application/json", "--data-binary", try body.encoded])
    }

    func begun(_ body: JSON, key: String? = nil) async throws -> BegunUpload {
        let answer = try await begin(body, key: key)
        try #require(answer.status == 201, "\(answer.account)")
        return try BegunUpload(try answer.json)
    }

    /// Begins an upload of an mp4 that is cut like this.
    func begun(_ pieces: Pieces) async throws -> BegunUpload {
        try await begun([
            "fileName": "film.mp4", "contentType": "video/mp4", "size": .number(Double(pieces.whole.count)),
            "partSize": .number(Double(pieces.sizeBytes)),
        ])
    }

    func partURL(_ id: String, _ number: Int) -> String { "\(base)/api/v1/uploads/\(id)/parts/\(number)" }

    func putPart(
        _ id: String, _ number: Int, _ file: String, _ arguments: [String] = []
    ) async throws -> CurlAnswer {
        try await Curl.run(["-H", "X-API-Key: \(key)", "-T", file] + arguments + [partURL(id, number)])
    }

    /// Sends parts, which must all be taken.
    func putParts(_ id: String, _ pieces: Pieces, _ numbers: some Sequence<Int>) async throws {
        for number in numbers {
            let answer = try await putPart(id, number, pieces.paths[number - 1])
            try #require(answer.status == 204, "part \(number): \(answer.account)")
        }
    }

    func status(_ id: String) async throws -> JSON {
        let answer = try await get("/api/v1/uploads/\(id)")
        try #require(answer.status == 200, "\(answer.account)")
        return try answer.json
    }

    func partNumbers(_ id: String) async throws -> [Int] {
        try await status(id)["parts"].entries.compactMap { $0["number"].integer }.sorted()
    }

    func complete(_ id: String) async throws -> CurlAnswer { try await call("POST", "/api/v1/uploads/\(id)/complete") }

    // MARK: Chunks

    /// - Parameters:
    ///   - count: what `totalChunks` says.
    ///   - fileFirst: whether the file stands before the fields that say what it is.
    func postChunk(
        _ file: String, _ index: Int, of count: Int, id: String, key: String? = nil, fileFirst: Bool = false,
        fileName: String = "film.mp4"
    ) async throws -> CurlAnswer {
        let fields = ["-F", "chunkIndex=\(index)", "-F", "totalChunks=\(count)", "-F", "fileId=\(id)"]
        let bytes = ["-F", "file=@\(file);filename=\(fileName)"]
        return try await call(
            "POST", "/api/v1/media/chunks", key: key ?? self.key, fileFirst ? bytes + fields : fields + bytes)
    }

    func chunkStatus(_ id: String, key: String? = nil) async throws -> JSON {
        let answer = try await call("GET", "/api/v1/media/chunks?fileId=\(id)", key: key ?? self.key)
        try #require(answer.status == 200, "\(answer.account)")
        return try answer.json
    }

    // MARK: Items

    func finalize(
        _ kind: String, _ fields: [String], key: String? = nil, _ arguments: [String] = []
    ) async throws -> CurlAnswer {
        try await call(
            "POST", "/api/v1/media/\(kind)", key: key ?? self.key, fields.flatMap { ["-F", $0] } + arguments)
    }
}
