import Subprocess

/// Runs a decoder on a hostile file so that whatever exhausts or crashes it harms nothing else.
///
/// It is no cage for a decoder that was taken over: the child runs as the user of the gateway and may read its files
/// and open connections. Whoever fears that runs the gateway where those are confined too (a container, a unit with
/// `PrivateNetwork`), or with `--examine-media false`.
///
/// The child has limits on memory, processor time, file size, open files and wall time, a lower priority, an
/// environment of constants, no descriptors but three (`/dev/null` and two pipes), the root as its folder, and a
/// session of its own. It is killed with its process group at the wall limit, at the limit of output, and when the
/// calling task is cancelled; this returns only when it has been reaped.
///
/// The limits are set by `ulimit` in a shell that then becomes the decoder: Swift must not run code between fork and
/// exec, and unlike `prlimit` a shell is on every system. The script holds numbers only; program and arguments are
/// passed beside it, so no byte of theirs is ever read as shell.
struct ConfinedChild: Sendable {
    let limits: ExaminationLimits
    /// The child's PATH, absolute folders separated by colons; `sh` and `nice` are found by it.
    let searchPath: String

    /// What the shell ends with when a limit could not be set; no decoder uses it.
    static let unlimitedStatus = 125

    /// - Parameters:
    ///   - tool: an absolute path.
    ///   - arguments: those after the program's name.
    /// - Throws: `.cancelled`, or `.failed` when no child could be started; how the child ended is in the report.
    func run(_ tool: String, _ arguments: [String]) async throws(ExaminationFault) -> ChildReport {
        let (outcome, isLate) = await withTaskGroup(of: Moment.self) { group in
            group.addTask { .ended(await start(tool, arguments)) }
            group.addTask {
                do {
                    try await Task.sleep(for: .milliseconds(limits.wallMilliseconds))
                    return .late
                } catch {
                    return .dismissed
                }
            }
            var outcome: Outcome?
            var isLate = false
            // The child's end is awaited in any case: that is when it has been reaped.
            for await moment in group {
                switch moment {
                case .ended(let ended): outcome = ended
                case .late: isLate = outcome == nil
                case .dismissed: continue
                }
                group.cancelAll()
            }
            return (outcome, isLate)
        }
        switch outcome {
        case .report(var report):
            if isLate { report.stop = .wallTime }
            if Task.isCancelled, report.stop != nil || !report.isSuccess { throw .cancelled }
            return report
        case .notStarted(let cause):
            if isLate { return ChildReport(ending: .signal(ChildReport.kill), stop: .wallTime) }
            throw Task.isCancelled
                ? .cancelled : ExaminationFault(.failed, "No decoder could be started.", cause: cause)
        case nil:
            throw .cancelled
        }
    }

    private enum Outcome: Sendable {
        case report(ChildReport)
        case notStarted(String)
    }

    private enum Moment: Sendable {
        case ended(Outcome)
        case late
        case dismissed
    }

    private func start(_ tool: String, _ arguments: [String]) async -> Outcome {
        // The library answers a cancelled task too by starting a child, and killing it.
        if Task.isCancelled { return .notStarted("cancelled") }
        let bytes = limits.outputBytes
        do {
            // The body does not throw: only then is a child surely not signalled after it was reaped.
            let result = try await Subprocess.run(
                .name("sh"), arguments: Arguments(["-c", script, "sh", tool] + arguments),
                environment: .custom(environment), platformOptions: Self.options, input: .none, output: .sequence,
                error: .sequence
            ) { child in
                async let complaints = Self.tail(of: child.standardError, bytes: bytes)
                let output = await Self.whole(of: child.standardOutput, bytes: bytes)
                if output == nil { try? child.send(signal: .kill, toProcessGroup: true) }
                return await (output, complaints)
            }
            let (output, complaints) = result.closureResult
            return .report(
                ChildReport(
                    ending: Self.ending(result.terminationStatus), output: output ?? [],
                    complaints: String(decoding: complaints, as: UTF8.self), stop: output == nil ? .output : nil))
        } catch {
            return .notStarted("\(error)")
        }
    }

    private static func ending(_ status: TerminationStatus) -> ChildReport.Ending {
        switch status {
        case .exited(let code): .status(Int(code))
        case .signaled(let number): .signal(Int(number))
        }
    }

    /// All of a child's output; `nil` as soon as it is more than `bytes`.
    private static func whole(of sequence: SubprocessOutputSequence, bytes limit: Int) async -> [UInt8]? {
        var bytes: [UInt8] = []
        do {
            for try await buffer in sequence {
                buffer.withUnsafeBytes { bytes.append(contentsOf: $0.prefix(limit + 1 - bytes.count)) }
                if bytes.count > limit { return nil }
            }
        } catch {
            // The pipe is gone because the child is; the status tells why.
        }
        return bytes
    }

    /// The end of a child's complaints, which is where the reason stands. All are read, or the child would wait.
    private static func tail(of sequence: SubprocessOutputSequence, bytes limit: Int) async -> [UInt8] {
        var bytes: [UInt8] = []
        do {
            for try await buffer in sequence {
                buffer.withUnsafeBytes { bytes.append(contentsOf: $0) }
                if bytes.count > limit { bytes.removeFirst(bytes.count - limit) }
            }
        } catch {
            // As above.
        }
        return bytes
    }

    private static let options: PlatformOptions = {
        var options = PlatformOptions()
        options.createSession = true
        // On cancellation, no step but this one; the library's own last step does the same once more.
        options.teardownSequence = [
            .send(signal: .kill, toProcessGroup: true, allowedDurationToNextStep: .seconds(1))
        ]
        return options
    }()

    private var environment: [Environment.Key: String] {
        [
            "PATH": searchPath,
            "LANG": "C",
            "LC_ALL": "C",
            // Loaders that libvips itself does not trust with foreign files: SVG, PDF, ImageMagick's and others.
            "VIPS_BLOCK_UNTRUSTED": "1",
            "VIPS_CONCURRENCY": "1",
            // Large images stay in memory, where the limit is; a killed child would leave its temporary files behind.
            "VIPS_DISC_THRESHOLD": "1024g",
        ]
    }

    private var script: String {
        var steps = [
            "cd /",
            // At the soft limit comes SIGXCPU, two seconds later SIGKILL.
            "ulimit -S -t \(limits.cpuSeconds)",
            "ulimit -H -t \(limits.cpuSeconds + 2)",
            "ulimit -c 0",
            "ulimit -f \(limits.copyBytes / 512)",
            "ulimit -n 64",
        ]
        #if !os(macOS)
            steps.append("ulimit -v \(limits.memoryBytes / 1024)")
        #endif
        return "{ \(steps.joined(separator: " && ")); } || exit \(Self.unlimitedStatus); exec nice -n 10 \"$@\""
    }
}
