package import UploadModel
import UploadRules
import UploadStore

extension UploadEngine {
    /// What an upload asks for when it gets its place.
    ///
    /// - Parameter reservedBytes: what one of unknown size holds from the start.
    func admission(of record: UploadRecord, reserving reservedBytes: Int64 = 0) -> Admission {
        // A copy is the gateway's own doing and takes no place from its tenant; it counts all the same.
        guard record.originalID == nil else { return Admission(maximumOpen: Int(Int32.max)) }
        return admission(reserving: reservedBytes)
    }

    func admission(reserving reservedBytes: Int64) -> Admission {
        Admission(
            maximumOpen: limits.maximumOpenUploadsPerTenant, quota: limits.quota, reservedBytes: reservedBytes)
    }

    /// Refuses a request for a new file before its body is read, where that is known already: the file is larger than
    /// any may be, or than what its tenant's quota has left. Nothing is held by this.
    ///
    /// - Parameter bytes: the file has at least so many.
    package func expect(fileOf bytes: Int64, for tenant: TenantID) async throws(UploadFault) {
        try checkSize(bytes, maximumBytes: limits.largestFileBytes)
        try await checkQuota(of: tenant, adding: bytes)
    }

    /// Whether a tenant may hold so many bytes more now, beside what it is sending. What is let in may still be refused
    /// when it takes its place.
    func checkQuota(of tenant: TenantID, adding bytes: Int64) async throws(UploadFault) {
        guard bytes > 0, let quota = limits.quota else { return }
        let passingBytes = passing.bytes(of: tenant)
        var usage = try await translating { () throws(CatalogFault) in try await catalog.usage(of: tenant) }
        usage.storedBytes += passingBytes
        usage.openBytes += passingBytes
        if let excess = quota.excess(adding: bytes, to: usage) { throw fault(of: excess) }
    }

    /// Lets the upload of a running stream, whose length nobody knows, hold at least so many bytes; answers how many it
    /// holds.
    func reserve(_ bytes: Int64, for upload: UploadRecord) async throws(UploadFault) -> Int64 {
        guard let quota = limits.quota, upload.originalID == nil else { return .max }
        // Some more each time, so that a long stream asks seldom, but never much more than what came of it: others
        // of the tenant would be refused for what is then not used.
        let ahead = min(max(bytes, 256 << 10), 64 << 20)
        let outcome = try await translating { () throws(CatalogFault) in
            try await catalog.reserve(
                upload.fileID, atLeast: bytes, wanting: max(bytes, min(bytes + ahead, upload.maximumBytes)),
                within: quota)
        }
        switch outcome {
        case .reserved(let reserved): return reserved
        case .overQuota(let excess): throw fault(of: excess)
        case .notReceiving(let state): throw UploadFault(Refusal.ended(state ?? .aborted))
        }
    }

    /// Counts what open uploads received while there was no quota. Called before the first request.
    package func prepareQuotas() async throws(UploadFault) {
        guard limits.quota != nil else { return }
        try await translating { () throws(CatalogFault) in try await catalog.reserveReceived() }
    }

    /// What a client is told whose upload has no room in its tenant's quota.
    func fault(of excess: QuotaExcess) -> UploadFault {
        guard excess.neededBytes <= limits.largestFileBytes else { return Self.tooLarge(limits.largestFileBytes) }
        switch excess.bound {
        case .storedBytes:
            return UploadFault(
                .quotaExceeded,
                """
                There is no room for this in the \(limits.maximumStoredBytesPerTenant ?? 0) bytes that your files and \
                open uploads may have together. Delete files, or ask whoever runs the gateway for more.
                """, retryAfterSeconds: 300)
        case .openBytes:
            return UploadFault(
                .tooManyUploads,
                """
                There is no room for this in the \(limits.maximumOpenBytesPerTenant ?? 0) bytes that your open uploads \
                may have together; complete or abort some, then try again.
                """, retryAfterSeconds: 60)
        }
    }

    static func tooLarge(_ maximumBytes: Int64) -> UploadFault {
        UploadFault(.tooLarge, "The file may have at most \(maximumBytes) bytes.")
    }

    func checkSize(_ sizeBytes: Int64?, maximumBytes: Int64) throws(UploadFault) {
        if let sizeBytes, sizeBytes > maximumBytes { throw Self.tooLarge(maximumBytes) }
    }
}
