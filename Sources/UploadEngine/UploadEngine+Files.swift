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

    /// Takes a complete file back that nothing was made of. Whatever stands in the way, it stays as it is.
    package func withdraw(_ upload: UploadRecord) async {
        do throws(CatalogFault) {
            if case .done = try await catalog.withdraw(upload.fileID, now: now) {
                await discard(upload.objectKey, spooled: [])
            }
        } catch {
            logger.warning("a file could not be withdrawn", metadata: ["sluice.fault": "\(error.detail)"])
        }
    }
}
