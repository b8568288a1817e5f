import Testing
import UploadModel

@testable import MediaLibrary

/// Real servers on loopback addresses, real libcurl.
@Suite(.timeLimit(.minutes(2))) struct DownloadTests {
    @Test func `a file comes whole, with what its server says of it`() async throws {
        let content = patternBytes(3_000_001, seed: 1)
        try await ScriptedServer.run { connection in
            try await connection.answer(
                "200 OK",
                [
                    "Content-Type: video/mp4", "ETag: \"v1\"", "Last-Modified: Tue, 13 Feb 2024 10:00:00 GMT",
                    "Content-Disposition: attachment; filename=\"my clip.mp4\"",
                ], content)
        } _: { server in
            try await withClient { client in
                let sink = GatheringSink()
                let summary = try await client.download(DownloadOrder(server.base + "/a/b%20c.mp4?x=1#y"), into: sink)
                #expect(summary == DownloadSummary(receivedBytes: 3_000_001, attempts: 1))
                #expect(sink.holds(content))
                #expect(
                    sink.heads == [
                        TransferHead(
                            contentType: "video/mp4", lengthBytes: 3_000_001, entityTag: "\"v1\"",
                            lastModified: "Tue, 13 Feb 2024 10:00:00 GMT",
                            effectiveURL: server.base + "/a/b%20c.mp4?x=1#y", nameHint: "my clip.mp4")
                    ])
            }
            let request = try #require(server.seen.requests.first)
            #expect(request.method == "GET")
            #expect(request.target == "/a/b%20c.mp4?x=1")
            #expect(
                request.lines.sorted() == [
                    "Accept-Encoding: identity", "Accept: */*", "Host: \(server.host):\(server.port)",
                    "User-Agent: Sluice",
                ])
        }
    }

    /// How a body may end properly.
    @Test(
        arguments: [
            (
                "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nX: HTTP/1.1 500\r\n\r\n",
                nil
            ),
            ("Content-Length: 5\r\n\r\nabcde", 5), ("Content-Length: 5, 5\r\n\r\nabcde", 5),
            ("Connection: close\r\n\r\nabcde", nil), ("Content-Length: 5\r\n\r\nabcdefgh", 5),
            ("ETag: W/\"a\"\r\nContent-Length:5\r\nX:\r\n folded\r\n\r\nabcde", 5),
        ] as [(String, Int64?)])
    func `a body ends as HTTP says`(rest: String, length: Int64?) async throws {
        try await ScriptedServer.run { connection in
            try await connection.send("HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\nHTTP/1.1 200\r\n" + rest)
        } _: { server in
            try await withClient { client in
                let sink = GatheringSink()
                let summary = try await client.download(DownloadOrder(server.base + "/a/"), into: sink)
                #expect(String(decoding: sink.bytes, as: UTF8.self) == "abcde")
                #expect(summary.receivedBytes == 5)
                #expect(sink.heads.map(\.lengthBytes) == [length])
                #expect(sink.heads.map(\.nameHint) == [nil])
            }
        }
    }

    @Test func `an empty file is a file`() async throws {
        try await ScriptedServer.run { connection in
            try await connection.answer("200 OK")
        } _: { server in
            try await withClient { client in
                let sink = GatheringSink()
                let summary = try await client.download(DownloadOrder(server.base + "/a.txt"), into: sink)
                #expect(summary.receivedBytes == 0)
                #expect(sink.heads.map(\.nameHint) == ["a.txt"])
            }
        }
    }

    @Test(arguments: [
        ("404 Not Found", "404"), ("410 Gone", "410"), ("500 Internal Server Error", "500"), ("204 No Content", "204"),
        ("206 Partial Content", "206"), ("304 Not Modified", "304"), ("300 Multiple Choices", "300"),
        ("401 Unauthorized", "401"), ("302 Found", "302"),
    ])
    func `an answer without a file is told`(status: String, told: String) async throws {
        try await ScriptedServer.run { connection in
            try await connection.answer(status, [], Array("an error page".utf8))
        } _: { server in
            try await withClient { client in
                let sink = GatheringSink()
                let fault = await client.fault(of: DownloadOrder(server.base), into: sink)
                #expect(fault?.code == .urlUnreachable)
                #expect(fault?.detail == "The server answered \(told).")
                #expect(sink.heads == [] && sink.bytes == [])
            }
        }
    }

    /// What a server may get wrong, or send in order to hurt.
    static let unusable: [String: (answer: String, code: UploadFault.Code)] = [
        "another protocol": ("SSH-2.0-OpenSSH_9.2\r\n\r\n", .urlUnreachable),
        "no status": ("HTTP/1.1 OK\r\n\r\n", .urlUnreachable),
        "no field": ("HTTP/1.1 200 OK\r\nnonsense\r\n\r\n", .urlUnreachable),
        "huge length": ("HTTP/1.1 200 OK\r\nContent-Length: 9999999999999999999999\r\n\r\nabc", .urlUnreachable),
        "negative length": ("HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nabc", .urlUnreachable),
        "two lengths": ("HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", .urlUnreachable),
        "too short": ("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nabc", .urlUnreachable),
        "no last chunk": ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", .urlUnreachable),
        "no chunk": ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\nabc\r\n", .urlUnreachable),
        "coded": ("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc", .urlUnreachable),
        "too long": ("HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n", .tooLarge),
        "long head": (
            "HTTP/1.1 200 OK\r\n" + String(repeating: "X: \(String(repeating: "x", count: 60))\r\n", count: 2_000),
            .urlUnreachable
        ),
        "long field": ("HTTP/1.1 200 OK\r\nX: " + String(repeating: "x", count: 70_000) + "\r\n\r\n", .urlUnreachable),
        "many heads": (String(repeating: "HTTP/1.1 100 Continue\r\n\r\n", count: 4_000), .urlUnreachable),
        "nothing": ("", .urlUnreachable),
    ]

    @Test(arguments: unusable.keys.sorted())
    func `an answer that cannot be used is refused`(name: String) async throws {
        let (answer, code) = try #require(Self.unusable[name])
        try await ScriptedServer.run { connection in
            try await connection.send(answer)
        } _: { server in
            try await withClient { client in
                var order = DownloadOrder(server.base, maximumBytes: 1_000)
                order.totalTimeoutSeconds = 20
                #expect(await client.fault(of: order)?.code == code)
            }
        }
    }

    @Test(arguments: [
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
            "1000\r\n" + String(repeating: "x", count: 4_096) + "\r\n"
        ),
        ("HTTP/1.1 200 OK\r\n\r\n", String(repeating: "x", count: 4_096)),
    ])
    func `a body without an end stops at the limit`(head: String, piece: String) async throws {
        try await ScriptedServer.run { connection in
            try await connection.send(head)
            while true { try await connection.send(piece) }
        } _: { server in
            try await withClient { client in
                let sink = GatheringSink()
                let fault = await client.fault(of: DownloadOrder(server.base, maximumBytes: 3_000_000), into: sink)
                #expect(fault?.code == .tooLarge)
                #expect(sink.bytes.count <= 3_000_000)
            }
            await server.seen.wait { $0.closed == 1 }
        }
    }

    @Test func `exactly the limit may come`() async throws {
        try await ScriptedServer.run { connection in
            try await connection.send("HTTP/1.1 200 OK\r\n\r\n" + String(repeating: "x", count: 1_000))
        } _: { server in
            try await withClient { client in
                let order = DownloadOrder(server.base, maximumBytes: 1_000)
                let summary = try await client.download(order, into: GatheringSink())
                #expect(summary.receivedBytes == 1_000)
                let smaller = DownloadOrder(server.base, maximumBytes: 999)
                #expect(await client.fault(of: smaller)?.code == .tooLarge)
            }
        }
    }

    @Test func `a body that comes too slowly breaks off`() async throws {
        try await ScriptedServer.run { connection in
            try await connection.send("HTTP/1.1 200 OK\r\n\r\nx")
            try await connection.untilClosed()
        } _: { server in
            try await withClient { client in
                var order = DownloadOrder(server.base)
                order.minimumBytesPerSecond = 10_000
                order.slownessSeconds = 1
                let fault = await client.fault(of: order)
                #expect(fault?.code == .urlUnreachable)
                #expect(fault?.detail == "The server of the URL took too long.")
            }
            await server.seen.wait { $0.closed == 1 }
        }
    }

    @Test(arguments: ["", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\n\r\nx"])
    func `the time has an end`(beginning: String) async throws {
        try await ScriptedServer.run { connection in
            if !beginning.isEmpty { try await connection.send(beginning) }
            try await connection.untilClosed()
        } _: { server in
            try await withClient { client in
                var order = DownloadOrder(server.base)
                order.totalTimeoutSeconds = 1
                let start = ContinuousClock.now
                let fault = await client.fault(of: order)
                #expect(fault?.code == .urlUnreachable)
                #expect(start.duration(to: .now) < .seconds(10))
            }
            await server.seen.wait { $0.closed == 1 }
        }
    }

    @Test func `nobody listens`() async throws {
        // A port that no system hands out: one that was free a moment ago may be another test's by now.
        try await withClient { client in
            let fault = await client.fault(of: DownloadOrder("http://127.0.0.1:1"))
            #expect(fault?.code == .urlUnreachable)
            #expect(fault?.detail == "The server of the URL could not be connected to.")
        }
    }

    @Test func `a name that nobody has`() async throws {
        try await withClient { client in
            let fault = await client.fault(of: DownloadOrder("http://nobody.invalid/"))
            #expect(fault?.code == .urlUnreachable)
        }
    }

    @Test func `a server without TLS is not trusted`() async throws {
        try await ScriptedServer.run { _ in
        } _: { server in
            try await withClient { client in
                var order = DownloadOrder("https://\(server.host):\(server.port)/")
                order.connectTimeoutSeconds = 2
                #expect(await client.fault(of: order)?.code == .urlUnreachable)
            }
        }
    }

    @Test(arguments: [(files: 32, threads: 4), (files: 8, threads: 1)])
    func `many at a time`(files: Int, threads: Int) async throws {
        try await ScriptedServer.run { connection in
            let number = UInt64(connection.request.target.dropFirst()) ?? 0
            try await connection.answer("200 OK", [], patternBytes(100_000 + Int(number) * 1_000, seed: number))
        } _: { server in
            try await withClient(threads: threads) { client in
                try await withThrowingTaskGroup(of: (Int, [UInt8]).self) { group in
                    for number in 0..<files {
                        group.addTask {
                            let sink = GatheringSink()
                            _ = try await client.download(DownloadOrder("\(server.base)/\(number)"), into: sink)
                            return (number, sink.bytes)
                        }
                    }
                    for try await (number, bytes) in group {
                        #expect(bytes == patternBytes(100_000 + number * 1_000, seed: UInt64(number)))
                    }
                }
            }
            #expect(server.seen.counts.opened == files)
        }
    }
}
