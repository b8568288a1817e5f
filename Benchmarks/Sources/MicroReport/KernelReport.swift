/// Counts what every kernel costs and holds it against what was kept.
struct KernelReport {
    let counter: Counter
    /// Of the thresholds.
    let path: String
    /// As `swift --version` says it.
    let compiler: String

    /// Prints the table and what follows from it; answers whether nothing got worse.
    ///
    /// - Parameter keeping: whether the counts become the new thresholds.
    func run(keeping: Bool) throws -> Bool {
        let machine = try Machine()
        let kernels = try counter.kernels()
        let costs = try counter.costs(of: kernels)
        let thresholds = try Thresholds(path: path)
        let rows = kernels.compactMap { kernel in
            costs[kernel.name].map { Row(kernel, $0, thresholds: thresholds, on: machine) }
        }
        print("\(compiler), \(machine.processor), \(machine.valgrind); costs of one iteration\n")
        print(Table(rows).text, terminator: "\n\n")

        if keeping {
            try refuseChance(costs, try counter.costs(of: kernels))
            try Thresholds(compiler: compiler, machine: machine, kernels: costs).write(to: path)
            print("kept in \(path)")
            return true
        }
        guard let thresholds else {
            print("NOT COMPARED: there is no \(path). Scripts/micro --update keeps these values there.")
            return true
        }
        if thresholds.machine != machine || thresholds.compiler != compiler {
            print("kept with \(thresholds.compiler), \(thresholds.machine.processor), \(thresholds.machine.valgrind)")
        }
        return judge(rows, thresholds)
    }

    /// Says what is better and what is worse; answers whether everything passes.
    private func judge(_ rows: [Row], _ thresholds: Thresholds) -> Bool {
        for row in rows where row.isBetter {
            print("better: \(row.kernel.name) (\(row.remark)); Scripts/micro --update keeps what was won")
        }
        let gone = Set(thresholds.kernels.keys).subtracting(rows.map(\.kernel.name)).sorted()
        let failures =
            rows.filter { $0.kept == nil }.map { "nothing is kept for \($0.kernel.name); Scripts/micro --update" }
            + gone.map { "there is no kernel \($0) any more; Scripts/micro --update" }
            + rows.filter(\.isWorse).map { "\($0.kernel.name): \($0.remark) (\($0.comparison))" }
        for failure in failures { print("FAILED: \(failure)") }
        if failures.isEmpty { print("no kernel costs more than was kept") }
        return failures.isEmpty
    }

    /// A threshold on what two counts tell differently would judge chance.
    private func refuseChance(_ first: [String: Cost], _ second: [String: Cost]) throws {
        for (name, cost) in first.sorted(by: { $0.key < $1.key }) {
            guard let again = second[name], again.allocations == cost.allocations,
                abs(Double(again.instructions - cost.instructions))
                    <= Thresholds.repeatability * Double(cost.instructions)
            else { throw ReportFault("two counts of \(name) differ; nothing is kept") }
        }
    }
}
