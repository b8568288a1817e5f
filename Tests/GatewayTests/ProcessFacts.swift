import Foundation

/// What the kernel tells of a process. Only Linux tells it in this way.
enum ProcessFacts {
    static var areTold: Bool { FileManager.default.fileExists(atPath: "/proc/self/status") }

    /// The most memory that a process had since ``forgetPeak(of:)``, in bytes.
    static func peakResidentBytes(of id: pid_t) throws -> Int { try bytes("VmHWM", of: id) }

    /// The memory that a process has now, in bytes.
    static func residentBytes(of id: pid_t) throws -> Int { try bytes("VmRSS", of: id) }

    private static func bytes(_ name: String, of id: pid_t) throws -> Int {
        let lines = try String(contentsOfFile: "/proc/\(id)/status", encoding: .utf8).split(separator: "\n")
        let words = lines.first { $0.hasPrefix("\(name):") }?.split(whereSeparator: \.isWhitespace) ?? []
        guard words.count == 3, let kibibytes = Int(words[1]) else { throw Trouble("no \(name) of \(id)") }
        return kibibytes << 10
    }

    /// How many descriptors a process has open.
    static func openFiles(of id: pid_t) throws -> Int {
        try FileManager.default.contentsOfDirectory(atPath: "/proc/\(id)/fd").count
    }

    /// From now on the peak counts anew (proc(5), `clear_refs`).
    static func forgetPeak(of id: pid_t) throws {
        let file = try FileHandle(forWritingTo: URL(fileURLWithPath: "/proc/\(id)/clear_refs"))
        try file.write(contentsOf: Data("5".utf8))
        try file.close()
    }

    /// Names of the children of a process, also of those that ended and that nobody has reaped.
    static func children(of id: pid_t) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: "/proc").filter { Int($0) != nil }.compactMap { name in
            // Whoever ended meanwhile is nobody's child.
            guard let stat = try? String(contentsOfFile: "/proc/\(name)/stat", encoding: .utf8),
                let open = stat.firstIndex(of: "("), let close = stat.lastIndex(of: ")")
            else { return nil }
            let rest = stat[stat.index(after: close)...].split(separator: " ")
            guard rest.count > 1, pid_t(rest[1]) == id else { return nil }
            return String(stat[stat.index(after: open)..<close])
        }
    }
}
