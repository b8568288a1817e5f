import UploadModel
import UploadStore

extension CatalogConformance {
    static let appending: [Check] = [
        Check("an upload grows from its offset and from nowhere else", grow),
        Check("a length is learned once", learnLength),
        Check("what the file must have is learned once for each algorithm", learnDigests),
        Check("an upload grows only while it takes its bytes in order", growTooLate),
        Check("of 100 that append at one offset one is told that it grew", growRace),
        Check("a part and the first bytes in order exclude each other", growAgainstPart),
        Check("a link that is claimed for bytes in order grows, and takes no part", growClaimed),
        Check("what grows holds that much of its tenant's quota", growWithinQuota),
        Check("what is to be joined is listed until it is complete", listJoining),
    ]

    private static func piece(_ bytes: Int64, number: Int = 1) -> StoredPart {
        StoredPart(
            number: number, range: ByteRange(start: 0, length: bytes), crc32c: CRC32C(UInt32(bytes)), token: .inPlace)
    }

    private static func sequential(_ way: UploadWay = .sequential, sizeBytes: Int64? = nil) throws -> UploadRecord {
        var upload = try Sample.upload()
        upload.way = way
        upload.layout.sizeBytes = sizeBytes
        return upload
    }

    private static func grow(_ open: Open) async throws {
        let catalog = try await open()
        for way in [UploadWay.sequential, .partial, .joined] {
            let upload = try sequential(way)
            try await catalog.add(upload)
            var standing = upload
            standing.receivedBytes = 70
            standing.detectedType = MediaType("video/mp4")
            standing.expiresAt = Sample.longAfter
            let first = Growth(fromBytes: 0, piece: piece(70), detectedType: MediaType("video/mp4"))
            try requireEqual(await catalog.append(first, to: upload, until: Sample.longAfter), .grown(standing))
            try requireEqual(await catalog.append(first, to: upload), .refused(standing))
            standing.receivedBytes = 100
            // The piece is longer now; the type and the later expiry stay.
            let second = Growth(fromBytes: 70, piece: piece(100), detectedType: MediaType("image/png"))
            try requireEqual(await catalog.append(second, to: upload), .grown(standing))
            try requireEqual(await catalog.parts(of: upload.fileID), [piece(100)])
            let third = Growth(
                fromBytes: 100,
                piece: StoredPart(
                    number: 2, range: ByteRange(start: 100, length: 5), crc32c: CRC32C(3), token: PieceToken("\"e\"")))
            standing.receivedBytes = 105
            try requireEqual(await catalog.append(third, to: upload), .grown(standing))
            try requireEqual(await catalog.parts(of: upload.fileID), [piece(100), try unwrap(third.piece)])
            try requireEqual(try await catalog.standing(upload), standing)
        }
        let unknown = try sequential()
        try requireEqual(await catalog.append(Growth(fromBytes: 0, piece: piece(1)), to: unknown), .unknown)
    }

    private static func learnLength(_ open: Open) async throws {
        let catalog = try await open()
        let upload = try sequential()
        try await catalog.add(upload)
        var standing = upload
        standing.layout.sizeBytes = 80
        try requireEqual(
            await catalog.append(Growth(fromBytes: 0, piece: nil, sizeBytes: 80), to: upload), .grown(standing))
        try requireEqual(
            await catalog.append(Growth(fromBytes: 0, piece: piece(5), sizeBytes: 81), to: upload), .refused(standing))
        try requireEqual(await catalog.append(Growth(fromBytes: 0, piece: piece(81)), to: upload), .refused(standing))
        standing.receivedBytes = 80
        try requireEqual(
            await catalog.append(Growth(fromBytes: 0, piece: piece(80), sizeBytes: 80), to: upload), .grown(standing))
        var bounded = try sequential()
        bounded.maximumBytes = 10
        try await catalog.add(bounded)
        try requireEqual(await catalog.append(Growth(fromBytes: 0, piece: piece(11)), to: bounded), .refused(bounded))
    }

    private static func learnDigests(_ open: Open) async throws {
        let catalog = try await open()
        let upload = try sequential()
        try await catalog.add(upload)
        var standing = upload
        standing.expectedDigests = [.md5: try Sample.digest(.md5, 1)]
        try requireEqual(
            await catalog.append(
                Growth(fromBytes: 0, piece: nil, fileDigests: standing.expectedDigests), to: upload),
            .grown(standing))
        // One that contradicts changes nothing, although others are new.
        try requireEqual(
            await catalog.append(
                Growth(fromBytes: 0, piece: piece(5), sizeBytes: 80, fileDigests: Sample.digests(2)), to: upload),
            .refused(standing))
        try requireEqual(await catalog.parts(of: upload.fileID), [])
        standing.expectedDigests = try Sample.digests(1)
        standing.receivedBytes = 5
        try requireEqual(
            await catalog.append(
                Growth(fromBytes: 0, piece: piece(5), fileDigests: standing.expectedDigests), to: upload),
            .grown(standing))
        for (algorithm, other) in try Sample.digests(2) {
            try requireEqual(
                await catalog.append(
                    Growth(fromBytes: 5, piece: piece(9), fileDigests: [algorithm: other]), to: upload),
                .refused(standing), "another \(algorithm.rawValue)")
        }
        // Who says nothing takes nothing back.
        standing.receivedBytes = 9
        try requireEqual(await catalog.append(Growth(fromBytes: 5, piece: piece(9)), to: upload), .grown(standing))
        try requireEqual(try await catalog.standing(upload), standing)
    }

    private static func growTooLate(_ open: Open) async throws {
        let catalog = try await open()
        for state in [UploadState.granted, .complete, .failed, .aborted, .expired] {
            let upload = try await catalog.add(state)
            try requireEqual(await catalog.append(Growth(fromBytes: 0, piece: piece(1)), to: upload), .refused(upload))
        }
        let claimed = try await catalog.add(.granted)
        guard
            case .claimed(let stream) = try await catalog.claim(
                claimed.fileID, now: Sample.start, expiresAt: Sample.start, maximumOpen: 9)
        else { throw ConformanceFailure("a granted upload is claimed") }
        try requireEqual(await catalog.append(Growth(fromBytes: 0, piece: piece(1)), to: stream), .refused(stream))
        try requireEqual(await catalog.parts(of: stream.fileID), [])
    }

    private static func growRace(_ open: Open) async throws {
        let nodes = [try await open(), try await open()]
        let upload = try sequential()
        try await nodes[0].add(upload)
        let outcomes = try await concurrently(100) { number in
            try await nodes[number % 2].append(Growth(fromBytes: 0, piece: piece(Int64(number + 1))), to: upload)
        }
        let grown = outcomes.compactMap { outcome -> UploadRecord? in
            guard case .grown(let upload) = outcome else { return nil }
            return upload
        }
        try requireEqual(grown.count, 1, "how many were told that it grew")
        try requireEqual(try await nodes[1].standing(upload), grown[0])
        try requireEqual(await nodes[0].parts(of: upload.fileID), [piece(grown[0].receivedBytes)])
    }

    private static func growAgainstPart(_ open: Open) async throws {
        let nodes = [try await open(), try await open()]
        for number in 0..<20 {
            let upload = try await nodes[0].add(.receiving)
            async let recorded = nodes[number % 2].record(Sample.part(2, bytes: 40), of: upload)
            async let grown = nodes[(number + 1) % 2].append(Growth(fromBytes: 0, piece: piece(9)), to: upload)
            let standing: UploadRecord
            switch (try await recorded, try await grown) {
            case (.recorded, .refused): standing = try await nodes[0].standing(upload)
            case (.notReceiving(.receiving), .grown(let upload)): standing = upload
            case let outcomes: throw ConformanceFailure("both, or neither: \(outcomes)")
            }
            try requireEqual(standing.receivedBytes, standing.way == .parts ? 40 : 9)
            try requireEqual(try await nodes[0].parts(of: upload.fileID).count, 1)
        }
    }

    private static func growClaimed(_ open: Open) async throws {
        let catalog = try await open()
        let upload = try await catalog.add(.granted)
        let outcome = try await catalog.claim(
            upload.fileID, as: .sequential, now: Sample.start, expiresAt: Sample.longAfter,
            within: Admission(maximumOpen: 9))
        var claimed = upload
        claimed.state = .receiving
        claimed.way = .sequential
        claimed.claimedAt = Sample.start
        claimed.expiresAt = Sample.longAfter
        try requireEqual(outcome, .claimed(claimed))
        try requireEqual(await catalog.record(Sample.part(1), of: claimed), .notReceiving(.receiving))
        claimed.receivedBytes = 10
        try requireEqual(await catalog.append(Growth(fromBytes: 0, piece: piece(10)), to: claimed), .grown(claimed))
        let again = try await catalog.claim(
            upload.fileID, as: .sequential, now: Sample.start, expiresAt: Sample.start,
            within: Admission(maximumOpen: 9))
        try requireEqual(again, .taken(claimed))
    }

    private static func growWithinQuota(_ open: Open) async throws {
        let catalog = try await open()
        let upload = try sequential()
        try await catalog.add(upload)
        let quota = TenantQuota(maximumStoredBytes: 100)
        func append(_ growth: Growth) async throws -> AppendOutcome {
            try await catalog.append(growth, to: upload.fileID, expiresAt: Sample.start, within: quota)
        }
        guard case .grown = try await append(Growth(fromBytes: 0, piece: piece(40), heldBytes: 60)) else {
            throw ConformanceFailure("there is room for 60")
        }
        try requireEqual(await catalog.usage(of: upload.tenant).openBytes, 60)
        guard case .overQuota = try await append(Growth(fromBytes: 40, piece: piece(101))) else {
            throw ConformanceFailure("there is no room for 101")
        }
        guard case .overQuota = try await append(Growth(fromBytes: 40, piece: nil, sizeBytes: 101)) else {
            throw ConformanceFailure("there is no room for a length of 101")
        }
        guard case .grown = try await append(Growth(fromBytes: 40, piece: piece(50))) else {
            throw ConformanceFailure("there is room for 50")
        }
        try requireEqual(await catalog.usage(of: upload.tenant).openBytes, 50)
        guard case .grown = try await append(Growth(fromBytes: 50, piece: nil, sizeBytes: 100)) else {
            throw ConformanceFailure("there is room for a length of 100")
        }
        try requireEqual(await catalog.usage(of: upload.tenant).openBytes, 100)
        try requireEqual(await catalog.countedUsages().filter { !$0.isRight }, [])
    }

    private static func listJoining(_ open: Open) async throws {
        let catalog = try await open()
        var late = try sequential(.joined, sizeBytes: 10)
        late.createdAt = Sample.start.adding(seconds: 5)
        var early = try sequential(.joined)
        early.joins = [.random(), .random()]
        for upload in [late, early, try sequential(.partial), try sequential()] { try await catalog.add(upload) }
        try requireEqual(await catalog.joining(after: nil, limit: 9), [early, late])
        try requireEqual(await catalog.joining(after: nil, limit: 1), [early])
        let place = UploadCursor(createdAt: early.createdAt, fileID: early.fileID)
        try requireEqual(await catalog.joining(after: place, limit: 9), [late])
        _ = try await catalog.complete(early.fileID, with: Sample.completion(), announcing: []).requireDone()
        _ = try await catalog.end(late.fileID, as: .aborted, now: Sample.start).requireDone()
        try requireEqual(await catalog.joining(after: nil, limit: 9), [])
    }
}

extension UploadCatalog {
    fileprivate func append(
        _ growth: Growth, to upload: UploadRecord, until expiresAt: Timestamp = Sample.start
    ) async throws(CatalogFault) -> AppendOutcome {
        try await append(growth, to: upload.fileID, expiresAt: expiresAt, within: nil)
    }
}
