import NIOCore
import Synchronization

/// How long a body's reader has waited for its client.
///
/// Written by the task that reads the body, read by the guard of its connection: only time in which somebody wants
/// bytes and none are there counts against the client. A body that stands still because the disk is busy, or because
/// we have not said `100 Continue` yet, is not its fault.
final class BodyClock: Sendable {
    /// When the reader began to wait, in nanoseconds of `NIODeadline`; 0 while it does not wait.
    private let waitingSince = Atomic<UInt64>(0)
    /// What it waited before, in nanoseconds.
    private let waited = Atomic<UInt64>(0)

    func beginWaiting() { waitingSince.store(NIODeadline.now().uptimeNanoseconds, ordering: .relaxed) }

    func endWaiting() {
        let since = waitingSince.exchange(0, ordering: .relaxed)
        guard since > 0 else { return }
        waited.add(NIODeadline.now().uptimeNanoseconds &- since, ordering: .relaxed)
    }

    /// How long it waits now, and how long it waited altogether, in nanoseconds.
    func read(now: NIODeadline) -> (silence: UInt64, total: UInt64) {
        let since = waitingSince.load(ordering: .relaxed)
        let silence = since == 0 || since > now.uptimeNanoseconds ? 0 : now.uptimeNanoseconds - since
        return (silence, waited.load(ordering: .relaxed) &+ silence)
    }
}
