import Logging
import UploadModel
import UploadStore

extension UploadEngine {
    /// A piece that nobody writes to while it is given its place.
    private struct HeldPiece {
        let lease: Lease
        let piece: UploadRecord
        /// Where it is to stand.
        let range: ByteRange
    }

    /// Begins an upload that is made of others. Of those that are still empty the bytes will come to their places in its
    /// object, so that nothing is copied; the others are copied when all are whole.
    ///
    /// - Parameter pieces: as they stood a moment ago.
    func addJoined(_ record: UploadRecord, of pieces: [UploadRecord]) async throws(UploadFault) -> UploadRecord {
        let held = await holdEmpty(pieces, of: record)
        defer { for piece in held { piece.lease.release() } }
        // Its room holds that of these pieces too.
        let upload = try await addWithRoom(record, releasing: held.reduce(0) { $0 + $1.range.length })
        await place(held, in: upload)
        joinBell.ring()
        return upload
    }

    /// The pieces that can be given a place: where they begin is known, they have no bytes yet, and nobody is about to
    /// send some. One that is listed twice gets the first.
    private func holdEmpty(_ pieces: [UploadRecord], of upload: UploadRecord) async -> [HeldPiece] {
        guard upload.layout.sizeBytes != nil, !store.needs.numbersPieces else { return [] }
        var held: [HeldPiece] = []
        var start: Int64 = 0
        for piece in pieces {
            let range = ByteRange(start: start, length: piece.layout.sizeBytes ?? 0)
            start = range.end
            guard piece.receivedBytes == 0, piece.home == nil,
                let lease = leases.acquireIfIdle(piece.fileID)
            else { continue }
            // What was written to it since it was looked up stands where it is.
            if let current = try? await reload(piece), current.state == .receiving, current.receivedBytes == 0,
                current.home == nil
            {
                held.append(HeldPiece(lease: lease, piece: current, range: range))
            } else {
                lease.release()
            }
        }
        return held
    }

    /// Gives pieces their places, and frees the room that they had. Where that fails they are copied as others are.
    private func place(_ held: [HeldPiece], in upload: UploadRecord) async {
        guard !held.isEmpty else { return }
        let places = Dictionary(uniqueKeysWithValues: held.map { ($0.piece.fileID, $0.range.start) })
        do throws(CatalogFault) {
            let placed = try await catalog.place(places, in: upload.fileID)
            for held in held where placed.contains(held.piece.fileID) {
                await discard(held.piece.objectKey, spooled: [])
            }
        } catch {
            logger.warning("pieces were not given their places", metadata: ["sluice.fault": "\(error.detail)"])
        }
    }

    /// Frees the bytes of an upload that has ended. Those of a piece that has its place in another upload are that one's.
    func freeBytes(of ended: UploadRecord, spooled: [PieceToken]) async {
        guard ended.home == nil else { return }
        // Pieces with places here have ended with it. Whoever still writes to one lets go first, as he does of an upload
        // of his own.
        for id in ended.joins {
            if await isWritten(id, in: ended) { await leases.acquire(id, .whole).release() }
        }
        await discard(ended.objectKey, spooled: spooled)
    }

    /// Ends the upload in which a piece stood that has ended, unless it is a file already: it would wait for ever, and its
    /// other pieces would be sent in vain. While it is just being joined, that finds out by itself.
    func failHome(_ home: UploadHome) async {
        guard let lease = leases.acquireIfIdle(home.fileID) else { return }
        defer { lease.release() }
        do throws(CatalogFault) {
            if let whole = try await catalog.upload(home.fileID), whole.state == .receiving { await fail(whole) }
        } catch {
            logger.warning("a file was not ended with its piece", metadata: ["sluice.fault": "\(error.detail)"])
        }
    }

    /// Whether somebody writes to a piece that has its place in an upload.
    func isWrittenTo(piecesOf whole: UploadRecord) async -> Bool {
        for id in whole.joins {
            if await isWritten(id, in: whole) { return true }
        }
        return false
    }

    private func isWritten(_ id: FileID, in whole: UploadRecord) async -> Bool {
        if let free = leases.acquireIfIdle(id) {
            free.release()
            return false
        }
        do throws(CatalogFault) {
            return try await catalog.upload(id)?.home?.fileID == whole.fileID
        } catch {
            // Nobody knows; so nothing is taken from under him.
            return true
        }
    }
}
