import Synchronization
package import UploadModel
package import UploadStore

extension MemoryCatalog {
    package func append(
        _ growth: Growth, to id: FileID, expiresAt: Timestamp, within quota: TenantQuota?
    ) async throws(CatalogFault) -> AppendOutcome {
        state.withLock { state in
            guard var upload = state.uploads[id] else { return .unknown }
            let standing = upload.record
            let size = standing.layout.sizeBytes ?? growth.sizeBytes
            guard standing.state == .receiving, standing.receivedBytes == growth.fromBytes,
                standing.way != .parts || (standing.claimedAt == nil && upload.parts.isEmpty),
                growth.sizeBytes.map({ $0 == size }) ?? true, growth.toBytes <= size ?? standing.maximumBytes,
                standing.expectedDigests.contradiction(with: growth.fileDigests) == nil
            else { return .refused(standing) }
            let held = max(growth.toBytes, growth.heldBytes)
            let more = (size ?? held) - (standing.layout.sizeBytes ?? upload.reservedBytes)
            if let excess = state.excess(quota, of: standing.tenant, adding: more) { return .overQuota(excess) }
            if quota != nil { upload.reservedBytes = held }
            if standing.way == .parts {
                upload.record.way = .sequential
                upload.record.layout = PartLayout()
            }
            upload.record.layout.sizeBytes = size
            upload.record.expectedDigests = standing.expectedDigests.adding(growth.fileDigests)
            upload.record.receivedBytes = growth.toBytes
            upload.record.detectedType = standing.detectedType ?? growth.detectedType
            upload.record.expiresAt = max(standing.expiresAt, expiresAt)
            if let piece = growth.piece { upload.parts[piece.number] = piece }
            state.uploads[id] = upload
            if let home = upload.record.home, let time = state.uploads[home.fileID]?.record.expiresAt {
                state.uploads[home.fileID]?.record.expiresAt = max(time, expiresAt)
            }
            return .grown(upload.record)
        }
    }

    package func place(_ places: [FileID: Int64], in home: FileID) async throws(CatalogFault) -> Set<FileID> {
        state.withLock { state in
            guard let whole = state.uploads[home]?.record, whole.way == .joined, whole.state == .receiving else {
                return []
            }
            let placed = places.filter { id, _ in
                state.uploads[id].map { piece in
                    piece.record.way == .partial && piece.record.state == .receiving && piece.record.claimedAt == nil
                        && piece.record.layout.sizeBytes != nil && piece.record.receivedBytes == 0
                        && piece.record.home == nil && piece.record.tenant == whole.tenant
                } ?? false
            }
            for (id, start) in placed {
                state.uploads[id]?.record.home = UploadHome(fileID: home, startBytes: start)
                state.uploads[id]?.record.objectKey = whole.objectKey
            }
            return Set(placed.keys)
        }
    }

    package func joining(after cursor: UploadCursor?, limit: Int) async throws(CatalogFault) -> [UploadRecord] {
        state.withLock { state in
            let joining = state.uploads.values.map(\.record).filter { $0.way == .joined && $0.state == .receiving }
            let oldest = joining.sorted { ($0.createdAt, $0.fileID.text) < ($1.createdAt, $1.fileID.text) }
            let after = oldest.drop { upload in
                cursor.map { (upload.createdAt, upload.fileID.text) <= ($0.createdAt, $0.fileID.text) } ?? false
            }
            return Array(after.prefix(max(0, limit)))
        }
    }
}
