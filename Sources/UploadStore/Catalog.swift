package import UploadModel

/// All that a gateway remembers, apart from bytes.
///
/// Every change is atomic, durable when the call returns, and *conditional where two may race*: one statement
/// whose condition is checked by the database itself, never a read followed by a write. A call whose condition
/// did not hold changes nothing and says what stands instead.
///
/// ## How the ports map to PostgreSQL
///
/// Each conditional call is one `UPDATE … WHERE … RETURNING` or `INSERT … ON CONFLICT … RETURNING`, with the row
/// counts deciding; counting for admission is part of the inserting statement. Records and their parts change in
/// one transaction. Times are arguments, so that all nodes judge by the clock of the request, not of the database.
/// For quotas see ``QuotaCatalog``.
package typealias Catalog = UploadCatalog & KeyCatalog & MediaCatalog & ExaminationCatalog & HandoffCatalog

/// The truth about uploads.
package protocol UploadCatalog: QuotaCatalog {
    /// Adds an upload.
    ///
    /// - Parameter admission: the bounds for an upload that is `receiving`; a merely granted one holds nothing and is
    ///   judged when its link is claimed, not here.
    func create(_ upload: UploadRecord, within admission: Admission) async throws(CatalogFault) -> CreateOutcome

    func upload(_ id: FileID) async throws(CatalogFault) -> UploadRecord?

    /// The upload that a tenant means by an id or an alias; `nil` also when it is another tenant's.
    func upload(_ reference: UploadReference, of tenant: TenantID) async throws(CatalogFault) -> UploadRecord?

    /// The same, with what the rules need to judge one of its parts, all of one moment.
    func upload(_ reference: UploadReference, of tenant: TenantID, near number: Int) async throws(CatalogFault)
        -> PartSurroundings?

    /// Uses up the one-shot link of an upload: `granted` becomes `receiving`, or an upload that is `receiving`
    /// without any part is claimed. Of any number of callers one gets ``ClaimOutcome/claimed(_:)``.
    ///
    /// - Parameters:
    ///   - expiresAt: the upload lives at least until then: a transfer that began may outlast its link.
    ///   - terms: how the bytes will come, and what is learned of the file.
    ///   - admission: the bounds for an upload that was `granted`; the quota also for one that is `receiving` and whose
    ///     size was not known. Who is refused by them leaves the link as it is.
    func claim(
        _ id: FileID, on terms: ClaimTerms, now: Timestamp, expiresAt: Timestamp, within admission: Admission
    ) async throws(CatalogFault) -> ClaimOutcome

    /// The parts of an upload, by number.
    func parts(of id: FileID) async throws(CatalogFault) -> [StoredPart]

    /// Records a part that is durable, replacing one of the same number, and what was learned of the layout.
    ///
    /// Holds only while the upload is `receiving`, takes parts, its link was not claimed, and each value of `layout` that
    /// is known on both sides agrees.
    ///
    /// - Parameter quota: refuse a part with which an upload of unknown size, or of the size that it teaches, would
    ///   hold more than its tenant may; what stands there already stays. `nil` where the size is known, and for no
    ///   bound: then what the upload holds is left as it is.
    func record(
        _ part: StoredPart, of id: FileID, learning layout: PartLayout, detectedType: MediaType?,
        expiresAt: Timestamp, within quota: TenantQuota?
    ) async throws(CatalogFault) -> RecordOutcome

    /// Lets an upload grow whose bytes come in order. Holds only while it is `receiving`, has received exactly
    /// ``Growth/fromBytes``, takes its bytes in order (or has none yet and was not claimed: then it takes them in order
    /// from now on), and its size and each digest, if it is known on both sides, agree.
    ///
    /// - Parameter quota: refuse what its tenant may not hold any more; `nil` for no bound.
    func append(_ growth: Growth, to id: FileID, expiresAt: Timestamp, within quota: TenantQuota?)
        async throws(CatalogFault) -> AppendOutcome

    /// Gives pieces that are still empty their places in the object of the upload that they are to be joined to. From then
    /// on their bytes are that one's: they count in it alone, end with it, in whichever way it ends and also when it was
    /// complete, do not expire before it while it is `receiving`, and give it new time when they grow.
    ///
    /// Holds for each piece only while it is `partial` and `receiving`, was not claimed, is of known size, has received
    /// nothing and has no place yet, and while its home is `joined`, `receiving` and of the same tenant.
    ///
    /// - Parameter places: where the first byte of each is to stand, in bytes.
    /// - Returns: those that have it now.
    func place(_ places: [FileID: Int64], in home: FileID) async throws(CatalogFault) -> Set<FileID>

    /// Uploads that are to be put together of others and are not yet, oldest first.
    func joining(after cursor: UploadCursor?, limit: Int) async throws(CatalogFault) -> [UploadRecord]

    /// Makes an upload complete; holds only while it is `receiving`. The hand-offs are written with the change, or
    /// not at all.
    func complete(_ id: FileID, with completion: Completion, announcing handoffs: [Handoff])
        async throws(CatalogFault) -> TransitionOutcome

    /// Ends an open upload as `failed`, `aborted` or `expired`, forgets its parts and frees its alias. It expires only if
    /// its time is over: a part that was recorded a moment ago gave it new time.
    func end(_ id: FileID, as state: UploadState, now: Timestamp) async throws(CatalogFault) -> TransitionOutcome

    /// Ends every upload that was claimed for one stream and is still `receiving` as `failed`; answers them. Such a stream
    /// is whole or nothing: when the process that took it is gone nothing was acknowledged, and nothing of it can be
    /// continued. Called where no stream can be running, before the first.
    func endInterruptedStreams(now: Timestamp) async throws(CatalogFault) -> [UploadRecord]

    /// Ends a complete upload and its copies as `aborted`; holds only while no media item was made of it. Copies that
    /// are in an item stay.
    func withdraw(_ id: FileID, now: Timestamp, announcing handoffs: [Handoff]) async throws(CatalogFault)
        -> TransitionOutcome

    /// A tenant's uploads (every tenant's for `nil`), newest first, copies left out.
    func uploads(of tenant: TenantID?, in states: Set<UploadState>, after cursor: UploadCursor?, limit: Int)
        async throws(CatalogFault) -> [UploadRecord]

    /// Open uploads whose time is over, oldest first; without pieces that have their place in an upload that still
    /// receives.
    func expired(before now: Timestamp, limit: Int) async throws(CatalogFault) -> [UploadRecord]

    /// Deletes the records of uploads that ended (not complete) before a moment; answers how many.
    func forgetEnded(before moment: Timestamp, limit: Int) async throws(CatalogFault) -> Int

    /// Ends copies that no examination names, that no media item was made of, and that were completed before a moment:
    /// leftovers. Answers how many. Their bytes are then nobody's.
    func endStrayCopies(completedBefore moment: Timestamp, now: Timestamp) async throws(CatalogFault) -> Int

    /// Everything that the byte store should hold, for `check`.
    func references() async throws(CatalogFault) -> [ObjectReference]

    /// Proves that a change can be made durable; for readiness.
    func checkWritable() async throws(CatalogFault)
}

/// API keys and the keys that sign links.
package protocol KeyCatalog: Sendable {
    func add(_ key: APIKeyRecord) async throws(CatalogFault)
    /// By hash, revoked ones too.
    func apiKey(hashHex: String) async throws(CatalogFault) -> APIKeyRecord?
    /// Oldest first.
    func apiKeys() async throws(CatalogFault) -> [APIKeyRecord]
    /// Another number once a key was revoked or a signing key added, by whichever process, so that whoever remembers keys
    /// can tell at once that he must look again: what is read after this was asked for stands as long as it is the same.
    /// It is another one each time while ``revoke(_:now:)`` or ``rotate(to:revokingOthers:)`` runs, and it is another one
    /// than before also where the process that ran it was killed. For a moment after a change, or while another looks, it
    /// may be another one each time without need. Cheap to ask for.
    var keyChangeCount: Int64 { get }
    /// Answers whether there was such a key that was not revoked yet.
    func revoke(_ id: APIKeyID, now: Timestamp) async throws(CatalogFault) -> Bool

    /// Adds a signing key and retires the others at that moment: they sign nothing more, and what they signed stays
    /// good.
    ///
    /// - Parameter revokingOthers: forgets the others instead, so that nothing that they signed is good any more.
    func rotate(to key: GrantKeyRecord, revokingOthers: Bool) async throws(CatalogFault)
    /// Adds a signing key only if there is none; answers all, newest first. Atomic: of many nodes that start at
    /// once one adds.
    func grantKeys(orAdd key: GrantKeyRecord) async throws(CatalogFault) -> [GrantKeyRecord]
}

/// An upload, and of its parts those by which one of them is judged: the part of that number, if it is recorded, and
/// the highest one.
package struct PartSurroundings: Hashable, Sendable {
    package let upload: UploadRecord
    package let parts: [StoredPart]

    package init(upload: UploadRecord, parts: [StoredPart]) {
        self.upload = upload
        self.parts = parts
    }
}

package enum CreateOutcome: Hashable, Sendable {
    case created
    /// The tenant already calls an upload so; this is it.
    case aliasTaken(UploadRecord)
    case tooManyOpen
    case overQuota(QuotaExcess)
}

package enum ClaimOutcome: Hashable, Sendable {
    case claimed(UploadRecord)
    /// The link was used, or the upload has parts or has ended.
    case taken(UploadRecord)
    case tooManyOpen
    case overQuota(QuotaExcess)
    case unknown
}

package enum RecordOutcome: Hashable, Sendable {
    /// With what stands now; `replaced` is the token of the part that stood there before.
    case recorded(UploadRecord, replaced: PieceToken?)
    /// Another request settled the layout differently; this is it.
    case conflict(PartLayout)
    case overQuota(QuotaExcess)
    /// The upload takes no parts: it is not receiving any more, or (state `receiving`) its link was claimed.
    case notReceiving(UploadState?)
}

/// By what an upload grows whose bytes come in order.
package struct Growth: Hashable, Sendable {
    /// The offset before.
    package var fromBytes: Int64
    /// The piece as it stands then, perhaps longer than before: its end is the new offset. `nil` where no bytes came.
    package var piece: StoredPart?
    /// The length of the file, if this request told it.
    package var sizeBytes: Int64?
    /// What the whole file must have, if this request told it.
    package var fileDigests: [DigestAlgorithm: Digest]
    package var detectedType: MediaType?
    /// What an upload of unknown size holds of its tenant's quota then, if that is more than it has received.
    package var heldBytes: Int64

    package init(
        fromBytes: Int64, piece: StoredPart?, sizeBytes: Int64? = nil, fileDigests: [DigestAlgorithm: Digest] = [:],
        detectedType: MediaType? = nil, heldBytes: Int64 = 0
    ) {
        self.fromBytes = fromBytes
        self.piece = piece
        self.sizeBytes = sizeBytes
        self.fileDigests = fileDigests
        self.detectedType = detectedType
        self.heldBytes = heldBytes
    }

    /// The offset after.
    package var toBytes: Int64 { piece?.range.end ?? fromBytes }
}

package enum AppendOutcome: Hashable, Sendable {
    case grown(UploadRecord)
    /// It has another offset, size or digest, takes its bytes another way, or is not receiving; this is it.
    case refused(UploadRecord)
    case overQuota(QuotaExcess)
    case unknown
}

package enum TransitionOutcome: Hashable, Sendable {
    case done(UploadRecord)
    /// Nothing changed; this stands.
    case refused(UploadRecord)
    case unknown
}

/// What a completed upload has become.
package struct Completion: Hashable, Sendable {
    package var sizeBytes: Int64
    package var crc32c: CRC32C
    package var sha256: Digest?
    package var detectedType: MediaType?
    package var now: Timestamp
    /// What the client told of the file only after its bytes, if it did.
    package var naming: Naming?
    /// Whether facts are to be found out, and of an image a copy to be made.
    package var wantsExamination: Bool

    package init(
        sizeBytes: Int64, crc32c: CRC32C, sha256: Digest?, detectedType: MediaType?, now: Timestamp,
        naming: Naming? = nil, wantsExamination: Bool = false
    ) {
        self.sizeBytes = sizeBytes
        self.crc32c = crc32c
        self.sha256 = sha256
        self.detectedType = detectedType
        self.now = now
        self.naming = naming
        self.wantsExamination = wantsExamination
    }

    /// Name, type and description, where they stand behind the bytes in a request.
    package struct Naming: Hashable, Sendable {
        package var fileName: FileName
        package var declaredType: MediaType?
        package var description: String?

        package init(fileName: FileName, declaredType: MediaType?, description: String?) {
            self.fileName = fileName
            self.declaredType = declaredType
            self.description = description
        }
    }

    /// The record as it is after this completion.
    package func applied(to upload: UploadRecord) -> UploadRecord {
        var complete = upload
        complete.state = .complete
        complete.layout.sizeBytes = sizeBytes
        complete.receivedBytes = sizeBytes
        complete.crc32c = crc32c
        complete.sha256 = sha256
        complete.detectedType = detectedType ?? upload.detectedType
        complete.completedAt = now
        if let naming {
            complete.fileName = naming.fileName
            complete.declaredType = naming.declaredType
            complete.description = naming.description
        }
        return complete
    }
}

/// A place in a list that is ordered by age.
package struct UploadCursor: Hashable, Sendable {
    package let createdAt: Timestamp
    package let fileID: FileID

    package init(createdAt: Timestamp, fileID: FileID) {
        self.createdAt = createdAt
        self.fileID = fileID
    }
}

/// What the catalog says about an object of the byte store.
package struct ObjectReference: Hashable, Sendable {
    package let fileID: FileID
    package let objectKey: ObjectKey
    package let state: UploadState
    /// Of a complete file.
    package let sizeBytes: Int64?
    /// Tokens of its recorded pieces that are not at their place.
    package let spooled: [PieceToken]

    package init(fileID: FileID, objectKey: ObjectKey, state: UploadState, sizeBytes: Int64?, spooled: [PieceToken]) {
        self.fileID = fileID
        self.objectKey = objectKey
        self.state = state
        self.sizeBytes = sizeBytes
        self.spooled = spooled
    }
}
