import Foundation

/// The report to be read.
extension Report {
    var markdown: String {
        var sections = [head, targetTable]
        sections += ["## Ratios\n\nOf medians, the gateway to a peer of the same run.\n\n" + ratioTable]
        for title in titles {
            let found = rows.filter { $0.series.workload == title.workload && $0.series.place == title.place }
            let place = fileSystem(title.place)
            sections.append(
                "## \(title.workload.rawValue) on \(place)\n\n\(title.text).\n\n"
                    + table(found, of: title.workload))
        }
        return sections.joined(separator: "\n\n") + "\n"
    }

    private func fileSystem(_ place: Place) -> String {
        let name = machine.fileSystems[place.rawValue]?.prefix { $0 != " " } ?? "unknown"
        return place == .memory ? "\(name) (memory)" : "\(name) (disk)"
    }

    /// Failures and gaps come before every number.
    private var head: String {
        let failed = rows.filter { $0.failures > 0 }.map { row in
            let series = row.series
            return "**\(row.failures) FAILED requests: \(series.workload.rawValue) \(series.variant) "
                + "on \(fileSystem(series.place)), \(row.server)**"
        }
        let notes = (failed + remarks).map { "- \($0)\n" }.joined()
        let versions = machine.versions.sorted { $0.key < $1.key }.map { "| \($0.key) | \($0.value) |\n" }.joined()
        let trial = scale > 1 ? "\n**A trial with sizes divided by \(scale): these numbers say nothing.**\n" : ""
        return """
            # What was measured, \(machine.date)
            \(trial)
            \(notes)
            | | |
            | --- | --- |
            | kernel | \(machine.kernel) |
            | processor | \(machine.processor), \(machine.cores) cores |
            | memory | \(Self.number(Double(machine.memoryBytes) / Double(Sizes.gibibyte))) GiB |
            | disk | \(machine.fileSystems[Place.disk.rawValue] ?? "") |
            | memory file system | \(machine.fileSystems[Place.memory.rawValue] ?? "") |
            \(versions)
            - \(rounds) rounds\(isQuick ? " of a quick run" : ""), in the order A B C, C B A and so on, after a \
            warm-up that is not counted; every number is the median of its rounds. W5 has fewer rounds, W6 and idle one.
            - All servers are started afresh for each workload. None keeps a log of requests.
            - The gateway runs with `\(gatewaySettings.joined(separator: " "))`; everything else is as it is by default.
            - *On the device*: for all alike, until `sync -f` of the folder has ended behind the last answer. The \
            gateway and limit-direct need no sync: their bytes are there when they answer.
            - *\(TransferWorkload.warm)*: right before each run as much memory as it writes, and a quarter more, was \
            touched and given back, so that the page cache need not ask the host for its pages: the best case of peers. \
            The other rows take memory as it comes. Rows of warm memory have at most three rounds.
            - In W1, W2, W3, W5 and on the memory file system everybody's files are removed after each run, outside of \
            the clock. In W4 on the disk everybody writes under new names and nothing is deleted before its end.
            - W3 and W4 are parts of one upload for the gateway; peers have no such thing and get a file for each \
            part. The clock of W3 covers the completion, that of W4 the parts alone.
            - CPU is user and system time of the server's process tree, by the kernel's accounting, until the last \
            answer. What the kernel writes back later on its own threads is counted for nobody.
            - Peak memory is the sum over the processes of the tree (VmHWM), begun anew before each run.
            """
    }

    private var targetTable: String {
        let lines = targets.map { target in
            let measured = target.measured.map { "\(Self.number($0)) \(target.unit)" } ?? "–"
            return "| \(target.workload) | \(target.demand) | \(measured) | \(target.verdict) | \(target.note) |"
        }
        let header = "| workload | target | measured | | |\n| --- | --- | ---: | --- | --- |\n"
        return "## Targets\n\n" + header + lines.joined(separator: "\n")
    }

    private var ratioTable: String {
        var lines = ["| workload | peer | GB/s, until the answer | GB/s, on the device | CPU s/GiB |"]
        lines.append("| --- | --- | ---: | ---: | ---: |")
        func ratio(_ value: Double?, _ base: Double?) -> String {
            guard let value, let base, base > 0 else { return "–" }
            return "\(Self.number(value / base)) x"
        }
        for own in rows where own.server == "sluice" && [.w1, .w2, .w3, .w4].contains(own.series.workload) {
            for peer in rows where peer.series == own.series && peer.server != own.server {
                let variant = own.series.variant.isEmpty ? "" : ", \(own.series.variant)"
                lines.append(
                    "| \(own.series.workload.rawValue)\(variant), \(fileSystem(own.series.place)) | \(peer.server) "
                        + "| \(ratio(own.bytesPerSecond, peer.bytesPerSecond)) "
                        + "| \(ratio(own.deviceBytesPerSecond, peer.deviceBytesPerSecond)) "
                        + "| \(ratio(own.cpuPerGiB, peer.cpuPerGiB)) |")
            }
        }
        return lines.joined(separator: "\n")
    }

    // MARK: Tables of one workload

    private typealias Column = (name: String, text: (Row) -> String)

    private func table(_ rows: [Row], of workload: WorkloadName) -> String {
        let columns: [Column] = [("server", { $0.server })] + columns(of: workload) + [("failures", Self.failures)]
        let header = columns.map(\.name).joined(separator: " | ")
        let rule = columns.map { ["server", "", "durable"].contains($0.name) ? "---" : "---:" }
        let lines = rows.map { row in columns.map { $0.text(row) }.joined(separator: " | ") }
        return (["| \(header) |", "| \(rule.joined(separator: " | ")) |"] + lines.map { "| \($0) |" })
            .joined(separator: "\n")
    }

    private static func failures(_ row: Row) -> String { row.failures > 0 ? "**\(row.failures) FAILED**" : "0" }

    private func columns(of workload: WorkloadName) -> [Column] {
        let variant: Column = ("", { $0.series.variant })
        let promise: Column = ("durable", { $0.promise })
        let rate: Column = ("requests/s", { Self.number($0.requestsPerSecond) })
        let throughput: Column = (
            "GB/s (least–most)",
            { row in
                let speeds = [row.bytesPerSecond, row.leastBytesPerSecond, row.mostBytesPerSecond]
                let texts = speeds.map { Self.number($0 / 1e9) }
                return "\(texts[0]) (\(texts[1])–\(texts[2]))"
            }
        )
        let device: Column = (
            "GB/s, on the device", { row in row.deviceBytesPerSecond.map { Self.number($0 / 1e9) } ?? "–" }
        )
        let latency: [Column] = [
            ("p50 ms", { Self.number($0.milliseconds.p50) }), ("p95 ms", { Self.number($0.milliseconds.p95) }),
            ("p99 ms", { Self.number($0.milliseconds.p99) }),
        ]
        let cpuPerGiB: [Column] = [
            ("CPU s/GiB user", { Self.number($0.userPerGiB) }), ("system", { Self.number($0.systemPerGiB) }),
            ("both", { Self.number($0.cpuPerGiB) }),
        ]
        let cpu: Column = ("CPU s", { Self.number($0.cpuSeconds) })
        let memory: Column = ("peak MiB", { Self.number($0.peakResidentBytes / Double(Sizes.mebibyte)) })
        switch workload {
        case .w1: return [variant, promise, throughput, device] + latency + cpuPerGiB + [memory]
        case .w2, .w3: return [variant, promise, throughput, device, rate] + latency + cpuPerGiB + [memory]
        case .w4: return [promise, throughput, device, rate] + latency + cpuPerGiB + [memory]
        case .w5: return [promise, throughput] + latency + [cpu] + cpuPerGiB + [memory]
        case .w6: return [variant] + latency + [("most ms", { Self.number($0.milliseconds.max) })]
        case .w7, .w8:
            let perCore: Column = ("per CPU second", { Self.number($0.requestsPerCPUSecond) })
            return [variant, rate, perCore] + latency + [cpu, memory]
        case .w9: return [variant, throughput, rate] + latency + cpuPerGiB + [memory]
        case .w11: return [variant, rate] + latency + [cpu, memory]
        case .w12: return [variant, promise, throughput, device, rate] + latency + cpuPerGiB + [memory]
        case .w13: return [variant] + latency + [("most ms", { Self.number($0.milliseconds.max) })]
        case .w10:
            let resident: Column = (
                "KiB each", { row in row.residentBytesPerConnection.map { Self.number($0 / 1024) } ?? "–" }
            )
            return [resident, memory]
        }
    }

    // MARK: The README's table

    /// W1 to W4 as the README shows them.
    var shortTable: String {
        var lines = [
            "| | server | durable when it answers | GB/s | GB/s, on the device | requests/s | CPU s/GiB | peak MiB |",
            "| --- | --- | --- | ---: | ---: | ---: | ---: | ---: |",
        ]
        let shown = ["", TransferWorkload.warm]
        for row in rows
        where [.w1, .w2, .w3, .w4].contains(row.series.workload) && shown.contains(row.series.variant) {
            let device = row.deviceBytesPerSecond.map { Self.number($0 / 1e9) } ?? "–"
            let peak = Self.number(row.peakResidentBytes / Double(Sizes.mebibyte))
            let rate = row.series.workload == .w4 ? Self.number(row.requestsPerSecond) : "–"
            let failed = row.failures > 0 ? " **\(row.failures) FAILED**" : ""
            let variant = row.series.variant.isEmpty ? "" : ", \(row.series.variant)"
            let place = row.series.place == .memory ? ", \(fileSystem(.memory))" : variant
            lines.append(
                "| \(row.series.workload.rawValue)\(place) | \(row.server)\(failed) | \(row.promise) "
                    + "| \(Self.number(row.bytesPerSecond / 1e9)) | \(device) | \(rate) "
                    + "| \(Self.number(row.cpuPerGiB)) | \(peak) |"
            )
        }
        let texts = titles.filter { [.w1, .w2, .w3, .w4].contains($0.workload) && $0.place == .disk }
        var told: Set<WorkloadName> = []
        let legend = texts.filter { told.insert($0.workload).inserted }
            .map { "\($0.workload.rawValue): \($0.text)" }.joined(separator: "; ")
        let command = isQuick ? "Scripts/bench --quick" : "Scripts/bench"
        return lines.joined(separator: "\n")
            + "\n\n\(legend). Medians of \(rounds) rounds by `\(command)` on \(machine.processor), "
            + "\(machine.cores) cores, \(fileSystem(.disk)), \(machine.date).\n"
    }
}
