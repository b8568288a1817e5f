package import Logging
package import UploadModel
import UploadRules
package import UploadStore

/// Drives the rules against the ports: every dialect speaks to this.
///
/// Bytes, then record, then reply, always in this order. Faults of the ports become ``UploadFault`` here and
/// nowhere else. The engine knows no protocol.
package final class UploadEngine: Sendable {
    let store: any ByteStore
    let catalog: any UploadCatalog
    let checker: any ContentChecking
    let follower: (any CompletionFollowing)?
    package let limits: UploadLimits
    let leases = LeaseTable()
    /// Who settles the part size of an upload that has none; nobody is asked to stop here, all go in turn.
    let sizeLeases = LeaseTable()
    /// Rings when uploads are to be joined, or one that another may wait for is whole.
    let joinBell = Bell()
    let fresh = FreshUploads()
    let spent = SpentLinks()
    let passing = PassingBytes()
    package let logger: Logger
    private let clock: @Sendable () -> Timestamp
    private let dueClock: @Sendable () -> Timestamp

    /// - Parameters:
    ///   - follower: says who is told of finished files, and which are looked into; `nil` for nobody and none.
    ///   - clock: the time of day.
    ///   - dueClock: the time by which things end for their age; the time of day when `nil`. See ``PatientClock``.
    package init(
        store: any ByteStore, catalog: any UploadCatalog, checker: any ContentChecking,
        follower: (any CompletionFollowing)? = nil, limits: UploadLimits, logger: Logger,
        clock: @escaping @Sendable () -> Timestamp, dueClock: (@Sendable () -> Timestamp)? = nil
    ) {
        self.store = store
        self.catalog = catalog
        self.checker = checker
        self.follower = follower
        self.limits = limits
        self.logger = logger
        self.clock = clock
        self.dueClock = dueClock ?? clock
    }

    package var now: Timestamp { clock() }

    /// The time by which age is judged before anything is ended, forgotten or freed.
    package var dueNow: Timestamp { dueClock() }

    var bounds: PartsMachine.Bounds {
        PartsMachine.Bounds(
            maximumPartBytes: limits.maximumPartBytes,
            maximumPartCount: min(limits.maximumPartCount, store.needs.maximumPieces))
    }

    // MARK: Beginning

    /// Begins an upload that a one-shot link will fill. Takes no room until the link is used.
    ///
    /// - Parameters:
    ///   - sizeBytes: the exact size, if the link binds one.
    ///   - maximumBytes: the most bytes; never above the gateway's limit.
    ///   - lifetimeSeconds: how long the link may be used.
    package func grant(
        tenant: TenantID, fileName: FileName, declaredType: MediaType, sizeBytes: Int64?, maximumBytes: Int64?,
        lifetimeSeconds: Int64
    ) async throws(UploadFault) -> UploadRecord {
        let now = now
        let most = min(maximumBytes ?? limits.largestFileBytes, limits.largestFileBytes)
        try checkSize(sizeBytes, maximumBytes: most)
        let record = UploadRecord(
            fileID: .random(), tenant: tenant, fileName: fileName, declaredType: declaredType,
            layout: PartLayout(sizeBytes: sizeBytes), maximumBytes: most, state: .granted, createdAt: now,
            expiresAt: now.adding(seconds: lifetimeSeconds))
        let outcome = try await translating { () throws(CatalogFault) in
            try await catalog.create(record, within: admission(of: record))
        }
        return try standing(outcome, for: record)
    }

    /// What a client announces when it begins an upload without a link.
    package struct Announcement: Sendable {
        package var tenant: TenantID
        package var fileName: FileName
        package var declaredType: MediaType?
        package var sizeBytes: Int64?
        /// The most bytes that the file may have, where that is less than the gateway takes.
        package var maximumBytes: Int64?
        package var way: UploadWay
        /// Of a joined upload: those that it is made of.
        package var joins: [FileID]
        /// Of an upload in parts: the part size that the client asks for.
        package var partBytes: Int64?
        /// What the whole file must have.
        package var digests: [DigestAlgorithm: Digest]
        package var metadataJSON: String?

        package init(
            tenant: TenantID, fileName: FileName, declaredType: MediaType?, sizeBytes: Int64? = nil,
            maximumBytes: Int64? = nil, way: UploadWay = .parts, joins: [FileID] = [], partBytes: Int64? = nil,
            digests: [DigestAlgorithm: Digest] = [:], metadataJSON: String? = nil
        ) {
            self.tenant = tenant
            self.fileName = fileName
            self.declaredType = declaredType
            self.sizeBytes = sizeBytes
            self.maximumBytes = maximumBytes
            self.way = way
            self.joins = joins
            self.partBytes = partBytes
            self.digests = digests
            self.metadataJSON = metadataJSON
        }
    }

    /// Begins an upload and reserves its room.
    package func begin(_ announcement: Announcement) async throws(UploadFault) -> UploadRecord {
        let most = min(announcement.maximumBytes ?? limits.largestFileBytes, limits.largestFileBytes)
        var announcement = announcement
        let pieces = announcement.way == .joined ? try await pieces(of: announcement) : []
        if announcement.way == .joined { announcement.sizeBytes = try Self.size(of: pieces, limits: limits) }
        try checkSize(announcement.sizeBytes, maximumBytes: most)
        let layout =
            announcement.way == .parts
            ? try partLayout(announcement) : PartLayout(sizeBytes: announcement.sizeBytes)
        let now = now
        var record = UploadRecord(
            fileID: .random(), tenant: announcement.tenant, way: announcement.way, fileName: announcement.fileName,
            declaredType: announcement.declaredType, layout: layout, maximumBytes: most,
            expectedDigests: announcement.digests, metadataJSON: announcement.metadataJSON, state: .receiving,
            createdAt: now, expiresAt: now.adding(seconds: limits.uploadLifetimeSeconds))
        record.joins = announcement.joins
        return announcement.way == .joined
            ? try await addJoined(record, of: pieces) : try await addWithRoom(record)
    }

    private func partLayout(_ announcement: Announcement) throws(UploadFault) -> PartLayout {
        var limits = limits
        limits.maximumPartCount = bounds.maximumPartCount
        guard
            let layout = PartPlan.layout(
                sizeBytes: announcement.sizeBytes, wantedPartBytes: announcement.partBytes, limits: limits,
                minimumPartBytes: store.needs.minimumPartBytes)
        else {
            let allowed = PartPlan.allowed(
                sizeBytes: announcement.sizeBytes, limits: limits, minimumPartBytes: store.needs.minimumPartBytes)
            throw UploadFault(
                .invalidRequest,
                "partSize must lie in \(allowed.lowerBound)...\(allowed.upperBound) bytes for this file.",
                fields: [FieldFault(field: "partSize", message: "\(allowed.lowerBound)...\(allowed.upperBound)")])
        }
        return layout
    }

    /// Checks that there is room, reserves it, and adds the record.
    ///
    /// - Parameters:
    ///   - reservedBytes: what an upload of unknown size holds of its tenant's quota from the start.
    ///   - releasedBytes: what others of its tenant give up for it.
    func addWithRoom(
        _ record: UploadRecord, reserving reservedBytes: Int64 = 0, releasing releasedBytes: Int64 = 0
    ) async throws(UploadFault) -> UploadRecord {
        var admission = admission(of: record, reserving: reservedBytes)
        admission.releasedBytes = releasedBytes
        try await checkRoom(for: record.layout.sizeBytes)
        if admission.quota != nil {
            // Asked before the disk has work; the catalog asks again where it counts.
            try await checkQuota(
                of: record.tenant, adding: admission.neededBytes(sizeBytes: record.layout.sizeBytes))
        }
        try await translating { () throws(StoreFault) in
            try await store.prepare(record.objectKey, sizeBytes: record.layout.sizeBytes)
        }
        let outcome: CreateOutcome
        do throws(CatalogFault) {
            outcome = try await catalog.create(record, within: admission)
        } catch {
            // If the catalog may have the record, the bytes stay; when it has not, the sweep frees them.
            if !error.mayHaveHappened { await discard(record.objectKey, spooled: []) }
            throw UploadFault(error)
        }
        if outcome != .created { await discard(record.objectKey, spooled: []) }
        if outcome == .created { fresh.began(record) }
        return try standing(outcome, for: record)
    }

    /// The record that stands: this one, or the one that has the tenant's alias already.
    private func standing(_ outcome: CreateOutcome, for record: UploadRecord) throws(UploadFault) -> UploadRecord {
        switch outcome {
        case .created: return record
        case .aliasTaken(let other): return other
        case .tooManyOpen: throw Self.tooManyOpen(limits)
        case .overQuota(let excess): throw fault(of: excess)
        }
    }

    static func tooManyOpen(_ limits: UploadLimits) -> UploadFault {
        UploadFault(
            .tooManyUploads,
            "This tenant has \(limits.maximumOpenUploadsPerTenant) open uploads, the most allowed; complete or abort some.",
            retryAfterSeconds: 60)
    }

    /// Refuses an upload that would eat the reserve of the disk, before a byte of it is read.
    func checkRoom(for sizeBytes: Int64?) async throws(UploadFault) {
        let free = try await translating { () throws(StoreFault) in try await store.freeBytes() }
        guard let free else { return }
        let (left, overflow) = free.subtractingReportingOverflow(sizeBytes ?? 0)
        guard !overflow, left >= limits.freeDiskReserveBytes else {
            throw UploadFault(
                .insufficientStorage, "There is not enough room for this upload; try again later.",
                retryAfterSeconds: 300)
        }
    }

    /// Frees bytes; what cannot be freed now is found again by the sweep.
    func discard(_ key: ObjectKey, spooled: [PieceToken]) async {
        do throws(StoreFault) {
            try await store.discard(key, spooled: spooled)
        } catch {
            logger.warning("bytes could not be freed", metadata: ["sluice.fault": "\(error.detail)"])
        }
    }

    /// Opens the bytes of a complete file.
    package func reader(of upload: UploadRecord) async throws(UploadFault) -> any ObjectReader {
        try await translating { () throws(StoreFault) in try await store.reader(of: upload.objectKey) }
    }

    /// Proves that bytes and records can be made durable, and that there is room for uploads; for readiness.
    package func checkWritable() async throws(UploadFault) {
        try await checkRoom(for: nil)
        try await translating { () throws(StoreFault) in try await store.checkWritable() }
        try await translating { () throws(CatalogFault) in try await catalog.checkWritable() }
    }

    // MARK: Looking up

    /// The upload that a tenant means; another tenant's is not found.
    package func find(_ references: [UploadReference], of tenant: TenantID) async throws(UploadFault)
        -> UploadRecord?
    {
        for reference in references {
            let record = try await translating { () throws(CatalogFault) in
                try await catalog.upload(reference, of: tenant)
            }
            if let record { return record }
        }
        return nil
    }

    /// The upload that a tenant means by the text of an id; throws `not_found`.
    package func upload(_ text: String, of tenant: TenantID) async throws(UploadFault) -> UploadRecord {
        guard let record = try await find(UploadReference.readings(of: text), of: tenant) else {
            throw UploadFault.notFound
        }
        return record
    }

    /// An upload with what of it is here.
    package struct Status: Sendable {
        package var upload: UploadRecord
        package var parts: [StoredPart]
        /// Closed ranges of part numbers.
        package var missing: [ClosedRange<Int>]
        /// Bytes from the start without a gap.
        package var prefixBytes: Int64
    }

    /// Takes no lease: whoever asks never disturbs whoever writes.
    package func status(of record: UploadRecord) async throws(UploadFault) -> Status {
        guard record.state != .complete else {
            return Status(upload: record, parts: [], missing: [], prefixBytes: record.receivedBytes)
        }
        // Parts first: while the record that is read after them receives, they are its parts.
        let parts = try await parts(of: record)
        let record = try await reload(record)
        guard record.state != .complete else { return try await status(of: record) }
        let machine = UploadMachine(restoring: record, parts: parts, bounds: bounds)
        guard record.way == .parts else {
            return Status(upload: record, parts: [], missing: [], prefixBytes: record.receivedBytes)
        }
        let missing = record.layout.partSizeBytes == nil && record.layout.partCount == nil ? [] : machine.parts.missing
        return Status(
            upload: record, parts: parts, missing: record.state.isOpen ? missing : [],
            prefixBytes: machine.parts.prefixBytes)
    }

    func parts(of record: UploadRecord) async throws(UploadFault) -> [StoredPart] {
        try await translating { () throws(CatalogFault) in try await catalog.parts(of: record.fileID) }
    }

    /// A tenant's uploads, newest first.
    package func list(of tenant: TenantID, in states: Set<UploadState>, after cursor: UploadCursor?, limit: Int)
        async throws(UploadFault) -> [UploadRecord]
    {
        try await translating { () throws(CatalogFault) in
            try await catalog.uploads(of: tenant, in: states, after: cursor, limit: limit)
        }
    }
}
