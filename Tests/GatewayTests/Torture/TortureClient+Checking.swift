import Foundation

/// Everything that the gateway says is there.
struct Inventory: Sendable {
    /// Open uploads by id.
    var open: [String: Told.Upload] = [:]
    /// Complete files by id.
    var files: [String: Told.File] = [:]
    /// Items by the id of their file.
    var items: [String: [String]] = [:]

    /// Asks for all lists, page by page.
    init(over line: Line) async throws {
        func ask(_ path: String) async throws -> RawAnswer {
            guard let answer = await line.answer(to: .get(path)) else { throw Silence() }
            guard answer.status == 200 else { throw BrokenPromise("\(path) was answered \(answer.account)") }
            return answer
        }
        var cursor = ""
        repeat {
            let page = try await ask("/api/v1/uploads\(cursor)").told(Told.Uploads.self)
            for upload in page.uploads { open[upload.fileId] = upload }
            cursor = page.nextCursor.map { "?cursor=\($0)" } ?? ""
        } while !cursor.isEmpty
        var next: String? = "/api/media"
        while let path = next {
            let answer = try await ask(path)
            for file in try answer.told([Told.File].self) { files[file.id] = file }
            next = try answer["Link"].flatMap { $0.split(separator: ">").first }
                .map { try TortureClient.path(String($0.dropFirst())) }
        }
        for collection in ["images", "videos"] {
            repeat {
                let page = try await ask("/api/v1/media/\(collection)\(cursor)").told(Told.Items.self)
                for item in page.data { items[item.fileId, default: []].append(item.id) }
                cursor = page.nextCursor.map { "?cursor=\($0)" } ?? ""
            } while !cursor.isEmpty
        }
        guard Set(open.keys).isDisjoint(with: files.keys), Set(items.keys).isSubset(of: files.keys) else {
            throw BrokenPromise("lists contradict each other: \(open.keys), \(files.keys), \(items.keys)")
        }
    }

    /// The id of what was begun without an answer, by its name.
    func id(of track: Track) -> String? {
        if let upload = open.values.first(where: { $0.fileName == track.name }) { return upload.fileId }
        return files.values.first { $0.fileName == track.name }?.id
    }

    /// Nothing may be left once every client has taken what is its own.
    func expectNothingLeft() throws {
        guard open.isEmpty, files.isEmpty else {
            throw BrokenPromise("nobody asked for these, or they were gone: \(open.values) \(files.values)")
        }
    }
}

extension TortureClient {
    /// After a start: takes its own out of the lists, and holds them against its record.
    mutating func settle(_ inventory: inout Inventory) throws {
        var standing: [Track] = []
        for var track in tracks {
            track.isWavering = false
            track.shaken = []
            let id = track.fileID ?? inventory.id(of: track)
            let items = id.flatMap { inventory.items[$0] } ?? []
            if let id, let told = inventory.open.removeValue(forKey: id) {
                try track.settle(.open)
                track.fileID = id
                track.accessPath = try Self.path(told.accessUrl)
                if track.way == .link {
                    // What was on its way before the start has ended with it.
                    guard told.state == "granted", track.spending != .surely else {
                        throw BrokenPromise("a link was used and its upload is \(told.state): \(track.account)")
                    }
                    track.spending = .not
                }
            } else if let id, let told = inventory.files.removeValue(forKey: id) {
                try track.settle(.complete)
                try track.becameWhole()
                track.fileID = id
                track.accessPath = try Self.path(told.url)
                if track.way == .link { track.spending = .surely }
            } else {
                guard track.phases.contains(.absent) || track.phases.contains(.gone) else {
                    throw BrokenPromise("it was acknowledged and is not there: \(track.account)")
                }
                if let grave = Grave(track) { graves.append(grave) }
                continue
            }
            try Self.settle(&track, items: items)
            standing.append(track)
        }
        tracks = standing
    }

    private static func settle(_ track: inout Track, items: [String]) throws {
        switch (track.item, items.first) {
        case (.none, nil): break
        case (.perhaps, nil): track.item = .none
        case (.perhaps, let id?): track.item = .seen(id: id)
        case (.seen(let known), let id?), (.made(let known, _), let id?):
            if known == id { break }
            throw BrokenPromise("\(id) is another item than \(known): \(track.account)")
        case (.none, _?): throw BrokenPromise("an item that nobody asked for: \(track.account)")
        case (.seen, nil), (.made, nil): throw BrokenPromise("its item is gone: \(track.account)")
        }
        guard items.count <= 1 else { throw BrokenPromise("\(items) are items of \(track.account)") }
    }

    /// Looks closer, with nobody else at work.
    ///
    /// - Parameter isFull: whether at everything, or at some.
    mutating func inspect(isFull: Bool) async throws {
        // By name: looking may complete one, and so on, but none is removed.
        for name in tracks.map(\.name) {
            guard let index = tracks.firstIndex(where: { $0.name == name }) else { continue }
            let isUnsure = tracks[index].parts.contains { $0.count > 1 }
            if tracks[index].phase == .open {
                if isFull || chance(30) { try await expectUnreadable(index) }
                guard [.parts, .chunks, .sequential].contains(tracks[index].way) else { continue }
                try await look(index)
                if tracks[index].way == .sequential {
                    // What is told of the offset is taken next.
                    if tracks[index].phase == .open { try await askForOffset(index) }
                    if tracks[index].phase == .open, chance(25) { try await append(index) }
                    continue
                }
                guard chance(25), tracks[index].phase == .open else { continue }
                // What is reported missing is taken next.
                if tracks[index].way == .chunks {
                    try await lookAtChunks(index)
                } else if let number = tracks[index].surelyMissing.first {
                    try await sendPart(index, number, version: tracks[index].knownVersion(number))
                }
            } else if isFull || isUnsure || chance(20) {
                try await read(index)
                if case .made = tracks[index].item { try await finalize(index) }
                if isFull, tracks[index].completion != nil { try await completeAgain(index) }
                if isFull, !tracks[index].linkPath.isEmpty { try await expectSpent(index) }
            }
        }
        if !graves.isEmpty { try await visitGrave() }
    }

    private mutating func completeAgain(_ index: Int) async throws {
        let request = WireRequest(method: "POST", path: "/api/v1/uploads/\(tracks[index].reference)/complete")
        try expectCompletion(index, try await ask(request, 200))
    }

    /// Finishes or gives up whatever is open.
    mutating func finishEverything() async throws {
        while !repetitions.isEmpty { try await repeatForm(repetitions.removeFirst()) }
        for name in tracks.map(\.name) {
            // Each call goes one step further; what is complete or gone needs none.
            while let index = tracks.firstIndex(where: { $0.name == name }), tracks[index].phase != .complete {
                try await finish(index)
            }
        }
    }

    private mutating func finish(_ index: Int) async throws {
        let track = tracks[index]
        if track.way == .sequential, track.fileID != nil, chance(80) {
            return track.phase == .open ? try await append(index) : try await look(index)
        }
        guard track.way == .parts || track.way == .chunks, chance(80) else {
            // A link that was not used yet is good still.
            if track.way == .link, track.spending == .not, !track.linkPath.isEmpty, chance(50) {
                return try await stepWithLink(index)
            }
            // A form that was broken off a moment ago has no id, and ends by itself. Chunks go by their alias.
            let hasName = track.fileID != nil || track.way == .chunks
            if hasName { try await giveUp(index) } else { tracks.remove(at: index) }
            return
        }
        guard let number = track.perhapsMissing.first else {
            return track.way == .parts ? try await complete(index) : try await lookAtChunks(index)
        }
        if track.way == .parts {
            try await sendPart(index, number, version: track.knownVersion(number))
        } else {
            try await sendNextChunk(index)
        }
    }
}
