#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Connections to this machine, as a client's system makes them.
enum LocalSocket {
    /// A connected socket whose reads and writes end after a minute: no test waits for ever.
    static func connected(to port: Int) throws -> CInt {
        signal(SIGPIPE, SIG_IGN)
        #if canImport(Glibc)
            let kind = CInt(SOCK_STREAM.rawValue)
        #else
            let kind = CInt(SOCK_STREAM)
        #endif
        let made = socket(AF_INET, kind, 0)
        guard made >= 0 else { throw Trouble("no socket: \(String(cString: strerror(errno)))") }
        // Programs that a test starts must not keep it open.
        _ = fcntl(made, F_SETFD, FD_CLOEXEC)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        address.sin_port = UInt16(port).bigEndian
        let failure = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(made, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard failure == 0 else {
            let reason = String(cString: strerror(errno))
            close(made)
            throw Trouble("port \(port): \(reason)")
        }
        var bound = timeval(tv_sec: 60, tv_usec: 0)
        setsockopt(made, SOL_SOCKET, SO_RCVTIMEO, &bound, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(made, SOL_SOCKET, SO_SNDTIMEO, &bound, socklen_t(MemoryLayout<timeval>.size))
        return made
    }

    /// Lets closing end the connection with a reset.
    static func endHard(_ socket: CInt) {
        var hard = linger(l_onoff: 1, l_linger: 0)
        setsockopt(socket, SOL_SOCKET, SO_LINGER, &hard, socklen_t(MemoryLayout<linger>.size))
    }
}
