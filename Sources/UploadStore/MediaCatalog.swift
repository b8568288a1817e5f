package import UploadModel

/// Media items and posts: what clients make of finished files.
///
/// Hand-offs given with a change are written in its transaction: both stand or neither.
package protocol MediaCatalog: Sendable {
    /// Turns a complete file into a media item, once.
    ///
    /// - Parameters:
    ///   - item: the item, without a post; its `fileID` must name a complete upload of its tenant.
    ///   - fingerprint: a digest of everything the client asked for. The same file with the same fingerprint
    ///     replays, with another conflicts.
    ///   - idempotencyKey: the client's, unique in its tenant.
    ///   - handoffs: written only when the item is made.
    func finalize(
        _ item: MediaItem, fingerprint: String, idempotencyKey: String?, announcing handoffs: [Handoff]
    ) async throws(CatalogFault) -> FinalizeOutcome

    /// The item that an idempotency key already made.
    func finalized(idempotencyKey: String, of tenant: TenantID) async throws(CatalogFault) -> (
        item: MediaItem, fingerprint: String
    )?

    /// Adds a post and its items, all or none.
    ///
    /// - Parameters:
    ///   - items: in the order of the post; each names a complete upload of the tenant, and a file may have any
    ///     number of such items.
    ///   - idempotencyKey: the client's, unique among the posts of its tenant; without one every post is a new one.
    func add(
        _ post: Post, items: [MediaItem], fingerprint: String, idempotencyKey: String?, announcing handoffs: [Handoff]
    ) async throws(CatalogFault) -> PostOutcome

    /// The post that an idempotency key already made.
    func post(idempotencyKey: String, of tenant: TenantID) async throws(CatalogFault) -> (
        post: Post, fingerprint: String
    )?

    func item(_ id: MediaItemID, kind: MediaKind?, of tenant: TenantID) async throws(CatalogFault) -> MediaItem?

    /// The item that a client made of its upload; items of posts are not meant.
    func item(of file: FileID) async throws(CatalogFault) -> MediaItem?

    /// Every item of a file, those of posts too, oldest first.
    func items(of file: FileID) async throws(CatalogFault) -> [MediaItem]

    /// A tenant's items of a kind, newest first.
    ///
    /// - Parameter status: only those; `nil` for all.
    func items(
        of tenant: TenantID, kind: MediaKind, status: MediaItemStatus?, after cursor: MediaItemCursor?, limit: Int
    ) async throws(CatalogFault) -> [MediaItem]

    /// Replaces what may change of an item: `request`, `original`, `status`, `dueAt`, `results` and `updatedAt`; holds
    /// only while the stored revision is `item.revision`, and counts it up.
    func update(_ item: MediaItem, announcing handoffs: [Handoff]) async throws(CatalogFault) -> UpdateOutcome

    /// Scheduled items whose moment has come, the longest overdue first.
    func due(at now: Timestamp, limit: Int) async throws(CatalogFault) -> [MediaItem]

    /// Deletes an item; holds only while the stored revision is `item.revision`. A file that was this item's own and
    /// is in no other item ends with it, and so do its copies that are in none.
    func delete(_ item: MediaItem, now: Timestamp, announcing handoffs: [Handoff]) async throws(CatalogFault)
        -> DeleteOutcome

    /// Deletes a complete file, its items, and its copies that are in no item; holds only while its items are exactly
    /// `items`.
    func delete(
        _ file: FileID, of tenant: TenantID, items: [MediaItemID], now: Timestamp, announcing handoffs: [Handoff]
    ) async throws(CatalogFault) -> DeleteOutcome

    /// A tenant's complete files, copies left out, newest first.
    func gallery(of tenant: TenantID, after cursor: UploadCursor?, limit: Int) async throws(CatalogFault)
        -> [GalleryEntry]

    /// Complete files that were completed before a moment, copies left out, oldest first.
    func files(completedBefore moment: Timestamp, limit: Int) async throws(CatalogFault) -> [UploadRecord]
}

/// What is found out of finished files by looking into them.
package protocol ExaminationCatalog: Sendable {
    /// Complete files that wait for their turn, oldest first.
    func pendingExaminations(limit: Int) async throws(CatalogFault) -> [UploadRecord]

    /// What was found out; `nil` for a file that nobody wants to be looked at.
    func examination(of file: FileID) async throws(CatalogFault) -> Examination?

    /// Those of some files that have one.
    func examinations(of files: [FileID]) async throws(CatalogFault) -> [FileID: Examination]

    /// Records what was found out; holds only while the examination is pending and the file, and the copy if there is
    /// one, are complete. Answers whether it held.
    func record(_ examination: Examination) async throws(CatalogFault) -> Bool
}

package enum FinalizeOutcome: Hashable, Sendable {
    case made(MediaItem)
    /// The same request was served before; this is its item.
    case replayed(MediaItem)
    /// The file or the idempotency key was finalized with another content.
    case conflict
    /// The file is not (or no longer) complete.
    case notComplete
}

package enum PostOutcome: Hashable, Sendable {
    case made(Post)
    /// The same request was served before; this is its post.
    case replayed(Post)
    /// The idempotency key was used with another content.
    case conflict
    /// This file is not (or no longer) complete, or not the tenant's.
    case notComplete(FileID)
}

package enum UpdateOutcome: Hashable, Sendable {
    /// With its new revision.
    case done(MediaItem)
    /// Somebody else changed it since it was read; this stands.
    case changed(MediaItem)
    case unknown
}

package enum DeleteOutcome: Hashable, Sendable {
    /// The uploads that ended with it; their bytes are to be freed.
    case done([UploadRecord])
    /// Somebody else changed something since it was read.
    case changed
    case unknown
}

/// A place in a list of items, newest first.
package struct MediaItemCursor: Hashable, Sendable {
    package let createdAt: Timestamp
    package let id: MediaItemID

    package init(createdAt: Timestamp, id: MediaItemID) {
        self.createdAt = createdAt
        self.id = id
    }
}

/// A finished file as the gallery shows it.
package struct GalleryEntry: Hashable, Sendable {
    package let upload: UploadRecord
    /// The file's own, else that of the item that was made of it.
    package let description: String?

    package init(upload: UploadRecord, description: String?) {
        self.upload = upload
        self.description = description
    }
}
