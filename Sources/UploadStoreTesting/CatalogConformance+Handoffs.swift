import UploadModel
import UploadStore

extension CatalogConformance {
    static let handoffs: [Check] =
        announcing + [
            Check("a hand-off waits for its endpoint, and is due from its moment on", handoffWaits),
            Check("a hand-off that was planned by a clock that ran ahead is due at once", handoffFromAhead),
            Check("of each file only the first hand-off that waits is due, at each endpoint", handoffOrder),
            Check("a failed hand-off holds those behind it up, of its file only, until it is accepted", handoffFails),
            Check("a hand-off that was given up lets those behind it go", handoffDies),
            Check("what is not there is neither accepted nor failed, and a dead letter stays one", handoffGone),
            Check("one event, or every dead letter, is tried again at once and before what came later", handoffRetried),
            Check("the outbox is listed by state, oldest first", listsHandoffs),
        ]

    /// Writes hand-offs, each with a change of its own.
    private static func announce(_ handoffs: [Handoff], in catalog: any Catalog) async throws -> [QueuedHandoff] {
        let last = try await catalog.handoffs(in: nil, after: nil, limit: 1000).last?.sequence
        for handoff in handoffs { _ = try await catalog.addFile(completedAt: 1, announcing: [handoff]) }
        let queued = try await catalog.handoffs(in: nil, after: last, limit: 1000)
        try requireEqual(queued.map(\.handoff), handoffs)
        return queued
    }

    private static func due(
        _ catalog: any Catalog, at seconds: Int64 = 1000, latest: Int64 = 1_000_000, for endpoint: String = "app",
        limit: Int = 100
    ) async throws -> [QueuedHandoff] {
        try await catalog.handoffsDue(
            for: Sample.endpoint(endpoint), at: Sample.start.adding(seconds: seconds),
            latest: Sample.start.adding(seconds: latest), limit: limit)
    }

    private static func handoffWaits(_ open: Open) async throws {
        let catalog = try await open()
        try requireEqual(try await due(catalog), [])
        let written = [
            try Sample.handoff(.random(), .mediaDue, at: 20), try Sample.handoff(.random(), .mediaDeleted, at: 10),
            try Sample.handoff(.random(), .mediaFinalized, to: "other", at: 5),
        ]
        let queued = try await announce(written, in: catalog)
        for (queued, handoff) in zip(queued, written) {
            let expected = QueuedHandoff(
                sequence: queued.sequence, handoff: handoff, state: .waiting, attempts: 0,
                nextAttemptAt: handoff.createdAt, lastFault: nil)
            try requireEqual(queued, expected)
        }
        try requireEqual(try await due(catalog, at: 9), [])
        try requireEqual(try await due(catalog, at: 10), [queued[1]])
        // Whoever has waited longest goes first.
        try requireEqual(try await due(catalog, at: 20), [queued[1], queued[0]])
        try requireEqual(try await due(catalog, at: 20, limit: 1), [queued[1]])
        try requireEqual(try await due(catalog, at: 20, limit: 0), [])
        try requireEqual(try await due(catalog, at: 20, for: "other"), [queued[2]])
        try requireEqual(try await due(catalog, at: 20, for: "third"), [])
    }

    private static func handoffFromAhead(_ open: Open) async throws {
        let catalog = try await open()
        let (first, second) = (FileID.random(), FileID.random())
        let queued = try await announce(
            [
                try Sample.handoff(first, at: 500), try Sample.handoff(second, at: 5000),
                try Sample.handoff(first, .mediaFinalized, at: 5000), try Sample.handoff(at: 100),
            ], in: catalog)
        try requireEqual(try await due(catalog, at: 100, latest: 5000), [queued[3]])
        try requireEqual(try await due(catalog, at: 100, latest: 4999), [queued[3], queued[1]])
        try requireEqual(try await due(catalog, at: 100, latest: 499), [queued[3], queued[0], queued[1]])
        try requireEqual(try await due(catalog, at: 100, latest: 499, limit: 1), [queued[3]])
        // It fails as any other does, and nothing overtakes it.
        try await catalog.failed(
            queued[0].sequence, fault: "503", nextAttemptAt: Sample.start.adding(seconds: 300))
        try requireEqual(try await due(catalog, at: 100, latest: 499), [queued[3], queued[1]])
    }

    private static func handoffOrder(_ open: Open) async throws {
        let catalog = try await open()
        let (first, second) = (FileID.random(), FileID.random())
        let queued = try await announce(
            [
                try Sample.handoff(first, at: 5), try Sample.handoff(first, .mediaFinalized, at: 1),
                try Sample.handoff(second, at: 2), try Sample.handoff(first, to: "other", at: 3),
                try Sample.handoff(second, .mediaDue, at: 1),
            ], in: catalog)
        // The head of the first file is not due before its moment, and nothing may overtake it.
        try requireEqual(try await due(catalog, at: 1), [])
        try requireEqual(try await due(catalog, at: 2), [queued[2]])
        try requireEqual(try await due(catalog), [queued[2], queued[0]])
        // One file's queue does not take the room of another's.
        try requireEqual(try await due(catalog, limit: 2), [queued[2], queued[0]])
        try requireEqual(try await due(catalog, for: "other"), [queued[3]])
        try await catalog.accepted(queued[0].sequence)
        try requireEqual(try await due(catalog), [queued[1], queued[2]])
        try await catalog.accepted(queued[2].sequence)
        try await catalog.accepted(queued[1].sequence)
        try requireEqual(try await due(catalog), [queued[4]])
        try await catalog.accepted(queued[4].sequence)
        try requireEqual(try await due(catalog), [])
        try requireEqual(await catalog.handoffs(in: nil, after: nil, limit: 9), [queued[3]])
    }

    private static func handoffFails(_ open: Open) async throws {
        let catalog = try await open()
        let file = FileID.random()
        let queued = try await announce(
            [
                try Sample.handoff(file), try Sample.handoff(file, .mediaFinalized), try Sample.handoff(),
                try Sample.handoff(file, to: "other"),
            ], in: catalog)
        for attempt in 1...3 {
            let next = Int64(attempt) * 100
            try await catalog.failed(
                queued[0].sequence, fault: "status \(attempt)", nextAttemptAt: Sample.start.adding(seconds: next))
            var failed = queued[0]
            failed.attempts = attempt
            failed.lastFault = "status \(attempt)"
            failed.nextAttemptAt = Sample.start.adding(seconds: next)
            try requireEqual(await catalog.handoffs(in: .waiting, after: nil, limit: 1), [failed])
            try requireEqual(try await due(catalog, at: next - 1), [queued[2]])
            try requireEqual(try await due(catalog, at: next - 1, for: "other"), [queued[3]])
            try requireEqual(try await due(catalog, at: next), [queued[2], failed])
        }
        // What waited behind it waited as long.
        var behind = queued[1]
        behind.nextAttemptAt = Sample.start.adding(seconds: 300)
        try await catalog.accepted(queued[0].sequence)
        try requireEqual(try await due(catalog, at: 299), [queued[2]])
        try requireEqual(try await due(catalog, at: 300), [queued[2], behind])
    }

    private static func handoffDies(_ open: Open) async throws {
        let catalog = try await open()
        let file = FileID.random()
        let queued = try await announce(
            [try Sample.handoff(file, at: 7), try Sample.handoff(file, .mediaDue)], in: catalog)
        try await catalog.failed(queued[0].sequence, fault: "gone", nextAttemptAt: nil)
        let dead = QueuedHandoff(
            sequence: queued[0].sequence, handoff: queued[0].handoff, state: .dead, attempts: 1,
            nextAttemptAt: queued[0].nextAttemptAt, lastFault: "gone")
        try requireEqual(await catalog.handoffs(in: nil, after: nil, limit: 9), [dead, queued[1]])
        try requireEqual(try await due(catalog), [queued[1]])
        try await catalog.accepted(queued[1].sequence)
        try requireEqual(try await due(catalog), [])
        try requireEqual(await catalog.handoffs(in: nil, after: nil, limit: 9), [dead])
        // It is kept, but somebody may also have had it after all.
        try await catalog.accepted(dead.sequence)
        try requireEqual(await catalog.handoffs(in: nil, after: nil, limit: 9), [])
    }

    private static func handoffGone(_ open: Open) async throws {
        let catalog = try await open()
        let queued = try await announce([try Sample.handoff(), try Sample.handoff()], in: catalog)
        try await catalog.failed(queued[0].sequence, fault: "gone", nextAttemptAt: nil)
        let standing = try await catalog.handoffs(in: nil, after: nil, limit: 9)
        for sequence in [0, -1, queued[1].sequence + 1, Int64.max] {
            try await catalog.accepted(sequence)
            try await catalog.failed(sequence, fault: "none", nextAttemptAt: nil)
        }
        for next in [nil, Sample.start] {
            try await catalog.failed(queued[0].sequence, fault: "again", nextAttemptAt: next)
        }
        try requireEqual(await catalog.handoffs(in: nil, after: nil, limit: 9), standing)
        // Places are not given twice, so that what was accepted late cannot be another's.
        try await catalog.accepted(queued[1].sequence)
        let next = try await announce([try Sample.handoff()], in: catalog)
        try require(next[0].sequence > queued[1].sequence, "a place is not given twice")
    }

    private static func handoffRetried(_ open: Open) async throws {
        let catalog = try await open()
        let file = FileID.random()
        let first = try Sample.handoff(file)
        let elsewhere = Handoff(
            id: first.id, endpoint: try Sample.endpoint("other"), kind: first.kind, fileID: file,
            tenant: first.tenant, createdAt: first.createdAt, body: first.body)
        let queued = try await announce(
            [first, try Sample.handoff(file, .mediaFinalized), elsewhere, try Sample.handoff()], in: catalog)
        let now = Sample.start.adding(seconds: 500)
        try requireEqual(await catalog.retryHandoffs(nil, now: now), 0)
        try requireEqual(await catalog.retryHandoffs(.random(), now: now), 0)
        try requireEqual(await catalog.handoffs(in: nil, after: nil, limit: 9), queued)
        let late = Sample.start.adding(seconds: 1_000_000)
        try await catalog.failed(queued[0].sequence, fault: "a", nextAttemptAt: Sample.start)
        try await catalog.failed(queued[0].sequence, fault: "b", nextAttemptAt: nil)
        try await catalog.failed(queued[2].sequence, fault: "c", nextAttemptAt: late)
        try await catalog.failed(queued[3].sequence, fault: "d", nextAttemptAt: nil)
        func again(_ index: Int, _ fault: String) -> QueuedHandoff {
            QueuedHandoff(
                sequence: queued[index].sequence, handoff: queued[index].handoff, state: .waiting, attempts: 0,
                nextAttemptAt: now, lastFault: fault)
        }
        // By its name the event is tried again everywhere, also where it only waits for its time.
        try requireEqual(await catalog.retryHandoffs(first.id, now: now), 2)
        try requireEqual(try await due(catalog, at: 499), [])
        try requireEqual(try await due(catalog, at: 500), [again(0, "b")])
        try requireEqual(try await due(catalog, at: 500, for: "other"), [again(2, "c")])
        try requireEqual(await catalog.retryHandoffs(nil, now: now), 1)
        try requireEqual(try await due(catalog, at: 500), [again(0, "b"), again(3, "d")])
        try requireEqual(await catalog.handoffs(in: .dead, after: nil, limit: 9), [])
        try await catalog.accepted(queued[0].sequence)
        var behind = queued[1]
        behind.nextAttemptAt = now
        try requireEqual(try await due(catalog, at: 500), [behind, again(3, "d")])
    }

    private static func listsHandoffs(_ open: Open) async throws {
        let catalog = try await open()
        let file = FileID.random()
        let written = try (0..<9).map { try Sample.handoff(file, to: $0 % 2 == 0 ? "app" : "other", at: Int64(-$0)) }
        for queued in try await announce(written, in: catalog) where queued.sequence % 3 == 0 {
            try await catalog.failed(queued.sequence, fault: "gone", nextAttemptAt: nil)
        }
        let all = try await catalog.handoffs(in: nil, after: nil, limit: 100)
        try requireEqual(all.map(\.handoff), written)
        for state in QueuedHandoff.State.allCases + [nil] {
            let expected = all.filter { state == nil || $0.state == state }
            try require(!expected.isEmpty, "some in each state")
            for size in [1, 2, 100] {
                var found: [QueuedHandoff] = []
                while true {
                    let page = try await catalog.handoffs(in: state, after: found.last?.sequence, limit: size)
                    guard !page.isEmpty else { break }
                    try require(page.count <= size, "a page has at most \(size) hand-offs")
                    found += page
                }
                try requireEqual(found, expected, "pages of \(size)")
            }
            try requireEqual(await catalog.handoffs(in: state, after: nil, limit: 0), [])
        }
    }
}
