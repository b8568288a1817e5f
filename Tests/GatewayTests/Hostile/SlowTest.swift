import Foundation
import Testing

/// Debian's `slowhttptest`: clients that keep a server busy by being slow.
enum SlowTest {
    struct Report: Sendable {
        /// The most connections that were open at once.
        let connections: Int
        /// In whole seconds.
        let seconds: Int
        /// Whether the server had ended all of them before the time was over.
        let areAllCut: Bool
        let account: String
    }

    /// What each of them may be slow with.
    enum Kind: String, CaseIterable, Sendable {
        case head, body, read
    }

    /// - Parameters:
    ///   - seconds: when it gives up.
    ///   - arguments: besides those that say how it reports.
    static func run(_ arguments: [String], seconds: Int) async throws -> Report {
        let folder = try Scratch.newFolder("slow")
        defer { Scratch.remove([folder]) }
        let program: CommandOutput
        do {
            program = try await Command.run(
                "slowhttptest", arguments + ["-l", "\(seconds)", "-p", "30", "-g", "-o", "report", "-v", "1"],
                folder: folder)
        } catch {
            throw Trouble("slowhttptest is missing; Scripts/setup --tests installs it: \(error)")
        }
        guard program.exitCode == 0 else { throw Trouble("slowhttptest: \(program.output) \(program.errors)") }
        // Seconds, closed, pending, connected, whether others are served.
        let lines = try Scratch.text("\(folder)/report.csv").split(separator: "\n").dropFirst()
        let rows = lines.map { $0.split(separator: ",").compactMap { Int($0) } }.filter { $0.count == 5 }
        return Report(
            connections: rows.map { $0[3] }.max() ?? 0, seconds: rows.last?[0] ?? 0,
            areAllCut: program.output.contains("No open connections left"),
            account: "\(lines.joined(separator: " ")) \(program.output.suffix(300))")
    }
}
