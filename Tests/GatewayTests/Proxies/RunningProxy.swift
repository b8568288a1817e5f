import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A reverse proxy as a child process, and what is asked of the gateway behind it by clients that know only the proxy.
final class RunningProxy: Sendable {
    let program: ProxyProgram
    let gateway: RunningGateway
    let folder: String
    private let port: Int
    private let process: ChildProcess

    private init(_ program: ProxyProgram, _ gateway: RunningGateway, _ folder: String, _ port: Int) throws {
        self.program = program
        self.gateway = gateway
        self.folder = folder
        self.port = port
        process = try program.launch(in: folder, port: port, gateway: gateway.port, log: "\(folder)/log")
    }

    /// A test that fails half-way leaves nothing running: asked to end, also nginx ends its workers.
    deinit { process.send(SIGTERM) }

    /// Runs a proxy before a gateway for as long as the body lasts.
    static func run(
        _ program: ProxyProgram, before gateway: RunningGateway, _ body: (RunningProxy) async throws -> Void
    ) async throws {
        let folder = try Scratch.newFolder(program.rawValue)
        let proxy = try RunningProxy(program, gateway, folder, try RunningGateway.freePort())
        try await eventually("\(program) listens") {
            guard proxy.process.isRunning else { throw Trouble("\(program) ended: \(try proxy.said)") }
            return (try? Conversation(port: proxy.port)) != nil
        }
        try await body(proxy)
        proxy.process.send(SIGTERM)
        _ = try await proxy.process.ended(withinSeconds: 20)
        Scratch.remove([proxy.folder])
    }

    private var said: String {
        get throws { try ["log", "log-errors", "errors"].map { try Scratch.text("\(folder)/\($0)") }.joined() }
    }

    /// Where clients see the gateway.
    var base: String { "http://\(ProxyProgram.host):\(port)" }

    /// How curl finds it.
    var way: [String] { ["--connect-to", "\(ProxyProgram.host):\(port):127.0.0.1:\(port)"] }

    func conversation() throws -> Conversation { try Conversation(port: port) }

    /// A head as a client of the proxy writes it.
    ///
    /// - Parameter url: below ``base``, as every URL must be that the gateway tells.
    func head(_ method: String, _ url: String, _ fields: [String], bytes: Int? = nil) throws -> String {
        guard url.hasPrefix("\(base)/") else { throw Trouble("\(url) is not below \(base)") }
        let all = ["Host: \(ProxyProgram.host):\(port)"] + fields + (bytes.map { ["Content-Length: \($0)"] } ?? [])
        return "\(method) \(url.dropFirst(base.count)) HTTP/1.1\r\n" + all.map { "\($0)\r\n" }.joined() + "\r\n"
    }

    /// A request on a connection of its own.
    func exchange(
        _ method: String, _ url: String, _ fields: [String], body: Data
    ) async throws -> ResumableAnswers {
        let conversation = try conversation()
        try await conversation.send(head(method, url, fields, bytes: body.count))
        try await conversation.send(body)
        return try await ResumableClient.answers(conversation)
    }

    /// A HEAD on a connection of its own.
    func ask(_ url: String, _ fields: [String]) async throws -> RawAnswer {
        let conversation = try conversation()
        try await conversation.send(head("HEAD", url, fields))
        guard let answer = try await conversation.answer(toHead: true) else { throw Trouble("HEAD was not answered") }
        return answer
    }

    /// Begins a request whose client dies after so many bytes of its body.
    func breakOff(_ method: String, _ url: String, _ fields: [String], _ body: Data, after count: Int) async throws {
        let conversation = try conversation()
        try await conversation.send(head(method, url, fields, bytes: body.count))
        try await conversation.send(body.prefix(count))
        try conversation.reset()
    }

    /// What is read at a URL that the gateway told.
    func bytes(_ url: String) async throws -> Data {
        guard url.hasPrefix("\(base)/") else { throw Trouble("\(url) is not below \(base)") }
        let answer = try await Curl.run(way + [url])
        guard answer.exitCode == 0, answer.status == 200 else { throw Trouble("\(url): \(answer.account)") }
        return answer.body
    }
}
