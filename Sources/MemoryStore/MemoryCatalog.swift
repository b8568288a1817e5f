import Synchronization
import UploadModel
package import UploadStore

/// The catalog as plain values under one lock: what the others are compared with. Nothing survives the process.
package final class MemoryCatalog: Catalog, Sendable {
    struct Upload {
        var record: UploadRecord
        var parts: [Int: StoredPart] = [:]
        var endedAt: Timestamp?
    }

    struct Finalized {
        let item: MediaItem
        let fingerprint: String
        let idempotencyKey: String?
    }

    struct State {
        var uploads: [FileID: Upload] = [:]
        /// In the order in which they were added.
        var apiKeys: [APIKeyRecord] = []
        /// In the order in which they were added.
        var grantKeys: [GrantKeyRecord] = []
        var items: [Finalized] = []

        func receiving(of tenant: TenantID) -> Int {
            uploads.values.count { $0.record.tenant == tenant && $0.record.state == .receiving }
        }

        /// The records of some uploads, newest first, from a cursor on.
        func page(
            of tenant: TenantID?, in states: Set<UploadState>, after cursor: UploadCursor?, limit: Int
        ) -> [UploadRecord] {
            func isNewer(_ left: UploadCursor, _ right: UploadCursor) -> Bool {
                (left.createdAt, left.fileID.text) > (right.createdAt, right.fileID.text)
            }
            let found = uploads.values.map(\.record).filter { record in
                (tenant == nil || record.tenant == tenant) && states.contains(record.state)
                    && cursor.map { isNewer($0, record.place) } ?? true
            }
            return Array(found.sorted { isNewer($0.place, $1.place) }.prefix(max(0, limit)))
        }
    }

    let state = Mutex(State())

    package init() {}

    package func checkWritable() async throws(CatalogFault) {}
}

extension UploadRecord {
    fileprivate var place: UploadCursor { UploadCursor(createdAt: createdAt, fileID: fileID) }
}
