package import UploadModel

/// How an upload of a size is cut into parts.
package enum PartPlan {
    /// Chooses the part size and count of an upload.
    ///
    /// - Parameters:
    ///   - sizeBytes: the size of the file, if known.
    ///   - wantedPartBytes: what the client asked for, if it did.
    ///   - limits: bounds and defaults.
    ///   - minimumPartBytes: what the byte store needs at least.
    /// - Returns: a layout, or `nil` when the client's part size is outside `allowed`.
    package static func layout(
        sizeBytes: Int64?, wantedPartBytes: Int64?, limits: UploadLimits, minimumPartBytes: Int64
    ) -> PartLayout? {
        guard let wantedPartBytes else {
            var partBytes = max(limits.defaultPartBytes, minimumPartBytes, 1)
            if let sizeBytes {
                // Doubling keeps part borders on the alignment that the store writes fastest.
                while count(of: sizeBytes, in: partBytes) > mostParts(limits) {
                    partBytes = partBytes > Int64.max / 2 ? .max : partBytes * 2
                }
            }
            return layout(sizeBytes: sizeBytes, partBytes: partBytes)
        }
        guard
            allowed(sizeBytes: sizeBytes, limits: limits, minimumPartBytes: minimumPartBytes)
                .contains(wantedPartBytes)
        else { return nil }
        return layout(sizeBytes: sizeBytes, partBytes: wantedPartBytes)
    }

    /// The part sizes a client may ask for, in bytes.
    package static func allowed(sizeBytes: Int64?, limits: UploadLimits, minimumPartBytes: Int64)
        -> ClosedRange<Int64>
    {
        let fewest = max(limits.minimumPartBytes, minimumPartBytes, 1)
        let forCount = sizeBytes.map { count(of: $0, in: mostParts(limits)) } ?? 0
        let lower = max(fewest, forCount)
        return lower...max(lower, limits.maximumPartBytes)
    }

    private static func layout(sizeBytes: Int64?, partBytes: Int64) -> PartLayout {
        // An empty file still has one (empty) part, so that there is something to send.
        let parts = sizeBytes.map { max(1, Int(count(of: $0, in: partBytes))) }
        return PartLayout(partSizeBytes: partBytes, partCount: parts, sizeBytes: sizeBytes)
    }

    private static func mostParts(_ limits: UploadLimits) -> Int64 { Int64(max(1, limits.maximumPartCount)) }

    private static func count(of sizeBytes: Int64, in partBytes: Int64) -> Int64 {
        sizeBytes == 0 ? 0 : (sizeBytes - 1) / partBytes + 1
    }
}
