import GatewayHTTP
import Logging
import ServiceLifecycle
import UnixSignals

/// A gateway, wired and ready to run.
package struct Gateway: Sendable {
    let services: [any Service]
    let outgoing: Outgoing
    let drain: DrainSwitch
    let drainSeconds: Int
    let workshop: Workshop
    /// Where the first API key was written; `nil` when there was a key already.
    package let initialKeyPath: String?
    let logger: Logger

    /// How often a drain looks whether requests are still running.
    private static let drainLook = Duration.milliseconds(50)

    /// Runs until SIGTERM or SIGINT, then drains: clients are still answered, new uploads with 503, until the
    /// running requests have ended or `drainSeconds` are over.
    package func run() async throws {
        var configuration = ServiceGroupConfiguration(
            services: services.map { .init(service: $0) }, gracefulShutdownSignals: [], logger: logger)
        // What still runs after the drain is cut off; only the cutting takes its time.
        configuration.maximumGracefulShutdownDuration = .seconds(2)
        let group = ServiceGroup(configuration: configuration)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { await endOnSignal(group) }
            do {
                try await group.run()
            } catch is CancellationError {
                logger.notice("requests that were still running after the drain were cut off")
            }
            tasks.cancelAll()
        }
        await outgoing.shutDown()
        try await workshop.close()
        logger.notice("stopped")
    }

    /// The first signal drains, the second ends the drain at once.
    private func endOnSignal(_ group: ServiceGroup) async {
        await withDiscardingTaskGroup { drains in
            for await signal in await UnixSignalsSequence(trapping: .sigterm, .sigint) {
                if drain.isDraining {
                    logger.notice("not waiting any longer", metadata: ["sluice.signal": "\(signal)"])
                    await group.triggerGracefulShutdown()
                    break
                }
                logger.notice("draining", metadata: ["sluice.signal": "\(signal)"])
                drain.startDraining()
                drains.addTask {
                    await drained()
                    await group.triggerGracefulShutdown()
                }
            }
            drains.cancelAll()
        }
    }

    private func drained() async {
        let deadline = ContinuousClock.now + .seconds(drainSeconds)
        while drain.runningRequests > 0, ContinuousClock.now < deadline, !Task.isCancelled {
            try? await Task.sleep(for: Self.drainLook)
        }
    }
}
