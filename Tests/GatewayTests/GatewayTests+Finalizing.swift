import Foundation
import Testing

extension GatewayTests {
    /// A file becomes a media item, once.
    @Suite(.gateway) struct Finalizing {
        private static let fields = [
            "title=My film", "description=Two lines\nof text", "platforms=[\"youtube\",\"tiktok\"]",
            "youtubeTitle=Mine", "tiktokPrivacy=SELF_ONLY",
        ]

        private func fileID(_ path: String, name: String) async throws -> String {
            let gateway = try RunningGateway.shared
            let link = try await gateway.link("fileName=\(name)")
            let put = try await gateway.put(link, path)
            try #require(put.status == 200, "\(put.account)")
            return link.fileID
        }

        private func expectItem(_ answer: CurlAnswer) throws -> JSON {
            try #require(answer.status == 201, "\(answer.account)")
            let json = try answer.json
            #expect(json["success"] == true)
            #expect(json["message"] == "Upload successful")
            #expect(json["data"].entries.count == 1)
            let item = json["data"][0]
            #expect(item.keys.isSuperset(of: ["id", "title", "status", "platforms", "createdAt"]))
            return item
        }

        @Test func `a finished file becomes an item`() async throws {
            let gateway = try RunningGateway.shared
            let id = try await fileID(try Samples.shared.mp4, name: "a.mp4")
            let made = try await gateway.finalize("videos", ["fileId=\(id)"] + Self.fields)
            let item = try expectItem(made)
            #expect(item["title"] == "My film")
            #expect(item["platforms"] == ["youtube", "tiktok"])
            let again = try await gateway.finalize("videos", ["fileId=\(id)"] + Self.fields)
            #expect(again.status == 201)
            #expect(again.body == made.body, "byte for byte")
            let shown = try await gateway.get("/api/v1/media/videos/\(try #require(item["id"].string))")
            #expect(shown.status == 200)
            #expect(try shown.json["success"] == true)
            #expect(try shown.json["data"]["id"] == item["id"])
            #expect(try shown.json["data"]["title"] == "My film")
            #expect(try await gateway.get("/api/v1/media/images/\(item["id"].string ?? "")").status == 404)
            let other = try await gateway.finalize("videos", ["fileId=\(id)", "title=Other", "platforms=tiktok"])
            #expect(other.status == 409)
            #expect(other.code == "already_finalized")
            #expect(try other.json["success"] == false)
        }

        @Test func `a file can come along`() async throws {
            let gateway = try RunningGateway.shared
            let samples = try Samples.shared
            let cases = [
                ("videos", samples.mp4, "video/mp4"), ("videos", samples.mov, "video/quicktime"),
                ("videos", samples.webm, "video/webm"), ("images", samples.png, "image/png"),
                ("images", samples.jpeg, "image/jpeg"), ("videos", try samples.film(sizeBytes: 20 << 20), "video/mp4"),
            ]
            for (kind, file, type) in cases {
                for fields in [
                    ["platforms=tiktok", "file=@\(file)"], ["file=@\(file);type=\(type)", "platforms=tiktok"],
                ] {
                    let item = try expectItem(try await gateway.finalize(kind, fields))
                    #expect(item["title"].string == (kind == "images" ? "Untitled Image" : "Untitled Video"))
                    let url = try #require(item["accessUrl"].string)
                    #expect(try await gateway.bytes(url) == Scratch.bytes(file))
                }
            }
        }

        @Test func `fifty at once make one item`() async throws {
            let gateway = try RunningGateway.shared
            let id = try await fileID(try Samples.shared.mp4, name: "a.mp4")
            let folder = try Scratch.newFolder("answers")
            let transfers = (0..<50).map { number in
                [
                    ("url", "\(gateway.base)/api/v1/media/videos"), ("header", "X-API-Key: \(gateway.key)"),
                    ("form", "fileId=\(id)"), ("form", "title=One"), ("form", "platforms=tiktok"),
                    ("output", "\(folder)/\(number)"),
                ]
            }
            let outcomes = try await Curl.many(transfers, atOnce: true)
            #expect(outcomes.allSatisfy { $0 == Curl.Outcome(status: 201, exitCode: 0) }, "\(Set(outcomes))")
            let bodies = try Set((0..<50).map { try Scratch.bytes("\(folder)/\($0)") })
            #expect(bodies.count == 1, "the same item, byte for byte")
            #expect(try JSON(parsing: try #require(bodies.first))["data"].entries.count == 1)
        }

        @Test func `of two different wishes at once one is made`() async throws {
            let gateway = try RunningGateway.shared
            let id = try await fileID(try Samples.shared.mp4, name: "a.mp4")
            let transfers = (0..<20).map { number in
                [
                    ("url", "\(gateway.base)/api/v1/media/videos"), ("header", "X-API-Key: \(gateway.key)"),
                    ("form", "fileId=\(id)"), ("form", "title=\(number)"), ("form", "platforms=tiktok"),
                ]
            }
            let outcomes = try await Curl.many(transfers, atOnce: true)
            #expect(outcomes.filter { $0.status == 201 }.count == 1)
            #expect(outcomes.filter { $0.status == 409 }.count == 19, "\(Set(outcomes))")
        }

        @Test func `a file of the other kind is refused`() async throws {
            let gateway = try RunningGateway.shared
            let samples = try Samples.shared
            let video = try await fileID(samples.mp4, name: "a.mp4")
            let image = try await fileID(samples.png, name: "a.png")
            let forms = [
                ("images", "fileId=\(video)"), ("videos", "fileId=\(image)"), ("images", "file=@\(samples.mp4)"),
                ("videos", "file=@\(samples.png)"), ("images", "file=@\(samples.mp4);filename=a.png"),
                ("videos", "file=@\(samples.png);type=video/mp4;filename=a.mp4"),
            ]
            for (kind, field) in forms {
                let answer = try await gateway.finalize(kind, ["platforms=tiktok", field])
                #expect(answer.status == 415, "\(kind) \(field): \(answer.account)")
                #expect(try answer.json["success"] == false)
            }
            // Refused is not finalized.
            #expect(try await gateway.finalize("videos", ["fileId=\(video)", "platforms=tiktok"]).status == 201)
        }

        @Test func `what is not there cannot be finalized`() async throws {
            let gateway = try RunningGateway.shared
            let open = try await gateway.begun(["fileName": "a.mp4", "size": 10])
            let link = try await gateway.link("fileName=a.mp4")
            for id in [open.fileID, link.fileID] {
                let early = try await gateway.finalize("videos", ["fileId=\(id)", "platforms=tiktok"])
                #expect(early.status == 409)
                #expect(early.code == "not_complete")
            }
            let other = try await gateway.newKey(tenant: "stranger")
            let mine = try await fileID(try Samples.shared.mp4, name: "a.mp4")
            let theirs = try await gateway.finalize("videos", ["fileId=\(mine)", "platforms=tiktok"], key: other)
            let unknown = try await gateway.finalize(
                "videos", ["fileId=AAAAAAAAAAAAAAAAAAAAAAAAAAA", "platforms=tiktok"], key: other)
            for answer in [theirs, unknown] {
                #expect(answer.status == 404)
                #expect(answer.code == "not_found")
            }
            #expect(try theirs.json["message"] == unknown.json["message"], "no hint that it is somebody else's")
        }

        @Test func `an Idempotency-Key makes one item`() async throws {
            let gateway = try RunningGateway.shared
            let samples = try Samples.shared
            let key = ["-H", "Idempotency-Key: \(UUID().uuidString)"]
            let form = ["title=Once", "platforms=tiktok", "file=@\(samples.mp4)"]
            let first = try await gateway.finalize("videos", form, key)
            let item = try expectItem(first)
            let again = try await gateway.finalize("videos", form, key)
            #expect(again.status == 201)
            #expect(again.body == first.body)
            let fieldsLast = try await gateway.finalize("videos", Array(form.reversed()), key)
            #expect(fieldsLast.body == first.body)
            let other = try await gateway.finalize("videos", ["title=Twice", "platforms=tiktok", form[2]], key)
            #expect(other.status == 409)
            #expect(other.code == "already_finalized")
            // Another tenant's key is another key.
            let stranger = try await gateway.newKey(tenant: "idempotent")
            let theirs = try expectItem(try await gateway.finalize("videos", form, key: stranger, key))
            #expect(theirs["id"] != item["id"])
        }

        @Test func `everything that is wrong is named at once`() async throws {
            let gateway = try RunningGateway.shared
            let id = try await fileID(try Samples.shared.mp4, name: "a.mp4")
            let answer = try await gateway.finalize(
                "videos",
                [
                    "fileId=\(id)", "title=\(String(repeating: "x", count: 256))", "scheduledAt=yesterday",
                    "isDraft=perhaps", "tiktokPrivacy=NOBODY", "youtube={\"privacy\":1}",
                ])
            #expect(answer.status == 400)
            #expect(answer.code == "invalid_request")
            let named = try Set(answer.json["errors"].entries.compactMap { $0["field"].string })
            let expected: Set<String> = [
                "title", "platforms", "scheduledAt", "isDraft", "tiktokPrivacy", "youtube.privacy",
            ]
            #expect(named == expected)
            let unknown = try await gateway.finalize("videos", ["fileId=\(id)", "platforms=myspace"])
            #expect(unknown.status == 400)
            let past = try await gateway.finalize(
                "videos", ["fileId=\(id)", "platforms=tiktok", "scheduledAt=2001-01-01T00:00:00Z"])
            #expect(past.status == 400)
            // Nothing of all that finalized it.
            #expect(try await gateway.finalize("videos", ["fileId=\(id)", "platforms=tiktok"]).status == 201)
        }

        @Test func `exactly one of file and fileId`() async throws {
            let gateway = try RunningGateway.shared
            let samples = try Samples.shared
            let id = try await fileID(samples.mp4, name: "a.mp4")
            let file = "file=@\(samples.mp4)"
            for fields in [["fileId=\(id)", file], [file, "fileId=\(id)"], [], [file, file]] {
                let answer = try await gateway.finalize("videos", ["platforms=tiktok"] + fields)
                #expect(answer.status == 400, "\(fields): \(answer.account)")
                #expect(answer.code == "invalid_request")
            }
            #expect(try await gateway.finalize("videos", ["fileId=\(id)", "platforms=tiktok"]).status == 201)
        }

        @Test func `the gallery shows the files of its tenant`() async throws {
            let gateway = try RunningGateway.shared
            let key = try await gateway.newKey(tenant: "gallery")
            let file = try Samples.shared.png
            var ids: [String] = []
            for number in 1...3 {
                let query = "fileName=\(number).png"
                let link = try Link(try await gateway.call("GET", "/api/media/uploadUrl?\(query)", key: key).json)
                #expect(try await gateway.put(link, file).status == 200)
                ids.append(link.fileID)
            }
            let open = try await gateway.call("GET", "/api/media/uploadUrl?fileName=open.png", key: key)
            #expect(open.status == 200)
            let gallery = try await gateway.call("GET", "/api/media", key: key)
            #expect(gallery.status == 200)
            let entries = try gallery.json.entries
            #expect(entries.compactMap { $0["id"].string } == Array(ids.reversed()), "finished ones, newest first")
            for entry in entries {
                let url = try #require(entry["url"].string)
                #expect(try await gateway.bytes(url) == Scratch.bytes(file))
            }
        }
    }
}
