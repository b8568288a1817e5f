import Foundation

/// An answer, whole.
struct Answer {
    let status: Int
    let body: [UInt8]

    /// A member of a JSON object that holds text.
    func text(_ member: String) throws -> String {
        guard let object = try JSONSerialization.jsonObject(with: Data(body)) as? [String: Any],
            let text = object[member] as? String
        else { throw ReportFault("the gateway's answer has no \(member)") }
        return text
    }
}

/// One connection to this machine that stays open, for one request after the other.
final class Connection {
    private let descriptor: Int32
    private var received: [UInt8] = []

    init(port: UInt16) throws {
        descriptor = try Self.openSocket()
        var address = Self.loopback(port: port)
        let outcome = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard outcome == 0 else { throw Self.fault("connect") }
    }

    deinit { close(descriptor) }

    /// A port that nobody listens on at this moment.
    static func freePort() throws -> UInt16 {
        let descriptor = try openSocket()
        defer { close(descriptor) }
        var address = loopback(port: 0)
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let outcome = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, size) == 0 && getsockname(descriptor, $0, &size) == 0
            }
        }
        guard outcome else { throw fault("bind") }
        return UInt16(bigEndian: address.sin_port)
    }

    /// - Throws: when the answer has another status than `expected`.
    @discardableResult
    func call(
        _ method: String, _ target: String, _ fields: [String: String] = [:], body: [UInt8] = [],
        expecting expected: Int
    ) throws -> Answer {
        var head = "\(method) \(target) HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        for (name, value) in fields.sorted(by: { $0.key < $1.key }) { head += "\(name): \(value)\r\n" }
        if method != "GET" { head += "Content-Length: \(body.count)\r\n" }
        try send(Array((head + "\r\n").utf8) + body)
        let answer = try receive()
        guard answer.status == expected else {
            throw ReportFault("\(method) \(target): \(answer.status) \(String(decoding: answer.body, as: UTF8.self))")
        }
        return answer
    }

    private func send(_ bytes: [UInt8]) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 else { throw Self.fault("write") }
            rest = rest.dropFirst(count)
        }
    }

    private func receive() throws -> Answer {
        let mark = Array("\r\n\r\n".utf8)
        var end = received.firstRange(of: mark)
        while end == nil {
            try fill()
            end = received.firstRange(of: mark)
        }
        guard let end else { throw ReportFault("an answer without an end") }
        let lines = String(decoding: received[..<end.lowerBound], as: UTF8.self).components(separatedBy: "\r\n")
        let length = lines.first { $0.lowercased().hasPrefix("content-length:") }?.split(separator: " ").last
        let whole = end.upperBound + (length.flatMap { Int($0) } ?? 0)
        while received.count < whole { try fill() }
        defer { received.removeFirst(whole) }
        guard let words = lines.first?.split(separator: " "), words.count >= 2, let status = Int(words[1]) else {
            throw ReportFault("an answer without a status")
        }
        return Answer(status: status, body: Array(received[end.upperBound..<whole]))
    }

    private func fill() throws {
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        let count = buffer.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
        guard count > 0 else { throw Self.fault("read") }
        received += buffer[..<count]
    }

    private static func openSocket() throws -> Int32 {
        #if canImport(Glibc)
            let kind = Int32(SOCK_STREAM.rawValue)
        #else
            let kind = SOCK_STREAM
        #endif
        let descriptor = socket(AF_INET, kind, 0)
        guard descriptor >= 0 else { throw fault("socket") }
        return descriptor
    }

    private static func loopback(port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return address
    }

    private static func fault(_ call: String) -> ReportFault {
        ReportFault("\(call): \(String(cString: strerror(errno)))")
    }
}
