/// Why a byte store could not do its work.
package struct StoreFault: Error, Hashable, Sendable {
    package enum Code: String, Hashable, Sendable {
        /// No room: the disk, the quota of the file system, or the bucket is full.
        case full
        /// There is no such object.
        case missing
        /// The bytes that are stored are not those that were recorded.
        case corrupt
        /// The store answered with an error; what it did is unknown.
        case failed
        /// The store refuses writing altogether: a read-only mount, a revoked credential.
        case readOnly
    }

    package let code: Code
    /// What was tried, for the log: an operation and an error name, never a client's bytes.
    package let detail: String

    package init(_ code: Code, _ detail: String) {
        self.code = code
        self.detail = detail
    }
}

/// Why a catalog could not do its work. Whether the change happened is unknown only for ``Code/failed``.
package struct CatalogFault: Error, Hashable, Sendable {
    package enum Code: String, Hashable, Sendable {
        /// Another writer held it for too long; nothing changed.
        case busy
        /// No room for the change; nothing changed.
        case full
        /// What is stored cannot be read.
        case corrupt
        case failed
    }

    package let code: Code
    package let detail: String

    package init(_ code: Code, _ detail: String) {
        self.code = code
        self.detail = detail
    }
}
