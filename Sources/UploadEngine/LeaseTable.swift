import Synchronization
package import UploadModel

/// The right to write to an upload: all of it, or one part.
package enum LeaseScope: Hashable, Sendable {
    case whole
    case part(Int)

    func conflicts(with other: LeaseScope) -> Bool { self == .whole || other == .whole || self == other }
}

/// Who writes to which upload. A newcomer never waits for a time-out: it asks the holder to stop, and the holder
/// stops at its next buffer. Reading takes no lease.
package final class LeaseTable: Sendable {
    private struct Entry {
        var holders: [Lease] = []
        /// In the order they came; each is granted when nothing before it, held or waiting, conflicts.
        var waiting: [(lease: Lease, continuation: CheckedContinuation<Void, Never>)] = []
    }

    private let entries = Mutex<[FileID: Entry]>([:])

    package init() {}

    /// Takes over: whoever holds or awaits a conflicting scope is asked to stop; returns when it has let go.
    package func acquire(_ id: FileID, _ scope: LeaseScope) async -> Lease {
        let lease = Lease(id: id, scope: scope, table: self)
        await withCheckedContinuation { continuation in
            var stopped: [Lease] = []
            let isFree = entries.withLock { entries in
                var entry = entries[id] ?? Entry()
                stopped =
                    entry.holders.filter { $0.scope.conflicts(with: scope) }
                    + entry.waiting.map(\.lease).filter { $0.scope.conflicts(with: scope) }
                if stopped.isEmpty {
                    entry.holders.append(lease)
                } else {
                    entry.waiting.append((lease, continuation))
                }
                entries[id] = entry
                return stopped.isEmpty
            }
            for lease in stopped { lease.revoke() }
            if isFree { continuation.resume() }
        }
        return lease
    }

    /// Takes the whole upload only if nobody holds or awaits any of it.
    package func acquireIfIdle(_ id: FileID) -> Lease? { acquireIfFree(id, .whole) }

    /// Takes a scope only if nobody holds or awaits a conflicting one, and so disturbs nobody.
    package func acquireIfFree(_ id: FileID, _ scope: LeaseScope) -> Lease? {
        let lease = Lease(id: id, scope: scope, table: self)
        let isFree = entries.withLock { entries in
            var entry = entries[id] ?? Entry()
            let others = entry.holders + entry.waiting.map(\.lease)
            guard !others.contains(where: { $0.scope.conflicts(with: scope) }) else { return false }
            entry.holders.append(lease)
            entries[id] = entry
            return true
        }
        if !isFree { lease.forget() }
        return isFree ? lease : nil
    }

    fileprivate func release(_ lease: Lease) {
        let granted = entries.withLock { entries -> [CheckedContinuation<Void, Never>] in
            guard var entry = entries[lease.id] else { return [] }
            entry.holders.removeAll { $0 === lease }
            var granted: [CheckedContinuation<Void, Never>] = []
            var stillWaiting: [(lease: Lease, continuation: CheckedContinuation<Void, Never>)] = []
            for waiter in entry.waiting {
                let blockers = entry.holders + stillWaiting.map(\.lease)
                if blockers.contains(where: { $0.scope.conflicts(with: waiter.lease.scope) }) {
                    stillWaiting.append(waiter)
                } else {
                    entry.holders.append(waiter.lease)
                    granted.append(waiter.continuation)
                }
            }
            entry.waiting = stillWaiting
            entries[lease.id] = entry.holders.isEmpty && stillWaiting.isEmpty ? nil : entry
            return granted
        }
        for continuation in granted { continuation.resume() }
    }

    /// Uploads that somebody writes to.
    package var count: Int { entries.withLock { $0.count } }

    /// For tests: how many wait for a scope of an upload.
    func waitingCount(_ id: FileID) -> Int { entries.withLock { $0[id]?.waiting.count ?? 0 } }
}

/// A lease that is held. Must be released exactly once.
package final class Lease: Sendable {
    private enum State {
        case held(waiters: [Int: CheckedContinuation<Void, Never>])
        case revoked
        case released
    }

    let id: FileID
    let scope: LeaseScope
    private let table: LeaseTable
    private let state = Mutex(State.held(waiters: [:]))
    private let tickets = Atomic<Int>(0)

    fileprivate init(id: FileID, scope: LeaseScope, table: LeaseTable) {
        self.id = id
        self.scope = scope
        self.table = table
    }

    deinit {
        let isReleased = state.withLock { state in
            if case .released = state { return true }
            return false
        }
        assert(isReleased, "a lease of upload \(id) was dropped; call release()")
    }

    /// Whether a newcomer wants the upload.
    package var isRevoked: Bool {
        state.withLock { state in
            if case .revoked = state { return true }
            return false
        }
    }

    /// Returns when a newcomer wants the upload, or when the calling task is cancelled.
    package func revoked() async {
        let ticket = tickets.add(1, ordering: .relaxed).newValue
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = state.withLock { state in
                    guard case .held(var waiters) = state, !Task.isCancelled else { return true }
                    waiters[ticket] = continuation
                    state = .held(waiters: waiters)
                    return false
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            let waiter = state.withLock { state -> CheckedContinuation<Void, Never>? in
                guard case .held(var waiters) = state else { return nil }
                let waiter = waiters.removeValue(forKey: ticket)
                state = .held(waiters: waiters)
                return waiter
            }
            waiter?.resume()
        }
    }

    /// Lets go; whoever waits goes on.
    package func release() {
        let waiters = end(as: .released)
        for waiter in waiters { waiter.resume() }
        table.release(self)
    }

    fileprivate func forget() { _ = end(as: .released) }

    fileprivate func revoke() {
        for waiter in end(as: .revoked) { waiter.resume() }
    }

    private func end(as next: State) -> [CheckedContinuation<Void, Never>] {
        state.withLock { state in
            if case .released = state { return [] }
            var waiting: [CheckedContinuation<Void, Never>] = []
            if case .held(let waiters) = state { waiting = Array(waiters.values) }
            state = next
            return waiting
        }
    }
}
