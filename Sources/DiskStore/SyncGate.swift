import Synchronization
import UploadStore

/// Shares one sync among all that wait for it.
///
/// A sync that began before a piece was written says nothing about the piece, so whoever comes while one runs
/// waits for the next; that next one serves all who came meanwhile.
///
/// A sync that failed is never followed by another on the same descriptor: the kernel tells of lost pages once, and a
/// second call would answer success for bytes that are gone. All who wait, and all who come later, get the failure.
final class SyncGate: Sendable {
    private enum Turn {
        /// Sync, for yourself and for those.
        case lead([CheckedContinuation<Turn, Never>])
        case served(Result<Void, StoreFault>)
    }

    private struct State {
        var isRunning = false
        var failure: StoreFault?
        var waiting: [CheckedContinuation<Turn, Never>] = []
    }

    private let state = Mutex(State())

    /// Returns when a sync that began after this call has ended.
    func sync(_ work: () async throws(StoreFault) -> Void) async throws(StoreFault) {
        switch await turn() {
        case .served(let result): return try result.get()
        case .lead(let followers):
            let result: Result<Void, StoreFault>
            do throws(StoreFault) {
                try await work()
                result = .success(())
            } catch {
                result = .failure(error)
            }
            for follower in followers { follower.resume(returning: .served(result)) }
            passOn(after: result)
            return try result.get()
        }
    }

    private func turn() async -> Turn {
        await withCheckedContinuation { continuation in
            let turn: Turn? = state.withLock { state in
                if let failure = state.failure { return .served(.failure(failure)) }
                if state.isRunning {
                    state.waiting.append(continuation)
                    return nil
                }
                state.isRunning = true
                return .lead([])
            }
            if let turn { continuation.resume(returning: turn) }
        }
    }

    /// For tests: how many wait for the sync after the one that runs.
    var waitingCount: Int { state.withLock { $0.waiting.count } }

    /// Whether a sync failed, so that nothing can be made durable through this file any more.
    var hasFailed: Bool { state.withLock { $0.failure != nil } }

    private func passOn(after result: Result<Void, StoreFault>) {
        var failure: StoreFault?
        if case .failure(let fault) = result { failure = fault }
        let next = state.withLock { state in
            let waiting = state.waiting
            state.waiting = []
            state.failure = failure
            state.isRunning = failure == nil && !waiting.isEmpty
            return waiting
        }
        if let failure {
            for waiter in next { waiter.resume(returning: .served(.failure(failure))) }
        } else if let leader = next.first {
            leader.resume(returning: .lead(Array(next.dropFirst())))
        }
    }
}
