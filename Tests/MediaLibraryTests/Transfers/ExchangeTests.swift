import Testing

@testable import MediaLibrary

/// Small requests, as for webhooks and for a look at a URL.
@Suite(.timeLimit(.minutes(2))) struct ExchangeTests {
    static func fault(of request: OutgoingRequest, by client: OutgoingHTTP) async -> TransferFault? {
        do throws(TransferFault) {
            _ = try await client.exchange(request)
            return nil
        } catch {
            return error
        }
    }

    @Test(arguments: [0, 1, 2_000, 3_000_000])
    func `a post arrives exactly`(count: Int) async throws {
        let body = patternBytes(count, seed: 11)
        try await ScriptedServer.run { connection in
            try await connection.answer("202 Accepted", ["X-A: 1", "x-a: 2"], Array("thanks".utf8))
        } _: { server in
            try await withClient { client in
                let answer = try await client.exchange(
                    OutgoingRequest(
                        .post(body), url: server.base + "/hook?a=b",
                        fields: [
                            HeaderField("Content-Type", "application/json"), HeaderField("webhook-id", "msg_1"),
                            HeaderField("webhook-signature", "v1,abc= v1,def="), HeaderField("X-Empty", ""),
                        ], addresses: .anywhere))
                #expect(answer.status == 202)
                #expect(answer.body == Array("thanks".utf8) && !answer.isBodyCut)
                #expect(answer.fields.values("X-A") == ["1", "2"])
                #expect(answer.effectiveURL == server.base + "/hook?a=b")
            }
            let request = try #require(server.seen.requests.first)
            #expect(request.method == "POST" && request.target == "/hook?a=b")
            #expect(request.body.elementsEqual(body))
            #expect(
                request.lines.sorted() == [
                    "Accept-Encoding: identity", "Accept: */*", "Content-Length: \(count)",
                    "Content-Type: application/json", "Host: \(server.host):\(server.port)", "User-Agent: Sluice",
                    "X-Empty:", "webhook-id: msg_1", "webhook-signature: v1,abc= v1,def=",
                ])
        }
    }

    @Test func `no type is made up for a body`() async throws {
        try await ScriptedServer.run { connection in
            try await connection.answer("200 OK")
        } _: { server in
            try await withClient { client in
                _ = try await client.exchange(
                    OutgoingRequest(.post([1]), url: server.base, addresses: .anywhere))
            }
            #expect(server.seen.requests.map { $0.values("content-type") } == [[]])
        }
    }

    @Test(arguments: ["200 OK", "302 Found", "404 Not Found", "500 Oops"])
    func `an answer of any status is an answer`(status: String) async throws {
        try await ScriptedServer.run { connection in
            try await connection.answer(status, ["Location: /elsewhere"], [1, 2, 3])
        } _: { server in
            try await withClient { client in
                for method in [OutgoingRequest.Method.get, .head, .post([])] {
                    let answer = try await client.exchange(
                        OutgoingRequest(method, url: server.base, addresses: .anywhere))
                    #expect(answer.status == Int(status.prefix(3)))
                    #expect(answer.body == (method == .head ? [] : [1, 2, 3]))
                }
            }
            #expect(server.seen.requests.map(\.method) == ["GET", "HEAD", "POST"])
        }
    }

    @Test func `a look at a URL follows redirects and takes no secret elsewhere`() async throws {
        try await ScriptedServer.run(on: "127.0.0.2") { connection in
            try await connection.answer("200 OK", ["Content-Type: image/png"])
        } _: { other in
            try await ScriptedServer.run { connection in
                try await connection.redirect(to: connection.request.target == "/a" ? "/b" : other.base + "/c")
            } _: { server in
                try await withClient { client in
                    var request = OutgoingRequest(
                        .head, url: server.base + "/a", fields: [HeaderField("Authorization", "secret")],
                        addresses: .loopback())
                    request.maximumRedirects = 2
                    let answer = try await client.exchange(request)
                    #expect(answer.status == 200)
                    #expect(answer.fields.value("content-type") == "image/png")
                    #expect(answer.effectiveURL == other.base + "/c")
                    request.maximumRedirects = 1
                    #expect(await Self.fault(of: request, by: client)?.code == .unreachable)
                    request.maximumRedirects = 2
                    request.addresses = .loopback("127.0.0.1")
                    #expect(await Self.fault(of: request, by: client)?.code == .refused)
                    #expect(other.seen.counts.opened == 1)
                    request.method = .post([])
                    let posted = try await client.exchange(request)
                    #expect(posted.status == 302)
                }
                #expect(server.seen.requests.prefix(2).map { $0.values("authorization") } == [["secret"], ["secret"]])
                #expect(other.seen.requests.map { $0.values("authorization") } == [[]])
            }
        }
    }

    @Test(arguments: [9, 10, 11, 0])
    func `an answer is cut where it is long enough`(maximum: Int) async throws {
        try await ScriptedServer.run { connection in
            try await connection.answer("200 OK", [], Array("0123456789".utf8))
        } _: { server in
            try await withClient { client in
                var request = OutgoingRequest(.get, url: server.base, addresses: .anywhere)
                request.maximumAnswerBytes = maximum
                let answer = try await client.exchange(request)
                #expect(String(decoding: answer.body, as: UTF8.self) == "0123456789".prefix(maximum))
                #expect(answer.isBodyCut == (maximum < 10))
            }
        }
    }

    @Test func `an endless answer is cut too`() async throws {
        try await ScriptedServer.run(DownloadSinkTests.endless) { server in
            try await withClient { client in
                let answer = try await client.exchange(
                    OutgoingRequest(.post([]), url: server.base, addresses: .anywhere))
                #expect(answer.status == 200 && answer.isBodyCut && answer.body.count == 65_536)
            }
            await server.seen.wait { $0.closed == 1 }
        }
    }

    @Test(arguments: ["", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab"])
    func `the time has an end`(beginning: String) async throws {
        try await ScriptedServer.run { connection in
            if !beginning.isEmpty { try await connection.send(beginning) }
            try await connection.untilClosed()
        } _: { server in
            try await withClient { client in
                var request = OutgoingRequest(.post([]), url: server.base, addresses: .anywhere)
                request.totalTimeoutMilliseconds = 150
                #expect(await Self.fault(of: request, by: client)?.code == .timedOut)
            }
            await server.seen.wait { $0.closed == 1 }
        }
    }

    /// Nothing but the cancelling ends these within the test's time.
    @Test(arguments: ["", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab"])
    func `cancelling ends it soon`(beginning: String) async throws {
        try await ScriptedServer.run { connection in
            if !beginning.isEmpty { try await connection.send(beginning) }
            try await connection.untilClosed()
        } _: { server in
            try await withClient { client in
                var request = OutgoingRequest(.post([]), url: server.base, addresses: .anywhere)
                request.totalTimeoutMilliseconds = 100_000
                request.connectTimeoutMilliseconds = 100_000
                let start = ContinuousClock.now
                await withTaskGroup(of: TransferFault?.self) { [request] group in
                    group.addTask { await Self.fault(of: request, by: client) }
                    await server.seen.wait { $0.requests.count == 1 && $0.sentBytes == beginning.utf8.count }
                    group.cancelAll()
                    #expect(await group.next()??.code == .stopped)
                }
                #expect(start.duration(to: .now) < .seconds(20))
            }
        }
    }

    @Test func `what goes wrong is told apart`() async throws {
        let base = try await ScriptedServer.run { _ in
        } _: {
            $0.base
        }
        try await withClient { client in
            func code(_ url: String, _ fields: [HeaderField] = [], _ rule: AddressRule = .anywhere)
                async -> TransferFault.Code?
            {
                let request = OutgoingRequest(.post([]), url: url, fields: fields, addresses: rule)
                return await Self.fault(of: request, by: client)?.code
            }
            #expect(await code(base) == .unreachable)
            #expect(await code("http://nobody.invalid/") == .unreachable)
            #expect(await code("file:///etc/hostname") == .refused)
            #expect(await code(base, [], AddressRule()) == .refused)
            for field in [("A", "b\r\nC: d"), ("A\n", "b"), ("", "b"), ("A:", "b"), ("A", "\u{0}")] {
                #expect(await code(base, [HeaderField(field.0, field.1)]) == .refused)
            }
        }
    }

    @Test func `an answer that breaks off is none`() async throws {
        try await ScriptedServer.run { connection in
            try await connection.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab")
        } _: { server in
            try await withClient { client in
                let request = OutgoingRequest(.get, url: server.base, addresses: .anywhere)
                #expect(await Self.fault(of: request, by: client)?.code == .unreachable)
            }
        }
    }
}
