import Logging
package import UploadModel
import UploadStore

extension UploadEngine {
    /// Completes an upload whose last part was recorded just before a crash: all of it is here, and nobody may ever
    /// send anything again. Answers what stands then.
    package func completeIfWhole(_ upload: UploadRecord) async throws(UploadFault) -> UploadRecord {
        guard upload.state == .receiving, upload.claimedAt == nil, upload.alias != nil,
            upload.layout.partCount != nil, upload.layout.sizeBytes == upload.receivedBytes
        else { return upload }
        return try await complete(upload)
    }

    /// Frees the bytes of files that have ended.
    package func free(_ ended: [UploadRecord]) async {
        for upload in ended { await discard(upload.objectKey, spooled: []) }
    }

    /// Where the bytes of a complete file stand on this machine, for programs that read files; `nil` when its store
    /// keeps them elsewhere.
    package func localPath(of upload: UploadRecord) -> String? {
        (store as? any LocallyReadableStore)?.localPath(of: upload.objectKey)
    }

    /// Takes a complete file back that nothing was made of. Whatever stands in the way, it stays as it is.
    package func withdraw(_ upload: UploadRecord) async {
        do throws(CatalogFault) {
            let now = now
            let handoffs = follower?.handoffs(withdrawing: upload, now: now) ?? []
            if case .done = try await catalog.withdraw(upload.fileID, now: now, announcing: handoffs) {
                await discard(upload.objectKey, spooled: [])
            }
        } catch {
            logger.warning("a file could not be withdrawn", metadata: ["sluice.fault": "\(error.detail)"])
        }
    }
}
