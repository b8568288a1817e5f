import NIOCore
import NIOPosix
import Synchronization
import Testing

/// A web server of one test on a loopback address: what it answers is the test's own code.
struct ScriptedServer: Sendable {
    typealias Script = @Sendable (ServerConnection) async throws -> Void

    let host: String
    let port: Int
    let seen = SeenConnections()

    var base: String { "http://\(host):\(port)" }

    /// Runs a server beside `body`; a script that still runs when that is done is cancelled.
    static func run<Value: Sendable>(
        on host: String = "127.0.0.1", _ script: @escaping Script,
        _ body: @Sendable (ScriptedServer) async throws -> Value
    ) async throws -> Value {
        let listener = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.socketOption(.so_sndbuf), value: 65_536)
            .bind(host: host, port: 0) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
        let server = ScriptedServer(host: host, port: try #require(listener.channel.localAddress?.port))
        return try await listener.executeThenClose { connections in
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    try await withThrowingDiscardingTaskGroup { scripts in
                        for try await connection in connections {
                            scripts.addTask { await server.serve(connection, script) }
                        }
                    }
                }
                let value = try await body(server)
                group.cancelAll()
                return value
            }
        }
    }

    private func serve(_ channel: NIOAsyncChannel<ByteBuffer, ByteBuffer>, _ script: Script) async {
        let number = seen.opened()
        defer { seen.closed() }
        // A connection that the other side breaks off is what many of the tests want.
        try? await channel.executeThenClose { inbound, _ in
            var connection = ServerConnection(
                number: number, seen: seen, channel: channel.channel, inbound: inbound.makeAsyncIterator())
            guard try await connection.readRequest() else { return }
            try await script(connection)
        }
    }
}

/// A connection with its one request.
// Sendable: made, read from and used by the one task that serves it.
struct ServerConnection: @unchecked Sendable {
    /// From 1 on, in the order of coming.
    let number: Int
    let seen: SeenConnections
    let channel: any Channel
    var inbound: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator
    var request = ReceivedRequest()

    fileprivate mutating func readRequest() async throws -> Bool {
        var bytes: [UInt8] = []
        let end = Array("\r\n\r\n".utf8)
        while true {
            guard let buffer = try await inbound.next() else { return false }
            bytes += buffer.readableBytesView
            guard let range = bytes.firstRange(of: end) else { continue }
            request = ReceivedRequest(head: bytes[..<range.lowerBound])
            request.body = Array(bytes[range.upperBound...])
            let length = request.values("content-length").first.flatMap { Int($0) } ?? 0
            while request.body.count < length, let buffer = try await inbound.next() {
                request.body += buffer.readableBytesView
            }
            seen.add(request)
            return true
        }
    }

    func send(_ text: String) async throws { try await send(Array(text.utf8)) }

    /// Returns when the system has the bytes, so that closing after it loses none.
    func send(_ bytes: [UInt8]) async throws {
        try await channel.writeAndFlush(ByteBuffer(bytes: bytes))
        seen.sent(bytes.count)
    }

    /// A whole answer with its length; the connection closes after the script.
    func answer(_ status: String, _ fields: [String] = [], _ body: [UInt8] = []) async throws {
        try await send(
            (["HTTP/1.1 \(status)", "Content-Length: \(body.count)"] + fields).joined(separator: "\r\n")
                + "\r\n\r\n")
        if !body.isEmpty { try await send(body) }
    }

    func redirect(to location: String, _ status: String = "302 Found") async throws {
        try await answer(status, ["Location: \(location)"])
    }

    /// Returns when the other side has closed.
    func untilClosed() async throws {
        var inbound = inbound
        while try await inbound.next() != nil {}
    }
}

struct ReceivedRequest: Sendable {
    var method = ""
    var target = ""
    var lines: [String] = []
    var body: [UInt8] = []

    init() {}

    init(head: ArraySlice<UInt8>) {
        lines = head.split(separator: UInt8(ascii: "\n")).map { line in
            String(decoding: line.filter { $0 != 0x0D }, as: UTF8.self)
        }
        let words = lines.removeFirst().split(separator: " ").map(String.init)
        method = words.first ?? ""
        target = words.count > 1 ? words[1] : ""
    }

    /// The values of a field whose name is given in lower case.
    func values(_ name: String) -> [String] {
        lines.filter { $0.lowercased().hasPrefix(name + ":") }
            .map { String($0.dropFirst(name.count + 1).drop { $0 == " " }) }
    }
}

/// What a server has seen, for all its connections together; a test may wait for it.
final class SeenConnections: Sendable {
    struct Counts: Sendable {
        var opened = 0
        var closed = 0
        var sentBytes = 0
        var requests: [ReceivedRequest] = []
    }

    private struct State {
        var counts = Counts()
        var waiting: [(isSo: @Sendable (Counts) -> Bool, continuation: CheckedContinuation<Void, Never>)] = []
    }

    private let state = Mutex(State())

    var counts: Counts { state.withLock { $0.counts } }
    var requests: [ReceivedRequest] { counts.requests }

    fileprivate func opened() -> Int {
        change { $0.opened += 1 }
        return counts.opened
    }

    fileprivate func closed() { change { $0.closed += 1 } }
    fileprivate func sent(_ bytes: Int) { change { $0.sentBytes += bytes } }
    fileprivate func add(_ request: ReceivedRequest) { change { $0.requests.append(request) } }

    func wait(until isSo: @escaping @Sendable (Counts) -> Bool) async {
        await withCheckedContinuation { continuation in
            let already = state.withLock { state in
                if isSo(state.counts) { return true }
                state.waiting.append((isSo, continuation))
                return false
            }
            if already { continuation.resume() }
        }
    }

    private func change(_ body: (inout Counts) -> Void) {
        let ready = state.withLock { state in
            body(&state.counts)
            let counts = state.counts
            let ready = state.waiting.filter { $0.isSo(counts) }.map(\.continuation)
            state.waiting.removeAll { $0.isSo(counts) }
            return ready
        }
        for continuation in ready { continuation.resume() }
    }
}
