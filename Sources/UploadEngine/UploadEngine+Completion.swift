import NIOCore
package import UploadModel
import UploadRules
import UploadStore

extension UploadEngine {
    /// Makes an upload in parts complete. Asking again answers the same.
    ///
    /// - Throws: `parts_missing` with the list; `digest_mismatch` or `content_mismatch` when the whole is not what
    ///   was announced, which leaves the upload open.
    package func complete(_ upload: UploadRecord) async throws(UploadFault) -> UploadRecord {
        // Asked too early it disturbs nobody; only when all parts are here are late re-sends stopped.
        if case .refuse(let refusal) = try await judgeCompletion(of: upload).action { throw UploadFault(refusal) }
        let lease = await leases.acquire(upload.fileID, .whole)
        defer { lease.release() }
        let current = try await reload(upload)
        let judged = try await judgeCompletion(of: current)
        switch judged.action {
        case .replay: return current
        case .refuse(let refusal): throw UploadFault(refusal)
        case .publish: return try await publish(current, parts: judged.parts, sha256: nil, detectedType: nil)
        }
    }

    private func judgeCompletion(of upload: UploadRecord) async throws(UploadFault) -> (
        action: UploadMachine.CompletionAction, parts: [StoredPart]
    ) {
        let parts = upload.state == .receiving ? try await parts(of: upload) : []
        let machine = UploadMachine(restoring: upload, parts: parts, bounds: bounds)
        return (machine.completionRequested(), parts)
    }

    /// Publishes the bytes, then records the completion. The caller holds the lease of the whole upload.
    func publish(_ upload: UploadRecord, parts: [StoredPart], sha256: Digest?, detectedType: MediaType?)
        async throws(UploadFault) -> UploadRecord
    {
        let receipt = try await translating { () throws(StoreFault) in
            try await store.publish(upload.objectKey, pieces: parts)
        }
        var completion = Completion(
            sizeBytes: receipt.sizeBytes, crc32c: receipt.crc32c, sha256: sha256,
            detectedType: detectedType ?? upload.detectedType, now: now)
        if completion.detectedType == nil { completion.detectedType = try await detect(upload, receipt.sizeBytes) }
        if let expected = upload.expectedSHA256 {
            completion.sha256 = try await verify(expected, of: upload)
        }
        let outcome = try await translating { () throws(CatalogFault) in
            try await catalog.complete(upload.fileID, with: completion)
        }
        switch outcome {
        case .done(let complete):
            await forget(parts.map(\.token).filter { $0 != .inPlace })
            return complete
        case .refused(let other) where other.state == .complete: return other
        case .refused(let other):
            // It was aborted from outside while its bytes were published.
            await discard(upload.objectKey, spooled: parts.map(\.token))
            throw UploadFault(Refusal.ended(other.state))
        case .unknown:
            await discard(upload.objectKey, spooled: parts.map(\.token))
            throw UploadFault.notFound
        }
    }

    /// Looks at the beginning of a file whose first part was too short to be judged by itself.
    private func detect(_ upload: UploadRecord, _ sizeBytes: Int64) async throws(UploadFault) -> MediaType? {
        let wanted = min(sizeBytes, Int64(checker.prefixBytes))
        let prefix: [UInt8] = try await translating { () throws(StoreFault) in
            guard wanted > 0 else { return [] }
            let bytes = try await store.reader(of: upload.objectKey).read(ByteRange(start: 0, length: wanted))
            return Array(bytes.readableBytesView)
        }
        return try Intake.judge(prefix, declared: upload.declaredType, checker: checker)
    }

    /// Parts may come in any order, so a digest of the whole that is no CRC is made by reading the file once.
    private func verify(_ expected: Digest, of upload: UploadRecord) async throws(UploadFault) -> Digest {
        let actual = try await translating { () throws(StoreFault) in
            try await store.reader(of: upload.objectKey).digest(expected.algorithm)
        }
        guard actual == expected else {
            throw UploadFault(
                .digestMismatch,
                "The file's \(expected.algorithm.rawValue) is \(actual.hex), not the one announced; send the wrong parts again, then complete."
            )
        }
        return actual
    }

    /// Gives an upload up and frees its bytes; one that ended before is left as it is.
    package func abort(_ upload: UploadRecord) async throws(UploadFault) {
        let machine = UploadMachine(restoring: upload, parts: [], bounds: bounds)
        switch machine.abortRequested() {
        case .nothing: return
        case .refuse(let refusal): throw UploadFault(refusal)
        case .discard(let state):
            let lease = await leases.acquire(upload.fileID, .whole)
            defer { lease.release() }
            try await end(upload, as: state)
        }
    }

    /// The record first, then the bytes: what is freed twice by a crash between is found by the sweep.
    private func end(_ upload: UploadRecord, as state: UploadState) async throws(UploadFault) {
        let parts = try await parts(of: upload)
        let now = now
        let outcome = try await translating { () throws(CatalogFault) in
            try await catalog.end(upload.fileID, as: state, now: now)
        }
        switch outcome {
        case .done(let ended): await discard(ended.objectKey, spooled: parts.map(\.token))
        case .refused(let other) where other.state == .complete: throw UploadFault(Refusal.complete)
        case .refused, .unknown: return
        }
    }

    // MARK: Age

    /// What one run of the reaper did.
    package struct SweepReport: Hashable, Sendable {
        /// Open uploads whose time was over.
        package var expiredUploads = 0
        /// Records of ended uploads that nobody needs any more.
        package var forgottenRecords = 0
        /// Objects that no record names: leftovers of a crash.
        package var freedOrphans = 0
    }

    /// Ends what is too old and frees what nobody owns.
    ///
    /// - Parameter orphanAgeSeconds: leftovers younger than this may belong to a request that is just beginning.
    package func sweep(orphanAgeSeconds: Int64) async throws(UploadFault) -> SweepReport {
        var report = SweepReport()
        report.expiredUploads = try await expireOld()
        let now = now
        report.forgottenRecords = try await translating { () throws(CatalogFault) in
            try await catalog.forgetEnded(before: now.adding(seconds: -limits.tombstoneSeconds), limit: 10_000)
        }
        report.freedOrphans = try await freeOrphans(olderThanSeconds: orphanAgeSeconds)
        return report
    }

    /// Ends open uploads whose time is over and that nobody is writing to; answers how many.
    package func expireOld() async throws(UploadFault) -> Int {
        var count = 0
        let now = now
        let old = try await translating { () throws(CatalogFault) in
            try await catalog.expired(before: now, limit: 1000)
        }
        for upload in old {
            guard let lease = leases.acquireIfIdle(upload.fileID) else { continue }
            defer { lease.release() }
            let machine = UploadMachine(restoring: upload, parts: [], bounds: bounds)
            guard case .discard(let state) = machine.timePassed(now: now) else { continue }
            try await end(upload, as: state)
            count += 1
        }
        return count
    }

    private func freeOrphans(olderThanSeconds age: Int64) async throws(UploadFault) -> Int {
        // Listed before the catalog is asked: what is listed and unknown then was known at no time between.
        let inventory = try await translating { () throws(StoreFault) in try await store.inventory() }
        let references = try await translating { () throws(CatalogFault) in try await catalog.references() }
        let report = Consistency.compare(inventory: inventory, references: references)
        let limit = now.adding(seconds: -age)
        var count = 0
        for orphan in report.orphans where orphan.modifiedAt < limit {
            if orphan.kind == .spooled {
                await forget([PieceToken(orphan.key.text)])
            } else {
                await discard(orphan.key, spooled: [])
            }
            count += 1
        }
        return count
    }

    /// Compares catalog and store; changes nothing.
    package func check() async throws(UploadFault) -> Consistency {
        let inventory = try await translating { () throws(StoreFault) in try await store.inventory() }
        let references = try await translating { () throws(CatalogFault) in try await catalog.references() }
        return Consistency.compare(inventory: inventory, references: references)
    }
}
