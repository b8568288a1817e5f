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
        let lease: Lease
        if let free = leases.acquireIfFree(upload.fileID, .whole) {
            lease = free
        } else {
            // Asked too early it disturbs nobody; only when all parts are here are late re-sends stopped.
            if case .refuse(let refusal) = try await judgeCompletion(of: upload).action { throw UploadFault(refusal) }
            lease = await leases.acquire(upload.fileID, .whole)
        }
        defer { lease.release() }
        let judged = try await judgeCompletion(of: upload)
        switch judged.action {
        case .replay: return judged.upload
        case .refuse(let refusal): throw UploadFault(refusal)
        case .publish where judged.upload.way == .sequential:
            return try await publishSequential(judged.upload, parts: judged.parts).upload
        case .publish: return try await publish(judged.upload, parts: judged.parts, detectedType: nil).upload
        }
    }

    private func judgeCompletion(of stale: UploadRecord) async throws(UploadFault) -> (
        action: UploadMachine.CompletionAction, upload: UploadRecord, parts: [StoredPart]
    ) {
        // Parts first: while the record that is read after them receives, they are its parts. The other way round
        // a completion between the two reads would look like an upload whose parts are all missing.
        let parts = try await parts(of: stale)
        let upload = try await reload(stale)
        let machine = UploadMachine(restoring: upload, parts: parts, bounds: bounds)
        return (machine.completionRequested(), upload, parts)
    }

    /// An upload that was made a file.
    struct Publication {
        let upload: UploadRecord
        /// Of the whole file: all that were known or had to be found out.
        let digests: [DigestAlgorithm: Digest]
    }

    /// Publishes the bytes, then records the completion. The caller holds the lease of the whole upload.
    ///
    /// - Parameters:
    ///   - known: digests of the whole file that were made while its bytes came.
    ///   - wanted: others to be found out, with those that the file must have, by reading it once.
    func publish(
        _ upload: UploadRecord, parts: [StoredPart], digests known: [DigestAlgorithm: Digest] = [:],
        wanted: Set<DigestAlgorithm> = [], detectedType: MediaType?, naming: Completion.Naming? = nil
    ) async throws(UploadFault) -> Publication {
        fresh.forget(upload.fileID)
        let receipt = try await translating { () throws(StoreFault) in
            try await store.publish(upload.objectKey, pieces: parts)
        }
        // What was detected once is not true of a beginning that was replaced.
        let isReplaced = parts.first.map { $0.token != .inPlace } ?? false
        var completion = Completion(
            sizeBytes: receipt.sizeBytes, crc32c: receipt.crc32c, sha256: nil,
            detectedType: detectedType ?? (isReplaced ? nil : upload.detectedType), now: now, naming: naming)
        if completion.detectedType == nil { completion.detectedType = try await detect(upload, receipt.sizeBytes) }
        var digests = known
        digests[.crc32c] = Digest(receipt.crc32c)
        digests = try await verify(upload, digests, wanted)
        completion.sha256 = digests[.sha256]
        let outcome = try await record(completion, of: upload)
        switch outcome {
        case .done(let complete):
            await forget(parts.map(\.token).filter { $0 != .inPlace })
            return Publication(upload: complete, digests: digests)
        case .refused(let other) where other.state == .complete: return Publication(upload: other, digests: digests)
        case .refused(let other):
            // It was aborted from outside while its bytes were published.
            await freeBytes(of: upload, spooled: parts.map(\.token))
            throw UploadFault(Refusal.ended(other.state))
        case .unknown:
            await discard(upload.objectKey, spooled: parts.map(\.token))
            throw UploadFault.notFound
        }
    }

    private func record(_ completion: Completion, of upload: UploadRecord) async throws(UploadFault)
        -> TransitionOutcome
    {
        var completion = completion
        let complete = completion.applied(to: upload)
        completion.wantsExamination = follower?.wantsExamination(of: complete) ?? false
        let handoffs = follower?.handoffs(completing: complete) ?? []
        return try await translating { () throws(CatalogFault) in
            try await catalog.complete(upload.fileID, with: completion, announcing: handoffs)
        }
    }

    /// Looks at the beginning of a file whose first part was too short to be judged by itself.
    private func detect(_ upload: UploadRecord, _ sizeBytes: Int64) async throws(UploadFault) -> MediaType? {
        let wanted = min(sizeBytes, Int64(checker.prefixBytes))
        let prefix: [UInt8] = try await translating { () throws(StoreFault) in
            guard wanted > 0 else { return [] }
            let reader = try await store.reader(of: upload.objectKey)
            var prefix: [UInt8] = []
            while Int64(prefix.count) < wanted {
                let start = Int64(prefix.count)
                let bytes = try await reader.read(ByteRange(start: start, length: wanted - start))
                prefix.append(contentsOf: bytes.readableBytesView)
            }
            return prefix
        }
        return try Intake.judge(prefix, declared: upload.declaredType, checker: checker)
    }

    /// Holds a file to what it must be. A digest that is no CRC cannot be put together from those of its pieces: where it
    /// was not made while all of the bytes came, the file is read, once for all that are missing.
    ///
    /// - Returns: the digests that are known then.
    private func verify(
        _ upload: UploadRecord, _ known: [DigestAlgorithm: Digest], _ wanted: Set<DigestAlgorithm>
    ) async throws(UploadFault) -> [DigestAlgorithm: Digest] {
        try Self.check(known, of: upload)
        let missing = wanted.union(upload.expectedDigests.keys).subtracting(known.keys)
        guard !missing.isEmpty else { return known }
        let read = try await translating { () throws(StoreFault) in
            try await store.reader(of: upload.objectKey).digests(missing)
        }
        try Self.check(read, of: upload)
        return known.adding(read)
    }

    /// Holds a complete file to digests that a client names when it repeats the request that ended it, or comes after
    /// another has ended it. The file stays either way; what is not known of it is read, as for a download.
    ///
    /// - Throws: `digest_mismatch`; `unavailable` and the like when it cannot be read.
    package func confirm(_ digests: [DigestAlgorithm: Digest], of complete: UploadRecord) async throws(UploadFault) {
        guard !digests.isEmpty else { return }
        var named = complete
        named.expectedDigests = digests
        _ = try await verify(named, complete.knownDigests, [])
    }

    private static func check(_ digests: [DigestAlgorithm: Digest], of upload: UploadRecord) throws(UploadFault) {
        guard let algorithm = upload.expectedDigests.contradiction(with: digests), let actual = digests[algorithm]
        else {
            return
        }
        let remedy =
            upload.way == .parts && upload.claimedAt == nil
            ? "send the wrong parts again, then complete" : "begin a new upload"
        throw UploadFault(
            .digestMismatch,
            "The file's \(algorithm.rawValue) is \(actual.hex), not the one announced; \(remedy).")
    }

    /// Gives an upload up and frees its bytes; one that ended before is left as it is.
    package func abort(_ upload: UploadRecord) async throws(UploadFault) {
        let machine = UploadMachine(restoring: upload, parts: [], bounds: bounds)
        switch machine.abortRequested() {
        case .nothing: return
        case .refuse(let refusal): throw UploadFault(refusal)
        case .discard(let state):
            // The record first: a writer that is stopped finds it ended, and adds nothing. Then wait until it has
            // let go of the bytes, and free them.
            guard let (ended, spooled) = try await recordEnd(of: upload, as: state) else { return }
            let lease = await leases.acquire(upload.fileID, .whole)
            await freeBytes(of: ended, spooled: spooled)
            lease.release()
            // What was to be made of it never will be.
            if let home = ended.home { await failHome(home) }
            if upload.way == .partial { joinBell.ring() }
        }
    }

    /// Ends an upload in the catalog; answers what is left to be freed, or `nil` when it had ended before.
    private func recordEnd(of upload: UploadRecord, as state: UploadState) async throws(UploadFault) -> (
        ended: UploadRecord, spooled: [PieceToken]
    )? {
        fresh.forget(upload.fileID)
        let parts = try await parts(of: upload)
        let now = now
        let outcome = try await translating { () throws(CatalogFault) in
            try await catalog.end(upload.fileID, as: state, now: now)
        }
        switch outcome {
        case .done(let ended): return (ended, parts.map(\.token))
        case .refused(let other) where other.state == .complete: throw UploadFault(Refusal.complete)
        case .refused, .unknown: return nil
        }
    }

    /// Ends the streams of a process that was killed, so that their tenants do not wait for their room, and frees their
    /// bytes. Called before the first request by whoever alone serves the store; answers how many there were.
    package func endInterruptedStreams() async throws(UploadFault) -> Int {
        let now = now
        let ended = try await translating { () throws(CatalogFault) in
            try await catalog.endInterruptedStreams(now: now)
        }
        for upload in ended { await discard(upload.objectKey, spooled: []) }
        return ended.count
    }

    // MARK: Age

    /// What one run of the reaper did.
    package struct SweepReport: Hashable, Sendable {
        /// Open uploads whose time was over.
        package var expiredUploads = 0
        /// Records of ended uploads that nobody needs any more.
        package var forgottenRecords = 0
        /// Resized copies whose image is gone, or was looked into once more.
        package var strayCopies = 0
        /// Objects that no record names: leftovers of a crash.
        package var freedOrphans = 0
        /// Tenants whose kept number of bytes was not what their uploads have, and is again.
        package var recountedTenants = 0
    }

    /// Ends what is too old and frees what nobody owns.
    ///
    /// - Parameter orphanAgeSeconds: leftovers younger than this may belong to a request that is just beginning.
    package func sweep(orphanAgeSeconds: Int64) async throws(UploadFault) -> SweepReport {
        var report = SweepReport()
        report.expiredUploads = try await expireOld()
        report.forgottenRecords = try await forgetOld()
        let now = dueNow
        report.strayCopies = try await translating { () throws(CatalogFault) in
            try await catalog.endStrayCopies(completedBefore: now.adding(seconds: -orphanAgeSeconds), now: now)
        }
        report.freedOrphans = try await freeOrphans(olderThanSeconds: orphanAgeSeconds)
        report.recountedTenants = try await recountUsages()
        return report
    }

    /// What one statement of housekeeping handles; others get their turn between two.
    private static let batchCount = 1000

    private func forgetOld() async throws(UploadFault) -> Int {
        var count = 0
        let moment = dueNow.adding(seconds: -limits.tombstoneSeconds)
        while true {
            let forgotten = try await translating { () throws(CatalogFault) in
                try await catalog.forgetEnded(before: moment, limit: Self.batchCount)
            }
            count += forgotten
            if forgotten < Self.batchCount { return count }
        }
    }

    /// Ends open uploads whose time is over and that nobody is writing to; answers how many.
    package func expireOld() async throws(UploadFault) -> Int {
        var count = 0
        while true {
            let now = dueNow
            let old = try await translating { () throws(CatalogFault) in
                try await catalog.expired(before: now, limit: Self.batchCount)
            }
            let ended = try await expire(old, now: now)
            count += ended
            // Those that are being written to stay in the list; a batch of nothing else would never end.
            if old.count < Self.batchCount || ended == 0 { return count }
        }
    }

    private func expire(_ old: [UploadRecord], now: Timestamp) async throws(UploadFault) -> Int {
        var count = 0
        for upload in old {
            guard let lease = leases.acquireIfIdle(upload.fileID) else { continue }
            defer { lease.release() }
            // A part that was recorded since the list was made gave it new time.
            let current = try await translating { () throws(CatalogFault) in try await catalog.upload(upload.fileID) }
            guard let current else { continue }
            if await isWrittenTo(piecesOf: current) { continue }
            let machine = UploadMachine(restoring: current, parts: [], bounds: bounds)
            guard case .discard(let state) = machine.timePassed(now: now) else { continue }
            guard let (ended, spooled) = try await recordEnd(of: current, as: state) else { continue }
            await freeBytes(of: ended, spooled: spooled)
            count += 1
        }
        return count
    }

    /// Counting them all is long; nobody waits for it who writes, unless something is wrong.
    private func recountUsages() async throws(UploadFault) -> Int {
        try await translating { () throws(CatalogFault) in
            guard try await catalog.countedUsages().contains(where: { !$0.isRight }) else { return 0 }
            return try await catalog.recountUsages()
        }
    }

    private func freeOrphans(olderThanSeconds age: Int64) async throws(UploadFault) -> Int {
        let limit = dueNow.adding(seconds: -age)
        let old = try await compare().orphans.filter { $0.modifiedAt < limit }
        guard !old.isEmpty else { return 0 }
        // Looked at twice: what was written to or recorded meanwhile is none.
        let still = Set(try await compare().orphans)
        var count = 0
        for orphan in old where still.contains(orphan) {
            if orphan.kind == .spooled {
                await forget([PieceToken(orphan.key.text)])
            } else {
                await discard(orphan.key, spooled: [])
            }
            count += 1
        }
        return count
    }

    /// Compares catalog and store; changes nothing. May run while uploads come and go.
    package func check() async throws(UploadFault) -> Consistency {
        var first = try await compare()
        let usages = try await translating { () throws(CatalogFault) in try await catalog.countedUsages() }
        first.miscounted = usages.filter { !$0.isRight }
        guard !first.isSound else { return first }
        // What began or was published between the two lists looks like a loss once, but not twice.
        var second = try await compare()
        second.miscounted = first.miscounted
        second.lost.removeAll { !first.lost.contains($0) }
        second.lostPieces.removeAll { !first.lostPieces.contains($0) }
        var unstaged: [FileID] = []
        for id in second.unstaged where first.unstaged.contains(id) {
            let upload = try await translating { () throws(CatalogFault) in try await catalog.upload(id) }
            // A link that was used has nothing staged until its stream begins, and nothing acknowledged before its end.
            if let upload, upload.state == .receiving, upload.claimedAt == nil || upload.receivedBytes > 0 {
                unstaged.append(id)
            }
        }
        second.unstaged = unstaged
        return second
    }

    private func compare() async throws(UploadFault) -> Consistency {
        // Listed before the catalog is asked: what is listed and unknown then was known at no time between.
        let inventory = try await translating { () throws(StoreFault) in try await store.inventory() }
        let references = try await translating { () throws(CatalogFault) in try await catalog.references() }
        return Consistency.compare(inventory: inventory, references: references)
    }
}
