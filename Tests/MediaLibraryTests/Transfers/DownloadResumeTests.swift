import Testing
import UploadModel

@testable import MediaLibrary

/// Downloads that break off and go on, or must not.
@Suite(.timeLimit(.minutes(2))) struct DownloadResumeTests {
    static let content = patternBytes(1_000_000, seed: 7)
    static let dated = ["Last-Modified: Tue, 13 Feb 2024 10:00:00 GMT", "Date: Tue, 13 Feb 2024 10:00:01 GMT"]

    /// The head of the whole file and its first bytes; then the connection breaks.
    static func breakOff(_ connection: ServerConnection, _ fields: [String], at count: Int) async throws {
        try await connection.send(
            (["HTTP/1.1 200 OK", "Content-Length: \(content.count)"] + fields).joined(separator: "\r\n") + "\r\n\r\n")
        try await connection.send(Array(content[..<count]))
    }

    /// Answers the range that was asked for, and breaks off after `most` bytes of it.
    static func goOn(_ connection: ServerConnection, _ fields: [String], most: Int = .max) async throws {
        let range = connection.request.values("range").joined()
        let start = Int(range.dropFirst("bytes=".count).dropLast()) ?? 0
        let rest = content[start...]
        try await connection.send(
            ([
                "HTTP/1.1 206 Partial Content", "Content-Length: \(rest.count)",
                "Content-Range: bytes \(start)-\(content.count - 1)/\(content.count)",
            ] + fields).joined(separator: "\r\n") + "\r\n\r\n")
        try await connection.send(Array(rest.prefix(most)))
    }

    @Test(arguments: [
        (["ETag: \"v1\""], "\"v1\""), (["ETag: \"v1\""] + dated, "\"v1\""), (dated, "Tue, 13 Feb 2024 10:00:00 GMT"),
    ])
    func `a broken download goes on where it was`(fields: [String], validator: String) async throws {
        try await ScriptedServer.run { connection in
            switch connection.number {
            case 1: try await Self.breakOff(connection, fields, at: 400_000)
            case 2: try await Self.goOn(connection, fields, most: 300_000)
            default: try await Self.goOn(connection, fields)
            }
        } _: { server in
            try await withClient { client in
                let sink = GatheringSink()
                let summary = try await client.download(DownloadOrder(server.base), into: sink)
                #expect(summary == DownloadSummary(receivedBytes: 1_000_000, attempts: 3))
                #expect(sink.holds(Self.content))
                #expect(sink.heads.count == 1)
            }
            let requests = server.seen.requests
            #expect(requests.map { $0.values("range") } == [[], ["bytes=400000-"], ["bytes=700000-"]])
            #expect(requests.map { $0.values("if-range") } == [[], [validator], [validator]])
        }
    }

    @Test func `it begins again at the URL that was given`() async throws {
        try await ScriptedServer.run { connection in
            if connection.request.target == "/a" { return try await connection.redirect(to: "/b\(connection.number)") }
            if connection.number == 2 { return try await Self.breakOff(connection, ["ETag: \"v1\""], at: 1) }
            try await Self.goOn(connection, ["ETag: \"v1\""])
        } _: { server in
            try await withClient { client in
                let sink = GatheringSink()
                var order = DownloadOrder(server.base + "/a")
                order.maximumRedirects = 1
                _ = try await client.download(order, into: sink)
                #expect(sink.holds(Self.content))
            }
            #expect(server.seen.requests.map(\.target) == ["/a", "/b1", "/a", "/b3"])
            #expect(server.seen.requests.map { $0.values("range").count } == [0, 0, 1, 1])
        }
    }

    @Test func `a body that stalls goes on as well`() async throws {
        try await ScriptedServer.run { connection in
            if connection.number > 1 { return try await Self.goOn(connection, ["ETag: \"v1\""]) }
            try await Self.breakOff(connection, ["ETag: \"v1\""], at: 1_000)
            try await connection.untilClosed()
        } _: { server in
            try await withClient { client in
                let sink = GatheringSink()
                var order = DownloadOrder(server.base)
                // Wide enough for a machine on which the server itself hardly gets a turn.
                order.minimumBytesPerSecond = 100
                order.slownessSeconds = 6
                let summary = try await client.download(order, into: sink)
                #expect(summary.attempts > 1)
                #expect(sink.holds(Self.content))
            }
        }
    }

    @Test(arguments: [1, 2, 5])
    func `attempts have an end`(maximum: Int) async throws {
        try await ScriptedServer.run { connection in
            if connection.number == 1 { return try await Self.breakOff(connection, ["ETag: \"v1\""], at: 10) }
            try await Self.goOn(connection, ["ETag: \"v1\""], most: 10)
        } _: { server in
            try await withClient { client in
                let sink = GatheringSink()
                var order = DownloadOrder(server.base)
                order.maximumAttempts = maximum
                #expect(await client.fault(of: order, into: sink)?.code == .urlUnreachable)
                #expect(sink.holds(Self.content[..<(10 * maximum)]))
            }
            #expect(server.seen.counts.opened == maximum)
        }
    }

    @Test func `there is no attempt without time for it`() async throws {
        try await ScriptedServer.run { connection in
            try await Self.breakOff(connection, ["ETag: \"v1\""], at: 10)
        } _: { server in
            try await withClient { client in
                var order = DownloadOrder(server.base)
                order.backOffMilliseconds = 60_001
                #expect(await client.fault(of: order)?.code == .urlUnreachable)
            }
            #expect(server.seen.counts.opened == 1)
        }
    }

    /// Without a strong validator nothing proves that the rest belongs to the beginning.
    @Test(arguments: [
        [], ["ETag: W/\"v1\""], ["ETag: W/\"v1\""] + dated, ["ETag: v1"],
        ["Last-Modified: Tue, 13 Feb 2024 10:00:00 GMT"],
        ["Last-Modified: Tue, 13 Feb 2024 10:00:00 GMT", "Date: Tue, 13 Feb 2024 10:00:00 GMT"],
        ["Last-Modified: yesterday", "Date: Tue, 13 Feb 2024 10:00:00 GMT"],
    ])
    func `a file that cannot be told from another does not go on`(fields: [String]) async throws {
        try await ScriptedServer.run { connection in
            if connection.number == 1 { return try await Self.breakOff(connection, fields, at: 400_000) }
            try await Self.goOn(connection, fields)
        } _: { server in
            try await withClient { client in
                let fault = await client.fault(of: DownloadOrder(server.base))
                #expect(fault?.code == .urlUnreachable)
                #expect(fault?.detail == "The connection broke off before the whole answer had come.")
            }
            #expect(server.seen.counts.opened == 1)
        }
    }

    /// Answers to a range that are not the rest of the same file. `N` is where it broke off.
    @Test(arguments: [
        ["200 OK", "Content-Length: 1000000", "ETag: \"v2\""],
        ["200 OK", "Content-Length: 1000000", "ETag: \"v1\""],
        ["200 OK", "Content-Length: 600000", "Content-Range: bytes 400000-999999/1000000", "ETag: \"v1\""],
        ["206 Partial Content", "Content-Length: 600000", "ETag: \"v1\""],
        [
            "206 Partial Content", "Content-Length: 600000", "Content-Range: bytes 400000-999999/1000000",
            "ETag: \"v2\"",
        ],
        ["206 Partial Content", "Content-Length: 600000", "Content-Range: bytes 400001-1000000/1000001"],
        ["206 Partial Content", "Content-Length: 600000", "Content-Range: bytes 400000-999999/1000001"],
        ["206 Partial Content", "Content-Length: 600001", "Content-Range: bytes 399999-999999/1000000"],
        ["206 Partial Content", "Content-Length: 5", "Content-Range: bytes 400000-400004/1000000"],
        ["206 Partial Content", "Content-Length: 600000", "Content-Range: bytes 400000-999999/*"],
        ["206 Partial Content", "Content-Length: 5", "Content-Range: bytes 400000-999999/1000000"],
        ["206 Partial Content", "Content-Length: 600000", "Content-Range: lines 400000-999999/1000000"],
        ["206 Partial Content", "Content-Type: multipart/byteranges; boundary=x", "Content-Length: 600000"],
        ["416 Range Not Satisfiable", "Content-Range: bytes */10", "Content-Length: 0"],
        ["404 Not Found", "Content-Length: 0"], ["503 Unavailable", "Content-Length: 0"],
    ])
    func `another file does not go on`(head: [String]) async throws {
        try await ScriptedServer.run { connection in
            if connection.number == 1 { return try await Self.breakOff(connection, ["ETag: \"v1\""], at: 400_000) }
            try await connection.send("HTTP/1.1 " + head.joined(separator: "\r\n") + "\r\n\r\n")
            try await connection.send(Array(Self.content[400_000...]))
        } _: { server in
            try await withClient { client in
                let sink = GatheringSink()
                let fault = await client.fault(of: DownloadOrder(server.base), into: sink)
                #expect(fault?.code == .urlUnreachable)
                #expect(fault?.detail.contains("another file") == true)
                #expect(sink.holds(Self.content[..<400_000]))
            }
            #expect(server.seen.counts.opened == 2)
        }
    }
}
