import Foundation
import Testing

extension GatewayTests {
    /// Access URLs: ranges, conditions, and what keeps a stranger's file from doing harm.
    @Suite(.gateway) struct Reading {
        private static let size = 70_000

        private func file() async throws -> (url: String, bytes: Data, tag: String) {
            let path = try Samples.shared.film(sizeBytes: Self.size)
            let gateway = try RunningGateway.shared
            let link = try await gateway.link("fileName=my%20%C3%A9t%C3%A9.mp4")
            let put = try await gateway.put(link, path)
            try #require(put.status == 200, "\(put.account)")
            return (link.accessURL, try Scratch.bytes(path), try #require(put["ETag"]))
        }

        @Test(arguments: [
            ("bytes=0-99", 0..<100), ("bytes=100-199", 100..<200), ("bytes=-1", 69_999..<70_000),
            ("bytes=-500", 69_500..<70_000), ("bytes=69000-", 69_000..<70_000), ("bytes=0-", 0..<70_000),
            ("bytes=69999-80000", 69_999..<70_000), ("bytes=-80000", 0..<70_000), ("bytes=0-0", 0..<1),
        ])
        func `a range is sent`(range: String, expected: Range<Int>) async throws {
            let (url, bytes, _) = try await file()
            let answer = try await Curl.run(["-H", "Range: \(range)", url])
            #expect(answer.status == 206)
            #expect(answer.body == bytes[expected])
            #expect(answer["Content-Range"] == "bytes \(expected.lowerBound)-\(expected.upperBound - 1)/\(Self.size)")
            #expect(answer["Content-Length"] == "\(expected.count)")
        }

        @Test(arguments: ["bytes=70000-", "bytes=70000-80000", "bytes=-0"])
        func `a range beyond the end cannot be`(range: String) async throws {
            let (url, _, _) = try await file()
            let answer = try await Curl.run(["-H", "Range: \(range)", url])
            #expect(answer.status == 416)
            #expect(answer["Content-Range"] == "bytes */\(Self.size)")
            #expect(answer.exitCode == 0)
        }

        @Test(arguments: ["lines=1-2", "bytes=5-1", "bytes=x"])
        func `a range that says nothing is ignored`(range: String) async throws {
            let (url, bytes, _) = try await file()
            let answer = try await Curl.run(["-H", "Range: \(range)", url])
            #expect(answer.status == 200)
            #expect(answer.body == bytes)
        }

        @Test func `conditions are kept`() async throws {
            let (url, bytes, tag) = try await file()
            for field in [tag, "W/\(tag)", "\"x\", \(tag)", "*"] {
                let fresh = try await Curl.run(["-H", "If-None-Match: \(field)", url])
                #expect(fresh.status == 304, "\(field)")
                #expect(fresh.body.isEmpty)
                #expect(fresh["ETag"] == tag)
            }
            let other = try await Curl.run(["-H", "If-None-Match: \"other\"", url])
            #expect(other.status == 200)
            #expect(other.body == bytes)
            let same = try await Curl.run(["-H", "If-Range: \(tag)", "-H", "Range: bytes=0-9", url])
            #expect(same.status == 206)
            #expect(same.body == bytes.prefix(10))
            let changed = try await Curl.run(["-H", "If-Range: \"other\"", "-H", "Range: bytes=0-9", url])
            #expect(changed.status == 200)
            #expect(changed.body == bytes)
        }

        @Test func `HEAD is GET without the bytes`() async throws {
            let (url, bytes, tag) = try await file()
            let head = try await Curl.run(["--head", url])
            let get = try await Curl.run([url])
            #expect(head.status == 200)
            #expect(head["ETag"] == tag)
            #expect(head["Content-Length"] == "\(bytes.count)")
            for name in ["Content-Type", "Accept-Ranges", "Content-Disposition", "Last-Modified", "Cache-Control"] {
                #expect(head[name] != nil, "\(name)")
                #expect(head[name] == get[name])
            }
            #expect(get["Accept-Ranges"] == "bytes")
            let gone = try await Curl.run(["--head", url + "x"])
            #expect(gone.status == 404)
            #expect(gone.exitCode == 0)
        }

        @Test func `a stranger's file does no harm`() async throws {
            let (url, _, _) = try await file()
            for arguments in [[url], ["--head", url], ["-H", "Range: bytes=0-9", url]] {
                let answer = try await Curl.run(arguments)
                #expect(answer["X-Content-Type-Options"] == "nosniff")
                #expect(answer["Content-Security-Policy"]?.contains("sandbox") == true)
                let disposition = try #require(answer["Content-Disposition"])
                #expect(disposition.contains("filename*=UTF-8''my%20%C3%A9t%C3%A9.mp4"), "\(disposition)")
            }
        }

        @Test func `another name is another file`() async throws {
            let (url, _, _) = try await file()
            let slash = try #require(url.lastIndex(of: "/"))
            #expect(try await Curl.run([url[...slash] + "other.mp4"]).status == 404)
            #expect(try await Curl.run([String(url[..<slash])]).status == 404)
        }
    }

    /// Bodies must come fast here; nothing is asked of those who read.
    @Suite(
        .gateway(
            "--body-timeout-seconds", "3", "--min-body-bytes-per-second", "1073741824",
            "--min-download-bytes-per-second", "0"))
    struct SlowReading {
        @Test func `a slow reader is not judged by what a body must bring`() async throws {
            let film = try Samples.shared.film(sizeBytes: 64 << 20)
            let file = try await RunningGateway.shared.usedLink(film)
            // More than the sockets hold, for several times as long as a client may take too little.
            let answer = try await Curl.run(["--limit-rate", "10M", file.accessURL])
            #expect(answer.exitCode == 0, "\(answer.account)")
            #expect(answer.body == (try Scratch.bytes(film)))
        }
    }
}
