import Foundation
import Testing

extension GatewayTests {
    /// `POST /api/post` with files that are here already.
    @Suite(.gateway) struct Posts {
        private func made(_ answer: CurlAnswer) throws -> JSON {
            try #require(answer.status == 200, "\(answer.account)")
            let json = try answer.json
            #expect(json["errors"] == [])
            return json
        }

        private func item(_ id: JSON, _ kind: String, _ tenant: Stranger) async throws -> JSON {
            let answer = try await tenant.call("GET", "/api/v1/media/\(kind)/\(id.string ?? "")")
            try #require(answer.status == 200, "\(answer.account)")
            return try answer.json["data"]
        }

        @Test func `files are used in place`() async throws {
            let tenant = try await Stranger.new("post")
            let video = try await tenant.put(try Samples.shared.mp4, as: "a.mp4")
            let image = try await tenant.put(try Samples.shared.png, as: "b.png")
            let post = try made(
                try await tenant.post([
                    "post": "Look at this", "platforms": ["instagram", "tiktok"],
                    "mediaUrls": [.text(video.accessURL), .text(image.accessURL)],
                ]))
            #expect(post.keys == ["status", "id", "post", "postIds", "errors"])
            #expect(post["status"] == "success")
            #expect(post["post"] == "Look at this")
            let ids = post["postIds"].entries
            let (first, second) = (post["postIds"][0]["id"], post["postIds"][2]["id"])
            #expect(
                ids
                    == [
                        ("instagram", video, first, "video"), ("tiktok", video, first, "video"),
                        ("instagram", image, second, "image"), ("tiktok", image, second, "image"),
                    ]
                    .map { platform, link, id, kind in
                        [
                            "id": id, "platform": .text(platform), "status": "pending",
                            "mediaUrl": .text(link.accessURL), "kind": .text(kind),
                        ]
                    })
            #expect(first != second)
            #expect(try await tenant.gallery().count == 2, "no new file")
            for (id, kind, link) in [(first, "videos", video), (second, "images", image)] {
                let item = try await item(id, kind, tenant)
                #expect(item["postId"] == post["id"])
                #expect(item["fileId"].string == link.fileID)
                #expect(item["accessUrl"].string == link.accessURL)
                #expect(item["description"] == "Look at this")
                #expect(item["platforms"] == ["instagram", "tiktok"])
                #expect(item["tiktok"] == ["status": "pending"])
                let listed = try await tenant.call("GET", "/api/v1/media/\(kind)").json["data"].entries
                #expect(listed.map { $0["id"] } == [id])
                #expect(listed.first?["postId"] == post["id"])
            }
        }

        @Test func `an item of a post is an item like any other`() async throws {
            let tenant = try await Stranger.new("item")
            let other = try await Stranger.new("other")
            let video = try await tenant.put(try Samples.shared.mp4, as: "a.mp4")
            let order: JSON = ["post": "", "platforms": ["tiktok"], "mediaUrls": .text(video.accessURL)]
            let posts = try [made(try await tenant.post(order)), made(try await tenant.post(order))]
            #expect(posts[0]["id"] != posts[1]["id"], "the same file in two posts")
            let ids = posts.compactMap { $0["postIds"][0]["id"].string }
            #expect(Set(ids).count == 2)
            let path = "/api/v1/media/videos/\(ids[0])"
            let report: JSON = ["status": "published", "videoId": "v7", "url": "https://example.com/v7"]
            let told = try await tenant.call("PATCH", "\(path)/platforms/tiktok", json: report)
            #expect(told.status == 200, "\(told.account)")
            #expect(try told.json["data"]["tiktok"] == report)
            #expect(try told.json["data"]["status"] == "completed")
            #expect(
                try await tenant.call("GET", "/api/v1/media/videos/\(ids[1])").json["data"]["tiktok"]["status"]
                    == "pending")
            for (method, path) in [("GET", path), ("DELETE", path)] {
                #expect(try await other.call(method, path).status == 404, "\(method) of another tenant")
            }
            for id in ids {
                #expect(try await tenant.call("DELETE", "/api/v1/media/videos/\(id)").status == 200)
                #expect(try await tenant.call("GET", "/api/v1/media/videos/\(id)").status == 404)
                #expect(try await tenant.gallery().compactMap { $0["id"].string } == [video.fileID])
                #expect(try await tenant.gateway.bytes(video.accessURL) != nil, "the file stays")
            }
            let again = try made(try await tenant.post(order))
            #expect(try await tenant.call("DELETE", "/api/media/\(video.fileID)").status == 200)
            let gone = "/api/v1/media/videos/\(again["postIds"][0]["id"].string ?? "")"
            #expect(try await tenant.call("GET", gone).status == 404, "a file takes its items along")
        }

        @Test func `a post for later`() async throws {
            let tenant = try await Stranger.new("later")
            let video = try await tenant.put(try Samples.shared.mp4, as: "a.mp4")
            let post = try made(
                try await tenant.post([
                    "post": "Later", "platforms": ["youtube", "tiktok"], "mediaUrls": [.text(video.accessURL)],
                    "scheduleDate": "2100-01-02T03:04:05+01:00", "tiktok": ["autoPublish": false],
                ]))
            #expect(post["status"] == "scheduled")
            #expect(post["scheduleDate"] == "2100-01-02T02:04:05.000Z")
            #expect(post["postIds"].entries.map { $0["status"] } == ["pending", "manual"])
            let item = try await item(post["postIds"][0]["id"], "videos", tenant)
            #expect(item["status"] == "scheduled")
            #expect(item["scheduledAt"] == "2100-01-02T02:04:05.000Z")
            #expect(item["dueAt"] == .null)
            #expect(item["tiktok"] == ["status": "manual"])
        }

        @Test func `an Idempotency-Key makes one post`() async throws {
            let tenant = try await Stranger.new("once")
            let video = try await tenant.put(try Samples.shared.mp4, as: "a.mp4")
            let key = ["-H", "Idempotency-Key: \(UUID().uuidString)"]
            // Its moment is over when it is repeated.
            let moment = Date(timeIntervalSinceNow: 2).formatted(.iso8601)
            var order: [String: JSON] = [
                "post": "Once", "platforms": ["tiktok"], "mediaUrls": [.text(video.accessURL)],
                "scheduleDate": .text(moment),
            ]
            let first = try await tenant.post(.object(order), key)
            let post = try made(first)
            let path = "/api/v1/media/videos/\(post["postIds"][0]["id"].string ?? "")"
            try await eventually("the item is due") {
                try await tenant.call("GET", path).json["data"]["dueAt"] != .null
            }
            let report: JSON = ["status": "published", "videoId": "v7"]
            #expect(try await tenant.call("PATCH", "\(path)/platforms/tiktok", json: report).status == 200)
            let again = try await tenant.post(.object(order), key)
            #expect(again.status == 200)
            #expect(again.body == first.body, "byte for byte")
            #expect(try await tenant.post(.object(order)).status == 400, "its moment is over")
            order["post"] = "Twice"
            order["scheduleDate"] = nil
            let other = try await tenant.post(.object(order), key)
            try tenant.gateway.expectGalleryError(other, 409, "already_finalized")
            #expect(try await tenant.call("GET", "/api/v1/media/videos").json["data"].entries.count == 1)
            // Another tenant's key is another key.
            let stranger = try await Stranger.new("twice")
            order["mediaUrls"] = [.text(try await stranger.put(try Samples.shared.mp4, as: "a.mp4").accessURL)]
            let theirs = try made(try await stranger.post(.object(order), key))
            #expect(theirs["id"] != post["id"])
        }

        @Test func `twenty at once make one post`() async throws {
            let tenant = try await Stranger.new("twenty")
            let video = try await tenant.put(try Samples.shared.mp4, as: "a.mp4")
            let order: JSON = ["post": "One", "platforms": ["tiktok"], "mediaUrls": [.text(video.accessURL)]]
            let folder = try Scratch.newFolder("answers")
            let transfers = try (0..<20).map { number in
                [
                    ("url", "\(tenant.gateway.base)/api/post"), ("header", "X-API-Key: \(tenant.key)"),
                    ("header", "Idempotency-Key: twenty"), ("data-binary", try order.encoded),
                    ("output", "\(folder)/\(number)"),
                ]
            }
            let outcomes = try await Curl.many(transfers, atOnce: true)
            #expect(outcomes.allSatisfy { $0 == Curl.Outcome(status: 200, exitCode: 0) }, "\(Set(outcomes))")
            #expect(try Set((0..<20).map { try Scratch.bytes("\(folder)/\($0)") }).count == 1, "byte for byte")
            #expect(try await tenant.call("GET", "/api/v1/media/videos").json["data"].entries.count == 1)
        }

        @Test func `every platform has its settings`() async throws {
            // A publisher that is told what it is to do.
            let publisher = try OriginServer { _ in OriginServer.Answer(status: 204) }
            let gateway = try await RunningGateway.start(options: [
                "--finalize-endpoints", "main", "--finalize-main-url", publisher.url("/told"),
                "--finalize-main-secret", "whsec_\(Data(count: 32).base64EncodedString())",
                "--finalize-main-events", "media.finalized",
            ])
            let video = try await gateway.usedLink(try Samples.shared.mp4)
            let order: JSON = [
                "post": "For all", "platforms": ["instagram", "tiktok", "linkedin", "pinterest", "youtube"],
                "mediaUrls": [.text(video.accessURL)], "instagram": ["caption": "Own"],
                "tiktok": ["privacy": "SELF_ONLY", "disableDuet": true], "pinterest": ["title": "Pin"],
                "youtube": #"{"title":"Film","privacy":"unlisted"}"#,
            ]
            let answer = try await gateway.call("POST", "/api/post", ["--data-binary", try order.encoded])
            try #require(answer.status == 200, "\(answer.account)")
            try await eventually("the publisher is told") { !publisher.requests.isEmpty }
            let item = try JSON(parsing: try #require(publisher.requests.first).body)["data"]["item"]
            #expect(item["postId"] == (try answer.json["id"]))
            #expect(
                item["settings"] == [
                    "instagram": ["caption": "Own"],
                    "tiktok": ["caption": "For all", "privacy": "SELF_ONLY", "disableDuet": true],
                    "linkedin": ["comment": "For all"],
                    "pinterest": ["title": "Pin", "description": "For all"],
                    "youtube": ["title": "Film", "privacy": "unlisted", "description": "For all"],
                ])
            #expect(try await gateway.stop() == 0)
            try await gateway.expectSound()
            Scratch.remove([gateway.folder])
        }
    }
}
