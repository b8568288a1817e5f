package import Logging
import ServiceLifecycle
import UploadModel
import UploadRules
import UploadStore

extension UploadEngine {
    /// The uploads that a file is to be made of.
    ///
    /// - Throws: `not_found` for what is not this tenant's, `way_mismatch` for what is no piece, `upload_gone` for what
    ///   ended.
    func pieces(of announcement: Announcement) async throws(UploadFault) -> [UploadRecord] {
        guard (1...UploadRecord.maximumJoinCount).contains(announcement.joins.count) else {
            throw UploadFault(
                .invalidRequest, "A file is made of 1 to \(UploadRecord.maximumJoinCount) others.")
        }
        var pieces: [UploadRecord] = []
        for id in announcement.joins {
            let piece = try await translating { () throws(CatalogFault) in
                try await catalog.upload(.fileID(id), of: announcement.tenant)
            }
            guard let piece else { throw UploadFault.notFound }
            guard piece.way == .partial else { throw UploadFault(.wayMismatch, "One of these uploads is no piece.") }
            guard piece.state == .receiving else { throw UploadFault(Refusal.ended(piece.state)) }
            pieces.append(piece)
        }
        return pieces
    }

    /// The size of a file that is made of others, if all of theirs are known.
    static func size(of pieces: [UploadRecord], limits: UploadLimits) throws(UploadFault) -> Int64? {
        var size: Int64 = 0
        for piece in pieces {
            guard let length = piece.layout.sizeBytes else { return nil }
            let (total, overflow) = size.addingReportingOverflow(length)
            if overflow { throw tooLarge(limits.largestFileBytes) }
            size = total
        }
        return size
    }

    /// Puts together what waits for it, as far as its pieces are whole.
    ///
    /// - Returns: whether there was something to be done.
    func joinWaiting() async throws(UploadFault) -> Bool {
        var hasJoined = false
        var cursor: UploadCursor?
        while !Task.isCancelled {
            let waiting = try await translating { () throws(CatalogFault) in
                try await catalog.joining(after: cursor, limit: Self.joinBatchCount)
            }
            for upload in waiting where !Task.isCancelled {
                if await tryToJoin(upload) { hasJoined = true }
            }
            guard waiting.count == Self.joinBatchCount, let last = waiting.last else { break }
            cursor = UploadCursor(createdAt: last.createdAt, fileID: last.fileID)
        }
        return hasJoined
    }

    /// How many are looked up at once.
    private static let joinBatchCount = 100

    private func tryToJoin(_ upload: UploadRecord) async -> Bool {
        do throws(UploadFault) {
            return try await join(upload)
        } catch {
            logger.warning(
                "uploads could not be joined", metadata: ["sluice.fault": "\(error.cause ?? error.detail)"])
            // What is too large now is so for ever; anything else may pass.
            return error.code == .tooLarge ? await fail(upload) : false
        }
    }

    /// Takes in what is not yet taken in and makes the file complete; once more after a break it goes on where it was.
    private func join(_ stale: UploadRecord) async throws(UploadFault) -> Bool {
        let whole: [UploadRecord]
        switch try await pieces(of: stale) {
        case .whole(let pieces): whole = pieces
        case .unfinished: return false
        // It can never be whole any more.
        case .ended: return await fail(stale)
        }
        guard let lease = leases.acquireIfIdle(stale.fileID) else { return false }
        defer { lease.release() }
        var parts = try await parts(of: stale)
        var upload = try await reload(stale)
        guard upload.state == .receiving else { return false }
        var start: Int64 = 0
        for piece in whole {
            let range = ByteRange(start: start, length: piece.receivedBytes)
            start = range.end
            guard range.start >= upload.receivedBytes, range.length > 0 else { continue }
            guard range.end <= upload.maximumBytes else { throw Self.tooLarge(upload.maximumBytes) }
            if upload.layout.sizeBytes == nil {
                // Nobody knew it when it began.
                _ = try await reserve(range.end, for: upload)
                try await checkRoom(for: range.length)
            }
            (upload, parts) = try await take(piece, to: range, of: upload, parts)
        }
        _ = try await publishSequential(upload, parts: parts)
        return true
    }

    private enum Pieces {
        case whole([UploadRecord])
        case unfinished
        case ended
    }

    private func pieces(of upload: UploadRecord) async throws(UploadFault) -> Pieces {
        var pieces: [FileID: UploadRecord] = [:]
        for id in upload.joins where pieces[id] == nil {
            let piece = try await translating { () throws(CatalogFault) in try await catalog.upload(id) }
            guard let piece, piece.state == .receiving else { return .ended }
            // The rest need not be looked up: this is asked of every file that waits, whenever a piece is whole.
            guard piece.isFull else { return .unfinished }
            pieces[id] = piece
        }
        return .whole(upload.joins.compactMap { pieces[$0] })
    }

    /// Takes a piece into the file that it belongs to: a copy of its bytes, or its record alone where they stand there.
    private func take(_ stale: UploadRecord, to range: ByteRange, of upload: UploadRecord, _ parts: [StoredPart])
        async throws(UploadFault) -> (UploadRecord, [StoredPart])
    {
        // While it is held nobody can end it and free its bytes.
        let lease = await leases.acquire(stale.fileID, .whole)
        defer { lease.release() }
        let own = try await self.parts(of: stale)
        let piece = try await reload(stale)
        guard piece.state == .receiving, let whole = merged(own) else {
            throw UploadFault(.unavailable, "A piece of this file has just ended.")
        }
        let number = (parts.last?.number ?? 0) + 1
        var token = whole.token
        if piece.home != UploadHome(fileID: upload.fileID, startBytes: range.start) {
            token = try await translating { () throws(StoreFault) in
                try await store.copy(
                    ByteRange(start: piece.baseBytes, length: range.length), of: piece.objectKey,
                    into: upload.objectKey, at: PiecePlace(number: number, start: range.start))
            }
        }
        let taken = StoredPart(number: number, range: range, crc32c: whole.crc32c, token: token)
        var parts = parts
        let last = parts.popLast()
        let merged = last.flatMap { store.merged($0, taken) }
        if merged == nil, let last { parts.append(last) }
        parts.append(merged ?? taken)
        let grown = try await grow(
            upload, by: Growth(fromBytes: range.start, piece: merged ?? taken, heldBytes: range.end))
        return (grown, parts)
    }

    /// The checksum of all bytes of a piece.
    private func merged(_ parts: [StoredPart]) -> StoredPart? {
        guard let first = parts.first else { return nil }
        return parts.dropFirst().reduce(first) { earlier, later in
            earlier.flatMap { store.merged($0, later) }
        }
    }
}

/// Puts uploads together that are to be one file, away from the requests that asked for it.
package struct Joiner: Service {
    private let engine: UploadEngine
    private let logger: Logger
    /// Between two looks where nobody rings.
    private static let idleInterval = Duration.seconds(30)

    package init(engine: UploadEngine, logger: Logger) {
        self.engine = engine
        self.logger = logger
    }

    package func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                let rings = engine.joinBell.rings
                var hasJoined = false
                do throws(UploadFault) {
                    hasJoined = try await engine.joinWaiting()
                } catch {
                    logger.warning("joining failed", metadata: ["sluice.fault": "\(error.cause ?? error.detail)"])
                }
                if !hasJoined { await engine.joinBell.wait(since: rings, atMost: Self.idleInterval) }
            }
        }
    }
}
