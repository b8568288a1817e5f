import Synchronization
package import UploadModel

/// The time by which things end for their age: the time of day, unless that was set forward a moment ago.
///
/// A clock that leaps ahead would end at once what has hours or days left, and nothing brings it back when the clock is
/// set right again. So a leap is believed only after it has stood for a while; until then the time goes on as it went
/// before. A clock that is set back is believed at once: whatever ends, ends later then.
package final class PatientClock: Sendable {
    /// How far ahead a clock may be that is merely being adjusted, or was looked at late.
    package static let toleranceSeconds: Int64 = 60
    /// How long a leap must stand before it is believed.
    package static let doubtSeconds: Int64 = 3600

    private struct State {
        /// The time that was believed last, and when that was.
        var believed: Timestamp
        var believedAt: Duration
        var doubtedSince: Duration?
    }

    private let clock: @Sendable () -> Timestamp
    private let elapsed: @Sendable () -> Duration
    private let state: Mutex<State>

    /// - Parameters:
    ///   - clock: the time of day; believed as it is now.
    ///   - elapsed: the time since any fixed moment, which nobody can set.
    package init(clock: @escaping @Sendable () -> Timestamp, elapsed: @escaping @Sendable () -> Duration) {
        self.clock = clock
        self.elapsed = elapsed
        state = Mutex(State(believed: clock(), believedAt: elapsed()))
    }

    package convenience init(clock: @escaping @Sendable () -> Timestamp) {
        let start = ContinuousClock.now
        self.init(clock: clock, elapsed: { ContinuousClock.now - start })
    }

    package var now: Timestamp {
        let (told, moment) = (clock(), elapsed())
        return state.withLock { state in
            let expected = state.believed.adding(seconds: (moment - state.believedAt).components.seconds)
            let since = state.doubtedSince ?? moment
            let isLeap = told > expected.adding(seconds: Self.toleranceSeconds)
            if isLeap, moment - since < .seconds(Self.doubtSeconds) {
                state.doubtedSince = since
                return expected
            }
            state = State(believed: told, believedAt: moment)
            return told
        }
    }
}
