import NIOCore

/// Runs a connection's task on the event loop of its channel: what the loop has read is then handled, and answered,
/// on the thread that has it in its cache, and nobody has to be woken.
///
/// Whatever waits for a disk does so on other threads, so the loop is never held up.
final class LoopExecutor: TaskExecutor {
    private let loop: any EventLoop

    init(_ loop: any EventLoop) { self.loop = loop }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        loop.execute { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
