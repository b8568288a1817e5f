import UploadModel
import UploadStore

extension CatalogConformance {
    static let ending: [Check] = [
        Check("a completed upload is a file and has no parts any more", completes),
        Check("what is said of a file with its end replaces what was said before", names),
        Check("only a receiving upload is completed", completesOnlyReceiving),
        Check("an ended upload has no parts and no bytes any more", ends),
        Check("only an open upload is ended", endsOnlyOpen),
        Check("an upload expires only when its time is over", expiresOnlyLate),
        Check("of open uploads those that were claimed end with the process that took them", endsInterrupted),
        Check("of 100 that complete or end an upload at once one does", endRace),
        Check("a file is withdrawn only while nothing was made of it", withdraws),
        Check("a part and an end that come at once leave no part", recordOrEndRace),
        Check("a part and a completion that come at once leave no part", recordOrCompleteRace),
    ]

    private static func completes(_ open: Open) async throws {
        let catalog = try await open()
        let upload = try await catalog.add(.receiving)
        let learned = PartLayout(partSizeBytes: 100, partCount: 2)
        _ = try await catalog.record(Sample.part(1), of: upload, learning: learned).requireRecorded()
        var expected = try await catalog.record(Sample.part(2, bytes: 1), of: upload).requireRecorded()
        let completion = Completion(
            sizeBytes: 101, crc32c: CRC32C(.max), sha256: try Sample.sha256(0xAB),
            detectedType: MediaType("video/mp4"), now: Sample.start.adding(seconds: 5))
        expected.state = .complete
        expected.layout.sizeBytes = 101
        expected.receivedBytes = 101
        expected.crc32c = completion.crc32c
        expected.sha256 = completion.sha256
        expected.detectedType = completion.detectedType
        expected.completedAt = completion.now
        try requireEqual(await catalog.complete(upload.fileID, with: completion, announcing: []), .done(expected))
        try requireEqual(try await catalog.standing(upload), expected)
        try requireEqual(await catalog.parts(of: upload.fileID), [])
        // A type that was detected with the first bytes is kept when the end says nothing of it.
        let typed = try await catalog.add(.receiving)
        _ = try await catalog.record(
            Sample.part(1), of: typed.fileID, learning: PartLayout(), detectedType: .octetStream,
            expiresAt: typed.expiresAt)
        let done = try await catalog.complete(typed.fileID, with: Sample.completion(), announcing: []).requireDone()
        try requireEqual(done.detectedType, .octetStream)
    }

    private static func names(_ open: Open) async throws {
        let catalog = try await open()
        let namings: [Completion.Naming?] = [
            nil,
            Completion.Naming(
                fileName: try unwrap(FileName("été.png")), declaredType: MediaType("image/png"), description: "words"),
            Completion.Naming(fileName: try unwrap(FileName("x")), declaredType: nil, description: nil),
        ]
        for naming in namings {
            var upload = try Sample.upload()
            upload.description = "said before"
            try await catalog.add(upload)
            var completion = Sample.completion()
            completion.naming = naming
            let expected = completion.applied(to: upload)
            try requireEqual(await catalog.complete(upload.fileID, with: completion, announcing: []), .done(expected))
            try requireEqual(try await catalog.standing(upload), expected)
            try requireEqual(expected.description, naming.map(\.description) ?? "said before")
        }
    }

    private static func completesOnlyReceiving(_ open: Open) async throws {
        let catalog = try await open()
        for state in UploadState.allCases where state != .receiving {
            let upload = try await catalog.add(state)
            let outcome = try await catalog.complete(
                upload.fileID, with: Sample.completion(bytes: 7, at: 99), announcing: [])
            try requireEqual(outcome, .refused(upload))
            try requireEqual(try await catalog.standing(upload), upload)
        }
    }

    private static func withdraws(_ open: Open) async throws {
        let catalog = try await open()
        for state in UploadState.allCases where state != .complete {
            let upload = try await catalog.add(state)
            try requireEqual(await catalog.withdraw(upload.fileID, now: Sample.start, announcing: []), .refused(upload))
        }
        let used = try await catalog.add(.complete)
        _ = try await catalog.finalize(Sample.item(used))
        try requireEqual(await catalog.withdraw(used.fileID, now: Sample.start, announcing: []), .refused(used))
        let posted = try await catalog.add(.complete)
        let (post, items) = try Sample.post([posted])
        try requireEqual(await catalog.add(post, items: items), .made(post))
        try requireEqual(await catalog.withdraw(posted.fileID, now: Sample.start, announcing: []), .refused(posted))
        let unused = try await catalog.add(.complete, alias: "a")
        let copy = try await catalog.addCopy(of: unused)
        let ended = try await catalog.withdraw(unused.fileID, now: Sample.start, announcing: []).requireDone()
        try requireEqual(ended.state, .aborted)
        try requireEqual(ended.alias, nil)
        try requireEqual(ended.receivedBytes, 0)
        try requireEqual(try await catalog.standing(unused), ended)
        try requireEqual(try await catalog.standing(copy).state, .aborted)
        try requireEqual(await catalog.withdraw(unused.fileID, now: Sample.start, announcing: []), .refused(ended))
        try requireEqual(await catalog.forgetEnded(before: Sample.start.adding(seconds: 1), limit: 2), 2)
        try requireEqual(await catalog.upload(unused.fileID), nil)
        try requireEqual(await catalog.withdraw(unused.fileID, now: Sample.start, announcing: []), .unknown)
    }

    private static func ends(_ open: Open) async throws {
        let catalog = try await open()
        for state in [UploadState.failed, .aborted, .expired] {
            let granted = try await catalog.add(.granted)
            let receiving = try await catalog.add(.receiving)
            _ = try await catalog.record(Sample.part(1), of: receiving).requireRecorded()
            for upload in [granted, receiving] {
                var expected = upload
                expected.state = state
                try requireEqual(await catalog.end(upload.fileID, as: state, now: upload.expiresAt), .done(expected))
                try requireEqual(try await catalog.standing(upload), expected)
                try requireEqual(await catalog.parts(of: upload.fileID), [])
            }
        }
    }

    private static func endsOnlyOpen(_ open: Open) async throws {
        let catalog = try await open()
        for state in UploadState.allCases where !state.isOpen {
            let upload = try await catalog.add(state)
            for final in [UploadState.failed, .aborted, .expired] {
                try requireEqual(await catalog.end(upload.fileID, as: final, now: Sample.start), .refused(upload))
            }
            try requireEqual(try await catalog.standing(upload), upload)
        }
    }

    private static func expiresOnlyLate(_ open: Open) async throws {
        let catalog = try await open()
        for state in [UploadState.granted, .receiving] {
            let upload = try await catalog.add(state)
            let early = upload.expiresAt.adding(seconds: -1)
            try requireEqual(await catalog.end(upload.fileID, as: .expired, now: early), .refused(upload))
            try requireEqual(try await catalog.standing(upload), upload)
            let ended = try await catalog.end(upload.fileID, as: .expired, now: upload.expiresAt).requireDone()
            try requireEqual(ended.state, .expired)
        }
        // A part gives new time.
        let upload = try await catalog.add(.receiving)
        _ = try await catalog.record(
            Sample.part(1), of: upload.fileID, learning: PartLayout(), detectedType: nil,
            expiresAt: upload.expiresAt.adding(seconds: 5))
        let standing = try await catalog.standing(upload)
        let outcome = try await catalog.end(upload.fileID, as: .expired, now: upload.expiresAt)
        try requireEqual(outcome, .refused(standing))
        try requireEqual(await catalog.parts(of: upload.fileID).count, 1)
    }

    private static func endsInterrupted(_ open: Open) async throws {
        let catalog = try await open()
        let kept = [
            try await catalog.add(.granted), try await catalog.add(.receiving, alias: "mine"),
            try await catalog.add(.complete), try await catalog.add(.aborted),
        ]
        let parts = try await catalog.record(Sample.part(1), of: kept[1]).requireRecorded()
        var claimed: [UploadRecord] = []
        for state in [UploadState.granted, .receiving] {
            let upload = try await catalog.add(state)
            _ = try await catalog.claim(
                upload.fileID, now: Sample.start, expiresAt: Sample.start, within: Admission(maximumOpen: 100))
            claimed.append(try await catalog.standing(upload))
        }
        // What was claimed for bytes in order goes on after a break.
        let link = try await catalog.add(.granted)
        let bounds = Admission(maximumOpen: 100)
        guard
            case .claimed(let resumable) = try await catalog.claim(
                link.fileID, as: .sequential, now: Sample.start, expiresAt: Sample.start, within: bounds)
        else { throw ConformanceFailure("a granted upload is claimed") }
        let now = Sample.start.adding(seconds: 30)
        let ended = try await catalog.endInterruptedStreams(now: now)
        try requireEqual(try await catalog.standing(resumable), resumable)
        try requireEqual(Set(ended.map(\.fileID)), Set(claimed.map(\.fileID)))
        for upload in claimed {
            var expected = upload
            expected.state = .failed
            try requireEqual(try await catalog.standing(upload), expected)
            try require(ended.contains(expected), "what was ended is told")
        }
        for upload in kept.filter({ $0.fileID != parts.fileID }) + [parts] {
            try requireEqual(try await catalog.standing(upload), upload)
        }
        try requireEqual(await catalog.parts(of: parts.fileID).count, 1)
        try requireEqual(try await catalog.endInterruptedStreams(now: now), [])
        // They are forgotten as any that ended is.
        try requireEqual(await catalog.forgetEnded(before: now.adding(seconds: 1), limit: 100), 3)
    }

    private static func endRace(_ open: Open) async throws {
        let nodes = [try await open(), try await open()]
        let upload = try await nodes[0].add(.receiving)
        _ = try await nodes[0].record(Sample.part(1), of: upload).requireRecorded()
        let outcomes = try await concurrently(100) { number in
            let node = nodes[number / 4 % 2]
            return switch number % 4 {
            case 0: try await node.complete(upload.fileID, with: Sample.completion(at: Int64(number)), announcing: [])
            case 1: try await node.end(upload.fileID, as: .aborted, now: Sample.start)
            case 2: try await node.end(upload.fileID, as: .expired, now: upload.expiresAt)
            default: try await node.end(upload.fileID, as: .failed, now: Sample.start)
            }
        }
        let standing = try await nodes[1].standing(upload)
        try requireEqual(outcomes.count { $0 == .done(standing) }, 1, "transitions that were done")
        try requireEqual(outcomes.count { $0 == .refused(standing) }, 99, "transitions that were refused")
        try requireEqual(await nodes[0].parts(of: upload.fileID), [])
    }

    private static func recordOrEndRace(_ open: Open) async throws {
        let nodes = [try await open(), try await open()]
        let upload = try await nodes[0].add(.receiving)
        _ = try await concurrently(100) { number in
            if number == 50 {
                _ = try await nodes[0].end(upload.fileID, as: .aborted, now: Sample.start).requireDone()
                return
            }
            let outcome = try await nodes[number % 2].record(Sample.part(number + 1), of: upload)
            if outcome != .notReceiving(.aborted) { _ = try outcome.requireRecorded() }
        }
        try requireEqual(await nodes[1].parts(of: upload.fileID), [])
        let standing = try await nodes[1].standing(upload)
        try requireEqual(standing.state, .aborted)
        try requireEqual(standing.receivedBytes, 0)
    }

    private static func recordOrCompleteRace(_ open: Open) async throws {
        let nodes = [try await open(), try await open()]
        let upload = try await nodes[0].add(.receiving)
        _ = try await concurrently(100) { number in
            if number == 50 {
                _ = try await nodes[0].complete(upload.fileID, with: Sample.completion(bytes: 12), announcing: [])
                    .requireDone()
                return
            }
            let outcome = try await nodes[number % 2].record(Sample.part(number + 1), of: upload)
            if outcome != .notReceiving(.complete) { _ = try outcome.requireRecorded() }
        }
        try requireEqual(await nodes[1].parts(of: upload.fileID), [])
        try requireEqual(try await nodes[1].standing(upload).receivedBytes, 12)
    }
}
