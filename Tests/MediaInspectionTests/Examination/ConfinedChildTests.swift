import Foundation
import Testing

@testable import MediaInspection

/// What a child can and cannot do. The children are shells; `/proc` is Linux's.
@Suite struct ConfinedChildTests {
    private static let path = MediaExaminer.standardSearchPath.joined(separator: ":")

    private static func shell(
        _ script: String, _ arguments: [String] = [], limits: ExaminationLimits = ExaminationLimits()
    ) async throws(ExaminationFault) -> ChildReport {
        try await ConfinedChild(limits: limits, searchPath: path).run("/bin/sh", ["-c", script, "sh"] + arguments)
    }

    private static func fault(_ report: ChildReport, _ limits: ExaminationLimits) -> ExaminationFault? {
        report.fault(limits: limits, unreadable: "It is unreadable.", hiding: [])
    }

    @Test func `output, complaints and status are told apart`() async throws {
        let report = try await Self.shell("printf out; printf err >&2; exit 3")
        #expect(report.ending == .status(3))
        #expect(String(decoding: report.output, as: UTF8.self) == "out")
        #expect(report.complaints == "err")
    }

    @Test(arguments: ["; echo harm", "$(echo harm)", "`echo harm`", "a b", "*", "'", "\"", "-v"])
    func `arguments are no shell`(argument: String) async throws {
        let report = try await Self.shell("printf %s \"$1\"", [argument])
        #expect(String(decoding: report.output, as: UTF8.self) == argument)
    }

    @Test func `the environment holds nothing of ours`() async throws {
        let report = try await ConfinedChild(limits: ExaminationLimits(), searchPath: Self.path)
            .run("/usr/bin/env", [])
        let names = String(decoding: report.output, as: UTF8.self).split(separator: "\n").map {
            $0.prefix { $0 != "=" }
        }
        // The shell adds the folder it stands in.
        #expect(
            Set(names).subtracting(["PWD", "OLDPWD", "SHLVL", "_"])
                == ["PATH", "LANG", "LC_ALL", "VIPS_BLOCK_UNTRUSTED", "VIPS_CONCURRENCY", "VIPS_DISC_THRESHOLD"])
    }

    #if os(Linux)
        @Test func `the child has three descriptors, the root, its own session and low priority`() async throws {
            // Not marked to be closed on exec, as those of careless libraries are not.
            let mine = open("/dev/null", O_RDONLY)
            try #require(mine > 2)
            defer { close(mine) }
            // The list itself is read through one that is closed again.
            let report = try await Self.shell(
                "for d in /proc/$$/fd/*; do [ -L $d ] && echo ${d##*/}; done; pwd; cut -d' ' -f1,5,6,19 /proc/$$/stat")
            let lines = String(decoding: report.output, as: UTF8.self).split(separator: "\n").map(String.init)
            // The shell itself may hold one more, above 9, for its own use.
            #expect(lines.prefix { $0 != "/" }.compactMap { Int($0) }.filter { $0 < 10 } == [0, 1, 2])
            #expect(lines.contains("/"))
            let stat = try #require(lines.last).split(separator: " ").compactMap { Int($0) }
            try #require(stat.count == 4)
            #expect(stat[0] == stat[1] && stat[0] == stat[2])
            #expect(stat[3] >= 10)
        }

        @Test func `the limits are those of the kernel`() async throws {
            let limits = ExaminationLimits {
                $0.memoryBytes = 300 << 20
                $0.cpuSeconds = 7
                $0.copyBytes = 3 << 20
            }
            let report = try await Self.shell("cat /proc/$$/limits", limits: limits)
            let rows = String(decoding: report.output, as: UTF8.self).split(separator: "\n").map { row in
                row.split(separator: " ").joined(separator: " ")
            }
            for row in [
                "Max address space 314572800 314572800 bytes", "Max cpu time 7 9 seconds",
                "Max file size 3145728 3145728 bytes", "Max core file size 0 0 bytes", "Max open files 64 64 files",
            ] {
                #expect(rows.contains(row), "\(row)")
            }
        }

        @Test func `a limit that cannot be set stops everything`() async throws {
            let limits = ExaminationLimits { $0.memoryBytes = -1024 }
            let report = try await Self.shell("echo it runs", limits: limits)
            #expect(report.output == [])
            #expect(Self.fault(report, limits)?.code == .failed)
        }
    #endif

    /// On a busy machine a second of processor time takes long.
    @Test(.timeLimit(.minutes(5)))
    func `processor time is limited`() async throws {
        let limits = ExaminationLimits {
            $0.cpuSeconds = 1
            $0.wallMilliseconds = 600_000
        }
        let report = try await Self.shell("while :; do :; done", limits: limits)
        let fault = try #require(Self.fault(report, limits))
        #expect(fault.code == .limit)
        #expect(fault.message == "Reading the file took more than 1 s of processor time.")
    }

    @Test(.timeLimit(.minutes(1)))
    func `wall time is limited`() async throws {
        let limits = ExaminationLimits { $0.wallMilliseconds = 200 }
        let report = try await Self.shell("sleep 600 & wait", limits: limits)
        #expect(report.stop == .wallTime)
        #expect(Self.fault(report, limits)?.code == .limit)
    }

    @Test(.timeLimit(.minutes(1)))
    func `output is limited`() async throws {
        let limits = ExaminationLimits { $0.outputBytes = 1000 }
        let endless = try await Self.shell("exec yes", limits: limits)
        #expect(endless.stop == .output)
        #expect(endless.output == [])
        #expect(Self.fault(endless, limits)?.message == "The decoder answered with more than 1000 bytes.")
        let full = try await Self.shell("yes | head -c 1000", limits: limits)
        #expect(full.isSuccess)
        #expect(full.output.count == 1000)
    }

    @Test(.timeLimit(.minutes(1)))
    func `of many complaints the last are kept`() async throws {
        let limits = ExaminationLimits { $0.outputBytes = 1000 }
        let report = try await Self.shell("yes | head -c 3000000 >&2; printf last >&2; exit 1", limits: limits)
        #expect(report.stop == nil)
        #expect(report.complaints.utf8.count == 1000)
        #expect(report.complaints.hasSuffix("y\nlast"))
        #expect(Self.fault(report, limits)?.code == .unreadable)
    }

    /// A FIFO ends for its reader when the last process that holds it open is gone, so nothing need be polled.
    @Test(.timeLimit(.minutes(1)))
    func `cancellation kills the child and what it started, and reaps it`() async throws {
        let shop = try Workshop()
        let fifo = shop.path("fifo")
        try #require(mkfifo(fifo, 0o600) == 0)
        let limits = ExaminationLimits { $0.wallMilliseconds = 600_000 }
        let (lines, said) = AsyncStream.makeStream(of: String.self)
        let reader = Thread {
            let file = fopen(fifo, "r")
            var line = [CChar](repeating: 0, count: 64)
            while let file, fgets(&line, Int32(line.count), file) != nil {
                said.yield(
                    String(decoding: line.prefix { $0 != 0 && $0 != 10 }.map(UInt8.init(bitPattern:)), as: UTF8.self))
            }
            if let file { fclose(file) }
            said.finish()
        }
        reader.start()
        let code = try await withThrowingTaskGroup(of: ExaminationFault.Code?.self) { group in
            group.addTask {
                do throws(ExaminationFault) {
                    _ = try await Self.shell("exec 3>\"$1\"; sleep 600 & echo $$ >&3; wait", [fifo], limits: limits)
                    return nil
                } catch {
                    return error.code
                }
            }
            var iterator = lines.makeAsyncIterator()
            let process = try #require(await iterator.next().flatMap { pid_t($0) })
            group.cancelAll()
            let code = try await group.next() ?? nil
            #expect(await iterator.next() == nil)
            #expect(waitpid(process, nil, WNOHANG) == -1 && errno == ECHILD)
            return code
        }
        #expect(code == .cancelled)
    }

    @Test(.timeLimit(.minutes(1)))
    func `who is cancelled already starts nothing`() async throws {
        let shop = try Workshop()
        let mark = shop.path("mark")
        let code = await withTaskGroup(of: ExaminationFault.Code?.self) { group in
            group.cancelAll()
            group.addTask {
                do throws(ExaminationFault) {
                    _ = try await Self.shell(": >\"$1\"", [mark])
                    return nil
                } catch {
                    return error.code
                }
            }
            return await group.next() ?? nil
        }
        #expect(code == .cancelled)
        #expect(!FileManager.default.fileExists(atPath: mark))
    }
}
