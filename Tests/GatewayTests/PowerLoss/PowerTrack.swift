import Foundation
import Testing

/// One file on its way through a gateway whose power will be cut: what was asked for it, and what was acknowledged.
struct PowerTrack: Sendable {
    enum Way: Sendable { case parts, chunks, link, form, sequential }

    /// One request. Until it is acknowledged it may have done everything, or nothing.
    struct Step: Sendable {
        /// Where the log of the probe ended when it was sent.
        let begunAt: Int
        /// Of a request that was answered with success.
        let requestID: String?
        let body: Data
        /// Where the log ended when its answer left.
        var acknowledgedAt = Int.max
    }

    /// The bytes that a request brought for a part.
    struct Version: Sendable {
        var step: Step
        let isOther: Bool
    }

    /// How far an upload in order has come once a request has succeeded.
    struct Reach: Sendable {
        var step: Step
        let offset: Int
    }

    let way: Way
    /// Of its client, where the client may choose.
    let alias: String
    let pieces: Pieces
    /// Other bytes of the same length.
    let others: Pieces
    var created: Step?
    var link: Link?
    var fileID = ""
    /// The path of the access URL, without the address.
    var accessPath = ""
    /// Of each part.
    var versions: [[Version]]
    /// Of an upload in order.
    var reaches: [Reach] = []
    var completions: [Step] = []
    var finalizations: [Step] = []
    /// Aborts and deletions.
    var endings: [Step] = []

    init(_ way: Way, alias: String, pieces: Pieces, others: Pieces) {
        self.way = way
        self.alias = alias
        self.pieces = pieces
        self.others = others
        versions = Array(repeating: [], count: pieces.paths.count)
    }

    /// Replaces the ids of answers by the places of the answers in the log.
    mutating func settle(_ log: DiskLog, _ answers: [String: Int]) throws {
        func settled(_ step: Step) throws -> Step {
            guard let id = step.requestID else { return step }
            var step = step
            step.acknowledgedAt = try #require(answers[id], "the probe saw every answer")
            return step
        }
        created = try created.map(settled)
        for number in versions.indices {
            for index in versions[number].indices {
                versions[number][index].step = try settled(versions[number][index].step)
            }
        }
        for index in reaches.indices { reaches[index].step = try settled(reaches[index].step) }
        completions = try completions.map(settled)
        finalizations = try finalizations.map(settled)
        endings = try endings.map(settled)
    }

    /// The places of the answers with success.
    var acknowledgements: [Int] {
        let sent = versions.joined().map(\.step) + reaches.map(\.step)
        let steps = [created].compactMap(\.self) + sent + completions + finalizations + endings
        return steps.map(\.acknowledgedAt).filter { $0 < .max }
    }

    // MARK: What is asked for

    /// Sends the file, and does some of what can be done with it then.
    mutating func run(on gateway: RunningGateway, _ probe: DiskProbe, seed: UInt64) async throws {
        var random = SeededRandom(seed: seed)
        switch way {
        case .parts: try await runParts(gateway, probe, &random)
        case .chunks: try await runChunks(gateway, probe, &random)
        case .link: try await runLink(gateway, probe)
        case .form: try await runForm(gateway, probe)
        case .sequential: try await runSequential(gateway, probe)
        }
        guard completions.contains(where: { $0.requestID != nil }), way != .form else { return }
        if Bool.random(using: &random) {
            finalizations.append(try await step(probe) { try await finalize(on: gateway) }.step)
        } else if Int.random(in: 0..<3, using: &random) == 0 {
            endings.append(
                try await step(probe) { try await gateway.call("DELETE", "/api/media/\(fileID)") }.step)
        }
    }

    func finalize(on gateway: RunningGateway) async throws -> CurlAnswer {
        try await gateway.finalize("videos", ["fileId=\(fileID)", "platforms=tiktok"])
    }

    /// One request; a fault of the disk is answered with 503 or 507, and may have left its change behind.
    func step(
        _ probe: DiskProbe, _ call: () async throws -> CurlAnswer
    ) async throws -> (step: Step, answer: CurlAnswer) {
        let begun = try probe.position
        let answer = try await call()
        let isDone = (200..<300).contains(answer.status)
        #expect(isDone || [503, 507].contains(answer.status), "\(answer.account)")
        return (Step(begunAt: begun, requestID: isDone ? answer["X-Request-Id"] : nil, body: answer.body), answer)
    }

    private mutating func send(
        _ number: Int, isOther: Bool, _ probe: DiskProbe, _ call: (_ path: String) async throws -> CurlAnswer
    ) async throws -> CurlAnswer? {
        for _ in 0..<8 {
            let path = (isOther ? others : pieces).paths[number - 1]
            let (step, answer) = try await step(probe) { try await call(path) }
            versions[number - 1].append(Version(step: step, isOther: isOther))
            if step.requestID != nil { return answer }
        }
        return nil
    }

    private mutating func runParts(
        _ gateway: RunningGateway, _ probe: DiskProbe, _ random: inout SeededRandom
    ) async throws {
        let size = JSON.number(Double(pieces.whole.count))
        for _ in 0..<8 where fileID == "" {
            let (step, answer) = try await step(probe) {
                try await gateway.begin([
                    "fileName": "film.mp4", "contentType": "video/mp4", "size": size,
                    "partSize": .number(Double(pieces.sizeBytes)),
                ])
            }
            guard step.requestID != nil else { continue }
            created = step
            let upload = try BegunUpload(try answer.json)
            fileID = upload.fileID
            accessPath = Self.path(upload.accessURL)
        }
        guard fileID != "" else { return }
        for number in (1...pieces.paths.count).shuffled(using: &random) {
            // Some are sent twice, with other bytes the first time or the second.
            let isTwice = Int.random(in: 0..<3, using: &random) == 0
            let first = Bool.random(using: &random)
            for isOther in isTwice ? [first, !first] : [false] {
                let id = fileID
                let answer = try await send(number, isOther: isOther, probe) {
                    try await gateway.putPart(id, number, $0)
                }
                if answer == nil { return }
            }
        }
        if Int.random(in: 0..<6, using: &random) == 0 {
            endings.append(
                try await step(probe) { try await gateway.call("DELETE", "/api/v1/uploads/\(fileID)") }.step)
            return
        }
        for _ in 0..<8 {
            let step = try await step(probe) { try await gateway.complete(fileID) }.step
            completions.append(step)
            if step.requestID != nil { return }
        }
    }

    private mutating func runChunks(
        _ gateway: RunningGateway, _ probe: DiskProbe, _ random: inout SeededRandom
    ) async throws {
        let count = pieces.paths.count
        // The last one alone tells no size of the others.
        let order = (1..<count).shuffled(using: &random) + [count]
        for number in order {
            let id = alias
            let isFileFirst = Bool.random(using: &random)
            let begun = try probe.position
            let answer = try await send(number, isOther: false, probe) {
                try await gateway.postChunk($0, number - 1, of: count, id: id, fileFirst: isFileFirst)
            }
            guard let answer else { return }
            if created == nil {
                created = versions[number - 1].last?.step
                fileID = try await gateway.fileID(ofAlias: alias)
                accessPath = "/media/\(fileID)/film.mp4"
            }
            guard number == count else { continue }
            #expect(try answer.json["data"]["completed"] == true)
            completions.append(Step(begunAt: begun, requestID: answer["X-Request-Id"], body: answer.body))
        }
    }

    private mutating func runLink(_ gateway: RunningGateway, _ probe: DiskProbe) async throws {
        let (step, answer) = try await step(probe) { try await gateway.get("/api/media/uploadUrl?fileName=film.mp4") }
        guard step.requestID != nil else { return }
        created = step
        let link = try Link(try answer.json)
        self.link = link
        fileID = link.fileID
        accessPath = Self.path(link.accessURL)
        let put = try await self.step(probe) { try await use(link, on: gateway) }.step
        versions[0].append(Version(step: put, isOther: false))
        completions.append(put)
    }

    /// Sends the whole file to its link, wherever the gateway listens now.
    func use(_ link: Link, on gateway: RunningGateway) async throws -> CurlAnswer {
        try await Curl.run([
            "-H", "Content-Type: \(link.contentType)", "-T", pieces.paths[0], gateway.base + Self.path(link.uploadURL),
        ])
    }

    private mutating func runForm(_ gateway: RunningGateway, _ probe: DiskProbe) async throws {
        let (step, answer) = try await step(probe) {
            try await gateway.finalize(
                "videos", ["file=@\(pieces.paths[0]);filename=film.mp4", "platforms=tiktok", "title=\(alias)"],
                key: gateway.key, ["-H", "Idempotency-Key: \(alias)"])
        }
        versions[0].append(Version(step: step, isOther: false))
        guard step.requestID != nil else { return }
        created = step
        completions.append(step)
        finalizations.append(step)
        accessPath = Self.path(try #require(try answer.json["data"][0]["accessUrl"].string))
    }

    private static func path(_ url: String) -> String {
        let rest = url.split(separator: "://", maxSplits: 1).last ?? ""
        return rest.firstIndex(of: "/").map { String(rest[$0...]) } ?? url
    }
}

extension RunningGateway {
    /// The id of an upload that its client named.
    func fileID(ofAlias alias: String) async throws -> String {
        try #require(try await status(alias)["fileId"].string)
    }
}
