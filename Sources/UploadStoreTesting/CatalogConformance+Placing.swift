import UploadModel
import UploadStore

extension CatalogConformance {
    static let placing: [Check] = [
        Check("an empty piece is given its place in what it is joined to, once", place),
        Check("only an empty piece of known size that is receiving is given a place", placeWhatFits),
        Check("only an upload that is made of others and receives has places", placeWhereItFits),
        Check("of 100 that give one piece a place one is told that it has it", placeRace),
        Check("of a piece and its first byte in one moment either has a place before or none", placeAgainstBytes),
        Check("what stands in another upload holds nothing of its own", holdOnce),
        Check("what others give up for an upload is room for it", createWithReleased),
        Check("a piece ends with the upload that it stands in", endTogether),
        Check("a piece expires not before the upload that it stands in, and gives it new time", expireTogether),
    ]

    private static func piece(_ sizeBytes: Int64? = 100, of tenant: TenantID? = nil) throws -> UploadRecord {
        var piece = try Sample.upload(of: tenant, sized: sizeBytes)
        piece.way = .partial
        return piece
    }

    /// Adds pieces and what is made of them.
    private static func addWhole(
        of pieces: [UploadRecord], to catalog: any UploadCatalog, within admission: Admission? = nil
    ) async throws -> UploadRecord {
        for piece in pieces { try await catalog.add(piece) }
        var whole = try Sample.upload(sized: pieces.reduce(0) { $0 + ($1.layout.sizeBytes ?? 0) })
        whole.way = .joined
        whole.joins = pieces.map(\.fileID)
        try requireEqual(await catalog.create(whole, within: admission ?? Admission(maximumOpen: 1000)), .created)
        return whole
    }

    private static func growth(_ bytes: Int64) -> Growth {
        Growth(
            fromBytes: 0,
            piece: StoredPart(
                number: 1, range: ByteRange(start: 0, length: bytes), crc32c: CRC32C(7), token: .inPlace))
    }

    private static func place(_ open: Open) async throws {
        let catalog = try await open()
        let pieces = try (0..<3).map { _ in try piece() }
        let whole = try await addWhole(of: pieces, to: catalog)
        let places = [pieces[0].fileID: Int64(0), pieces[2].fileID: 200]
        try requireEqual(await catalog.place(places, in: whole.fileID), Set(places.keys))
        var placed = pieces[2]
        placed.objectKey = whole.objectKey
        placed.home = UploadHome(fileID: whole.fileID, startBytes: 200)
        try requireEqual(await open().standing(pieces[2]), placed)
        try requireEqual(await catalog.standing(pieces[1]), pieces[1])
        try requireEqual(await catalog.standing(whole), whole)
        let again = try await addWhole(of: [], to: catalog)
        try requireEqual(await catalog.place(places, in: whole.fileID), [])
        try requireEqual(await catalog.place(places, in: again.fileID), [])
        try requireEqual(await catalog.standing(pieces[2]), placed)
        placed.receivedBytes = 60
        try requireEqual(
            await catalog.append(growth(60), to: placed.fileID, expiresAt: Sample.start, within: nil), .grown(placed))
        let keys = try await catalog.references().filter { $0.fileID == placed.fileID }.map(\.objectKey)
        try requireEqual(keys, [whole.objectKey])
    }

    private static func placeWhatFits(_ open: Open) async throws {
        let catalog = try await open()
        let fitting = try piece()
        var begun = try piece()
        let whole = try await addWhole(of: [fitting, begun], to: catalog)
        _ = try await catalog.append(growth(1), to: begun.fileID, expiresAt: Sample.start, within: nil)
        begun = try await catalog.standing(begun)
        let unknown = try piece(nil)
        let foreign = try piece(of: Sample.tenant("other"))
        let ended = try piece()
        var sequential = try piece()
        sequential.way = .sequential
        for upload in [unknown, foreign, ended, sequential] { try await catalog.add(upload) }
        _ = try await catalog.end(ended.fileID, as: .aborted, now: Sample.start).requireDone()
        let granted = try await catalog.add(.granted)
        let others = [begun, unknown, foreign, try await catalog.standing(ended), sequential, granted, whole]
        let places = Dictionary(uniqueKeysWithValues: (others + [fitting]).map { ($0.fileID, Int64(0)) })
        try requireEqual(await catalog.place(places, in: whole.fileID), [fitting.fileID])
        for other in others { try requireEqual(await catalog.standing(other), other) }
        try requireEqual(await catalog.place([.random(): 0], in: whole.fileID), [])
    }

    private static func placeWhereItFits(_ open: Open) async throws {
        let catalog = try await open()
        let fitting = try piece()
        let whole = try await addWhole(of: [fitting], to: catalog)
        _ = try await catalog.end(whole.fileID, as: .failed, now: Sample.start).requireDone()
        let complete = try await addWhole(of: [], to: catalog)
        _ = try await catalog.complete(complete.fileID, with: Sample.completion(), announcing: []).requireDone()
        let foreign = try await addWhole(of: [], to: catalog)
        let stranger = try piece(of: Sample.tenant("other"))
        try await catalog.add(stranger)
        let plain = try await catalog.add(.receiving)
        for home in [whole.fileID, complete.fileID, plain.fileID, .random()] {
            try requireEqual(await catalog.place([fitting.fileID: 0], in: home), [])
        }
        try requireEqual(await catalog.place([stranger.fileID: 0], in: foreign.fileID), [])
        try requireEqual(await catalog.standing(fitting), fitting)
    }

    private static func placeRace(_ open: Open) async throws {
        let nodes = [try await open(), try await open()]
        let contested = try piece()
        try await nodes[0].add(contested)
        var homes: [UploadRecord] = []
        for _ in 0..<100 { homes.append(try await addWhole(of: [], to: nodes[0])) }
        let wholes = homes
        let placed = try await concurrently(100) { number in
            try await nodes[number % 2].place([contested.fileID: Int64(number)], in: wholes[number].fileID)
        }
        let winners = placed.indices.filter { placed[$0] == [contested.fileID] }
        try requireEqual(winners.count, 1, "how many were told")
        let standing = try await nodes[1].standing(contested)
        try requireEqual(standing.home?.startBytes, winners.first.map(Int64.init))
        try requireEqual(standing.home?.fileID, winners.first.map { wholes[$0].fileID })
    }

    private static func placeAgainstBytes(_ open: Open) async throws {
        let nodes = [try await open(), try await open()]
        for number in 0..<20 {
            let contested = try piece()
            let whole = try await addWhole(of: [contested], to: nodes[0])
            async let placed = nodes[number % 2].place([contested.fileID: 0], in: whole.fileID)
            async let grown = nodes[(number + 1) % 2].append(
                growth(9), to: contested.fileID, expiresAt: Sample.start, within: nil)
            // Whoever writes holds the upload; the catalog only says who came first.
            guard case .grown(let record) = try await grown else { throw ConformanceFailure("it grows") }
            try requireEqual(record.home != nil, try await placed == [contested.fileID])
            try requireEqual(await nodes[0].standing(contested), record)
        }
    }

    private static func holdOnce(_ open: Open) async throws {
        let catalog = try await open()
        let pieces = [try piece(100), try piece(30)]
        let whole = try await addWhole(of: pieces, to: catalog)
        try await catalog.requireHeld(260, 260)
        _ = try await catalog.place([pieces[0].fileID: 0, pieces[1].fileID: 100], in: whole.fileID)
        try await catalog.requireHeld(130, 130)
        let quota = TenantQuota(maximumStoredBytes: 130)
        guard
            case .grown = try await catalog.append(
                growth(30), to: pieces[1].fileID, expiresAt: Sample.start, within: quota)
        else { throw ConformanceFailure("what is in its place needs no more room") }
        _ = try await catalog.end(pieces[1].fileID, as: .aborted, now: Sample.start).requireDone()
        try await catalog.requireHeld(130, 130)
        try requireEqual(await catalog.recountUsages(), 0)
        _ = try await catalog.complete(whole.fileID, with: Sample.completion(bytes: 130), announcing: []).requireDone()
        try await catalog.requireHeld(130, 0)
        _ = try await catalog.end(pieces[0].fileID, as: .expired, now: Sample.longAfter).requireDone()
        try await catalog.requireHeld(130, 0)
        try requireEqual(await catalog.forgetEnded(before: Sample.longAfter.adding(seconds: 1), limit: 9), 2)
        try await catalog.requireHeld(130, 0)
        _ = try await catalog.withdraw(whole.fileID, now: Sample.longAfter, announcing: []).requireDone()
        try await catalog.requireHeld(0, 0)
    }

    private static func createWithReleased(_ open: Open) async throws {
        let catalog = try await open()
        var admission = within(stored: 150)
        admission.releasedBytes = 100
        let pieces = [try piece(100)]
        let whole = try await addWhole(of: pieces, to: catalog, within: admission)
        _ = try await catalog.place([pieces[0].fileID: 0], in: whole.fileID)
        try await catalog.requireHeld(100, 100)
        admission.releasedBytes = 40
        guard case .overQuota = try await catalog.create(Sample.upload(sized: 91), within: admission) else {
            throw ConformanceFailure("51 bytes more than what is given up find no room")
        }
        try requireEqual(await catalog.create(Sample.upload(sized: 90), within: admission), .created)
    }

    private static func endTogether(_ open: Open) async throws {
        let catalog = try await open()
        for state in [UploadState.failed, .aborted, .expired, .complete] {
            let pieces = [try piece(), try piece(), try piece()]
            let whole = try await addWhole(of: pieces, to: catalog)
            _ = try await catalog.place([pieces[0].fileID: 0, pieces[1].fileID: 100], in: whole.fileID)
            _ = try await catalog.append(growth(100), to: pieces[0].fileID, expiresAt: Sample.start, within: nil)
            _ = try await catalog.end(pieces[1].fileID, as: .failed, now: Sample.start).requireDone()
            if state == .complete {
                _ = try await catalog.complete(whole.fileID, with: Sample.completion(), announcing: []).requireDone()
                try requireEqual(await catalog.standing(pieces[0]).receivedBytes, 100, "a file leaves its pieces")
                _ = try await catalog.withdraw(whole.fileID, now: Sample.longAfter, announcing: []).requireDone()
            } else {
                _ = try await catalog.end(whole.fileID, as: state, now: Sample.longAfter).requireDone()
            }
            let ended = try await catalog.standing(pieces[0])
            try requireEqual(ended.state, state == .complete ? .aborted : state)
            try requireEqual(ended.receivedBytes, 0)
            try requireEqual(await catalog.parts(of: ended.fileID), [])
            try requireEqual(await catalog.standing(pieces[1]).state, .failed, "what ended before")
            try requireEqual(await catalog.standing(pieces[2]), pieces[2], "what stands elsewhere")
            try requireEqual(
                await catalog.append(growth(9), to: ended.fileID, expiresAt: Sample.start, within: nil),
                .refused(ended))
            _ = try await catalog.end(pieces[2].fileID, as: .aborted, now: Sample.longAfter).requireDone()
            try requireEqual(
                await catalog.forgetEnded(before: Sample.longAfter.adding(seconds: 1), limit: 9), 4)
            try await catalog.requireHeld(0, 0)
        }
    }

    private static func expireTogether(_ open: Open) async throws {
        let catalog = try await open()
        let pieces = [try piece(), try piece()]
        let whole = try await addWhole(of: pieces, to: catalog)
        _ = try await catalog.place([pieces[0].fileID: 0, pieces[1].fileID: 100], in: whole.fileID)
        _ = try await catalog.append(growth(100), to: pieces[1].fileID, expiresAt: Sample.longAfter, within: nil)
        try requireEqual(await catalog.standing(whole).expiresAt, Sample.longAfter)
        _ = try await catalog.append(
            Growth(fromBytes: 100, piece: nil), to: pieces[1].fileID, expiresAt: Sample.start, within: nil)
        try requireEqual(await catalog.standing(whole).expiresAt, Sample.longAfter, "time is never taken")
        try requireEqual(await catalog.expired(before: Sample.longAfter, limit: 9), [])
        let later = Sample.longAfter.adding(seconds: 1)
        try requireEqual(await catalog.expired(before: later, limit: 9).map(\.fileID), [whole.fileID])
        _ = try await catalog.complete(whole.fileID, with: Sample.completion(), announcing: []).requireDone()
        // A file does not end for its age; its pieces do.
        try requireEqual(
            await catalog.expired(before: later, limit: 9).map(\.fileID), [pieces[0].fileID, pieces[1].fileID])
    }
}
