import Foundation

/// W10: what a connection costs that waits for its next request.
struct IdleWorkload: Workload {
    let name = WorkloadName.w10
    let place = Place.disk
    let sizes: Sizes
    let descriptorLimit: Int
    let peers: Set<PeerName> = [.nginx]

    /// Some descriptors are needed besides, here and in the servers.
    private var count: Int { min(sizes.idleCount, descriptorLimit - 200) }

    var title: String { "\(count) connections that wait after one small request each, resident bytes of each" }

    func neededBytes(servers: Int, rounds: Int) -> Int64 { 0 }

    func run(on stage: Stage, into samples: inout [Sample]) throws {
        for server in stage.servers {
            let series = Series(workload: name, place: place)
            // What the first requests of all allocate is not the connections'.
            for _ in 0..<64 { _ = try Connection(port: server.port).request("GET", "/healthz") }
            let before = server.tree.residentBytes()
            let sample = try stage.account(series, server, round: 1) { sample in
                let start = ContinuousClock.now
                var connections: [Connection] = []
                for _ in 0..<count {
                    let connection = try Connection(port: server.port)
                    if try connection.request("GET", "/healthz").status >= 500 { sample.failures += 1 }
                    connections.append(connection)
                }
                sample.seconds = start.elapsedSeconds
                sample.requests = count
                usleep(1_000_000)
                let grown = Double(server.tree.residentBytes() - before)
                sample.residentBytesPerConnection = grown / Double(count)
                // They stay open until here.
                withExtendedLifetime(connections) {}
            }
            Log.say("  \(server.name): \(Report.number((sample.residentBytesPerConnection ?? 0) / 1024)) KiB each")
            samples.append(sample)
        }
    }
}
