import UploadModel
import UploadStore

extension CatalogConformance {
    static let creating: [Check] = [
        Check("an upload is found as it was created", foundAsCreated),
        Check("an upload that is not there is nil and takes no change", unknownUpload),
        Check("a tenant does not find another tenant's upload", tenantIsolation),
        Check("an alias names one upload of its tenant", aliasTaken),
        Check("of 100 that create one alias at once one does", aliasRace),
        Check("a tenant has at most so many receiving uploads", admissionBound),
        Check("100 that create at once do not pass the bound", admissionRace),
        Check("an id is not used twice", idNotReused),
        Check("what was changed is there when the catalog is opened again", reopened),
        Check("a change that returned is seen by every instance", seenByOthers),
        Check("a catalog is writable", writable),
    ]

    private static func foundAsCreated(_ open: Open) async throws {
        let catalog = try await open()
        var full = try Sample.upload(.receiving, alias: "clip – été 🎬")
        full.detectedType = MediaType("video/mp4")
        full.layout = PartLayout(partSizeBytes: 8 << 20, partCount: 10_000, sizeBytes: 80 << 30)
        full.expectedDigests = try Sample.digests(0xFF)
        full.metadataJSON = #"{"née":"\u0000' OR 1=1 --"}"#
        full.description = "née\n\t' OR 1=1 --"
        full.claimedAt = Sample.start.adding(seconds: 1)
        var bare = try Sample.upload(.granted)
        bare.declaredType = nil
        var file = try Sample.upload(.complete)
        file.layout.sizeBytes = 7
        file.receivedBytes = 7
        file.crc32c = CRC32C(.max)
        file.sha256 = try Sample.sha256(0)
        file.expectedDigests = [.md5: try Sample.digest(.md5, 0)]
        file.completedAt = Sample.start.adding(seconds: 2)
        file.originalID = full.fileID
        for upload in [full, bare, file] {
            try await catalog.add(upload)
            try requireEqual(try await catalog.standing(upload), upload)
            let byID = try await catalog.upload(.fileID(upload.fileID), of: upload.tenant)
            try requireEqual(byID, upload)
        }
        let alias = try unwrap(full.alias)
        try requireEqual(await catalog.upload(.alias(alias), of: full.tenant), full)
        try requireEqual(await catalog.parts(of: full.fileID), [])
    }

    private static func unknownUpload(_ open: Open) async throws {
        let catalog = try await open()
        let ghost = try Sample.upload(alias: "ghost")
        let id = ghost.fileID
        try requireEqual(await catalog.upload(id), nil)
        for reference in UploadReference.readings(of: id.text) + [.alias(try unwrap(ghost.alias))] {
            try requireEqual(await catalog.upload(reference, of: ghost.tenant), nil)
        }
        try requireEqual(await catalog.parts(of: id), [])
        try requireEqual(await catalog.upload(.fileID(id), of: ghost.tenant, near: 1), nil)
        try requireEqual(await catalog.claim(id, now: Sample.start, expiresAt: Sample.start, maximumOpen: 9), .unknown)
        try requireEqual(try await catalog.record(Sample.part(1), of: ghost), .notReceiving(nil))
        try requireEqual(await catalog.complete(id, with: Sample.completion(), announcing: []), .unknown)
        try requireEqual(await catalog.end(id, as: .aborted, now: Sample.start), .unknown)
        try requireEqual(await catalog.upload(id), nil)
        try requireEqual(await catalog.parts(of: id), [])
    }

    private static func tenantIsolation(_ open: Open) async throws {
        let catalog = try await open()
        let other = try Sample.tenant("other")
        let mine = try await catalog.add(.receiving, alias: "a")
        let theirs = try await catalog.add(.receiving, of: other, alias: "a")
        let alias = try unwrap(mine.alias)
        try requireEqual(await catalog.upload(.alias(alias), of: mine.tenant), mine)
        try requireEqual(await catalog.upload(.alias(alias), of: other), theirs)
        try requireEqual(await catalog.upload(.fileID(mine.fileID), of: other), nil)
        try requireEqual(await catalog.upload(.fileID(theirs.fileID), of: mine.tenant), nil)
        try requireEqual(await catalog.upload(.alias(alias), of: try Sample.tenant("third")), nil)
        // An alias that reads like an id is still an alias only.
        let disguised = try await catalog.add(.receiving, of: other, alias: mine.fileID.text)
        try requireEqual(
            await catalog.upload(.alias(try unwrap(disguised.alias)), of: other), disguised)
        try requireEqual(await catalog.upload(.fileID(mine.fileID), of: other), nil)
    }

    private static func aliasTaken(_ open: Open) async throws {
        let catalog = try await open()
        let first = try await catalog.add(.receiving, alias: "a")
        let second = try Sample.upload(alias: "a")
        try requireEqual(await catalog.create(second, maximumOpen: 9), .aliasTaken(first))
        try requireEqual(await catalog.upload(second.fileID), nil)
        // Whoever sends the next chunk of it must find it, also when no other upload may begin.
        try requireEqual(await catalog.create(second, maximumOpen: 1), .aliasTaken(first))
        // What ended lets go of its name: its client begins again by the same one.
        let ended = try await catalog.end(first.fileID, as: .aborted, now: Sample.start).requireDone()
        try requireEqual(ended.alias, nil)
        try requireEqual(await catalog.create(second, maximumOpen: 9), .created)
        try await catalog.add(try Sample.upload(alias: "A"))
        try await catalog.add(try Sample.upload())
        try await catalog.add(try Sample.upload())
    }

    private static func aliasRace(_ open: Open) async throws {
        let nodes = [try await open(), try await open()]
        let outcomes = try await concurrently(100) { number in
            let upload = try Sample.upload(alias: "same")
            return (upload, try await nodes[number % 2].create(upload, maximumOpen: 1000))
        }
        let winners = outcomes.filter { $0.1 == .created }
        try requireEqual(winners.count, 1, "uploads that were created")
        for (_, outcome) in outcomes where outcome != .created {
            try requireEqual(outcome, .aliasTaken(winners[0].0))
        }
    }

    private static func admissionBound(_ open: Open) async throws {
        let catalog = try await open()
        let granted = try await catalog.add(.granted)
        let open = [try await catalog.add(.receiving), try await catalog.add(.receiving)]
        let third = try Sample.upload()
        try requireEqual(await catalog.create(third, maximumOpen: 2), .tooManyOpen)
        try requireEqual(await catalog.upload(third.fileID), nil)
        // Only `receiving` counts, and only the tenant's own.
        try requireEqual(await catalog.create(try Sample.upload(.granted), maximumOpen: 2), .created)
        let other = try Sample.tenant("other")
        try requireEqual(await catalog.create(try Sample.upload(of: other), maximumOpen: 1), .created)
        try requireEqual(await catalog.create(third, maximumOpen: 3), .created)
        // What ends or is complete gives its place back.
        _ = try await catalog.end(third.fileID, as: .failed, now: Sample.start).requireDone()
        _ = try await catalog.complete(open[0].fileID, with: Sample.completion(), announcing: []).requireDone()
        try requireEqual(await catalog.create(try Sample.upload(), maximumOpen: 2), .created)
        try requireEqual(await catalog.create(try Sample.upload(), maximumOpen: 2), .tooManyOpen)
        try requireEqual(try await catalog.standing(granted).state, .granted)
    }

    private static func admissionRace(_ open: Open) async throws {
        let nodes = [try await open(), try await open()]
        let outcomes = try await concurrently(100) { number in
            try await nodes[number % 2].create(try Sample.upload(), maximumOpen: 7)
        }
        try requireEqual(outcomes.count { $0 == .created }, 7, "uploads that were created")
        try requireEqual(outcomes.count { $0 == .tooManyOpen }, 93, "uploads that were refused")
        let open = try await nodes[0].uploads(of: Sample.tenant(), in: [.receiving], after: nil, limit: 100)
        try requireEqual(open.count, 7, "open uploads")
    }

    private static func idNotReused(_ open: Open) async throws {
        let catalog = try await open()
        let first = try await catalog.add(.receiving)
        var second = try Sample.upload()
        second.fileID = first.fileID
        let copy = second
        try await requireFault("a second upload of the same id") { _ = try await catalog.create(copy, maximumOpen: 9) }
        try requireEqual(try await catalog.standing(first), first)
    }

    private static func reopened(_ open: Open) async throws {
        let upload: UploadRecord
        do {
            let catalog = try await open()
            let begun = try await catalog.add(.receiving, alias: "a")
            upload = try await catalog.record(Sample.part(1), of: begun).requireRecorded()
        }
        let again = try await open()
        try requireEqual(try await again.standing(upload), upload)
        try requireEqual(await again.parts(of: upload.fileID), [Sample.part(1)])
    }

    private static func seenByOthers(_ open: Open) async throws {
        let (one, other) = (try await open(), try await open())
        for number in 1...50 {
            let upload = try await one.add(.receiving)
            try requireEqual(try await other.standing(upload), upload)
            let recorded = try await other.record(Sample.part(number), of: upload).requireRecorded()
            try requireEqual(try await one.standing(upload), recorded)
        }
    }

    private static func writable(_ open: Open) async throws {
        let catalog = try await open()
        try await catalog.checkWritable()
        try await catalog.checkWritable()
    }
}
