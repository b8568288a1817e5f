import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// What a gateway writes to its standard error, read as it comes.
// Sendable: the condition guards everything that changes.
final class GatewayLog: @unchecked Sendable {
    private let condition = NSCondition()
    private var bytes = Data()
    private var isEnded = false

    /// - Parameter descriptor: the reading end of a pipe; closed at its end.
    init(reading descriptor: CInt) {
        Thread.detachNewThread { [self] in
            var buffer = [UInt8](repeating: 0, count: 64 << 10)
            while true {
                let count = read(descriptor, &buffer, buffer.count)
                if count < 0, errno == EINTR { continue }
                condition.lock()
                if count > 0 { bytes.append(contentsOf: buffer[..<count]) } else { isEnded = true }
                condition.broadcast()
                condition.unlock()
                if count <= 0 { break }
            }
            close(descriptor)
        }
    }

    var text: String {
        condition.lock()
        defer { condition.unlock() }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Whether a word comes before the log ends and within the bound.
    func says(_ word: String, withinSeconds seconds: Double = 60) async throws -> Bool {
        try await onThread { [self] in
            let limit = Date().addingTimeInterval(seconds)
            let wanted = Data(word.utf8)
            condition.lock()
            defer { condition.unlock() }
            while bytes.range(of: wanted) == nil {
                if isEnded || !condition.wait(until: limit) { return bytes.range(of: wanted) != nil }
            }
            return true
        }
    }

    /// Everything, once the gateway has ended.
    func whole() async throws -> String {
        try await onThread { [self] in
            condition.lock()
            while !isEnded, condition.wait(until: Date().addingTimeInterval(60)) {}
            condition.unlock()
        }
        return text
    }

    /// Lines of the levels error and critical. The level is the second word; what follows may quote anything.
    static func faults(in log: String) -> [Substring] {
        log.split(separator: "\n").filter { line in
            let words = line.split(separator: " ", maxSplits: 2)
            return words.count > 1 && (words[1] == "error" || words[1] == "critical")
        }
    }

    /// Tests that send this, anywhere in a request, see to it that it is not told.
    static let marker = "tell-nobody-of-this"

    /// What a log tells of keys, signatures, secrets and bodies; it may tell nothing.
    ///
    /// - Parameter key: that of the gateway.
    static func leaks(in log: String, key: String) -> [String] {
        let secrets = [
            "the API key": key, "the signature of a link": "sig=", "the signature of an event": "v1,",
            "a secret of an endpoint": StandardWebhooks.secret, "another secret": StandardWebhooks.otherSecret,
            "what was sent": marker,
        ]
        return secrets.filter { log.contains($0.value.replacing("whsec_", with: "")) }.keys.sorted()
    }
}
