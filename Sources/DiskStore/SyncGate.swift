import Synchronization
import UploadStore

/// Shares one sync among all that wait for it.
///
/// A sync that began before a piece was written says nothing about the piece, so whoever comes while one runs
/// waits for the next; that next one serves all who came meanwhile.
final class SyncGate: Sendable {
    private enum Turn {
        /// Sync, for yourself and for those.
        case lead([CheckedContinuation<Turn, Never>])
        case served(Result<Void, StoreFault>)
    }

    private struct State {
        var isRunning = false
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
            passOn()
            return try result.get()
        }
    }

    private func turn() async -> Turn {
        await withCheckedContinuation { continuation in
            let leads = state.withLock { state in
                if state.isRunning {
                    state.waiting.append(continuation)
                    return false
                }
                state.isRunning = true
                return true
            }
            if leads { continuation.resume(returning: .lead([])) }
        }
    }

    /// For tests: how many wait for the sync after the one that runs.
    var waitingCount: Int { state.withLock { $0.waiting.count } }

    private func passOn() {
        let next = state.withLock { state in
            let waiting = state.waiting
            state.waiting = []
            state.isRunning = !waiting.isEmpty
            return waiting
        }
        if let leader = next.first { leader.resume(returning: .lead(Array(next.dropFirst()))) }
    }
}
