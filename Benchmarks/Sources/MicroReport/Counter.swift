import Dispatch
import Foundation
import Synchronization

/// What one iteration of a kernel costs.
struct Cost: Codable, Equatable {
    var instructions: Int
    var allocations: Int
    /// Asked of the allocator; told, not judged.
    var allocatedBytes: Int
}

/// A kernel as the runner lists it.
struct KernelEntry {
    let name: String
    let iterations: Int
    let dependsOnMachine: Bool
}

/// Counts what kernels cost: once with some iterations, once with twice as many. The difference is theirs alone; what
/// starting a process costs is in both.
struct Counter {
    /// The program that runs kernels.
    let runner: String
    /// The library that counts allocations.
    let library: String
    /// For what the tools write.
    let folder: URL

    func kernels() throws -> [KernelEntry] {
        try Command(runner, ["list"]).output().split(separator: "\n").map { line in
            let columns = line.split(separator: "\t", omittingEmptySubsequences: false)
            guard columns.count == 4, let iterations = Int(columns[1]) else {
                throw ReportFault("this line of the runner's list is not understood: \(line)")
            }
            return KernelEntry(
                name: String(columns[0]), iterations: iterations, dependsOnMachine: columns[2] == "machine")
        }
    }

    /// The cost of each, counted side by side on all cores: a count does not depend on who else runs.
    func costs(of kernels: [KernelEntry]) throws -> [String: Cost] {
        let outcomes = Mutex<[String: Result<Cost, any Error>]>([:])
        DispatchQueue.concurrentPerform(iterations: kernels.count) { index in
            let kernel = kernels[index]
            let outcome = Result { try cost(of: kernel) }
            outcomes.withLock { $0[kernel.name] = outcome }
        }
        return try outcomes.withLock { $0 }.mapValues { try $0.get() }
    }

    private func cost(of kernel: KernelEntry) throws -> Cost {
        let once = try count(kernel, iterations: kernel.iterations)
        let twice = try count(kernel, iterations: 2 * kernel.iterations)
        func each(_ field: KeyPath<Cost, Int>) -> Int {
            let difference = Double(twice[keyPath: field] - once[keyPath: field])
            return Int((difference / Double(kernel.iterations)).rounded())
        }
        return Cost(
            instructions: each(\.instructions), allocations: each(\.allocations),
            allocatedBytes: each(\.allocatedBytes))
    }

    /// The whole process, start included.
    private func count(_ kernel: KernelEntry, iterations: Int) throws -> Cost {
        let run = [runner, "run", kernel.name, String(iterations)]
        // Else every process puts its dictionaries in another order.
        let environment = ["SWIFT_DETERMINISTIC_HASHING": "1"]
        let log = folder.appendingPathComponent("\(kernel.name).\(iterations).log").path
        try Command(
            "valgrind", ["--tool=callgrind", "--callgrind-out-file=/dev/null", "--log-file=\(log)"] + run,
            environment: environment
        ).run()
        let counts = folder.appendingPathComponent("\(kernel.name).\(iterations).counts").path
        try Command(
            runner, Array(run.dropFirst()),
            environment: environment.merging(["LD_PRELOAD": library, "COUNTING_MALLOC_FILE": counts]) { $1 }
        ).run()
        return Cost(
            instructions: try number(after: "Collected", in: log), allocations: try number(after: "calls", in: counts),
            allocatedBytes: try number(after: "bytes", in: counts))
    }

    /// The last word of the line in which `word` stands.
    private func number(after word: String, in path: String) throws -> Int {
        let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
        guard let line = lines.first(where: { $0.contains(word) }), let number = line.split(separator: " ").last,
            let value = Int(number)
        else { throw ReportFault("there is no number after \"\(word)\" in \(path)") }
        return value
    }
}
