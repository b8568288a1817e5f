import Foundation

/// Why nothing could be counted.
struct ReportFault: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

/// A command of this machine, found in the PATH.
struct Command {
    private let name: String
    private let arguments: [String]
    private let environment: [String: String]

    /// - Parameter environment: besides the one that this process has.
    init(_ name: String, _ arguments: [String], environment: [String: String] = [:]) {
        self.name = name
        self.arguments = arguments
        self.environment = environment
    }

    /// Runs it, for what it leaves behind.
    func run() throws { _ = try output() }

    /// Runs it; answers what it wrote, without the line end.
    @discardableResult
    func output() throws -> String {
        let process = Process()
        let pipe = Pipe()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [name] + arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { _, new in new }
        process.standardOutput = pipe
        try process.run()
        // To the end before waiting: a full pipe would stop it.
        let bytes = try pipe.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        guard process.terminationReason == .exit, process.terminationStatus == 0 else {
            throw ReportFault("\(name) \(arguments.joined(separator: " ")) failed (\(process.terminationStatus))")
        }
        return String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .newlines)
    }
}
