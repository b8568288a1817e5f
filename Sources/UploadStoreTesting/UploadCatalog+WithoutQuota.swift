package import UploadModel
package import UploadStore

/// For those whose subject is not the quota.
extension UploadCatalog {
    /// Adds an upload without asking for a quota.
    package func create(_ upload: UploadRecord, maximumOpen: Int) async throws(CatalogFault) -> CreateOutcome {
        try await create(upload, within: Admission(maximumOpen: maximumOpen))
    }

    /// Uses a link up without asking for a quota.
    package func claim(_ id: FileID, now: Timestamp, expiresAt: Timestamp, maximumOpen: Int)
        async throws(CatalogFault) -> ClaimOutcome
    {
        try await claim(id, now: now, expiresAt: expiresAt, within: Admission(maximumOpen: maximumOpen))
    }

    /// Records a part without asking for a quota.
    package func record(
        _ part: StoredPart, of id: FileID, learning layout: PartLayout, detectedType: MediaType?, expiresAt: Timestamp
    ) async throws(CatalogFault) -> RecordOutcome {
        try await record(
            part, of: id, learning: layout, detectedType: detectedType, expiresAt: expiresAt, within: nil)
    }
}
