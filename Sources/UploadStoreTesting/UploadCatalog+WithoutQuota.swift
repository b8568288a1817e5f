package import UploadModel
package import UploadStore

/// For those whose subject is neither the quota nor what was announced of a file.
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

    /// Uses up a link whose file may be anything.
    package func claim(
        _ id: FileID, as way: UploadWay = .parts, now: Timestamp, expiresAt: Timestamp, within admission: Admission
    ) async throws(CatalogFault) -> ClaimOutcome {
        try await claim(id, on: ClaimTerms(way: way), now: now, expiresAt: expiresAt, within: admission)
    }
}
