import Foundation

/// A keep-alive connection that waits for each answer: for single calls, for finalizing and for holding many open.
final class Connection {
    struct Answer {
        let status: Int
        /// By their names in small letters.
        var headers: [String: String] = [:]
        let body: [UInt8]
    }

    private let descriptor: Int32
    private let host: String
    /// Read and not used yet.
    private var pending: [UInt8] = []

    init(port: UInt16) throws {
        host = "127.0.0.1:\(port)"
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw Self.error("no socket") }
        var one: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
        var patience = timeval(tv_sec: 120, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        var address = Self.loopback(port)
        let code = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard code == 0 else {
            let error = Self.error("no connection to \(host)")
            close(descriptor)
            throw error
        }
    }

    deinit { close(descriptor) }

    private static func error(_ what: String) -> BenchError {
        BenchError("\(what): \(String(cString: strerror(errno)))")
    }

    private static func loopback(_ port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(INADDR_LOOPBACK).bigEndian
        return address
    }

    /// A port of the loopback address that nothing listens on just now.
    static func freePort() throws -> UInt16 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw error("no socket") }
        defer { close(descriptor) }
        var address = loopback(0)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let code = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) == 0 ? getsockname(descriptor, $0, &length) : -1
            }
        }
        guard code == 0 else { throw error("no free port") }
        return UInt16(bigEndian: address.sin_port)
    }

    func request(
        _ method: String, _ target: String, headers: [(name: String, value: String)] = [], body: String? = nil
    ) throws -> Answer {
        try begin(method, target, headers: headers, body: body, bodyBytes: body.map { Int64($0.utf8.count) })
        return try receive(isToHead: method == "HEAD")
    }

    /// Sends a head and what there is of the body, and waits for nothing.
    ///
    /// - Parameter bodyBytes: what the head says of the length of the body; `nil` for a request without one.
    func begin(
        _ method: String, _ target: String, headers: [(name: String, value: String)], body: String? = nil,
        bodyBytes: Int64?
    ) throws {
        var text = "\(method) \(target) HTTP/1.1\r\nHost: \(host)\r\n"
        for header in headers { text += "\(header.name): \(header.value)\r\n" }
        if let bodyBytes { text += "Content-Length: \(bodyBytes)\r\n" }
        try send(Array((text + "\r\n" + (body ?? "")).utf8))
    }

    /// - Throws: also when the server has closed the connection.
    func send(_ bytes: [UInt8]) throws {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { throw Self.error("\(host) takes nothing") }
            sent += count
        }
    }

    private func receive(isToHead: Bool) throws -> Answer {
        while true {
            let head = try line(endingIn: "\r\n\r\n")
            let lines = head.split(separator: "\r\n")
            guard let status = lines.first?.split(separator: " ").dropFirst().first.flatMap({ Int($0) }) else {
                throw BenchError("\(host) answered no HTTP.")
            }
            if status < 200 { continue }
            var headers: [String: String] = [:]
            for line in lines.dropFirst() {
                guard let colon = line.firstIndex(of: ":") else { continue }
                let value = line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
                headers[line[..<colon].lowercased()] = value
            }
            let body: [UInt8] =
                if isToHead || status == 204 || status == 304 {
                    []
                } else if headers["transfer-encoding"]?.lowercased() == "chunked" {
                    try chunks()
                } else {
                    try take(headers["content-length"].flatMap { Int($0) } ?? 0)
                }
            return Answer(status: status, headers: headers, body: body)
        }
    }

    private func chunks() throws -> [UInt8] {
        var body: [UInt8] = []
        while true {
            let head = try line(endingIn: "\r\n")
            guard let count = Int(head.prefix { $0.isHexDigit }, radix: 16) else {
                throw BenchError("\(host) sent a malformed chunk.")
            }
            body += try take(count)
            _ = try line(endingIn: "\r\n")
            if count == 0 { return body }
        }
    }

    /// The text up to an end, without it.
    private func line(endingIn end: String) throws -> String {
        let pattern = Array(end.utf8)
        var from = 0
        while true {
            while from + pattern.count <= pending.count {
                if pending[from..<from + pattern.count].elementsEqual(pattern) {
                    let text = String(decoding: pending[..<from], as: UTF8.self)
                    pending.removeFirst(from + pattern.count)
                    return text
                }
                from += 1
            }
            try fill()
        }
    }

    private func take(_ count: Int) throws -> [UInt8] {
        while pending.count < count { try fill() }
        let bytes = Array(pending[..<count])
        pending.removeFirst(count)
        return bytes
    }

    private func fill() throws {
        try withUnsafeTemporaryAllocation(byteCount: 16 << 10, alignment: 16) { piece in
            let count = recv(descriptor, piece.baseAddress, piece.count, 0)
            guard count >= 0 else { throw Self.error("\(host) does not answer") }
            guard count > 0 else { throw BenchError("\(host) closed the connection before its answer.") }
            pending += piece[..<count]
        }
    }
}
