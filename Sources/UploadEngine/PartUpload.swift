import Logging
package import NIOCore
package import UploadModel
import UploadRules
package import UploadStore

/// One part on its way in. Ended by exactly one of ``finish(expecting:)`` and ``abandon()``.
package final class PartUpload: ByteReceiver {
    private let engine: UploadEngine
    /// As it stood when the place was taken.
    private let known: PartSurroundings
    private let number: Int
    private let announcedCount: Int?
    private let lease: Lease
    /// What it takes of its tenant's quota, where its upload does not hold that.
    private let passage: Passage?
    private let intake: Intake
    /// Whether the bytes are kept aside until the part is recorded.
    private let isAside: Bool

    init(
        engine: UploadEngine, known: PartSurroundings, number: Int, announcedCount: Int?, lease: Lease,
        passage: Passage?, intake: Intake, isAside: Bool
    ) {
        self.engine = engine
        self.known = known
        self.number = number
        self.announcedCount = announcedCount
        self.lease = lease
        self.passage = passage
        self.intake = intake
        self.isAside = isAside
    }

    package func receive(_ bytes: ByteBuffer) async throws(UploadFault) {
        if lease.isRevoked { throw UploadEngine.superseded }
        if intake.isOfUnknownLength { try await passage?.hold(intake.receivedBytes + Int64(bytes.readableBytes)) }
        try await intake.receive(bytes)
    }

    package var lendsMemory: Bool { intake.lendsMemory }

    package func vacancy(expecting byteCount: Int?) async throws(UploadFault) -> Vacancy? {
        if lease.isRevoked { throw UploadEngine.superseded }
        return try await intake.vacancy(expecting: byteCount)
    }

    package func filled(_ byteCount: Int) async throws(UploadFault) { try await intake.filled(byteCount) }

    package func revoked() async { await lease.revoked() }

    package func abandon() async {
        await intake.abandon()
        passage?.end()
        lease.release()
    }

    /// Makes the part durable and records it.
    ///
    /// - Parameter expected: digests that the part must have.
    /// - Throws: `digest_mismatch` and others; nothing of the part counts then.
    package func finish(expecting expected: [DigestAlgorithm: Digest]) async throws(UploadFault) -> PartOutcome {
        do throws(UploadFault) {
            let isWhole = number == 1 && (known.upload.layout.partCount ?? announcedCount) == 1
            let receipt = try await intake.seal(isWholeFile: isWhole)
            let part = ReceivedPart(
                number: number, announcedCount: announcedCount, receipt: receipt, isAside: isAside,
                detectedType: intake.detectedType)
            let outcome = try await engine.record(part, of: known, expecting: expected)
            passage?.end()
            lease.release()
            return outcome
        } catch {
            let reason = await engine.reason(of: error, number: number, in: known.upload)
            await abandon()
            throw reason
        }
    }
}

/// A part of which nothing was known before its bytes came: the chunks API allows the fields behind the file.
/// Ended by exactly one of ``place(in:as:)`` and ``abandon()``.
package final class SpooledPart: ByteReceiver {
    private let engine: UploadEngine
    private let passage: Passage
    private let intake: Intake

    init(engine: UploadEngine, passage: Passage, intake: Intake) {
        self.engine = engine
        self.passage = passage
        self.intake = intake
    }

    package func receive(_ bytes: ByteBuffer) async throws(UploadFault) {
        try await passage.hold(intake.receivedBytes + Int64(bytes.readableBytes))
        try await intake.receive(bytes)
    }

    package var lendsMemory: Bool { intake.lendsMemory }

    package func vacancy(expecting byteCount: Int?) async throws(UploadFault) -> Vacancy? {
        try await intake.vacancy(expecting: byteCount)
    }

    package func filled(_ byteCount: Int) async throws(UploadFault) { try await intake.filled(byteCount) }

    /// Nobody can want its place: it has none yet.
    package func revoked() async { await Gate.untilCancelled() }

    package func abandon() async {
        await intake.abandon()
        passage.end()
    }

    /// Makes the part durable at its place in an upload and records it.
    package func place(_ chunk: ChunkDescription) async throws(UploadFault) -> PartOutcome {
        let receipt: PieceReceipt
        do throws(UploadFault) {
            let isWhole = chunk.number == 1 && chunk.count == 1
            receipt = try await intake.seal(isWholeFile: isWhole)
        } catch {
            await abandon()
            throw error
        }
        // From here on the record is asked whether there is room.
        passage.end()
        let upload: UploadRecord
        do throws(UploadFault) {
            upload = try await engine.findOrBegin(chunk)
        } catch {
            await engine.forget([receipt.token])
            throw error
        }
        let lease = await engine.leases.acquire(upload.fileID, .part(chunk.number))
        defer { lease.release() }
        // Judged before anybody knew which part this is and what was declared: only the beginning of a file tells a
        // type, and a declared one is held against the whole when it is completed.
        let tellsType = chunk.number == 1 && upload.declaredType == nil
        let part = ReceivedPart(
            number: chunk.number, announcedCount: chunk.count, receipt: receipt, isAside: true,
            detectedType: tellsType ? intake.detectedType : nil)
        return try await engine.record(part, of: PartSurroundings(upload: upload, parts: []), expecting: [:])
    }
}

/// A chunk as its form describes it.
package struct ChunkDescription: Sendable {
    package var tenant: TenantID
    /// The client's id as it wrote it.
    package var reference: String
    /// From 1.
    package var number: Int
    package var count: Int
    /// For an upload that this chunk begins.
    package var fileName: FileName

    package init(tenant: TenantID, reference: String, number: Int, count: Int, fileName: FileName) {
        self.tenant = tenant
        self.reference = reference
        self.number = number
        self.count = count
        self.fileName = fileName
    }
}

/// A part is recorded.
package struct PartOutcome: Sendable {
    /// As it stands now.
    package let upload: UploadRecord
    package let crc32c: CRC32C
    /// Whether every part of a known number is here now.
    package let isWhole: Bool
}

/// A part whose bytes are durable and that is not recorded yet.
struct ReceivedPart {
    let number: Int
    let announcedCount: Int?
    let receipt: PieceReceipt
    let isAside: Bool
    let detectedType: MediaType?
}
