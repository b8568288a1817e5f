import NIOPosix
import Synchronization
import UploadStore

/// Threads for calls that block on the disk.
struct DiskThreads: Sendable {
    private let pool: NIOThreadPool

    init(count: Int) {
        pool = NIOThreadPool(numberOfThreads: count)
        pool.start()
    }

    /// Runs a blocking call on a thread of the pool and waits for it.
    func run<Value: Sendable>(
        _ body: @escaping @Sendable () throws(StoreFault) -> Value
    ) async throws(StoreFault) -> Value {
        try await start(body).value()
    }

    /// Begins a blocking call; its outcome is fetched later.
    func start<Value: Sendable>(
        _ body: @escaping @Sendable () throws(StoreFault) -> Value
    ) -> Pending<Value> {
        let pending = Pending<Value>()
        pool.submit { state in
            switch state {
            case .active:
                do throws(StoreFault) {
                    pending.fulfil(.success(try body()))
                } catch {
                    pending.fulfil(.failure(error))
                }
            case .cancelled: pending.fulfil(.failure(StoreFault(.failed, "the store is shut down")))
            }
        }
        return pending
    }

    /// Lets running calls end; later ones fail.
    func shutDown() async throws { try await pool.shutdownGracefully() }
}

/// The outcome of a call that runs on another thread. Fetched by one task.
final class Pending<Value: Sendable>: Sendable {
    private enum State {
        case running
        case awaited(CheckedContinuation<Result<Value, StoreFault>, Never>)
        case done(Result<Value, StoreFault>)
    }

    private let state = Mutex(State.running)

    func fulfil(_ result: Result<Value, StoreFault>) {
        let waiting: CheckedContinuation<Result<Value, StoreFault>, Never>? = state.withLock { state in
            switch state {
            case .running:
                state = .done(result)
                return nil
            case .awaited(let continuation):
                state = .done(result)
                return continuation
            case .done: return nil
            }
        }
        waiting?.resume(returning: result)
    }

    func value() async throws(StoreFault) -> Value {
        let result = await withCheckedContinuation { continuation in
            let done: Result<Value, StoreFault>? = state.withLock { state in
                if case .done(let result) = state { return result }
                state = .awaited(continuation)
                return nil
            }
            if let done { continuation.resume(returning: done) }
        }
        return try result.get()
    }
}
