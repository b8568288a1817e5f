import NIOCore
import Synchronization

/// How long a body's reader has waited for its client.
///
/// Written by the task that reads the body, read by the guard of its connection: only time in which somebody wants
/// bytes and none are there counts against the client. A body that stands still because the disk is busy, or because
/// we have not said `100 Continue` yet, is not its fault.
final class BodyClock: Sendable {
    private struct State {
        /// When the reader began to wait; `nil` while it does not wait.
        var waitingSince: NIODeadline?
        /// What it waited before.
        var waited = TimeAmount.zero
    }

    private let state = Mutex(State())

    func beginWaiting() { state.withLock { $0.waitingSince = .now() } }

    func endWaiting() {
        state.withLock { state in
            guard let since = state.waitingSince else { return }
            state.waitingSince = nil
            state.waited = state.waited + (.now() - since)
        }
    }

    /// Bytes came, and more are waited for.
    func restartWaiting() {
        endWaiting()
        beginWaiting()
    }

    /// How long it waits now, and how long it waited altogether.
    func read(now: NIODeadline) -> (silence: TimeAmount, total: TimeAmount) {
        state.withLock { state in
            let silence = state.waitingSince.map { max(.zero, now - $0) } ?? .zero
            return (silence, state.waited + silence)
        }
    }
}
