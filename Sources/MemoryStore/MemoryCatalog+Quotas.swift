import Synchronization
package import UploadModel
package import UploadStore

extension MemoryCatalog {
    package func usage(of tenant: TenantID) async throws(CatalogFault) -> TenantUsage {
        state.withLock { $0.usage(of: tenant) }
    }

    package func countedUsages() async throws(CatalogFault) -> [CountedUsage] {
        state.withLock { state in
            let tenants = Set(state.uploads.values.map(\.record.tenant)).sorted { $0.text < $1.text }
            return tenants.map { tenant in
                // Nothing is kept here: it is counted whenever it is asked for.
                let usage = state.usage(of: tenant)
                return CountedUsage(tenant: tenant, kept: usage, counted: usage)
            }
        }
    }

    /// Nothing is kept, so nothing can be wrong.
    package func recountUsages() async throws(CatalogFault) -> Int { 0 }

    package func reserve(
        _ id: FileID, atLeast leastBytes: Int64, wanting wantedBytes: Int64, within quota: TenantQuota
    ) async throws(CatalogFault) -> ReserveOutcome {
        state.withLock { state in
            guard let upload = state.uploads[id], upload.record.state == .receiving,
                upload.record.layout.sizeBytes == nil
            else { return .notReceiving(state.uploads[id]?.record.state) }
            let usage = state.usage(of: upload.record.tenant)
            if let excess = quota.excess(adding: leastBytes - upload.reservedBytes, to: usage) {
                return .overQuota(excess)
            }
            let room = min(
                (quota.maximumStoredBytes ?? .max) - usage.storedBytes,
                (quota.maximumOpenBytes ?? .max) - usage.openBytes)
            let growth = min(max(leastBytes, wantedBytes) - upload.reservedBytes, room)
            let reserved = upload.reservedBytes + max(0, growth)
            state.uploads[id]?.reservedBytes = reserved
            return .reserved(reserved)
        }
    }

    package func reserveReceived() async throws(CatalogFault) {
        state.withLock { state in
            for (id, upload) in state.uploads where upload.record.claimedAt == nil || upload.record.way != .parts {
                state.uploads[id]?.reservedBytes = upload.record.receivedBytes
            }
        }
    }
}

extension MemoryCatalog.Upload {
    /// What it takes of its tenant's quota.
    fileprivate var heldBytes: Int64 {
        guard record.home == nil else { return 0 }
        return switch record.state {
        case .receiving, .complete: record.layout.sizeBytes ?? reservedBytes
        case .granted, .failed, .aborted, .expired: 0
        }
    }
}

extension MemoryCatalog.State {
    func usage(of tenant: TenantID) -> TenantUsage {
        var usage = TenantUsage()
        for upload in uploads.values where upload.record.tenant == tenant {
            usage.storedBytes += upload.heldBytes
            if upload.record.state == .receiving { usage.openBytes += upload.heldBytes }
        }
        return usage
    }

    /// What is against an upload of this tenant that needs so many bytes more.
    func excess(_ quota: TenantQuota?, of tenant: TenantID, adding bytes: Int64) -> QuotaExcess? {
        quota?.excess(adding: bytes, to: usage(of: tenant))
    }
}
