import Foundation
import Synchronization

/// A program that was started here and is ended here, by its id.
final class ChildProcess {
    let pid: pid_t
    private let name: String
    private var exitStatus: Int32?

    private struct Running {
        var pids: Set<pid_t> = []
        var isStopping = false
    }

    /// Children that still run, for the moment when this program is interrupted.
    private static let running = Mutex(Running())

    /// - Parameters:
    ///   - program: a path, or a name to be found on `PATH`.
    ///   - output: a file that gets what the program prints; `errors` may be the same.
    init(_ program: String, _ arguments: [String], output: String, errors: String) throws {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
        if errors == output {
            posix_spawn_file_actions_adddup2(&actions, 1, 2)
        } else {
            posix_spawn_file_actions_addopen(&actions, 2, errors, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
        }
        // This program ignores the two signals that it watches for; its children must not inherit that.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGINT)
        sigaddset(&signals, SIGTERM)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF))

        var words: [UnsafeMutablePointer<CChar>?] = ([program] + arguments).map { strdup($0) }
        words.append(nil)
        defer { for word in words { free(word) } }
        var child: pid_t = 0
        // Under the lock, so that none is started behind the back of whoever stops all.
        let code = Self.running.withLock { running in
            guard !running.isStopping else { return ECANCELED }
            let code = posix_spawnp(&child, program, &actions, &attributes, words, environ)
            if code == 0 { running.pids.insert(child) }
            return code
        }
        guard code == 0 else { throw BenchError("\(program) does not start: \(String(cString: strerror(code)))") }
        pid = child
        name = program
    }

    deinit { stop(graceSeconds: 2) }

    var hasExited: Bool {
        if exitStatus == nil { reap(WNOHANG) }
        return exitStatus != nil
    }

    /// - Returns: the exit status; 128 and the signal when one ended it, as shells have it.
    @discardableResult
    func wait() -> Int32 {
        while exitStatus == nil { reap(0) }
        return exitStatus ?? -1
    }

    private func reap(_ options: Int32) {
        var status: Int32 = 0
        let result = waitpid(pid, &status, options)
        if result == -1, errno == EINTR { return }
        guard result != 0 else { return }
        let signal = status & 0x7f
        exitStatus = result == -1 ? -1 : signal == 0 ? (status >> 8) & 0xff : 128 + signal
        Self.running.withLock { _ = $0.pids.remove(pid) }
    }

    /// Asks it to end, and ends it when it does not.
    func stop(graceSeconds: Double) {
        guard !hasExited else { return }
        kill(pid, SIGTERM)
        let end = ContinuousClock.now + .seconds(graceSeconds)
        while !hasExited, ContinuousClock.now < end { usleep(5_000) }
        guard !hasExited else { return }
        kill(pid, SIGKILL)
        wait()
    }

    /// Returns at once, unless this program was interrupted and is about to end: then what broke is no finding.
    static func waitIfStopping() {
        while running.withLock({ $0.isStopping }) { sleep(1) }
    }

    /// Ends all that runs; called when this program is interrupted.
    static func stopAll() {
        let pids = running.withLock { running in
            running.isStopping = true
            return running.pids
        }
        for pid in pids { kill(pid, SIGTERM) }
        usleep(2_000_000)
        for pid in running.withLock({ $0.pids }) where kill(pid, 0) == 0 { kill(pid, SIGKILL) }
    }

    /// Runs a program to its end.
    ///
    /// - Returns: its exit status and what it printed, output and errors together; `nil` when it is not there.
    static func text(_ program: String, _ arguments: [String], in folder: String) -> (status: Int32, text: String)? {
        let file = folder + "/" + UUID().uuidString
        defer { unlink(file) }
        guard let child = try? ChildProcess(program, arguments, output: file, errors: file) else { return nil }
        let status = child.wait()
        let text = (try? String(contentsOfFile: file, encoding: .utf8)) ?? ""
        return (status, text.trimmingCharacters(in: .whitespacesAndNewlines))
    }

    /// Servers lie in folders that are not everybody's `PATH`.
    static func extendPath() {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
        setenv("PATH", path + ":/usr/local/sbin:/usr/sbin:/sbin", 1)
    }

    static func isOnPath(_ program: String) -> Bool {
        let folders =
            (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":") + ["/usr/sbin", "/sbin"]
        return folders.contains { access("\($0)/\(program)", X_OK) == 0 }
    }
}
