import Foundation
import Testing

extension GatewayTests {
    /// What can be done with an item once it is made.
    @Suite(.gateway) struct Items {
        private static let later = "2099-02-13T10:00:00.000Z"

        /// Two ways to say the same change.
        enum Way: String, CaseIterable, Sendable {
            case json
            case form
        }

        private func edit(_ path: String, _ fields: [(String, String)], _ way: Way) async throws -> CurlAnswer {
            let gateway = try RunningGateway.shared
            switch way {
            case .json:
                return try await gateway.change(
                    path, .object(Dictionary(fields.map { ($0, .text($1)) }, uniquingKeysWith: { $1 })))
            case .form: return try await gateway.call("PATCH", path, fields.flatMap { ["-F", "\($0)=\($1)"] })
            }
        }

        private func video(_ fields: [String] = []) async throws -> (item: JSON, path: String) {
            let gateway = try RunningGateway.shared
            let platforms = fields.contains { $0.hasPrefix("platforms=") } ? [] : ["platforms=youtube,tiktok"]
            let item = try await gateway.newItem("videos", ["file=@\(try Samples.shared.mp4)"] + platforms + fields)
            return (item, try gateway.itemPath("videos", item))
        }

        // MARK: Editing

        @Test(arguments: Way.allCases) func `what is waiting can be edited`(way: Way) async throws {
            let gateway = try RunningGateway.shared
            let (item, path) = try await video(["title=First", "description=Words", "scheduledAt=\(Self.later)"])
            let edited = try await edit(path, [("title", "Second"), ("platforms", "[\"tiktok\",\"linkedin\"]")], way)
            #expect(edited.status == 200, "\(edited.account)")
            #expect(try edited.json["success"] == true)
            #expect(try edited.json["message"] == "Media updated")
            let shown = try await gateway.shown(path)
            #expect(try edited.json["data"].asAsked == shown.asAsked)
            #expect(shown["title"] == "Second")
            #expect(shown["platforms"] == ["tiktok", "linkedin"])
            #expect(shown["linkedin"] == ["status": "pending"])
            #expect(!shown.keys.contains("youtube"), "\(shown)")
            // What was not named stays.
            for member in ["id", "fileId", "accessUrl", "description", "scheduledAt", "status", "createdAt"] {
                #expect(shown[member] == item[member], "\(member)")
            }
            #expect(try #require(shown["updatedAt"].string) > #require(item["updatedAt"].string))
            // Settings that were not named stay too: what is not to be published by itself is manual.
            let manual = try await edit(path, [("tiktok", "{\"autoPublish\":false,\"caption\":\"A\"}")], way)
            #expect(try manual.json["data"]["tiktok"] == ["status": "manual"])
            let caption = try await edit(path, [("tiktok", "{\"caption\":\"B\"}")], way)
            #expect(try caption.json["data"]["tiktok"] == ["status": "manual"])
            // The newer path is the same item.
            let newer = try await gateway.change(
                path.replacing("/api/v1/media", with: "/media"), ["tiktok": ["autoPublish": .null]])
            #expect(try newer.json["data"]["tiktok"] == ["status": "pending"], "\(newer.account)")
        }

        @Test func `null and nothing take away`() async throws {
            let gateway = try RunningGateway.shared
            let fields = ["title=T", "description=D", "tiktokAutoPublish=false", "isDraft=true"]
            let (_, path) = try await video(fields)
            let nulls: JSON = ["title": .null, "description": .null, "tiktok": .null]
            #expect(try await gateway.change(path, nulls).status == 200)
            let shown = try await gateway.shown(path)
            #expect(shown["title"] == "Untitled Video")
            #expect(!shown.keys.contains("description"))
            let (_, other) = try await video(fields)
            #expect(try await edit(other, [("title", ""), ("description", "")], .form).status == 200)
            #expect(try await gateway.shown(other)["title"] == "Untitled Video")
            #expect(try await gateway.shown(other)["description"] == .null)
            // Something is always published somewhere.
            let nowhere = try await gateway.change(path, ["platforms": .null])
            #expect(nowhere.status == 400)
            // The settings went as well.
            #expect(try await gateway.change(path, ["isDraft": false]).status == 200)
            #expect(try await gateway.shown(path)["tiktok"] == ["status": "pending"])
        }

        @Test(arguments: Way.allCases) func `a wrong edit names everything and changes nothing`(way: Way) async throws {
            let gateway = try RunningGateway.shared
            let (_, path) = try await video(["title=Stays", "scheduledAt=\(Self.later)"])
            let before = try await gateway.shown(path).asAsked
            let answer = try await edit(
                path,
                [
                    ("title", String(repeating: "x", count: 256)), ("platforms", "[\"myspace\"]"),
                    ("scheduledAt", "yesterday"), ("isDraft", "perhaps"), ("tiktokPrivacy", "NOBODY"),
                    ("youtube", "{\"privacy\":1}"),
                ], way)
            #expect(answer.status == 400)
            #expect(answer.code == "invalid_request")
            let named = try Set(answer.json["errors"].entries.compactMap { $0["field"].string })
            #expect(
                named == ["title", "platforms", "scheduledAt", "isDraft", "tiktokPrivacy", "youtube.privacy"])
            for body in ["[]", "{\"title\":", "{\"title\":[1]}", "\"title\"", "{\"title\":\"a\",\"title\":\"b\"}"] {
                let malformed = try await gateway.call("PATCH", path, ["--data-binary", body])
                #expect(malformed.status == 400, "\(body): \(malformed.account)")
            }
            #expect(try await gateway.shown(path).asAsked == before)
        }

        @Test func `what is on its way cannot be edited`() async throws {
            let gateway = try RunningGateway.shared
            let (_, path) = try await video()
            #expect(try await gateway.change(path, ["title": "Still waits"]).status == 200)
            #expect(try await gateway.report(path, "tiktok", ["status": "processing"]).status == 200)
            let before = try await gateway.shown(path).asAsked
            for way in Way.allCases {
                let late = try await edit(path, [("title", "Late")], way)
                #expect(late.status == 409, "\(late.account)")
                #expect(late.code == "not_editable")
            }
            #expect(try await gateway.shown(path).asAsked == before)
        }

        @Test func `what was for now cannot be put off`() async throws {
            let gateway = try RunningGateway.shared
            let (_, path) = try await video(["title=Now"])
            let before = try await gateway.shown(path).asAsked
            for body in [["isDraft": true], ["scheduledAt": .text(Self.later), "title": "Later"]] as [JSON] {
                let answer = try await gateway.change(path, body)
                #expect(answer.status == 409, "\(answer.account)")
                #expect(answer.code == "not_editable")
            }
            #expect(try await gateway.shown(path).asAsked == before)
        }

        @Test func `an item of somebody else is not there`() async throws {
            let gateway = try RunningGateway.shared
            let (_, path) = try await video()
            let stranger = try await gateway.newKey(tenant: "stranger-items")
            let before = try await gateway.shown(path).asAsked
            let wrong = [path.replacing("videos", with: "images"), "\(path.dropLast(4))0000", "/media/videos/x"]
            for (place, key) in [(path, stranger)] + wrong.map({ ($0, gateway.key) }) {
                let answers = [
                    try await gateway.call("GET", place, key: key),
                    try await gateway.change(place, ["title": "Mine"], key: key),
                    // The body of what is not there is not judged.
                    try await gateway.change(place, ["title": [1]], key: key),
                    try await gateway.change("\(place)/platforms/tiktok", ["status": "failed"], key: key),
                    try await gateway.call("DELETE", place, key: key),
                ]
                for answer in answers {
                    #expect(answer.status == 404, "\(place): \(answer.account)")
                    #expect(answer.code == "not_found")
                    #expect(try answer.json["message"] == "There is no such media item.")
                }
            }
            #expect(try await gateway.shown(path).asAsked == before)
        }

        @Test func `a draft that is released is due now`() async throws {
            let gateway = try RunningGateway.shared
            let (item, path) = try await video(["isDraft=true"])
            #expect(item["status"] == "draft")
            #expect(try await gateway.shown(path)["youtube"] == ["status": "idle"])
            let early = try await gateway.report(path, "youtube", ["status": "processing"])
            #expect(early.status == 409)
            #expect(early.code == "not_editable")
            let released = try await gateway.change(path, ["isDraft": false, "title": "Out"]).json["data"]
            #expect(released["status"] == "pending")
            #expect(released["isDraft"] == false)
            #expect(released["youtube"] == ["status": "pending"])
            let due = try #require(released["dueAt"].string)
            #expect(due == released["updatedAt"].string)
            #expect(try due > #require(item["createdAt"].string))
            #expect(try await gateway.change(path, ["isDraft": true]).code == "not_editable")
        }

        // MARK: At once

        @Test func `of two edits at once both stand`() async throws {
            let gateway = try RunningGateway.shared
            let (_, path) = try await video(["scheduledAt=\(Self.later)"])
            for round in 0..<8 {
                let bodies = [
                    "{\"title\":\"T\(round)\"}", "{\"description\":\"D\(round)\"}",
                    "{\"platforms\":[\"pinterest\",\"\(round % 2 == 0 ? "youtube" : "tiktok")\"]}",
                ]
                let outcomes = try await Curl.many(bodies.map { try patch(path, $0) }, atOnce: true)
                #expect(outcomes.allSatisfy { $0.status == 200 }, "\(outcomes)")
                let shown = try await gateway.shown(path)
                #expect(shown["title"].string == "T\(round)")
                #expect(shown["description"].string == "D\(round)")
                #expect(shown["platforms"] == ["pinterest", round % 2 == 0 ? "youtube" : "tiktok"])
            }
        }

        @Test func `of five reports at once all stand`() async throws {
            let gateway = try RunningGateway.shared
            let platforms = ["youtube", "instagram", "tiktok", "linkedin", "pinterest"]
            let (_, path) = try await video(["platforms=\(platforms.joined(separator: ","))"])
            let transfers = try platforms.map {
                try patch("\(path)/platforms/\($0)", "{\"status\":\"published\",\"id\":\"of-\($0)\"}")
            }
            let outcomes = try await Curl.many(transfers, atOnce: true)
            #expect(outcomes.allSatisfy { $0.status == 200 }, "\(outcomes)")
            let shown = try await gateway.shown(path)
            #expect(shown["status"] == "completed")
            for (platform, key) in zip(platforms, ["videoId", "mediaId", "videoId", "urn", "pinId"]) {
                #expect(shown[platform] == .object(["status": "published", key: .text("of-\(platform)")]))
            }
        }

        private func patch(_ path: String, _ body: String) throws -> [(option: String, value: String)] {
            let gateway = try RunningGateway.shared
            return [
                ("url", gateway.base + path), ("request", "PATCH"), ("header", "X-API-Key: \(gateway.key)"),
                ("header", "Content-Type: application/json"), ("data-binary", body),
            ]
        }

        // MARK: Repetitions

        @Test func `a repetition answers what was made first, whatever came since`() async throws {
            let gateway = try RunningGateway.shared
            let mp4 = try Samples.shared.mp4
            let header = ["-H", "Idempotency-Key: \(UUID().uuidString)"]
            let link = try await gateway.usedLink(mp4, name: "a.mp4")
            let fields = [
                "title=First", "description=D", "platforms=youtube,tiktok", "scheduledAt=\(Self.later)",
                "tiktok={\"privacy\":\"SELF_ONLY\"}",
            ]
            let forms: [([String], [String])] = [
                (["fileId=\(link.fileID)"] + fields, []), (fields + ["file=@\(mp4)"], header),
            ]
            for (form, key) in forms {
                let first = try await gateway.finalize("videos", form, key)
                try #require(first.status == 201, "\(first.account)")
                func expectSame(_ when: String) async throws {
                    let again = try await gateway.finalize("videos", form, key)
                    #expect(again.status == 201, "\(when): \(again.account)")
                    #expect(again.body == first.body, "byte for byte, \(when)")
                }
                let path = try gateway.itemPath("videos", try first.json["data"][0])
                let edited: JSON = [
                    "title": "Second", "description": .null, "platforms": ["tiktok"], "tiktok": .null,
                    "isDraft": true,
                ]
                #expect(try await gateway.change(path, edited).status == 200)
                try await expectSame("after an edit")
                #expect(try await gateway.change(path, ["isDraft": false]).json["data"]["status"] == "pending")
                try await expectSame("after its release")
                let report: JSON = ["status": "published", "videoId": "1"]
                #expect(try await gateway.report(path, "tiktok", report).json["data"]["status"] == "completed")
                try await expectSame("after a report")
                // What the item is now is another request.
                let other = try await gateway.finalize(
                    "videos", form.map { $0.replacing("First", with: "Second") }, key)
                #expect(other.status == 409)
                #expect(other.code == "already_finalized")
                #expect(try await gateway.shown(path)["status"] == "completed", "a repetition changes nothing")
            }
        }
    }
}
