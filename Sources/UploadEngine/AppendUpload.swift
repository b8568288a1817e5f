import Logging
package import NIOCore
package import UploadModel
import UploadRules
package import UploadStore

/// The next bytes of an upload on their way in. Ended by exactly one of ``finish(expecting:)`` and ``abandon()``.
///
/// What comes is cut into pieces at multiples of a step, or earlier where it comes slowly, and each is recorded as it is
/// whole: of a process that ends only the last piece is lost, of a request that breaks off nothing.
// Sendable: used by one task at a time, as ByteReceiver's callers do.
package final class AppendUpload: ByteReceiver, @unchecked Sendable {
    /// Where somebody is told of progress a piece ends at a multiple of this.
    package static let progressStepBytes: Int64 = 8 << 20
    /// Elsewhere at a multiple of this: each end costs a sync and a commit.
    package static let stepBytes: Int64 = 64 << 20
    /// A piece that is older ends where it is.
    package static let stepTime = Duration.seconds(5)

    private let engine: UploadEngine
    private let lease: Lease
    private let offer: AppendOffer
    private let onProgress: (@Sendable (Int64) async -> Void)?
    /// The first byte of the file that may not come with this request.
    private let endBytes: Int64
    private let cut: Cut
    /// The length of the file, as far as it is known with this request.
    private let sizeBytes: Int64?
    /// As it stood when the place was taken, or was recorded since.
    package private(set) var upload: UploadRecord
    /// The last of its pieces that is recorded.
    private var last: StoredPart?
    /// The piece that is being filled; begun with its first byte.
    private var intake: Intake?
    private var pieceStart: Int64
    private var pieceBegan = ContinuousClock.now
    private var heldBytes: Int64 = 0
    /// Up to here the disk had room when it was asked.
    private var roomyBytes: Int64 = 0
    /// The bytes that came cannot be right, and none of them can be sent again.
    private var isSpoiled = false

    init(
        engine: UploadEngine, upload: UploadRecord, last: StoredPart?, lease: Lease, offer: AppendOffer,
        upTo most: Int64, size: Int64?, onProgress: (@Sendable (Int64) async -> Void)?
    ) {
        self.engine = engine
        self.lease = lease
        self.offer = offer
        self.onProgress = onProgress
        endBytes = offer.declaredBytes.map { offer.offset + $0 } ?? most
        sizeBytes = size
        self.upload = upload
        self.last = last
        pieceStart = offer.offset
        cut = Cut(offer, from: onProgress == nil ? Self.stepBytes : Self.progressStepBytes, endBytes: endBytes)
    }

    // MARK: Bytes

    private var position: Int64 { pieceStart + (intake?.receivedBytes ?? 0) }

    package func receive(_ bytes: ByteBuffer) async throws(UploadFault) {
        if lease.isRevoked { throw UploadEngine.superseded }
        guard Int64(bytes.readableBytes) <= endBytes - position else {
            throw UploadFault(Refusal.tooLarge(maximumBytes: endBytes))
        }
        try await hold(position + Int64(bytes.readableBytes))
        var rest = bytes
        while let slice = rest.readSlice(length: Int(min(Int64(rest.readableBytes), pieceEnd - position))),
            slice.readableBytes > 0
        {
            let intake = try await piece()
            try await watching { () throws(UploadFault) in try await intake.receive(slice) }
            try await turnIfDue()
        }
    }

    package var lendsMemory: Bool {
        // Of the first bytes of a file somebody looks at the type.
        intake?.lendsMemory ?? (pieceStart > 0 && pieceStart < endBytes && isPieceSized)
    }

    package func vacancy(expecting byteCount: Int?) async throws(UploadFault) -> Vacancy? {
        if lease.isRevoked { throw UploadEngine.superseded }
        try await hold(min(pieceEnd, position + Int64(byteCount ?? 1 << 20)))
        return try await piece().vacancy(expecting: byteCount)
    }

    package func filled(_ byteCount: Int) async throws(UploadFault) {
        try await intake?.filled(byteCount)
        try await turnIfDue()
    }

    package func revoked() async { await lease.revoked() }

    private func watching(_ body: () async throws(UploadFault) -> Void) async throws(UploadFault) {
        do throws(UploadFault) {
            try await body()
        } catch {
            if error.code == .contentMismatch { isSpoiled = true }
            throw error
        }
    }

    /// What an upload of unknown length takes of its tenant's quota is held before it is written, and the disk is asked
    /// for it: nobody knew it when it began.
    private func hold(_ bytes: Int64) async throws(UploadFault) {
        guard sizeBytes == nil else { return }
        if bytes > heldBytes { heldBytes = try await engine.reserve(bytes, for: upload) }
        if bytes > roomyBytes {
            try await engine.checkRoom(for: Self.stepBytes)
            roomyBytes = bytes + Self.stepBytes
        }
    }

    /// Gives back what was held for bytes that were not recorded.
    private func release() async {
        if heldBytes > upload.receivedBytes, upload.layout.sizeBytes == nil {
            _ = try? await engine.grow(upload, by: Growth(fromBytes: upload.receivedBytes, piece: nil))
        }
        lease.release()
    }

    // MARK: Pieces

    /// Where pieces end.
    private struct Cut {
        /// `nil` where there is but one piece: a digest over all bytes of the request is made by one writer.
        let stepBytes: Int64?
        let endBytes: Int64

        init(_ offer: AppendOffer, from stepBytes: Int64, endBytes: Int64) {
            self.stepBytes = offer.isWholeOrNothing || !offer.digests.isEmpty ? nil : stepBytes
            self.endBytes = endBytes
        }

        func end(from start: Int64) -> Int64 {
            stepBytes.map { min(endBytes, (start / $0 + 1) * $0) } ?? endBytes
        }
    }

    private var pieceEnd: Int64 { cut.end(from: pieceStart) }

    private var isPieceSized: Bool { cut.stepBytes != nil || offer.declaredBytes != nil }

    private func piece() async throws(UploadFault) -> Intake {
        if let intake { return intake }
        let length = pieceEnd - pieceStart
        let sizing = isPieceSized ? PieceSizing.exactly(length) : .atMost(length)
        let place = PiecePlace(number: (last?.number ?? 0) + 1, start: upload.baseBytes + pieceStart)
        let writer = try await engine.writer(of: upload, place, sizing: sizing, sizeBytes: sizeBytes)
        let begun = Intake(
            writer: writer, sizing: sizing, checker: engine.checker, isFileStart: pieceStart == 0,
            declaredType: upload.declaredType, digests: offer.digests, isWholeFile: false)
        intake = begun
        pieceBegan = .now
        return begun
    }

    /// Ends a piece that is full or old; the next begins with the next byte.
    private func turnIfDue() async throws(UploadFault) {
        guard cut.stepBytes != nil, position < endBytes, let intake, intake.receivedBytes > 0,
            position == pieceEnd || ContinuousClock.now - pieceBegan >= Self.stepTime
        else { return }
        try await record(try await intake.sealWhatCame(), of: intake)
        await onProgress?(upload.receivedBytes)
    }

    /// Records what is durable; the next piece begins behind it.
    ///
    /// - Parameter receipt: `nil` where no byte came: then only what was told of the file is recorded.
    private func record(
        _ receipt: PieceReceipt?, of intake: Intake?, isLast: Bool = false
    ) async throws(UploadFault) {
        var piece: StoredPart?
        if let receipt, receipt.lengthBytes > 0 {
            let own = StoredPart(
                number: (last?.number ?? 0) + 1, range: ByteRange(start: pieceStart, length: receipt.lengthBytes),
                crc32c: receipt.crc32c, token: receipt.token)
            piece = last.flatMap { engine.store.merged($0, own) } ?? own
        }
        upload = try await engine.grow(
            upload,
            by: Growth(
                fromBytes: pieceStart, piece: piece, sizeBytes: sizeBytes, fileDigests: offer.fileDigests,
                detectedType: intake?.detectedType, heldBytes: isLast ? 0 : heldBytes))
        last = piece ?? last
        pieceStart = upload.receivedBytes
        self.intake = nil
        if isLast { heldBytes = 0 }
    }

    // MARK: The end

    /// Everything that this request brought is recorded.
    package struct Outcome: Sendable {
        /// As it stands now: complete, or with its new offset.
        package let upload: UploadRecord
        /// Of the bytes of this request: those that were asked for.
        package let digests: [DigestAlgorithm: Digest]
        /// Of the whole file, if this was its end: all that are known then, with those that were asked for.
        package let fileDigests: [DigestAlgorithm: Digest]
    }

    /// Makes the rest durable, records it, and makes the file complete where this was its end.
    ///
    /// - Parameter expected: digests that the bytes of this request must have. Where they have not, none of them counts.
    package func finish(expecting expected: [DigestAlgorithm: Digest]) async throws(UploadFault) -> Outcome {
        do throws(UploadFault) {
            // Of no bytes there are digests too, where somebody asks for them.
            let intake = offer.digests.isEmpty && expected.isEmpty ? intake : try await piece()
            let receipt = try await intake?.sealWhatCame()
            if let receipt, receipt.lengthBytes == 0 { await engine.forget([receipt.token]) }
            if let receipt { try UploadEngine.check(receipt, against: expected) }
            try await record(receipt, of: intake, isLast: true)
            let isOver = offer.endsFile || (offer.completesWhenFull && upload.isFull)
            var fileDigests: [DigestAlgorithm: Digest] = [:]
            if upload.way == .sequential, isOver, upload.isFull || upload.layout.sizeBytes == nil {
                let isAll = receipt?.lengthBytes == upload.receivedBytes
                let published = try await engine.publishSequential(
                    upload, parts: try await engine.parts(of: upload),
                    digests: isAll ? receipt?.digests ?? [:] : [:], wanted: offer.wantedOfFile)
                (upload, fileDigests) = (published.upload, published.digests)
            }
            if upload.way == .partial, upload.isFull { engine.joinBell.ring() }
            lease.release()
            var digests = receipt?.digests ?? [:]
            if cut.stepBytes == nil { digests[.crc32c] = receipt.map { Digest($0.crc32c) } }
            return Outcome(upload: upload, digests: digests, fileDigests: fileDigests)
        } catch {
            await intake?.abandon()
            await release()
            throw error
        }
    }

    /// The request broke off, or its bytes cannot be right. What came in order before that is kept.
    package func abandon() async {
        if isSpoiled {
            await intake?.abandon()
            await engine.fail(upload)
        } else if !offer.isWholeOrNothing, let intake, intake.receivedBytes > 0, intake.isSound {
            do throws(UploadFault) {
                try await record(try await intake.sealWhatCame(), of: intake, isLast: true)
            } catch {
                engine.logger.notice(
                    "bytes of a request that broke off could not be kept",
                    metadata: ["sluice.fault": "\(error.cause ?? error.detail)"])
            }
        }
        await intake?.abandon()
        await release()
    }
}
