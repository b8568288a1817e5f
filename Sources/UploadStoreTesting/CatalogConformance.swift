import UploadModel
package import UploadStore

/// What every catalog must do. The races are run over two instances of the same catalog, as two nodes would.
package struct CatalogConformance {
    /// Opens the catalog of one place.
    package typealias Open = @Sendable () async throws -> any Catalog
    package typealias Check = ConformanceCheck<Open>

    package static let checks: [Check] =
        creating + claiming + recording + appending + placing + ending + listing + keys + media + items
        + deleting + posts
        + handoffs
        + examinations + quotas + quotaRaces + quotaWalk
}

/// Moments and records that the checks are made of.
enum Sample {
    /// Any moment will do.
    static let start = Timestamp(milliseconds: 1_700_000_000_000)
    /// When the time of every sample is over.
    static let longAfter = start.adding(seconds: 1_000_000)

    static func tenant(_ text: String = "acme") throws -> TenantID { try unwrap(TenantID(text)) }

    static func sha256(_ byte: UInt8) throws -> Digest { try digest(.sha256, byte) }

    static func digest(_ algorithm: DigestAlgorithm, _ byte: UInt8) throws -> Digest {
        try unwrap(Digest(algorithm, bytes: Array(repeating: byte, count: algorithm.byteCount)))
    }

    /// A digest of each algorithm.
    static func digests(_ byte: UInt8) throws -> [DigestAlgorithm: Digest] {
        try DigestAlgorithm.allCases.reduce(into: [:]) { $0[$1] = try digest($1, byte) }
    }

    static func upload(
        _ state: UploadState = .receiving, of tenant: TenantID? = nil, alias: String? = nil, at seconds: Int64 = 0,
        lifetimeSeconds: Int64 = 3600
    ) throws -> UploadRecord {
        let createdAt = start.adding(seconds: seconds)
        return UploadRecord(
            fileID: .random(), tenant: try tenant ?? Self.tenant(),
            alias: try alias.map { try unwrap(UploadAlias($0)) },
            fileName: try unwrap(FileName("clip.mov")), declaredType: MediaType("video/quicktime"),
            layout: PartLayout(), maximumBytes: 1 << 40, state: state, createdAt: createdAt,
            expiresAt: createdAt.adding(seconds: lifetimeSeconds))
    }

    static func part(_ number: Int, bytes: Int64 = 100, token: PieceToken = .inPlace) -> StoredPart {
        StoredPart(
            number: number, range: ByteRange(start: Int64(number - 1) * 100, length: bytes),
            crc32c: CRC32C(UInt32(number)), token: token)
    }

    static func completion(bytes: Int64 = 100, at seconds: Int64 = 10) -> Completion {
        Completion(
            sizeBytes: bytes, crc32c: CRC32C(0xFEDC_BA98), sha256: nil, detectedType: nil,
            now: start.adding(seconds: seconds))
    }

    static func item(
        _ upload: UploadRecord, kind: MediaKind = .video, description: String? = nil, post: MediaItemID? = nil,
        at seconds: Int64 = 0
    ) -> MediaItem {
        let createdAt = start.adding(seconds: seconds)
        return MediaItem(
            id: .random(now: createdAt), tenant: upload.tenant, fileID: upload.fileID, postID: post,
            request: MediaItemRequest(kind: kind, description: description, platforms: [.tiktok]),
            status: .pending, createdAt: createdAt, updatedAt: createdAt)
    }

    /// A post with an item for each of some files.
    static func post(_ uploads: [UploadRecord], at seconds: Int64 = 0) throws -> (post: Post, items: [MediaItem]) {
        let createdAt = start.adding(seconds: seconds)
        let id = MediaItemID.random(now: createdAt)
        let items = uploads.map { item($0, kind: .image, post: id, at: seconds) }
        let post = Post(
            id: id, tenant: try uploads.first?.tenant ?? tenant(), text: "words – été 🎬", scheduledAt: nil,
            createdAt: createdAt, items: items.map(\.id))
        return (post, items)
    }

    static func endpoint(_ name: String = "app") throws -> EndpointName { try unwrap(EndpointName(name)) }

    static func handoff(
        _ file: FileID = .random(), _ kind: HandoffKind = .uploadCompleted, to name: String = "app",
        at seconds: Int64 = 0
    ) throws -> Handoff {
        Handoff(
            id: .random(), endpoint: try endpoint(name), kind: kind, fileID: file, tenant: try tenant(),
            createdAt: start.adding(seconds: seconds), body: #"{"née":"' OR 1=1 --"}"#)
    }
}

extension UploadCatalog {
    /// Adds an upload that must be accepted.
    func add(_ upload: UploadRecord) async throws {
        try requireEqual(await create(upload, maximumOpen: 1_000_000), .created, "create")
    }

    /// Adds an upload and brings it to a state, the way a gateway does.
    func add(
        _ state: UploadState, of tenant: TenantID? = nil, alias: String? = nil, at seconds: Int64 = 0,
        endedAt: Int64 = 20
    ) async throws -> UploadRecord {
        var begun = try Sample.upload(
            state == .granted ? .granted : .receiving, of: tenant, alias: alias, at: seconds)
        if state == .expired { begun.expiresAt = Sample.start.adding(seconds: endedAt) }
        try await add(begun)
        switch state {
        case .granted, .receiving:
            return begun
        case .complete:
            return try await complete(begun.fileID, with: Sample.completion(), announcing: []).requireDone()
        case .failed, .aborted, .expired:
            return try await end(begun.fileID, as: state, now: Sample.start.adding(seconds: endedAt)).requireDone()
        }
    }

    /// Adds the resized copy of an image.
    func addCopy(of original: UploadRecord, at seconds: Int64 = 0) async throws -> UploadRecord {
        var begun = try Sample.upload(of: original.tenant, at: seconds)
        begun.originalID = original.fileID
        try await add(begun)
        return try await complete(begun.fileID, with: Sample.completion(at: seconds), announcing: []).requireDone()
    }

    /// Adds a file that was completed then.
    func addFile(
        completedAt seconds: Int64, wantsExamination: Bool = false, announcing handoffs: [Handoff] = []
    ) async throws -> UploadRecord {
        let begun = try Sample.upload()
        try await add(begun)
        var completion = Sample.completion(at: seconds)
        completion.wantsExamination = wantsExamination
        return try await complete(begun.fileID, with: completion, announcing: handoffs).requireDone()
    }

    func record(
        _ part: StoredPart, of upload: UploadRecord, learning layout: PartLayout = PartLayout()
    ) async throws -> RecordOutcome {
        try await record(part, of: upload.fileID, learning: layout, detectedType: nil, expiresAt: upload.expiresAt)
    }

    /// The record as it stands.
    func standing(_ upload: UploadRecord) async throws -> UploadRecord {
        try unwrap(await self.upload(upload.fileID), "the upload")
    }
}

extension MediaCatalog {
    func finalize(
        _ item: MediaItem, fingerprint: String = "f", key: String? = nil
    ) async throws(CatalogFault) -> FinalizeOutcome {
        try await finalize(item, fingerprint: fingerprint, idempotencyKey: key, announcing: [])
    }

    /// Makes an item, its post too if it has one, that must be accepted.
    func make(_ item: MediaItem) async throws {
        guard let post = item.postID else { return try requireEqual(await finalize(item), .made(item)) }
        let single = Post(
            id: post, tenant: item.tenant, text: "", scheduledAt: nil, createdAt: item.createdAt, items: [item.id])
        try requireEqual(await add(single, items: [item]), .made(single))
    }

    func add(
        _ post: Post, items: [MediaItem], fingerprint: String = "f", key: String? = nil
    ) async throws(CatalogFault) -> PostOutcome {
        try await add(post, items: items, fingerprint: fingerprint, idempotencyKey: key, announcing: [])
    }
}

extension HandoffCatalog {
    /// Everything in the outbox, as it was written.
    func announced() async throws -> [Handoff] {
        try await handoffs(in: nil, after: nil, limit: 1000).map(\.handoff)
    }
}

extension TransitionOutcome {
    func requireDone(file: StaticString = #fileID, line: UInt = #line) throws -> UploadRecord {
        guard case .done(let upload) = self else {
            throw ConformanceFailure("a transition that should be done was \(self) (\(file):\(line))")
        }
        return upload
    }
}

extension RecordOutcome {
    /// The record after a part was recorded.
    func requireRecorded(file: StaticString = #fileID, line: UInt = #line) throws -> UploadRecord {
        guard case .recorded(let upload, _) = self else {
            throw ConformanceFailure("a part that should be recorded was \(self) (\(file):\(line))")
        }
        return upload
    }
}

/// Requires that a change is refused with an error.
func requireFault(
    _ what: String, file: StaticString = #fileID, line: UInt = #line, _ body: () async throws -> Void
) async throws {
    do {
        try await body()
    } catch is CatalogFault {
        return
    }
    throw ConformanceFailure("\(what) should fail (\(file):\(line))")
}
