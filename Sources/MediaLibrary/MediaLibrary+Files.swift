import UploadEngine
package import UploadModel
import UploadStore

extension UploadFault {
    /// Whether the same call may succeed later, so that nothing of it should be thrown away.
    var isPassing: Bool { code == .unavailable || code == .insufficientStorage || code == .internalError }
}

extension MediaLibrary {
    /// What was found out of a finished file, and its copy.
    package struct Looked: Sendable {
        package let examination: Examination?
        package let copy: UploadRecord?
    }

    /// What is known of a file now.
    package func looked(at upload: UploadRecord) async throws(UploadFault) -> Looked {
        let examination = try await reading { () throws(CatalogFault) in
            try await catalog.examination(of: upload.fileID)
        }
        return try await looked(examination)
    }

    /// What is known of a file once it was looked into, waiting for that, but not for ever.
    package func looked(at upload: UploadRecord, withinSeconds seconds: Int64) async throws(UploadFault) -> Looked {
        try await looked(try await desk.examination(of: upload, withinSeconds: seconds))
    }

    /// What was found out of some files.
    package func examinations(of uploads: [UploadRecord]) async throws(UploadFault) -> [FileID: Examination] {
        try await reading { () throws(CatalogFault) in try await catalog.examinations(of: uploads.map(\.fileID)) }
    }

    private func looked(_ examination: Examination?) async throws(UploadFault) -> Looked {
        guard let copyID = examination?.copyID else { return Looked(examination: examination, copy: nil) }
        let copy = try await reading { () throws(CatalogFault) in try await catalog.upload(copyID) }
        return Looked(examination: examination, copy: copy?.state == .complete ? copy : nil)
    }

    /// What the client says of a file: its own words, else those of the item that was made of it.
    package func description(of upload: UploadRecord) async throws(UploadFault) -> String? {
        if let description = upload.description { return description }
        return try await reading { () throws(CatalogFault) in try await catalog.item(of: upload.fileID) }?
            .request.description
    }

    /// A tenant's complete file or copy.
    ///
    /// - Throws: `not_found`, also for another tenant's.
    package func readable(_ id: FileID, by tenant: TenantID) async throws(UploadFault) -> UploadRecord {
        let upload = try await reading { () throws(CatalogFault) in try await catalog.upload(id) }
        guard let upload, upload.tenant == tenant, upload.state == .complete else { throw UploadFault.notFound }
        return upload
    }

    /// What a foreign server says of the type of its file.
    package func foreignType(_ url: String, for tenant: TenantID) async throws(UploadFault) -> String? {
        try await fetcher.contentType(of: url, for: tenant)
    }

    /// Ends some of the files that are older than they may become, the oldest first; answers how many.
    func deleteFiles(olderThanSeconds seconds: Int64) async throws(UploadFault) -> Int {
        let moment = engine.dueNow.adding(seconds: -seconds)
        var count = 0
        let old = try await reading { () throws(CatalogFault) in
            try await catalog.files(completedBefore: moment, limit: 100)
        }
        for upload in old where !Task.isCancelled {
            do throws(UploadFault) {
                try await deleteFile(upload.fileID.text, of: upload.tenant)
                count += 1
            } catch {
                // Its owner was faster.
                guard error.code == .notFound else { throw error }
            }
        }
        return count
    }
}
