import Foundation

/// Uploads in chunks, whose last one completes the file whichever it is.
extension TortureClient {
    mutating func beginChunks() async throws {
        let content = TortureContent(&random, inParts: true)
        tracks.append(Track(.chunks, newName(content), content, phases: [.absent]))
        let index = tracks.count - 1
        try await sendChunk(index, Int.random(in: 1...max(1, content.partCount - 1), using: &random), version: 1)
    }

    mutating func stepWithChunks(_ index: Int) async throws {
        let track = tracks[index]
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<55:
            let missing = sendable(track).filter(track.perhapsMissing.contains)
            guard let number = missing.randomElement(using: &random) else {
                return try await lookAtChunks(index)
            }
            try await sendChunk(index, number, version: track.knownVersion(number))
        case 55..<70: try await sendManyChunks(index)
        case 70..<80:
            guard let number = sendable(track).randomElement(using: &random) else { return }
            // Other bytes only while the file cannot become complete by them.
            let isFree = !track.surelyMissing.filter { $0 != number }.isEmpty
            let version = isFree ? Int.random(in: 1...3, using: &random) : track.knownVersion(number)
            try await sendChunk(index, number, version: version)
        case 80..<84: await breakChunkOff(index)
        case 84..<92: try await lookAtChunks(index)
        case 92..<96: try await look(index)
        case 96..<98: try await expectUnreadable(index)
        default: try await giveUp(index)
        }
    }

    /// The last one of several goes nowhere before another has told the size.
    private func sendable(_ track: Track) -> [Int] {
        let count = track.content.partCount
        let knowsSize = count == 1 || track.surelyHere.contains { $0 != count }
        return Array(1...(knowsSize ? count : count - 1))
    }

    private mutating func chunkRequest(_ track: Track, _ number: Int, version: Int) -> WireRequest {
        let fields = [
            (name: "chunkIndex", value: "\(number - 1)"), (name: "totalChunks", value: "\(track.content.partCount)"),
            (name: "fileId", value: track.alias),
        ]
        let file = WireRequest.FormFile(
            name: track.name, type: "application/octet-stream", bytes: track.content.part(number, version),
            isFirst: chance(40))
        var request = WireRequest.form("/api/v1/media/chunks", fields, file: file)
        request.isChunked = chance(10)
        return request
    }

    /// Sends a chunk, which must be taken.
    mutating func sendChunk(_ index: Int, _ number: Int, version: Int) async throws {
        let request = chunkRequest(tracks[index], number, version: version)
        let before = tracks[index]
        tracks[index].parts[number - 1].insert(version)
        tracks[index].phases.insert(.open)
        if tracks[index].mayBeWhole { tracks[index].phases.insert(.complete) }
        let isShaken = before.shaken.contains(number)
        let answer = isShaken ? try await ask(request, 200, 409) : try await ask(request, 200)
        guard answer.status == 200 else {
            tracks[index] = before
            return try Self.expect(answer, "superseded")
        }
        let taken = try answer.told(Told.ChunkTaken.self)
        tracks[index].parts[number - 1] = [version]
        try settle(index, isComplete: taken.data.completed)
    }

    /// Sends any chunk that is missing.
    mutating func sendNextChunk(_ index: Int) async throws {
        let track = tracks[index]
        guard let number = sendable(track).first(where: track.perhapsMissing.contains) else {
            throw BrokenPromise("nothing can be sent next: \(track.account)")
        }
        try await sendChunk(index, number, version: track.knownVersion(number))
    }

    private mutating func settle(_ index: Int, isComplete: Bool) throws {
        guard isComplete else {
            if tracks[index].isSurelyWhole {
                throw BrokenPromise("all chunks are here and it is not complete: \(tracks[index].account)")
            }
            tracks[index].phases = [.open]
            return
        }
        tracks[index].phases = [.complete]
        try tracks[index].becameWhole()
    }

    private mutating func sendManyChunks(_ index: Int) async throws {
        let track = tracks[index]
        let numbers = sendable(track)
        guard !numbers.isEmpty else { return }
        var sends: [(number: Int, request: WireRequest)] = []
        for _ in 0..<Int.random(in: 2...4, using: &random) {
            let number = numbers[Int.random(in: numbers.indices, using: &random)]
            sends.append((number, chunkRequest(track, number, version: track.knownVersion(number))))
            tracks[index].parts[number - 1].insert(track.knownVersion(number))
        }
        if tracks[index].mayBeWhole { tracks[index].phases.insert(.complete) }
        let answers = await askAtOnce(sends.map(\.request))
        var isComplete = false
        for (send, answer) in zip(sends, answers) {
            guard let answer else { continue }
            guard answer.status == 200 else {
                guard answer.status == 409 else { throw BrokenPromise("\(answer.account) to \(track.account)") }
                try Self.expect(answer, "superseded")
                continue
            }
            tracks[index].parts[send.number - 1] = [track.knownVersion(send.number)]
            if try answer.told(Told.ChunkTaken.self).data.completed { isComplete = true }
        }
        let isSilent = answers.contains { $0 == nil }
        for number in Set(sends.map(\.number)) where !isComplete && !isSilent {
            if !tracks[index].surelyHere.contains(number), !track.shaken.contains(number) {
                throw BrokenPromise("nobody won chunk \(number - 1) of \(tracks[index].account)")
            }
        }
        if isComplete || !isSilent { try settle(index, isComplete: isComplete) }
        if isSilent { throw Silence() }
    }

    private mutating func breakChunkOff(_ index: Int) async {
        let numbers = sendable(tracks[index])
        guard let number = numbers.randomElement(using: &random) else { return }
        let request = chunkRequest(tracks[index], number, version: 4)
        tracks[index].shaken.insert(number)
        // Before the last boundary, behind which nothing of the form is missing.
        await line.breakOff(request, leaving: Int.random(in: 50...request.body.count, using: &random))
    }

    /// Asks for the offset that a client resumes from. Completes what a crash left whole.
    mutating func lookAtChunks(_ index: Int) async throws {
        let path = "/api/v1/media/chunks?fileId=\(tracks[index].reference)"
        let isPossible = tracks[index].mayBeWhole
        if isPossible, tracks[index].phases.contains(.open) { tracks[index].phases.insert(.complete) }
        let told = try await ask(.get(path), 200).told(Told.ChunkStatus.self).data
        guard told.exists else { return try settleMissing(index) }
        let content = tracks[index].content
        if isPossible {
            let answer = try await ask(.get("/api/v1/uploads/\(tracks[index].reference)"), 200)
            try settle(index, try answer.told(Told.Upload.self))
            guard tracks[index].phase == .open else { return }
            if tracks[index].isSurelyWhole {
                throw BrokenPromise("all chunks are here and it is not complete: \(tracks[index].account)")
            }
        }
        // Part for part: the shortest beginning that is sure, and the longest that is possible.
        let sure = tracks[index].perhapsMissing.first.map { content.range(of: $0).lowerBound } ?? content.sizeBytes
        let most = tracks[index].surelyMissing.first.map { content.range(of: $0).lowerBound } ?? content.sizeBytes
        guard (sure...most).contains(told.currentSize) else {
            throw BrokenPromise("\(told.currentSize) bytes are said to be here of \(tracks[index].account)")
        }
        tracks[index].phases.remove(.absent)
        // What is reported is what is taken next.
        let next = told.currentSize / content.partBytes + 1
        guard told.currentSize < content.sizeBytes, sendable(tracks[index]).contains(next) else { return }
        try await sendChunk(index, next, version: tracks[index].knownVersion(next))
    }
}
