import Foundation
import Testing

extension GatewayTests {
    /// Items in lists, what is known of their files, what is reported of them, and their end.
    @Suite(.gateway) struct ItemLists {
        private static let prefixes = ["/api/v1/media", "/media"]

        // MARK: Lists

        /// A tenant with three images and five videos, two of which are drafts.
        private func shelf() async throws -> (key: String, images: [String], videos: [String], drafts: [String]) {
            let gateway = try RunningGateway.shared
            let samples = try Samples.shared
            let key = try await gateway.newKey(tenant: "shelf-\(UUID().uuidString.prefix(8))")
            func make(_ kind: String, _ file: String, _ more: [String]) async throws -> String {
                let item = try await gateway.newItem(kind, ["file=@\(file)", "platforms=tiktok"] + more, key: key)
                return try #require(item["id"].string)
            }
            var images: [String] = []
            var videos: [String] = []
            for number in 0..<5 {
                if number < 3 { images.append(try await make("images", samples.png, [])) }
                let isDraft = number % 2 == 1
                videos.append(try await make("videos", samples.mp4, isDraft ? ["isDraft=true"] : []))
            }
            return (key, images.reversed(), videos.reversed(), [videos[3], videos[1]])
        }

        /// All pages from one on, each one's ids, found by the field `Link` (RFC 8288).
        private func pages(_ path: String, key: String) async throws -> [[String]] {
            let gateway = try RunningGateway.shared
            var pages: [[String]] = []
            var next: String? = path
            while let path = next, pages.count < 10 {
                let answer = try await gateway.call("GET", path, key: key)
                try #require(answer.status == 200, "\(answer.account)")
                #expect(try answer.json["success"] == true)
                pages.append(try answer.json["data"].entries.compactMap { $0["id"].string })
                let link = answer["link"]
                let address = link?.wholeMatch(of: /<(.+)>; rel="next"/)?.1
                #expect((link == nil) == (address == nil), "\(link ?? "")")
                if let address { #expect(address.hasPrefix(gateway.base)) }
                next = address.map { String($0.dropFirst(gateway.base.count)) }
                // The same place, for clients that look into the body.
                let cursor = try answer.json["nextCursor"]
                #expect((cursor == .null) == (next == nil))
                if let text = cursor.string { #expect(next?.contains(text) == true) }
                #expect(try answer.json.keys.contains("nextCursor"))
            }
            return pages
        }

        @Test func `a list has pages, kinds and statuses`() async throws {
            let gateway = try RunningGateway.shared
            let shelf = try await shelf()
            for prefix in Self.prefixes {
                #expect(try await pages("\(prefix)/images", key: shelf.key) == [shelf.images])
                #expect(try await pages("\(prefix)/videos", key: shelf.key) == [shelf.videos])
                let all = shelf.videos
                #expect(
                    try await pages("\(prefix)/videos?limit=2", key: shelf.key) == [
                        Array(all[0..<2]), Array(all[2..<4]), Array(all[4..<5]),
                    ])
                #expect(try await pages("\(prefix)/videos?limit=5", key: shelf.key) == [all])
                #expect(try await pages("\(prefix)/videos?status=draft", key: shelf.key) == [shelf.drafts])
                // The next page is one of the same list: of the same size, of the same status.
                #expect(
                    try await pages("\(prefix)/videos?status=draft&limit=1", key: shelf.key)
                        == shelf.drafts.map { [$0] })
                #expect(try await pages("\(prefix)/images?status=draft", key: shelf.key) == [[]])
                let stranger = try await gateway.newKey(tenant: "empty-shelf")
                #expect(try await pages("\(prefix)/videos", key: stranger) == [[]])
            }
            // What is known of its file may have become known between two calls, once.
            var shown: JSON = .null
            try await eventually("the film was looked into") {
                shown = try await gateway.shown("/media/videos/\(shelf.videos[0])", key: shelf.key)
                return shown["media"]["state"] == "done"
            }
            let listed = try await gateway.call("GET", "/media/videos?limit=1", key: shelf.key).json["data"][0]
            #expect(listed["media"]["width"] == 320)
            #expect(listed.keys.subtracting(shown.keys) == [])
            for member in listed.keys { #expect(listed[member] == shown[member], "\(member)") }
        }

        @Test func `a wrong question names everything`() async throws {
            let gateway = try RunningGateway.shared
            let all = try await gateway.get("/api/v1/media/videos?status=late&limit=201&cursor=here")
            #expect(all.status == 400)
            #expect(try all.json["errors"].entries.map { $0["field"] } == ["status", "limit", "cursor"])
            for query in ["limit=0", "limit=-1", "limit=x", "cursor=1", "cursor=1.2.3", "status=%ff"] {
                #expect(try await gateway.get("/media/images?\(query)").status == 400, "\(query)")
            }
            #expect(try await gateway.call("GET", "/media/images", key: nil).status == 401)
        }

        @Test func `the status filter follows the status`() async throws {
            let gateway = try RunningGateway.shared
            let key = try await gateway.newKey(tenant: "filter")
            let item = try await gateway.newItem(
                "images", ["file=@\(try Samples.shared.png)", "platforms=tiktok"], key: key)
            let path = try gateway.itemPath("images", item)
            let id = try #require(item["id"].string)
            let steps: [(report: JSON?, status: String)] = [
                (nil, "scheduled"), (["status": "pending"], "pending"), (["status": "processing"], "processing"),
                (["status": "failed"], "failed"), (["status": "published"], "completed"),
            ]
            for step in steps {
                if let report = step.report {
                    #expect(try await gateway.change("\(path)/platforms/tiktok", report, key: key).status == 200)
                }
                for status in ["pending", "processing", "completed", "failed", "draft", "scheduled"] {
                    let found = try await pages("/media/images?status=\(status)", key: key)
                    #expect(found == [status == step.status ? [id] : []], "\(status), is \(step.status)")
                }
            }
        }

        // MARK: Reports

        @Test func `the status of an item follows from its platforms`() async throws {
            let gateway = try RunningGateway.shared
            let item = try await gateway.newItem(
                "videos", ["file=@\(try Samples.shared.mp4)", "platforms=youtube,tiktok", "tiktokAutoPublish=false"])
            let path = try gateway.itemPath("videos", item)
            let steps: [(platform: String, told: String, status: String)] = [
                ("youtube", "pending", "pending"), ("youtube", "idle", "pending"),
                ("youtube", "processing", "processing"), ("youtube", "published", "completed"),
                ("tiktok", "pending", "processing"), ("tiktok", "processing", "processing"),
                ("tiktok", "failed", "failed"), ("youtube", "processing", "processing"),
                ("youtube", "failed", "failed"), ("tiktok", "published", "failed"),
                ("youtube", "published", "completed"), ("tiktok", "manual", "completed"),
            ]
            for (number, step) in steps.enumerated() {
                let told = try await gateway.report(path, step.platform, ["status": .text(step.told)])
                #expect(told.status == 200, "\(told.account)")
                #expect(try told.json["success"] == true)
                #expect(try told.json["message"] == "Platform updated")
                #expect(try told.json["data"]["status"].string == step.status, "step \(number)")
                #expect(try told.json["data"].asAsked == (try await gateway.shown(path).asAsked))
            }
        }

        @Test func `a wrong report changes nothing`() async throws {
            let gateway = try RunningGateway.shared
            let item = try await gateway.newItem(
                "videos", ["file=@\(try Samples.shared.mp4)", "platforms=youtube,pinterest"])
            let path = try gateway.itemPath("videos", item)
            let before = try await gateway.shown(path).asAsked
            for platform in ["tiktok", "myspace", "YouTube", "%20"] {
                let answer = try await gateway.report(path, platform, ["status": "published"])
                #expect(answer.status == 404, "\(platform): \(answer.account)")
                #expect(answer.code == "not_found")
            }
            let wrong = try await gateway.report(
                path, "youtube",
                [
                    "status": "done", "videoId": "with space", "pinId": "8", "url": "nowhere",
                    "message": .text(String(repeating: "x", count: 2001)),
                ])
            #expect(wrong.status == 400)
            #expect(wrong.code == "invalid_request")
            let named = try Set(wrong.json["errors"].entries.compactMap { $0["field"].string })
            #expect(named == ["status", "videoId", "pinId", "url", "message"])
            for body in ["", "{", "[]", "{}", "{\"status\":null}", "{\"status\":1}"] {
                let answer = try await gateway.call(
                    "PATCH", "\(path)/platforms/youtube", ["--data-binary", body])
                #expect(answer.status == 400, "\(body): \(answer.account)")
            }
            #expect(try await gateway.shown(path).asAsked == before)
        }

        // MARK: The end

        @Test(arguments: prefixes) func `with an item its file is gone`(prefix: String) async throws {
            let gateway = try RunningGateway.shared
            let key = try await gateway.newKey(tenant: "ending\(prefix.replacing("/", with: "-"))")
            let link = try await gateway.usedLink(try Samples.shared.png, name: "a.png", key: key)
            let fields = ["fileId=\(link.fileID)", "platforms=tiktok"]
            let item = try await gateway.newItem("images", fields, key: key)
            let path = "\(prefix)/images/\(try #require(item["id"].string))"
            // The copy of the image goes with it.
            var copy: String?
            try await eventually("the image was looked into") {
                let shown = try await gateway.shown(path, key: key)
                copy = shown["resizedUrl"].string
                return shown["media"]["state"] != "pending"
            }
            let urls = [link.accessURL, try #require(copy, "no copy was made")]
            for url in urls { #expect(try await gateway.bytes(url) != nil) }
            let deleted = try await gateway.call("DELETE", path, key: key)
            #expect(deleted.status == 200, "\(deleted.account)")
            #expect(
                try deleted.json == ["success": true, "message": "Media deleted", "data": ["id": item["id"]]])
            for url in urls { #expect(try await gateway.bytes(url) == nil, "\(url)") }
            #expect(try await gateway.call("GET", "/api/media", key: key).json == [])
            #expect(try await gateway.call("GET", "\(prefix)/images", key: key).json["data"] == [])
            #expect(try await gateway.call("GET", path, key: key).status == 404)
            #expect(try await gateway.call("DELETE", path, key: key).status == 404)
            let again = try await gateway.finalize("images", fields, key: key)
            #expect(again.status == 410, "\(again.account)")
            #expect(again.code == "upload_gone")
        }

        @Test func `a file in a post outlives its item`() async throws {
            let gateway = try RunningGateway.shared
            let mp4 = try Samples.shared.mp4
            let link = try await gateway.usedLink(mp4, name: "a.mp4")
            let item = try await gateway.newItem("videos", ["fileId=\(link.fileID)", "platforms=tiktok"])
            let body: JSON = ["post": "A", "platforms": ["tiktok"], "mediaUrls": [.text(link.accessURL)]]
            let post = try await gateway.call(
                "POST", "/api/post", ["-H", "Content-Type: application/json", "-d", try body.encoded])
            #expect(post.status == 200, "\(post.account)")
            let path = try gateway.itemPath("videos", item)
            #expect(try await gateway.call("DELETE", path).status == 200)
            #expect(try await gateway.get(path).status == 404)
            #expect(try await gateway.bytes(link.accessURL) == Scratch.bytes(mp4))
        }
    }
}
