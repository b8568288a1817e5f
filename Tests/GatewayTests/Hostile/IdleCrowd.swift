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
        #if canImport(Glibc)
            let socket = socket(AF_INET, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        #else
            let socket = socket(AF_INET, CInt(SOCK_STREAM), 0)
        #endif
        guard socket >= 0 else { throw Trouble("no socket: \(String(cString: strerror(errno)))") }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        address.sin_port = UInt16(port).bigEndian
        let failure = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard failure == 0 else {
            let reason = String(cString: strerror(errno))
            close(socket)
            throw Trouble("port \(port): \(reason)")
        }
        // No test waits for ever, and nothing of so many connections stays behind in the kernel.
        var bound = timeval(tv_sec: 60, tv_usec: 0)
        setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &bound, socklen_t(MemoryLayout<timeval>.size))
        var hard = linger(l_onoff: 1, l_linger: 0)
        setsockopt(socket, SOL_SOCKET, SO_LINGER, &hard, socklen_t(MemoryLayout<linger>.size))
        return socket
    }

    private static func send(_ text: String, on socket: CInt) throws {
        signal(SIGPIPE, SIG_IGN)
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
