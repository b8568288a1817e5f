import Foundation

/// W12: one file in order, in one request and in many, in the protocols that go on after a break.
struct AppendWorkload: Workload {
    let name = WorkloadName.w12
    let place = Place.disk
    let sizes: Sizes
    /// Those that speak no such protocol get a `PUT` of the same size for each request.
    let peers: Set<PeerName> = [.nginxLargeBuffer, .nginx, .tusd]

    private static let pieceBytes = 8 * Sizes.mebibyte

    /// How one file is sent.
    private struct Way {
        /// `nil`: a `PUT` for each piece.
        let dialect: AppendDialect?
        let pieceBytes: Int64
        let variant: String
    }

    /// The name of a series; without a dialect it is what others are compared with.
    static func variant(_ dialect: AppendDialect?, isWhole: Bool) -> String {
        "\(dialect?.rawValue ?? "PUT"), \(isWhole ? "whole" : Sizes.label(pieceBytes))"
    }

    private func ways(of server: any Server) -> [Way] {
        let dialects = (server as? any AppendServer)?.appendDialects.map(Optional.some) ?? [nil]
        return dialects.flatMap { dialect in
            [true, false].map { isWhole in
                Way(
                    dialect: dialect, pieceBytes: isWhole ? sizes.appendBytes : Self.pieceBytes,
                    variant: Self.variant(dialect, isWhole: isWhole))
            }
        }
    }

    var title: String {
        "one file of \(Sizes.label(sizes.appendBytes)) over one connection, in one request and in requests of "
            + "\(Sizes.label(Self.pieceBytes)) one after the other: PATCH of tus and of Resumable Uploads; PUT to peers "
            + "that speak neither"
    }

    func neededBytes(servers: Int, rounds: Int) -> Int64 { sizes.appendBytes * 5 / 4 }

    func run(on stage: Stage, into samples: inout [Sample]) throws {
        // The first one warms up and is not counted.
        for server in stage.servers {
            for way in ways(of: server) { _ = try measure(server, way, round: 0, on: stage) }
        }
        try stage.forEachInTurn { server, round in
            let ways = ways(of: server)
            for way in round.isMultiple(of: 2) ? ways.reversed() : ways {
                let sample = try measure(server, way, round: round, on: stage)
                Log.say(sample)
                samples.append(sample)
            }
        }
    }

    private func measure(_ server: any Server, _ way: Way, round: Int, on stage: Stage) throws -> Sample {
        let bytes = round == 0 ? max(sizes.appendBytes / 4, Sizes.mebibyte) : sizes.appendBytes
        let series = Series(workload: name, place: place, variant: way.variant)
        let job: Job
        if let dialect = way.dialect, let server = server as? any AppendServer {
            job = try server.job(dialect, bytes: bytes, pieceBytes: way.pieceBytes)
        } else {
            let count = Int((bytes + way.pieceBytes - 1) / way.pieceBytes)
            job = try server.job(
                for: Transfer(shape: .files, count: count, bytes: min(way.pieceBytes, bytes), connections: 1),
                round: round)
        }
        try stage.load.prepare(job.requests)
        var sample = try stage.account(series, server, round: round) { sample in
            sample.take(try stage.load.run(on: server.port, connections: 1), expecting: [200, 201, 204])
        }
        sample.secondsToDevice = sample.seconds + (try Disk.sync(stage.folder))
        guard Disk.storedBytes(server.storage) >= bytes else {
            throw BenchError("\(server.name) has not stored all that it acknowledged (\(way.variant)).")
        }
        try server.clear()
        _ = try Disk.sync(stage.folder)
        return sample
    }
}
