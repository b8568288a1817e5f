import Logging
import ServiceLifecycle
import Synchronization
import UploadEngine
import UploadGrants
package import UploadModel
package import UploadStore

/// The signing keys of this gateway, kept in step with the catalog.
package final class GrantKeys: Service {
    private struct State {
        var ring: KeyRing
        /// How often keys had changed before the ring was read.
        var keyChanges: Int64
        var readAt: ContinuousClock.Instant
    }

    private let catalog: any KeyCatalog
    private let state: Mutex<State>
    private let clock: @Sendable () -> Timestamp
    /// How often the catalog is asked although nothing was told of a change.
    private static let interval = Duration.seconds(30)
    /// How often at most a link with an unknown key id may make us look.
    private static let patience = Duration.seconds(1)

    /// Reads the keys, making the first one where there is none.
    package init(catalog: any KeyCatalog, clock: @escaping @Sendable () -> Timestamp) async throws {
        self.catalog = catalog
        self.clock = clock
        let keyChanges = catalog.keyChangeCount
        let ring = try await Self.read(catalog, now: clock())
        state = Mutex(State(ring: ring, keyChanges: keyChanges, readAt: .now))
    }

    private static func read(_ catalog: any KeyCatalog, now: Timestamp) async throws(CatalogFault) -> KeyRing {
        let records = try await catalog.grantKeys(orAdd: KeyRing.newKey(now: now))
        guard let ring = KeyRing(records) else {
            throw CatalogFault(.corrupt, "every signing key is retired; rotate to make a new one")
        }
        return ring
    }

    package func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                try? await Task.sleep(for: Self.interval)
                await self.refresh()
            }
        }
    }

    /// Of many requests that bring an unknown key id at once one looks, and not oftener than once a second.
    private func mayLookAgain(since readAt: ContinuousClock.Instant) -> Bool {
        state.withLock { state in
            guard state.readAt == readAt, ContinuousClock.now - readAt > Self.patience else { return false }
            state.readAt = .now
            return true
        }
    }

    private func refresh() async {
        let keyChanges = catalog.keyChangeCount
        let ring = try? await Self.read(catalog, now: clock())
        state.withLock { state in
            if let ring { (state.ring, state.keyChanges) = (ring, keyChanges) }
            state.readAt = .now
        }
    }

    /// The ring as it stands: a key that was revoked signs and checks nothing from then on.
    ///
    /// - Throws: `unavailable` and the like when keys have changed and cannot be read.
    private func currentRing() async throws(UploadFault) -> (ring: KeyRing, readAt: ContinuousClock.Instant) {
        let keyChanges = catalog.keyChangeCount
        let known = state.withLock { $0 }
        guard known.keyChanges != keyChanges else { return (known.ring, known.readAt) }
        do throws(CatalogFault) {
            let ring = try await Self.read(catalog, now: clock())
            return state.withLock { state in
                state = State(ring: ring, keyChanges: keyChanges, readAt: .now)
                return (ring, state.readAt)
            }
        } catch {
            throw UploadFault(error)
        }
    }

    package func sign(_ target: String, method: String) async throws(UploadFault) -> String {
        try await currentRing().ring.sign(method: method, target: target)
    }

    /// The target that was signed; `nil` when the signature does not hold.
    package func verify(_ target: String, method: String) async throws(UploadFault) -> Substring? {
        let (ring, readAt) = try await currentRing()
        do throws(SignatureFault) {
            return try ring.verify(method: method, signedTarget: target)
        } catch {
            // Another node may have rotated a moment ago.
            guard case .unknownKey = error, mayLookAgain(since: readAt) else { return nil }
            await refresh()
            return try? state.withLock { $0.ring }.verify(method: method, signedTarget: target)
        }
    }
}
