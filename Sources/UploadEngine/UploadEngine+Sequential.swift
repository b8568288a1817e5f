package import UploadModel
import UploadRules
import UploadStore

/// A request that brings the next bytes of an upload.
package struct AppendOffer: Sendable {
    /// Where the client says that they go.
    package var offset: Int64
    /// How many they are, if the request says so.
    package var declaredBytes: Int64?
    /// The length of the whole file, if the request tells it.
    package var sizeBytes: Int64?
    /// Whether the file ends with them.
    package var endsFile: Bool
    /// Whether the file is complete as soon as all of its bytes are here, without that anybody says so.
    package var completesWhenFull: Bool
    /// Whether they count only when all of them came and have the digest that was named: then nothing is kept of a
    /// request that breaks off.
    package var isWholeOrNothing: Bool
    /// What to compute over the bytes of this request, besides crc32c.
    package var digests: Set<DigestAlgorithm>
    /// What the whole file must have, if the request tells it.
    package var fileDigests: [DigestAlgorithm: Digest]
    /// What to tell of the whole file if this is its end, besides crc32c. May cost reading it once.
    package var wantedOfFile: Set<DigestAlgorithm>

    package init(
        offset: Int64, declaredBytes: Int64?, sizeBytes: Int64? = nil, endsFile: Bool = false,
        completesWhenFull: Bool = false, isWholeOrNothing: Bool = false, digests: Set<DigestAlgorithm> = [],
        fileDigests: [DigestAlgorithm: Digest] = [:], wantedOfFile: Set<DigestAlgorithm> = []
    ) {
        self.offset = offset
        self.declaredBytes = declaredBytes
        self.sizeBytes = sizeBytes
        self.endsFile = endsFile
        self.completesWhenFull = completesWhenFull
        self.isWholeOrNothing = isWholeOrNothing
        self.digests = digests
        self.fileDigests = fileDigests
        self.wantedOfFile = wantedOfFile
    }

    func terms(withOffset: Bool) -> UploadMachine.AppendTerms {
        UploadMachine.AppendTerms(
            offset: withOffset ? offset : nil, declaredBytes: declaredBytes, sizeBytes: sizeBytes, endsFile: endsFile,
            fileDigests: fileDigests)
    }
}

extension UploadEngine {
    /// Ends whoever is sending to an upload, keeping what came, and tells what stands: the offset is taken next.
    ///
    /// - Parameter completing: whether an upload whose bytes are all here is made complete now. What is against that is
    ///   thrown, so that nobody takes a full offset for a file.
    package func settle(_ upload: UploadRecord, completing: Bool) async throws(UploadFault) -> UploadRecord {
        let lease = await leases.acquire(upload.fileID, .whole)
        defer { lease.release() }
        let current = try await reload(upload)
        guard completing, current.state == .receiving, current.way == .sequential, current.isFull else {
            return current
        }
        return try await publishSequential(current, parts: try await parts(of: current)).upload
    }

    /// Begins to take the next bytes of an upload. Takes over from another request that is sending to it.
    ///
    /// - Parameter onProgress: told of offsets that became durable while bytes come, one after the other, every
    ///   ``AppendUpload/progressStepBytes`` or ``AppendUpload/stepTime``; not of the last one. No bytes are taken
    ///   meanwhile.
    /// - Throws: `offset_mismatch`, `inconsistent_upload_length`, `way_mismatch`, `too_large`, `digest_mismatch` for a digest
    ///   of the file that contradicts an earlier one, and others, all of them before a byte is read.
    package func openAppend(
        _ stale: UploadRecord, _ offer: AppendOffer, onProgress: (@Sendable (Int64) async -> Void)? = nil
    ) async throws(UploadFault) -> AppendUpload {
        let lease: Lease
        if let free = leases.acquireIfFree(stale.fileID, .whole) {
            lease = free
        } else {
            // What is refused anyway stops nobody. The offset is not among it: it still moves.
            let known = try await reload(stale)
            let machine = UploadMachine(restoring: known, parts: try await parts(of: known), bounds: bounds)
            if case .refuse(let refusal) = machine.appendOffered(offer.terms(withOffset: false)) {
                throw UploadFault(refusal)
            }
            lease = await leases.acquire(stale.fileID, .whole)
        }
        do throws(UploadFault) {
            let parts = try await parts(of: stale)
            let upload = try await reload(stale)
            let machine = UploadMachine(restoring: upload, parts: parts, bounds: bounds)
            switch machine.appendOffered(offer.terms(withOffset: true)) {
            case .refuse(let refusal): throw UploadFault(refusal)
            case .write(let most, let size):
                // The room of an upload of known size was reserved when it began, that of a link is with its first byte.
                if upload.layout.sizeBytes == nil, upload.claimedAt == nil || upload.receivedBytes > 0 {
                    try await checkRoom(for: size.map { $0 - offer.offset } ?? offer.declaredBytes)
                }
                // Who asks for its offset from now on is told one that this request has come to.
                let begun = upload.way == .parts ? try await grow(upload, by: Growth(fromBytes: 0, piece: nil)) : upload
                return AppendUpload(
                    engine: self, upload: begun, last: parts.last, lease: lease, offer: offer, upTo: most, size: size,
                    onProgress: onProgress)
            }
        } catch {
            lease.release()
            throw error
        }
    }

    /// Begins a piece of an upload. A link takes no room before its first byte: then the object is prepared.
    func writer(
        of upload: UploadRecord, _ place: PiecePlace, sizing: PieceSizing, sizeBytes: Int64?
    ) async throws(UploadFault) -> any PieceWriter {
        func begin() async throws(StoreFault) -> any PieceWriter {
            // A piece that is whole may be part of a file by now: nothing goes to its place any more.
            if upload.home != nil, upload.isFull { return try await store.spool(sizing: sizing) }
            return try await store.writer(of: upload.objectKey, piece: place, sizing: sizing)
        }
        do throws(StoreFault) {
            return try await begin()
        } catch {
            guard error.code == .missing, upload.claimedAt != nil, place.start == 0 else { throw UploadFault(error) }
        }
        try await checkRoom(for: sizeBytes)
        return try await translating { () throws(StoreFault) in
            try await store.prepare(upload.objectKey, sizeBytes: sizeBytes)
            return try await begin()
        }
    }

    /// Records that an upload has grown.
    ///
    /// - Throws: `offset_mismatch` and others when somebody else changed it meanwhile.
    func grow(_ upload: UploadRecord, by growth: Growth) async throws(UploadFault) -> UploadRecord {
        fresh.forget(upload.fileID)
        let outcome = try await translating { () throws(CatalogFault) in
            try await catalog.append(
                growth, to: upload.fileID, expiresAt: now.adding(seconds: limits.uploadLifetimeSeconds),
                within: limits.quota)
        }
        switch outcome {
        case .grown(let upload): return upload
        case .overQuota(let excess): throw fault(of: excess)
        case .unknown: throw UploadFault.notFound
        case .refused(let standing):
            let machine = UploadMachine(restoring: standing, parts: [], bounds: bounds)
            let terms = UploadMachine.AppendTerms(
                offset: growth.fromBytes, declaredBytes: growth.toBytes - growth.fromBytes,
                sizeBytes: growth.sizeBytes, endsFile: false, fileDigests: growth.fileDigests)
            guard case .refuse(let refusal) = machine.appendOffered(terms) else {
                throw UploadFault(Refusal.way(standing.way))
            }
            throw UploadFault(refusal)
        }
    }

    /// Makes an upload complete whose bytes came in order. What is wrong with its bytes ends it: none of them can be
    /// sent again. The caller holds the lease of the whole upload.
    ///
    /// - Parameters:
    ///   - digests: those of the file that are known already.
    ///   - wanted: those to be told of it besides.
    func publishSequential(
        _ upload: UploadRecord, parts: [StoredPart], digests: [DigestAlgorithm: Digest] = [:],
        wanted: Set<DigestAlgorithm> = []
    ) async throws(UploadFault) -> Publication {
        do throws(UploadFault) {
            if upload.claimedAt != nil, upload.receivedBytes == 0 {
                // A link for an empty file has never had a byte.
                try await translating { () throws(StoreFault) in
                    try await store.prepare(upload.objectKey, sizeBytes: nil)
                }
            }
            return try await publish(upload, parts: parts, digests: digests, wanted: wanted, detectedType: nil)
        } catch {
            if [.contentMismatch, .digestMismatch].contains(error.code) { await fail(upload) }
            throw error
        }
    }
}
