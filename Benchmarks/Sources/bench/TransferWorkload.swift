import Foundation

/// Bytes on their way in: W1 to W5.
struct TransferWorkload: Workload {
    let name: WorkloadName
    let place: Place
    let transfer: Transfer
    var client = Load.Client.plain
    /// Whether as much memory as will be written is touched right before each run and given back: what goes through
    /// the page cache is then written to memory that the machine has, which is the best case of those who use it.
    var touchesMemory = false
    /// Whether the call that ends the transfer belongs to what is timed.
    var clockCoversFinish = true
    /// Whether files are removed, outside of the clock, after each run; else everybody writes under new names and
    /// nothing is deleted before the workload is over.
    var removesBetweenRounds = true
    var maximumRounds = Int.max
    var peers = Set(PeerName.allCases)

    var title: String {
        let client = client == .curl ? ", sent by libcurl" : ""
        return "\(transfer.text)\(client)\(touchesMemory ? ", into memory touched before" : "")"
    }

    /// What tells series of memory that was touched before from the others.
    static let warm = "warm memory"

    private var series: Series {
        Series(workload: name, place: place, variant: touchesMemory ? Self.warm : client == .curl ? "curl" : "")
    }

    func neededBytes(servers: Int, rounds: Int) -> Int64 {
        let total = transfer.totalBytes
        guard !removesBetweenRounds else { return total + total / 4 }
        return (Int64(min(rounds, maximumRounds)) * total + transfer.warmUp().totalBytes) * Int64(servers)
    }

    func run(on stage: Stage, into samples: inout [Sample]) throws {
        for server in stage.servers {
            let sample = try measure(server, transfer.warmUp(), round: 0, on: stage)
            guard sample.failures == 0 else {
                throw BenchError("\(server.name) failed \(sample.failures) of \(sample.requests) while warming up.")
            }
            try server.verify(transfer.warmUp())
            try tidy(server, on: stage)
        }
        try stage.forEachInTurn(rounds: maximumRounds) { server, round in
            let sample = try measure(server, transfer, round: round, on: stage)
            Log.say(sample)
            samples.append(sample)
            try tidy(server, on: stage)
        }
    }

    private func tidy(_ server: any Server, on stage: Stage) throws {
        guard removesBetweenRounds else { return }
        try server.clear()
        _ = try Disk.sync(stage.folder)
    }

    private func measure(
        _ server: any Server, _ transfer: Transfer, round: Int, on stage: Stage
    ) throws -> Sample {
        let job = try server.job(for: transfer, round: round)
        try stage.load.prepare(job.requests)
        if touchesMemory { Machine.touchMemory(most: transfer.totalBytes + transfer.totalBytes / 4) }
        var sample = try stage.account(series, server, round: round) { sample in
            let result = try stage.load.run(
                on: server.port, client: client, connections: transfer.connections, rate: transfer.rate)
            sample.take(result, expecting: [200, 201, 204])
            guard clockCoversFinish, let finish = job.finish else { return }
            let start = ContinuousClock.now
            try finish()
            sample.seconds += start.elapsedSeconds
        }
        sample.secondsToDevice = sample.seconds + (try Disk.sync(stage.folder))
        if !clockCoversFinish { try job.finish?() }
        return sample
    }
}
