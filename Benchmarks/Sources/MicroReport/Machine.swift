import Foundation

/// On what instructions are counted. Code that asks the processor for its abilities takes another way on another one.
struct Machine: Codable, Equatable {
    /// Architecture and the newest vector instructions that the simulated processor takes over from the real one:
    /// `x86_64-avx2`. It has nothing newer than that, whatever the real one has.
    let processor: String
    /// Whose simulated processor it is.
    let valgrind: String

    var architecture: Substring { processor.prefix { $0 != "-" } }

    /// This machine.
    init() throws {
        let architecture = try Command("uname", ["-m"]).output()
        let abilities = Self.processorFlags()
        let newest = ["avx2", "avx", "sse4_2"].first(where: abilities.contains)
        processor = newest.map { "\(architecture)-\($0)" } ?? architecture
        valgrind = try Command("valgrind", ["--version"]).output()
    }

    private static func processorFlags() -> Set<Substring> {
        guard let text = try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8),
            let line = text.split(separator: "\n").first(where: { $0.hasPrefix("flags") })
        else { return [] }
        return Set(line.split(separator: " "))
    }
}
