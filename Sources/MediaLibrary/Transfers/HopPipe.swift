import CCurl
import NIOCore
import Synchronization

/// What a hop brings, on its way from the thread that talks to the network to the one task that wants it.
final class HopPipe: Sendable {
    enum Event: Sendable {
        case head(AnswerHead)
        case bytes(ByteBuffer)
        /// Comes last, and again to whoever asks after it.
        case end(HopEnd)
    }

    enum Offer: Hashable, Sendable {
        case taken
        /// The thread is woken when there is room.
        case full
        /// Nobody wants more.
        case stopped
    }

    /// Bytes taken from the thread that the task has not done with yet. What the thread and libcurl hold besides, a
    /// buffer each, comes on top.
    static let maximumOutstandingBytes = 512 * 1_024

    private struct State {
        var waker: HopWaker?
        var isBegun = false
        var isStopped = false
        var isRoomAwaited = false
        var head: AnswerHead?
        var queue: [ByteBuffer] = []
        var queuedBytes = 0
        /// Of the buffer that the task got last, and is done with when it asks for the next.
        var inHandBytes = 0
        var end: HopEnd?
        /// Who waits for the next event. It is only woken, and takes the event itself.
        var waiting: CheckedContinuation<Void, Never>?

        var hasNext: Bool { head != nil || !queue.isEmpty || end != nil }

        mutating func takeNext() -> Event? {
            if let head {
                self.head = nil
                return .head(head)
            }
            if !queue.isEmpty {
                let bytes = queue.removeFirst()
                queuedBytes -= bytes.readableBytes
                inHandBytes = bytes.readableBytes
                return .bytes(bytes)
            }
            return end.map(Event.end)
        }

        /// Whoever waits for what came just now.
        mutating func awaiting() -> CheckedContinuation<Void, Never>? {
            guard hasNext else { return nil }
            defer { waiting = nil }
            return waiting
        }
    }

    private let state = Mutex(State())

    // MARK: - The task

    /// The next event. By asking, the caller says that it is done with the one before.
    func next() async -> Event {
        await withCheckedContinuation { continuation in
            let isThere = state.withLock { state in
                state.inHandBytes = 0
                if state.isRoomAwaited, state.queuedBytes < Self.maximumOutstandingBytes {
                    state.isRoomAwaited = false
                    state.waker?.wake()
                }
                if state.hasNext { return true }
                precondition(state.waiting == nil, "one task at a time takes from a pipe")
                state.waiting = continuation
                return false
            }
            if isThere { continuation.resume() }
        }
        guard let event = state.withLock({ $0.takeNext() }) else { preconditionFailure("woken for nothing") }
        return event
    }

    /// Makes the hop end soon. Whoever waits gets its end, after what had come already.
    func stop() {
        change { state in
            guard state.end == nil else { return }
            state.isStopped = true
            // No thread of its own yet: nothing has to end.
            if !state.isBegun { state.end = .stopped }
            state.waker?.wake()
        }
    }

    /// Waits for the end.
    func drain() async {
        while true {
            if case .end = await next() { return }
        }
    }

    // MARK: - The thread

    /// - Returns: whether anybody still wants the hop.
    func begin(_ waker: HopWaker) -> Bool {
        state.withLock { state in
            guard !state.isStopped, state.end == nil else { return false }
            state.isBegun = true
            state.waker = waker
            return true
        }
    }

    var isStopped: Bool { state.withLock { $0.isStopped } }

    func push(_ head: AnswerHead) { change { $0.head = head } }

    func offer(_ bytes: ByteBuffer) -> Offer {
        var outcome = Offer.taken
        change { state in
            if state.isStopped {
                outcome = .stopped
            } else if state.queuedBytes + state.inHandBytes > 0,
                state.queuedBytes + state.inHandBytes + bytes.readableBytes > Self.maximumOutstandingBytes
            {
                outcome = .full
                state.isRoomAwaited = true
            } else {
                state.queue.append(bytes)
                state.queuedBytes += bytes.readableBytes
            }
        }
        return outcome
    }

    /// The last bytes, for which there is always room: nothing comes after them.
    func push(last bytes: ByteBuffer) {
        change { state in
            state.queue.append(bytes)
            state.queuedBytes += bytes.readableBytes
        }
    }

    /// After this nothing wakes the thread any more.
    func retire() { state.withLock { $0.waker = nil } }

    func finish(_ end: HopEnd) { change { state in state.end = state.end ?? end } }

    private func change(_ body: (inout State) -> Void) {
        let woken = state.withLock { state in
            body(&state)
            return state.awaiting()
        }
        woken?.resume()
    }
}

/// Makes the thread of a hop look at its pipe.
// Sendable: `curl_multi_wakeup` may be called from any thread, and nothing else is done with the handle through this.
// The handle outlives the waker: the pipe drops it in `retire`, which its thread calls before it frees the handle.
struct HopWaker: @unchecked Sendable {
    private let multi: UnsafeMutableRawPointer

    init(_ multi: UnsafeMutableRawPointer) { self.multi = multi }

    func wake() { _ = curl_multi_wakeup(multi) }
}
