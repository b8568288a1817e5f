package import Logging
import ServiceLifecycle
import Synchronization
import UploadEngine
package import UploadModel
package import UploadStore

/// Delivers what waits in the outbox: signed, in order per file, again and again until it is accepted or given up.
package struct HandoffDeliverer: Service {
    private let endpoints: [HandoffEndpoint]
    private let catalog: any HandoffCatalog
    private let sender: WebhookSender
    private let plan: RetryPlan
    private let clock: @Sendable () -> Timestamp
    private let logger: Logger

    /// Files of one endpoint that are told of at the same time: a slow endpoint holds up itself alone.
    package static let lanesPerEndpoint = 8
    /// Between two looks when nothing was found: what other processes let go again is found by looking.
    private static let idleInterval = Duration.milliseconds(200)
    private static let pauseAfterFault = Duration.seconds(5)

    package init(
        endpoints: [HandoffEndpoint], catalog: any HandoffCatalog, sender: WebhookSender, plan: RetryPlan,
        clock: @escaping @Sendable () -> Timestamp, logger: Logger
    ) {
        self.endpoints = endpoints
        self.catalog = catalog
        self.sender = sender
        self.plan = plan
        self.clock = clock
        self.logger = logger
    }

    package func run() async throws {
        await cancelWhenGracefulShutdown {
            await withDiscardingTaskGroup { group in
                for endpoint in endpoints {
                    group.addTask { await serve(endpoint) }
                }
            }
        }
    }

    private func serve(_ endpoint: HandoffEndpoint) async {
        let lanes = Lanes()
        await withDiscardingTaskGroup { group in
            while !Task.isCancelled {
                let rings = lanes.bell.rings
                // What is on its way now may have arrived when the outbox has been read, and must not go again.
                let busy = lanes.files
                var isIdle = true
                for queued in busy.count < Self.lanesPerEndpoint ? await due(for: endpoint) : [] {
                    let file = queued.handoff.fileID
                    guard !busy.contains(file), lanes.enter(file) else { continue }
                    isIdle = false
                    group.addTask {
                        await deliver(queued, to: endpoint)
                        lanes.leave(file)
                    }
                }
                // A lane that is free again may have more to tell.
                if isIdle { await lanes.bell.wait(since: rings, atMost: Self.idleInterval) }
            }
        }
    }

    private func due(for endpoint: HandoffEndpoint) async -> [QueuedHandoff] {
        do throws(CatalogFault) {
            let now = clock()
            // Twice as many as can go, because those that are going still stand in the outbox.
            return try await catalog.handoffsDue(
                for: endpoint.name, at: now,
                latest: Timestamp(milliseconds: now.milliseconds + plan.maximumDelayMilliseconds),
                limit: 2 * Self.lanesPerEndpoint)
        } catch {
            logger.warning("the outbox could not be read", metadata: ["sluice.fault": "\(error.detail)"])
            return []
        }
    }

    private func deliver(_ queued: QueuedHandoff, to endpoint: HandoffEndpoint) async {
        let outcome = await sender.send(
            id: queued.handoff.id.text, body: Array(queued.handoff.body.utf8), to: endpoint.url,
            secret: endpoint.secret, now: clock())
        // A shutdown in the middle says nothing about the endpoint.
        if Task.isCancelled, case .unreachable = outcome { return }
        do throws(CatalogFault) {
            if case .answered(let answer) = outcome, answer.isAccepted {
                try await catalog.accepted(queued.sequence)
            } else {
                try await fail(queued, endpoint, outcome)
            }
        } catch {
            // It stays in the outbox as it was and is sent again: twice is allowed, never is not. Not at once, though:
            // the endpoint is not to pay for a full disk of ours.
            logger.warning("a hand-off could not be recorded", metadata: ["sluice.fault": "\(error.detail)"])
            try? await Task.sleep(for: Self.pauseAfterFault)
        }
    }

    private func fail(
        _ queued: QueuedHandoff, _ endpoint: HandoffEndpoint, _ outcome: WebhookSender.Outcome
    ) async throws(CatalogFault) {
        let failures = queued.attempts + 1
        let delay = plan.delayMilliseconds(afterFailures: failures, jitter: .random(in: 0...1))
        let next = delay.map { delay in
            let asked = min(outcome.retryAfterSeconds ?? 0, plan.maximumDelayMilliseconds / 1000) * 1000
            return Timestamp(milliseconds: clock().milliseconds + max(delay, asked))
        }
        try await catalog.failed(queued.sequence, fault: outcome.description, nextAttemptAt: next)
        logger.log(
            level: next == nil ? .warning : .info,
            next == nil ? "hand-off given up; see sluice handoffs" : "hand-off not accepted",
            metadata: [
                "sluice.handoff": "\(queued.handoff.id)", "sluice.endpoint": "\(endpoint.name)",
                "sluice.kind": "\(queued.handoff.kind.rawValue)", "sluice.attempts": "\(failures)",
                "sluice.outcome": "\(outcome.description)",
            ])
    }
}

/// The files of one endpoint that are being told of right now.
private final class Lanes: Sendable {
    private let busy = Mutex<Set<FileID>>([])
    /// Rings when a file has left.
    let bell = Bell()

    var files: Set<FileID> { busy.withLock { $0 } }

    /// Whether the file is nobody's and there is room for one more.
    func enter(_ file: FileID) -> Bool {
        busy.withLock { busy in busy.count < HandoffDeliverer.lanesPerEndpoint && busy.insert(file).inserted }
    }

    func leave(_ file: FileID) {
        busy.withLock { busy in _ = busy.remove(file) }
        bell.ring()
    }
}
