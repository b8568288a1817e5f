import Foundation

/// A gateway of its own, with an empty folder, whose allocations are counted.
final class GatewayProcess {
    let port: UInt16
    private let process = Process()
    private let log = Pipe()
    private let folder: URL
    private let counts: URL

    /// Answers once clients can connect.
    init(_ program: String, counter library: String, in parent: URL) throws {
        folder = parent.appendingPathComponent(UUID().uuidString)
        counts = parent.appendingPathComponent(UUID().uuidString)
        port = try Connection.freePort()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = [
            "serve", "--port", "\(port)", "--data-dir", folder.path, "--log-level", "notice", "--examine-media",
            "false",
        ]
        process.environment = ProcessInfo.processInfo.environment.merging([
            "LD_PRELOAD": library, "COUNTING_MALLOC_FILE": counts.path, "SWIFT_DETERMINISTIC_HASHING": "1",
        ]) { $1 }
        process.standardError = log
        try process.run()
        var said = ""
        while !said.contains("listening") {
            let bytes = log.fileHandleForReading.availableData
            guard !bytes.isEmpty else { throw ReportFault("the gateway did not start: \(said)") }
            said += String(decoding: bytes, as: UTF8.self)
        }
    }

    deinit { if process.isRunning { process.terminate() } }

    /// The key that it made at its first start.
    func key() throws -> String {
        try String(contentsOf: folder.appendingPathComponent("initial-api-key"), encoding: .utf8)
            .trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// Ends it; answers its allocations from the first to the last.
    func stop() throws -> (calls: Int, bytes: Int) {
        process.terminate()
        _ = try log.fileHandleForReading.readToEnd()
        process.waitUntilExit()
        try FileManager.default.removeItem(at: folder)
        let words = try String(contentsOf: counts, encoding: .utf8).split { $0 == " " || $0 == "\n" }
        guard words.count == 4, let calls = Int(words[1]), let bytes = Int(words[3]) else {
            throw ReportFault("the gateway's allocations were not counted")
        }
        return (calls, bytes)
    }
}
