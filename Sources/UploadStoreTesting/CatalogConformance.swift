import UploadModel
package import UploadStore

/// What every catalog must do. The races are run over two instances of the same catalog, as two nodes would.
package struct CatalogConformance {
    /// Opens the catalog of one place.
    package typealias Open = @Sendable () async throws -> any Catalog
    package typealias Check = ConformanceCheck<Open>

    package static let checks: [Check] =
        creating + claiming + recording + ending + listing + keys + media
}

/// Moments and records that the checks are made of.
enum Sample {
    /// Any moment will do.
    static let start = Timestamp(milliseconds: 1_700_000_000_000)

    static func tenant(_ text: String = "acme") throws -> TenantID { try unwrap(TenantID(text)) }

    static func sha256(_ byte: UInt8) throws -> Digest {
        try unwrap(Digest(.sha256, bytes: Array(repeating: byte, count: 32)))
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

    static func item(_ upload: UploadRecord, description: String? = nil) -> MediaItem {
        MediaItem(
            id: .random(now: start), tenant: upload.tenant, fileID: upload.fileID,
            request: MediaItemRequest(kind: .video, description: description, platforms: [.tiktok]),
            status: .pending, createdAt: start, updatedAt: start)
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
        let begun = try Sample.upload(
            state == .granted ? .granted : .receiving, of: tenant, alias: alias, at: seconds)
        try await add(begun)
        switch state {
        case .granted, .receiving:
            return begun
        case .complete:
            return try await complete(begun.fileID, with: Sample.completion()).requireDone()
        case .failed, .aborted, .expired:
            return try await end(begun.fileID, as: state, now: Sample.start.adding(seconds: endedAt)).requireDone()
        }
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
