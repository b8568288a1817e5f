import Foundation

/// One way to load the servers.
protocol Workload {
    var name: WorkloadName { get }
    var place: Place { get }
    /// What is done, for the headings of the report.
    var title: String { get }
    /// Whom the gateway is compared with here.
    var peers: Set<PeerName> { get }
    /// More than its files ever take at one time.
    func neededBytes(servers: Int, rounds: Int) -> Int64
    /// Appends each sample when it is taken, so that those before a failure are kept.
    func run(on stage: Stage, into samples: inout [Sample]) throws
}

/// Where a workload runs: its folder and the servers, started afresh.
struct Stage {
    let folder: String
    let place: Place
    let rounds: Int
    let load: Load
    let gateway: Gateway
    let peers: [any Server]

    var servers: [any Server] { [gateway] + peers }

    /// A B C, then C B A, and so on: what drifts during a run meets all alike.
    func forEachInTurn(rounds limit: Int = .max, _ body: (any Server, Int) throws -> Void) rethrows {
        for round in 1...max(min(rounds, limit), 1) {
            for server in round.isMultiple(of: 2) ? servers.reversed() : servers { try body(server, round) }
        }
    }

    /// Runs something between two readings of the kernel's accounting.
    func account(
        _ series: Series, _ server: any Server, round: Int, _ body: (inout Sample) throws -> Void
    ) throws -> Sample {
        var sample = Sample(series, server, round: round)
        server.tree.resetPeak()
        let before = server.tree.cpuTime()
        try body(&sample)
        sample.cpu = server.tree.cpuTime() - before
        sample.peakResidentBytes = server.tree.peakResidentBytes()
        return sample
    }

    /// Sends requests and takes the sample.
    func send(
        _ requests: [Request], series: Series, to server: any Server, round: Int, connections: Int,
        expecting statuses: Set<Int>
    ) throws -> Sample {
        try load.prepare(requests)
        let sample = try account(series, server, round: round) { sample in
            sample.take(try load.run(on: server.port, connections: connections), expecting: statuses)
        }
        Log.say(sample)
        return sample
    }
}

extension Log {
    static func say(_ sample: Sample) {
        let rate = Statistics.ratio(Double(sample.requests), sample.seconds)
        let gigabytes = Statistics.ratio(Double(sample.bytes) / 1e9, sample.seconds)
        let failures = sample.failures > 0 ? "   \(sample.failures) FAILED" : ""
        say(
            "  \(sample.server) \(sample.series.variant) round \(sample.round): \(Report.number(sample.seconds)) s, "
                + "\(Report.number(gigabytes)) GB/s, \(Report.number(rate))/s, "
                + "\(Report.number(sample.cpu.total)) s of CPU, \(sample.peakResidentBytes >> 20) MiB\(failures)")
    }
}
