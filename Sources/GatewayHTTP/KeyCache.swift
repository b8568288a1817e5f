import Synchronization
import UploadModel

/// Keys that were found good a moment ago, so that a client that sends thousands of parts has its key looked up once
/// a second. A revoked key is good for that second more; an unknown one is always looked up.
final class KeyCache: Sendable {
    static let lifetime = Duration.seconds(1)
    /// More are not kept: then all are looked up again.
    static let maximumCount = 10_000

    private struct Entry {
        let tenant: TenantID
        let foundAt: ContinuousClock.Instant
    }

    private let entries = Mutex<[String: Entry]>([:])

    /// - Parameter hashHex: of the key; the key itself is kept nowhere.
    func tenant(_ hashHex: String, now: ContinuousClock.Instant) -> TenantID? {
        entries.withLock { entries in
            guard let entry = entries[hashHex] else { return nil }
            if now - entry.foundAt < Self.lifetime { return entry.tenant }
            entries[hashHex] = nil
            return nil
        }
    }

    /// - Parameter askedAt: a moment before the key was looked up.
    func keep(_ hashHex: String, _ tenant: TenantID, askedAt: ContinuousClock.Instant) {
        entries.withLock { entries in
            if entries.count >= Self.maximumCount { entries.removeAll(keepingCapacity: true) }
            entries[hashHex] = Entry(tenant: tenant, foundAt: askedAt)
        }
    }
}
