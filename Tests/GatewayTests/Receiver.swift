import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The application behind the gateway: a real HTTP/1.1 server that remembers what it is asked and answers by a script.
final class Receiver: Sendable {
    struct Request: Sendable {
        /// Counted from 1 over all requests.
        fileprivate(set) var number = 0
        /// Counted from 1 over those with the same `webhook-id`.
        fileprivate(set) var attempt = 0
        let method: String
        let path: String
        /// By names in lower case.
        let fields: [String: String]
        let body: Data
        /// The body; `null` for what is no JSON.
        let json: JSON
        let kind: String
        let fileID: String
        let receivedAt = Date()
        /// What the script says to it.
        fileprivate(set) var answer = Answer.status(204)

        var id: String { fields["webhook-id"] ?? "" }
        var data: JSON { json["data"] }
        var isAccepted: Bool { if case .status(let status, _, _) = answer { status / 100 == 2 } else { false } }
    }

    enum Answer: Sendable {
        case status(Int, fields: [String: String] = [:], body: Data = Data())
        /// The connection ends without a word.
        case hangUp
        /// Nothing comes until whoever asks has given up.
        case silence

        static func message(_ status: Int, _ json: JSON) throws -> Answer {
            .status(status, fields: ["Content-Type": "application/json"], body: Data(try json.encoded.utf8))
        }
    }

    typealias Script = @Sendable (Request) -> Answer

    let port: Int
    private let desk: ReceiverDesk

    /// Listens until it goes.
    init(_ script: @escaping Script) throws {
        let (socket, port) = try ReceiverDesk.listen()
        self.port = port
        desk = ReceiverDesk(listening: socket, script)
        Thread.detachNewThread { [desk] in desk.acceptConnections() }
    }

    /// Accepts everything.
    convenience init() throws { try self.init { _ in .status(204) } }

    deinit { desk.stop() }

    var url: String { "http://127.0.0.1:\(port)/hook?from=gateway" }

    /// Everything that was asked, in its order.
    var heard: [Request] { desk.heard }

    /// Answers by another script from now on.
    func answers(by script: @escaping Script) { desk.answer(by: script) }

    /// Returns what was heard as soon as that is enough.
    @discardableResult
    func hears(
        _ what: String, seconds: Double = 60, _ isEnough: @escaping @Sendable ([Request]) -> Bool
    ) async throws -> [Request] {
        let heard = try await onThread { [desk] in
            desk.wait(until: Date().addingTimeInterval(seconds), isEnough)
        }
        if let heard { return heard }
        let account = self.heard.map { "\($0.number) \($0.kind) \($0.fileID) \($0.id) \($0.answer)" }
        throw Trouble("not heard within \(seconds) s: \(what); heard \(account.joined(separator: "\n"))")
    }

    /// Returns at a moment; whatever comes until then is heard.
    func listens(until moment: Date) async throws {
        _ = try await onThread { [desk] in desk.wait(until: moment) { _ in false } }
    }
}

extension [Receiver.Request] {
    /// Those of a file.
    func of(_ fileID: String) -> [Receiver.Request] { filter { $0.fileID == fileID } }

    var accepted: [Receiver.Request] { filter(\.isAccepted) }

    var kinds: [String] { map(\.kind) }

    /// The first of each event, as somebody sees it who drops what came before by its id.
    var distinct: [Receiver.Request] {
        var known: Set<String> = []
        return filter { known.insert($0.id).inserted }
    }
}

/// What the threads of a receiver share.
// Sendable: the condition guards everything that changes.
private final class ReceiverDesk: @unchecked Sendable {
    /// More connections at once are not taken.
    private static let maximumConnections = 64
    private static let maximumHeadBytes = 64 << 10
    private static let maximumBodyBytes = 4 << 20

    private let listening: CInt
    private let condition = NSCondition()
    private var script: Receiver.Script
    private var requests: [Receiver.Request] = []
    private var attempts: [String: Int] = [:]
    private var connections: Set<CInt> = []
    private var isStopped = false

    init(listening: CInt, _ script: @escaping Receiver.Script) {
        self.listening = listening
        self.script = script
        // A peer that has gone is no reason for the tests to go.
        signal(SIGPIPE, SIG_IGN)
    }

    private func locked<Value>(_ body: () throws -> Value) rethrows -> Value {
        condition.lock()
        defer { condition.unlock() }
        return try body()
    }

    var heard: [Receiver.Request] { locked { requests } }

    func answer(by script: @escaping Receiver.Script) { locked { self.script = script } }

    func wait(
        until limit: Date, _ isEnough: ([Receiver.Request]) -> Bool
    ) -> [Receiver.Request]? {
        locked {
            while !isEnough(requests) {
                if isStopped || !condition.wait(until: limit) { return isEnough(requests) ? requests : nil }
            }
            return requests
        }
    }

    func stop() {
        locked {
            isStopped = true
            for connection in connections { shutdown(connection, Self.bothWays) }
            condition.broadcast()
        }
    }

    // MARK: Connections

    #if canImport(Glibc)
        private static let stream = CInt(SOCK_STREAM.rawValue)
        private static let bothWays = CInt(SHUT_RDWR)
    #else
        private static let stream = CInt(SOCK_STREAM)
        private static let bothWays = CInt(SHUT_RDWR)
    #endif

    static func listen() throws -> (socket: CInt, port: Int) {
        let socket = socket(AF_INET, stream, 0)
        guard socket >= 0 else { throw Trouble("no socket") }
        // A gateway that is started now must not keep it open.
        _ = fcntl(socket, F_SETFD, FD_CLOEXEC)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let failure = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(socket, $0, length) != 0 || getsockname(socket, $0, &length) != 0
            }
        }
        guard !failure, startListening(socket) == 0 else {
            close(socket)
            throw Trouble("nobody can listen: \(String(cString: strerror(errno)))")
        }
        return (socket, Int(UInt16(bigEndian: address.sin_port)))
    }

    private static func startListening(_ socket: CInt) -> CInt {
        let backlog: CInt = 128
        #if canImport(Glibc)
            return Glibc.listen(socket, backlog)
        #elseif canImport(Musl)
            return Musl.listen(socket, backlog)
        #else
            return Darwin.listen(socket, backlog)
        #endif
    }

    func acceptConnections() {
        let lookAroundMilliseconds: CInt = 100
        while !locked({ isStopped }) {
            var waiting = pollfd(fd: listening, events: Int16(POLLIN), revents: 0)
            guard poll(&waiting, 1, lookAroundMilliseconds) > 0 else { continue }
            let connection = accept(listening, nil, nil)
            guard connection >= 0 else { continue }
            _ = fcntl(connection, F_SETFD, FD_CLOEXEC)
            // Nobody may keep a thread for ever.
            var bound = timeval(tv_sec: 60, tv_usec: 0)
            setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &bound, socklen_t(MemoryLayout<timeval>.size))
            setsockopt(connection, SOL_SOCKET, SO_SNDTIMEO, &bound, socklen_t(MemoryLayout<timeval>.size))
            let isTaken = locked {
                guard !isStopped, connections.count < Self.maximumConnections else { return false }
                connections.insert(connection)
                return true
            }
            guard isTaken else {
                close(connection)
                continue
            }
            Thread.detachNewThread { [self] in
                serve(connection)
                locked {
                    connections.remove(connection)
                    // Ends it for the peer even where a child that was started just now has it open, too.
                    shutdown(connection, Self.bothWays)
                    close(connection)
                }
            }
        }
        close(listening)
    }

    /// Requests one after the other, until one side ends it.
    private func serve(_ connection: CInt) {
        var bytes = Data()
        while let request = next(&bytes, on: connection) {
            switch decide(request) {
            case .hangUp: return
            case .silence:
                // Its next word would be a request that nobody listens to: it is waiting for the answer to this one.
                _ = receive(on: connection)
                return
            case .status(let status, let fields, let body):
                var head = "HTTP/1.1 \(status) Said\r\nContent-Length: \(body.count)\r\n"
                for (name, value) in fields { head += "\(name): \(value)\r\n" }
                // 204 and its like have no body, whatever a script says.
                let answer = Data("\(head)\r\n".utf8) + (status == 204 ? Data() : body)
                guard send(answer, on: connection) else { return }
            }
        }
    }

    private func decide(_ arrived: Receiver.Request) -> Receiver.Answer {
        locked {
            var request = arrived
            request.number = requests.count + 1
            request.attempt = attempts[arrived.id, default: 0] + 1
            attempts[arrived.id] = request.attempt
            request.answer = script(request)
            requests.append(request)
            condition.broadcast()
            return request.answer
        }
    }

    /// `nil` at the end, and for what is no request.
    private func next(_ bytes: inout Data, on connection: CInt) -> Receiver.Request? {
        let end = Data("\r\n\r\n".utf8)
        var headEnd = bytes.range(of: end)
        while headEnd == nil, bytes.count <= Self.maximumHeadBytes {
            guard let more = receive(on: connection) else { return nil }
            bytes += more
            headEnd = bytes.range(of: end)
        }
        guard let headEnd else { return nil }
        let lines = String(decoding: bytes[..<headEnd.lowerBound], as: UTF8.self).components(separatedBy: "\r\n")
        let words = lines[0].split(separator: " ").map(String.init)
        var fields: [String: String] = [:]
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: ":") else { return nil }
            fields[line[..<colon].lowercased()] = line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
        }
        guard words.count == 3, let count = Int(fields["content-length"] ?? "0"), count <= Self.maximumBodyBytes
        else { return nil }
        bytes = Data(bytes[headEnd.upperBound...])
        while bytes.count < count {
            guard let more = receive(on: connection) else { return nil }
            bytes += more
        }
        let body = Data(bytes.prefix(count))
        bytes = Data(bytes.dropFirst(count))
        let json = (try? JSON(parsing: body)) ?? .null
        return Receiver.Request(
            method: words[0], path: words[1], fields: fields, body: body, json: json,
            kind: json["type"].string ?? "", fileID: json["data"]["fileId"].string ?? "")
    }

    private func receive(on connection: CInt) -> Data? {
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        let count = read(connection, &buffer, buffer.count)
        return count > 0 ? Data(buffer[..<count]) : nil
    }

    private func send(_ bytes: Data, on connection: CInt) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(connection, $0.baseAddress, $0.count) }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }
}
