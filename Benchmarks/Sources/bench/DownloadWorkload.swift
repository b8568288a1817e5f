import Foundation

/// W9: reading files, whole and by ranges.
struct DownloadWorkload: Workload {
    let name = WorkloadName.w9
    let place = Place.disk
    let sizes: Sizes
    let peers: Set<PeerName> = [.nginx]

    var title: String {
        "a file of \(Sizes.label(sizes.downloadBytes)) read \(sizes.downloadCount) times as a whole, "
            + "and \(sizes.rangeCount) ranges of \(Sizes.label(rangeBytes)) of it over 16 connections"
    }

    private var rangeBytes: Int64 { min(Sizes.mebibyte, sizes.downloadBytes / 2) }

    func neededBytes(servers: Int, rounds: Int) -> Int64 { sizes.downloadBytes * Int64(servers) }

    func run(on stage: Stage, into samples: inout [Sample]) throws {
        var targets: [String: String] = [:]
        for server in stage.servers { targets[server.name] = try store(on: server, stage) }
        // The first reading warms up, and brings the file into the page cache for all alike.
        for server in stage.servers { _ = try read(targets[server.name], from: server, round: 0, stage) }
        try stage.forEachInTurn { server, round in
            samples += try read(targets[server.name], from: server, round: round, stage)
        }
    }

    /// - Returns: where the file is read.
    private func store(on server: any Server, _ stage: Stage) throws -> String {
        let transfer = Transfer(shape: .files, count: 1, bytes: sizes.downloadBytes, connections: 1)
        var target = ""
        var requests: [Request] = []
        if let gateway = server as? Gateway {
            let link = try gateway.links(1, bytes: transfer.bytes)
            requests = try link.map { try gateway.putRequest($0, body: .generated(transfer.bytes)) }
            target = try link.first.map { try Gateway.target(of: $0.accessUrl) } ?? ""
        } else {
            requests = try server.job(for: transfer, round: 0).requests
            target = requests.first?.target ?? ""
        }
        try stage.load.prepare(requests)
        let result = try stage.load.run(on: server.port, connections: 1)
        guard result.failures(expecting: [200, 201, 204]) == 0 else {
            throw BenchError("\(server.name) does not take the file to be read: \(result.statuses)")
        }
        _ = try Disk.sync(stage.folder)
        return target
    }

    private func read(_ target: String?, from server: any Server, round: Int, _ stage: Stage) throws -> [Sample] {
        guard let target else { return [] }
        let whole = Request(method: "GET", target: target)
        let wholes = try stage.send(
            Array(repeating: whole, count: sizes.downloadCount),
            series: Series(workload: name, place: place, variant: "whole"), to: server, round: round, connections: 1,
            expecting: [200])
        let ranges = try stage.send(
            rangeRequests(target), series: Series(workload: name, place: place, variant: "ranges"), to: server,
            round: round, connections: 16, expecting: [206])
        return [wholes, ranges].map { checked($0) }
    }

    /// An answer with too few bytes is none.
    private func checked(_ sample: Sample) -> Sample {
        let expected = Int64(sample.requests) * (sample.series.variant == "whole" ? sizes.downloadBytes : rangeBytes)
        guard sample.failures == 0, sample.bytes != expected else { return sample }
        var sample = sample
        sample.failures = sample.requests
        Log.say("  \(sample.server) sent \(sample.bytes) bytes and not \(expected)")
        return sample
    }

    /// Places that look random and are the same in every run.
    private func rangeRequests(_ target: String) -> [Request] {
        var state: UInt64 = 1
        return (0..<sizes.rangeCount).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let first = Int64(state >> 33) % (sizes.downloadBytes - rangeBytes + 1)
            return Request(
                method: "GET", target: target, headers: [("Range", "bytes=\(first)-\(first + rangeBytes - 1)")])
        }
    }
}
