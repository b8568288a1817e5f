package import UploadModel

/// What an upload may be, as `Upload-Limit` tells it.
package struct ResumableLimits: Hashable, Sendable {
    /// The largest file, in bytes.
    package var maximumBytes: Int64
    /// How long the upload may wait for its next bytes, in seconds.
    package var lifetimeSeconds: Int64

    /// Of uploads that are yet to be created.
    ///
    /// - Parameter maximumBytes: the most that whoever asks may upload.
    package init(_ limits: UploadLimits, maximumBytes: Int64? = nil) {
        self.maximumBytes = min(maximumBytes ?? .max, limits.largestFileBytes)
        lifetimeSeconds = limits.uploadLifetimeSeconds
    }

    /// Of an upload that exists. A request for it may have any number of bytes that the file may have: there is no limit
    /// of a single append.
    package init(_ upload: UploadRecord, now: Timestamp) {
        maximumBytes = upload.maximumBytes
        lifetimeSeconds = max(0, (upload.expiresAt.milliseconds - now.milliseconds) / 1000)
    }

    /// The field's value; `nil` for versions without the field. There is no smallest file, and it says so.
    func fieldValue(_ version: ResumableVersion) -> String? {
        version.lifetimeKey.map { key in
            let most = min(maximumBytes, StructuredItem.largestInteger)
            return "max-size=\(most), min-size=0, \(key)=\(min(lifetimeSeconds, StructuredItem.largestInteger))"
        }
    }
}
