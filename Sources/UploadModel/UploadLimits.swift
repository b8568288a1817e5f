/// What an upload may be and how long it may take. Every limit has its unit in its name.
package struct UploadLimits: Hashable, Sendable {
    /// The largest file.
    package var maximumUploadBytes: Int64 = 128 << 30
    /// The part size of an upload whose client names none; grows so that ``maximumPartCount`` is kept.
    package var defaultPartBytes: Int64 = 8 << 20
    /// The smallest part size a client may ask for.
    package var minimumPartBytes: Int64 = 1
    /// The largest part size a client may ask for.
    package var maximumPartBytes: Int64 = 5 << 30
    /// The most parts of one upload.
    package var maximumPartCount: Int = 10_000
    /// Open uploads of one tenant; one more is refused.
    package var maximumOpenUploadsPerTenant: Int = 10_000
    /// Complete files of one tenant, and what its open uploads announced or sent, together; `nil` for no bound.
    package var maximumStoredBytesPerTenant: Int64?
    /// What the open uploads of one tenant announced or sent, together; `nil` for no bound.
    package var maximumOpenBytesPerTenant: Int64?
    /// An upload without a new part for this long is given up.
    package var uploadLifetimeSeconds: Int64 = 24 * 3600
    /// How long a signed URL may be used to start, and the most a client may ask for.
    package var grantLifetimeSeconds: Int64 = 3600
    /// What must stay free on the disk; an upload that would take from it is refused.
    package var freeDiskReserveBytes: Int64 = 1 << 30
    /// The client's metadata of one upload.
    package var maximumMetadataBytes: Int = 16 << 10
    /// What a client says of a file, in Unicode scalars.
    package static let maximumDescriptionCharacters = 10_000
    /// How long the record of an ended upload stays, so that its link and its id answer the truth.
    package var tombstoneSeconds: Int64 = 24 * 3600

    package init() {}

    /// What a tenant may hold; `nil` when nothing bounds it.
    package var quota: TenantQuota? {
        guard maximumStoredBytesPerTenant != nil || maximumOpenBytesPerTenant != nil else { return nil }
        return TenantQuota(
            maximumStoredBytes: maximumStoredBytesPerTenant, maximumOpenBytes: maximumOpenBytesPerTenant)
    }

    /// The largest file that a tenant can ever upload.
    package var largestFileBytes: Int64 {
        min(maximumUploadBytes, maximumStoredBytesPerTenant ?? .max, maximumOpenBytesPerTenant ?? .max)
    }
}
