import UploadModel
import UploadStore

extension CatalogConformance {
    static let listing: [Check] = [
        Check("uploads are listed newest first, of one tenant or of all, in the states asked for", lists),
        Check("pages neither lose nor repeat an upload", pages),
        Check("copies are in no list, but what watches over bytes knows them", leavesCopiesOut),
        Check("old files are listed, the one that was completed first before the others", listsOldFiles),
        Check("open uploads whose time is over are listed oldest first", expires),
        Check("ended uploads are forgotten, oldest first, and nothing else is", forgets),
        Check("references name what the byte store should hold", refers),
    ]

    private static func lists(_ open: Open) async throws {
        let catalog = try await open()
        let (mine, other) = (try Sample.tenant(), try Sample.tenant("other"))
        var all: [UploadRecord] = []
        for (index, state) in UploadState.allCases.enumerated() {
            for tenant in [mine, other] {
                all.append(try await catalog.add(state, of: tenant, at: Int64(10 * index)))
            }
        }
        for tenant in [mine, other, nil] {
            for states: Set<UploadState> in [[.receiving], [.granted, .receiving], Set(UploadState.allCases), []] {
                let expected = all.filter { states.contains($0.state) && (tenant == nil || $0.tenant == tenant) }
                    .sorted(by: isNewer)
                try requireEqual(await catalog.uploads(of: tenant, in: states, after: nil, limit: 100), expected)
                try requireEqual(
                    await catalog.uploads(of: tenant, in: states, after: nil, limit: 3), Array(expected.prefix(3)))
                try requireEqual(await catalog.uploads(of: tenant, in: states, after: nil, limit: 0), [])
            }
        }
        try requireEqual(
            await catalog.uploads(of: try Sample.tenant("third"), in: [.receiving], after: nil, limit: 9), [])
    }

    private static func pages(_ open: Open) async throws {
        let catalog = try await open()
        // Several of each moment, so that pages end between uploads of the same age.
        let created = try await concurrently(40) { number in
            try await catalog.add(
                number % 3 == 0 ? .granted : .receiving, of: number % 5 == 0 ? Sample.tenant("other") : nil,
                at: Int64(number / 7))
        }
        for tenant in [try Sample.tenant(), nil] {
            for size in [1, 3, 40] {
                var found: [UploadRecord] = []
                var cursor: UploadCursor?
                for number in 0... {
                    let page = try await catalog.uploads(
                        of: tenant, in: [.granted, .receiving], after: cursor, limit: size)
                    guard let last = page.last else { break }
                    try require(page.count <= size, "a page has at most \(size) uploads")
                    found += page
                    cursor = UploadCursor(createdAt: last.createdAt, fileID: last.fileID)
                    // What begins meanwhile is newer than the place of the list.
                    _ = try await catalog.add(.receiving, of: Sample.tenant(), at: Int64(1000 + number))
                }
                let known = Set(created.map(\.fileID))
                let expected = created.filter { tenant == nil || $0.tenant == tenant }.sorted(by: isNewer)
                try requireEqual(found.filter { known.contains($0.fileID) }, expected, "pages of \(size)")
                try requireEqual(Set(found.map(\.fileID)).count, found.count, "uploads that came once")
            }
        }
    }

    private static func leavesCopiesOut(_ open: Open) async throws {
        let catalog = try await open()
        let original = try await catalog.add(.complete)
        let copy = try await catalog.addCopy(of: original)
        var begun = try Sample.upload(lifetimeSeconds: 10)
        begun.originalID = original.fileID
        try await catalog.add(begun)
        let late = Sample.start.adding(seconds: 1_000_000)
        for tenant in [original.tenant, nil] {
            for cursor in [nil, UploadCursor(createdAt: late, fileID: .random())] {
                let found = try await catalog.uploads(
                    of: tenant, in: Set(UploadState.allCases), after: cursor, limit: 9)
                try requireEqual(found, [original])
            }
        }
        try requireEqual(
            await catalog.gallery(of: original.tenant, after: nil, limit: 9),
            [GalleryEntry(upload: original, description: nil)])
        try requireEqual(await catalog.files(completedBefore: late, limit: 9), [original])
        try requireEqual(try await catalog.standing(copy), copy)
        try requireEqual(copy.originalID, original.fileID)
        try requireEqual(await catalog.upload(.fileID(copy.fileID), of: copy.tenant), copy)
        try requireEqual(await catalog.expired(before: late, limit: 9), [begun])
        try requireEqual(
            Set(try await catalog.references().map(\.fileID)), [original.fileID, copy.fileID, begun.fileID])
    }

    private static func listsOldFiles(_ open: Open) async throws {
        let catalog = try await open()
        for state in UploadState.allCases where state != .complete { _ = try await catalog.add(state) }
        var files: [UploadRecord] = []
        for seconds: Int64 in [30, 10, 20] { files.append(try await catalog.addFile(completedAt: seconds)) }
        let (last, first, second) = (files[0], files[1], files[2])
        let steps: [(seconds: Int64, limit: Int, found: [UploadRecord])] = [
            (10, 9, []), (11, 9, [first]), (30, 9, [first, second]), (31, 9, [first, second, last]),
            (31, 1, [first]), (31, 0, []),
        ]
        for step in steps {
            let moment = Sample.start.adding(seconds: step.seconds)
            try requireEqual(await catalog.files(completedBefore: moment, limit: step.limit), step.found)
        }
        _ = try await catalog.withdraw(first.fileID, now: Sample.start, announcing: []).requireDone()
        try requireEqual(await catalog.files(completedBefore: Sample.start.adding(seconds: 31), limit: 1), [second])
    }

    private static func expires(_ open: Open) async throws {
        let catalog = try await open()
        let oldest = try Sample.upload(.granted, lifetimeSeconds: 10)
        let middle = try Sample.upload(.receiving, of: Sample.tenant("other"), lifetimeSeconds: 20)
        let prolonged = try Sample.upload(.receiving, lifetimeSeconds: 5)
        for upload in [middle, prolonged, oldest] { try await catalog.add(upload) }
        for state in UploadState.allCases where !state.isOpen { _ = try await catalog.add(state) }
        _ = try await catalog.record(
            Sample.part(1), of: prolonged.fileID, learning: PartLayout(), detectedType: nil,
            expiresAt: Sample.start.adding(seconds: 30))
        let long = try await catalog.standing(prolonged)
        let steps: [(seconds: Int64, limit: Int, expired: [UploadRecord])] = [
            (10, 9, []), (11, 9, [oldest]), (20, 9, [oldest]), (31, 9, [oldest, middle, long]),
            (31, 2, [oldest, middle]), (31, 0, []),
        ]
        for step in steps {
            let now = Sample.start.adding(seconds: step.seconds)
            try requireEqual(await catalog.expired(before: now, limit: step.limit), step.expired)
        }
        _ = try await catalog.end(oldest.fileID, as: .expired, now: oldest.expiresAt).requireDone()
        try requireEqual(await catalog.expired(before: Sample.start.adding(seconds: 20), limit: 9), [])
    }

    private static func forgets(_ open: Open) async throws {
        let catalog = try await open()
        var ended: [UploadRecord] = []
        for (index, state) in [UploadState.failed, .aborted, .expired].enumerated() {
            // The one that was created last ended first: the moment of its end counts.
            ended.append(
                try await catalog.add(state, alias: "a\(index)", at: Int64(-index), endedAt: Int64(10 * (index + 1))))
        }
        var kept: [UploadRecord] = []
        for state in [UploadState.granted, .receiving, .complete] { kept.append(try await catalog.add(state)) }
        try requireEqual(await catalog.forgetEnded(before: Sample.start.adding(seconds: 10), limit: 9), 0)
        let late = Sample.start.adding(seconds: 1_000_000)
        try requireEqual(await catalog.forgetEnded(before: late, limit: 0), 0)
        try requireEqual(await catalog.forgetEnded(before: late, limit: 1), 1)
        try requireEqual(await catalog.upload(ended[0].fileID), nil)
        try requireEqual(try await catalog.standing(ended[1]), ended[1])
        try requireEqual(await catalog.forgetEnded(before: Sample.start.adding(seconds: 30), limit: 9), 1)
        try requireEqual(try await catalog.standing(ended[2]), ended[2])
        try requireEqual(await catalog.forgetEnded(before: late, limit: 9), 1)
        try requireEqual(await catalog.forgetEnded(before: late, limit: 9), 0)
        for upload in kept { try requireEqual(try await catalog.standing(upload), upload) }
        // What is forgotten gives its alias back.
        try await catalog.add(try Sample.upload(alias: "a0"))
    }

    private static func refers(_ open: Open) async throws {
        let catalog = try await open()
        var expected: Set<ObjectReference> = []
        for state in UploadState.allCases {
            let upload = try await catalog.add(state)
            guard state == .receiving || state == .complete else { continue }
            expected.insert(
                ObjectReference(
                    fileID: upload.fileID, objectKey: upload.objectKey, state: state,
                    sizeBytes: state == .complete ? 100 : nil, spooled: []))
        }
        var spooling = try Sample.upload()
        spooling.layout.sizeBytes = 1000
        try await catalog.add(spooling)
        for (number, token) in ["late", "", "early"].enumerated() {
            _ = try await catalog.record(Sample.part(3 - number, token: PieceToken(token)), of: spooling)
        }
        expected.insert(
            ObjectReference(
                fileID: spooling.fileID, objectKey: spooling.objectKey, state: .receiving, sizeBytes: nil,
                spooled: [PieceToken("early"), PieceToken("late")]))
        let found = try await catalog.references()
        try requireEqual(Set(found), expected)
        try requireEqual(found.count, expected.count, "references that came once")
    }

    private static func isNewer(_ left: UploadRecord, _ right: UploadRecord) -> Bool {
        (left.createdAt, left.fileID.text) > (right.createdAt, right.fileID.text)
    }
}
