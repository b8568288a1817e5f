import Logging
package import UploadModel
import UploadRules
import UploadStore

/// A part that a client wants to send.
private struct PartOffer {
    let number: Int
    let declaredBytes: Int64?
    let announcedCount: Int?
    /// What the part has at least, where its length was not named.
    var leastBytes: Int64 = 0
    let digests: Set<DigestAlgorithm>
}

extension PartSurroundings {
    fileprivate func isRecorded(_ number: Int) -> Bool { parts.contains { $0.number == number } }

    /// Whether a part takes room that was not reserved when its upload began: of an upload of known size one that comes
    /// again does, because it is kept aside.
    fileprivate func needsRoom(for offer: PartOffer) -> Bool {
        upload.layout.sizeBytes == nil || isRecorded(offer.number)
    }
}

extension UploadEngine {
    package static let superseded = UploadFault(
        .superseded, "A newer request for the same bytes took over; this one was stopped.")

    /// Begins to take a part of the upload that a tenant means by the text of an id.
    ///
    /// - Throws: `not_found`, and as ``openPart(of:number:declaredBytes:announcedCount:digests:)``.
    package func openPart(
        _ number: Int, of text: String, tenant: TenantID, declaredBytes: Int64?, digests: Set<DigestAlgorithm>
    ) async throws(UploadFault) -> PartUpload {
        for case .fileID(let id) in UploadReference.readings(of: text) {
            // Where nobody is stopped by it the place is taken first: what was read then still stands.
            guard let lease = leases.acquireIfFree(id, .part(number)) else { continue }
            let offer = PartOffer(
                number: number, declaredBytes: declaredBytes, announcedCount: nil, digests: digests)
            if let known = fresh.surroundings(of: number, in: id, of: tenant) {
                // Whatever is against it, the catalog is asked what to answer: another program may have ended the upload.
                if let part = try? await open(offer, known, lease, isFresh: true) { return part }
                continue
            }
            let known: PartSurroundings?
            do throws(UploadFault) {
                known = try await surroundings(of: number, in: id, of: tenant)
            } catch {
                lease.release()
                throw error
            }
            guard let known else {
                lease.release()
                continue
            }
            return try await open(offer, known, lease)
        }
        let upload = try await upload(text, of: tenant)
        return try await openPart(of: upload, number: number, declaredBytes: declaredBytes, digests: digests)
    }

    /// Begins to take a part of an upload. Takes over from another request that is sending the same part.
    ///
    /// - Parameters:
    ///   - declaredBytes: the part's length, if the client named it.
    ///   - announcedCount: how many parts there are, if this dialect says so with each.
    ///   - leastBytes: what the part has at least, where its length was not named.
    ///   - digests: algorithms to compute besides crc32c.
    package func openPart(
        of stale: UploadRecord, number: Int, declaredBytes: Int64?, announcedCount: Int? = nil, leastBytes: Int64 = 0,
        digests: Set<DigestAlgorithm>
    ) async throws(UploadFault) -> PartUpload {
        let offer = PartOffer(
            number: number, declaredBytes: declaredBytes, announcedCount: announcedCount, leastBytes: leastBytes,
            digests: digests)
        let lease: Lease
        if let free = leases.acquireIfFree(stale.fileID, .part(number)) {
            lease = free
        } else {
            // Judged once before it takes anybody's place: what is refused anyway stops nobody.
            let known = try await surroundings(of: number, in: stale)
            if case .refuse(let refusal) = judge(offer, known) { throw UploadFault(refusal) }
            try await checkDisk(for: offer, known)
            lease = await leases.acquire(stale.fileID, .part(number))
        }
        let known: PartSurroundings
        do throws(UploadFault) {
            // Whoever held the lease before may have completed or ended the upload: its bytes are then not to be
            // touched any more.
            known = try await surroundings(of: number, in: stale)
        } catch {
            lease.release()
            throw error
        }
        return try await open(offer, known, lease)
    }

    /// Refuses a part for which the disk has no room, before its bytes come.
    private func checkDisk(for offer: PartOffer, _ known: PartSurroundings) async throws(UploadFault) {
        guard known.needsRoom(for: offer) else { return }
        try await checkRoom(for: offer.declaredBytes)
    }

    /// The same for its tenant's quota, which holds it from here on. `nil` where it was held when the upload began.
    private func passage(
        for offer: PartOffer, _ known: PartSurroundings, _ sizing: PieceSizing
    ) async throws(UploadFault) -> Passage? {
        guard known.needsRoom(for: offer) else { return nil }
        let passage = Passage(self, of: known.upload.tenant, mayStandAlready: known.isRecorded(offer.number))
        var bytes = offer.declaredBytes ?? max(1, offer.leastBytes)
        if case .exactly(let length) = sizing { bytes = length }
        do throws(UploadFault) {
            try await passage.hold(bytes)
        } catch {
            passage.end()
            throw error
        }
        return passage
    }

    private func judge(_ offer: PartOffer, _ known: PartSurroundings) -> PartsMachine.OfferAction {
        UploadMachine(restoring: known.upload, parts: known.parts, bounds: bounds)
            .partOffered(offer.number, declaredBytes: offer.declaredBytes, announcedCount: offer.announcedCount)
    }

    /// Opens a part whose place is taken. Releases the lease when it throws.
    ///
    /// - Parameter isFresh: whether what is known comes from memory, so that the upload may have ended.
    private func open(
        _ offer: PartOffer, _ known: PartSurroundings, _ lease: Lease, isFresh: Bool = false
    ) async throws(UploadFault) -> PartUpload {
        let upload = known.upload
        var passage: Passage?
        do throws(UploadFault) {
            let writer: any PieceWriter
            let sizing: PieceSizing
            let isAside: Bool
            let action = judge(offer, known)
            switch action {
            case .refuse(let refusal): throw UploadFault(refusal)
            case .write(_, let wanted), .setAside(let wanted): sizing = wanted
            }
            try await checkDisk(for: offer, known)
            passage = try await self.passage(for: offer, known, sizing)
            switch action {
            case .refuse(let refusal): throw UploadFault(refusal)
            case .write(let place, let wanted):
                (writer, isAside) = try await translating { () throws(StoreFault) in
                    do throws(StoreFault) {
                        return (try await store.writer(of: upload.objectKey, piece: place, sizing: wanted), false)
                    } catch  where error.code == .missing && !isFresh {
                        // Its bytes stand at their final place: a completion was refused, or not recorded. Nothing is
                        // streamed into what somebody may be reading.
                        return (try await store.spool(sizing: wanted), true)
                    }
                }
            case .setAside(let wanted):
                isAside = true
                writer = try await translating { () throws(StoreFault) in
                    try await store.spool(sizing: wanted)
                }
            }
            let intake = Intake(
                writer: writer, sizing: sizing, checker: checker, isFileStart: offer.number == 1,
                declaredType: upload.declaredType, digests: offer.digests, isWholeFile: false)
            return PartUpload(
                engine: self, known: known, number: offer.number, announcedCount: offer.announcedCount, lease: lease,
                passage: passage, intake: intake, isAside: isAside)
        } catch {
            fresh.forget(upload.fileID)
            passage?.end()
            lease.release()
            throw error
        }
    }

    /// Begins to take a chunk of an upload that its client names, and begins that upload with its first chunk.
    ///
    /// - Parameter leastBytes: what the chunk has at least, as far as that is known.
    package func openChunk(_ chunk: ChunkDescription, leastBytes: Int64 = 0) async throws(UploadFault) -> PartUpload {
        let upload = try await findOrBegin(chunk, leastBytes: leastBytes)
        return try await openPart(
            of: upload, number: chunk.number, declaredBytes: nil, announcedCount: chunk.count, leastBytes: leastBytes,
            digests: [])
    }

    /// Begins to take a chunk whose form has not told yet which it is.
    package func openSpooledChunk(of tenant: TenantID) async throws(UploadFault) -> SpooledPart {
        try await checkRoom(for: nil)
        let most = min(limits.maximumPartBytes, limits.largestFileBytes)
        let writer = try await translating { () throws(StoreFault) in try await store.spool(sizing: .atMost(most)) }
        let intake = Intake(
            writer: writer, sizing: .atMost(most), checker: checker, isFileStart: true, declaredType: nil,
            digests: [], isWholeFile: false)
        // It may be one that is here already.
        return SpooledPart(
            engine: self, passage: Passage(self, of: tenant, mayStandAlready: true), intake: intake)
    }

    func findOrBegin(_ chunk: ChunkDescription, leastBytes: Int64 = 0) async throws(UploadFault) -> UploadRecord {
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
        try await expect(fileOf: leastBytes, for: chunk.tenant)
        let now = now
        return try await addWithRoom(
            UploadRecord(
                fileID: .random(), tenant: chunk.tenant, alias: alias, fileName: chunk.fileName, declaredType: nil,
                layout: PartLayout(partCount: chunk.count), maximumBytes: limits.largestFileBytes,
                state: .receiving, createdAt: now, expiresAt: now.adding(seconds: limits.uploadLifetimeSeconds)))
    }

    /// Records a durable part: the moment from which it counts. Frees its bytes when it is refused.
    ///
    /// - Parameter stale: what stood when its place was taken, which is held since.
    func record(_ part: ReceivedPart, of stale: PartSurroundings, expecting expected: [DigestAlgorithm: Digest])
        async throws(UploadFault) -> PartOutcome
    {
        let upload = stale.upload
        var isUnsure = false
        guard part.isAside else {
            // Where size and part size are known, no other part changes what is to be said of this one.
            let isSettled = upload.layout.sizeBytes != nil && upload.layout.partSizeBytes != nil
            let now = isSettled ? stale : try await surroundings(of: part.number, in: upload)
            return try await judge(part, of: now, expecting: expected, &isUnsure)
        }
        do throws(UploadFault) {
            // What was kept aside may have waited long: it is judged by what stands now.
            let now = try await surroundings(of: part.number, in: upload)
            guard now.upload.layout.partSizeBytes == nil else {
                return try await judge(part, of: now, expecting: expected, &isUnsure)
            }
            // The first part to be recorded settles the part size. One after the other, or two of different
            // lengths would both be put where their own length says, and one would reach into the other.
            let lease = await sizeLeases.acquire(upload.fileID, .whole)
            defer { lease.release() }
            let then = try await surroundings(of: part.number, in: upload)
            return try await judge(part, of: then, expecting: expected, &isUnsure)
        } catch {
            if !isUnsure { await forget([part.receipt.token]) }
            throw error
        }
    }

    /// What a client is told when its part could not be stored: that the upload has ended, if another program ended it
    /// and took the bytes away.
    func reason(of fault: UploadFault, number: Int, in stale: UploadRecord) async -> UploadFault {
        guard [.internalError, .unavailable].contains(fault.code) else { return fault }
        fresh.forget(stale.fileID)
        guard let now = try? await surroundings(of: number, in: stale) else { return fault }
        switch now.upload.state {
        case .receiving, .granted: return fault
        case .complete: return UploadFault(Refusal.complete)
        case let ended: return UploadFault(Refusal.ended(ended))
        }
    }

    /// - Parameter isUnsure: set when it fails and the catalog may have the part all the same; what it may name stays,
    ///   and the sweep frees it if nothing does.
    private func judge(
        _ part: ReceivedPart, of known: PartSurroundings, expecting expected: [DigestAlgorithm: Digest],
        _ isUnsure: inout Bool
    ) async throws(UploadFault) -> PartOutcome {
        let upload = known.upload
        let receipt = part.receipt
        try Self.check(receipt, against: expected)
        let machine = UploadMachine(restoring: upload, parts: known.parts, bounds: bounds)
        let end = machine.partEnded(part.number, lengthBytes: receipt.lengthBytes, announcedCount: part.announcedCount)
        switch end {
        case .refuse(let refusal): throw UploadFault(refusal)
        case .record(let range, let learned):
            var token = receipt.token
            if part.isAside, !known.parts.contains(where: { $0.number == part.number }) {
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
                expiresAt: now.adding(seconds: limits.uploadLifetimeSeconds),
                within: upload.layout.sizeBytes == nil ? limits.quota : nil)
        } catch {
            fresh.forget(upload.fileID)
            isUnsure = error.mayHaveHappened
            throw UploadFault(error)
        }
        switch outcome {
        case .recorded(let current, let replaced):
            fresh.recorded(part.number, of: upload.fileID)
            if let replaced { await forget([replaced]) }
            let isWhole = current.layout.partCount != nil && current.layout.sizeBytes == current.receivedBytes
            return PartOutcome(upload: current, crc32c: part.crc32c, isWhole: isWhole)
        case .overQuota(let excess): throw fault(of: excess)
        case .conflict:
            throw UploadFault(
                .invalidPart, "All parts but the last have one size, and another part settled on a different one.")
        case .notReceiving(let state):
            fresh.forget(upload.fileID)
            switch state {
            case .complete: throw UploadFault(Refusal.complete)
            case .receiving: throw UploadFault(Refusal.linkUsed)
            default: throw UploadFault(Refusal.ended(state ?? .aborted))
            }
        }
    }

    static func check(_ receipt: PieceReceipt, against expected: [DigestAlgorithm: Digest])
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

    private func surroundings(of number: Int, in upload: UploadRecord) async throws(UploadFault) -> PartSurroundings {
        guard let known = try await surroundings(of: number, in: upload.fileID, of: upload.tenant) else {
            throw UploadFault.notFound
        }
        return known
    }

    private func surroundings(of number: Int, in id: FileID, of tenant: TenantID) async throws(UploadFault)
        -> PartSurroundings?
    {
        try await translating { () throws(CatalogFault) in
            try await catalog.upload(.fileID(id), of: tenant, near: number)
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
