import Foundation
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The real `sluice serve` as a child process.
final class RunningGateway: Sendable {
    @TaskLocal static var current: RunningGateway?

    /// The one of the running suite.
    static var shared: RunningGateway {
        get throws { try #require(current, "a gateway is started by the suite's trait") }
    }

    let folder: String
    let port: Int
    let process: ChildProcess
    let log: GatewayLog
    /// The key that the first start made.
    let key: String

    private init(folder: String, port: Int, process: ChildProcess, log: GatewayLog, key: String) {
        self.folder = folder
        self.port = port
        self.process = process
        self.log = log
        self.key = key
    }

    /// A test that fails half-way leaves nothing running.
    deinit { process.send(SIGKILL) }

    var base: String { "http://127.0.0.1:\(port)" }

    // MARK: The program

    /// The `sluice` that was built with these tests: it lies beside their bundle.
    static var program: String {
        get throws {
            var candidates: [String] = []
            if let own = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe") {
                candidates.append(own)
            }
            candidates += CommandLine.arguments.prefix(1) + CommandLine.arguments.filter { $0.contains(".xctest") }
            let beside = candidates.map { URL(fileURLWithPath: $0).deletingLastPathComponent().path }
            let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
                .deletingLastPathComponent().path
            let places = beside.map { "\($0)/sluice" } + ["\(package)/.build/debug/sluice"]
            guard let found = places.first(where: FileManager.default.isExecutableFile) else {
                throw Trouble("sluice is not built; looked for \(places.joined(separator: ", "))")
            }
            return found
        }
    }

    /// Runs a command of the program, with nothing in its environment but what is given.
    static func command(
        _ arguments: [String], environment: [String: String] = [:], folder: String? = nil
    ) async throws -> CommandOutput {
        try await Command.run(try program, arguments, environment: environment, folder: folder)
    }

    /// Runs a command on the data folder of this gateway.
    func command(_ arguments: String...) async throws -> CommandOutput {
        try await Self.command(arguments + ["--data-dir", folder])
    }

    // MARK: Life

    /// Starts a gateway and returns when it is ready.
    ///
    /// - Parameter folder: its data folder; `nil` for a fresh one.
    static func start(
        folder: String? = nil, options: [String] = [], environment: [String: String] = [:]
    ) async throws -> RunningGateway {
        let folder = try folder ?? Scratch.newFolder("data")
        // Somebody else may take the port between our look and the gateway's.
        for _ in 0..<5 {
            let port = try freePort()
            let (process, log) = try launch(
                ["--port", "\(port)", "--data-dir", folder] + options, environment: environment)
            guard try await log.says("listening") else {
                process.send(SIGKILL)
                if log.text.lowercased().contains("address already in use") { continue }
                throw Trouble("the gateway did not start: \(log.text)")
            }
            let key = try Scratch.text("\(folder)/initial-api-key").trimmingCharacters(in: .whitespacesAndNewlines)
            let gateway = RunningGateway(folder: folder, port: port, process: process, log: log, key: key)
            try await eventually("\(gateway.base)/readyz answers 200") {
                try await Curl.run(["\(gateway.base)/readyz"]).status == 200
            }
            return gateway
        }
        throw Trouble("no port stayed free")
    }

    /// Starts `serve` and does not wait for anything.
    static func launch(
        _ arguments: [String], environment: [String: String] = [:], folder: String? = nil
    ) throws -> (process: ChildProcess, log: GatewayLog) {
        var ends: [CInt] = [-1, -1]
        guard pipe(&ends) == 0 else { throw Trouble("no pipe: \(String(cString: strerror(errno)))") }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        defer { close(ends[1]) }
        let process: ChildProcess
        do {
            process = try ChildProcess(
                try program, ["serve"] + arguments, environment: environment, folder: folder,
                streams: .init(errors: ends[1]))
        } catch {
            close(ends[0])
            throw error
        }
        return (process, GatewayLog(reading: ends[0]))
    }

    /// Asks it to end and answers its exit code.
    func stop() async throws -> Int32 {
        process.send(SIGTERM)
        return try await process.ended()
    }

    /// Ends it as a power cut would: it cannot do anything more.
    func kill() async throws {
        process.send(SIGKILL)
        _ = try await process.ended()
    }

    /// A port of the loopback interface that nobody listens on.
    static func freePort() throws -> Int {
        #if canImport(Glibc)
            let kind = CInt(SOCK_STREAM.rawValue)
        #else
            let kind = CInt(SOCK_STREAM)
        #endif
        let socket = socket(AF_INET, kind, 0)
        guard socket >= 0 else { throw Trouble("no socket") }
        defer { close(socket) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let failure = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(socket, $0, length) != 0 || getsockname(socket, $0, &length) != 0
            }
        }
        if failure { throw Trouble("no free port: \(String(cString: strerror(errno)))") }
        return Int(UInt16(bigEndian: address.sin_port))
    }
}
