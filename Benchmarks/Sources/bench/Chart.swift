import Foundation

/// W1 to W4 as bars: throughput at the left, CPU per GiB at the right, each with a scale of its own per workload.
struct Chart {
    private struct Bar {
        let label: String
        let value: Double
        /// Drawn darker inside of the bar: what was on the device.
        let inner: Double?
        let text: String
        let isOurs: Bool
    }

    private let rows: [Row]
    private let machine: Machine

    private let labelWidth = 92.0
    private let panelWidth = 330.0
    private let valueWidth = 96.0
    private let barHeight = 15.0
    private let gap = 4.0
    private let groupHead = 26.0
    private var columnWidth: Double { labelWidth + panelWidth + valueWidth }

    init(_ rows: [Row], machine: Machine) {
        self.rows = rows.filter { [.w1, .w2, .w3, .w4].contains($0.series.workload) && $0.series.variant.isEmpty }
        self.machine = machine
    }

    private var groups: [(series: Series, rows: [Row])] {
        var found: [(series: Series, rows: [Row])] = []
        for row in rows {
            if let index = found.firstIndex(where: { $0.series == row.series }) {
                found[index].rows.append(row)
            } else {
                found.append((row.series, [row]))
            }
        }
        return found
    }

    var svg: String {
        var body = ""
        var top = 70.0
        for group in groups {
            body += panel(title(group.series) + ", GB/s", throughput(group.rows), left: 20, top: top)
            body += panel("CPU s/GiB, less is better", cost(group.rows), left: 40 + columnWidth, top: top)
            top += groupHead + Double(group.rows.count) * (barHeight + gap) + 14
        }
        let width = 60 + 2 * columnWidth
        return """
            <svg xmlns="http://www.w3.org/2000/svg" width="\(plain(width))" height="\(plain(top + 10))" \
            viewBox="0 0 \(plain(width)) \(plain(top + 10))" font-family="system-ui, sans-serif" font-size="12">
            <rect width="100%" height="100%" fill="#ffffff"/>
            <text x="20" y="28" font-size="17" font-weight="600" fill="#1a1a1a">Taking bytes in</text>
            <text x="20" y="48" fill="#555555">\(escaped(subtitle))</text>
            \(body)</svg>

            """
    }

    private var subtitle: String {
        "Light: until the last answer. Dark: until the bytes are on the device. \(machine.processor), "
            + "\(machine.cores) cores, \(machine.date)"
    }

    private func title(_ series: Series) -> String {
        let system = machine.fileSystems[series.place.rawValue]?.prefix { $0 != " " } ?? ""
        return "\(series.workload.rawValue) on \(system)"
    }

    private func throughput(_ rows: [Row]) -> [Bar] {
        rows.map { row in
            let inner = row.deviceBytesPerSecond.map { $0 / 1e9 }
            let value = row.bytesPerSecond / 1e9
            let text = [value, inner].compactMap { $0.map { Report.number($0) } }.joined(separator: " / ")
            return Bar(label: row.server, value: value, inner: inner, text: text, isOurs: row.server == "sluice")
        }
    }

    private func cost(_ rows: [Row]) -> [Bar] {
        rows.map { row in
            Bar(
                label: row.server, value: row.cpuPerGiB, inner: nil, text: Report.number(row.cpuPerGiB),
                isOurs: row.server == "sluice")
        }
    }

    private func panel(_ title: String, _ bars: [Bar], left: Double, top: Double) -> String {
        let most = max(bars.map { max($0.value, $0.inner ?? 0) }.max() ?? 0, 1e-9)
        var text = word(title, left, top + 12, "font-weight='600' fill='#1a1a1a'")
        var y = top + groupHead - 6
        for bar in bars {
            let x = left + labelWidth
            let width = bar.value / most * panelWidth
            let (light, dark) = bar.isOurs ? ("#f29a76", "#d9480f") : ("#b4bdc9", "#6b7788")
            let baseline = y + barHeight - 3.5
            text += word(bar.label, x - 6, baseline, "text-anchor='end' fill='#1a1a1a'")
            text += rectangle(x, y, width, fill: bar.inner == nil ? dark : light)
            if let inner = bar.inner { text += rectangle(x, y, inner / most * panelWidth, fill: dark) }
            let end = x + max(width, (bar.inner ?? 0) / most * panelWidth)
            text += word(bar.text, end + 5, baseline, "fill='#333333'")
            y += barHeight + gap
        }
        return text
    }

    private func word(_ text: String, _ x: Double, _ y: Double, _ attributes: String) -> String {
        "<text x='\(plain(x))' y='\(plain(y))' \(attributes)>\(escaped(text))</text>\n"
    }

    private func rectangle(_ x: Double, _ y: Double, _ width: Double, fill: String) -> String {
        "<rect x='\(plain(x))' y='\(plain(y))' width='\(plain(width))' height='\(plain(barHeight))' fill='\(fill)'/>\n"
    }

    private func plain(_ value: Double) -> String { String(format: "%.1f", value) }

    private func escaped(_ text: String) -> String {
        text.replacingOccurrences(of: "&", with: "&amp;").replacingOccurrences(of: "<", with: "&lt;")
    }
}
