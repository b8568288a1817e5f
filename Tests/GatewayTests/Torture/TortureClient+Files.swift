import Foundation

/// What is done with files that are complete: they are read, made items of, and deleted.
extension TortureClient {
    mutating func stepWithFile(_ index: Int) async throws {
        let track = tracks[index]
        guard track.fileID != nil, track.accessPath != nil else { return try await look(index) }
        // Whether its item is that of the key is not to be changed before the repetition has been answered.
        if let key = track.idempotencyKey, repetitions.contains(where: { $0.idempotencyKey == key }) {
            return try await read(index)
        }
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<12: try await read(index)
        case 12..<24: try await readRange(index)
        case 24..<50: try await finalize(index)
        case 50..<56: try await finalizeOtherwise(index)
        case 56..<66: try await uploadAgain(index)
        case 66..<72: try await look(index)
        case 72..<86: try await deleteFile(index)
        default: try await deleteItem(index)
        }
    }

    mutating func read(_ index: Int) async throws {
        guard let path = tracks[index].accessPath else { return }
        try tracks[index].compare(try await ask(.get(path), 200).body)
    }

    private mutating func readRange(_ index: Int) async throws {
        guard let path = tracks[index].accessPath, let bytes = tracks[index].wholeBytes else {
            return try await read(index)
        }
        let start = Int.random(in: bytes.indices, using: &random)
        let end = Int.random(in: start..<bytes.count, using: &random)
        var request = WireRequest.get(path)
        request.fields = ["Range: bytes=\(start)-\(end)"]
        let answer = try await ask(request, 206)
        guard answer.body == bytes[start...end] else {
            throw BrokenPromise("bytes \(start)-\(end) are others: \(tracks[index].account)")
        }
    }

    /// What was uploaded cannot be uploaded to once more.
    private mutating func uploadAgain(_ index: Int) async throws {
        let track = tracks[index]
        let part = WireRequest(
            method: "PUT", path: "/api/v1/uploads/\(track.reference)/parts/1", body: track.content.part(1, 4))
        switch track.way {
        case .parts:
            try Self.expect(try await ask(part, 409), "already_complete")
            let again = WireRequest(method: "POST", path: "/api/v1/uploads/\(track.reference)/complete")
            try expectCompletion(index, try await ask(again, 200))
        case .chunks:
            try Self.expect(try await ask(part, 409), "already_complete")
            _ = try await ask(.delete("/api/v1/uploads/\(track.reference)"), 409)
        case .link where !track.linkPath.isEmpty: try await expectSpent(index)
        case .form where track.isKeyed: try await repeatForm(track)
        case .sequential, .link, .form, .gallery:
            try Self.expect(try await ask(part, 409), "already_complete", "link_used")
        }
    }

    // MARK: Items

    private func finalizing(_ track: Track, title: String) -> WireRequest {
        .form(
            "/api/v1/media/\(track.content.kind.collection)",
            [("platforms", "tiktok"), ("title", title), ("fileId", track.reference)])
    }

    /// Asked again and again it answers the same.
    mutating func finalize(_ index: Int) async throws {
        let request = finalizing(tracks[index], title: tracks[index].title)
        let before = tracks[index].item
        if case .none = before { tracks[index].item = .perhaps }
        try expectItem(index, try await ask(request, 201))
    }

    mutating func expectItem(_ index: Int, _ answer: RawAnswer) throws {
        let track = tracks[index]
        guard let item = try answer.told(Told.Made.self).data.first else { throw BrokenPromise(answer.account) }
        if case .made(_, let known) = track.item, known != answer.body {
            throw BrokenPromise("\(answer.account) is not what was answered first: \(track.account)")
        }
        guard item.fileId == track.fileID, track.item.id == nil || track.item.id == item.id else {
            throw BrokenPromise("\(answer.account) is another item of \(track.account)")
        }
        tracks[index].item = .made(id: item.id, answer: answer.body)
    }

    private mutating func finalizeOtherwise(_ index: Int) async throws {
        guard tracks[index].item.id != nil else { return try await finalize(index) }
        try Self.expect(
            try await ask(finalizing(tracks[index], title: "Something else"), 409), "already_finalized")
    }

    private mutating func deleteFile(_ index: Int) async throws {
        tracks[index].phases.insert(.gone)
        _ = try await ask(.delete("/api/media/\(tracks[index].reference)"), 200)
        try await leave(index)
    }

    /// The file was the item's own, and goes with it.
    private mutating func deleteItem(_ index: Int) async throws {
        guard let id = tracks[index].item.id else { return try await finalize(index) }
        tracks[index].phases.insert(.gone)
        _ = try await ask(.delete("/api/v1/media/\(tracks[index].content.kind.collection)/\(id)"), 200)
        try await leave(index)
    }

    private mutating func leave(_ index: Int) async throws {
        tracks[index].phases = [.gone]
        try await expectUnreadable(index)
        bury(index)
    }

    // MARK: Files that come with a form

    mutating func postForm() async throws {
        var track = Track(.form, "", TortureContent(&random, inParts: false), phases: [])
        if chance(60) { track.idempotencyKey = "key-\(number)-\(random.next())" }
        try await post(track, knownItem: nil, mayBreak: true)
    }

    /// The same form once more, with the same key: there is one item, and it is answered as before.
    mutating func repeatForm(_ earlier: Track) async throws {
        try await post(earlier, knownItem: earlier.item.id)
    }

    private mutating func post(_ template: Track, knownItem: String?, mayBreak: Bool = false) async throws {
        let content = template.content
        var track = Track(.form, newName(content), content, phases: [.absent, .open, .complete])
        track.idempotencyKey = template.idempotencyKey
        // An item that is known to be there is the only one; the new file goes again.
        track.item = knownItem == nil ? .perhaps : .none
        if knownItem != nil { track.phases.insert(.gone) }
        let file = WireRequest.FormFile(
            name: track.name, type: content.kind.type, bytes: content.part(1, 1), isFirst: chance(50))
        let title = track.idempotencyKey ?? track.name
        var request = WireRequest.form(
            "/api/v1/media/\(content.kind.collection)", [("platforms", "tiktok"), ("title", title)], file: file)
        if let key = track.idempotencyKey { request.fields.append("Idempotency-Key: \(key)") }
        request.isChunked = chance(20)
        track.formTitle = title
        tracks.append(track)
        let index = tracks.count - 1
        if mayBreak, chance(10) {
            tracks[index].isWavering = true
            tracks[index].phases = [.absent, .open, .gone]
            tracks[index].item = .none
            await line.breakOff(request, leaving: Int.random(in: 50...request.body.count, using: &random))
            return
        }
        let answer: RawAnswer
        do {
            answer = try await ask(request, 201)
        } catch let silence as Silence {
            if track.idempotencyKey != nil { repetitions.append(tracks[index]) }
            throw silence
        }
        guard let item = try answer.told(Told.Made.self).data.first else { throw BrokenPromise(answer.account) }
        if let older = tracks.firstIndex(where: { $0.fileID == item.fileId }) {
            // It was there before; the file that came along this time went again.
            guard tracks[older].idempotencyKey == track.idempotencyKey else {
                throw BrokenPromise("\(answer.account) for \(track.account) is of \(tracks[older].account)")
            }
            try expectItem(older, answer)
            tracks[older].isKeyed = true
            tracks.remove(at: index)
            return
        }
        let isSecond = tracks.contains { other in
            other.name != track.name && other.idempotencyKey == track.idempotencyKey && other.idempotencyKey != nil
                && other.item.id != nil
        }
        guard knownItem == nil, !isSecond else {
            throw BrokenPromise("\(answer.account) is a second item for \(track.account)")
        }
        tracks[index].fileID = item.fileId
        tracks[index].accessPath = try Self.path(item.accessUrl)
        tracks[index].phases = [.complete]
        tracks[index].isKeyed = track.idempotencyKey != nil
        try expectItem(index, answer)
    }

    // MARK: The gallery

    mutating func postToGallery() async throws {
        let content = TortureContent(&random, inParts: false)
        let track = Track(.gallery, newName(content), content, phases: [.absent, .open, .complete])
        let request: WireRequest
        if chance(50) {
            let bytes = content.part(1, 1).base64EncodedString()
            request = try .json(
                "POST", "/api/media/upload",
                ["file": .text("data:\(content.kind.type);base64,\(bytes)"), "fileName": .text(track.name)])
        } else {
            let file = WireRequest.FormFile(
                name: track.name, type: content.kind.type, bytes: content.part(1, 1), isFirst: chance(50))
            request = .form("/api/media/upload", [("fileName", track.name)], file: file)
        }
        tracks.append(track)
        let index = tracks.count - 1
        let file = try await ask(request, 200).told(Told.GalleryFile.self)
        tracks[index].fileID = file.id
        tracks[index].accessPath = try Self.path(file.url)
        tracks[index].phases = [.complete]
    }
}
