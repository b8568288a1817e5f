import Foundation

/// Uploads by signed links, each of which is good for one PUT.
extension TortureClient {
    mutating func beginLink() async throws {
        let content = TortureContent(&random, inParts: false)
        var track = Track(.link, newName(content), content, phases: [.absent, .open])
        track.isSized = chance(50)
        let size = track.isSized ? "&size=\(content.sizeBytes)" : ""
        tracks.append(track)
        let index = tracks.count - 1
        let link = try await ask(.get("/api/media/uploadUrl?fileName=\(track.name)\(size)"), 200).told(Told.Begun.self)
        tracks[index].fileID = link.fileId
        tracks[index].linkPath = try Self.path(link.uploadUrl)
        tracks[index].accessPath = try Self.path(link.accessUrl)
        tracks[index].phases = [.open]
    }

    mutating func stepWithLink(_ index: Int) async throws {
        let track = tracks[index]
        // Nobody has its link any more, or it is used up and nothing came of it.
        if track.linkPath.isEmpty { return try await giveUp(index) }
        if track.spending == .surely {
            if chance(50) { try await expectSpent(index) }
            return try await giveUp(index)
        }
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<60: try await put(index)
        case 60..<72: try await putTwice(index)
        case 72..<82: await breakPutOff(index)
        case 82..<88: try await putWrongContent(index)
        case 88..<93: try await look(index)
        case 93..<97: try await expectUnreadable(index)
        default: try await giveUp(index)
        }
    }

    private mutating func putRequest(_ track: Track) -> WireRequest {
        WireRequest(
            method: "PUT", path: track.linkPath, fields: ["Content-Type: \(track.content.kind.type)"],
            body: track.content.part(1, 1), isChunked: chance(30))
    }

    /// Every later PUT is refused, whatever became of the first.
    mutating func expectSpent(_ index: Int) async throws {
        try Self.expect(try await ask(putRequest(tracks[index]), 409), "link_used")
    }

    private mutating func put(_ index: Int) async throws {
        let request = putRequest(tracks[index])
        let wasUnsure = tracks[index].spending == .perhaps
        tracks[index].spending = .perhaps
        // Whatever a kill cuts off has ended when the gateway starts again.
        tracks[index].phases.formUnion([.complete, .gone])
        let answer = wasUnsure ? try await ask(request, 200, 409) : try await ask(request, 200)
        tracks[index].spending = .surely
        try settlePut(index, isTaken: answer.status == 200)
        if answer.status == 409 { try Self.expect(answer, "link_used") }
    }

    private mutating func settlePut(_ index: Int, isTaken: Bool) throws {
        tracks[index].phases.remove(.complete)
        guard isTaken else { return }
        tracks[index].phases = [.complete]
        tracks[index].isWavering = false
    }

    /// Of any number of simultaneous PUTs exactly one is served.
    private mutating func putTwice(_ index: Int) async throws {
        let requests = [putRequest(tracks[index]), putRequest(tracks[index])]
        let wasUnsure = tracks[index].spending == .perhaps
        tracks[index].spending = .perhaps
        // Whatever a kill cuts off has ended when the gateway starts again.
        tracks[index].phases.formUnion([.complete, .gone])
        let answers = await askAtOnce(requests)
        let statuses = answers.map { $0?.status }
        guard statuses.allSatisfy({ $0 == nil || $0 == 200 || $0 == 409 }) else {
            throw BrokenPromise("\(answers.map { $0?.account ?? "" }) for two PUTs to \(tracks[index].account)")
        }
        let served = statuses.count { $0 == 200 }
        let isSilent = statuses.contains(nil)
        guard served <= 1, served == 1 || isSilent || wasUnsure else {
            throw BrokenPromise("\(served) of two PUTs were served: \(tracks[index].account)")
        }
        if served + statuses.count(where: { $0 == 409 }) > 0 { tracks[index].spending = .surely }
        if served == 1 || !isSilent { try settlePut(index, isTaken: served == 1) }
        if isSilent { throw Silence() }
    }

    /// Whatever was begun is used up and ended; whether it was begun is not known before the gateway starts again.
    private mutating func breakPutOff(_ index: Int) async {
        let request = putRequest(tracks[index])
        tracks[index].isWavering = true
        if tracks[index].spending == .not { tracks[index].spending = .perhaps }
        tracks[index].phases.insert(.gone)
        // Without the end of its chunks, too, it is not whole.
        await line.breakOff(request, leaving: Int.random(in: 6...request.body.count, using: &random))
    }

    private mutating func putWrongContent(_ index: Int) async throws {
        guard tracks[index].spending == .not else { return try await put(index) }
        var request = putRequest(tracks[index])
        request.body = Data(repeating: 0x20, count: request.body.count)
        tracks[index].spending = .perhaps
        tracks[index].phases.insert(.gone)
        try Self.expect(try await ask(request, 415), "content_mismatch")
        tracks[index].spending = .surely
        try await expectUnreadable(index)
        tracks[index].phases = [.gone]
    }
}
