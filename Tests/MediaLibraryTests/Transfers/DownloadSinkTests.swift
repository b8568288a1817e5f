import Synchronization
import Testing
import UploadModel

@testable import MediaLibrary

/// The side that takes the bytes: slow, full, or gone.
@Suite(.timeLimit(.minutes(2))) struct DownloadSinkTests {
    /// Sends until the other side has had enough.
    @Sendable static func endless(_ connection: ServerConnection) async throws {
        try await connection.send("HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
        let piece = patternBytes(65_536, seed: 3)
        while true { try await connection.send(piece) }
    }

    @Test func `a slow sink slows the server`() async throws {
        try await ScriptedServer.run(Self.endless) { server in
            try await withClient { client in
                // What the system keeps for a connection on its way comes on top of our own buffers.
                let limit = 24 * 1_024 * 1_024
                let ahead = Mutex<[Int]>([])
                let sink = GatheringSink(onBytes: { taken in
                    // The first time the server may run as far as it can, later it gets a little time.
                    let patience = Duration.milliseconds(ahead.withLock(\.isEmpty) ? 200 : 1)
                    var (sent, last) = (server.seen.counts.sentBytes, ContinuousClock.now)
                    while last.duration(to: .now) < patience, sent - taken <= limit {
                        await Task.yield()
                        let now = server.seen.counts.sentBytes
                        if now > sent { (sent, last) = (now, .now) }
                    }
                    ahead.withLock { $0.append(sent - taken) }
                })
                let order = DownloadOrder(server.base, maximumBytes: 1_000_000_000)
                await withTaskGroup(of: UploadFault?.self) { group in
                    group.addTask { await client.fault(of: order, into: sink) }
                    await server.seen.wait { $0.sentBytes > 30_000_000 }
                    group.cancelAll()
                    #expect(await group.next()??.code == .unavailable)
                }
                #expect(ahead.withLock { $0.max() ?? limit } < limit)
            }
        }
    }

    @Test(arguments: ["begin", "bytes"])
    func `a fault of the sink comes out as it is`(place: String) async throws {
        try await ScriptedServer.run(Self.endless) { server in
            try await withClient { client in
                let fault = UploadFault(.insufficientStorage, "No room.", cause: "x", retryAfterSeconds: 7)
                let sink = GatheringSink(
                    onBegin: { _ throws(UploadFault) in if place == "begin" { throw fault } },
                    onBytes: { count throws(UploadFault) in if count > 1_000_000 { throw fault } })
                let order = DownloadOrder(server.base, maximumBytes: 1_000_000_000)
                #expect(await client.fault(of: order, into: sink) == fault)
                #expect((sink.bytes == []) == (place == "begin"))
            }
            // Nothing keeps the connection.
            await server.seen.wait { $0.closed == 1 }
            #expect(server.seen.counts.opened == 1)
        }
    }

    /// Where the server stalls while it is waited for.
    @Test(arguments: ["", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\n\r\nabc"])
    func `cancelling ends it soon`(beginning: String) async throws {
        try await ScriptedServer.run { connection in
            if !beginning.isEmpty { try await connection.send(beginning) }
            try await connection.untilClosed()
        } _: { server in
            try await withClient { client in
                await withTaskGroup(of: UploadFault?.self) { group in
                    group.addTask { await client.fault(of: DownloadOrder(server.base)) }
                    await server.seen.wait { $0.requests.count == 1 && $0.sentBytes == beginning.utf8.count }
                    let start = ContinuousClock.now
                    group.cancelAll()
                    #expect(await group.next()??.code == .unavailable)
                    // Far less than the thread would wait by itself, far more than it takes.
                    #expect(start.duration(to: .now) < .seconds(10))
                }
            }
            await server.seen.wait { $0.closed == 1 }
        }
    }

    @Test func `cancelling ends one that still waits for a thread`() async throws {
        try await ScriptedServer.run { connection in
            try await connection.untilClosed()
        } _: { server in
            try await withClient(threads: 1) { client in
                await withTaskGroup(of: UploadFault?.self) { running in
                    running.addTask { await client.fault(of: DownloadOrder(server.base)) }
                    await server.seen.wait { $0.requests.count == 1 }
                    await withTaskGroup(of: UploadFault?.self) { waiting in
                        waiting.addTask { await client.fault(of: DownloadOrder(server.base)) }
                        waiting.cancelAll()
                        #expect(await waiting.next()??.code == .unavailable)
                    }
                    running.cancelAll()
                }
            }
            #expect(server.seen.counts.opened == 1)
        }
    }

    @Test func `shutting down ends what runs, what waits and what comes`() async throws {
        try await ScriptedServer.run { connection in
            try await connection.send("HTTP/1.1 200 OK\r\n\r\nabc")
            try await connection.untilClosed()
        } _: { server in
            let client = OutgoingHTTP(threads: 2)
            await withTaskGroup(of: UploadFault?.self) { group in
                for _ in 0..<5 { group.addTask { await client.fault(of: DownloadOrder(server.base)) } }
                await server.seen.wait { $0.requests.count == 2 }
                await client.shutDown()
                for await fault in group { #expect(fault?.code == .unavailable) }
            }
            #expect(await client.fault(of: DownloadOrder(server.base))?.code == .unavailable)
            await client.shutDown()
            await server.seen.wait { $0.closed == $0.opened }
            #expect(server.seen.counts.opened == 2)
        }
    }
}
