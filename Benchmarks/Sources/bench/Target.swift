import Foundation

/// What must be reached, and what was measured.
struct Target: Codable {
    let workload: String
    let demand: String
    /// `nil` when something that it needs was not measured.
    let measured: Double?
    let unit: String
    let isMet: Bool?
    var note = ""

    enum Bound {
        case atLeast(Double)
        case atMost(Double)
        case under(Double)
    }

    init(_ workload: String, _ demand: String, _ measured: Double?, _ bound: Bound, unit: String, note: String = "") {
        self.workload = workload
        self.demand = demand
        self.measured = measured
        self.unit = unit
        self.note = note
        isMet = measured.map { value in
            switch bound {
            case .atLeast(let least): value >= least
            case .atMost(let most): value <= most
            case .under(let limit): value < limit
            }
        }
    }

    var verdict: String {
        switch isMet {
        case true?: "met"
        case false?: "**missed**"
        case nil: "not measured"
        }
    }
}

/// All targets, as ratios of medians within one run.
struct Targets {
    private let rows: [Row]

    init(_ rows: [Row]) { self.rows = rows }

    var all: [Target] {
        [toDevice, toAnswer, memory, smallParts, slow, calls, rates, downloads, idle, overload, takeover].flatMap(
            \.self)
    }

    // MARK: Looking up

    private func row(_ workload: WorkloadName, _ server: String, _ place: Place = .disk, _ variant: String = "") -> Row?
    {
        rows.first { row in
            row.series == Series(workload: workload, place: place, variant: variant) && row.server == server
        }
    }

    private func gateway(_ workload: WorkloadName, _ place: Place = .disk, _ variant: String = "") -> Row? {
        row(workload, "sluice", place, variant)
    }

    /// The better of the two nginx settings, by this very measure.
    private func bestNginx(
        _ workload: WorkloadName, _ place: Place = .disk, _ variant: String = "", least: Bool = false,
        _ measure: (Row) -> Double?
    ) -> Double? {
        let names: [PeerName] = [.nginxLargeBuffer, .nginx]
        let values = names.compactMap { row(workload, $0.rawValue, place, variant).flatMap(measure) }
        return least ? values.min() : values.max()
    }

    private func ratio(_ value: Double?, _ base: Double?) -> Double? {
        guard let value, let base, base > 0 else { return nil }
        return value / base
    }

    /// W1 to W3 in both states of memory; the second only where it was measured.
    private var largeOnDisk: [(name: WorkloadName, variant: String, title: String)] {
        let all: [(name: WorkloadName, variant: String, title: String)] = [.w1, .w2, .w3].flatMap { name in
            [(name, "", "\(name.rawValue), disk"), (name, TransferWorkload.warm, "\(name.rawValue), warm memory")]
        }
        return all.filter { $0.variant.isEmpty || gateway($0.name, .disk, $0.variant) != nil }
    }

    // MARK: The table

    private var toDevice: [Target] {
        largeOnDisk.map { name, variant, title in
            let gateway = gateway(name, .disk, variant)
            let nginx = bestNginx(name, .disk, variant) { $0.deviceBytesPerSecond }
            let synced = ratio(gateway?.deviceBytesPerSecond, nginx).map { Report.number($0) }
            return Target(
                "\(title), bytes on the device", "throughput at least 1.3 x the best nginx with sync -f",
                ratio(gateway?.bytesPerSecond, nginx), .atLeast(1.3), unit: "x",
                note: synced.map { "with a sync -f behind the gateway's answer as well: \($0) x" } ?? "")
        }
    }

    private var toAnswer: [Target] {
        largeOnDisk.flatMap { name, variant, title in
            let gateway = gateway(name, .disk, variant)
            let place = "\(title), until the answer"
            return [
                Target(
                    place, "throughput at least 0.9 x the best nginx",
                    ratio(gateway?.bytesPerSecond, bestNginx(name, .disk, variant) { $0.bytesPerSecond }),
                    .atLeast(0.9), unit: "x"),
                Target(
                    place, "CPU per GiB at most 0.8 x the best nginx",
                    ratio(gateway?.cpuPerGiB, bestNginx(name, .disk, variant, least: true) { $0.cpuPerGiB }),
                    .atMost(0.8), unit: "x"),
                Target(
                    place, "CPU per GiB at most 1.4 x the direct-write limit",
                    ratio(gateway?.cpuPerGiB, row(name, PeerName.limitDirect.rawValue, .disk, variant)?.cpuPerGiB),
                    .atMost(1.4),
                    unit: "x"),
            ]
        }
    }

    private var memory: [Target] {
        let nginx = bestNginx(.w1, .memory, least: true) { $0.cpuPerGiB }
        return [
            Target(
                "W1, memory", "CPU per GiB at most 1.0 x the best nginx",
                ratio(gateway(.w1, .memory)?.cpuPerGiB, nginx), .atMost(1.0), unit: "x")
        ]
    }

    private var smallParts: [Target] {
        let bounds: [(place: Place, least: Double)] = [(.disk, 1.5), (.memory, 0.8)]
        return bounds.map { place, least in
            Target(
                "W4, \(place.rawValue)", "parts/s at least \(least) x the best nginx's PUTs/s",
                ratio(
                    gateway(.w4, place)?.requestsPerSecond, bestNginx(.w4, place) { $0.requestsPerSecond }),
                .atLeast(least), unit: "x")
        }
    }

    private var slow: [Target] {
        let gateway = gateway(.w5)
        return [
            Target(
                "W5", "peak memory under 96 MiB", gateway.map { $0.peakResidentBytes / Double(Sizes.mebibyte) },
                .under(96), unit: "MiB"),
            Target(
                "W5", "CPU under 1.25 x the best nginx",
                ratio(gateway?.cpuSeconds, bestNginx(.w5, least: true) { $0.cpuSeconds }), .under(1.25), unit: "x"),
        ]
    }

    private var calls: [Target] {
        let timed = rows.filter { $0.series.workload == .w6 }
        let completing = timed.filter { $0.series.variant.hasPrefix("complete ") }
        let growth =
            completing.count > 1
            ? ratio(completing.last?.milliseconds.p50, completing.first?.milliseconds.p50) : nil
        let largest = completing.last?.series.variant.dropFirst("complete ".count) ?? "10 GiB"
        return [
            Target(
                "W6", "complete at 10 GiB within 1.5 x of complete at 1 MiB", growth, .atMost(1.5), unit: "x",
                note: completing.isEmpty || largest == "10 GiB" ? "" : "largest size: \(largest)"),
            Target(
                "W6", "p99 under 20 ms", timed.map(\.milliseconds.p99).max(), .under(20), unit: "ms",
                note: "the highest of all sizes and both calls"),
        ]
    }

    private var rates: [Target] {
        let check = gateway(.w7, .disk, "check used")
        let issue = gateway(.w7, .disk, "issue")
        let finalize = gateway(.w8)
        let forged = gateway(.w7, .disk, "check forged").map { Report.number($0.requestsPerCPUSecond) }
        return [
            Target(
                "W7", "at least 20,000 checks/s per core", check?.requestsPerCPUSecond, .atLeast(20_000),
                unit: "/CPU s",
                note: "used links; by the gateway's CPU seconds" + (forged.map { ", forged links: \($0)" } ?? "")),
            Target("W7", "issuing at least 3,000/s durable", issue?.requestsPerSecond, .atLeast(3_000), unit: "/s"),
            Target("W8", "at least 2,000 finalizes/s", finalize?.requestsPerSecond, .atLeast(2_000), unit: "/s"),
            Target("W8", "p99 under 100 ms", finalize?.milliseconds.p99, .under(100), unit: "ms"),
        ]
    }

    private var downloads: [Target] {
        ["whole", "ranges"].map { variant in
            let nginx = row(.w9, PeerName.nginx.rawValue, .disk, variant)
            return Target(
                "W9, \(variant)", "CPU per GiB at most 1.2 x nginx with sendfile",
                ratio(gateway(.w9, .disk, variant)?.cpuPerGiB, nginx?.cpuPerGiB), .atMost(1.2), unit: "x")
        }
    }

    /// Requests that were served per second, and how much of the best of it is left.
    private var overload: [Target] {
        let goodputs = OverloadWorkload.connections.map { count in
            gateway(.w11, .disk, OverloadWorkload.variant(count))?.requestsPerSecond
        }
        let best = goodputs.compactMap(\.self).max()
        return zip(OverloadWorkload.connections, goodputs).dropFirst().map { count, goodput in
            Target(
                "W11", "goodput with \(count) connections at least 0.9 x the best", ratio(goodput, best), .atLeast(0.9),
                unit: "x")
        }
    }

    /// The slowest of all kinds of connections that are taken over from.
    private var takeover: [Target] {
        TakeoverWorkload.Call.allCases.map { call in
            let medians = AppendDialect.allCases.flatMap { dialect in
                Holder.Hold.allCases.compactMap { hold in
                    gateway(.w13, .disk, TakeoverWorkload.variant(dialect, hold, call))?.milliseconds.p50
                }
            }
            return Target(
                "W13", "\(call.rawValue) beside a connection that holds the upload within 50 ms", medians.max(),
                .atMost(50), unit: "ms", note: "the slowest of the medians")
        }
    }

    private var idle: [Target] {
        [
            Target(
                "idle connection", "at most 12 KiB resident each, at 10,000",
                gateway(.w10)?.residentBytesPerConnection.map { $0 / 1024 }, .atMost(12), unit: "KiB")
        ]
    }
}
