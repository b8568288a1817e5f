/// How a child process ended and what it said.
struct ChildReport: Hashable, Sendable {
    enum Ending: Hashable, Sendable {
        case status(Int)
        case signal(Int)
    }

    /// Why it was killed by us.
    enum Stop: Hashable, Sendable {
        case wallTime
        case output
    }

    var ending: Ending
    /// Standard output; empty when there was too much.
    var output: [UInt8] = []
    /// The end of standard error.
    var complaints = ""
    var stop: Stop?

    var isSuccess: Bool { ending == .status(0) && stop == nil }

    // The same numbers on Linux and macOS.
    static let kill = 9
    private static let processorTime = 24
    private static let fileSize = 25

    /// What a child that did not succeed is reported as; `nil` for one that did.
    ///
    /// - Parameters:
    ///   - unreadable: the message when the file is to blame.
    ///   - paths: what must not stand in the log.
    func fault(limits: ExaminationLimits, unreadable: String, hiding paths: [String]) -> ExaminationFault? {
        if isSuccess { return nil }
        let said = paths.reduce(complaints) { Self.replacing($1, in: $0) }
        // One line: whoever made the file must not write lines of the log.
        let line = said.suffix(Self.causeCharacters).split(whereSeparator: \.isNewline).joined(separator: " | ")
        let cause = "\(ending) \(line)"
        func fault(_ code: ExaminationFault.Code, _ message: String) -> ExaminationFault {
            ExaminationFault(code, message, cause: cause)
        }
        switch stop {
        case .wallTime: return fault(.limit, "Reading the file took longer than \(limits.wallMilliseconds) ms.")
        case .output: return fault(.limit, "The decoder answered with more than \(limits.outputBytes) bytes.")
        case nil: break
        }
        // SIGKILL that is not ours is the hard limit of processor time, or a system without memory.
        if ending == .signal(Self.processorTime) || ending == .signal(Self.kill) {
            return fault(.limit, "Reading the file took more than \(limits.cpuSeconds) s of processor time.")
        }
        if ending == .signal(Self.fileSize) {
            return fault(.limit, "The copy would have more than \(limits.copyBytes) bytes.")
        }
        if ending == .status(ConfinedChild.unlimitedStatus) {
            return fault(.failed, "The decoder could not be confined.")
        }
        if Self.holds(said, oneOf: Self.memoryWords) {
            return fault(.limit, "Reading the file takes more than \(limits.memoryBytes >> 20) MiB of memory.")
        }
        switch ending {
        case .status(126), .status(127): return fault(.toolMissing, "The decoder cannot be run on this server.")
        case .status:
            return Self.holds(said, oneOf: Self.systemWords)
                ? fault(.failed, "The file could not be read or the copy not be written on this server.")
                : fault(.unreadable, unreadable)
        case .signal: return fault(.failed, "The decoder crashed.")
        }
    }

    private static let causeCharacters = 1024

    /// What the programs and their libraries say when an allocation, a mapping or a thread is refused.
    private static let memoryWords = [
        "out of memory", "nsufficient memory", "annot allocate memory", "emory allocation error", "failed to allocate",
        "failed to map segment", "Error creating thread",
    ]

    /// The C library's words, in the C locale, for what is the server's trouble.
    private static let systemWords = [
        "No space left on device", "Permission denied", "No such file or directory", "does not exist",
        "Input/output error", "Read-only file system", "Disk quota exceeded", "Too many open files",
    ]

    private static func holds(_ text: String, oneOf words: [String]) -> Bool {
        words.contains { text.contains($0) }
    }

    private static func replacing(_ path: String, in text: String) -> String {
        path.isEmpty ? text : text.split(separator: path, omittingEmptySubsequences: false).joined(separator: "FILE")
    }
}
