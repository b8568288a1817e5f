import Synchronization
import UploadStore

/// Shares one sync among all that wait for it, and lets small pieces that wait be written together before it.
///
/// A sync that began before a piece was written says nothing about the piece, so whoever comes while one runs
/// waits for the next; that next one serves all who came meanwhile.
///
/// A sync that failed is never followed by another on the same descriptor: the kernel tells of lost pages once, and a
/// second call would answer success for bytes that are gone. All who wait, and all who come later, get the failure.
final class SyncGate: Sendable {
    private struct Waiter {
        let write: SmallWrite?
        let continuation: CheckedContinuation<Turn, Never>
    }

    private enum Turn {
        /// Write and sync, for yourself and for those.
        case lead([Waiter])
        case served(Result<Void, StoreFault>)
    }

    private struct State {
        var isRunning = false
        var failure: StoreFault?
        var waiting: [Waiter] = []
    }

    private let state = Mutex(State())

    /// Returns when a sync that began after this call has ended; what was to be written before is durable then.
    ///
    /// - Parameters:
    ///   - write: a piece that is not written yet.
    ///   - work: writes all that it is given, then syncs; run by one of those who wait, for all of them. It answers the
    ///     faults of the pieces that could not be written, by their place, and throws when the sync failed.
    func sync(
        _ write: SmallWrite? = nil,
        _ work: (_ writes: [SmallWrite]) async throws(StoreFault) -> [Int: StoreFault]
    ) async throws(StoreFault) {
        switch await turn(write) {
        case .served(let result): return try result.get()
        case .lead(let followers):
            var writes: [SmallWrite] = []
            func place(of write: SmallWrite?) -> Int? {
                guard let write else { return nil }
                writes.append(write)
                return writes.count - 1
            }
            let mine = place(of: write)
            let places = followers.map { place(of: $0.write) }
            let result: Result<[Int: StoreFault], StoreFault>
            do throws(StoreFault) {
                result = .success(try await work(writes))
            } catch {
                result = .failure(error)
            }
            for (follower, place) in zip(followers, places) {
                follower.continuation.resume(returning: .served(Self.outcome(of: place, result)))
            }
            passOn(after: result.map { _ in })
            return try Self.outcome(of: mine, result).get()
        }
    }

    private static func outcome(of place: Int?, _ result: Result<[Int: StoreFault], StoreFault>)
        -> Result<Void, StoreFault>
    {
        result.flatMap { faults in place.flatMap { faults[$0] }.map { .failure($0) } ?? .success(()) }
    }

    private func turn(_ write: SmallWrite?) async -> Turn {
        await withCheckedContinuation { continuation in
            let turn: Turn? = state.withLock { state in
                if let failure = state.failure { return .served(.failure(failure)) }
                if state.isRunning {
                    state.waiting.append(Waiter(write: write, continuation: continuation))
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
            for waiter in next { waiter.continuation.resume(returning: .served(.failure(failure))) }
        } else if let leader = next.first {
            leader.continuation.resume(returning: .lead(Array(next.dropFirst())))
        }
    }
}
