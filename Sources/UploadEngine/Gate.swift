import Synchronization

/// Waiting for nothing but the end of the task.
enum Gate {
    /// Returns when the calling task is cancelled.
    static func untilCancelled() async {
        let waiting = Mutex<CheckedContinuation<Void, Never>?>(nil)
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = waiting.withLock { slot in
                    if Task.isCancelled { return true }
                    slot = continuation
                    return false
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            waiting.withLock { slot in
                defer { slot = nil }
                return slot
            }?.resume()
        }
    }
}
