import Foundation
import Testing

extension GatewayTests {
    /// HTTP itself: methods, targets, heads, connections.
    @Suite(.gateway) struct Edge {
        @Test func `it is alive and ready`() async throws {
            let gateway = try RunningGateway.shared
            for path in ["/healthz", "/readyz"] {
                let answer = try await gateway.call("GET", path, key: nil)
                #expect(answer.status == 200)
                #expect(answer["Content-Type"] == "application/json")
            }
        }

        @Test(arguments: [
            ("PATCH", "/api/v1/uploads", ["GET", "POST"]), ("PUT", "/api/v1/uploads", ["GET", "POST"]),
            ("POST", "/api/media/uploadUrl", ["GET"]), ("DELETE", "/api/v1/media/chunks", ["GET", "POST"]),
            ("DELETE", "/api/v1/media/videos", ["GET", "POST"]), ("POST", "/healthz", ["GET"]),
            ("POST", "/api/v1/uploads/AAAAAAAAAAAAAAAAAAAAAAAAAAA", ["DELETE", "GET"]),
            ("GET", "/api/v1/uploads/AAAAAAAAAAAAAAAAAAAAAAAAAAA/complete", ["POST"]),
            ("GET", "/api/v1/uploads/AAAAAAAAAAAAAAAAAAAAAAAAAAA/parts/1", ["PUT"]),
            ("DELETE", "/media/AAAAAAAAAAAAAAAAAAAAAAAAAAA/a.mp4", ["GET", "HEAD"]),
            ("GET", "/upload/AAAAAAAAAAAAAAAAAAAAAAAAAAA/a.mp4", ["PUT"]),
        ])
        func `another method is told which are taken`(method: String, path: String, allowed: [String]) async throws {
            let answer = try await RunningGateway.shared.call(method, path)
            #expect(answer.status == 405, "\(answer.account)")
            let methods = try #require(answer["Allow"]).split(separator: ",").map {
                $0.trimmingCharacters(in: .whitespaces)
            }
            #expect(Set(methods).isSuperset(of: allowed), "\(methods)")
            #expect(!methods.contains(method))
        }

        /// RFC 9110 section 9.3.7.
        @Test func `a question about the server is answered`() async throws {
            let gateway = try RunningGateway.shared
            let answer = try await gateway.call("OPTIONS", "/", key: nil, ["--request-target", "*"])
            #expect(answer.status == 204, "\(answer.account)")
            #expect(answer["Allow"] == "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT")
            #expect(answer["X-Request-Id"] != nil)
            #expect(try await gateway.call("GET", "/", key: nil, ["--request-target", "*"]).status == 400)
        }

        @Test func `what is not there says so in the words of its API`() async throws {
            let gateway = try RunningGateway.shared
            for path in ["/", "/nothing", "/api/v1/nothing", "/api/v1/uploads/x/y/z", "/upload/x", "/media/x/y"] {
                let answer = try await gateway.get(path)
                #expect(answer.status == 404, "\(path)")
                #expect(answer["Content-Type"] == "application/problem+json", "\(path)")
                #expect(answer.code == "not_found")
                #expect(try answer.json["status"] == 404)
            }
            let media = try await gateway.get("/api/v1/media/nothing")
            #expect(media.status == 404)
            #expect(try media.json["success"] == false)
            let gallery = try await gateway.get("/api/media/nothing")
            #expect(gallery.status == 404)
            #expect(try gallery.json["status"] == "error")
        }

        @Test func `HEAD has no body`() async throws {
            let gateway = try RunningGateway.shared
            for path in ["/healthz", "/nothing", "/api/media", "/api/v1/uploads"] {
                let answer = try await gateway.call("HEAD", path)
                #expect(answer.exitCode == 0, "\(path): \(answer.account)")
                #expect([200, 404, 405].contains(answer.status))
            }
            // The next answer on the connection stands where it belongs.
            let text = try await RawConnection.exchange(
                port: gateway.port,
                "HEAD /nothing HTTP/1.1\r\nHost: a\r\n\r\nGET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
            )
            #expect(Self.statuses(text) == [404, 200])
            #expect(text.contains("\r\n\r\nHTTP/1.1 200"))
        }

        private static func statuses(_ text: String) -> [Int] {
            text.ranges(of: "HTTP/1.1 ").compactMap { Int(text[$0.upperBound...].prefix(3)) }
        }

        @Test func `a head that is too large is refused`() async throws {
            let gateway = try RunningGateway.shared
            let one = try await gateway.call(
                "GET", "/healthz", ["-H", "X-Big: \(String(repeating: "a", count: 40_000))"])
            #expect(one.status == 431, "\(one.account)")
            #expect(one.exitCode == 0)
            let many = try await gateway.call(
                "GET", "/healthz", (0..<300).flatMap { ["-H", "X-\($0): \(String(repeating: "b", count: 200))"] })
            #expect(many.status == 431, "\(many.account)")
            let target = try await gateway.get("/healthz?\(String(repeating: "c", count: 60_000))")
            #expect([414, 431].contains(target.status), "\(target.account)")
            #expect(
                try await gateway.call("GET", "/healthz", ["-H", "X-Fits: \(String(repeating: "a", count: 8000))"])
                    .status == 200)
        }

        @Test(arguments: [
            "GARBAGE\r\n\r\n", "GET /healthz\r\n\r\n", "GET /healthz HTTP/1.1\r\nHost: a\r\nNo colon\r\n\r\n",
            "GET /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n",
            "POST /api/v1/uploads HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "POST /api/v1/uploads HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
            "GET /heal thz HTTP/1.1\r\nHost: a\r\n\r\n", "\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}\u{0}\r\n\r\n",
        ])
        func `what is no request is refused`(bytes: String) async throws {
            let gateway = try RunningGateway.shared
            let answer = try await RawConnection.exchange(port: gateway.port, bytes)
            #expect(Self.statuses(answer) == [400], "\(answer)")
            #expect(answer.lowercased().contains("connection: close"))
            #expect(answer.contains("application/problem+json"))
        }

        @Test(arguments: [
            "zz\r\nbytes\r\n0\r\n\r\n", "5\r\nbytesXX0\r\n\r\n", "-1\r\n\r\n",
            "FFFFFFFFFFFFFFFFFF\r\nbytes\r\n0\r\n\r\n",
        ])
        func `a broken framing is refused`(body: String) async throws {
            let gateway = try RunningGateway.shared
            let upload = try await gateway.begun(["fileName": "a.mp4", "size": 100, "partSize": 50])
            let answer = try await RawConnection.exchange(
                port: gateway.port,
                "PUT /api/v1/uploads/\(upload.fileID)/parts/2 HTTP/1.1\r\nHost: a\r\nX-API-Key: \(gateway.key)\r\n"
                    + "Transfer-Encoding: chunked\r\n\r\n" + body)
            #expect(Self.statuses(answer) == [400], "\(answer)")
            #expect(try await gateway.status(upload.fileID)["parts"] == [])
        }

        @Test func `a connection serves many requests`() async throws {
            let gateway = try RunningGateway.shared
            let samples = try Samples.shared
            let link = try await gateway.usedLink(samples.mp4)
            let pieces = try Pieces(samples.mp4, sizeBytes: 1000)
            let upload = try await gateway.begun(pieces)
            let right = ["-H", "X-API-Key: \(gateway.key)", "-o", "/dev/null"]
            let requests: [[String]] = [
                ["\(gateway.base)/healthz"], right + ["\(gateway.base)/api/media"],
                right + ["-T", pieces.paths[0], gateway.partURL(upload.fileID, 1)],
                right + ["-T", pieces.paths[1], gateway.partURL(upload.fileID, 2)],
                right + ["\(gateway.base)/nothing"], right + [link.accessURL], right + ["--head", link.accessURL],
                right + ["-X", "POST", gateway.partURL(upload.fileID, 1)],
            ]
            // `num_connects` of each request; only the first one opens a connection.
            let result = try await Command.run(
                "curl",
                ["--disable", "--silent", "--show-error"]
                    + requests.map { ["-w", "\n#%{http_code} %{num_connects}\n"] + $0 }.joined(separator: ["--next"]))
            let lines = result.output.split(separator: "\n").filter { $0.hasPrefix("#") }
            #expect(
                lines.map { $0.dropFirst() } == [
                    "200 1", "200 0", "204 0", "204 0", "404 0", "200 0", "200 0", "405 0",
                ], "\(result.errors)")
        }

        @Test func `requests may come ahead of their answers`() async throws {
            let gateway = try RunningGateway.shared
            let body = try JSON.object(["fileName": "a.mp4", "size": 3, "partSize": 3]).encoded
            let begin =
                "POST /api/v1/uploads HTTP/1.1\r\nHost: a\r\nX-API-Key: \(gateway.key)\r\n"
                + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
            let answer = try await RawConnection.exchange(
                port: gateway.port,
                begin + "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n" + begin + "GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n"
                    + String(repeating: "GET /readyz HTTP/1.1\r\nHost: a\r\n\r\n", count: 20)
                    + "GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            #expect(Self.statuses(answer) == [201, 200, 201, 404] + Array(repeating: 200, count: 21))
        }

        @Test func `the absolute form of a target is taken`() async throws {
            let gateway = try RunningGateway.shared
            let health = try await gateway.call("GET", "/", ["--request-target", "\(gateway.base)/healthz"])
            #expect(health.status == 200)
            #expect(try health.json["status"] == "ok")
            let list = try await gateway.call(
                "GET", "/", ["--request-target", "\(gateway.base)/api/v1/uploads?state=nonsense"])
            #expect(list.status == 400, "the query counts: \(list.account)")
            // The signature covers the target as the link has it; a client may still send that in absolute form.
            let link = try await gateway.link("fileName=a.mp4")
            let put = try await Curl.run(
                [
                    "-H", "Content-Type: video/mp4", "-T", try Samples.shared.mp4, "--request-target", link.uploadURL,
                    gateway.base,
                ])
            #expect(put.status == 200, "\(put.account)")
            let star = try await gateway.call("GET", "/", ["--request-target", "*"])
            #expect(star.status == 400)
        }

        @Test func `a request without a body is answered`() async throws {
            let gateway = try RunningGateway.shared
            for (path, status) in [
                ("/api/v1/uploads", 400), ("/api/v1/media/videos", 400), ("/api/v1/media/chunks", 400),
                ("/api/v1/uploads/AAAAAAAAAAAAAAAAAAAAAAAAAAA/complete", 404),
            ] {
                let answer = try await gateway.call("POST", path)
                #expect(answer.status == status, "\(path): \(answer.account)")
                #expect(answer.exitCode == 0)
            }
            let text = try await gateway.call("POST", "/api/v1/uploads", ["-d", "no json"])
            #expect(text.status == 400)
            let long = try await gateway.call(
                "POST", "/api/v1/uploads", ["-d", "{\"fileName\":\"\(String(repeating: "a", count: 100_000))\"}"])
            #expect([400, 413].contains(long.status), "\(long.account)")
        }

        @Test func `every answer has an id that the log knows`() async throws {
            let gateway = try RunningGateway.shared
            var ids: Set<String> = []
            for (method, path) in [
                ("GET", "/healthz"), ("GET", "/nothing"), ("PATCH", "/healthz"), ("POST", "/api/v1/uploads"),
                ("GET", "/api/media"), ("GET", "/media/AAAAAAAAAAAAAAAAAAAAAAAAAAA/a.mp4"),
            ] {
                let answer = try await gateway.call(method, path)
                let id = try #require(answer["X-Request-Id"], "\(path)")
                #expect(ids.insert(id).inserted, "no id twice")
                if answer.status >= 400 { #expect(answer.text.contains(id), "\(answer.text)") }
                #expect(try await gateway.log.says(id), "\(path)")
            }
        }

        @Test func `errors tell nothing of the inside`() async throws {
            let gateway = try RunningGateway.shared
            for path in [
                "/nothing/secretpath?secretquery", "/api/v1/uploads/secretpath", "/media/secretpath/secretquery",
            ] {
                let answer = try await gateway.get(path)
                #expect(answer.status == 404)
                #expect(!answer.text.contains("secret"), "\(answer.text)")
                #expect(!answer.text.contains(gateway.folder))
            }
        }
    }
}
