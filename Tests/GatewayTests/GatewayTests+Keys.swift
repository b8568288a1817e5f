import Foundation
import Testing

extension GatewayTests {
    /// Who may ask, and what strangers are told.
    @Suite(.gateway) struct Keys {
        private static let nobody = "AAAAAAAAAAAAAAAAAAAAAAAAAAA"

        static let routes: [(method: String, path: String)] = [
            ("GET", "/api/media/uploadUrl?fileName=a.mp4"), ("GET", "/api/media"),
            ("GET", "/api/v1/media/chunks?fileId=a"), ("POST", "/api/v1/media/chunks"),
            ("POST", "/api/v1/uploads"), ("GET", "/api/v1/uploads"), ("GET", "/api/v1/uploads/\(nobody)"),
            ("DELETE", "/api/v1/uploads/\(nobody)"), ("PUT", "/api/v1/uploads/\(nobody)/parts/1"),
            ("POST", "/api/v1/uploads/\(nobody)/complete"), ("POST", "/api/v1/media/images"),
            ("POST", "/api/v1/media/videos"), ("GET", "/api/v1/media/images/000000000000000000000000"),
            ("GET", "/api/v1/media/videos/000000000000000000000000"),
        ]

        /// The key and its id, by the command line.
        private func keyAndID(_ gateway: RunningGateway, name: String) async throws -> (key: String, id: String) {
            let made = try await gateway.command("keys", "create", "--name", name)
            try #require(made.exitCode == 0, "\(made.errors)")
            let list = try await gateway.command("keys", "list")
            let line = try #require(list.output.split(separator: "\n").first { $0.contains(name) })
            return (
                made.output.trimmingCharacters(in: .whitespacesAndNewlines),
                String(try #require(line.split(separator: " ").first))
            )
        }

        @Test func `without a good key nothing is told`() async throws {
            let gateway = try RunningGateway.shared
            let revoked = try await keyAndID(gateway, name: "to-be-revoked")
            #expect(try await gateway.call("GET", "/api/media", key: revoked.key).status == 200)
            #expect(try await gateway.command("keys", "revoke", revoked.id).exitCode == 0)
            let attempts: [[String]] = [
                [], ["-H", "X-API-Key: nonsense"], ["-H", "X-API-Key: \(revoked.key)"],
                ["-H", "Authorization: Bearer \(revoked.key)"], ["-H", "Authorization: Bearer"],
                ["-H", "Authorization: Basic \(gateway.key)"], ["-H", "X-API-Key: \(gateway.key)x"],
                ["-H", "X-API-Key: \(gateway.key.dropLast())"],
                ["-H", "X-API-Key: \(String(repeating: "k", count: 5000))"],
            ]
            for (method, path) in Self.routes {
                for attempt in attempts {
                    let answer = try await gateway.call(method, path, key: nil, attempt)
                    #expect(answer.status == 401, "\(method) \(path) \(attempt): \(answer.account)")
                    #expect(answer.code == "unauthorized")
                    #expect(answer["WWW-Authenticate"]?.hasPrefix("Bearer") == true, "\(method) \(path)")
                }
            }
        }

        @Test func `the errors take the form of their API`() async throws {
            let gateway = try RunningGateway.shared
            for (method, path) in Self.routes {
                let answer = try await gateway.call(method, path, key: nil)
                let json = try answer.json
                if path.hasPrefix("/api/v1/media/") {
                    #expect(json["success"] == false, "\(path)")
                    #expect(json["message"].string != nil)
                } else if path.hasPrefix("/api/media") {
                    #expect(json["status"] == "error", "\(path)")
                    #expect(json["message"].string != nil)
                } else {
                    #expect(answer["Content-Type"] == "application/problem+json", "\(path)")
                    #expect(json["detail"].string != nil)
                }
            }
        }

        @Test func `both spellings of a key are good`() async throws {
            let gateway = try RunningGateway.shared
            for header in [
                "X-API-Key: \(gateway.key)", "Authorization: Bearer \(gateway.key)",
                "authorization: bearer \(gateway.key)",
            ] {
                #expect(
                    try await gateway.call("GET", "/api/media", key: nil, ["-H", header]).status == 200, "\(header)")
            }
        }

        @Test func `a stranger's upload is not there`() async throws {
            let gateway = try RunningGateway.shared
            let stranger = try await gateway.newKey(tenant: "other")
            let upload = try await gateway.begun(["fileName": "a.mp4", "size": 10])
            let link = try await gateway.usedLink(try Samples.shared.mp4)
            let made = try await gateway.finalize("videos", ["fileId=\(link.fileID)", "platforms=tiktok"])
            let item = try #require(try made.json["data"][0]["id"].string)
            let piece = try Scratch.file("ten", holding: Data(repeating: 0, count: 10))
            for (id, number) in [(upload.fileID, "1"), (Self.nobody, "1"), (link.fileID, "1")] {
                let path = "/api/v1/uploads/\(id)"
                let answers = [
                    try await gateway.call("GET", path, key: stranger),
                    try await gateway.call("DELETE", path, key: stranger),
                    try await gateway.call("POST", path + "/complete", key: stranger),
                    try await gateway.call("PUT", path + "/parts/" + number, key: stranger, ["-T", piece]),
                ]
                for answer in answers {
                    #expect(answer.status == 404, "\(answer.account)")
                    #expect(answer.code == "not_found")
                    #expect(try answer.json["detail"].string?.contains(id) == false)
                }
            }
            #expect(try await gateway.call("GET", "/api/v1/media/videos/\(item)", key: stranger).status == 404)
            #expect(try await gateway.call("GET", "/api/v1/uploads", key: stranger).json["uploads"] == [])
            #expect(try await gateway.call("GET", "/api/media", key: stranger).json == [])
            #expect(try await gateway.status(upload.fileID)["state"] == "receiving", "it is untouched")
        }
    }
}
