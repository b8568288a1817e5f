import Foundation
import Testing

/// What `POST /api/media/upload` answers.
struct GalleryFile: Sendable {
    let answer: JSON
    let id: String
    let url: String

    init(_ answer: JSON) throws {
        self.answer = answer
        id = try #require(answer["id"].string)
        url = try #require(answer["url"].string)
    }

    /// The name that the last segment of the URL tells.
    var urlName: String? { url.split(separator: "/").last.flatMap { String($0).removingPercentEncoding } }
    /// The copy of an image.
    var copy: JSON { answer["resized"] }
}

/// A tenant of a test's own, so that its gallery holds nothing of other tests.
struct Stranger: Sendable {
    let gateway: RunningGateway
    let key: String

    static func new(_ name: String) async throws -> Stranger {
        let gateway = try RunningGateway.shared
        let tenant = "\(name)-\(UUID().uuidString.prefix(8).lowercased())"
        return Stranger(gateway: gateway, key: try await gateway.newKey(tenant: tenant))
    }

    func call(_ method: String, _ path: String, _ arguments: [String] = []) async throws -> CurlAnswer {
        try await gateway.call(method, path, key: key, arguments)
    }

    /// A call with a JSON body.
    func call(_ method: String, _ path: String, json: JSON, _ arguments: [String] = []) async throws -> CurlAnswer {
        let type = ["-H", "Content-Type: application/json", "--data-binary", try json.encoded]
        return try await call(method, path, type + arguments)
    }

    // MARK: Uploads

    /// `POST /api/media/upload` with these bytes as its JSON, sent as they are.
    func upload(_ json: Data, _ arguments: [String] = []) async throws -> CurlAnswer {
        let file = try Scratch.file("upload.json", holding: json)
        defer { Scratch.remove([file]) }
        return try await call(
            "POST", "/api/media/upload",
            ["-H", "Content-Type: application/json", "--data-binary", "@\(file)"] + arguments)
    }

    func upload(_ json: String, _ arguments: [String] = []) async throws -> CurlAnswer {
        try await upload(Data(json.utf8), arguments)
    }

    func upload(form fields: [String], _ arguments: [String] = []) async throws -> CurlAnswer {
        try await call("POST", "/api/media/upload", fields.flatMap { ["-F", $0] } + arguments)
    }

    /// Uploads a file that must be taken.
    func uploaded(_ file: String, as name: String) async throws -> GalleryFile {
        let answer = try await upload(form: ["file=@\(file);filename=\(name)"])
        try #require(answer.status == 200, "\(answer.account)")
        return try GalleryFile(try answer.json)
    }

    /// Uploads by a signed URL, which waits for nothing.
    func put(_ file: String, as name: String) async throws -> Link {
        let answer = try await call("GET", "/api/media/uploadUrl?fileName=\(name)")
        try #require(answer.status == 200, "\(answer.account)")
        let link = try Link(try answer.json)
        let put = try await gateway.put(link, file)
        try #require(put.status == 200, "\(put.account)")
        return link
    }

    // MARK: Looking

    func gallery() async throws -> [JSON] {
        let answer = try await call("GET", "/api/media")
        try #require(answer.status == 200, "\(answer.account)")
        return try answer.json.entries
    }

    func meta(_ id: String) async throws -> JSON {
        let answer = try await call("GET", "/api/media/meta?id=\(id)")
        try #require(answer.status == 200, "\(answer.account)")
        return try answer.json
    }

    /// What was found out of a file, once it has been looked into.
    func facts(_ id: String) async throws -> JSON {
        var facts = JSON.null
        try await eventually("file \(id) is looked into") {
            facts = try await meta(id)["media"]
            return facts["state"] != "pending" && facts != .null
        }
        return facts
    }

    func urlExists(_ url: String) async throws -> CurlAnswer {
        try await call("POST", "/api/media/urlExists", json: ["mediaUrl": .text(url)])
    }

    func post(_ order: JSON, _ arguments: [String] = []) async throws -> CurlAnswer {
        try await call("POST", "/api/post", json: order, arguments)
    }

    /// Neither finished nor unfinished is anything of this tenant.
    func expectNothingStored(_ what: String = "", _ location: SourceLocation = #_sourceLocation) async throws {
        #expect(try await gallery() == [], "\(what)", sourceLocation: location)
        let open = try await call("GET", "/api/v1/uploads")
        #expect(open.status == 200, "\(what): \(open.account)", sourceLocation: location)
        #expect(try open.json["uploads"].entries == [], "\(what)", sourceLocation: location)
    }
}

extension RunningGateway {
    /// An error as `/api/media/…` and `/api/post` tell it.
    func expectGalleryError(
        _ answer: CurlAnswer, _ status: Int, _ code: String, _ what: String = "",
        _ location: SourceLocation = #_sourceLocation
    ) throws {
        #expect(answer.status == status, "\(what): \(answer.account)", sourceLocation: location)
        #expect(answer["Content-Type"] == "application/json", "\(what)", sourceLocation: location)
        let json = try answer.json
        #expect(json["status"] == "error", "\(what)", sourceLocation: location)
        #expect(json["code"].string == code, "\(what): \(answer.account)", sourceLocation: location)
        #expect(json["message"].string?.isEmpty == false, "\(what)", sourceLocation: location)
        #expect(!answer.text.contains(folder), "\(what): no path of the server", sourceLocation: location)
    }
}

extension CurlAnswer {
    /// Fields that an error names as wrong.
    var wrongFields: Set<String> {
        get throws { try Set(json["errors"].entries.compactMap { $0["field"].string }) }
    }
}
