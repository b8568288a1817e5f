import Logging
import ServiceLifecycle
import Synchronization
import UploadGrants
package import UploadModel
package import UploadStore

/// The signing keys of this gateway, kept in step with the catalog.
package final class GrantKeys: Service {
    private struct State {
        var ring: KeyRing
        var readAt: ContinuousClock.Instant
    }

    private let catalog: any KeyCatalog
    private let state: Mutex<State>
    private let clock: @Sendable () -> Timestamp
    /// How soon a rotated key is used for signing.
    private static let interval = Duration.seconds(30)
    /// How often at most a link with an unknown key id may make us look.
    private static let patience = Duration.seconds(1)

    /// Reads the keys, making the first one where there is none.
    package init(catalog: any KeyCatalog, clock: @escaping @Sendable () -> Timestamp) async throws {
        self.catalog = catalog
        self.clock = clock
        state = Mutex(State(ring: try await Self.read(catalog, now: clock()), readAt: .now))
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
        let ring = try? await Self.read(catalog, now: clock())
        state.withLock { state in
            if let ring { state.ring = ring }
            state.readAt = .now
        }
    }

    package func sign(_ target: String, method: String) -> String {
        state.withLock { $0.ring }.sign(method: method, target: target)
    }

    /// The target that was signed; `nil` when the signature does not hold.
    package func verify(_ target: String, method: String) async -> Substring? {
        let (ring, readAt) = state.withLock { ($0.ring, $0.readAt) }
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
