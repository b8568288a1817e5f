import Foundation
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// One answer as it came.
struct RawAnswer: Sendable {
    let status: Int
    /// Without the empty line.
    let head: String
    let body: Data

    var text: String { String(decoding: body, as: UTF8.self) }
    /// For messages of failed expectations.
    var account: String { "\(head) \(text.prefix(300))" }
    var isLast: Bool { head.lowercased().contains("\r\nconnection: close") }
}

/// A bare connection whose client reads one answer after the other, closes its side, or dies.
final class Conversation: Sendable {
    private struct State {
        var socket: CInt?
        /// Came behind the answer that was read last.
        var rest = Data()
    }

    private let state: Mutex<State>

    init(port: Int) throws { state = Mutex(State(socket: try LocalSocket.connected(to: port))) }

    deinit { end() }

    private func open() throws -> CInt {
        guard let socket = state.withLock({ $0.socket }) else { throw Trouble("this connection was ended here") }
        return socket
    }

    func send(_ text: String) async throws { try await send(Data(text.utf8)) }

    func send(_ bytes: Data) async throws {
        let socket = try open()
        try await onThread {
            var rest = bytes[...]
            while !rest.isEmpty {
                let count = rest.withUnsafeBytes { write(socket, $0.baseAddress, $0.count) }
                guard count > 0 else { throw Trouble("sending: \(String(cString: strerror(errno)))") }
                rest = rest.dropFirst(count)
            }
        }
    }

    /// Nothing more will be sent; answers can still be read.
    func endSending() throws { shutdown(try open(), CInt(SHUT_WR)) }

    /// Ends the connection with a reset, and with whatever was on its way.
    func reset() throws {
        LocalSocket.endHard(try open())
        end()
    }

    private func end() {
        state.withLock { state in
            if let socket = state.socket { close(socket) }
            state.socket = nil
        }
    }

    /// The next answer, an interim one too; `nil` when the other side has ended the connection in order.
    ///
    /// - Parameter toHead: whether it answers a HEAD, and so has no body whatever length it tells.
    func answer(toHead: Bool = false) async throws -> RawAnswer? {
        let socket = try open()
        return try await onThread { [self] in
            while true {
                if let answer = state.withLock({ Self.takeAnswer(&$0.rest, hasBody: !toHead) }) { return answer }
                var buffer = [UInt8](repeating: 0, count: 64 << 10)
                let count = read(socket, &buffer, buffer.count)
                guard count >= 0 else { throw Trouble("reading: \(String(cString: strerror(errno)))") }
                if count == 0 {
                    let rest = state.withLock { $0.rest }
                    guard rest.isEmpty else { throw Trouble("it ended inside an answer: \(rest.count) bytes") }
                    return nil
                }
                state.withLock { $0.rest.append(contentsOf: buffer[..<count]) }
            }
        }
    }

    /// All answers up to the end.
    func answers() async throws -> [RawAnswer] {
        var all: [RawAnswer] = []
        while let answer = try await answer() { all.append(answer) }
        return all
    }

    private static func takeAnswer(_ bytes: inout Data, hasBody: Bool) -> RawAnswer? {
        guard let gap = bytes.range(of: Data("\r\n\r\n".utf8)) else { return nil }
        let head = String(decoding: bytes[..<gap.lowerBound], as: UTF8.self)
        let length = head.split(separator: "\r\n").first { $0.lowercased().hasPrefix("content-length:") }
            .flatMap { Int($0.dropFirst(15).trimmingCharacters(in: .whitespaces)) }
        let bodyCount = hasBody ? length ?? 0 : 0
        guard bytes[gap.upperBound...].count >= bodyCount else { return nil }
        let body = Data(bytes[gap.upperBound...].prefix(bodyCount))
        bytes = Data(bytes[gap.upperBound...].dropFirst(body.count))
        return RawAnswer(status: Int(head.dropFirst(9).prefix(3)) ?? 0, head: head, body: body)
    }
}

extension RunningGateway {
    func conversation() throws -> Conversation { try Conversation(port: port) }

    /// The head of a request that sends a part.
    func partHead(_ id: String, _ number: Int, bytes: Int, _ fields: [String] = []) -> String {
        let all = ["Host: a", "X-API-Key: \(key)", "Content-Length: \(bytes)"] + fields
        return "PUT /api/v1/uploads/\(id)/parts/\(number) HTTP/1.1\r\n\(all.joined(separator: "\r\n"))\r\n\r\n"
    }

    /// Head and body of a request that sends a part.
    func partRequest(_ id: String, _ number: Int, _ pieces: Pieces, _ fields: [String] = []) -> Data {
        let bytes = pieces.bytes(number)
        return Data(partHead(id, number, bytes: bytes.count, fields).utf8) + bytes
    }

    /// The head of the PUT of a link.
    func linkHead(_ link: Link, bytes: Int) -> String {
        "PUT \(link.uploadURL.dropFirst(base.count)) HTTP/1.1\r\nHost: a\r\nContent-Type: \(link.contentType)\r\n"
            + "Content-Length: \(bytes)\r\n\r\n"
    }

    /// Completes, and tells whether what is read is what was sent.
    func isWhole(_ upload: BegunUpload, _ pieces: Pieces) async throws -> Bool {
        let done = try await complete(upload.fileID)
        guard done.status == 200 else { throw Trouble("completing: \(done.account)") }
        return try await bytes(upload.accessURL) == pieces.whole
    }
}
