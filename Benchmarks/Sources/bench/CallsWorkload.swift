import Foundation

/// W6: how long it takes to begin and to complete an upload in parts, as files grow.
struct CallsWorkload: Workload {
    let name = WorkloadName.w6
    let place = Place.disk
    let sizes: Sizes
    let peers: Set<PeerName> = []

    private static let partBytes = 8 * Sizes.mebibyte

    var title: String { "creating and completing uploads in parts, these two calls alone" }

    func neededBytes(servers: Int, rounds: Int) -> Int64 {
        // Files of one size are kept until all of that size were timed, but for the largest.
        sizes.callSizes.map { $0.repetitions > 3 ? Int64($0.repetitions) * $0.bytes : $0.bytes }.max() ?? 0
    }

    func run(on stage: Stage, into samples: inout [Sample]) throws {
        _ = try time(bytes: Sizes.mebibyte, on: stage)
        for size in sizes.callSizes {
            var creating: [Double] = []
            var completing: [Double] = []
            for _ in 0..<size.repetitions {
                let times = try time(bytes: size.bytes, on: stage)
                creating.append(times.create)
                completing.append(times.complete)
                if size.repetitions <= 3 { try stage.gateway.clear() }
            }
            try stage.gateway.clear()
            for (call, times) in [("create", creating), ("complete", completing)] {
                let series = Series(workload: name, place: place, variant: "\(call) \(size.label)")
                var sample = Sample(series, stage.gateway, round: 1)
                sample.requests = times.count
                sample.seconds = times.reduce(0, +) / 1000
                sample.milliseconds = Latency(of: times)
                sample.callMilliseconds = times
                Log.say("  \(series.variant): \(Report.number(sample.milliseconds.p50)) ms")
                samples.append(sample)
            }
        }
    }

    /// - Returns: milliseconds of the two calls; the parts are sent between them.
    private func time(bytes: Int64, on stage: Stage) throws -> (create: Double, complete: Double) {
        let gateway = stage.gateway
        let created = ContinuousClock.now
        let fileID = try gateway.create(bytes: bytes, partBytes: Self.partBytes)
        let createMilliseconds = created.elapsedSeconds * 1000
        try stage.load.prepare(gateway.partRequests(of: fileID, bytes: bytes, partBytes: Self.partBytes))
        let result = try stage.load.run(on: gateway.port, connections: 8)
        guard result.failures(expecting: [204]) == 0 else {
            throw BenchError("The gateway refused parts: \(result.statuses)")
        }
        let completed = ContinuousClock.now
        try gateway.complete(fileID, bytes: bytes)
        return (createMilliseconds, completed.elapsedSeconds * 1000)
    }
}
