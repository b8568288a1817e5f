import Foundation
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Connections whose clients do nothing with them.
final class IdleCrowd: Sendable {
    private let sockets: Mutex<[CInt]>

    private init(_ sockets: [CInt]) { self.sockets = Mutex(sockets) }

    deinit { end() }

    /// How many files this process may open, once it has asked for as many as it may.
    static func descriptorLimit() -> Int {
        var limit = rlimit()
        #if canImport(Glibc)
            let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        #else
            let resource = RLIMIT_NOFILE
        #endif
        guard getrlimit(resource, &limit) == 0 else { return 256 }
        limit.rlim_cur = limit.rlim_max
        if setrlimit(resource, &limit) != 0 { _ = getrlimit(resource, &limit) }
        return Int(clamping: limit.rlim_cur)
    }

    /// Opens connections one after the other. Of ten, four send nothing, five send a piece of a head, and one has a whole
    /// answer behind it.
    static func gather(_ count: Int, port: Int) async throws -> IdleCrowd {
        try await onThread {
            let crowd = IdleCrowd([])
            for number in 0..<count {
                let socket = try connection(port)
                crowd.sockets.withLock { $0.append(socket) }
                switch number % 10 {
                case 2, 4, 6, 8: break
                case 1, 3, 5, 7, 9: try send("GET /healthz HTTP/1.1\r\nHost: a\r\nX-Half: of a li", on: socket)
                default:
                    try send("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n", on: socket)
                    var buffer = [UInt8](repeating: 0, count: 4096)
                    guard read(socket, &buffer, buffer.count) > 0 else {
                        throw Trouble("connection \(number): no answer")
                    }
                }
            }
            return crowd
        }
    }

    private static func connection(_ port: Int) throws -> CInt {
        let socket = try LocalSocket.connected(to: port)
        // Nothing of so many connections stays behind in the kernel.
        LocalSocket.endHard(socket)
        return socket
    }

    private static func send(_ text: String, on socket: CInt) throws {
        let bytes = Array(text.utf8)
        guard write(socket, bytes, bytes.count) == bytes.count else { throw Trouble("a connection takes nothing") }
    }

    /// How many the other side has not ended.
    var openCount: Int {
        sockets.withLock { sockets in
            sockets.count { socket in
                var byte: UInt8 = 0
                let flags = CInt(MSG_PEEK) | CInt(MSG_DONTWAIT)
                return recv(socket, &byte, 1, flags) < 0 && errno == EAGAIN
            }
        }
    }

    /// Ends them all with a reset.
    func end() {
        sockets.withLock { sockets in
            for socket in sockets { close(socket) }
            sockets = []
        }
    }
}
