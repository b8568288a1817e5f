/// How a count stands to the one that was kept.
enum Verdict: Equatable {
    case same
    case better
    case worse
    /// Counted on another kind of machine; says nothing.
    case notComparable

    static func instructions(_ now: Int, kept: Int) -> Verdict {
        judge(now, kept: kept, slack: Double(kept) * Thresholds.instructionTolerance)
    }

    static func allocations(_ now: Int, kept: Int) -> Verdict {
        judge(
            now, kept: kept,
            slack: kept >= Thresholds.manyAllocations ? Double(kept) * Thresholds.allocationTolerance : 0)
    }

    private static func judge(_ now: Int, kept: Int, slack: Double) -> Verdict {
        let difference = Double(now - kept)
        if difference > slack { return .worse }
        return difference < -slack ? .better : .same
    }
}

/// A kernel with what it costs, what it cost, and what that means.
struct Row {
    let kernel: KernelEntry
    let cost: Cost
    /// `nil` when none was kept, or for another compiler.
    let kept: Cost?
    let instructions: Verdict
    let allocations: Verdict

    init(_ kernel: KernelEntry, _ cost: Cost, thresholds: Thresholds?, on machine: Machine) {
        self.kernel = kernel
        self.cost = cost
        kept = thresholds?.kernels[kernel.name]
        guard let thresholds, let kept else {
            (instructions, allocations) = (.notComparable, .notComparable)
            return
        }
        // Another valgrind simulates another processor, and code that asks for its abilities does other work on it.
        let isComparable =
            kernel.dependsOnMachine
            ? thresholds.machine == machine : thresholds.machine.architecture == machine.architecture
        instructions = isComparable ? .instructions(cost.instructions, kept: kept.instructions) : .notComparable
        allocations = .allocations(cost.allocations, kept: kept.allocations)
    }

    var isWorse: Bool { instructions == .worse || allocations == .worse }
    var isBetter: Bool { instructions == .better || allocations == .better }

    /// The judged counts beside the kept ones.
    var comparison: String {
        guard let kept else { return "nothing kept" }
        return "instructions \(cost.instructions), kept \(kept.instructions); "
            + "allocations \(cost.allocations), kept \(kept.allocations)"
    }

    /// What is to be said of it; empty when everything is as it was.
    var remark: String {
        var words: [String] = []
        if instructions == .worse { words.append("MORE INSTRUCTIONS") }
        if allocations == .worse { words.append("MORE ALLOCATIONS") }
        if instructions == .better { words.append("fewer instructions") }
        if allocations == .better { words.append("fewer allocations") }
        if kept != nil, instructions == .notComparable { words.append("instructions not judged on this machine") }
        return words.joined(separator: ", ")
    }
}
