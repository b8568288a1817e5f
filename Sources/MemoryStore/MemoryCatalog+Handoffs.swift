import Synchronization
package import UploadModel
package import UploadStore

extension MemoryCatalog {
    package func handoffsDue(
        for endpoint: EndpointName, at now: Timestamp, latest: Timestamp, limit: Int
    ) async throws(CatalogFault) -> [QueuedHandoff] {
        state.withLock { state in
            var seen: Set<FileID> = []
            let heads = state.outbox.filter { queued in
                queued.handoff.endpoint == endpoint && queued.state == .waiting
                    && seen.insert(queued.handoff.fileID).inserted
            }
            let due = heads.filter { $0.nextAttemptAt <= now || $0.nextAttemptAt > latest }
                .sorted { ($0.nextAttemptAt, $0.sequence) < ($1.nextAttemptAt, $1.sequence) }
            return Array(due.prefix(max(0, limit)))
        }
    }

    package func accepted(_ sequence: Int64) async throws(CatalogFault) {
        state.withLock { state in state.outbox.removeAll { $0.sequence == sequence } }
    }

    package func failed(
        _ sequence: Int64, fault: String, nextAttemptAt: Timestamp?
    ) async throws(CatalogFault) {
        state.withLock { state in
            guard let index = state.outbox.firstIndex(where: { $0.sequence == sequence && $0.state == .waiting })
            else { return }
            state.outbox[index].attempts += 1
            state.outbox[index].lastFault = fault
            if let nextAttemptAt {
                state.outbox[index].nextAttemptAt = nextAttemptAt
                let head = state.outbox[index]
                for later in state.outbox.indices where state.outbox[later].waits(behind: head) {
                    state.outbox[later].nextAttemptAt = max(state.outbox[later].nextAttemptAt, nextAttemptAt)
                }
            } else {
                state.outbox[index].state = .dead
            }
        }
    }

    package func handoffs(
        in wanted: QueuedHandoff.State?, after sequence: Int64?, limit: Int
    ) async throws(CatalogFault) -> [QueuedHandoff] {
        state.withLock { state in
            let found = state.outbox.filter { queued in
                queued.sequence > sequence ?? 0 && (wanted == nil || queued.state == wanted)
            }
            return Array(found.prefix(max(0, limit)))
        }
    }

    package func retryHandoffs(_ id: HandoffID?, now: Timestamp) async throws(CatalogFault) -> Int {
        state.withLock { state in
            let chosen = state.outbox.indices.filter { index in
                let queued = state.outbox[index]
                return id == nil ? queued.state == .dead : queued.handoff.id == id
            }
            for index in chosen {
                let retried = state.outbox[index]
                for other in state.outbox.indices where state.outbox[other].isOfLane(retried) {
                    state.outbox[other].nextAttemptAt = now
                }
                state.outbox[index].state = .waiting
                state.outbox[index].attempts = 0
                state.outbox[index].nextAttemptAt = now
            }
            return chosen.count
        }
    }
}

extension QueuedHandoff {
    /// Whether this waits for the same endpoint to be told of the same file.
    fileprivate func isOfLane(_ other: QueuedHandoff) -> Bool {
        state == .waiting && handoff.endpoint == other.handoff.endpoint && handoff.fileID == other.handoff.fileID
    }

    fileprivate func waits(behind head: QueuedHandoff) -> Bool { isOfLane(head) && sequence > head.sequence }
}

extension MemoryCatalog.State {
    /// Writes hand-offs in the order given: all, or none and an error. Comes before the change that they tell of,
    /// which cannot fail any more then.
    mutating func announce(_ handoffs: [Handoff]) throws(CatalogFault) {
        var names = Set(outbox.map { Name(id: $0.handoff.id, endpoint: $0.handoff.endpoint) })
        for handoff in handoffs
        where !names.insert(Name(id: handoff.id, endpoint: handoff.endpoint)).inserted {
            throw CatalogFault(.failed, "announce: an endpoint has a hand-off of this id already")
        }
        for handoff in handoffs {
            lastSequence += 1
            outbox.append(
                QueuedHandoff(sequence: lastSequence, handoff: handoff, nextAttemptAt: handoff.createdAt))
        }
    }

    /// What a hand-off is known by.
    private struct Name: Hashable {
        let id: HandoffID
        let endpoint: EndpointName
    }
}
