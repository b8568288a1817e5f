import Synchronization

/// Whether the gateway is going down and takes no new uploads, and how many requests it still answers.
package final class DrainSwitch: Sendable {
    private let draining = Atomic(false)
    private let running = Atomic(0)

    package init() {}

    package var isDraining: Bool { draining.load(ordering: .relaxed) }

    package func startDraining() { draining.store(true, ordering: .relaxed) }

    /// Requests that are being answered.
    package var runningRequests: Int { running.load(ordering: .relaxed) }

    func enter() { running.add(1, ordering: .relaxed) }

    func leave() { running.subtract(1, ordering: .relaxed) }
}
