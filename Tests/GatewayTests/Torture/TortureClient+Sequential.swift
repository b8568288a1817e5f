import Foundation

/// Uploads in order, by tus and by Resumable Uploads for HTTP in turn: the same upload in both languages.
extension TortureClient {
    /// A language for uploads in order.
    private enum Tongue: CaseIterable {
        case tus, resumable

        func path(_ id: String) -> String { self == .tus ? "/files/\(id)" : "/uploads/\(id)" }

        var fields: [String] { self == .tus ? ["Tus-Resumable: 1.0.0"] : [] }

        func head(_ id: String) -> WireRequest { WireRequest(method: "HEAD", path: path(id), fields: fields) }

        func patch(_ id: String, at offset: Int, _ bytes: Data, endsFile: Bool) -> WireRequest {
            var request = WireRequest(method: "PATCH", path: path(id), fields: fields, body: bytes)
            request.fields.append("Upload-Offset: \(offset)")
            switch self {
            case .tus: request.fields.append("Content-Type: application/offset+octet-stream")
            case .resumable:
                request.fields.append("Content-Type: application/partial-upload")
                request.fields.append("Upload-Complete: ?\(endsFile ? 1 : 0)")
            }
            return request
        }
    }

    private mutating func tongue() -> Tongue { chance(50) ? .tus : .resumable }

    mutating func beginSequential() async throws {
        let content = TortureContent(&random, inParts: false)
        var track = Track(.sequential, newName(content), content, phases: [.absent, .open])
        track.isSized = chance(70)
        let tongue = tongue()
        let size = content.sizeBytes
        var request = WireRequest(method: "POST", path: tongue == .tus ? "/files/" : "/uploads/", fields: tongue.fields)
        switch tongue {
        case .tus:
            let name = Data(track.name.utf8).base64EncodedString()
            let type = Data(content.kind.type.utf8).base64EncodedString()
            request.fields += [
                "Upload-Metadata: filename \(name),filetype \(type)",
                track.isSized ? "Upload-Length: \(size)" : "Upload-Defer-Length: 1",
            ]
        case .resumable:
            request.fields += [
                "Content-Type: \(content.kind.type)", "Upload-Complete: ?0",
                "Content-Disposition: attachment; filename=\"\(track.name)\"",
            ]
            if track.isSized { request.fields.append("Upload-Length: \(size)") }
        }
        tracks.append(track)
        let index = tracks.count - 1
        let location = try await ask(request, 201)["Location"] ?? ""
        tracks[index].fileID = try Self.path(location).split(separator: "/").last.map(String.init)
        tracks[index].phases = [.open]
        try await look(index)
    }

    mutating func stepWithSequential(_ index: Int) async throws {
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<55: try await append(index)
        case 55..<70: await breakAppendOff(index)
        case 70..<80: try await askForOffset(index)
        case 80..<84: try await appendElsewhere(index)
        case 84..<90: try await look(index)
        case 90..<94: try await expectUnreadable(index)
        case 94..<97: try await endSequential(index)
        default: try await giveUp(index)
        }
    }

    /// Sends what comes next, all of it or some; what is told of the offset is then exact.
    mutating func append(_ index: Int) async throws {
        guard let offset = tracks[index].offset else { return try await askForOffset(index) }
        let track = tracks[index]
        let left = track.content.sizeBytes - offset
        let count = chance(30) ? left : Int.random(in: 0...left, using: &random)
        let endsFile = count == left
        let tongue = tongue()
        let bytes = track.content.bytes(offset..<offset + count, 1)
        var request = tongue.patch(track.reference, at: offset, bytes, endsFile: endsFile)
        // The length that was not told at first is told with the last bytes.
        let tellsSize = tongue == .tus && endsFile && !track.isSized
        if tellsSize { request.fields.append("Upload-Length: \(track.content.sizeBytes)") }
        request.isChunked = tongue == .resumable && chance(15) && (track.isSized || !endsFile)
        tracks[index].offsets = offset...offset + count
        if endsFile { tracks[index].phases.insert(.complete) }
        let answer =
            track.isWavering ? try await ask(request, 200, 201, 204, 404, 409) : try await ask(request, 200, 201, 204)
        guard answer.status < 300 else { return try await look(index) }
        tracks[index].offsets = offset + count...offset + count
        if tellsSize { tracks[index].isSized = true }
        if endsFile { tracks[index].phases = [.complete] }
        if tongue == .tus, answer["Upload-Offset"] != "\(offset + count)" {
            throw BrokenPromise("\(offset + count) bytes are here, and not \(answer.account): \(track.account)")
        }
    }

    /// What came of it counts, as far as it is acknowledged by the next offset that is told.
    private mutating func breakAppendOff(_ index: Int) async {
        guard let offset = tracks[index].offset, offset < tracks[index].content.sizeBytes else { return }
        let track = tracks[index]
        let count = Int.random(in: 1...track.content.sizeBytes - offset, using: &random)
        let sent = Int.random(in: 0..<count, using: &random)
        let request = tongue().patch(
            track.reference, at: offset, track.content.bytes(offset..<offset + count, 1), endsFile: false)
        tracks[index].isWavering = true
        tracks[index].offsets = offset...offset + sent
        await line.breakOff(request, leaving: count - sent)
    }

    /// An offset that is told is taken next; and it is never less than what was acknowledged.
    mutating func askForOffset(_ index: Int) async throws {
        let before = tracks[index]
        let answer = try await ask(tongue().head(before.reference), 200, 204, 404, 410)
        guard answer.status < 300 else { return try await look(index) }
        guard let told = answer["Upload-Offset"].flatMap({ Int($0) }), before.offsets.contains(told) else {
            throw BrokenPromise("\(answer["Upload-Offset"] ?? "nothing") is told of \(before.account)")
        }
        if told < before.content.sizeBytes {
            // Of a request that broke off something may come still, but never less than this.
            tracks[index].offsets = told...(before.isWavering ? before.offsets.upperBound : told)
            guard before.isWavering else { return }
            let count = min(1000, before.content.sizeBytes - told - 1)
            let next = Tongue.tus.patch(
                before.reference, at: told, before.content.bytes(told..<told + count, 1), endsFile: false)
            tracks[index].offsets = told...max(told + count, before.offsets.upperBound)
            let taken = try await ask(next, 204, 409)
            guard taken.status == 204 else { return }
            tracks[index].offsets = told + count...told + count
            tracks[index].isWavering = false
        } else {
            tracks[index].phases.insert(.complete)
            try await look(index)
        }
    }

    private mutating func appendElsewhere(_ index: Int) async throws {
        guard let offset = tracks[index].offset, !tracks[index].isWavering else { return }
        let wrong = offset + (offset > 0 && chance(50) ? -1 : 1)
        let request = tongue().patch(tracks[index].reference, at: wrong, Data(count: 10), endsFile: false)
        _ = try await ask(request, 409)
    }

    private mutating func endSequential(_ index: Int) async throws {
        let tongue = tongue()
        tracks[index].phases.insert(.gone)
        let request = WireRequest(method: "DELETE", path: tongue.path(tracks[index].reference), fields: tongue.fields)
        _ = try await ask(request, 204)
        tracks[index].phases = [.gone]
        tracks[index].isWavering = false
        bury(index)
    }
}
