import Foundation

/// Uploads in parts: in random order, again, several at once, broken off, with wrong digests.
extension TortureClient {
    mutating func beginParts() async throws {
        let content = TortureContent(&random, inParts: true)
        var track = Track(.parts, newName(content), content, phases: [.absent, .open])
        track.isSized = chance(75)
        var order: JSON = [
            "fileName": .text(track.name), "contentType": .text(content.kind.type),
            "partSize": .number(Double(content.partBytes)),
        ]
        if track.isSized, case .object(var members) = order {
            members["size"] = .number(Double(content.sizeBytes))
            order = .object(members)
        }
        tracks.append(track)
        let index = tracks.count - 1
        let begun = try await ask(.json("POST", "/api/v1/uploads", order), 201).told(Told.Begun.self)
        tracks[index].fileID = begun.fileId
        tracks[index].accessPath = try Self.path(begun.accessUrl)
        tracks[index].phases = [.open]
    }

    mutating func stepWithParts(_ index: Int) async throws {
        let track = tracks[index]
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<45:
            guard let number = track.perhapsMissing.randomElement(using: &random) else {
                return try await complete(index)
            }
            try await sendPart(index, number, version: version(track, number))
        case 45..<65: try await sendManyParts(index)
        case 65..<72:
            let number = Int.random(in: 1...track.content.partCount, using: &random)
            try await sendPart(index, number, version: version(track, number))
        case 72..<76: await breakPartOff(index)
        case 76..<80: try await sendWrongPart(index)
        case 80..<85: try await look(index)
        case 85..<88: try await expectUnreadable(index)
        case 88..<90: try await giveUp(index)
        default: try await complete(index)
        }
    }

    private mutating func version(_ track: Track, _ number: Int) -> Int {
        chance(70) ? track.knownVersion(number) : Int.random(in: 1...3, using: &random)
    }

    private func partRequest(_ track: Track, _ number: Int, _ bytes: Data) -> WireRequest {
        WireRequest(method: "PUT", path: "/api/v1/uploads/\(track.reference)/parts/\(number)", body: bytes)
    }

    private static func digest(_ bytes: Data) -> String {
        let crc = withUnsafeBytes(of: Checksums.fastCRC32C(bytes).bigEndian) { Data($0) }
        return "crc32c=:\(crc.base64EncodedString()):"
    }

    /// Sends a part, which must be taken.
    mutating func sendPart(_ index: Int, _ number: Int, version: Int) async throws {
        let bytes = tracks[index].content.part(number, version)
        var request = partRequest(tracks[index], number, bytes)
        let digest = Self.digest(bytes)
        if chance(50) { request.fields.append("Content-Digest: \(digest)") }
        request.isChunked = chance(15)
        let before = tracks[index].parts[number - 1]
        tracks[index].parts[number - 1].insert(version)
        let isShaken = tracks[index].shaken.contains(number)
        let answer = isShaken ? try await ask(request, 204, 409) : try await ask(request, 204)
        guard answer.status == 204 else {
            tracks[index].parts[number - 1] = before
            return try Self.expect(answer, "superseded")
        }
        guard answer["Content-Digest"] == digest else {
            throw BrokenPromise("\(digest) was sent, \(answer.account) stored: \(tracks[index].account)")
        }
        tracks[index].parts[number - 1] = [version]
    }

    private mutating func sendManyParts(_ index: Int) async throws {
        let track = tracks[index]
        let count = Int.random(in: 2...5, using: &random)
        var sends: [(number: Int, version: Int)] = []
        for _ in 0..<count {
            let number = Int.random(in: 1...track.content.partCount, using: &random)
            sends.append((number, version(track, number)))
        }
        for send in sends { tracks[index].parts[send.number - 1].insert(send.version) }
        let answers = await askAtOnce(
            sends.map { partRequest(track, $0.number, track.content.part($0.number, $0.version)) })
        var silent = false
        for number in Set(sends.map(\.number)) {
            var taken: Set<Int> = []
            var unknown: Set<Int> = []
            for (send, answer) in zip(sends, answers) where send.number == number {
                switch answer?.status {
                case 204: taken.insert(send.version)
                case nil: unknown.insert(send.version)
                case 409:
                    // Another one of these took over; of this one nothing counts.
                    if let answer { try Self.expect(answer, "superseded") }
                default: throw BrokenPromise("part \(number): \(answer?.account ?? "") to \(track.account)")
                }
            }
            silent = silent || !unknown.isEmpty
            if taken.isEmpty, unknown.isEmpty, !track.shaken.contains(number) {
                throw BrokenPromise("nobody won part \(number) of \(track.account)")
            }
            // Whoever was overtaken does not count, and where nobody is known to have won the old one may stand.
            tracks[index].parts[number - 1] = (taken.isEmpty ? track.parts[number - 1] : taken).union(unknown)
        }
        if silent { throw Silence() }
    }

    /// What did not come whole counts for nothing.
    private mutating func breakPartOff(_ index: Int) async {
        let number = Int.random(in: 1...tracks[index].content.partCount, using: &random)
        let bytes = tracks[index].content.part(number, 4)
        let left = Int.random(in: 1...bytes.count, using: &random)
        tracks[index].shaken.insert(number)
        await line.breakOff(partRequest(tracks[index], number, bytes), leaving: left)
    }

    private mutating func sendWrongPart(_ index: Int) async throws {
        let number = Int.random(in: 1...tracks[index].content.partCount, using: &random)
        var request = partRequest(tracks[index], number, tracks[index].content.part(number, 5))
        request.fields.append("Content-Digest: \(Self.digest(Data("something else".utf8)))")
        try Self.expect(try await ask(request, 400), "digest_mismatch")
    }

    mutating func complete(_ index: Int) async throws {
        let request = WireRequest(method: "POST", path: "/api/v1/uploads/\(tracks[index].reference)/complete")
        guard tracks[index].isSurelyWhole else {
            // Of an unknown size it would end where it has come to.
            guard tracks[index].isSized, !tracks[index].mayBeWhole else { return }
            let refusal = try await ask(request, 409).told(Told.Refusal.self)
            guard refusal.code == "parts_missing" else {
                throw BrokenPromise("\(refusal.code) for \(tracks[index].account)")
            }
            return
        }
        tracks[index].phases.insert(.complete)
        let answer = try await ask(request, 200)
        tracks[index].phases = [.complete]
        try expectCompletion(index, answer)
    }

    mutating func expectCompletion(_ index: Int, _ answer: RawAnswer) throws {
        let done = try answer.told(Told.Completed.self)
        let track = tracks[index]
        guard done.fileId == track.fileID, done.size == track.content.sizeBytes else {
            throw BrokenPromise("\(answer.account) completes \(track.account)")
        }
        if let known = track.completion, known != answer.body {
            throw BrokenPromise("completed otherwise before: \(answer.account), \(track.account)")
        }
        if track.completion == nil, let bytes = track.wholeBytes {
            guard Checksums.hex(Checksums.fastCRC32C(bytes)) == done.digest.crc32c else {
                throw BrokenPromise("the checksum of \(answer.account) is not that of \(track.account)")
            }
        }
        tracks[index].completion = answer.body
    }
}
