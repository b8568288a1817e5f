package import NIOCore
import Logging
import Synchronization
package import UploadModel
import UploadRules
package import UploadStore

/// A whole file on its way in as one stream. Ended by exactly one of ``finish(expecting:)`` and ``abandon()``;
/// whatever is not finished has failed, and its bytes are freed.
package final class StreamUpload: ByteReceiver {
    private let engine: UploadEngine
    package let upload: UploadRecord
    private let lease: Lease
    private let intake: Intake
    /// What the upload holds of its tenant's quota.
    private let reservedBytes: Mutex<Int64>

    init(engine: UploadEngine, upload: UploadRecord, lease: Lease, intake: Intake, reservedBytes: Int64) {
        self.engine = engine
        self.upload = upload
        self.lease = lease
        self.intake = intake
        self.reservedBytes = Mutex(reservedBytes)
    }

    package func receive(_ bytes: ByteBuffer) async throws(UploadFault) {
        if lease.isRevoked { throw UploadEngine.superseded }
        let before = intake.receivedBytes
        if intake.isOfUnknownLength { try await hold(before + Int64(bytes.readableBytes)) }
        try await intake.receive(bytes)
        // Of a stream without a length nobody knew the room that it takes; it is asked for as it grows.
        if intake.isOfUnknownLength, before / Self.roomStepBytes != intake.receivedBytes / Self.roomStepBytes {
            try await engine.checkRoom(for: Self.roomStepBytes)
        }
    }

    /// What such a stream takes of its tenant's quota is held before it is written.
    private func hold(_ bytes: Int64) async throws(UploadFault) {
        // What comes beyond the most is refused as too large, not for want of room.
        let wanted = min(bytes, upload.maximumBytes)
        guard wanted > reservedBytes.withLock({ $0 }) else { return }
        let reserved = try await engine.reserve(wanted, for: upload)
        reservedBytes.withLock { $0 = reserved }
    }

    package var lendsMemory: Bool { intake.lendsMemory }

    package func vacancy(expecting byteCount: Int?) async throws(UploadFault) -> Vacancy? {
        if lease.isRevoked { throw UploadEngine.superseded }
        return try await intake.vacancy(expecting: byteCount)
    }

    package func filled(_ byteCount: Int) async throws(UploadFault) { try await intake.filled(byteCount) }

    private static let roomStepBytes: Int64 = 64 << 20

    package func revoked() async { await lease.revoked() }

    package func abandon() async {
        await intake.abandon()
        await engine.fail(upload)
        lease.release()
    }

    /// A file came in whole.
    package struct Outcome: Sendable {
        package let upload: UploadRecord
        /// Those that were asked for, and crc32c.
        package let digests: [DigestAlgorithm: Digest]
    }

    /// Makes the file durable and complete.
    ///
    /// - Parameters:
    ///   - expected: digests that the file must have.
    ///   - naming: what the client told of the file after its bytes; their type must be the one it names.
    package func finish(
        expecting expected: [DigestAlgorithm: Digest], naming: Completion.Naming? = nil
    ) async throws(UploadFault) -> Outcome {
        do throws(UploadFault) {
            let outcome = try await complete(expecting: expected, naming: naming)
            lease.release()
            return outcome
        } catch {
            // Should the catalog have it as complete in spite of its answer, nothing is ended.
            await abandon()
            throw error
        }
    }

    /// Whether enough bytes came to see that they are of no accepted type; told only where none was declared.
    package var isOfNoKnownType: Bool { intake.isOfNoKnownType }

    /// The type that the bytes have, now that all of them came; `nil` when it is no accepted one.
    package func settledType() throws(UploadFault) -> MediaType? { try intake.settledType() }

    private func complete(
        expecting expected: [DigestAlgorithm: Digest], naming: Completion.Naming?
    ) async throws(UploadFault) -> Outcome {
        if let declared = naming?.declaredType { try intake.judgeAgain(declared: declared) }
        let receipt = try await intake.seal(isWholeFile: true)
        var digests = receipt.digests
        digests[.crc32c] = Digest(receipt.crc32c)
        for (algorithm, digest) in expected where digests[algorithm] != digest {
            throw UploadFault(
                .digestMismatch, "The file that came does not have the \(algorithm.rawValue) digest you sent.")
        }
        let machine = UploadMachine(restoring: upload, parts: [], bounds: engine.bounds)
        if case .refuse(let refusal) = machine.streamEnded(lengthBytes: receipt.lengthBytes) {
            throw UploadFault(refusal)
        }
        let part = StoredPart(
            number: 1, range: ByteRange(start: 0, length: receipt.lengthBytes), crc32c: receipt.crc32c,
            token: receipt.token)
        let complete = try await engine.publish(
            upload, parts: [part], digests: digests, detectedType: intake.detectedType, naming: naming)
        return Outcome(upload: complete.upload, digests: digests)
    }
}

extension UploadEngine {
    /// Uses up a one-shot link. From here on the link is spent, whatever becomes of the bytes.
    ///
    /// - Parameter declaredBytes: the file's length, if the client named it, for which there must be room then.
    /// - Throws: `link_used` to all but the first; admission faults, which leave the link unused.
    package func claim(_ id: FileID, declaredBytes: Int64? = nil) async throws(UploadFault) -> UploadRecord {
        try await claim(id, on: ClaimTerms(), declaredBytes: declaredBytes)
    }

    /// Uses up a one-shot link for an upload that may be continued after a break: the same single use, in several
    /// requests.
    ///
    /// - Parameters:
    ///   - declaredBytes: what will come as far as that is known, for which there must be room.
    ///   - sizeBytes: the file's length, if that is certain; it agrees with what was granted.
    ///   - digests: what the file must have when it is complete. Where another was announced that stays, and nothing is
    ///     refused here.
    ///   - metadataJSON: the client's own words.
    package func claimSequential(
        _ id: FileID, declaredBytes: Int64?, sizeBytes: Int64? = nil, digests: [DigestAlgorithm: Digest] = [:],
        metadataJSON: String? = nil
    ) async throws(UploadFault) -> UploadRecord {
        try await claim(
            id,
            on: ClaimTerms(way: .sequential, digests: digests, sizeBytes: sizeBytes, metadataJSON: metadataJSON),
            declaredBytes: declaredBytes)
    }

    private func claim(_ id: FileID, on terms: ClaimTerms, declaredBytes: Int64?) async throws(UploadFault)
        -> UploadRecord
    {
        if spent.contains(id) { throw UploadFault(Refusal.linkUsed) }
        try await checkRoom(for: terms.sizeBytes)
        let now = now
        // One byte more than allowed is refused like any other number of them, and can be counted.
        let reserved = min(declaredBytes ?? 0, limits.largestFileBytes + 1)
        let outcome = try await translating { () throws(CatalogFault) in
            try await catalog.claim(
                id, on: terms, now: now, expiresAt: now.adding(seconds: limits.uploadLifetimeSeconds),
                within: admission(reserving: reserved))
        }
        switch outcome {
        case .claimed(let upload):
            spent.insert(id)
            return upload
        // A signed link whose upload is not known any more was used, or given up, long ago.
        case .taken, .unknown:
            spent.insert(id)
            throw UploadFault(Refusal.linkUsed)
        case .tooManyOpen: throw Self.tooManyOpen(limits)
        case .overQuota(let excess): throw fault(of: excess)
        }
    }

    /// Begins to take the whole file of an upload that was just claimed. Whatever is thrown, the upload has failed.
    ///
    /// - Parameters:
    ///   - declaredBytes: the file's length, if the client named it; checked before a byte is read.
    ///   - digests: algorithms to compute besides crc32c.
    package func openStream(
        _ claimed: UploadRecord, declaredBytes: Int64?, digests: Set<DigestAlgorithm>
    ) async throws(UploadFault) -> StreamUpload {
        try await openStream(claimed, declaredBytes: declaredBytes, reservedBytes: 0, digests: digests)
    }

    /// - Parameter reservedBytes: what the upload, if its length is not known, holds of its tenant's quota already.
    private func openStream(
        _ claimed: UploadRecord, declaredBytes: Int64?, reservedBytes: Int64, digests: Set<DigestAlgorithm>
    ) async throws(UploadFault) -> StreamUpload {
        let lease = await leases.acquire(claimed.fileID, .whole)
        do throws(UploadFault) {
            // It may have been aborted between its claim and the lease: nothing is to be prepared for it then.
            let upload = try await reload(claimed)
            guard upload.state == .receiving else { throw UploadFault(Refusal.ended(upload.state)) }
            let machine = UploadMachine(restoring: upload, parts: [], bounds: bounds)
            let sizing: PieceSizing
            switch machine.streamBegan(declaredBytes: declaredBytes) {
            case .write(let wanted): sizing = wanted
            case .refuse(let refusal): throw UploadFault(refusal)
            }
            try await checkRoom(for: declaredBytes ?? upload.layout.sizeBytes)
            let writer = try await translating { () throws(StoreFault) in
                try await store.prepare(upload.objectKey, sizeBytes: declaredBytes ?? upload.layout.sizeBytes)
                return try await store.writer(
                    of: upload.objectKey, piece: PiecePlace(number: 1, start: 0), sizing: sizing)
            }
            let intake = Intake(
                writer: writer, sizing: sizing, checker: checker, isFileStart: true,
                declaredType: upload.declaredType, digests: digests, isWholeFile: true)
            return StreamUpload(
                engine: self, upload: upload, lease: lease, intake: intake, reservedBytes: reservedBytes)
        } catch {
            await fail(claimed)
            lease.release()
            throw error
        }
    }

    /// Begins to take a whole file that comes with its form, without a link.
    ///
    /// - Parameters:
    ///   - originalID: the image that the file is a copy of.
    ///   - limitBytes: what the rest of the request leaves room for at most; `nil` for no bound but the gateway's.
    ///   - leastBytes: what the file has at least, as far as that is known.
    package func openDirect(
        tenant: TenantID, fileName: FileName, declaredType: MediaType?, description: String? = nil,
        originalID: FileID? = nil, limitBytes: Int64?, leastBytes: Int64 = 0
    ) async throws(UploadFault) -> StreamUpload {
        let largest = originalID == nil ? limits.largestFileBytes : limits.maximumUploadBytes
        try checkSize(leastBytes, maximumBytes: largest)
        // Nothing else tells the size of a file inside a form; the form around it is small.
        try await checkRoom(for: limitBytes)
        let now = now
        let most = min(limitBytes ?? largest, largest)
        var record = UploadRecord(
            fileID: .random(), tenant: tenant, fileName: fileName, description: description, originalID: originalID,
            declaredType: declaredType, layout: PartLayout(),
            maximumBytes: most, state: .receiving, createdAt: now,
            expiresAt: now.adding(seconds: limits.uploadLifetimeSeconds))
        record.claimedAt = now
        let upload = try await addWithRoom(record, reserving: leastBytes)
        return try await openStream(upload, declaredBytes: nil, reservedBytes: leastBytes, digests: [])
    }

    /// Ends an upload whose bytes are wrong or whose transfer broke, and frees them.
    ///
    /// - Returns: whether it has ended now, be it long ago.
    @discardableResult
    package func fail(_ upload: UploadRecord) async -> Bool {
        do throws(CatalogFault) {
            if case .done(let ended) = try await catalog.end(upload.fileID, as: .failed, now: now) {
                await freeBytes(of: ended, spooled: [])
            }
            return true
        } catch {
            logger.warning("a failed upload could not be ended", metadata: ["sluice.fault": "\(error.detail)"])
            return false
        }
    }
}
