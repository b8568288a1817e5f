import Synchronization
package import UploadModel
package import UploadStore

extension MemoryCatalog {
    package func create(
        _ upload: UploadRecord, within admission: Admission
    ) async throws(CatalogFault) -> CreateOutcome {
        try state.withLock { state throws(CatalogFault) in
            guard upload.state.isOpen || upload.state == .complete, state.uploads[upload.fileID] == nil else {
                throw CatalogFault(.failed, "create: the id is taken, or the upload has ended before it began")
            }
            if let alias = upload.alias {
                let standing = state.uploads.values.first {
                    $0.record.tenant == upload.tenant && $0.record.alias == alias
                }
                if let standing { return .aliasTaken(standing.record) }
            }
            var entry = Upload(record: upload)
            if upload.state == .receiving {
                let needed = admission.neededBytes(sizeBytes: upload.layout.sizeBytes)
                if let excess = state.excess(admission.quota, of: upload.tenant, adding: needed) {
                    return .overQuota(excess)
                }
                guard state.receiving(of: upload.tenant) < admission.maximumOpen else { return .tooManyOpen }
                entry.reservedBytes = admission.reservedBytes
            }
            state.uploads[upload.fileID] = entry
            return .created
        }
    }

    package func upload(_ id: FileID) async throws(CatalogFault) -> UploadRecord? {
        state.withLock { $0.uploads[id]?.record }
    }

    package func upload(_ reference: UploadReference, of tenant: TenantID) async throws(CatalogFault) -> UploadRecord? {
        state.withLock { Self.entry(reference, of: tenant, in: $0)?.record }
    }

    package func upload(
        _ reference: UploadReference, of tenant: TenantID, near number: Int
    ) async throws(CatalogFault) -> PartSurroundings? {
        state.withLock { state in
            guard let entry = Self.entry(reference, of: tenant, in: state) else { return nil }
            let highest = entry.parts.keys.max()
            let near = entry.parts.values.filter { $0.number == number || $0.number == highest }
            return PartSurroundings(upload: entry.record, parts: near.sorted { $0.number < $1.number })
        }
    }

    private static func entry(_ reference: UploadReference, of tenant: TenantID, in state: State) -> Upload? {
        state.uploads.values.first { entry in
            guard entry.record.tenant == tenant else { return false }
            return switch reference {
            case .fileID(let id): entry.record.fileID == id
            case .alias(let alias): entry.record.alias == alias
            }
        }
    }

    package func claim(
        _ id: FileID, on terms: ClaimTerms, now: Timestamp, expiresAt: Timestamp, within admission: Admission
    ) async throws(CatalogFault) -> ClaimOutcome {
        state.withLock { state in
            guard var upload = state.uploads[id] else { return .unknown }
            let isGranted = upload.record.state == .granted
            guard isGranted || upload.isUnusedLink else { return .taken(upload.record) }
            let growth =
                upload.record.layout.sizeBytes.map { isGranted ? $0 : 0 }
                ?? admission.neededBytes(sizeBytes: terms.sizeBytes) - upload.reservedBytes
            if let excess = state.excess(admission.quota, of: upload.record.tenant, adding: growth) {
                return .overQuota(excess)
            }
            if isGranted, state.receiving(of: upload.record.tenant) >= admission.maximumOpen { return .tooManyOpen }
            upload.reservedBytes = max(upload.reservedBytes, admission.reservedBytes)
            upload.record.state = .receiving
            upload.record.claimedAt = now
            upload.record.way = terms.way
            upload.record.expectedDigests = upload.record.expectedDigests.adding(terms.digests)
            upload.record.metadataJSON = terms.metadataJSON ?? upload.record.metadataJSON
            upload.record.layout.sizeBytes = upload.record.layout.sizeBytes ?? terms.sizeBytes
            if terms.way != .parts { upload.record.layout = PartLayout(sizeBytes: upload.record.layout.sizeBytes) }
            upload.record.expiresAt = max(upload.record.expiresAt, expiresAt)
            state.uploads[id] = upload
            return .claimed(upload.record)
        }
    }

    package func parts(of id: FileID) async throws(CatalogFault) -> [StoredPart] {
        state.withLock { state in
            (state.uploads[id]?.parts.values).map { $0.sorted { $0.number < $1.number } } ?? []
        }
    }

    package func record(
        _ part: StoredPart, of id: FileID, learning layout: PartLayout, detectedType: MediaType?,
        expiresAt: Timestamp, within quota: TenantQuota?
    ) async throws(CatalogFault) -> RecordOutcome {
        state.withLock { state in
            guard var upload = state.uploads[id], upload.record.state == .receiving, upload.record.claimedAt == nil,
                upload.record.way == .parts
            else { return .notReceiving(state.uploads[id]?.record.state) }
            let standing = upload.record.layout
            guard standing.agrees(with: layout) else { return .conflict(standing) }
            let replaced = upload.parts.updateValue(part, forKey: part.number)?.token
            upload.record.receivedBytes = upload.parts.values.reduce(0) { $0 + $1.range.length }
            let held = standing.sizeBytes ?? layout.sizeBytes ?? upload.record.receivedBytes
            let growth = held - (standing.sizeBytes ?? upload.reservedBytes)
            if let excess = state.excess(quota, of: upload.record.tenant, adding: growth) { return .overQuota(excess) }
            if quota != nil { upload.reservedBytes = upload.record.receivedBytes }
            upload.record.layout = PartLayout(
                partSizeBytes: standing.partSizeBytes ?? layout.partSizeBytes,
                partCount: standing.partCount ?? layout.partCount,
                sizeBytes: standing.sizeBytes ?? layout.sizeBytes)
            upload.record.detectedType = upload.record.detectedType ?? detectedType
            upload.record.expiresAt = max(upload.record.expiresAt, expiresAt)
            state.uploads[id] = upload
            return .recorded(upload.record, replaced: replaced == part.token ? nil : replaced)
        }
    }

    package func complete(
        _ id: FileID, with completion: Completion, announcing handoffs: [Handoff]
    ) async throws(CatalogFault) -> TransitionOutcome {
        try state.withLock { state throws(CatalogFault) in
            guard var upload = state.uploads[id] else { return .unknown }
            guard upload.record.state == .receiving else { return .refused(upload.record) }
            try state.announce(handoffs)
            upload.record = completion.applied(to: upload.record)
            upload.parts = [:]
            state.uploads[id] = upload
            if completion.wantsExamination {
                state.examinations[id] = Wanted(
                    wantedAt: completion.now, examination: Examination(fileID: id, state: .pending))
            }
            return .done(upload.record)
        }
    }

    package func end(
        _ id: FileID, as final: UploadState, now: Timestamp
    ) async throws(CatalogFault) -> TransitionOutcome {
        precondition(!final.isOpen && final != .complete, "an upload ends as failed, aborted or expired")
        return state.withLock { state in
            guard let upload = state.uploads[id] else { return .unknown }
            guard upload.record.state.isOpen, final != .expired || upload.record.expiresAt <= now else {
                return .refused(upload.record)
            }
            return .done(state.end(upload, as: final, now: now))
        }
    }

    package func endInterruptedStreams(now: Timestamp) async throws(CatalogFault) -> [UploadRecord] {
        state.withLock { state in
            let streams = state.uploads.values.filter { upload in
                upload.record.state == .receiving && upload.record.claimedAt != nil && upload.record.way == .parts
            }
            return streams.map { state.end($0, as: .failed, now: now) }
        }
    }

    package func withdraw(
        _ id: FileID, now: Timestamp, announcing handoffs: [Handoff]
    ) async throws(CatalogFault) -> TransitionOutcome {
        try state.withLock { state throws(CatalogFault) in
            guard let upload = state.uploads[id] else { return .unknown }
            guard upload.record.state == .complete, !state.isUsed(id) else { return .refused(upload.record) }
            try state.announce(handoffs)
            return state.endFile(id, now: now).first.map { .done($0) } ?? .refused(upload.record)
        }
    }

    package func uploads(
        of tenant: TenantID?, in states: Set<UploadState>, after cursor: UploadCursor?, limit: Int
    ) async throws(CatalogFault) -> [UploadRecord] {
        state.withLock { $0.page(of: tenant, in: states, after: cursor, limit: limit) }
    }

    package func expired(before now: Timestamp, limit: Int) async throws(CatalogFault) -> [UploadRecord] {
        state.withLock { state in
            let over = state.uploads.values.map(\.record).filter { upload in
                upload.state.isOpen && upload.expiresAt < now
                    && upload.home.map { state.uploads[$0.fileID]?.record.state != .receiving } ?? true
            }
            let sorted = over.sorted { ($0.expiresAt, $0.fileID.text) < ($1.expiresAt, $1.fileID.text) }
            return Array(sorted.prefix(max(0, limit)))
        }
    }

    package func forgetEnded(before moment: Timestamp, limit: Int) async throws(CatalogFault) -> Int {
        state.withLock { state in
            let old = state.uploads.values.compactMap { upload in
                upload.endedAt.flatMap { $0 < moment ? (endedAt: $0, id: upload.record.fileID) : nil }
            }
            let oldest = old.sorted { $0.endedAt < $1.endedAt }.prefix(max(0, limit))
            for upload in oldest { state.uploads[upload.id] = nil }
            return oldest.count
        }
    }

    package func references() async throws(CatalogFault) -> [ObjectReference] {
        state.withLock { state in
            let holding = state.uploads.values.filter { [.receiving, .complete].contains($0.record.state) }
            return holding.sorted { $0.record.fileID.text < $1.record.fileID.text }.map { upload in
                let parts = upload.parts.values.sorted { $0.number < $1.number }
                return ObjectReference(
                    fileID: upload.record.fileID, objectKey: upload.record.objectKey, state: upload.record.state,
                    sizeBytes: upload.record.state == .complete ? upload.record.layout.sizeBytes : nil,
                    spooled: parts.map(\.token).filter { $0 != .inPlace })
            }
        }
    }
}
