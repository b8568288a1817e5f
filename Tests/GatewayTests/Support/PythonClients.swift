import Foundation

/// Clients written in Python, of those that the tests bring along.
enum PythonClients {
    /// Runs a program and answers what it prints; a program that fails is an error.
    static func run(_ program: String, _ arguments: [String]) async throws -> String {
        let file = try Scratch.file("client.py", holding: Data(program.utf8))
        defer { Scratch.remove([file]) }
        return try await Command.succeed(try DescribedCalls.tool("python"), [file] + arguments)
    }
}
