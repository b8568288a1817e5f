package import UploadModel

/// How a link is used, and what is said of its file only then; `nil` leaves what was announced.
package struct ClaimTerms: Hashable, Sendable {
    /// How the bytes will come: as one stream (`parts`), or in order and resumable (`sequential`).
    package var way: UploadWay
    /// What the file must have. Of an algorithm that was announced the announcement stays.
    package var digests: [DigestAlgorithm: Digest]
    /// Its length in bytes. One that was announced stays, and whoever asks has seen that it is the same.
    package var sizeBytes: Int64?
    /// The client's own words.
    package var metadataJSON: String?

    package init(
        way: UploadWay = .parts, digests: [DigestAlgorithm: Digest] = [:], sizeBytes: Int64? = nil,
        metadataJSON: String? = nil
    ) {
        self.way = way
        self.digests = digests
        self.sizeBytes = sizeBytes
        self.metadataJSON = metadataJSON
    }
}
