package import UploadModel

/// Under which bounds an upload begins.
package struct Admission: Hashable, Sendable {
    /// Refuse when the tenant has that many uploads in state `receiving` already.
    package var maximumOpen: Int
    /// Refuse when the tenant would hold more; `nil` for no bound.
    package var quota: TenantQuota?
    /// What an upload whose size is not known holds from the start. One that is to hold nothing is refused all the
    /// same when not a byte is free.
    package var reservedBytes: Int64
    /// What other uploads of the tenant hold and give up for this one as soon as it is there: see
    /// ``UploadCatalog/place(_:in:)``.
    package var releasedBytes: Int64

    package init(
        maximumOpen: Int, quota: TenantQuota? = nil, reservedBytes: Int64 = 0, releasedBytes: Int64 = 0
    ) {
        self.maximumOpen = maximumOpen
        self.quota = quota
        self.reservedBytes = reservedBytes
        self.releasedBytes = releasedBytes
    }

    /// What must be free for an upload that holds nothing yet.
    package func neededBytes(sizeBytes: Int64?) -> Int64 {
        sizeBytes.map { $0 - releasedBytes } ?? max(1, reservedBytes)
    }
}

package enum ReserveOutcome: Hashable, Sendable {
    /// The upload holds so many bytes now.
    case reserved(Int64)
    case overQuota(QuotaExcess)
    /// The upload receives nothing any more, or its size is known and was reserved when it began.
    case notReceiving(UploadState?)
}

/// A tenant's bytes as they are kept beside its uploads, and as its uploads say.
package struct CountedUsage: Hashable, Sendable {
    package let tenant: TenantID
    package let kept: TenantUsage
    package let counted: TenantUsage

    package init(tenant: TenantID, kept: TenantUsage, counted: TenantUsage) {
        self.tenant = tenant
        self.kept = kept
        self.counted = counted
    }

    package var isRight: Bool { kept == counted }
}

/// How much of its quota each tenant has used.
///
/// What an upload holds follows from its record alone: the size of a complete file; of one that is `receiving` its size
/// if that is known, else what was reserved for it; of any other, and of a piece that has its place in another upload,
/// nothing. The sum of that is kept for each tenant and
/// changed in the same transaction as the record, whichever call makes the change, so that it is right at every
/// moment and nothing has to be added up when an upload begins. A copy counts like any other file.
///
/// In PostgreSQL the sum is a row for each tenant, changed by a trigger as in SQLite. There, two statements that only
/// look at that row may both find room. A call that is given a quota therefore locks it while it looks: the
/// `INSERT … SELECT` or `UPDATE … FROM` of the upload takes its condition from
/// `WITH used AS (SELECT … FROM tenant_usage WHERE tenant = $1 FOR UPDATE)`, which waits for whoever holds the row
/// and then reads what he left, so that those of one tenant go in a line. (The row must be there, so it is inserted
/// before, `ON CONFLICT DO NOTHING`.)
package protocol QuotaCatalog: Sendable {
    /// What a tenant holds now.
    func usage(of tenant: TenantID) async throws(CatalogFault) -> TenantUsage

    /// Every tenant's bytes, kept and counted anew at one moment, by tenant; for `check`.
    func countedUsages() async throws(CatalogFault) -> [CountedUsage]

    /// Puts right what is kept of tenants for whom it is not what their uploads have, all at one moment; answers how many.
    func recountUsages() async throws(CatalogFault) -> Int

    /// Lets an upload that is `receiving` and whose size is not known hold at least so many bytes, and up to as many as
    /// are wanted where there is room. Holds all that it held before, too.
    func reserve(_ id: FileID, atLeast leastBytes: Int64, wanting wantedBytes: Int64, within quota: TenantQuota)
        async throws(CatalogFault) -> ReserveOutcome

    /// Lets open uploads of unknown size hold what they have received in parts: as long as there is no quota, parts are
    /// recorded without that. Called when there is one, before anything else.
    func reserveReceived() async throws(CatalogFault)
}

extension PartLayout {
    /// Whether every value that is known on both sides is the same.
    package func agrees(with other: PartLayout) -> Bool {
        func agree<Value: Equatable>(_ left: Value?, _ right: Value?) -> Bool {
            left == nil || right == nil || left == right
        }
        return agree(partSizeBytes, other.partSizeBytes) && agree(partCount, other.partCount)
            && agree(sizeBytes, other.sizeBytes)
    }
}
