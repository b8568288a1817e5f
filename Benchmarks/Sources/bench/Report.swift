import Foundation

/// Everything that a run has found, as it is written down.
struct Report: Codable {
    let machine: Machine
    let isQuick: Bool
    let scale: Int
    let rounds: Int
    let gatewaySettings: [String]
    /// What was done, by workload and place.
    let titles: [Title]
    /// Peers that were left out, workloads that broke off.
    let remarks: [String]
    let samples: [Sample]
    let rows: [Row]
    let targets: [Target]

    struct Title: Codable {
        let workload: WorkloadName
        let place: Place
        let text: String
    }

    init(
        _ options: Options, machine: Machine, titles: [Title], remarks: [String], samples: [Sample]
    ) {
        self.machine = machine
        isQuick = options.isQuick
        scale = options.scale
        rounds = options.rounds
        gatewaySettings = Gateway.settings + options.gatewayOptions
        self.titles = Self.sorted(titles) { ($0.place, $0.workload) }
        self.remarks = remarks
        self.samples = samples
        rows = Self.sorted(Row.all(samples)) { ($0.series.place, $0.series.workload) }
        targets = Targets(rows).all
    }

    /// The disk first, then by workload; what is equal stays in the order in which it was measured.
    private static func sorted<Element>(
        _ elements: [Element], by key: (Element) -> (place: Place, workload: WorkloadName)
    ) -> [Element] {
        Place.allCases.flatMap { place in
            WorkloadName.allCases.flatMap { workload in elements.filter { key($0) == (place, workload) } }
        }
    }

    /// Writes all forms of it.
    func write(_ options: Options) throws {
        try Disk.makeFolder(options.results)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let base = options.results + "/" + options.resultPrefix
        try encoder.encode(self).write(to: URL(fileURLWithPath: base + "bench.json"))
        let files = [
            ("bench.md", markdown), ("README-table.md", shortTable), ("bench.svg", Chart(rows, machine: machine).svg),
        ]
        for (name, text) in files { try text.write(toFile: base + name, atomically: true, encoding: .utf8) }
    }

    /// Three digits that matter, with commas in what is long.
    static func number(_ value: Double) -> String {
        let digits = value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2
        let text = String(format: "%.\(digits)f", value)
        guard digits == 0 else { return text }
        var grouped = ""
        for (index, character) in text.reversed().enumerated() {
            if index > 0, index.isMultiple(of: 3), character != "-" { grouped.append(",") }
            grouped.append(character)
        }
        return String(grouped.reversed())
    }
}
