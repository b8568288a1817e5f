import Synchronization
import UploadModel
package import UploadStore

/// The catalog as plain values under one lock: what the others are compared with. Nothing survives the process.
package final class MemoryCatalog: Catalog, Sendable {
    struct Upload {
        var record: UploadRecord
        var parts: [Int: StoredPart] = [:]
        /// While its size is not known: what it holds of its tenant's quota.
        var reservedBytes: Int64 = 0
        var endedAt: Timestamp?

        /// As it is once it has ended: without its parts it has received nothing, and its alias is free.
        func ended(as final: UploadState, now: Timestamp) -> Upload {
            var upload = self
            upload.record.state = final
            upload.record.alias = nil
            upload.record.receivedBytes = 0
            upload.parts = [:]
            upload.endedAt = now
            return upload
        }

        /// Whether it was begun in parts, yet may still be filled through its link.
        var isUnusedLink: Bool {
            record.state == .receiving && record.claimedAt == nil && record.way == .parts && parts.isEmpty
        }
    }

    struct Finalized {
        var item: MediaItem
        let fingerprint: String
        let idempotencyKey: String?
    }

    struct Posted {
        let post: Post
        let fingerprint: String
        let idempotencyKey: String?
    }

    struct Wanted {
        let wantedAt: Timestamp
        var examination: Examination
    }

    struct State {
        var uploads: [FileID: Upload] = [:]
        /// In the order in which they were added.
        var apiKeys: [APIKeyRecord] = []
        /// In the order in which they were added.
        var grantKeys: [GrantKeyRecord] = []
        /// How often a signing key was added.
        var rotations: Int64 = 0
        var items: [Finalized] = []
        var posts: [Posted] = []
        var examinations: [FileID: Wanted] = [:]
        /// By sequence.
        var outbox: [QueuedHandoff] = []
        /// Never used again, also when its hand-off is gone.
        var lastSequence: Int64 = 0

        func receiving(of tenant: TenantID) -> Int {
            uploads.values.count { $0.record.tenant == tenant && $0.record.state == .receiving }
        }

        /// The records of some uploads that are no copies, newest first, from a cursor on.
        func page(
            of tenant: TenantID?, in states: Set<UploadState>, after cursor: UploadCursor?, limit: Int
        ) -> [UploadRecord] {
            func isNewer(_ left: UploadCursor, _ right: UploadCursor) -> Bool {
                (left.createdAt, left.fileID.text) > (right.createdAt, right.fileID.text)
            }
            let found = uploads.values.map(\.record).filter { record in
                (tenant == nil || record.tenant == tenant) && states.contains(record.state)
                    && record.originalID == nil && cursor.map { isNewer($0, record.place) } ?? true
            }
            return Array(found.sorted { isNewer($0.place, $1.place) }.prefix(max(0, limit)))
        }

        /// Whether a file is complete and a tenant's.
        func isComplete(_ file: FileID, of tenant: TenantID) -> Bool {
            uploads[file].map { $0.record.tenant == tenant && $0.record.state == .complete } ?? false
        }

        func isUsed(_ file: FileID) -> Bool { items.contains { $0.item.fileID == file } }

        /// Ends a complete file and its copies, but for copies that are in items of their own; answers what ended, the
        /// file first.
        mutating func endFile(_ id: FileID, now: Timestamp) -> [UploadRecord] {
            guard let file = endComplete(id, now: now) else { return [] }
            examinations[id] = nil
            let copies = uploads.values.map(\.record).filter { $0.originalID == id && !isUsed($0.fileID) }
            return [file] + copies.compactMap { endComplete($0.fileID, now: now) }
        }

        mutating func endComplete(_ id: FileID, now: Timestamp) -> UploadRecord? {
            guard let upload = uploads[id], upload.record.state == .complete else { return nil }
            return end(upload, as: .aborted, now: now)
        }

        /// Ends an upload, and the pieces whose bytes stand in it; answers the upload.
        mutating func end(_ upload: Upload, as final: UploadState, now: Timestamp) -> UploadRecord {
            let ended = upload.ended(as: final, now: now)
            uploads[ended.record.fileID] = ended
            for (id, piece) in uploads
            where piece.record.home?.fileID == ended.record.fileID && piece.record.state == .receiving {
                uploads[id] = piece.ended(as: final, now: now)
            }
            return ended.record
        }
    }

    let state = Mutex(State())

    package init() {}

    package func checkWritable() async throws(CatalogFault) {}
}

extension UploadRecord {
    fileprivate var place: UploadCursor { UploadCursor(createdAt: createdAt, fileID: fileID) }
}
