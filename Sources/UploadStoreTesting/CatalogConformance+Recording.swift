import UploadModel
import UploadStore

extension CatalogConformance {
    static let recording: [Check] = [
        Check("parts are listed by number and counted", recordParts),
        Check("a part of the same number replaces", replacePart),
        Check("what was learned of the layout stays", learnLayout),
        Check("a layout that disagrees conflicts and changes nothing", layoutConflict),
        Check("of layouts that are learned at once one stands", layoutRace),
        Check("100 parts that are recorded at once are all there", recordRace),
        Check("of 100 that record one part at once one stands and each other is answered once", replaceRace),
        Check("the type is detected once and expiry moves forward only", typeAndExpiry),
        Check("a part is recorded only while its upload is receiving", recordTooLate),
        Check("a part is not recorded once the link was claimed", recordAfterClaim),
    ]

    private static func recordParts(_ open: Open) async throws {
        let catalog = try await open()
        let upload = try await catalog.add(.receiving)
        let another = try await catalog.add(.receiving)
        var standing = upload
        for (count, number) in [10_000, 2, 1, 30].enumerated() {
            let outcome = try await catalog.record(Sample.part(number, bytes: 40), of: upload)
            standing.receivedBytes = Int64(count + 1) * 40
            try requireEqual(outcome, .recorded(standing, replaced: nil))
            try requireEqual(try await catalog.standing(upload), standing)
        }
        let parts = [1, 2, 30, 10_000].map { Sample.part($0, bytes: 40) }
        try requireEqual(await catalog.parts(of: upload.fileID), parts)
        try requireEqual(
            await catalog.upload(.fileID(upload.fileID), of: upload.tenant, near: 2)?.parts, [parts[1], parts[3]])
        try requireEqual(await catalog.upload(.fileID(upload.fileID), of: upload.tenant, near: 3)?.parts, [parts[3]])
        try requireEqual(
            await catalog.upload(.fileID(upload.fileID), of: upload.tenant, near: 10_000)?.parts, [parts[3]])
        let known = try await catalog.upload(.fileID(upload.fileID), of: upload.tenant, near: 1)
        try requireEqual(known?.upload, standing)
        let stranger = try Sample.tenant("stranger")
        try requireEqual(await catalog.upload(.fileID(upload.fileID), of: stranger, near: 2), nil)
        try requireEqual(
            await catalog.upload(.fileID(upload.fileID), of: upload.tenant, near: 10_001)?.parts, [parts[3]])
        try requireEqual(await catalog.parts(of: another.fileID), [])
        // Every value of a part comes back, the largest too.
        let largest = StoredPart(
            number: 10_000, range: ByteRange(start: Int64.max - 1, length: 1), crc32c: CRC32C(.max),
            token: PieceToken("\"etag-1\""))
        _ = try await catalog.record(largest, of: another).requireRecorded()
        let empty = StoredPart(number: 1, range: ByteRange(start: 0, length: 0), crc32c: .empty, token: .inPlace)
        _ = try await catalog.record(empty, of: another).requireRecorded()
        try requireEqual(await catalog.parts(of: another.fileID), [empty, largest])
    }

    private static func replacePart(_ open: Open) async throws {
        let catalog = try await open()
        let upload = try await catalog.add(.receiving)
        var standing = upload
        _ = try await catalog.record(Sample.part(1, bytes: 30), of: upload).requireRecorded()
        let steps: [(token: PieceToken, bytes: Int64, replaced: PieceToken?)] = [
            (PieceToken("aside-1"), 70, .inPlace), (PieceToken("aside-1"), 70, nil),
            (PieceToken("aside-2"), 10, PieceToken("aside-1")), (.inPlace, 20, PieceToken("aside-2")),
            (.inPlace, 25, nil),
        ]
        for step in steps {
            let part = Sample.part(1, bytes: step.bytes, token: step.token)
            standing.receivedBytes = step.bytes
            try requireEqual(
                try await catalog.record(part, of: upload), .recorded(standing, replaced: step.replaced))
            try requireEqual(await catalog.parts(of: upload.fileID), [part])
        }
    }

    private static func learnLayout(_ open: Open) async throws {
        let catalog = try await open()
        let upload = try await catalog.add(.receiving)
        let steps: [(learned: PartLayout, standing: PartLayout)] = [
            (PartLayout(), PartLayout()),
            (PartLayout(partCount: 3), PartLayout(partCount: 3)),
            (PartLayout(), PartLayout(partCount: 3)),
            (PartLayout(partSizeBytes: 100, partCount: 3), PartLayout(partSizeBytes: 100, partCount: 3)),
            (PartLayout(sizeBytes: 250), PartLayout(partSizeBytes: 100, partCount: 3, sizeBytes: 250)),
            (PartLayout(partCount: 3), PartLayout(partSizeBytes: 100, partCount: 3, sizeBytes: 250)),
        ]
        for step in steps {
            let recorded = try await catalog.record(Sample.part(1), of: upload, learning: step.learned)
                .requireRecorded()
            try requireEqual(recorded.layout, step.standing)
            try requireEqual(try await catalog.standing(upload).layout, step.standing)
        }
    }

    private static func layoutConflict(_ open: Open) async throws {
        let catalog = try await open()
        let layout = PartLayout(partSizeBytes: 100, partCount: 3, sizeBytes: 250)
        let upload = try await catalog.add(.receiving)
        let standing = try await catalog.record(Sample.part(1), of: upload, learning: layout).requireRecorded()
        let disagreeing = [
            PartLayout(partSizeBytes: 99), PartLayout(partCount: 4), PartLayout(sizeBytes: 251),
            PartLayout(partSizeBytes: 100, partCount: 3, sizeBytes: 251),
            PartLayout(partSizeBytes: 1, partCount: 1, sizeBytes: 1),
        ]
        for other in disagreeing {
            let outcome = try await catalog.record(
                Sample.part(2, bytes: 7), of: upload.fileID, learning: other, detectedType: .octetStream,
                expiresAt: upload.expiresAt.adding(seconds: 99))
            try requireEqual(outcome, .conflict(layout))
            try requireEqual(try await catalog.standing(upload), standing)
            try requireEqual(await catalog.parts(of: upload.fileID), [Sample.part(1)])
        }
    }

    private static func layoutRace(_ open: Open) async throws {
        let nodes = [try await open(), try await open()]
        let upload = try await nodes[0].add(.receiving)
        let layouts = [PartLayout(partSizeBytes: 100), PartLayout(partSizeBytes: 200)]
        let outcomes = try await concurrently(100) { number in
            try await nodes[number / 2 % 2].record(Sample.part(number + 1), of: upload, learning: layouts[number % 2])
        }
        let layout = try await nodes[0].standing(upload).layout
        let winner = try unwrap(layouts.firstIndex(of: layout), "a layout that somebody sent")
        for (number, outcome) in outcomes.enumerated() {
            if number % 2 == winner {
                try requireEqual(try outcome.requireRecorded().layout, layout)
            } else {
                try requireEqual(outcome, .conflict(layout))
            }
        }
        try requireEqual(
            try await nodes[1].parts(of: upload.fileID).map(\.number), (1...100).filter { ($0 - 1) % 2 == winner })
    }

    private static func recordRace(_ open: Open) async throws {
        let nodes = [try await open(), try await open()]
        let upload = try await nodes[0].add(.receiving)
        let outcomes = try await concurrently(100) { number in
            try await nodes[number % 2].record(Sample.part(number + 1), of: upload).requireRecorded().receivedBytes
        }
        try requireEqual(outcomes.sorted(), (1...100).map { $0 * 100 }, "the counts that were answered")
        try requireEqual(try await nodes[1].standing(upload).receivedBytes, 10_000)
        try requireEqual(await nodes[0].parts(of: upload.fileID), (1...100).map { Sample.part($0) })
    }

    private static func replaceRace(_ open: Open) async throws {
        let nodes = [try await open(), try await open()]
        let upload = try await nodes[0].add(.receiving)
        let outcomes = try await concurrently(100) { number in
            try await nodes[number % 2].record(
                Sample.part(1, bytes: Int64(number), token: PieceToken("aside-\(number)")), of: upload)
        }
        let replaced = try outcomes.compactMap { outcome in
            guard case .recorded(_, let token) = outcome else { throw ConformanceFailure("a part was \(outcome)") }
            return token?.text
        }
        let parts = try await nodes[0].parts(of: upload.fileID)
        try requireEqual(parts.count, 1, "parts")
        try requireEqual(
            (replaced + parts.map(\.token.text)).sorted(), (0..<100).map { "aside-\($0)" }.sorted(),
            "the tokens that were replaced, and the one that stands")
        try requireEqual(try await nodes[0].standing(upload).receivedBytes, parts[0].range.length)
    }

    private static func typeAndExpiry(_ open: Open) async throws {
        let catalog = try await open()
        let upload = try await catalog.add(.receiving)
        let (mp4, png) = (MediaType("video/mp4"), MediaType("image/png"))
        let late = upload.expiresAt.adding(seconds: 50)
        let steps: [(type: MediaType?, expiresAt: Timestamp, standingType: MediaType?, standingExpiry: Timestamp)] = [
            (nil, upload.expiresAt.adding(seconds: -50), nil, upload.expiresAt), (mp4, late, mp4, late),
            (png, upload.expiresAt, mp4, late), (nil, late.adding(seconds: 1), mp4, late.adding(seconds: 1)),
        ]
        for (index, step) in steps.enumerated() {
            let recorded = try await catalog.record(
                Sample.part(index + 1), of: upload.fileID, learning: PartLayout(), detectedType: step.type,
                expiresAt: step.expiresAt
            ).requireRecorded()
            try requireEqual(recorded.detectedType, step.standingType)
            try requireEqual(recorded.expiresAt, step.standingExpiry)
            try requireEqual(try await catalog.standing(upload), recorded)
        }
    }

    private static func recordTooLate(_ open: Open) async throws {
        let catalog = try await open()
        for state in UploadState.allCases where state != .receiving {
            let upload = try await catalog.add(state)
            // That it is not receiving says more than that the layout is another.
            let outcome = try await catalog.record(
                Sample.part(1), of: upload, learning: PartLayout(partSizeBytes: 1, sizeBytes: 1))
            try requireEqual(outcome, .notReceiving(state))
            try requireEqual(try await catalog.standing(upload), upload)
            try requireEqual(await catalog.parts(of: upload.fileID), [])
        }
    }

    private static func recordAfterClaim(_ open: Open) async throws {
        let catalog = try await open()
        let upload = try await catalog.add(.receiving)
        let outcome = try await catalog.claim(
            upload.fileID, now: Sample.start, expiresAt: Sample.start, maximumOpen: 9)
        guard case .claimed(let claimed) = outcome else { throw ConformanceFailure("the claim was \(outcome)") }
        try requireEqual(await catalog.record(Sample.part(1), of: claimed), .notReceiving(.receiving))
        try requireEqual(await catalog.parts(of: upload.fileID), [])
        try requireEqual(try await catalog.standing(upload), claimed)
    }
}
