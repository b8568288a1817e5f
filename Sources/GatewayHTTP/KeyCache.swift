import Synchronization
import UploadModel

/// Keys that were found good a moment ago, so that a client that sends thousands of parts has its key looked up once
/// a second. All of them are looked up again as soon as any key was revoked or a signing key added; an unknown one always is.
final class KeyCache: Sendable {
    static let lifetime = Duration.seconds(1)
    /// More are not kept: then all are looked up again.
    static let maximumCount = 10_000

    private struct Entry {
        let tenant: TenantID
        let foundAt: ContinuousClock.Instant
    }

    private struct State {
        var entries: [String: Entry] = [:]
        /// How often keys had changed before the entries were looked up.
        var keyChanges: Int64 = 0
    }

    private let state = Mutex(State())

    /// - Parameters:
    ///   - hashHex: of the key; the key itself is kept nowhere.
    ///   - keyChanges: how often keys have changed by now.
    func tenant(_ hashHex: String, keyChanges: Int64, now: ContinuousClock.Instant) -> TenantID? {
        state.withLock { state in
            guard state.keyChanges == keyChanges, let entry = state.entries[hashHex],
                now - entry.foundAt < Self.lifetime
            else { return nil }
            return entry.tenant
        }
    }

    /// - Parameters:
    ///   - keyChanges: how often keys had changed before this one was looked up.
    ///   - askedAt: a moment before that, too.
    func keep(_ hashHex: String, _ tenant: TenantID, keyChanges: Int64, askedAt: ContinuousClock.Instant) {
        state.withLock { state in
            if state.keyChanges != keyChanges || state.entries.count >= Self.maximumCount {
                state.entries.removeAll(keepingCapacity: true)
                state.keyChanges = keyChanges
            }
            state.entries[hashHex] = Entry(tenant: tenant, foundAt: askedAt)
        }
    }
}
