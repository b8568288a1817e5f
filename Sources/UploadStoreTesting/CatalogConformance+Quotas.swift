import UploadModel
import UploadStore

extension CatalogConformance {
    static let quotas: [Check] = [
        Check("what a tenant holds is right after every step of an upload", everyStep),
        Check("what a tenant holds is right after every step of an upload of unknown size", everyStepUnknown),
        Check("what is deleted is not held any more", deleted),
        Check("an upload begins only where its tenant's quota has room", createWithinQuota),
        Check("of both bounds the one that waiting does not help is told", bothBounds),
        Check("a link for which there is no room stays as it is", claimWithinQuota),
        Check("a part for which there is no room changes nothing", recordWithinQuota),
        Check("a running stream holds as much as it needs and more where there is room", reserveWithinQuota),
        Check("what parts brought while there was no quota is counted once there is one", reserveReceived),
    ]

    /// Bounds that only the quota sets.
    static func within(
        stored: Int64? = nil, open: Int64? = nil, reserving bytes: Int64 = 0, maximumOpen: Int = 1_000_000
    ) -> Admission {
        Admission(
            maximumOpen: maximumOpen, quota: TenantQuota(maximumStoredBytes: stored, maximumOpenBytes: open),
            reservedBytes: bytes)
    }

    private static func everyStep(_ open: Open) async throws {
        let catalog = try await open()
        try await catalog.requireHeld(0, 0)
        let link = try Sample.upload(.granted, sized: 1000)
        try await catalog.add(link)
        try await catalog.requireHeld(0, 0)
        _ = try await catalog.claim(link.fileID, now: Sample.start, expiresAt: Sample.start, maximumOpen: 9)
        try await catalog.requireHeld(1000, 1000)
        _ = try await catalog.complete(link.fileID, with: Sample.completion(bytes: 1000), announcing: []).requireDone()
        try await catalog.requireHeld(1000, 0)
        for (index, state) in [UploadState.failed, .aborted, .expired].enumerated() {
            let upload = try Sample.upload(sized: 500)
            try await catalog.add(upload)
            _ = try await catalog.record(Sample.part(1), of: upload).requireRecorded()
            try await catalog.requireHeld(1500, 500)
            _ = try await catalog.end(upload.fileID, as: state, now: Sample.longAfter).requireDone()
            try await catalog.requireHeld(1000, 0)
            let unused = try Sample.upload(.granted, sized: 300)
            try await catalog.add(unused)
            _ = try await catalog.end(unused.fileID, as: state, now: Sample.longAfter).requireDone()
            try await catalog.requireHeld(1000, 0)
            let moment = Sample.longAfter.adding(seconds: 1)
            try requireEqual(await catalog.forgetEnded(before: moment, limit: 9), 2, "records of round \(index)")
            try await catalog.requireHeld(1000, 0)
        }
        // A change that was refused holds nothing and frees nothing.
        _ = try await catalog.end(link.fileID, as: .failed, now: Sample.start)
        try requireEqual(await catalog.create(try Sample.upload(sized: 1), maximumOpen: 0), .tooManyOpen)
        try await catalog.requireHeld(1000, 0)
        try await catalog.requireHeld(0, 0, of: Sample.tenant("other"))
        var whole = try Sample.upload(.complete, of: Sample.tenant("other"), sized: 7)
        whole.receivedBytes = 7
        whole.crc32c = CRC32C(1)
        whole.completedAt = Sample.start
        try await catalog.add(whole)
        try await catalog.requireHeld(7, 0, of: Sample.tenant("other"))
        try await catalog.requireHeld(1000, 0)
        try requireEqual(try await open().usage(of: Sample.tenant()), TenantUsage(storedBytes: 1000))
    }

    private static func everyStepUnknown(_ open: Open) async throws {
        let catalog = try await open()
        let quota = TenantQuota(maximumStoredBytes: 1 << 40, maximumOpenBytes: 1 << 40)
        let stream = try Sample.upload()
        try requireEqual(await catalog.create(stream, within: within(stored: 100, reserving: 40)), .created)
        try await catalog.requireHeld(40, 40)
        try requireEqual(await catalog.reserve(stream.fileID, atLeast: 50, wanting: 70, within: quota), .reserved(70))
        try await catalog.requireHeld(70, 70)
        _ = try await catalog.complete(stream.fileID, with: Sample.completion(bytes: 60), announcing: []).requireDone()
        try await catalog.requireHeld(60, 0)
        let upload = try Sample.upload()
        try await catalog.add(upload)
        try await catalog.requireHeld(60, 0)
        for (number, bytes, held) in [(1, 100, 100), (2, 100, 200), (1, 30, 130), (1, 30, 130), (3, 1, 131)] {
            let part = Sample.part(number, bytes: Int64(bytes))
            _ = try await catalog.record(part, of: upload, within: quota).requireRecorded()
            try await catalog.requireHeld(60 + Int64(held), Int64(held))
        }
        // What one part tells of the size counts for all that are to come.
        let learned = PartLayout(sizeBytes: 300)
        _ = try await catalog.record(Sample.part(4, bytes: 5), of: upload, learning: learned, within: quota)
            .requireRecorded()
        try await catalog.requireHeld(360, 300)
        _ = try await catalog.record(Sample.part(5, bytes: 9), of: upload, within: quota).requireRecorded()
        try await catalog.requireHeld(360, 300)
        _ = try await catalog.end(upload.fileID, as: .expired, now: Sample.longAfter).requireDone()
        try await catalog.requireHeld(60, 0)
        // Without a quota nothing is asked and nothing counted before the end.
        let free = try Sample.upload()
        try await catalog.add(free)
        _ = try await catalog.record(Sample.part(1), of: free).requireRecorded()
        try await catalog.requireHeld(60, 0)
        _ = try await catalog.complete(free.fileID, with: Sample.completion(bytes: 100), announcing: []).requireDone()
        try await catalog.requireHeld(160, 0)
    }

    private static func deleted(_ open: Open) async throws {
        let catalog = try await open()
        let later = Sample.start.adding(seconds: 99)
        // Each file has 100 bytes, and so has each copy.
        let withdrawn = try await catalog.add(.complete)
        _ = try await catalog.addCopy(of: withdrawn)
        try await catalog.requireHeld(200, 0)
        _ = try await catalog.withdraw(withdrawn.fileID, now: later, announcing: []).requireDone()
        try await catalog.requireHeld(0, 0)
        let file = try await catalog.add(.complete)
        _ = try await catalog.addCopy(of: file)
        let used = try await catalog.addCopy(of: file)
        try await catalog.make(Sample.item(used, kind: .image))
        let item = Sample.item(file)
        try await catalog.make(item)
        try await catalog.requireHeld(300, 0)
        try requireEqual(
            await catalog.delete(file.fileID, of: file.tenant, items: [], now: later, announcing: []), .changed)
        try await catalog.requireHeld(300, 0)
        _ = try await catalog.delete(item, now: later, announcing: [])
        // The copy that is in an item of its own stays, and is held.
        try await catalog.requireHeld(100, 0)
        let other = try await catalog.add(.complete)
        _ = try await catalog.addCopy(of: other)
        _ = try await catalog.delete(other.fileID, of: other.tenant, items: [], now: later, announcing: [])
        try await catalog.requireHeld(100, 0)
        let last = try await catalog.add(.complete)
        _ = try await catalog.addCopy(of: last)
        try await catalog.requireHeld(300, 0)
        try requireEqual(await catalog.endStrayCopies(completedBefore: later, now: later), 1, "stray copies")
        try await catalog.requireHeld(200, 0)
        _ = try await catalog.forgetEnded(before: later.adding(seconds: 1), limit: 99)
        try await catalog.requireHeld(200, 0)
    }

    private static func createWithinQuota(_ open: Open) async throws {
        for isStored in [true, false] {
            let catalog = try await open()
            let tenant = try Sample.tenant(isStored ? "stored" : "open")
            let bounds = isStored ? within(stored: 1000) : within(open: 1000)
            let bound: QuotaExcess.Bound = isStored ? .storedBytes : .openBytes
            let first = try Sample.upload(of: tenant, sized: 600)
            try requireEqual(await catalog.create(first, within: bounds), .created)
            let second = try Sample.upload(of: tenant, sized: 401)
            try requireEqual(
                await catalog.create(second, within: bounds), .overQuota(QuotaExcess(bound, neededBytes: 401)))
            try requireEqual(await catalog.upload(second.fileID), nil)
            let third = try Sample.upload(of: tenant, sized: 400)
            try requireEqual(await catalog.create(third, within: bounds), .created)
            // Of what nobody knows the size, one byte must be free, or what it is to hold.
            let unknown = try Sample.upload(of: tenant)
            try requireEqual(
                await catalog.create(unknown, within: bounds), .overQuota(QuotaExcess(bound, neededBytes: 1)))
            var reserving = bounds
            reserving.reservedBytes = 5
            try requireEqual(
                await catalog.create(unknown, within: reserving), .overQuota(QuotaExcess(bound, neededBytes: 5)))
            try requireEqual(await catalog.create(try Sample.upload(of: tenant, sized: 0), within: bounds), .created)
            // A link holds nothing; another tenant has its own room.
            try requireEqual(
                await catalog.create(try Sample.upload(.granted, of: tenant, sized: 5000), within: bounds), .created)
            try requireEqual(
                await catalog.create(try Sample.upload(of: Sample.tenant("other"), sized: 1000), within: bounds),
                isStored ? .created : .overQuota(QuotaExcess(bound, neededBytes: 1000)))
            try await catalog.requireHeld(1000, 1000, of: tenant)
            _ = try await catalog.complete(third.fileID, with: Sample.completion(bytes: 400), announcing: [])
                .requireDone()
            try requireEqual(
                await catalog.create(unknown, within: reserving),
                isStored ? .overQuota(QuotaExcess(bound, neededBytes: 5)) : .created)
            _ = try await catalog.end(first.fileID, as: .aborted, now: Sample.start).requireDone()
            try requireEqual(
                await catalog.create(second, within: bounds), .created, "an upload in the place of one that ended")
        }
    }

    private static func bothBounds(_ open: Open) async throws {
        let catalog = try await open()
        try await catalog.add(try Sample.upload(sized: 100))
        for (stored, openBytes, outcome) in [
            (110, 110, CreateOutcome.overQuota(QuotaExcess(.storedBytes, neededBytes: 11))),
            (111, 110, .overQuota(QuotaExcess(.openBytes, neededBytes: 11))),
            (110, 111, .overQuota(QuotaExcess(.storedBytes, neededBytes: 11))),
            // More is held than was ever allowed, as after a bound was lowered.
            (50, 50, .overQuota(QuotaExcess(.storedBytes, neededBytes: 11))), (111, 111, .created),
        ] {
            try requireEqual(
                await catalog.create(
                    try Sample.upload(sized: 11), within: within(stored: Int64(stored), open: Int64(openBytes))),
                outcome, "\(stored) and \(openBytes)")
        }
        // The number of uploads is bounded besides.
        try requireEqual(
            await catalog.create(try Sample.upload(sized: 11), within: within(stored: 9999, maximumOpen: 2)),
            .tooManyOpen)
        // A name that is taken says so, with or without room.
        let named = try await catalog.add(.receiving, alias: "a")
        try requireEqual(
            await catalog.create(try Sample.upload(alias: "a"), within: within(stored: 1)), .aliasTaken(named))
    }

    private static func claimWithinQuota(_ open: Open) async throws {
        let catalog = try await open()
        func claim(
            _ upload: UploadRecord, _ bounds: Admission, telling size: Int64? = nil
        ) async throws -> ClaimOutcome {
            try await catalog.claim(
                upload.fileID, on: ClaimTerms(sizeBytes: size), now: Sample.start, expiresAt: Sample.start,
                within: bounds)
        }
        for (size, declared, told) in [
            (Int64?.some(300), Int64(0), Int64?.none), (nil, 300, nil), (nil, 0, 300), (nil, 900, 300),
        ] {
            let link = try Sample.upload(.granted, sized: size)
            try await catalog.add(link)
            for bounds in [within(stored: 299, reserving: declared), within(open: 299, reserving: declared)] {
                let bound: QuotaExcess.Bound = bounds.quota?.maximumOpenBytes == nil ? .storedBytes : .openBytes
                try requireEqual(
                    try await claim(link, bounds, telling: told),
                    .overQuota(QuotaExcess(bound, neededBytes: 300)))
                try requireEqual(try await catalog.standing(link), link, "a link that was not used up")
                try await catalog.requireHeld(0, 0)
            }
            let bounds = within(stored: 300, open: 300, reserving: declared)
            guard case .claimed = try await claim(link, bounds, telling: told) else {
                throw ConformanceFailure("a link for which there is room is claimed")
            }
            try await catalog.requireHeld(300, 300)
            // It is used up, whether there is room or not.
            try requireEqual(try await claim(link, bounds), .taken(try await catalog.standing(link)))
            _ = try await catalog.end(link.fileID, as: .failed, now: Sample.start).requireDone()
        }
        // What was begun in parts holds its size already.
        let begun = try Sample.upload(sized: 500)
        try await catalog.add(begun)
        guard case .claimed = try await claim(begun, within(stored: 10, reserving: 500)) else {
            throw ConformanceFailure("an upload that holds its room is claimed")
        }
        let unknown = try Sample.upload()
        try await catalog.add(unknown)
        try requireEqual(
            try await claim(unknown, within(stored: 519, reserving: 20)),
            .overQuota(QuotaExcess(.storedBytes, neededBytes: 20)))
        try requireEqual(try await catalog.standing(unknown), unknown)
        guard case .claimed = try await claim(unknown, within(stored: 520, reserving: 20)) else {
            throw ConformanceFailure("an upload for which there is room is claimed")
        }
        try await catalog.requireHeld(520, 520)
    }

    private static func recordWithinQuota(_ open: Open) async throws {
        let catalog = try await open()
        let upload = try Sample.upload()
        try await catalog.add(upload)
        let quota = TenantQuota(maximumStoredBytes: 250)
        func record(_ number: Int, _ bytes: Int64, _ layout: PartLayout = PartLayout()) async throws -> RecordOutcome {
            try await catalog.record(Sample.part(number, bytes: bytes), of: upload, learning: layout, within: quota)
        }
        _ = try await record(1, 100, PartLayout(partSizeBytes: 100)).requireRecorded()
        _ = try await record(2, 100).requireRecorded()
        let before = (try await catalog.standing(upload), try await catalog.parts(of: upload.fileID))
        try requireEqual(
            try await record(3, 51, PartLayout(partCount: 3)), .overQuota(QuotaExcess(.storedBytes, neededBytes: 51)))
        try requireEqual(try await record(3, 51, PartLayout(partSizeBytes: 51)), .conflict(before.0.layout))
        // What one part says of the whole counts like the whole.
        try requireEqual(
            try await record(3, 1, PartLayout(sizeBytes: 251)), .overQuota(QuotaExcess(.storedBytes, neededBytes: 51)))
        try requireEqual(try await catalog.standing(upload), before.0, "an upload whose part was refused")
        try requireEqual(try await catalog.parts(of: upload.fileID), before.1, "what was acknowledged")
        _ = try await record(3, 50).requireRecorded()
        try await catalog.requireHeld(250, 250)
        // The same again needs nothing; a longer one needs what it is longer.
        _ = try await record(3, 50).requireRecorded()
        try requireEqual(try await record(1, 110), .overQuota(QuotaExcess(.storedBytes, neededBytes: 10)))
        _ = try await record(1, 90).requireRecorded()
        try await catalog.requireHeld(240, 240)
        _ = try await record(2, 100, PartLayout(sizeBytes: 250)).requireRecorded()
        try await catalog.requireHeld(250, 250)
        _ = try await catalog.complete(upload.fileID, with: Sample.completion(bytes: 240), announcing: [])
            .requireDone()
        try await catalog.requireHeld(240, 0)
        try requireEqual(try await record(1, 1), .notReceiving(.complete))
    }

    private static func reserveWithinQuota(_ open: Open) async throws {
        let catalog = try await open()
        let stream = try Sample.upload()
        try await catalog.add(stream)
        let known = try Sample.upload(sized: 50)
        try await catalog.add(known)
        let quota = TenantQuota(maximumStoredBytes: 100, maximumOpenBytes: 90)
        func reserve(_ id: FileID, _ least: Int64, _ wanted: Int64) async throws -> ReserveOutcome {
            try await catalog.reserve(id, atLeast: least, wanting: wanted, within: quota)
        }
        try requireEqual(try await reserve(stream.fileID, 10, 20), .reserved(20))
        try requireEqual(try await reserve(stream.fileID, 21, 1000), .reserved(40))
        try await catalog.requireHeld(90, 90)
        try requireEqual(
            try await reserve(stream.fileID, 41, 1000), .overQuota(QuotaExcess(.openBytes, neededBytes: 1)))
        try requireEqual(try await reserve(stream.fileID, 40, 1000), .reserved(40))
        try requireEqual(try await reserve(stream.fileID, 5, 5), .reserved(40), "what it held before")
        try requireEqual(try await reserve(known.fileID, 1, 1), .notReceiving(.receiving))
        _ = try await catalog.complete(known.fileID, with: Sample.completion(bytes: 50), announcing: []).requireDone()
        try requireEqual(
            try await reserve(stream.fileID, 51, 51), .overQuota(QuotaExcess(.storedBytes, neededBytes: 11)))
        try requireEqual(try await reserve(stream.fileID, 50, 51), .reserved(50))
        _ = try await catalog.end(stream.fileID, as: .failed, now: Sample.start).requireDone()
        try await catalog.requireHeld(50, 0)
        try requireEqual(try await reserve(stream.fileID, 60, 60), .notReceiving(.failed))
        try requireEqual(try await reserve(.random(), 60, 60), .notReceiving(nil))
        try await catalog.requireHeld(50, 0)
    }

    private static func reserveReceived(_ open: Open) async throws {
        let catalog = try await open()
        let upload = try Sample.upload()
        try await catalog.add(upload)
        for number in 1...2 { _ = try await catalog.record(Sample.part(number), of: upload).requireRecorded() }
        let stream = try Sample.upload(.granted)
        try await catalog.add(stream)
        _ = try await catalog.claim(
            stream.fileID, now: Sample.start, expiresAt: Sample.start, within: within(reserving: 30))
        try await catalog.requireHeld(30, 30)
        for _ in 0..<2 {
            try await catalog.reserveReceived()
            try await catalog.requireHeld(230, 230)
        }
    }
}

extension Sample {
    static func upload(
        _ state: UploadState = .receiving, of tenant: TenantID? = nil, sized bytes: Int64?
    ) throws -> UploadRecord {
        var upload = try upload(state, of: tenant)
        upload.layout.sizeBytes = bytes
        return upload
    }
}

extension UploadCatalog {
    func record(
        _ part: StoredPart, of upload: UploadRecord, learning layout: PartLayout = PartLayout(),
        within quota: TenantQuota?
    ) async throws -> RecordOutcome {
        try await record(
            part, of: upload.fileID, learning: layout, detectedType: nil, expiresAt: upload.expiresAt, within: quota)
    }

    /// Requires that a tenant holds so much, and that every tenant's number is what its uploads say.
    func requireHeld(
        _ storedBytes: Int64, _ openBytes: Int64, of tenant: TenantID? = nil, file: StaticString = #fileID,
        line: UInt = #line
    ) async throws {
        let tenant = try tenant ?? Sample.tenant()
        let expected = TenantUsage(storedBytes: storedBytes, openBytes: openBytes)
        try requireEqual(await usage(of: tenant), expected, "what is held", file: file, line: line)
        let counted = try await countedUsages()
        try requireEqual(counted.filter { !$0.isRight }, [], "wrong numbers", file: file, line: line)
        let own = counted.first { $0.tenant == tenant }?.counted ?? TenantUsage()
        try requireEqual(own, expected, "what the uploads say", file: file, line: line)
    }
}
