import ArgumentParser
import Foundation
import Logging
import Sluice

/// Ends the command with a message and status 1.
struct Failure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

enum Logging {
    /// Structured lines on standard error; standard output belongs to what a command answers.
    static func start(level: Logger.Level) -> Logger {
        LoggingSystem.bootstrap { label in
            var handler = StreamLogHandler.standardError(label: label)
            handler.logLevel = level
            return handler
        }
        return Logger(label: "sluice")
    }
}

/// Where the data folder is, for commands that work on it while the gateway runs.
struct DataOptions: ParsableArguments {
    @Option(help: "Folder of the catalog and the files. [SLUICE_DATA_DIR; default: ./sluice-data]")
    var dataDir: String?

    @Option(help: "The YAML file that the gateway was started with. [SLUICE_CONFIG]")
    var config: String?

    /// Opens the folder, runs `body`, closes it.
    func withWorkshop(_ body: (Workshop) async throws -> Void) async throws {
        var arguments: [String] = []
        if let dataDir { arguments += ["--data-dir", dataDir] }
        if let config { arguments += ["--config", config] }
        let workshop: Workshop
        do {
            let configuration = try await SluiceConfiguration(
                arguments: arguments, environment: ProcessInfo.processInfo.environment, isForServing: false)
            workshop = try Workshop(configuration, logger: Logging.start(level: .warning))
        } catch let fault as StartFault {
            throw Failure(fault.description)
        }
        try await body(workshop)
        try await workshop.close()
    }
}

enum Table {
    /// Columns as wide as their widest cell.
    static func text(_ header: [String], _ rows: [[String]]) -> String {
        let all = [header] + rows
        let widths = header.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
        return all.map { row in
            let cells = zip(row, widths).map { cell, width in
                cell + String(repeating: " ", count: width - cell.count)
            }
            return cells.joined(separator: "  ").trimmingCharacters(in: .whitespaces)
        }.joined(separator: "\n")
    }
}
