import Synchronization

/// How often each of many clients may ask: so many times a second in the long run, and as many at once after a pause.
///
/// The generic cell rate algorithm: of each client one moment is kept, when its allowance is whole again.
final class RateLimit: Sendable {
    /// Of more clients at once the later ones share one allowance, so that nobody can make this grow.
    static let maximumCount = 65_536

    /// Who has no place of its own.
    private static let others = ""

    private struct State {
        /// When the allowance of a client is whole again; one that is whole needs no entry.
        var wholeAt: [String: ContinuousClock.Instant] = [:]
        /// When entries that are not needed were last taken out.
        var tidiedAt: ContinuousClock.Instant?
    }

    private static let burst = Duration.seconds(1)
    private let interval: Duration
    private let state = Mutex(State())

    /// `nil` where there is no limit.
    ///
    /// - Parameter requestsPerSecond: 0 for no limit.
    init?(requestsPerSecond: Int) {
        guard requestsPerSecond > 0 else { return nil }
        interval = .seconds(1) / requestsPerSecond
    }

    /// Counts a request.
    ///
    /// - Returns: `nil` when it may be answered, and else how long the client has to wait; it is not counted then.
    func admit(_ client: String, now: ContinuousClock.Instant) -> Duration? {
        state.withLock { state in
            let name = place(of: client, in: &state, now)
            let wholeAt = max(state.wholeAt[name] ?? now, now)
            let excess = wholeAt + interval - (now + Self.burst)
            guard excess <= .zero else { return excess }
            state.wholeAt[name] = wholeAt + interval
            return nil
        }
    }

    private func place(of client: String, in state: inout State, _ now: ContinuousClock.Instant) -> String {
        guard state.wholeAt[client] == nil, state.wholeAt.count >= Self.maximumCount else { return client }
        // Once a second at most: looking through all of them is dear.
        if state.tidiedAt.map({ now - $0 >= Self.burst }) ?? true {
            state.tidiedAt = now
            state.wholeAt = state.wholeAt.filter { $0.value > now }
        }
        return state.wholeAt.count < Self.maximumCount ? client : Self.others
    }

    /// For tests.
    var count: Int { state.withLock { $0.wholeAt.count } }
}
