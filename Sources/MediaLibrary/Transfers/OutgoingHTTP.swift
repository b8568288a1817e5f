import NIOCore
import NIOPosix
import Synchronization
import UploadModel

/// Asks other servers: small exchanges with some, downloads from others.
///
/// Every transfer holds one thread while it is connected; more wait until a thread is free. Where a slow kind of
/// transfer must not hold up another one, use two of these. Must be shut down before it goes.
package final class OutgoingHTTP: Sendable {
    private struct State {
        var isShutDown = false
        var pipes: [ObjectIdentifier: HopPipe] = [:]
    }

    private let pool: NIOThreadPool
    private let state = Mutex(State())

    /// - Parameter threads: how many transfers run at a time.
    package init(threads: Int) {
        pool = NIOThreadPool(numberOfThreads: threads)
        pool.start()
    }

    /// Stops what runs and refuses everything after; returns when all threads have ended. Safe to call again.
    package func shutDown() async {
        let (isFirst, pipes) = state.withLock { state in
            defer { state.isShutDown = true }
            return (!state.isShutDown, Array(state.pipes.values))
        }
        for pipe in pipes { pipe.stop() }
        // It fails only when it is shut down twice.
        if isFirst { try? await pool.shutdownGracefully() }
    }

    // MARK: - Exchanges

    /// Asks and gives the whole answer, of any status.
    ///
    /// Cancelling the calling task ends it soon.
    /// - Throws: `refused` for a URL, a field or an address that is not allowed; `unreachable`, `timedOut`, `stopped`.
    package func exchange(_ request: OutgoingRequest) async throws(TransferFault) -> OutgoingAnswer {
        guard request.fields.allSatisfy(\.isSendable) else {
            throw TransferFault(.refused, "A field of the request cannot be sent.")
        }
        var url = try FetchURL(request.url)
        var fields = request.fields
        let budget = TimeBudget(milliseconds: request.totalTimeoutMilliseconds)
        for redirects in 0... {
            let hop = Hop(
                method: Self.method(request.method), url: url, fields: fields, addresses: request.addresses,
                connectTimeoutMilliseconds: request.connectTimeoutMilliseconds, speedFloor: nil, budget: budget)
            let answer = try await answer(to: hop, atMost: request.maximumAnswerBytes)
            let head = AnswerHead(status: answer.status, fields: answer.fields)
            guard request.follows, let location = head.redirect else { return answer }
            guard redirects < request.maximumRedirects else {
                throw TransferFault(
                    .unreachable, "The URL redirects more than \(request.maximumRedirects) times.")
            }
            let next = try url.following(location)
            // What the caller sends to one server may be no business of another.
            if next.origin != url.origin { fields = [] }
            url = next
        }
        throw TransferFault.stopped
    }

    private static func method(_ method: OutgoingRequest.Method) -> Hop.Method {
        switch method {
        case .get: .get
        case .head: .head
        case .post(let body): .post(body)
        }
    }

    private func answer(to hop: Hop, atMost maximumBytes: Int) async throws(TransferFault) -> OutgoingAnswer {
        try await run(hop) { pipe throws(TransferFault) in
            var head: AnswerHead?
            var body: [UInt8] = []
            while true {
                switch await pipe.next() {
                case .head(let answer): head = answer
                case .bytes(let bytes):
                    body.append(contentsOf: bytes.readableBytesView.prefix(maximumBytes - body.count + 1))
                case .end(.stopped): throw TransferFault.stopped
                case .end(.failed(let failure)): throw failure.fault
                case .end(.whole):
                    guard let head else { throw TransferFault(.unreachable, "The server gave no answer.") }
                    return Self.answer(head, body, atMost: maximumBytes, to: hop)
                }
                // One byte too many is enough to know; the rest need not come.
                if let head, body.count > maximumBytes {
                    return Self.answer(head, body, atMost: maximumBytes, to: hop)
                }
            }
        }
    }

    private static func answer(_ head: AnswerHead, _ body: [UInt8], atMost maximumBytes: Int, to hop: Hop)
        -> OutgoingAnswer
    {
        OutgoingAnswer(
            status: head.status, fields: head.fields, body: Array(body.prefix(maximumBytes)),
            isBodyCut: body.count > maximumBytes, effectiveURL: hop.url.text)
    }

    // MARK: - Hops

    /// Runs a hop beside `body`. Whatever that returns or throws, the hop has ended when this returns.
    func run<Value, Failure: Error>(
        _ hop: Hop, _ body: (HopPipe) async throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        let pipe = HopPipe()
        begin(hop, pipe)
        let outcome = await withTaskCancellationHandler {
            let outcome: Result<Value, Failure>
            do throws(Failure) {
                outcome = .success(try await body(pipe))
            } catch {
                outcome = .failure(error)
            }
            pipe.stop()
            await pipe.drain()
            return outcome
        } onCancel: {
            pipe.stop()
        }
        state.withLock { state in _ = state.pipes.removeValue(forKey: ObjectIdentifier(pipe)) }
        return try outcome.get()
    }

    private func begin(_ hop: Hop, _ pipe: HopPipe) {
        let isOpen = state.withLock { state in
            guard !state.isShutDown else { return false }
            state.pipes[ObjectIdentifier(pipe)] = pipe
            return true
        }
        guard isOpen else { return pipe.stop() }
        pool.submit { thread in
            // What waited while the client was shut down must not begin after all.
            guard thread == .active, !self.state.withLock(\.isShutDown) else { return pipe.finish(.stopped) }
            HopRun.perform(hop, into: pipe)
        }
    }
}

extension OutgoingRequest {
    fileprivate var follows: Bool {
        if case .post = method { return false }
        return maximumRedirects > 0
    }
}
