import Dispatch
import Foundation
import Synchronization

/// W8: complete files become media items.
struct FinalizeWorkload: Workload {
    let name = WorkloadName.w8
    let place = Place.disk
    let sizes: Sizes
    let peers: Set<PeerName> = []

    private static let clients = 64
    private static let boundary = "sluice-bench-boundary"

    var title: String { "\(sizes.finalizeCount) different files finalized by \(Self.clients) clients" }

    func neededBytes(servers: Int, rounds: Int) -> Int64 { Sizes.gibibyte }

    func run(on stage: Stage, into samples: inout [Sample]) throws {
        for round in 0...stage.rounds {
            let count = round == 0 ? Self.clients : sizes.finalizeCount
            let files = try makeFiles(count, on: stage)
            let series = Series(workload: name, place: place)
            let sample = try stage.account(series, stage.gateway, round: round) { sample in
                try finalize(files, on: stage, into: &sample)
            }
            guard round > 0 else { continue }
            Log.say(sample)
            samples.append(sample)
        }
    }

    /// - Returns: the ids of new complete files.
    private func makeFiles(_ count: Int, on stage: Stage) throws -> [String] {
        let gateway = stage.gateway
        let links = try gateway.links(count, bytes: 64)
        try stage.load.prepare(try links.map { try gateway.putRequest($0, body: .generated(64)) })
        let result = try stage.load.run(on: gateway.port, connections: 64)
        guard result.failures(expecting: [200]) == 0 else {
            throw BenchError("The gateway refused tiny files: \(result.statuses)")
        }
        return links.map(\.fileId)
    }

    private struct Progress {
        var next = 0
        var failures = 0
        var milliseconds: [Double] = []
    }

    /// A form has line ends, which the generator's lines cannot hold; so the clients are threads of this program.
    private func finalize(_ files: [String], on stage: Stage, into sample: inout Sample) throws {
        let progress = SharedProgress()
        let (port, key) = (stage.gateway.port, stage.gateway.authorization)
        let group = DispatchGroup()
        let clientBefore = ProcessTree(root: getpid()).ownCPUTime()
        let start = ContinuousClock.now
        for _ in 0..<Self.clients {
            group.enter()
            Thread.detachNewThread {
                Self.work(files, port: port, key: key, progress: progress)
                group.leave()
            }
        }
        group.wait()
        sample.seconds = start.elapsedSeconds
        sample.clientCPUSeconds = ProcessTree(root: getpid()).ownCPUTime().total - clientBefore.total
        progress.state.withLock { state in
            sample.requests = files.count
            sample.failures = files.count - (state.milliseconds.count - state.failures)
            sample.milliseconds = Latency(of: state.milliseconds)
        }
    }

    private final class SharedProgress: Sendable {
        let state = Mutex(Progress())
    }

    /// One client: takes files until there are none; a broken connection ends it, and what it held counts as failed.
    private static func work(
        _ files: [String], port: UInt16, key: (name: String, value: String), progress: SharedProgress
    ) {
        guard let connection = try? Connection(port: port) else { return }
        let headers = [key, ("Content-Type", "multipart/form-data; boundary=\(boundary)")]
        while true {
            let index = progress.state.withLock { state in
                defer { state.next += 1 }
                return state.next
            }
            guard index < files.count else { return }
            let start = ContinuousClock.now
            let answer = try? connection.request(
                "POST", "/api/v1/media/videos", headers: headers, body: form(files[index], number: index))
            guard let answer else { return }
            let milliseconds = start.elapsedSeconds * 1000
            progress.state.withLock { state in
                state.milliseconds.append(milliseconds)
                if answer.status != 201 { state.failures += 1 }
            }
        }
    }

    private static func form(_ fileID: String, number: Int) -> String {
        let fields = [("fileId", fileID), ("title", "Number \(number)"), ("platforms", #"["youtube"]"#)]
        let parts = fields.map { name, value in
            "--\(boundary)\r\nContent-Disposition: form-data; name=\"\(name)\"\r\n\r\n\(value)\r\n"
        }
        return parts.joined() + "--\(boundary)--\r\n"
    }
}
