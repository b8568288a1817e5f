import Foundation
import Testing

extension GatewayTests {
    /// What can be done with a file of the gallery: ask for it, look at it, delete it.
    @Suite(.gateway) struct GalleryFiles {
        @Test func `whether a URL exists`() async throws {
            let tenant = try await Stranger.new("exists")
            let other = try await Stranger.new("other")
            let samples = try Samples.shared
            let file = try await tenant.put(samples.mov, as: "a.mov")
            let found = try await tenant.urlExists(file.accessURL)
            #expect(found.status == 200, "\(found.account)")
            #expect(
                try found.json == [
                    "status": "success", "contentType": "video/quicktime", "mediaUrl": .text(file.accessURL),
                ])
            #expect(try await tenant.urlExists(file.accessURL + "?a=b#c").status == 200, "the same file")
            let open = try Link(try await tenant.call("GET", "/api/media/uploadUrl?fileName=open.mp4").json)
            let nobodys = "\(tenant.gateway.base)/media/AAAAAAAAAAAAAAAAAAAAAAAAAAA/a.mov"
            let answers = [
                try await tenant.urlExists(open.accessURL), try await tenant.urlExists(nobodys),
                try await other.urlExists(file.accessURL),
            ]
            for answer in answers { try tenant.gateway.expectGalleryError(answer, 404, "not_found") }
            #expect(try Set(answers.map { try $0.json["message"].string }).count == 1, "no hint that it is somebody's")
        }

        @Test func `a question that is wrong`() async throws {
            let tenant = try await Stranger.new("question")
            let bodies = [
                "{}", #"{"mediaUrl":null}"#, #"{"mediaUrl":7}"#, #"{"mediaUrl":""}"#, #"{"mediaUrl":"a.mp4"}"#,
                #"{"mediaUrl":"ftp://example.com/a.mp4"}"#, #"{"mediaUrl":"file:///etc/passwd"}"#,
                #"{"mediaUrl":"http:///a.mp4"}"#, #"{"mediaUrl":"http://a b/"}"#,
                #"{"mediaUrl":"http://a/\#(String(repeating: "x", count: 2048))"}"#,
            ]
            for body in bodies {
                let answer = try await tenant.call("POST", "/api/media/urlExists", ["--data-binary", body])
                try tenant.gateway.expectGalleryError(answer, 400, "invalid_request", body)
                #expect(try answer.wrongFields == ["mediaUrl"], "\(body): \(answer.account)")
            }
            let noJSON = try await tenant.call("POST", "/api/media/urlExists", ["--data-binary", "mediaUrl=a"])
            try tenant.gateway.expectGalleryError(noJSON, 400, "invalid_request")
        }

        @Test func `what is known of a file`() async throws {
            let tenant = try await Stranger.new("meta")
            let other = try await Stranger.new("other")
            let samples = try Samples.shared
            let file = try await tenant.put(samples.mp4, as: "a.mp4")
            let media = try await tenant.facts(file.fileID)
            #expect(media["state"] == "done")
            #expect(media["width"] == 320)
            #expect(media["height"] == 240)
            #expect(media["duration"] == 1)
            #expect(media["videoCodec"] == "mpeg4")
            #expect(media["frameRate"] == 10)
            let meta = try await tenant.meta(file.fileID)
            let bytes = try Scratch.bytes(samples.mp4)
            let listed = try #require(try await tenant.gallery().first)
            #expect(
                meta == [
                    "status": "success", "id": .text(file.fileID), "url": .text(file.accessURL), "fileName": "a.mp4",
                    "description": "", "contentType": "video/mp4", "size": "\(bytes.count)",
                    "timeCreated": listed["timeCreated"],
                    "digest": ["crc32c": .text(Checksums.hex(Checksums.crc32c(bytes)))], "media": media,
                ])
            let byURL = try await tenant.call(
                "GET", "/api/media/meta", ["--get", "--data-urlencode", "mediaUrl=\(file.accessURL)"])
            #expect(try byURL.json == meta)
            for path in [
                "id=\(file.fileID)", "mediaUrl=\(file.accessURL)",
            ] {
                let answer = try await other.call("GET", "/api/media/meta?\(path)")
                try tenant.gateway.expectGalleryError(answer, 404, "not_found", path)
            }
            for path in ["id=nothing", "mediaUrl=http://example.com/a.mp4", "id=../../etc/passwd"] {
                let answer = try await tenant.call("GET", "/api/media/meta?\(path)")
                try tenant.gateway.expectGalleryError(answer, 404, "not_found", path)
            }
            for path in ["", "?id=", "?other=1"] {
                let answer = try await tenant.call("GET", "/api/media/meta\(path)")
                try tenant.gateway.expectGalleryError(answer, 400, "invalid_request", path)
            }
        }

        @Test func `a deleted file is nowhere`() async throws {
            let tenant = try await Stranger.new("delete")
            let other = try await Stranger.new("other")
            let kept = try await tenant.put(try Samples.shared.mp4, as: "kept.mp4")
            let file = try await tenant.uploaded(try Samples.shared.png, as: "a.png")
            let copy = try #require(file.copy["url"].string)
            let made = try await tenant.gateway.finalize(
                "images", ["fileId=\(file.id)", "platforms=instagram"], key: tenant.key)
            let item = try #require(try made.json["data"][0]["id"].string)
            let path = "/api/media/\(file.id)"
            try tenant.gateway.expectGalleryError(try await other.call("DELETE", path), 404, "not_found")
            #expect(try await tenant.gateway.bytes(file.url) != nil)
            let deleted = try await tenant.call("DELETE", path)
            #expect(deleted.status == 200, "\(deleted.account)")
            #expect(try deleted.json == ["status": "success", "id": .text(file.id)])
            for url in [file.url, copy] { #expect(try await tenant.gateway.bytes(url) == nil, "\(url)") }
            let gone = [
                "/api/v1/media/images/\(item)", "/api/media/meta?id=\(file.id)",
            ]
            for path in gone { #expect(try await tenant.call("GET", path).status == 404, "\(path)") }
            #expect(try await tenant.urlExists(file.url).status == 404)
            let post = try await tenant.post([
                "post": "", "platforms": ["instagram"], "mediaUrls": [.text(file.url)],
            ])
            try tenant.gateway.expectGalleryError(post, 410, "upload_gone")
            #expect(try await tenant.call("GET", "/api/v1/media/images").json["data"].entries == [])
            #expect(try await tenant.gallery().compactMap { $0["id"].string } == [kept.fileID])
            try tenant.gateway.expectGalleryError(try await tenant.call("DELETE", path), 404, "not_found")
            let again = try await tenant.gateway.finalize(
                "images", ["fileId=\(file.id)", "platforms=instagram"], key: tenant.key)
            #expect(again.status == 410, "\(again.account)")
            #expect(again.code == "upload_gone")
        }

        @Test func `what is not finished cannot be deleted here`() async throws {
            let tenant = try await Stranger.new("open")
            let open = try Link(try await tenant.call("GET", "/api/media/uploadUrl?fileName=open.mp4").json)
            for id in [open.fileID, "nothing", "%2E%2E"] {
                let answer = try await tenant.call("DELETE", "/api/media/\(id)")
                try tenant.gateway.expectGalleryError(answer, 404, "not_found", id)
            }
            #expect(try await tenant.gateway.put(open, try Samples.shared.mp4).status == 200)
        }

        @Test func `the gallery comes in pages`() async throws {
            let tenant = try await Stranger.new("pages")
            let file = try Samples.shared.mp4
            let count = 105
            let outcomes = try await Curl.many(
                (0..<count).map { number in
                    [
                        ("url", "\(tenant.gateway.base)/api/media/upload"), ("header", "X-API-Key: \(tenant.key)"),
                        ("form", "file=@\(file);filename=film"), ("form", "description=\(number)"),
                    ]
                }, atOnce: false)
            try #require(outcomes.allSatisfy { $0.status == 200 }, "\(Set(outcomes))")
            var url: String? = "\(tenant.gateway.base)/api/media"
            var numbers: [Int] = []
            var pages: [Int] = []
            while let next = url, pages.count < 10 {
                let page = try await Curl.run(["-H", "X-API-Key: \(tenant.key)", next])
                try #require(page.status == 200, "\(page.account)")
                let entries = try page.json.entries
                pages.append(entries.count)
                numbers += entries.compactMap { $0["description"].string.flatMap(Int.init) }
                url = try page["Link"].map { link in
                    try #require(link.hasPrefix("<") && link.hasSuffix(">; rel=\"next\""), "\(link)")
                    return String(link.dropFirst().prefix { $0 != ">" })
                }
            }
            #expect(pages == [100, 5])
            #expect(numbers == Array((0..<count).reversed()), "newest first, each once")
            let wrong = try await tenant.call("GET", "/api/media?cursor=nonsense")
            try tenant.gateway.expectGalleryError(wrong, 400, "invalid_request")
        }
    }

    /// Files that are kept for a while only.
    @Suite(.gateway("--file-lifetime-seconds", "3")) struct GalleryLifetime {
        @Test func `a file goes when its time is over`() async throws {
            let tenant = try await Stranger.new("life")
            let made = try await tenant.gateway.finalize(
                "videos", ["file=@\(try Samples.shared.mp4)", "platforms=tiktok"], key: tenant.key)
            let item = try made.json["data"][0]
            let url = try #require(item["accessUrl"].string)
            let listed = try #require(try await tenant.gallery().first)
            let dates = try ["timeCreated", "expiresAt"].map { name in
                try Date(
                    try #require(listed[name].string),
                    strategy: .iso8601.year().month().day()
                        .time(includingFractionalSeconds: true))
            }
            #expect(abs(dates[1].timeIntervalSince(dates[0]) - 3) < 0.001, "\(listed)")
            try await eventually("the file is gone") { try await tenant.gateway.bytes(url) == nil }
            #expect(Date() >= dates[1], "not before its time")
            #expect(try await tenant.gallery() == [])
            #expect(try await tenant.call("GET", "/api/v1/media/videos/\(item["id"].string ?? "")").status == 404)
        }
    }
}
