import Foundation
import Testing

extension GatewayTests {
    /// `POST /api/post` with files of other servers, which the gateway fetches.
    @Suite(.gateway("--pull-allow", "127.0.0.0/8", "--pull-max-bytes", "4000000")) struct Pulls {
        private func post(_ urls: [String], _ tenant: Stranger, _ arguments: [String] = []) async throws -> CurlAnswer {
            try await tenant.post(
                ["post": "a", "platforms": ["tiktok"], "mediaUrls": .list(urls.map { .text($0) })], arguments)
        }

        /// The file that a post was made of.
        private func pulled(_ answer: CurlAnswer) async throws -> CurlAnswer {
            try #require(answer.status == 200, "\(answer.account)")
            let url = try #require(try answer.json["postIds"][0]["mediaUrl"].string)
            let read = try await Curl.run([url])
            #expect(read.status == 200)
            return read
        }

        static let heads: [(type: String?, fields: [String: String], path: String, name: String)] = [
            ("video/mp4", [:], "/some/film.mp4", "film.mp4"),
            ("application/octet-stream", [:], "/film.mp4?secret=1", "film.mp4"),
            (nil, ["Content-Disposition": "attachment; filename=\"my film.mp4\""], "/download", "my film.mp4"),
            ("Video/MP4; codecs=mp4v", [:], "/", "download.mp4"),
            ("video/mp4", [:], "/a%2F..%2F..%2Fb.mp4", "download.mp4"),
        ]

        @Test(arguments: heads)
        func `a file is fetched`(
            head: (type: String?, fields: [String: String], path: String, name: String)
        ) async throws {
            let tenant = try await Stranger.new("pull")
            let file = try Samples.shared.film(sizeBytes: 3_000_000)
            let bytes = try Scratch.bytes(file)
            let origin = try OriginServer { _ in .file(bytes, head.type, head.fields) }
            let url = origin.url(head.path)
            let key = ["-H", "Idempotency-Key: once"]
            let answer = try await post([url, url], tenant, key)
            let read = try await pulled(answer)
            #expect(read.body == bytes)
            #expect(read["Content-Type"] == "video/mp4")
            let entries = try await tenant.gallery()
            #expect(entries.count == 1, "the same URL twice is one file")
            #expect(entries.first?["fileName"].string == head.name)
            #expect(entries.first?["contentType"] == "video/mp4")
            let request = try #require(origin.requests.first)
            #expect(request.method == "GET")
            #expect(request.target == head.path)
            for field in ["x-api-key", "authorization", "cookie", "referer"] {
                #expect(request.fields[field] == nil, "\(field) is no business of theirs")
            }
            #expect(try await post([url, url], tenant, key).body == answer.body)
            #expect(origin.connectionCount == 1, "what is repeated is not fetched again")
        }

        @Test func `a redirect is followed`() async throws {
            let tenant = try await Stranger.new("redirect")
            let bytes = try Scratch.bytes(try Samples.shared.mp4)
            let target = try OriginServer("127.0.0.2") { _ in .file(bytes, "video/mp4") }
            let away = target.url("/film.mp4")
            let origin = try OriginServer { $0.target == "/first" ? .redirect("/second", 301) : .redirect(away, 307) }
            #expect(try await pulled(try await post([origin.url("/first")], tenant)).body == bytes)
            #expect(origin.requests.map(\.target) == ["/first", "/second"])
            let round = try OriginServer { _ in .redirect("/again") }
            let endless = try await post([round.url("/")], tenant)
            try tenant.gateway.expectGalleryError(endless, 400, "url_unreachable")
            #expect(round.connectionCount == 6)
            #expect(try await tenant.gallery().count == 1)
        }

        @Test func `what broke off goes on`() async throws {
            let tenant = try await Stranger.new("range")
            let file = try Samples.shared.film(sizeBytes: 3_000_000)
            let bytes = try Scratch.bytes(file)
            let breaks = [1_000_000, 2_345_678]
            let origin = try OriginServer { request in
                var answer = OriginServer.Answer.file(bytes, "video/mp4", ["ETag": "\"one\""])
                guard let range = request.fields["range"] else {
                    answer.ending = .cut(afterBytes: breaks[0])
                    return answer
                }
                guard let first = Int(range.dropFirst("bytes=".count).dropLast()) else {
                    return OriginServer.Answer(status: 416)
                }
                answer.status = 206
                answer.body = bytes.dropFirst(first)
                answer.fields["Content-Range"] = "bytes \(first)-\(bytes.count - 1)/\(bytes.count)"
                if first < breaks[1] { answer.ending = .cut(afterBytes: breaks[1] - first) }
                return answer
            }
            #expect(try await pulled(try await post([origin.url("/film.mp4")], tenant)).body == bytes)
            let asked = origin.requests.map { $0.fields["range"] }
            #expect(asked == [nil, "bytes=1000000-", "bytes=2345678-"])
            #expect(origin.requests.map { $0.fields["if-range"] } == [nil, "\"one\"", "\"one\""])
        }

        /// What a server answers, and what its caller is told.
        struct Refusal: Sendable, CustomTestStringConvertible {
            let testDescription: String
            let status: Int
            let code: String
            let answer: @Sendable (Data, OriginServer.Request) -> OriginServer.Answer
        }

        static let page = Data(String(repeating: "<html><body>No film here.</body></html>\n", count: 100).utf8)

        static let refusals = [
            Refusal(testDescription: "a page as an image", status: 415, code: "content_mismatch") { _, _ in
                .file(page, "image/png")
            },
            Refusal(testDescription: "a film as an image", status: 415, code: "content_mismatch") { film, _ in
                .file(film, "image/jpeg")
            },
            Refusal(testDescription: "a page", status: 415, code: "unsupported_media_type") { _, _ in
                .file(page, "text/html")
            },
            Refusal(testDescription: "nothing", status: 415, code: "unsupported_media_type") { _, _ in
                .file(Data(), nil)
            },
            Refusal(testDescription: "too much, announced", status: 413, code: "too_large") { _, _ in
                .file(Data(count: 4_000_001), "video/mp4")
            },
            Refusal(testDescription: "too much, not announced", status: 413, code: "too_large") { film, _ in
                var answer = OriginServer.Answer.file(film + Data(count: 4_000_000), "video/mp4")
                answer.tellsLength = false
                return answer
            },
            Refusal(testDescription: "a body without end", status: 413, code: "too_large") { film, _ in
                var answer = OriginServer.Answer.file(film, "video/mp4")
                answer.ending = .endless
                return answer
            },
            Refusal(testDescription: "404", status: 400, code: "url_unreachable") { _, _ in
                OriginServer.Answer(status: 404)
            },
            Refusal(testDescription: "503", status: 400, code: "url_unreachable") { film, _ in
                OriginServer.Answer(status: 503, body: film)
            },
            Refusal(testDescription: "a break without a way on", status: 400, code: "url_unreachable") { film, _ in
                var answer = OriginServer.Answer.file(film, "video/mp4")
                answer.ending = .cut(afterBytes: film.count / 2)
                return answer
            },
            Refusal(testDescription: "another file after a break", status: 400, code: "url_unreachable") {
                film, request in
                let isFirst = request.fields["range"] == nil
                var answer = OriginServer.Answer.file(film, "video/mp4", ["ETag": isFirst ? "\"one\"" : "\"two\""])
                if isFirst { answer.ending = .cut(afterBytes: film.count / 2) }
                return answer
            },
            Refusal(testDescription: "packed bytes", status: 400, code: "url_unreachable") { film, _ in
                .file(film, "video/mp4", ["Content-Encoding": "gzip"])
            },
        ]

        @Test(arguments: refusals) func `what is no good file is not kept`(refusal: Refusal) async throws {
            let tenant = try await Stranger.new("bad")
            let film = try Scratch.bytes(try Samples.shared.mp4)
            let origin = try OriginServer { request in
                request.target == "/good.mp4" ? .file(film, "video/mp4") : refusal.answer(film, request)
            }
            // Whichever comes first, what was fetched before it goes again.
            for urls in [["/bad"], ["/good.mp4", "/bad"], ["/bad", "/good.mp4"]] {
                let answer = try await post(urls.map(origin.url), tenant, ["-H", "Idempotency-Key: k"])
                try tenant.gateway.expectGalleryError(answer, refusal.status, refusal.code, "\(urls)")
                #expect(!answer.text.contains("127.0.0.1"), "\(answer.account)")
                try await tenant.expectNothingStored("\(urls)")
            }
            #expect(origin.requests.contains { $0.target == "/good.mp4" })
            // The key was not used up.
            let good = try await post([origin.url("/good.mp4")], tenant, ["-H", "Idempotency-Key: k"])
            #expect(good.status == 200, "\(good.account)")
        }

        @Test func `nobody listens`() async throws {
            let tenant = try await Stranger.new("nobody")
            for host in ["127.0.0.1:\(try RunningGateway.freePort())", "sluice.invalid"] {
                for answer in [
                    try await post(["http://\(host)/a.mp4"], tenant),
                    try await tenant.urlExists("http://\(host)/a.mp4"),
                ] {
                    try tenant.gateway.expectGalleryError(answer, 400, "url_unreachable", host)
                }
            }
            try await tenant.expectNothingStored()
        }

        @Test func `a URL elsewhere exists or not`() async throws {
            let tenant = try await Stranger.new("elsewhere")
            let origin = try OriginServer { request in
                switch (request.method, request.target) {
                case (_, "/film.mp4"): .file(Data(count: 100), "video/mp4")
                case (_, "/untold"): .file(Data(count: 100), nil)
                case (_, "/moved"): .redirect("/film.mp4")
                case ("GET", "/get-only"): .file(Data(count: 100), "image/webp")
                case (_, "/get-only"): OriginServer.Answer(status: 405)
                default: OriginServer.Answer(status: 404)
                }
            }
            let types = [
                "/film.mp4": "video/mp4", "/untold": "application/octet-stream", "/moved": "video/mp4",
                "/get-only": "image/webp",
            ]
            for (path, type) in types {
                let answer = try await tenant.urlExists(origin.url(path))
                #expect(answer.status == 200, "\(path): \(answer.account)")
                #expect(
                    try answer.json == [
                        "status": "success", "contentType": .text(type), "mediaUrl": .text(origin.url(path)),
                    ])
            }
            #expect(origin.requests.first { $0.target == "/film.mp4" }?.method == "HEAD")
            try tenant.gateway.expectGalleryError(
                try await tenant.urlExists(origin.url("/gone")), 400, "url_unreachable")
            try await tenant.expectNothingStored()
        }
    }

    /// Servers that take their time.
    @Suite(.gateway("--pull-allow", "127.0.0.0/8", "--pull-timeout-seconds", "2")) struct SlowPulls {
        @Test(arguments: [0, 5_000]) func `it is not waited for ever`(bytes: Int) async throws {
            let tenant = try await Stranger.new("slow")
            let film = try Scratch.bytes(try Samples.shared.mp4)
            let origin = try OriginServer { _ in
                var answer = OriginServer.Answer.file(film, "video/mp4", ["ETag": "\"one\""])
                answer.ending = .silent(afterBytes: bytes)
                return answer
            }
            let begun = Date()
            let answer = try await tenant.post([
                "post": "a", "platforms": ["tiktok"], "mediaUrls": [.text(origin.url("/film.mp4"))],
            ])
            try tenant.gateway.expectGalleryError(answer, 400, "url_unreachable")
            let seconds = Date().timeIntervalSince(begun)
            #expect(seconds >= 1.9 && seconds < 15, "\(seconds) s")
            try await tenant.expectNothingStored()
        }
    }
}
