import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A bare connection, for what curl would not send.
final class RawConnection: Sendable {
    private let socket: CInt

    init(port: Int) throws { socket = try LocalSocket.connected(to: port) }

    deinit { close(socket) }

    func send(_ text: String) async throws { try await send(Data(text.utf8)) }

    func send(_ bytes: Data) async throws {
        try await onThread { [socket] in
            var rest = bytes[...]
            while !rest.isEmpty {
                let count = rest.withUnsafeBytes { write(socket, $0.baseAddress, $0.count) }
                guard count > 0 else { throw Trouble("sending: \(String(cString: strerror(errno)))") }
                rest = rest.dropFirst(count)
            }
        }
    }

    /// Everything that comes until the other side ends the connection in order.
    func receiveToEnd() async throws -> String {
        try await onThread { [socket] in
            var received = Data()
            var buffer = [UInt8](repeating: 0, count: 64 << 10)
            while true {
                let count = read(socket, &buffer, buffer.count)
                if count == 0 { return String(decoding: received, as: UTF8.self) }
                guard count > 0 else {
                    throw Trouble("after \(received.count) bytes: \(String(cString: strerror(errno)))")
                }
                received.append(contentsOf: buffer[..<count])
            }
        }
    }

    /// Ends the connection with a reset, as a client does that dies.
    func reset() {
        LocalSocket.endHard(socket)
        shutdown(socket, CInt(SHUT_RDWR))
    }

    /// Sends and reads to the end.
    static func exchange(port: Int, _ text: String) async throws -> String {
        let connection = try RawConnection(port: port)
        try await connection.send(text)
        return try await connection.receiveToEnd()
    }
}
