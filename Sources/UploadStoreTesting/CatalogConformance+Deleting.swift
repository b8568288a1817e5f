import UploadModel
import UploadStore

extension CatalogConformance {
    static let deleting: [Check] = [
        Check("a deleted item ends its own file and the copies", deletesItem),
        Check("a deleted item leaves a file that is in another item, or was not its own", leavesFile),
        Check("an item of an older revision is not deleted", deletesOldRevision),
        Check("of 100 that change or delete an item at once one does", deleteRace),
        Check("a file is deleted with exactly the items that its owner knows of", deletesFile),
        Check("a copy that is in an item outlives its original, until its item is deleted", keepsUsedCopy),
        Check("another tenant's items and files are unknown", itemsOfOthers),
    ]

    private static func deletesItem(_ open: Open) async throws {
        let catalog = try await open()
        let now = Sample.start.adding(seconds: 50)
        let file = try await catalog.addFile(completedAt: 1, wantsExamination: true)
        let copies = [try await catalog.addCopy(of: file), try await catalog.addCopy(of: file)]
        let neighbour = try await catalog.add(.complete)
        let itsCopy = try await catalog.addCopy(of: neighbour)
        var item = Sample.item(file)
        item.request.settingsJSON = [.tiktok: "{}"]
        item.results = [.tiktok: PlatformResult(status: .pending)]
        try await catalog.make(item)
        let ended = try await catalog.delete(item, now: now, announcing: []).requireDone()
        let expected = ([file] + copies).map { upload in
            var upload = upload
            upload.state = .aborted
            upload.receivedBytes = 0
            return upload
        }
        try requireEqual(ended.first, expected[0])
        try requireEqual(Set(ended), Set(expected))
        try requireEqual(ended.count, 3, "uploads that ended")
        for upload in expected { try requireEqual(try await catalog.standing(upload), upload) }
        try requireEqual(await catalog.item(item.id, kind: nil, of: item.tenant), nil)
        try requireEqual(await catalog.items(of: file.fileID), [])
        try requireEqual(await catalog.examination(of: file.fileID), nil)
        try requireEqual(await catalog.delete(item, now: now, announcing: []), .unknown)
        try requireEqual(await catalog.finalize(item), .notComplete)
        for upload in [neighbour, itsCopy] { try requireEqual(try await catalog.standing(upload), upload) }
        // Their end has its moment, and nothing holds their records.
        try requireEqual(await catalog.forgetEnded(before: now, limit: 9), 0)
        try requireEqual(await catalog.forgetEnded(before: now.adding(seconds: 1), limit: 9), 3)
    }

    private static func leavesFile(_ open: Open) async throws {
        let catalog = try await open()
        let file = try await catalog.add(.complete)
        let copy = try await catalog.addCopy(of: file)
        let own = Sample.item(file)
        let posted = [1, 2].map { Sample.item(file, post: .random(now: Sample.start), at: $0) }
        for item in posted + [own] { try await catalog.make(item) }
        try requireEqual(await catalog.delete(own, now: Sample.start, announcing: []), .done([]))
        try requireEqual(await catalog.items(of: file.fileID), posted)
        for item in posted {
            try requireEqual(await catalog.delete(item, now: Sample.start, announcing: []), .done([]))
        }
        // It was not theirs, so it stands, free to be used again.
        for upload in [file, copy] { try requireEqual(try await catalog.standing(upload), upload) }
        let again = Sample.item(file)
        try await catalog.make(again)
        let ended = try await catalog.delete(again, now: Sample.start, announcing: []).requireDone()
        try requireEqual(ended.map(\.fileID), [file.fileID, copy.fileID])
    }

    private static func deletesOldRevision(_ open: Open) async throws {
        let catalog = try await open()
        let file = try await catalog.add(.complete)
        let made = Sample.item(file)
        try await catalog.make(made)
        guard case .done(let standing) = try await catalog.update(made, announcing: []) else {
            throw ConformanceFailure("an item was not changed")
        }
        try requireEqual(await catalog.delete(made, now: Sample.start, announcing: []), .changed)
        try requireEqual(await catalog.item(of: file.fileID), standing)
        try requireEqual(try await catalog.standing(file), file)
        try requireEqual(
            try await catalog.delete(standing, now: Sample.start, announcing: []).requireDone().count, 1)
    }

    private static func deleteRace(_ open: Open) async throws {
        let nodes = [try await open(), try await open()]
        let file = try await nodes[0].add(.complete)
        let made = Sample.item(file)
        try await nodes[0].make(made)
        let outcomes = try await concurrently(100) { number in
            let node = nodes[number / 2 % 2]
            if number % 2 == 0 {
                let outcome = try await node.update(made, announcing: [])
                return if case .done = outcome { "changed" } else { "" }
            }
            let outcome = try await node.delete(made, now: Sample.start, announcing: [])
            return if case .done = outcome { "deleted" } else { "" }
        }
        let winners = outcomes.filter { !$0.isEmpty }
        try requireEqual(winners.count, 1, "calls that were served")
        let isThere = try await nodes[1].item(of: file.fileID) != nil
        try requireEqual(isThere, winners[0] == "changed")
        try requireEqual(try await nodes[1].standing(file).state, isThere ? .complete : .aborted)
    }

    private static func deletesFile(_ open: Open) async throws {
        let catalog = try await open()
        let now = Sample.start.adding(seconds: 50)
        for state in UploadState.allCases where state != .complete {
            let upload = try await catalog.add(state)
            try requireEqual(
                await catalog.delete(upload.fileID, of: upload.tenant, items: [], now: now, announcing: []), .unknown)
            try requireEqual(try await catalog.standing(upload), upload)
        }
        let bare = try await catalog.add(.complete)
        let file = try await catalog.add(.complete)
        let copy = try await catalog.addCopy(of: file)
        let items = [Sample.item(file)] + [1, 2].map { Sample.item(file, post: .random(now: Sample.start), at: $0) }
        for item in items { try await catalog.make(item) }
        let ids = items.map(\.id)
        let wrong = [[], Array(ids.dropLast()), ids + [.random(now: now)], [ids[0], ids[1], .random(now: now)]]
        for ids in wrong {
            try requireEqual(
                await catalog.delete(file.fileID, of: file.tenant, items: ids, now: now, announcing: []), .changed)
        }
        try requireEqual(await catalog.items(of: file.fileID), items)
        try requireEqual(try await catalog.standing(file), file)
        let ended = try await catalog.delete(
            file.fileID, of: file.tenant, items: ids.reversed(), now: now, announcing: []
        ).requireDone()
        try requireEqual(ended.map(\.fileID), [file.fileID, copy.fileID])
        for upload in ended { try requireEqual(try await catalog.standing(upload), upload) }
        try requireEqual(ended.map(\.state), [.aborted, .aborted])
        for item in items { try requireEqual(await catalog.item(item.id, kind: nil, of: item.tenant), nil) }
        try requireEqual(
            await catalog.delete(file.fileID, of: file.tenant, items: [], now: now, announcing: []), .unknown)
        let alone = try await catalog.delete(bare.fileID, of: bare.tenant, items: [], now: now, announcing: [])
        try requireEqual(try alone.requireDone().map(\.fileID), [bare.fileID])
        try requireEqual(await catalog.forgetEnded(before: now.adding(seconds: 1), limit: 99), 6)
    }

    private static func keepsUsedCopy(_ open: Open) async throws {
        let catalog = try await open()
        let late = Sample.start.adding(seconds: 1000)
        let file = try await catalog.add(.complete)
        let copies = [try await catalog.addCopy(of: file), try await catalog.addCopy(of: file)]
        let unused = try await catalog.addCopy(of: file)
        let (own, posted) = (Sample.item(copies[0]), Sample.item(copies[1], post: .random(now: Sample.start)))
        for item in [own, posted] { try await catalog.make(item) }
        let ended = try await catalog.delete(
            file.fileID, of: file.tenant, items: [], now: Sample.start, announcing: []
        ).requireDone()
        try requireEqual(ended.map(\.fileID), [file.fileID, unused.fileID])
        try requireEqual(await catalog.endStrayCopies(completedBefore: late, now: late), 0)
        try requireEqual(await catalog.forgetEnded(before: late, limit: 9), 2)
        for copy in copies { try requireEqual(try await catalog.standing(copy), copy) }
        let endedCopies = try await catalog.delete(own, now: late, announcing: []).requireDone()
        try requireEqual(endedCopies.map(\.fileID), [copies[0].fileID])
        try requireEqual(await catalog.delete(posted, now: late, announcing: []), .done([]))
        try requireEqual(await catalog.endStrayCopies(completedBefore: late, now: late), 1)
        try requireEqual(try await catalog.standing(copies[1]).state, .aborted)
    }

    private static func itemsOfOthers(_ open: Open) async throws {
        let catalog = try await open()
        let other = try Sample.tenant("other")
        let file = try await catalog.add(.complete)
        let item = Sample.item(file)
        try await catalog.make(item)
        var theirs = item
        theirs.tenant = other
        try requireEqual(await catalog.item(item.id, kind: nil, of: other), nil)
        try requireEqual(await catalog.update(theirs, announcing: []), .unknown)
        try requireEqual(await catalog.delete(theirs, now: Sample.start, announcing: []), .unknown)
        for items in [[], [item.id]] {
            try requireEqual(
                await catalog.delete(file.fileID, of: other, items: items, now: Sample.start, announcing: []), .unknown)
        }
        try requireEqual(
            await catalog.items(of: other, kind: item.request.kind, status: nil, after: nil, limit: 9), [])
        try requireEqual(await catalog.item(of: file.fileID), item)
        try requireEqual(try await catalog.standing(file), file)
    }
}

extension DeleteOutcome {
    /// The uploads that ended with what was deleted.
    func requireDone(file: StaticString = #fileID, line: UInt = #line) throws -> [UploadRecord] {
        guard case .done(let ended) = self else {
            throw ConformanceFailure("what should be deleted was \(self) (\(file):\(line))")
        }
        return ended
    }
}
