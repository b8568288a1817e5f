import Foundation
import Testing

extension GatewayTests {
    /// URLs that lead where a gateway must not go. One address alone is allowed, and its server leads astray.
    @Suite(.gateway("--pull-allow", "127.0.0.2/32")) struct PullRefusing {
        /// `PORT` is one where somebody listens who must not be asked.
        static let forbidden = [
            "http://127.0.0.1:PORT/", "http://localhost:PORT/", "http://127.1:PORT/", "http://2130706433:PORT/",
            "http://0x7f000001:PORT/", "http://0x7f.1:PORT/", "http://0177.0.0.1:PORT/", "http://0:PORT/",
            "http://[::1]:PORT/", "http://[::ffff:127.0.0.1]:PORT/", "http://[::ffff:7f00:1]:PORT/",
            "http://[::127.0.0.1]:PORT/", "http://[64:ff9b::7f00:1]:PORT/", "http://[fe80::1]:PORT/",
            "http://169.254.169.254/latest/meta-data/", "http://10.0.0.1/", "http://192.168.0.1/",
            "http://172.16.0.1/", "http://100.64.0.1/", "http://[fd00:ec2::254]/", "http://224.0.0.1/",
            "http://127.0.0.3:PORT/", "https://127.0.0.1:PORT/", "http://LOCALHOST:PORT/",
            "http://user:secret@127.0.0.2:PORT/", "http://user@127.0.0.2:PORT/",
            "http://127.0.0.2:80@127.0.0.1:PORT/", "http://127.0.0.2%00.127.0.0.1:PORT/",
        ]

        /// What these are depends on the system's resolver and libraries; that they lead nowhere does not.
        static let strange = [
            "http://127.0.0.1.:PORT/", "http://\u{FF11}\u{FF12}\u{FF17}.0.0.1:PORT/", "http://localhost.:PORT/",
            "http://127.0.0.1\u{3002}:PORT/", "http://127.0.0.2#@127.0.0.1:PORT/",
            "http://127.0.0.2?@127.0.0.1:PORT/",
        ]

        /// Only a redirect can name these: a client is told earlier that they are none.
        static let forbiddenRedirects = [
            "file:///etc/passwd", "ftp://127.0.0.1:PORT/a", "gopher://127.0.0.1:PORT/_GET", "dict://127.0.0.1:PORT/",
            "//127.0.0.1:PORT/", "http:/127.0.0.1:PORT/", "javascript:alert(1)",
            "data:video/mp4;base64,AAAA",
        ]

        private func order(_ url: String) -> JSON {
            ["post": "a", "platforms": ["tiktok"], "mediaUrls": [.text(url)]]
        }

        /// No connection reached the one who must not be asked, and nobody learns where a URL led.
        private func expectRefused(
            _ answer: CurlAnswer, _ what: String, _ tenant: Stranger, _ location: SourceLocation = #_sourceLocation
        ) throws {
            try tenant.gateway.expectGalleryError(answer, 400, "url_refused", what, location)
            let message = try answer.json["message"].string ?? ""
            for word in ["127.", "169.254", "localhost", "::", "secret", "passwd", "/"] {
                #expect(!message.contains(word), "\(what): \(message)", sourceLocation: location)
            }
        }

        @Test func `a URL to a private address`() async throws {
            let tenant = try await Stranger.new("private")
            let hidden = try OriginServer { _ in .file(Data(count: 10), "video/mp4") }
            for pattern in Self.forbidden {
                let url = pattern.replacing("PORT", with: "\(hidden.port)")
                try expectRefused(try await tenant.post(order(url)), pattern, tenant)
                try expectRefused(try await tenant.urlExists(url), pattern, tenant)
            }
            #expect(hidden.connectionCount == 0)
            try await tenant.expectNothingStored()
        }

        @Test func `a URL that could be read as one to a private address`() async throws {
            let tenant = try await Stranger.new("strange")
            let hidden = try OriginServer { _ in .file(Data(count: 10), "video/mp4") }
            for pattern in Self.strange {
                let url = pattern.replacing("PORT", with: "\(hidden.port)")
                for answer in [try await tenant.post(order(url)), try await tenant.urlExists(url)] {
                    #expect(answer.status == 400, "\(pattern): \(answer.account)")
                }
            }
            #expect(hidden.connectionCount == 0)
            try await tenant.expectNothingStored()
        }

        @Test func `a redirect to a private address`() async throws {
            let tenant = try await Stranger.new("astray")
            let hidden = try OriginServer { _ in .file(Data(count: 10), "video/mp4") }
            let film = try Scratch.bytes(try Samples.shared.mp4)
            let targets = (Self.forbidden + Self.forbiddenRedirects).map { pattern in
                pattern.replacing("PORT", with: "\(hidden.port)")
            }
            let origin = try OriginServer("127.0.0.2") { request in
                if request.target == "/film.mp4" { return .file(film, "video/mp4") }
                guard let number = Int(request.target.dropFirst()), targets.indices.contains(number) else {
                    return OriginServer.Answer(status: 404)
                }
                return .redirect(targets[number])
            }
            for (number, target) in targets.enumerated() {
                let url = origin.url("/\(number)")
                try expectRefused(try await tenant.post(order(url)), target, tenant)
                try expectRefused(try await tenant.urlExists(url), target, tenant)
            }
            #expect(hidden.connectionCount == 0)
            try await tenant.expectNothingStored()
            let good = try await tenant.post(order(origin.url("/film.mp4")))
            #expect(good.status == 200, "where it may go, it goes: \(good.account)")
        }

        @Test func `a second URL spoils the first`() async throws {
            let tenant = try await Stranger.new("spoilt")
            let film = try Scratch.bytes(try Samples.shared.mp4)
            let origin = try OriginServer("127.0.0.2") { _ in .file(film, "video/mp4") }
            let answer = try await tenant.post([
                "post": "a", "platforms": ["tiktok"],
                "mediaUrls": [.text(origin.url("/film.mp4")), "http://127.0.0.1:1/film.mp4"],
            ])
            try expectRefused(answer, "the second", tenant)
            #expect(origin.requests.map(\.method) == ["GET"], "the first was fetched")
            try await tenant.expectNothingStored()
        }

        @Test(arguments: [
            "file:///etc/passwd", "ftp://127.0.0.2/a.mp4", "gopher://127.0.0.2/_a", "data:video/mp4;base64,AAAA",
            "/etc/passwd", "127.0.0.2/a.mp4", "http://", "http:///a.mp4", "http://127.0.0.2/a b",
            "http://a\\@127.0.0.1/",
        ])
        func `what is no URL of the web`(url: String) async throws {
            let tenant = try await Stranger.new("web")
            let post = try await tenant.post(order(url))
            try tenant.gateway.expectGalleryError(post, 400, "invalid_request")
            #expect(try post.wrongFields == ["mediaUrls"])
            let exists = try await tenant.urlExists(url)
            try tenant.gateway.expectGalleryError(exists, 400, "invalid_request")
            #expect(try exists.wrongFields == ["mediaUrl"])
            try await tenant.expectNothingStored()
        }
    }
}
