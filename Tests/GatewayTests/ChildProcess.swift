import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// What went wrong around a test rather than in the product.
struct Trouble: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

/// Runs work that blocks on a thread of its own, so that no other test waits for it.
func onThread<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
        Thread.detachNewThread { continuation.resume(with: Result { try body() }) }
    }
}

/// Asks again and again; every question takes a while by itself. The bound is far beyond what is needed.
func eventually(_ what: String, seconds: Double = 60, _ isSo: () async throws -> Bool) async throws {
    let limit = Date().addingTimeInterval(seconds)
    while try await !isSo() {
        guard Date() < limit else { throw Trouble("not within \(seconds) s: \(what)") }
    }
}

/// A child process. Signals go to this one process, and to nobody once it has ended.
// Sendable: the condition guards `exitCode`; everything else never changes.
final class ChildProcess: @unchecked Sendable {
    /// Where the streams of a child lead: open descriptors, 0 for `/dev/null`.
    struct Streams {
        var input: CInt?
        var output: CInt?
        var errors: CInt?
    }

    let id: pid_t
    private let condition = NSCondition()
    private var exitCode: Int32?

    /// - Parameters:
    ///   - program: a path, or a name to be found in `PATH`.
    ///   - environment: all that the child sees, besides `PATH`.
    ///   - folder: where it starts; `nil` for the same as ours.
    init(
        _ program: String, _ arguments: [String], environment: [String: String] = [:], folder: String? = nil,
        streams: Streams = Streams()
    ) throws {
        #if canImport(Darwin)
            var actions: posix_spawn_file_actions_t?
            var attributes: posix_spawnattr_t?
        #else
            var actions = posix_spawn_file_actions_t()
            var attributes = posix_spawnattr_t()
        #endif
        posix_spawn_file_actions_init(&actions)
        posix_spawnattr_init(&attributes)
        defer {
            posix_spawn_file_actions_destroy(&actions)
            posix_spawnattr_destroy(&attributes)
        }
        for (number, descriptor) in [streams.input, streams.output, streams.errors].enumerated() {
            if let descriptor {
                posix_spawn_file_actions_adddup2(&actions, descriptor, CInt(number))
            } else {
                posix_spawn_file_actions_addopen(&actions, CInt(number), "/dev/null", O_RDWR, 0)
            }
        }
        // What this process ignores or blocks is no matter of the child's.
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        sigaddset(&signals, SIGPIPE)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))

        var variables = environment
        variables["PATH"] = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
        // The shell gives its place, and its process id, to the program.
        let moved = folder.map { ["sh", "-c", "cd \"$0\" && exec \"$@\"", $0] } ?? []
        let command = moved + [program] + arguments
        var words = command.map { strdup($0) } + [nil]
        var settings = variables.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for pointer in words + settings { free(pointer) } }
        var process = pid_t()
        let failure = posix_spawnp(&process, command[0], &actions, &attributes, &words, &settings)
        guard failure == 0 else {
            throw Trouble("\(program) cannot be started: \(String(cString: strerror(failure)))")
        }
        id = process
        Thread.detachNewThread { [self] in awaitEnd() }
    }

    private func awaitEnd() {
        // Left unreaped until the lock is held, so that a signal can never reach another process with this id.
        var info = siginfo_t()
        while waitid(P_PID, id_t(id), &info, WEXITED | WNOWAIT) != 0, errno == EINTR {}
        condition.lock()
        var status: CInt = 0
        while waitpid(id, &status, 0) < 0, errno == EINTR {}
        exitCode = status & 0x7F == 0 ? (status >> 8) & 0xFF : -(status & 0x7F)
        condition.broadcast()
        condition.unlock()
    }

    var isRunning: Bool {
        condition.lock()
        defer { condition.unlock() }
        return exitCode == nil
    }

    func send(_ signal: CInt) {
        condition.lock()
        defer { condition.unlock() }
        if exitCode == nil { kill(id, signal) }
    }

    /// The exit code; the negative number of the signal that ended it. A child that outlives the bound is killed.
    func ended(withinSeconds seconds: Double = 150) async throws -> Int32 {
        try await onThread { [self] in
            let limit = Date().addingTimeInterval(seconds)
            condition.lock()
            while exitCode == nil, condition.wait(until: limit) {}
            let code = exitCode
            condition.unlock()
            if let code { return code }
            send(SIGKILL)
            throw Trouble("process \(id) did not end within \(seconds) s and was killed")
        }
    }
}
