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

    init(port: Int) throws {
        #if canImport(Glibc)
            let kind = CInt(SOCK_STREAM.rawValue)
        #else
            let kind = CInt(SOCK_STREAM)
        #endif
        #if canImport(Glibc)
            let socket = Glibc.socket(AF_INET, kind, 0)
        #elseif canImport(Musl)
            let socket = Musl.socket(AF_INET, kind, 0)
        #else
            let socket = Darwin.socket(AF_INET, kind, 0)
        #endif
        self.socket = socket
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        address.sin_port = UInt16(port).bigEndian
        let failure = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard failure == 0 else { throw Trouble("port \(port): \(String(cString: strerror(errno)))") }
        // No test waits for ever.
        var bound = timeval(tv_sec: 60, tv_usec: 0)
        setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &bound, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &bound, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit { close(socket) }

    func send(_ text: String) async throws { try await send(Data(text.utf8)) }

    func send(_ bytes: Data) async throws {
        try await onThread { [socket] in
            signal(SIGPIPE, SIG_IGN)
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
        var hard = linger(l_onoff: 1, l_linger: 0)
        setsockopt(socket, SOL_SOCKET, SO_LINGER, &hard, socklen_t(MemoryLayout<linger>.size))
        shutdown(socket, CInt(SHUT_RDWR))
    }

    /// Sends and reads to the end.
    static func exchange(port: Int, _ text: String) async throws -> String {
        let connection = try RawConnection(port: port)
        try await connection.send(text)
        return try await connection.receiveToEnd()
    }
}
