import UploadModel
import UploadStore

extension CatalogConformance {
    static let items: [Check] = [
        Check("an item is changed as a whole, and its revision counts the changes", updates),
        Check("a change of an older revision changes nothing and says what stands", updatesOldRevision),
        Check("of 100 that change an item at once one does", updateRace),
        Check("scheduled items whose moment has come are due, the longest overdue first", due),
        Check("a tenant's items are listed by kind and status, newest first", listsItems),
        Check("a file knows all its items, and which one is its own", itemsOfFile),
    ]

    private static func updates(_ open: Open) async throws {
        let catalog = try await open()
        let made = Sample.item(try await catalog.add(.complete), description: "first")
        try await catalog.make(made)
        var first = made
        first.original = made.request
        first.original?.settingsJSON = [.tiktok: #"{"a":"\u0000"}"#, .linkedin: "{}"]
        first.original?.scheduledAt = Sample.start.adding(seconds: 3)
        first.request = MediaItemRequest(
            kind: .video, title: "Été", description: nil, platforms: [.youtube, .linkedin],
            scheduledAt: Sample.start.adding(seconds: 99), isDraft: true,
            settingsJSON: [.youtube: #"{"privacy":"unlisted"}"#, .linkedin: "{}"])
        first.status = .scheduled
        first.dueAt = Sample.start.adding(seconds: 4)
        first.results = [
            .youtube: PlatformResult(
                status: .published, remoteID: "née", url: "https://example.org/?a=b", message: "' OR 1=1 --"),
            .linkedin: PlatformResult(status: .pending),
        ]
        first.updatedAt = Sample.start.adding(seconds: 5)
        var second = made
        second.request = MediaItemRequest(kind: .video, platforms: [], settingsJSON: [.pinterest: "{}"])
        second.status = .failed
        second.results = [.linkedin: PlatformResult(status: .failed, message: "")]
        var third = made
        third.request = MediaItemRequest(kind: .video, platforms: [.tiktok])
        let neighbour = Sample.item(try await catalog.add(.complete))
        try await catalog.make(neighbour)
        for (number, change) in [first, second, third].enumerated() {
            var change = change
            change.revision = Int64(number)
            var expected = change
            expected.revision += 1
            try requireEqual(await catalog.update(change, announcing: []), .done(expected))
            try requireEqual(await catalog.item(made.id, kind: nil, of: made.tenant), expected)
            try requireEqual(await catalog.item(of: made.fileID), expected)
        }
        try requireEqual(await catalog.item(of: neighbour.fileID), neighbour)
        // What repeats the request that made it is still answered with this item.
        guard case .replayed(let standing) = try await catalog.finalize(made) else {
            throw ConformanceFailure("a changed item is not replayed")
        }
        try requireEqual(standing.revision, 3)
        try requireEqual(await catalog.finalize(made, fingerprint: "g"), .conflict)
    }

    private static func updatesOldRevision(_ open: Open) async throws {
        let catalog = try await open()
        let made = Sample.item(try await catalog.add(.complete))
        var ghost = made
        ghost.id = .random(now: Sample.start)
        try requireEqual(await catalog.update(ghost, announcing: []), .unknown)
        try await catalog.make(made)
        var standing = made
        standing.request.title = "changed"
        standing.revision = 1
        try requireEqual(await catalog.update(changed(made), announcing: []), .done(standing))
        for revision: Int64 in [0, 2, -1] {
            var late = made
            late.revision = revision
            late.status = .failed
            late.results = [.tiktok: PlatformResult(status: .failed)]
            try requireEqual(await catalog.update(late, announcing: []), .changed(standing))
            try requireEqual(await catalog.item(of: made.fileID), standing)
        }
    }

    private static func changed(_ item: MediaItem, title: String = "changed") -> MediaItem {
        var changed = item
        changed.request.title = title
        return changed
    }

    private static func updateRace(_ open: Open) async throws {
        let nodes = [try await open(), try await open()]
        let made = Sample.item(try await nodes[0].add(.complete))
        try await nodes[0].make(made)
        let outcomes = try await concurrently(100) { number in
            try await nodes[number % 2].update(changed(made, title: "\(number)"), announcing: [])
        }
        let standing = try unwrap(await nodes[1].item(of: made.fileID))
        try requireEqual(standing.revision, 1)
        try requireEqual(outcomes.count { $0 == .done(standing) }, 1, "changes that were made")
        try requireEqual(outcomes.count { $0 == .changed(standing) }, 99, "changes that were refused")
    }

    private static func due(_ open: Open) async throws {
        let catalog = try await open()
        func add(_ status: MediaItemStatus, at seconds: Int64?, post: Bool = false) async throws -> MediaItem {
            var item = Sample.item(
                try await catalog.add(.complete), post: post ? .random(now: Sample.start) : nil)
            item.status = status
            item.request.isDraft = status == .draft
            item.request.scheduledAt = seconds.map { Sample.start.adding(seconds: $0) }
            try await catalog.make(item)
            return item
        }
        for status in MediaItemStatus.allCases where status != .scheduled { _ = try await add(status, at: 1) }
        _ = try await add(.scheduled, at: nil)
        let third = try await add(.scheduled, at: 30)
        let first = try await add(.scheduled, at: 10)
        let second = try await add(.scheduled, at: 20, post: true)
        let steps: [(seconds: Int64, limit: Int, due: [MediaItem])] = [
            (9, 9, []), (10, 9, [first]), (29, 9, [first, second]), (30, 9, [first, second, third]),
            (99, 2, [first, second]), (99, 0, []),
        ]
        for step in steps {
            let now = Sample.start.adding(seconds: step.seconds)
            try requireEqual(await catalog.due(at: now, limit: step.limit), step.due)
        }
        var done = first
        done.status = .pending
        done.dueAt = Sample.start.adding(seconds: 10)
        guard case .done = try await catalog.update(done, announcing: []) else {
            throw ConformanceFailure("an item was not changed")
        }
        try requireEqual(await catalog.due(at: Sample.start.adding(seconds: 99), limit: 9), [second, third])
    }

    private static func listsItems(_ open: Open) async throws {
        let catalog = try await open()
        let statuses: [MediaItemStatus] = [.draft, .scheduled, .failed]
        var all: [MediaItem] = []
        for number in 0..<24 {
            let file = try await catalog.add(.complete, of: number % 6 == 5 ? Sample.tenant("other") : nil)
            // Several of each moment, so that pages end between items of the same age.
            var item = Sample.item(
                file, kind: number % 2 == 0 ? .image : .video,
                post: number % 4 == 0 ? .random(now: Sample.start) : nil, at: Int64(number / 7))
            item.status = statuses[number % 3]
            try await catalog.make(item)
            all.append(item)
        }
        let mine = try Sample.tenant()
        for kind in MediaKind.allCases {
            for status in statuses + [.completed, nil] {
                let expected = all.filter {
                    $0.tenant == mine && $0.request.kind == kind && (status == nil || $0.status == status)
                }.sorted { ($0.createdAt, $0.id.text) > ($1.createdAt, $1.id.text) }
                for size in [1, 3, 100] {
                    var found: [MediaItem] = []
                    var cursor: MediaItemCursor?
                    while true {
                        let page = try await catalog.items(
                            of: mine, kind: kind, status: status, after: cursor, limit: size)
                        guard let last = page.last else { break }
                        try require(page.count <= size, "a page has at most \(size) items")
                        found += page
                        cursor = MediaItemCursor(createdAt: last.createdAt, id: last.id)
                    }
                    try requireEqual(found, expected, "pages of \(size)")
                }
                try requireEqual(
                    await catalog.items(of: mine, kind: kind, status: status, after: nil, limit: 0), [])
            }
        }
    }

    private static func itemsOfFile(_ open: Open) async throws {
        let catalog = try await open()
        let file = try await catalog.add(.complete)
        try requireEqual(await catalog.items(of: file.fileID), [])
        let posted = (1...3).map { Sample.item(file, post: .random(now: Sample.start), at: Int64(10 - $0)) }
        for item in posted { try await catalog.make(item) }
        try requireEqual(await catalog.item(of: file.fileID), nil)
        try requireEqual(await catalog.items(of: file.fileID), posted.reversed())
        let own = Sample.item(file, at: 8)
        try await catalog.make(own)
        try await catalog.make(Sample.item(try await catalog.add(.complete)))
        try requireEqual(await catalog.item(of: file.fileID), own)
        let expected = (posted + [own]).sorted { ($0.createdAt, $0.id.text) < ($1.createdAt, $1.id.text) }
        try requireEqual(await catalog.items(of: file.fileID), expected)
    }
}
