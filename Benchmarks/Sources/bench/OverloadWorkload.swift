import Foundation

/// W11: what is left of the goodput when many more clients come than can be served at once.
struct OverloadWorkload: Workload {
    let name = WorkloadName.w11
    let place = Place.disk
    let sizes: Sizes
    let descriptorLimit: Int
    let peers: Set<PeerName> = [.nginx]

    /// Enough to use the machine up; then twice and many times as many.
    static let connections = [64, 128, 1024]

    static func variant(_ connections: Int) -> String { "\(connections) connections" }

    private var parts: Transfer { sizes.smallParts }

    var title: String {
        let counts = Self.connections.map { "\($0)" }.joined(separator: ", ")
        return "\(parts.count) parts of \(Sizes.label(parts.bytes)) over \(counts) connections"
    }

    func neededBytes(servers: Int, rounds: Int) -> Int64 { parts.totalBytes + parts.totalBytes / 4 }

    func run(on stage: Stage, into samples: inout [Sample]) throws {
        let counts = Self.connections.filter { $0 < descriptorLimit - 200 }
        try stage.forEachInTurn { server, round in
            for connections in round.isMultiple(of: 2) ? counts.reversed() : counts {
                let series = Series(workload: name, place: place, variant: Self.variant(connections))
                let job = try server.job(for: parts, round: round)
                let sample = try stage.send(
                    job.requests, series: series, to: server, round: round, connections: connections,
                    expecting: [200, 201, 204])
                try job.finish?()
                samples.append(sample)
                try server.clear()
                _ = try Disk.sync(stage.folder)
            }
        }
    }
}
