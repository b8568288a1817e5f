import UploadModel
import UploadStore

extension CatalogConformance {
    /// Every change that takes hand-offs, under the name of its call.
    static let announcing: [Check] =
        [
            ("complete", completing), ("withdraw", withdrawing), ("finalize", finalizing), ("add a post", posting),
            ("update an item", updating), ("delete an item", deletingItem), ("delete a file", deletingFile),
        ].map { name, prepare in
            Check("\(name): hand-offs are written with the change or not at all") { open in
                try await announces(try await open(), prepare)
            }
        } + [
            Check("of 100 that complete an upload at once one writes its hand-offs", announceRace),
            Check("hand-offs of 100 changes at once have places of their own", placeRace),
        ]

    /// A change with hand-offs; answers whether it was made.
    private typealias Change = @Sendable ([Handoff]) async throws -> Bool
    /// The file that a change is about, the change, and some that do not hold.
    private typealias Prepared = (file: FileID, change: Change, refused: [Change])

    private static func announces(
        _ catalog: any Catalog, _ prepare: @Sendable (any Catalog) async throws -> Prepared
    ) async throws {
        let standing = try Sample.handoff(at: 9)
        _ = try await catalog.addFile(completedAt: 1, announcing: [standing])
        let (file, change, refused) = try await prepare(catalog)
        for (number, change) in refused.enumerated() {
            try require(try await !change([Sample.handoff(file)]), "change \(number) should not hold")
            try requireEqual(try await catalog.announced(), [standing], "the outbox after change \(number)")
        }
        // A change whose hand-offs cannot be written is none, the first of them included.
        let (upload, items) = (try await catalog.upload(file), try await catalog.items(of: file))
        try await requireFault("a hand-off that is there already") {
            _ = try await change([Sample.handoff(file), standing])
        }
        try requireEqual(await catalog.upload(file), upload)
        try requireEqual(await catalog.items(of: file), items)
        try requireEqual(try await catalog.announced(), [standing])
        // In the order given, whatever their age, and for other endpoints under the same name.
        var handoffs = [try Sample.handoff(file, .mediaDue, at: 5), try Sample.handoff(file, .mediaDeleted, at: 3)]
        handoffs.append(
            Handoff(
                id: handoffs[0].id, endpoint: try Sample.endpoint("other"), kind: .mediaFinalized, fileID: file,
                tenant: handoffs[0].tenant, createdAt: handoffs[0].createdAt, body: ""))
        try require(try await change(handoffs), "the change should hold")
        try requireEqual(try await catalog.announced(), [standing] + handoffs)
        try require(try await !change([Sample.handoff(file)]), "the change should hold once")
        try requireEqual(try await catalog.announced(), [standing] + handoffs)
    }

    private static func completing(_ catalog: any Catalog) async throws -> Prepared {
        let open = try await catalog.add(.receiving)
        func completing(_ file: FileID) -> Change {
            { handoffs in
                let outcome = try await catalog.complete(file, with: Sample.completion(), announcing: handoffs)
                return if case .done = outcome { true } else { false }
            }
        }
        let others = [
            FileID.random(), try await catalog.add(.granted).fileID, try await catalog.add(.complete).fileID,
            try await catalog.add(.aborted).fileID,
        ]
        return (open.fileID, completing(open.fileID), others.map(completing))
    }

    private static func withdrawing(_ catalog: any Catalog) async throws -> Prepared {
        let file = try await catalog.add(.complete)
        func withdrawing(_ file: FileID) -> Change {
            { handoffs in
                let outcome = try await catalog.withdraw(file, now: Sample.start, announcing: handoffs)
                return if case .done = outcome { true } else { false }
            }
        }
        let used = Sample.item(try await catalog.add(.complete))
        try await catalog.make(used)
        let others = [FileID.random(), try await catalog.add(.receiving).fileID, used.fileID]
        return (file.fileID, withdrawing(file.fileID), others.map(withdrawing))
    }

    private static func finalizing(_ catalog: any Catalog) async throws -> Prepared {
        let file = try await catalog.add(.complete)
        func finalizing(_ upload: UploadRecord, fingerprint: String = "f", key: String? = nil) -> Change {
            let item = Sample.item(upload)
            return { handoffs in
                let outcome = try await catalog.finalize(
                    item, fingerprint: fingerprint, idempotencyKey: key, announcing: handoffs)
                return if case .made = outcome { true } else { false }
            }
        }
        let used = try await catalog.add(.complete)
        try requireEqual(try await finalizing(used, key: "k")([]), true)
        let refused = [
            finalizing(try Sample.upload()), finalizing(try await catalog.add(.receiving)), finalizing(used),
            finalizing(used, fingerprint: "g"), finalizing(file, key: "k"),
            finalizing(file, fingerprint: "g", key: "k"),
        ]
        return (file.fileID, finalizing(file), refused)
    }

    private static func posting(_ catalog: any Catalog) async throws -> Prepared {
        let file = try await catalog.add(.complete)
        func posting(_ uploads: [UploadRecord], fingerprint: String = "f", key: String? = nil) throws -> Change {
            let (post, items) = try Sample.post(uploads)
            return { handoffs in
                let outcome = try await catalog.add(
                    post, items: items, fingerprint: fingerprint, idempotencyKey: key, announcing: handoffs)
                return if case .made = outcome { true } else { false }
            }
        }
        try requireEqual(try await posting([file], key: "k")([]), true)
        let refused = [
            try posting([file, try Sample.upload()]), try posting([try await catalog.add(.receiving)]),
            try posting([file], key: "k"), try posting([file], fingerprint: "g", key: "k"),
        ]
        return (file.fileID, try posting([file], key: "l"), refused)
    }

    private static func updating(_ catalog: any Catalog) async throws -> Prepared {
        let made = Sample.item(try await catalog.add(.complete))
        try await catalog.make(made)
        func updating(_ change: (inout MediaItem) throws -> Void) rethrows -> Change {
            var item = made
            item.status = .failed
            item.results = [.tiktok: PlatformResult(status: .failed)]
            try change(&item)
            let changed = item
            return { handoffs in
                let outcome = try await catalog.update(changed, announcing: handoffs)
                return if case .done = outcome { true } else { false }
            }
        }
        let refused = [
            updating { $0.id = .random(now: Sample.start) }, updating { $0.revision = 1 },
            try updating { $0.tenant = try Sample.tenant("other") },
        ]
        return (made.fileID, updating { _ in }, refused)
    }

    private static func deletingItem(_ catalog: any Catalog) async throws -> Prepared {
        let made = Sample.item(try await catalog.add(.complete))
        try await catalog.make(made)
        func deleting(_ change: (inout MediaItem) throws -> Void) rethrows -> Change {
            var item = made
            try change(&item)
            let changed = item
            return { handoffs in
                let outcome = try await catalog.delete(changed, now: Sample.start, announcing: handoffs)
                return if case .done = outcome { true } else { false }
            }
        }
        let refused = [
            deleting { $0.id = .random(now: Sample.start) }, deleting { $0.revision = 1 },
            try deleting { $0.tenant = try Sample.tenant("other") },
        ]
        return (made.fileID, deleting { _ in }, refused)
    }

    private static func deletingFile(_ catalog: any Catalog) async throws -> Prepared {
        let made = Sample.item(try await catalog.add(.complete))
        try await catalog.make(made)
        func deleting(_ file: FileID, of tenant: TenantID, items: [MediaItemID]) -> Change {
            { handoffs in
                let outcome = try await catalog.delete(
                    file, of: tenant, items: items, now: Sample.start, announcing: handoffs)
                return if case .done = outcome { true } else { false }
            }
        }
        let refused = [
            deleting(.random(), of: made.tenant, items: []), deleting(made.fileID, of: made.tenant, items: []),
            deleting(made.fileID, of: try Sample.tenant("other"), items: [made.id]),
            deleting(try await catalog.add(.receiving).fileID, of: made.tenant, items: []),
        ]
        return (made.fileID, deleting(made.fileID, of: made.tenant, items: [made.id]), refused)
    }

    private static func announceRace(_ open: Open) async throws {
        let nodes = [try await open(), try await open()]
        let upload = try await nodes[0].add(.receiving)
        let handoffs = try (0..<100).map { _ in try Sample.handoff(upload.fileID) }
        let outcomes = try await concurrently(100) { number in
            try await nodes[number % 2].complete(
                upload.fileID, with: Sample.completion(), announcing: [handoffs[number]])
        }
        let winner = try unwrap(outcomes.firstIndex { if case .done = $0 { true } else { false } })
        try requireEqual(try await nodes[1].announced(), [handoffs[winner]])
    }

    private static func placeRace(_ open: Open) async throws {
        let nodes = [try await open(), try await open()]
        let pairs = try await concurrently(100) { number in
            let file = FileID.random()
            let pair = [try Sample.handoff(file), try Sample.handoff(file, .mediaFinalized)]
            _ = try await nodes[number % 2].addFile(completedAt: 1, announcing: pair)
            return pair
        }
        let queued = try await nodes[0].handoffs(in: nil, after: nil, limit: 1000)
        let places = queued.map(\.sequence)
        try requireEqual(places, Set(places).sorted(), "places in the outbox")
        for pair in pairs {
            try requireEqual(queued.map(\.handoff).filter { $0.fileID == pair[0].fileID }, pair)
        }
        try requireEqual(queued.count, 200, "hand-offs")
    }
}
