import GRDB
import Synchronization
import UploadStore

/// Lets changes that come at the same time share a transaction, and so the sync that makes it durable.
///
/// Changes wait in a queue. While there are any, the database's writer takes all that wait, runs them, commits once and
/// gives each its own result. When one of them fails, all are taken back and run again, each in a savepoint of its own,
/// so that it fails alone; changes therefore do nothing but change the database. Nobody waits for company: a lone change
/// is committed at once, and what comes during its sync makes the next group.
final class GroupCommit: Sendable {
    /// More would make the first of a group wait too long for the last.
    static let maximumChangesPerTransaction = 256

    private struct Change: Sendable {
        let operation: String
        /// Makes the change, perhaps a second time after the first was taken back; answers what to do once it is
        /// durable.
        let apply: @Sendable (Database) throws -> @Sendable () -> Void
        let fail: @Sendable (CatalogFault) -> Void
    }

    private struct State {
        var waiting: [Change] = []
        var isDraining = false
        var isClosed = false
        var counts = CommitCounts()
    }

    private let pool: DatabasePool
    private let file: CatalogFile
    private let state = Mutex(State())

    init(_ pool: DatabasePool, file: CatalogFile) {
        self.pool = pool
        self.file = file
    }

    var counts: CommitCounts {
        state.withLock { state in
            var counts = state.counts
            counts.waiting = state.waiting.count
            return counts
        }
    }

    var isClosed: Bool { state.withLock { $0.isClosed } }

    /// Changes that wait already are still made.
    func refuseFurther() { state.withLock { $0.isClosed = true } }

    /// Returns when the change is durable; throws when nothing of it stands (see ``CatalogFault``).
    func submit<Value: Sendable>(
        _ operation: String, _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws(CatalogFault) -> Value {
        let result: Result<Value, CatalogFault> = await withCheckedContinuation { continuation in
            enqueue(
                Change(
                    operation: operation,
                    apply: { database in
                        let value = try body(database)
                        return { continuation.resume(returning: .success(value)) }
                    },
                    fail: { continuation.resume(returning: .failure($0)) }))
        }
        return try result.get()
    }

    private func enqueue(_ change: Change) {
        let isAccepted = state.withLock { state in
            guard !state.isClosed else { return false }
            state.waiting.append(change)
            if !state.isDraining {
                state.isDraining = true
                // Handed to the writer's queue under the lock, so that closing, which goes through the same
                // queue, comes after it.
                pool.asyncWriteWithoutTransaction { self.drain($0) }
            }
            return true
        }
        if !isAccepted { change.fail(CatalogFault(.failed, "\(change.operation): the catalog is closed")) }
    }

    /// Runs on the writer until nothing waits.
    private func drain(_ database: Database) {
        while true {
            let asked = state.withLock { state in
                if state.waiting.isEmpty { state.isDraining = false }
                return min(state.waiting.count, Self.maximumChangesPerTransaction)
            }
            guard asked > 0 else { return }
            do {
                try file.checkName()
                try database.beginTransaction(.immediate)
            } catch {
                // Those that came during the wait have not had their time yet.
                for change in take(asked) { change.fail(CatalogFault(error, during: change.operation)) }
                continue
            }
            run(take(Self.maximumChangesPerTransaction), in: database)
        }
    }

    private func take(_ maximum: Int) -> [Change] {
        state.withLock { state in
            let group = Array(state.waiting.prefix(maximum))
            state.waiting.removeFirst(group.count)
            return group
        }
    }

    private func run(_ group: [Change], in database: Database) {
        var deliveries: [@Sendable () -> Void] = []
        deliveries.reserveCapacity(group.count)
        do {
            do {
                for change in group { deliveries.append(try change.apply(database)) }
            } catch {
                // A transaction that SQLite has given up itself was not the fault of one change.
                guard database.isInsideTransaction else { throw error }
                try database.rollback()
                try database.beginTransaction(.immediate)
                deliveries.removeAll(keepingCapacity: true)
                for change in group { deliveries.append(try runAlone(change, in: database)) }
            }
            try database.commit()
        } catch {
            // Only closes what SQLite has not closed by itself; there is nothing to do about its own failure.
            try? database.rollback()
            for change in group { change.fail(CatalogFault(error, during: change.operation)) }
            return
        }
        state.withLock { state in
            state.counts.transactions += 1
            state.counts.changes += group.count
        }
        for deliver in deliveries { deliver() }
    }

    /// A change that fails takes back itself only; answers what to do once the group is durable.
    ///
    /// - Throws: when the whole transaction is lost, as SQLite does for a full disk or a failing device.
    private func runAlone(_ change: Change, in database: Database) throws -> @Sendable () -> Void {
        try database.cachedStatement(sql: "SAVEPOINT change").execute()
        do {
            let deliver = try change.apply(database)
            try database.cachedStatement(sql: "RELEASE change").execute()
            return deliver
        } catch {
            guard database.isInsideTransaction else { throw error }
            try database.cachedStatement(sql: "ROLLBACK TO change").execute()
            try database.cachedStatement(sql: "RELEASE change").execute()
            let fault = CatalogFault(error, during: change.operation)
            return { change.fail(fault) }
        }
    }
}

/// How changes were grouped since the catalog was opened.
package struct CommitCounts: Hashable, Sendable {
    package var transactions = 0
    package var changes = 0
    /// Changes that wait for their transaction now.
    package var waiting = 0
}
