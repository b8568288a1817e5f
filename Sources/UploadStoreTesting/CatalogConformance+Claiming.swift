import UploadModel
import UploadStore

extension CatalogConformance {
    static let claiming: [Check] = [
        Check("a link that is claimed makes its upload receiving and changes nothing else", claimGranted),
        Check("of 100 that claim a link at once one does", claimRace),
        Check("a receiving upload without parts is claimed once", claimReceiving),
        Check("an upload with parts or that ended is not claimed", claimTooLate),
        Check("a link is claimed only when the tenant may have one more upload", claimBound),
        Check("links that are claimed at once do not pass the bound", claimBoundRace),
        Check("links and uploads that begin at once do not pass the bound", mixedBoundRace),
        Check("a link whose upload's time is over is still claimed", claimLate),
        Check("a claim says how the bytes come and what they must be", claimSequential),
        Check("a claim says how long the file is and what is said of it", claimTelling),
    ]

    private static func claimGranted(_ open: Open) async throws {
        let catalog = try await open()
        let granted = try await catalog.add(.granted)
        let moment = Sample.start.adding(seconds: 60)
        var expected = granted
        expected.state = .receiving
        expected.claimedAt = moment
        try requireEqual(
            await catalog.claim(granted.fileID, now: moment, expiresAt: Sample.start, maximumOpen: 1),
            .claimed(expected))
        try requireEqual(try await catalog.standing(granted), expected)
        let later = moment.adding(seconds: 60)
        try requireEqual(
            await catalog.claim(granted.fileID, now: later, expiresAt: Sample.start, maximumOpen: 9), .taken(expected))
        try requireEqual(try await catalog.standing(granted), expected)
    }

    private static func claimSequential(_ open: Open) async throws {
        let catalog = try await open()
        let admission = Admission(maximumOpen: 1000)
        let announced = [DigestAlgorithm.sha256: try Sample.sha256(0x0A)]
        let told = try Sample.digests(0x0B)
        // Who announced it is more than who has a link.
        for (before, sent, after) in [
            ([:], told, told), (announced, [:], announced), (announced, told, announced.adding(told)),
        ] {
            var upload = try Sample.upload(.granted)
            upload.expectedDigests = before
            try requireEqual(await catalog.create(upload, within: admission), .created)
            upload.state = .receiving
            upload.claimedAt = Sample.start
            upload.way = .sequential
            upload.expectedDigests = after
            try requireEqual(
                await catalog.claim(
                    upload.fileID, on: ClaimTerms(way: .sequential, digests: sent), now: Sample.start,
                    expiresAt: Sample.start, within: admission),
                .claimed(upload))
            try requireEqual(try await catalog.standing(upload), upload)
        }
    }

    private static func claimTelling(_ open: Open) async throws {
        let catalog = try await open()
        let admission = Admission(maximumOpen: 1000)
        let told = ClaimTerms(way: .sequential, sizeBytes: 300, metadataJSON: #"{"a":1}"#)
        let silent = ClaimTerms(way: .sequential)
        for state in [UploadState.granted, .receiving] {
            for (before, words, terms) in [
                (Int64?.none, String?.none, told), (300, #"{"b":2}"#, told), (300, #"{"b":2}"#, silent),
            ] {
                var upload = try Sample.upload(state)
                upload.layout = PartLayout(sizeBytes: before)
                upload.metadataJSON = words
                try requireEqual(await catalog.create(upload, within: admission), .created)
                upload.state = .receiving
                upload.claimedAt = Sample.start
                upload.way = .sequential
                upload.layout.sizeBytes = 300
                upload.metadataJSON = terms.metadataJSON ?? words
                try requireEqual(
                    await catalog.claim(
                        upload.fileID, on: terms, now: Sample.start, expiresAt: Sample.start, within: admission),
                    .claimed(upload))
                try requireEqual(try await catalog.standing(upload), upload)
            }
        }
    }

    private static func claimRace(_ open: Open) async throws {
        let nodes = [try await open(), try await open()]
        for state in [UploadState.granted, .receiving] {
            let upload = try await nodes[0].add(state)
            let outcomes = try await concurrently(100) { number in
                try await nodes[number % 2].claim(
                    upload.fileID, now: Sample.start.adding(seconds: Int64(number)), expiresAt: Sample.start,
                    maximumOpen: 1000)
            }
            let standing = try await nodes[0].standing(upload)
            try requireEqual(outcomes.count { $0 == .claimed(standing) }, 1, "claims of a \(state) upload")
            try requireEqual(outcomes.count { $0 == .taken(standing) }, 99, "refusals of a \(state) upload")
        }
    }

    private static func claimReceiving(_ open: Open) async throws {
        let catalog = try await open()
        let upload = try await catalog.add(.receiving)
        var expected = upload
        expected.claimedAt = Sample.start
        // It has its place already, so the bound is not asked.
        try requireEqual(
            await catalog.claim(upload.fileID, now: Sample.start, expiresAt: Sample.start, maximumOpen: 1),
            .claimed(expected))
        try requireEqual(
            await catalog.claim(upload.fileID, now: Sample.start, expiresAt: Sample.start, maximumOpen: 9),
            .taken(expected))
    }

    private static func claimTooLate(_ open: Open) async throws {
        let catalog = try await open()
        let begun = try await catalog.add(.receiving)
        let withPart = try await catalog.record(Sample.part(1), of: begun).requireRecorded()
        try requireEqual(
            await catalog.claim(begun.fileID, now: Sample.start, expiresAt: Sample.start, maximumOpen: 9),
            .taken(withPart))
        try requireEqual(try await catalog.standing(begun), withPart)
        for state in [UploadState.complete, .failed, .aborted, .expired] {
            let ended = try await catalog.add(state)
            try requireEqual(
                await catalog.claim(ended.fileID, now: Sample.start, expiresAt: Sample.start, maximumOpen: 9),
                .taken(ended))
            try requireEqual(try await catalog.standing(ended), ended)
        }
    }

    private static func claimBound(_ open: Open) async throws {
        let catalog = try await open()
        let (first, second) = (try await catalog.add(.granted), try await catalog.add(.granted))
        _ = try await catalog.add(.receiving, of: Sample.tenant("other"))
        guard
            case .claimed = try await catalog.claim(
                first.fileID, now: Sample.start, expiresAt: Sample.start, maximumOpen: 1)
        else {
            throw ConformanceFailure("another tenant's uploads do not count")
        }
        try requireEqual(
            await catalog.claim(second.fileID, now: Sample.start, expiresAt: Sample.start, maximumOpen: 1), .tooManyOpen
        )
        try requireEqual(try await catalog.standing(second), second, "a link that was not used up")
        _ = try await catalog.end(first.fileID, as: .failed, now: Sample.start).requireDone()
        guard
            case .claimed = try await catalog.claim(
                second.fileID, now: Sample.start, expiresAt: Sample.start, maximumOpen: 1)
        else {
            throw ConformanceFailure("a place that became free is given")
        }
    }

    private static func claimBoundRace(_ open: Open) async throws {
        let nodes = [try await open(), try await open()]
        let links = try await concurrently(30) { _ in try await nodes[0].add(.granted) }
        let outcomes = try await concurrently(30) { number in
            try await nodes[number % 2].claim(
                links[number].fileID, now: Sample.start, expiresAt: Sample.start, maximumOpen: 5)
        }
        try requireEqual(outcomes.count { $0 == .tooManyOpen }, 25, "links that were not claimed")
        let open = try await nodes[1].uploads(of: nil, in: [.receiving], after: nil, limit: 100)
        try requireEqual(open.count, 5, "open uploads")
    }

    private static func mixedBoundRace(_ open: Open) async throws {
        let nodes = [try await open(), try await open()]
        let links = try await concurrently(25) { _ in try await nodes[0].add(.granted) }
        _ = try await concurrently(50) { number in
            if number < 25 {
                _ = try await nodes[number % 2].claim(
                    links[number].fileID, now: Sample.start, expiresAt: Sample.start, maximumOpen: 6)
            } else {
                _ = try await nodes[number % 2].create(try Sample.upload(), maximumOpen: 6)
            }
        }
        let open = try await nodes[1].uploads(of: nil, in: [.receiving], after: nil, limit: 100)
        try requireEqual(open.count, 6, "open uploads")
    }

    private static func claimLate(_ open: Open) async throws {
        let catalog = try await open()
        let granted = try await catalog.add(.granted)
        let outcome = try await catalog.claim(
            granted.fileID, now: granted.expiresAt.adding(seconds: 1), expiresAt: Sample.start, maximumOpen: 9)
        guard case .claimed(let claimed) = outcome else { throw ConformanceFailure("a late claim was \(outcome)") }
        try requireEqual(claimed.expiresAt, granted.expiresAt)
        let next = try await catalog.add(.granted)
        let longer = next.expiresAt.adding(seconds: 60)
        guard
            case .claimed(let living) = try await catalog.claim(
                next.fileID, now: Sample.start, expiresAt: longer, maximumOpen: 9)
        else { throw ConformanceFailure("a link was not claimed") }
        try requireEqual(living.expiresAt, longer)
    }
}
