/// How many bytes a tenant holds.
package struct TenantUsage: Hashable, Sendable {
    /// Of complete files, and what open uploads hold for themselves.
    package var storedBytes: Int64
    /// What uploads that receive hold: the size that was announced, or what came where none was.
    package var openBytes: Int64

    package init(storedBytes: Int64 = 0, openBytes: Int64 = 0) {
        self.storedBytes = storedBytes
        self.openBytes = openBytes
    }
}

/// How many bytes a tenant may hold; `nil` for no bound.
package struct TenantQuota: Hashable, Sendable {
    package var maximumStoredBytes: Int64?
    package var maximumOpenBytes: Int64?

    package init(maximumStoredBytes: Int64? = nil, maximumOpenBytes: Int64? = nil) {
        self.maximumStoredBytes = maximumStoredBytes
        self.maximumOpenBytes = maximumOpenBytes
    }

    /// Which bound a tenant would pass with so many bytes more in an open upload; `nil` when there is room. Whoever
    /// needs nothing passes none, however much the tenant holds.
    package func excess(adding bytes: Int64, to usage: TenantUsage) -> QuotaExcess? {
        guard bytes > 0 else { return nil }
        // Waiting gives no stored file's room back, so of both bounds this is the one to be told.
        if let maximumStoredBytes, bytes > maximumStoredBytes - usage.storedBytes {
            return QuotaExcess(.storedBytes, neededBytes: bytes)
        }
        if let maximumOpenBytes, bytes > maximumOpenBytes - usage.openBytes {
            return QuotaExcess(.openBytes, neededBytes: bytes)
        }
        return nil
    }
}

/// A quota has no room for what an upload needs.
package struct QuotaExcess: Hashable, Sendable {
    package enum Bound: String, Hashable, Sendable {
        case storedBytes, openBytes
    }

    package let bound: Bound
    /// What the upload needs beyond what it holds.
    package let neededBytes: Int64

    package init(_ bound: Bound, neededBytes: Int64) {
        self.bound = bound
        self.neededBytes = neededBytes
    }
}
