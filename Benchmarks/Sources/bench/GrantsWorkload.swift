import Foundation

/// W7: issuing signed links and checking them.
struct GrantsWorkload: Workload {
    let name = WorkloadName.w7
    let place = Place.disk
    let sizes: Sizes
    let peers: Set<PeerName> = []

    var title: String { "\(sizes.linkCount) links issued, and checked: used ones (409) and forged ones (403)" }

    func neededBytes(servers: Int, rounds: Int) -> Int64 { Sizes.gibibyte }

    func run(on stage: Stage, into samples: inout [Sample]) throws {
        let gateway = stage.gateway
        // Every file that is made here is tiny; the links are used up before they are measured.
        let links = try gateway.links(64, bytes: 64)
        try stage.load.prepare(try links.map { try gateway.putRequest($0, body: .generated(64)) })
        let puts = try stage.load.run(on: gateway.port, connections: 8)
        guard puts.failures(expecting: [200]) == 0 else {
            throw BenchError("The gateway refused tiny files: \(puts.statuses)")
        }
        let used = try links.map { try gateway.putRequest($0, body: .none) }
        let forged = used.map { request in
            let last = request.target.last == "A" ? "B" : "A"
            return Request(method: "PUT", target: request.target.dropLast() + last, headers: request.headers)
        }
        let phases: [(variant: String, requests: [Request], status: Int)] = [
            ("issue", [gateway.linkRequest()], 200), ("check used", used, 409), ("check forged", forged, 403),
        ]
        for round in 0...stage.rounds {
            for phase in phases {
                let count = round == 0 ? max(sizes.linkCount / 8, 64) : sizes.linkCount
                let requests = (0..<count).map { phase.requests[$0 % phase.requests.count] }
                let sample = try stage.send(
                    requests, series: Series(workload: name, place: place, variant: phase.variant), to: gateway,
                    round: round, connections: 64, expecting: [phase.status])
                if round > 0 { samples.append(sample) }
            }
        }
    }
}
