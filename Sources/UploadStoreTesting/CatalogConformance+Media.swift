import UploadModel
import UploadStore

extension CatalogConformance {
    static let media: [Check] = [
        Check("an item is found as it was made, by its kind and tenant only", makesItem),
        Check("the same file replays the same request and conflicts with another", replays),
        Check("an idempotency key replays and conflicts by itself, in its tenant", replaysKey),
        Check("of 100 that finalize a file at once one makes the item", finalizeRace),
        Check("of 100 that use one idempotency key at once one makes the item", keyRace),
        Check("only a complete file of the tenant is finalized", finalizesOnlyComplete),
        Check("the gallery shows a tenant's files, newest first, with their descriptions", gallery),
        Check("what is said of a file comes before what is said of its item, and posts say nothing of it", describes),
    ]

    private static func makesItem(_ open: Open) async throws {
        let catalog = try await open()
        var full = Sample.item(try await catalog.add(.complete))
        full.request = MediaItemRequest(
            kind: .video, title: "Été", description: "a, b", platforms: [.tiktok, .youtube, .linkedin],
            scheduledAt: Sample.start.adding(seconds: 99), isDraft: true,
            settingsJSON: [.youtube: #"{"privacy":"unlisted"}"#, .pinterest: "{}"])
        full.status = .scheduled
        full.updatedAt = Sample.start.adding(seconds: 1)
        var bare = Sample.item(try await catalog.add(.complete))
        bare.request = MediaItemRequest(kind: .image, title: "", platforms: [])
        for item in [full, bare] {
            try requireEqual(await catalog.item(of: item.fileID), nil)
            try requireEqual(await catalog.finalize(item), .made(item))
            try requireEqual(await catalog.item(of: item.fileID), item)
            let kind = item.request.kind
            try requireEqual(await catalog.item(item.id, kind: kind, of: item.tenant), item)
            try requireEqual(
                await catalog.item(item.id, kind: kind == .image ? .video : .image, of: item.tenant), nil)
            try requireEqual(await catalog.item(item.id, kind: nil, of: item.tenant), item)
            for any in [kind, nil] {
                try requireEqual(await catalog.item(item.id, kind: any, of: try Sample.tenant("other")), nil)
            }
        }
        try requireEqual(
            await catalog.item(.random(now: Sample.start), kind: .video, of: try Sample.tenant()), nil)
    }

    private static func replays(_ open: Open) async throws {
        let catalog = try await open()
        let upload = try await catalog.add(.complete)
        let item = Sample.item(upload, description: "first")
        try requireEqual(await catalog.finalize(item), .made(item))
        let again = Sample.item(upload, description: "second")
        for key in [nil, "new"] {
            try requireEqual(await catalog.finalize(again, key: key), .replayed(item))
            try requireEqual(await catalog.finalize(again, fingerprint: "g", key: key), .conflict)
        }
        try requireEqual(await catalog.item(again.id, kind: .video, of: item.tenant), nil)
        try requireEqual(await catalog.item(item.id, kind: .video, of: item.tenant), item)
    }

    private static func replaysKey(_ open: Open) async throws {
        let catalog = try await open()
        let (first, second) = (try await catalog.add(.complete), try await catalog.add(.complete))
        let (item, another) = (Sample.item(first), Sample.item(second))
        try require(try await catalog.finalized(idempotencyKey: "k", of: item.tenant) == nil, "an unused key is nil")
        try requireEqual(await catalog.finalize(item, key: "k"), .made(item))
        try requireEqual(await catalog.finalize(another, key: "k"), .replayed(item))
        try requireEqual(await catalog.finalize(another, fingerprint: "g", key: "k"), .conflict)
        try requireEqual(await catalog.item(another.id, kind: .video, of: item.tenant), nil)
        // Whoever lost the answer may not have a complete file at hand any more.
        let gone = Sample.item(try await catalog.add(.aborted))
        try requireEqual(await catalog.finalize(gone, key: "k"), .replayed(item))
        let found = try unwrap(await catalog.finalized(idempotencyKey: "k", of: item.tenant))
        try requireEqual(found.item, item)
        try requireEqual(found.fingerprint, "f")
        let other = try Sample.tenant("other")
        try require(try await catalog.finalized(idempotencyKey: "k", of: other) == nil, "a key belongs to its tenant")
        let theirs = Sample.item(try await catalog.add(.complete, of: other))
        try requireEqual(await catalog.finalize(theirs, fingerprint: "g", key: "k"), .made(theirs))
        // The second file is still free.
        try requireEqual(await catalog.finalize(another, key: "l"), .made(another))
    }

    private static func finalizeRace(_ open: Open) async throws {
        let nodes = [try await open(), try await open()]
        let upload = try await nodes[0].add(.complete)
        let outcomes = try await concurrently(100) { number in
            try await nodes[number % 2].finalize(
                Sample.item(upload), key: number % 3 == 0 ? "k\(number)" : nil)
        }
        let made = outcomes.compactMap { outcome in if case .made(let item) = outcome { item } else { nil } }
        try requireEqual(made.count, 1, "items that were made")
        try requireEqual(outcomes.count { $0 == .replayed(made[0]) }, 99, "requests that were answered with it")
    }

    private static func keyRace(_ open: Open) async throws {
        let nodes = [try await open(), try await open()]
        let uploads = try await concurrently(100) { _ in try await nodes[0].add(.complete) }
        let outcomes = try await concurrently(100) { number in
            try await nodes[number % 2].finalize(
                Sample.item(uploads[number]), key: "same")
        }
        let made = outcomes.compactMap { outcome in if case .made(let item) = outcome { item } else { nil } }
        try requireEqual(made.count, 1, "items that were made")
        try requireEqual(outcomes.count { $0 == .replayed(made[0]) }, 99, "requests that were answered with it")
        let described = try await nodes[0].gallery(of: Sample.tenant(), after: nil, limit: 200)
        try requireEqual(described.count, 100, "files in the gallery")
    }

    private static func finalizesOnlyComplete(_ open: Open) async throws {
        let catalog = try await open()
        for state in UploadState.allCases where state != .complete {
            let item = Sample.item(try await catalog.add(state))
            try requireEqual(await catalog.finalize(item, key: "k"), .notComplete)
        }
        let unknown = Sample.item(try Sample.upload())
        try requireEqual(await catalog.finalize(unknown, key: "k"), .notComplete)
        let upload = try await catalog.add(.complete)
        var foreign = Sample.item(upload)
        foreign.tenant = try Sample.tenant("other")
        try requireEqual(await catalog.finalize(foreign), .notComplete)
        let own = Sample.item(upload)
        try requireEqual(await catalog.finalize(own), .made(own))
        // Also when it is finalized already, another tenant learns nothing of it.
        try requireEqual(await catalog.finalize(foreign), .notComplete)
    }

    private static func gallery(_ open: Open) async throws {
        let catalog = try await open()
        try requireEqual(await catalog.gallery(of: try Sample.tenant(), after: nil, limit: 9), [])
        for state in UploadState.allCases where state != .complete { _ = try await catalog.add(state) }
        _ = try await catalog.add(.complete, of: Sample.tenant("other"))
        var expected: [GalleryEntry] = []
        for number in 0..<9 {
            let upload = try await catalog.add(.complete, at: Int64(number / 2))
            let description = number % 3 == 0 ? "words \(number)" : nil
            if number % 3 != 2 {
                _ = try await catalog.finalize(
                    Sample.item(upload, description: description))
            }
            expected.append(GalleryEntry(upload: upload, description: description))
        }
        expected.sort {
            ($0.upload.createdAt, $0.upload.fileID.text) > ($1.upload.createdAt, $1.upload.fileID.text)
        }
        var found: [GalleryEntry] = []
        var cursor: UploadCursor?
        while true {
            let page = try await catalog.gallery(of: try Sample.tenant(), after: cursor, limit: 2)
            guard let last = page.last?.upload else { break }
            found += page
            cursor = UploadCursor(createdAt: last.createdAt, fileID: last.fileID)
        }
        try requireEqual(found, expected)
    }

    private static func describes(_ open: Open) async throws {
        let catalog = try await open()
        let words: [(ofFile: String?, ofItem: String?, shown: String?)] = [
            ("file", "item", "file"), (nil, "item", "item"), ("file", nil, "file"), (nil, nil, nil),
        ]
        for (index, words) in words.enumerated() {
            var upload = try Sample.upload(at: Int64(index))
            upload.description = words.ofFile
            try await catalog.add(upload)
            let file = try await catalog.complete(upload.fileID, with: Sample.completion(), announcing: [])
                .requireDone()
            try await catalog.make(
                Sample.item(file, description: "of the post", post: .random(now: Sample.start)))
            try await catalog.make(Sample.item(file, description: words.ofItem))
            try requireEqual(
                await catalog.gallery(of: file.tenant, after: nil, limit: 1),
                [GalleryEntry(upload: file, description: words.shown)])
        }
    }
}
