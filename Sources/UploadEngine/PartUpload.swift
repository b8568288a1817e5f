import Logging
package import NIOCore
package import UploadModel
import UploadRules
import UploadStore

/// One part on its way in. Ended by exactly one of ``finish(expecting:)`` and ``abandon()``.
package final class PartUpload: ByteReceiver {
    private let engine: UploadEngine
    private let upload: UploadRecord
    private let number: Int
    private let announcedCount: Int?
    private let lease: Lease
    private let intake: Intake
    /// Whether the bytes are kept aside until the part is recorded.
    private let isAside: Bool

    init(
        engine: UploadEngine, upload: UploadRecord, number: Int, announcedCount: Int?, lease: Lease, intake: Intake,
        isAside: Bool
    ) {
        self.engine = engine
        self.upload = upload
        self.number = number
        self.announcedCount = announcedCount
        self.lease = lease
        self.intake = intake
        self.isAside = isAside
    }

    package func receive(_ bytes: ByteBuffer) async throws(UploadFault) {
        if lease.isRevoked { throw UploadEngine.superseded }
        try await intake.receive(bytes)
    }

    package func revoked() async { await lease.revoked() }

    package func abandon() async {
        await intake.abandon()
        lease.release()
    }

    /// Makes the part durable and records it.
    ///
    /// - Parameter expected: digests that the part must have.
    /// - Throws: `digest_mismatch` and others; nothing of the part counts then.
    package func finish(expecting expected: [DigestAlgorithm: Digest]) async throws(UploadFault) -> PartOutcome {
        do throws(UploadFault) {
            let isWhole = number == 1 && (upload.layout.partCount ?? announcedCount) == 1
            let receipt = try await intake.seal(isWholeFile: isWhole)
            let part = ReceivedPart(
                number: number, announcedCount: announcedCount, receipt: receipt, isAside: isAside,
                detectedType: intake.detectedType)
            let outcome = try await engine.record(part, of: upload, expecting: expected)
            lease.release()
            return outcome
        } catch {
            await abandon()
            throw error
        }
    }
}

/// A part of which nothing was known before its bytes came: the chunks API allows the fields behind the file.
/// Ended by exactly one of ``place(in:as:)`` and ``abandon()``.
package final class SpooledPart: ByteReceiver {
    private let engine: UploadEngine
    private let intake: Intake

    init(engine: UploadEngine, intake: Intake) {
        self.engine = engine
        self.intake = intake
    }

    package func receive(_ bytes: ByteBuffer) async throws(UploadFault) { try await intake.receive(bytes) }

    /// Nobody can want its place: it has none yet.
    package func revoked() async { await Gate.untilCancelled() }

    package func abandon() async { await intake.abandon() }

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
        return try await engine.record(part, of: upload, expecting: [:])
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

extension UploadEngine {
    package static let superseded = UploadFault(
        .superseded, "A newer request for the same bytes took over; this one was stopped.")

    /// Begins to take a part of an upload. Takes over from another request that is sending the same part.
    ///
    /// - Parameters:
    ///   - declaredBytes: the part's length, if the client named it.
    ///   - announcedCount: how many parts there are, if this dialect says so with each.
    ///   - digests: algorithms to compute besides crc32c.
    package func openPart(
        of stale: UploadRecord, number: Int, declaredBytes: Int64?, announcedCount: Int? = nil,
        digests: Set<DigestAlgorithm>
    ) async throws(UploadFault) -> PartUpload {
        // Judged once before it takes anybody's place: what is refused anyway stops nobody.
        let early = UploadMachine(restoring: stale, parts: try await partsNear(number, of: stale), bounds: bounds)
            .partOffered(number, declaredBytes: declaredBytes, announcedCount: announcedCount)
        if case .refuse(let refusal) = early { throw UploadFault(refusal) }
        // The room of an upload of known size was reserved when it began.
        if stale.layout.sizeBytes == nil { try await checkRoom(for: declaredBytes) }
        let lease = await leases.acquire(stale.fileID, .part(number))
        do throws(UploadFault) {
            // Whoever held the lease before may have completed or ended the upload: its bytes are then not to be
            // touched any more.
            let upload = try await reload(stale)
            let near = try await partsNear(number, of: upload)
            let machine = UploadMachine(restoring: upload, parts: near, bounds: bounds)
            let offer = machine.partOffered(number, declaredBytes: declaredBytes, announcedCount: announcedCount)
            let writer: any PieceWriter
            let sizing: PieceSizing
            let isAside: Bool
            switch offer {
            case .refuse(let refusal): throw UploadFault(refusal)
            case .write(let place, let wanted):
                sizing = wanted
                isAside = false
                writer = try await translating { () throws(StoreFault) in
                    try await store.writer(
                        of: upload.objectKey, piece: place,
                        sizing: wanted)
                }
            case .setAside(let wanted):
                sizing = wanted
                isAside = true
                writer = try await translating { () throws(StoreFault) in
                    try await store.spool(sizing: wanted)
                }
            }
            let intake = Intake(
                writer: writer, sizing: sizing, checker: checker, isFileStart: number == 1,
                declaredType: upload.declaredType, digests: digests, isWholeFile: false)
            return PartUpload(
                engine: self, upload: upload, number: number, announcedCount: announcedCount, lease: lease,
                intake: intake, isAside: isAside)
        } catch {
            lease.release()
            throw error
        }
    }

    /// Begins to take a chunk of an upload that its client names, and begins that upload with its first chunk.
    package func openChunk(_ chunk: ChunkDescription) async throws(UploadFault) -> PartUpload {
        let upload = try await findOrBegin(chunk)
        return try await openPart(
            of: upload, number: chunk.number, declaredBytes: nil, announcedCount: chunk.count, digests: [])
    }

    /// Begins to take a chunk whose form has not told yet which it is.
    package func openSpooledChunk() async throws(UploadFault) -> SpooledPart {
        try await checkRoom(for: nil)
        let most = min(limits.maximumPartBytes, limits.maximumUploadBytes)
        let writer = try await translating { () throws(StoreFault) in try await store.spool(sizing: .atMost(most)) }
        let intake = Intake(
            writer: writer, sizing: .atMost(most), checker: checker, isFileStart: true, declaredType: nil,
            digests: [], isWholeFile: false)
        return SpooledPart(engine: self, intake: intake)
    }

    func findOrBegin(_ chunk: ChunkDescription) async throws(UploadFault) -> UploadRecord {
        if let known = try await find(UploadReference.readings(of: chunk.reference), of: chunk.tenant) {
            return known
        }
        guard let alias = UploadAlias(chunk.reference) else {
            throw UploadFault(
                .invalidRequest, "fileId must have 1 to \(UploadAlias.maximumBytes) bytes without control characters.",
                fields: [FieldFault(field: "fileId", message: "1 to \(UploadAlias.maximumBytes) bytes")])
        }
        guard (1...bounds.maximumPartCount).contains(chunk.count), (1...chunk.count).contains(chunk.number) else {
            throw UploadFault(Refusal.partNumber(allowed: 1...max(1, min(chunk.count, bounds.maximumPartCount))))
        }
        if chunk.number == chunk.count, chunk.count > 1 { throw UploadFault(Refusal.partSizeUnknown) }
        let now = now
        return try await addWithRoom(
            UploadRecord(
                fileID: .random(), tenant: chunk.tenant, alias: alias, fileName: chunk.fileName, declaredType: nil,
                layout: PartLayout(partCount: chunk.count), maximumBytes: limits.maximumUploadBytes,
                state: .receiving, createdAt: now, expiresAt: now.adding(seconds: limits.uploadLifetimeSeconds)))
    }

    /// Records a durable part: the moment from which it counts. Frees its bytes when it is refused.
    func record(_ part: ReceivedPart, of stale: UploadRecord, expecting expected: [DigestAlgorithm: Digest])
        async throws(UploadFault) -> PartOutcome
    {
        var isUnsure = false
        guard part.isAside else { return try await judge(part, of: stale, expecting: expected, &isUnsure) }
        do throws(UploadFault) {
            // What was kept aside may have waited long: it is judged by what stands now.
            let upload = try await reload(stale)
            guard upload.layout.partSizeBytes == nil else {
                return try await judge(part, of: upload, expecting: expected, &isUnsure)
            }
            // The first part to be recorded settles the part size. One after the other, or two of different
            // lengths would both be put where their own length says, and one would reach into the other.
            let lease = await sizeLeases.acquire(upload.fileID, .whole)
            defer { lease.release() }
            return try await judge(part, of: try await reload(upload), expecting: expected, &isUnsure)
        } catch {
            if !isUnsure { await forget([part.receipt.token]) }
            throw error
        }
    }

    /// - Parameter isUnsure: set when it fails and the catalog may have the part all the same; what it may name stays,
    ///   and the sweep frees it if nothing does.
    private func judge(
        _ part: ReceivedPart, of upload: UploadRecord, expecting expected: [DigestAlgorithm: Digest],
        _ isUnsure: inout Bool
    ) async throws(UploadFault) -> PartOutcome {
        let receipt = part.receipt
        try Self.check(receipt, against: expected)
        let near = try await partsNear(part.number, of: upload)
        let machine = UploadMachine(restoring: upload, parts: near, bounds: bounds)
        let end = machine.partEnded(part.number, lengthBytes: receipt.lengthBytes, announcedCount: part.announcedCount)
        switch end {
        case .refuse(let refusal): throw UploadFault(refusal)
        case .record(let range, let learned):
            var token = receipt.token
            if part.isAside, !near.contains(where: { $0.number == part.number }) {
                token = try await translating { () throws(StoreFault) in
                    try await store.settle(
                        receipt.token, in: upload.objectKey, at: PiecePlace(number: part.number, start: range.start),
                        lengthBytes: range.length)
                }
            }
            let stored = StoredPart(number: part.number, range: range, crc32c: receipt.crc32c, token: token)
            return try await record(
                stored, of: upload, learning: learned, detectedType: part.detectedType, &isUnsure)
        }
    }

    private func record(
        _ part: StoredPart, of upload: UploadRecord, learning layout: PartLayout, detectedType: MediaType?,
        _ isUnsure: inout Bool
    ) async throws(UploadFault) -> PartOutcome {
        let outcome: RecordOutcome
        do throws(CatalogFault) {
            outcome = try await catalog.record(
                part, of: upload.fileID, learning: layout, detectedType: detectedType,
                expiresAt: now.adding(seconds: limits.uploadLifetimeSeconds))
        } catch {
            isUnsure = error.mayHaveHappened
            throw UploadFault(error)
        }
        switch outcome {
        case .recorded(let current, let replaced):
            if let replaced { await forget([replaced]) }
            let isWhole = current.layout.partCount != nil && current.layout.sizeBytes == current.receivedBytes
            return PartOutcome(upload: current, crc32c: part.crc32c, isWhole: isWhole)
        case .conflict:
            throw UploadFault(
                .invalidPart, "All parts but the last have one size, and another part settled on a different one.")
        case .notReceiving(let state):
            switch state {
            case .complete: throw UploadFault(Refusal.complete)
            case .receiving: throw UploadFault(Refusal.linkUsed)
            default: throw UploadFault(Refusal.ended(state ?? .aborted))
            }
        }
    }

    private static func check(_ receipt: PieceReceipt, against expected: [DigestAlgorithm: Digest])
        throws(UploadFault)
    {
        for (algorithm, digest) in expected {
            let actual = algorithm == .crc32c ? Digest(receipt.crc32c) : receipt.digests[algorithm]
            guard actual == digest else {
                throw UploadFault(
                    .digestMismatch,
                    "The bytes that came do not have the \(algorithm.rawValue) digest you sent; send them again.")
            }
        }
    }

    func reload(_ stale: UploadRecord) async throws(UploadFault) -> UploadRecord {
        let current = try await translating { () throws(CatalogFault) in try await catalog.upload(stale.fileID) }
        guard let current else { throw UploadFault.notFound }
        return current
    }

    private func partsNear(_ number: Int, of upload: UploadRecord) async throws(UploadFault) -> [StoredPart] {
        try await translating { () throws(CatalogFault) in
            try await catalog.parts(of: upload.fileID, near: number)
        }
    }

    func forget(_ spooled: [PieceToken]) async {
        do throws(StoreFault) {
            try await store.forget(spooled)
        } catch {
            logger.warning("a spooled piece could not be freed", metadata: ["sluice.fault": "\(error.detail)"])
        }
    }
}
