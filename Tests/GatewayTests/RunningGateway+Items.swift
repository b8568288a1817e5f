import Foundation
import Testing

extension RunningGateway {
    /// A new item; it must be made.
    func newItem(_ kind: String, _ fields: [String], key: String? = nil) async throws -> JSON {
        let answer = try await finalize(kind, fields, key: key)
        try #require(answer.status == 201, "\(answer.account)")
        return try answer.json["data"][0]
    }

    func itemPath(_ kind: String, _ item: JSON) throws -> String {
        "/api/v1/media/\(kind)/\(try #require(item["id"].string))"
    }

    /// A PATCH with JSON.
    func change(_ path: String, _ body: JSON, key: String? = nil) async throws -> CurlAnswer {
        try await call(
            "PATCH", path, key: key ?? self.key,
            ["-H", "Content-Type: application/json", "--data-binary", try body.encoded])
    }

    /// An item as its status call shows it.
    func shown(_ path: String, key: String? = nil) async throws -> JSON {
        let answer = try await call("GET", path, key: key ?? self.key)
        try #require(answer.status == 200, "\(answer.account)")
        return try answer.json["data"]
    }

    /// What the publisher says of a platform.
    func report(_ path: String, _ platform: String, _ body: JSON) async throws -> CurlAnswer {
        try await change("\(path)/platforms/\(platform)", body)
    }

    /// A file that was uploaded by a link.
    func usedLink(_ path: String, name: String, key: String? = nil) async throws -> Link {
        let answer = try await call("GET", "/api/media/uploadUrl?fileName=\(name)", key: key ?? self.key)
        try #require(answer.status == 200, "\(answer.account)")
        let link = try Link(try answer.json)
        let put = try await put(link, path)
        try #require(put.status == 200, "\(put.account)")
        return link
    }
}

extension JSON {
    /// An item without what is found out of its file: that becomes known by itself, between any two calls.
    var asAsked: JSON {
        guard case .object(var members) = self else { return self }
        for member in ["media", "resizedUrl"] { members[member] = nil }
        return .object(members)
    }
}
