import UploadModel
import UploadStore

extension CatalogConformance {
    static let posts: [Check] = [
        Check("a post's items are found as they were made", makesPost),
        Check("a post is made with all its items or not at all", postNotComplete),
        Check("a post whose items cannot be written is not there", postFails),
        Check("an idempotency key replays and conflicts by itself, among the posts of its tenant", replaysPost),
        Check("without a key every post is a new one, of the same files too", postsAgain),
        Check("of 100 that use one key for a post at once one makes it", postRace),
    ]

    private static func makesPost(_ open: Open) async throws {
        let catalog = try await open()
        let files = [try await catalog.add(.complete), try await catalog.add(.complete)]
        // One file may be in a post twice.
        var (post, items) = try Sample.post([files[1], files[0], files[1]])
        post.scheduledAt = Sample.start.adding(seconds: 99)
        items[0].request = MediaItemRequest(
            kind: .image, title: "Été", description: "a, b", platforms: [.tiktok, .instagram],
            scheduledAt: post.scheduledAt, settingsJSON: [.instagram: #"{"née":1}"#, .tiktok: "{}"])
        items[0].status = .scheduled
        try require(try await catalog.post(idempotencyKey: "k", of: post.tenant) == nil, "an unused key is nil")
        try requireEqual(await catalog.add(post, items: items, key: "k"), .made(post))
        let found = try unwrap(await catalog.post(idempotencyKey: "k", of: post.tenant))
        try requireEqual(found.post, post)
        try requireEqual(found.fingerprint, "f")
        for item in items { try requireEqual(await catalog.item(item.id, kind: .image, of: post.tenant), item) }
        for file in files { try requireEqual(await catalog.item(of: file.fileID), nil) }
        try requireEqual(await catalog.items(of: files[0].fileID), [items[1]])
        try requireEqual(Set(try await catalog.items(of: files[1].fileID)), [items[0], items[2]])
        let (words, none) = try Sample.post([])
        try requireEqual(await catalog.add(words, items: none, key: "l"), .made(words))
        try requireEqual(try unwrap(await catalog.post(idempotencyKey: "l", of: words.tenant)).post, words)
    }

    private static func postNotComplete(_ open: Open) async throws {
        let catalog = try await open()
        let whole = try await catalog.add(.complete)
        var missing = [try Sample.upload(), try await catalog.add(.complete, of: Sample.tenant("other"))]
        for state in UploadState.allCases where state != .complete { missing.append(try await catalog.add(state)) }
        for upload in missing {
            for files in [[upload, whole], [whole, upload], [whole, upload, try Sample.upload()]] {
                var (post, items) = try Sample.post(files)
                post.tenant = whole.tenant
                for index in items.indices { items[index].tenant = whole.tenant }
                let outcome = try await catalog.add(post, items: items, key: "k")
                try requireEqual(outcome, .notComplete(upload.fileID))
                for item in items { try requireEqual(await catalog.item(item.id, kind: nil, of: item.tenant), nil) }
                try require(try await catalog.post(idempotencyKey: "k", of: whole.tenant) == nil, "there is no post")
            }
        }
        try requireEqual(await catalog.items(of: whole.fileID), [])
        // Its key is still free.
        let (post, items) = try Sample.post([whole])
        try requireEqual(await catalog.add(post, items: items, key: "k"), .made(post))
    }

    private static func postFails(_ open: Open) async throws {
        let catalog = try await open()
        let file = try await catalog.add(.complete)
        let standing = Sample.item(file)
        try await catalog.make(standing)
        var (post, items) = try Sample.post([file, file])
        items[1].id = standing.id
        let (broken, copies) = (post, items)
        try await requireFault("an item whose id is taken") {
            _ = try await catalog.add(broken, items: copies, key: "k")
        }
        try requireEqual(await catalog.items(of: file.fileID), [standing])
        try require(try await catalog.post(idempotencyKey: "k", of: post.tenant) == nil, "there is no post")
        items[1].id = .random(now: Sample.start)
        post.items = items.map(\.id)
        try requireEqual(await catalog.add(post, items: items, key: "k"), .made(post))
    }

    private static func replaysPost(_ open: Open) async throws {
        let catalog = try await open()
        let (file, other) = (try await catalog.add(.complete), try Sample.tenant("other"))
        let (first, items) = try Sample.post([file])
        try requireEqual(await catalog.add(first, items: items, key: "k"), .made(first))
        // Whoever lost the answer may not have a complete file at hand any more.
        for upload in [file, try await catalog.add(.aborted)] {
            let (again, copies) = try Sample.post([upload], at: 1)
            try requireEqual(await catalog.add(again, items: copies, key: "k"), .replayed(first))
            try requireEqual(await catalog.add(again, items: copies, fingerprint: "g", key: "k"), .conflict)
            try requireEqual(await catalog.item(again.items[0], kind: nil, of: again.tenant), nil)
        }
        try requireEqual(await catalog.items(of: file.fileID), items)
        try require(try await catalog.post(idempotencyKey: "k", of: other) == nil, "a key belongs to its tenant")
        let (theirs, copies) = try Sample.post([try await catalog.add(.complete, of: other)])
        try requireEqual(await catalog.add(theirs, items: copies, fingerprint: "g", key: "k"), .made(theirs))
        // Keys of items are others.
        let own = Sample.item(file)
        try requireEqual(await catalog.finalize(own, fingerprint: "g", key: "k"), .made(own))
        try requireEqual(try unwrap(await catalog.post(idempotencyKey: "k", of: file.tenant)).post, first)
        try requireEqual(try unwrap(await catalog.finalized(idempotencyKey: "k", of: file.tenant)).item, own)
        // A post that lost its items is still the one that was made.
        _ = try await catalog.delete(items[0], now: Sample.start, announcing: []).requireDone()
        try requireEqual(await catalog.add(first, items: items, key: "k"), .replayed(first))
    }

    private static func postsAgain(_ open: Open) async throws {
        let catalog = try await open()
        let file = try await catalog.add(.complete)
        var all: [MediaItem] = []
        for number in 0..<3 {
            let (post, items) = try Sample.post([file], at: Int64(number))
            try requireEqual(await catalog.add(post, items: items), .made(post))
            all += items
            if number == 1 {
                let own = Sample.item(file, at: 1)
                try requireEqual(await catalog.finalize(own), .made(own))
                try requireEqual(await catalog.finalize(own), .replayed(own))
                all.append(own)
            }
        }
        all.sort { ($0.createdAt, $0.id.text) < ($1.createdAt, $1.id.text) }
        try requireEqual(await catalog.items(of: file.fileID), all)
    }

    private static func postRace(_ open: Open) async throws {
        let nodes = [try await open(), try await open()]
        let file = try await nodes[0].add(.complete)
        let outcomes = try await concurrently(100) { number in
            let (post, items) = try Sample.post([file])
            return try await nodes[number % 2].add(post, items: items, key: "same")
        }
        let made = outcomes.compactMap { outcome in if case .made(let post) = outcome { post } else { nil } }
        try requireEqual(made.count, 1, "posts that were made")
        try requireEqual(outcomes.count { $0 == .replayed(made[0]) }, 99, "requests that were answered with it")
        try requireEqual(try await nodes[1].items(of: file.fileID).map(\.id), made[0].items)
    }
}
