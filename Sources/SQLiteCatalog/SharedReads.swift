import GRDB
import Synchronization
import UploadStore

/// Lets short reads that come at the same time share a snapshot, and the thread that takes it.
///
/// The counterpart of ``GroupCommit``: a lone read is made at once, and what comes meanwhile makes the next group.
/// Every snapshot is taken after its reads were asked for, so each sees every change whose call had returned. Long
/// reads go their own way, or they would hold the short ones up.
final class SharedReads: Sendable {
    /// So that the snapshot of one group, which keeps the log from being shortened, does not get old.
    static let maximumReadsPerSnapshot = 256

    private struct Read: Sendable {
        /// Reads; answers how to tell the result.
        let run: @Sendable (Database) -> @Sendable () -> Void
        let fail: @Sendable (any Error) -> Void
    }

    private struct State {
        var waiting: [Read] = []
        var isDraining = false
    }

    private let pool: DatabasePool
    private let state = Mutex(State())

    init(_ pool: DatabasePool) { self.pool = pool }

    func submit<Value: Sendable>(
        _ operation: String, _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws(CatalogFault) -> Value {
        let result: Result<Value, CatalogFault> = await withCheckedContinuation { continuation in
            enqueue(
                Read(
                    run: { database in
                        let result: Result<Value, CatalogFault>
                        do {
                            result = .success(try body(database))
                        } catch {
                            result = .failure(CatalogFault(error, during: operation))
                        }
                        return { continuation.resume(returning: result) }
                    },
                    fail: { continuation.resume(returning: .failure(CatalogFault($0, during: operation))) }))
        }
        return try result.get()
    }

    private func enqueue(_ read: Read) {
        let begins = state.withLock { state in
            state.waiting.append(read)
            defer { state.isDraining = true }
            return !state.isDraining
        }
        guard begins else { return }
        pool.asyncUnsafeRead { database in
            while let group = self.take() {
                do {
                    try Self.run(group, in: database.get())
                } catch {
                    for read in group { read.fail(error) }
                }
            }
        }
    }

    /// What waits; `nil` when nothing does, and whoever comes then begins anew.
    private func take() -> [Read]? {
        state.withLock { state in
            guard !state.waiting.isEmpty else {
                state.isDraining = false
                return nil
            }
            let group = Array(state.waiting.prefix(Self.maximumReadsPerSnapshot))
            state.waiting.removeFirst(group.count)
            return group
        }
    }

    private static func run(_ group: [Read], in database: Database) throws {
        try database.beginTransaction(.deferred)
        let deliveries = group.map { $0.run(database) }
        // Nothing was written: what was read is right however the transaction ends.
        try? database.commit()
        if database.isInsideTransaction { try? database.rollback() }
        for deliver in deliveries { deliver() }
    }
}
