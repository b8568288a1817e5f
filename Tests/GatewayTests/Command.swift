import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// What a command that ended said.
struct CommandOutput: Sendable {
    let exitCode: Int32
    let output: String
    let errors: String
}

/// Runs commands and collects what they say.
enum Command {
    static func run(
        _ program: String, _ arguments: [String], environment: [String: String] = [:], folder: String? = nil
    ) async throws -> CommandOutput {
        let output = try Scratch.file("output")
        let errors = try Scratch.file("errors")
        defer { Scratch.remove([output, errors]) }
        let child = try start(
            program, arguments, environment: environment, folder: folder, output: output, errors: errors)
        let code = try await child.ended()
        return CommandOutput(exitCode: code, output: try Scratch.text(output), errors: try Scratch.text(errors))
    }

    /// As ``run(_:_:environment:folder:)``, for a command that must succeed.
    @discardableResult
    static func succeed(_ program: String, _ arguments: [String]) async throws -> String {
        let result = try await run(program, arguments)
        guard result.exitCode == 0 else {
            throw Trouble("\(program) \(arguments.joined(separator: " ")): \(result.exitCode) \(result.errors)")
        }
        return result.output
    }

    /// Starts a command whose words go to files.
    static func start(
        _ program: String, _ arguments: [String], environment: [String: String] = [:], folder: String? = nil,
        input: CInt? = nil, output: String, errors: String
    ) throws -> ChildProcess {
        let outputDescriptor = open(output, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        let errorDescriptor = open(errors, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        defer {
            close(outputDescriptor)
            close(errorDescriptor)
        }
        guard outputDescriptor >= 0, errorDescriptor >= 0 else { throw Trouble("\(output) cannot be written") }
        return try ChildProcess(
            program, arguments, environment: environment, folder: folder,
            streams: .init(input: input, output: outputDescriptor, errors: errorDescriptor))
    }
}
