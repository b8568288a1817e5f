import Foundation

/// CPU time, in seconds, as the kernel counts it in steps of a clock tick.
struct CPUTime: Codable {
    var user = 0.0
    var system = 0.0
    var total: Double { user + system }

    static func - (left: CPUTime, right: CPUTime) -> CPUTime {
        CPUTime(user: left.user - right.user, system: left.system - right.system)
    }
}

/// A process and all its descendants, by the kernel's accounting.
///
/// A descendant that has ended counts through the parent that reaped it.
struct ProcessTree {
    let root: pid_t

    private struct Stat {
        let parent: pid_t
        /// utime, stime, cutime, cstime in clock ticks.
        let ticks: [Double]

        /// The name stands in brackets and may hold anything, so fields are counted from its end (proc_pid_stat(5)).
        init?(_ pid: pid_t) {
            guard let text = ProcessTree.read("/proc/\(pid)/stat"), let end = text.lastIndex(of: ")") else {
                return nil
            }
            let fields = text[text.index(after: end)...].split(separator: " ")
            guard fields.count > 14, let parent = pid_t(fields[1]) else { return nil }
            self.parent = parent
            ticks = fields[11...14].compactMap { Double($0) }
            guard ticks.count == 4 else { return nil }
        }
    }

    private func members() -> [pid_t: Stat] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        var all: [pid_t: Stat] = [:]
        for pid in names.compactMap({ pid_t($0) }) { all[pid] = Stat(pid) }
        var found: [pid_t: Stat] = [:]
        var open = [root]
        while let pid = open.popLast() {
            guard found[pid] == nil, let stat = all[pid] else { continue }
            found[pid] = stat
            open += all.filter { $0.value.parent == pid }.map(\.key)
        }
        return found
    }

    /// User and system time so far, ended and reaped children included.
    func cpuTime() -> CPUTime {
        let ticksPerSecond = Double(sysconf(Int32(_SC_CLK_TCK)))
        var time = CPUTime()
        for stat in members().values {
            time.user += (stat.ticks[0] + stat.ticks[2]) / ticksPerSecond
            time.system += (stat.ticks[1] + stat.ticks[3]) / ticksPerSecond
        }
        return time
    }

    /// The sum of the peaks of its processes, since they started or since ``resetPeak()``.
    func peakResidentBytes() -> Int64 { sum("VmHWM:") }

    func residentBytes() -> Int64 { sum("VmRSS:") }

    /// Lets the peak begin anew at what is resident now (proc_pid_clear_refs(5)).
    func resetPeak() {
        for pid in members().keys {
            let descriptor = open("/proc/\(pid)/clear_refs", O_WRONLY | O_CLOEXEC)
            guard descriptor >= 0 else { continue }
            write(descriptor, "5", 1)
            close(descriptor)
        }
    }

    private func sum(_ field: String) -> Int64 {
        members().keys.reduce(0) { sum, pid in
            let lines = (Self.read("/proc/\(pid)/status") ?? "").split(separator: "\n")
            guard let line = lines.first(where: { $0.hasPrefix(field) }) else { return sum }
            let kibibytes = line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int64($0) }
            return sum + (kibibytes ?? 0) << 10
        }
    }

    /// Files below `/proc` have no size, so they are read until nothing more comes.
    static func read(_ path: String) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = Glibc.read(descriptor, &piece, piece.count)
            if count <= 0 { break }
            bytes += piece[..<count]
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension ProcessTree {
    /// Of the root alone, without its children.
    func ownCPUTime() -> CPUTime {
        let ticksPerSecond = Double(sysconf(Int32(_SC_CLK_TCK)))
        guard let stat = Stat(root) else { return CPUTime() }
        return CPUTime(user: stat.ticks[0] / ticksPerSecond, system: stat.ticks[1] / ticksPerSecond)
    }
}
