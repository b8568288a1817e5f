import Foundation

/// One of several clients that upload at random, each on its own files. A value: what it knows outlives the gateway.
struct TortureClient: Sendable {
    let number: Int
    let seed: UInt64
    var line: Line
    var random: SeededRandom
    var tracks: [Track] = []
    var graves: [Grave] = []
    /// Forms without an answer that will be sent once more, with the same Idempotency-Key.
    var repetitions: [Track] = []
    /// What was acknowledged.
    var acknowledged = 0
    private var serial = 0

    static let publicURL = "http://sluice.test"
    private static let maximumTracks = 7

    init(number: Int, seed: UInt64, line: Line) {
        self.number = number
        self.seed = seed
        self.line = line
        random = SeededRandom(seed: seed)
    }

    /// From here on everything is decided by the seed, the number of the stage and what is known.
    mutating func begin(stage: Int, over line: Line) {
        self.line = line
        random = SeededRandom(seed: seed &+ UInt64(stage) &* 0xD134_2543_DE82_EF95 &+ UInt64(number) << 40)
    }

    /// Uploads until the end has come.
    mutating func work() async throws {
        do {
            while !line.doom.hasCome { try await step() }
        } catch is Silence {
            guard line.doom.excusesSilence else {
                throw BrokenPromise("client \(number) got no answer from a living gateway")
            }
        }
    }

    // MARK: Asking

    /// - Throws: ``Silence``; ``BrokenPromise`` for another status.
    mutating func ask(_ request: WireRequest, _ statuses: Int...) async throws -> RawAnswer {
        guard let answer = await line.answer(to: request) else { throw Silence() }
        guard statuses.contains(answer.status) else {
            throw BrokenPromise("\(request.account) was answered \(answer.account); expected \(statuses)")
        }
        acknowledged += 1
        return answer
    }

    /// All at once; `nil` where no answer came.
    mutating func askAtOnce(_ requests: [WireRequest]) async -> [RawAnswer?] {
        let line = line
        let answers = await withTaskGroup(of: (Int, RawAnswer?).self) { group in
            for (index, request) in requests.enumerated() {
                group.addTask { (index, await line.answer(to: request)) }
            }
            var answers = [RawAnswer?](repeating: nil, count: requests.count)
            for await (index, answer) in group { answers[index] = answer }
            return answers
        }
        acknowledged += answers.count { $0 != nil }
        return answers
    }

    static func path(_ url: String) throws -> String {
        guard url.hasPrefix(publicURL) else { throw BrokenPromise("\(url) does not begin with the public address") }
        return String(url.dropFirst(publicURL.count))
    }

    // MARK: Choosing

    mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &random) < percent }

    mutating func newName(_ content: TortureContent) -> String {
        serial += 1
        return "torture-\(number)-\(serial).\(content.kind == .png ? "png" : "mp4")"
    }

    mutating func step() async throws {
        if !graves.isEmpty, chance(3) { return try await visitGrave() }
        if !repetitions.isEmpty, chance(20) { return try await repeatForm(repetitions.removeFirst()) }
        if tracks.isEmpty || tracks.count < Self.maximumTracks && chance(25) { return try await beginSomething() }
        let index = Int.random(in: tracks.indices, using: &random)
        try await step(index)
    }

    private mutating func beginSomething() async throws {
        switch Int.random(in: 0..<13, using: &random) {
        case 0...3: try await beginParts()
        case 10...12: try await beginSequential()
        case 4...5: try await beginChunks()
        case 6...7: try await beginLink()
        case 8: try await postForm()
        default: try await postToGallery()
        }
    }

    private mutating func step(_ index: Int) async throws {
        let track = tracks[index]
        // Forms that were broken off have no id yet; the next start tells what became of them.
        if track.fileID == nil, track.way != .chunks { return }
        switch (track.phase, track.way) {
        case (.complete, _): try await stepWithFile(index)
        case (.gone, _), (.absent, _): bury(index)
        case (.open, .parts): try await stepWithParts(index)
        case (.open, .chunks): try await stepWithChunks(index)
        case (.open, .sequential): try await stepWithSequential(index)
        case (_, .link): try await stepWithLink(index)
        case (.open, .form), (.open, .gallery): try await giveUp(index)
        case (nil, _): try await look(index)
        }
    }

    mutating func bury(_ index: Int) {
        let track = tracks.remove(at: index)
        // What a repetition is answered then is another matter.
        if let key = track.idempotencyKey { repetitions.removeAll { $0.idempotencyKey == key } }
        if let grave = Grave(track) { graves.append(grave) }
        // Old ones stand for all.
        if graves.count > 40 { graves.remove(at: Int.random(in: graves.indices, using: &random)) }
    }

    // MARK: Everything that is open

    /// Asks what stands.
    mutating func look(_ index: Int) async throws {
        let answer = try await ask(.get("/api/v1/uploads/\(tracks[index].reference)"), 200, 404)
        guard answer.status == 200 else { return try settleMissing(index) }
        let told = try answer.told(Told.Upload.self)
        if tracks[index].way == .chunks, told.state == "receiving", tracks[index].mayBeWhole {
            // Whoever asks for chunks completes what a crash left whole.
            try await lookAtChunks(index)
            return
        }
        try settle(index, told)
    }

    /// The gateway does not know it.
    mutating func settleMissing(_ index: Int) throws {
        try tracks[index].settle(tracks[index].fileID == nil ? .absent : .gone)
    }

    mutating func settle(_ index: Int, _ told: Told.Upload) throws {
        if let known = tracks[index].fileID, known != told.fileId {
            throw BrokenPromise("\(told.fileId) is the id of \(tracks[index].account)")
        }
        tracks[index].fileID = told.fileId
        tracks[index].accessPath = try Self.path(told.accessUrl)
        switch told.state {
        case "granted":
            guard tracks[index].spending != .surely else {
                throw BrokenPromise("unused again: \(tracks[index].account)")
            }
            if !tracks[index].isWavering { tracks[index].spending = .not }
            try tracks[index].settle(.open)
        case "receiving":
            if tracks[index].way == .link { tracks[index].spending = .surely }
            try tracks[index].settle(.open)
            try tracks[index].settle(told)
        case "complete":
            try tracks[index].settle(.complete)
            try tracks[index].becameWhole()
        default: try tracks[index].settle(.gone)
        }
    }

    mutating func giveUp(_ index: Int) async throws {
        tracks[index].phases.insert(.gone)
        _ = try await ask(.delete("/api/v1/uploads/\(tracks[index].reference)"), 204)
        tracks[index].phases = [.gone]
        tracks[index].isWavering = false
        bury(index)
    }

    mutating func expectUnreadable(_ index: Int) async throws {
        guard let path = tracks[index].accessPath else { return }
        _ = try await ask(.get(path), 404)
    }

    // MARK: Everything that has ended

    mutating func visitGrave() async throws {
        guard let grave = graves.randomElement(using: &random) else { return }
        if let path = grave.accessPath { _ = try await ask(.get(path), 404) }
        _ = try await ask(.get("/api/media/\(grave.fileID)"), 404)
        if let path = grave.itemPath { _ = try await ask(.get(path), 404) }
        if !grave.linkPath.isEmpty {
            let put = WireRequest(
                method: "PUT", path: grave.linkPath, fields: ["Content-Type: image/png"], body: Data(count: 100))
            try Self.expect(try await ask(put, 409), "link_used")
        }
        let part = WireRequest(method: "PUT", path: "/api/v1/uploads/\(grave.fileID)/parts/1", body: Data(count: 10))
        // What was used by a link is refused for that.
        _ = try await ask(part, 410, 409)
    }

    static func expect(_ answer: RawAnswer, _ codes: String...) throws {
        let code = try answer.told(Told.Refusal.self).code
        guard codes.contains(code) else { throw BrokenPromise("\(code) instead of \(codes): \(answer.account)") }
    }
}
