import Foundation

/// Rows of text in columns of one width; all but the first and the last column end at the same place.
struct Table {
    private var rows: [[String]]

    init(header: [String]) { rows = [header] }

    init(_ costs: [Row]) {
        self.init(header: ["kernel", "instructions", "kept", "change", "allocations", "kept", "bytes", ""])
        for row in costs {
            add([
                row.kernel.name, "\(row.cost.instructions)", Self.text(row.kept?.instructions),
                Self.change(row.cost.instructions, row.kept?.instructions), "\(row.cost.allocations)",
                Self.text(row.kept?.allocations), "\(row.cost.allocatedBytes)", row.remark,
            ])
        }
    }

    mutating func add(_ row: [String]) { rows.append(row) }

    var text: String {
        let widths = (rows.first ?? []).indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            let cells = row.enumerated().map { column, cell in
                let padding = String(repeating: " ", count: widths[column] - cell.count)
                return column == 0 || column == row.count - 1 ? cell + padding : padding + cell
            }
            return cells.joined(separator: "  ").trimmingCharacters(in: .whitespaces)
        }.joined(separator: "\n")
    }

    private static func text(_ number: Int?) -> String { number.map { "\($0)" } ?? "-" }

    private static func change(_ now: Int, _ kept: Int?) -> String {
        guard let kept, kept > 0 else { return "-" }
        return String(format: "%+.1f %%", 100 * Double(now - kept) / Double(kept))
    }
}
