import Foundation
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Somebody else's server, from which files are pulled: a real HTTP/1.1 server that answers by a script, each
/// connection once.
final class OriginServer: Sendable {
    struct Request: Sendable {
        let method: String
        /// Path and query.
        let target: String
        /// By names in lower case.
        let fields: [String: String]
        let body: Data
    }

    struct Answer: Sendable {
        enum Ending: Sendable {
            case whole
            /// The connection ends after so many bytes of the body.
            case cut(afterBytes: Int)
            /// Nothing more comes after so many bytes, until whoever asks has given up.
            case silent(afterBytes: Int)
            /// The body is sent again and again, until whoever asks has given up.
            case endless
        }

        var status = 200
        var fields: [String: String] = [:]
        var body = Data()
        var ending = Ending.whole
        /// Whether `Content-Length` is told; without it the end of the connection is the end of the file.
        var tellsLength = true

        static func file(_ body: Data, _ type: String?, _ fields: [String: String] = [:]) -> Answer {
            var answer = Answer(fields: fields, body: body)
            answer.fields["Content-Type"] = type
            return answer
        }

        static func redirect(_ location: String, _ status: Int = 302) -> Answer {
            Answer(status: status, fields: ["Location": location])
        }
    }

    private struct Seen {
        var connectionCount = 0
        var requests: [Request] = []
        var isOver = false
    }

    let host: String
    let port: Int
    private let desk: OriginDesk

    /// Listens until it goes.
    ///
    /// - Parameter host: an IPv4 address of the loopback interface.
    init(_ host: String = "127.0.0.1", _ script: @escaping @Sendable (Request) -> Answer) throws {
        let (socket, port) = try OriginDesk.listen(host)
        self.host = host
        self.port = port
        desk = OriginDesk(listening: socket, script)
        Thread.detachNewThread { [desk] in desk.acceptConnections() }
    }

    deinit { desk.end() }

    func url(_ path: String) -> String { "http://\(host):\(port)\(path)" }

    var requests: [Request] { desk.seen.withLock { $0.requests } }
    /// Also those over which nothing was asked.
    var connectionCount: Int { desk.seen.withLock { $0.connectionCount } }

    /// What the threads of the server share; it outlives the server until they have ended.
    private final class OriginDesk: Sendable {
        let seen = Mutex(Seen())
        private let listening: CInt
        private let script: @Sendable (Request) -> Answer

        init(listening: CInt, _ script: @escaping @Sendable (Request) -> Answer) {
            self.listening = listening
            self.script = script
        }

        deinit { close(listening) }

        static func listen(_ host: String) throws -> (socket: CInt, port: Int) {
            #if canImport(Glibc)
                let kind = CInt(SOCK_STREAM.rawValue)
            #else
                let kind = CInt(SOCK_STREAM)
            #endif
            let socket = socket(AF_INET, kind, 0)
            guard socket >= 0 else { throw Trouble("no socket") }
            _ = fcntl(socket, F_SETFD, FD_CLOEXEC)
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            guard inet_pton(AF_INET, host, &address.sin_addr) == 1 else { throw Trouble("\(host) is no address") }
            var length = socklen_t(MemoryLayout<sockaddr_in>.size)
            let isListening = withUnsafeMutablePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(socket, $0, length) == 0 && getsockname(socket, $0, &length) == 0
                }
            }
            guard isListening, startListening(socket) else {
                close(socket)
                throw Trouble("\(host): \(String(cString: strerror(errno)))")
            }
            return (socket, Int(UInt16(bigEndian: address.sin_port)))
        }

        private static func startListening(_ socket: CInt) -> Bool {
            #if canImport(Glibc)
                Glibc.listen(socket, 64) == 0
            #elseif canImport(Musl)
                Musl.listen(socket, 64) == 0
            #else
                Darwin.listen(socket, 64) == 0
            #endif
        }

        /// Looks from time to time whether it is over: a closed socket would wake nobody.
        func acceptConnections() {
            while !seen.withLock({ $0.isOver }) {
                var wanted = pollfd(fd: listening, events: Int16(POLLIN), revents: 0)
                guard poll(&wanted, 1, 100) > 0 else { continue }
                let connection = accept(listening, nil, nil)
                guard connection >= 0 else { continue }
                _ = fcntl(connection, F_SETFD, FD_CLOEXEC)
                seen.withLock { $0.connectionCount += 1 }
                Thread.detachNewThread { [self] in
                    serve(OriginConnection(connection))
                }
            }
        }

        func end() { seen.withLock { $0.isOver = true } }

        private func serve(_ connection: OriginConnection) {
            guard let request = connection.request() else { return }
            seen.withLock { $0.requests.append(request) }
            connection.send(script(request), to: request)
        }
    }
}

/// One connection, on one thread.
private final class OriginConnection {
    private let socket: CInt

    init(_ socket: CInt) {
        self.socket = socket
        signal(SIGPIPE, SIG_IGN)
        // No thread waits for ever.
        var bound = timeval(tv_sec: 60, tv_usec: 0)
        setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &bound, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &bound, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit { close(socket) }

    /// `nil` when no whole request came.
    func request() -> OriginServer.Request? {
        var received = Data()
        let blank = Data("\r\n\r\n".utf8)
        var end = received.range(of: blank)
        while end == nil {
            guard received.count < 64 << 10, let more = receive() else { return nil }
            received += more
            end = received.range(of: blank)
        }
        guard let end else { return nil }
        let lines = String(decoding: received[..<end.lowerBound], as: UTF8.self).split(separator: "\r\n")
        let words = (lines.first ?? "").split(separator: " ").map(String.init)
        guard words.count == 3 else { return nil }
        var fields: [String: String] = [:]
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: ":") else { continue }
            fields[line[..<colon].lowercased()] = line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
        }
        var body = Data(received[end.upperBound...])
        while body.count < Int(fields["content-length"] ?? "") ?? 0 {
            guard let more = receive() else { return nil }
            body += more
        }
        return OriginServer.Request(method: words[0], target: words[1], fields: fields, body: body)
    }

    func send(_ answer: OriginServer.Answer, to request: OriginServer.Request) {
        var head = "HTTP/1.1 \(answer.status) Said\r\nConnection: close\r\n"
        for (name, value) in answer.fields { head += "\(name): \(value)\r\n" }
        if case .endless = answer.ending {
        } else if answer.tellsLength {
            head += "Content-Length: \(answer.body.count)\r\n"
        }
        guard write(Data((head + "\r\n").utf8)), request.method != "HEAD" else { return }
        switch answer.ending {
        case .whole: _ = write(answer.body)
        case .cut(let count): _ = write(answer.body.prefix(count))
        case .silent(let count):
            guard write(answer.body.prefix(count)) else { return }
            while receive() != nil {}
        case .endless: while write(answer.body) {}
        }
    }

    /// `nil` at the end of what comes.
    private func receive() -> Data? {
        var buffer = [UInt8](repeating: 0, count: 16 << 10)
        let count = read(socket, &buffer, buffer.count)
        return count > 0 ? Data(buffer[..<count]) : nil
    }

    private func write(_ bytes: Data) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { buffer in
                #if canImport(Glibc)
                    Glibc.write(socket, buffer.baseAddress, buffer.count)
                #elseif canImport(Musl)
                    Musl.write(socket, buffer.baseAddress, buffer.count)
                #else
                    Darwin.write(socket, buffer.baseAddress, buffer.count)
                #endif
            }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }
}
