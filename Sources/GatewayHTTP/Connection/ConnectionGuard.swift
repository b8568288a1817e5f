import HTTPTypes
import NIOCore
import NIOHTTP1
import NIOHTTPTypes

/// A client was too slow inside a body.
struct BodyTimeout: Error {}

/// Ends connections whose client keeps us waiting: for a head, inside a body, or by not reading an answer. Knows
/// when answers have really left, and wakes a reader whose place a newer request wants.
final class ConnectionGuard: ChannelDuplexHandler, NIOScheduledCallbackHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    /// Slowness is judged over this much waiting, or over so many silences where those may only be short.
    private static let longestRateWindow = TimeAmount.seconds(30)
    private static let silencesOfRateWindow: Int64 = 5

    let clock = BodyClock()
    private let limits: GatewayLimits
    /// Until when the next head must be whole; `nil` inside a request.
    private var headDeadline: NIODeadline?
    /// Requests whose head came and whose answer has not left; more than one where a client sends ahead. Some are
    /// never answered: when an answer ends the connection, what was sent ahead is not read.
    private var openRequests = 0
    /// Answers that were written to their end and have not left.
    private var leavingAnswers = 0
    /// Until when the answers that were written must have left: a short one that nobody reads does not even fill the
    /// buffers enough to count as a stall.
    private var answerDeadline: NIODeadline?
    /// The connection ends once its answers have left; nothing else needs to end it.
    private var isLeaving = false
    private var isInBody = false
    /// Since when what was written fills the buffers.
    private var stalledSince: NIODeadline?
    /// Where the client stood when it last had taken enough of what waits for it.
    private var taking: (since: NIODeadline, bytes: Int64?)?
    /// Of the body that is read now, what came through the decoder.
    private(set) var bodyBytes: Int64 = 0
    /// Heads that came through the decoder: which request ``bodyBytes`` is of, where a client sends ahead.
    private(set) var headCount = 0
    /// Of a body in chunks, what had come to the decoder when it began; `nil` for others.
    private var chunksStartBytes: Int64?
    /// What had come when the window began, through the decoder and past it.
    private var windowStartBytes: Int64 = 0
    private var windowStart = TimeAmount.zero
    private var isQuiescing = false
    private var flushWaiters: [EventLoopPromise<Void>] = []
    private var context: ChannelHandlerContext?

    private let lane: BodyLane

    init(limits: GatewayLimits, lane: BodyLane) {
        self.limits = limits
        self.lane = lane
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        headDeadline = .now() + .seconds(limits.headTimeoutSeconds)
        schedule(context)
    }

    func handlerRemoved(context: ChannelHandlerContext) { detach() }

    func channelInactive(context: ChannelHandlerContext) {
        detach()
        context.fireChannelInactive()
    }

    private func detach() {
        context = nil
        let waiters = flushWaiters
        flushWaiters = []
        for waiter in waiters { waiter.succeed() }
    }

    // MARK: What the client does

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            headDeadline = nil
            chunksStartBytes = head.headerFields[.transferEncoding] == nil ? nil : lane.decodedBytes
            openRequests += 1
            isInBody = true
            bodyBytes = 0
            headCount += 1
            windowStartBytes = lane.receivedBytes
            windowStart = clock.read(now: .now()).total
        case .body(let bytes): bodyBytes += Int64(bytes.readableBytes)
        case .end:
            isInBody = false
            chunksStartBytes = nil
        }
        context.fireChannelRead(data)
    }

    /// RFC 9112 section 7.1.1: what stands between the bytes of a body in chunks has a limit, or a client could keep us
    /// reading for ever. A byte alone in its chunk has five others around it.
    private static let mostFraming = (eachByte: Int64(8), bytes: Int64(16 << 10))

    func channelReadComplete(context: ChannelHandlerContext) {
        if let start = chunksStartBytes {
            let framing = lane.decodedBytes - start - bodyBytes
            if framing > Self.mostFraming.eachByte * bodyBytes + Self.mostFraming.bytes {
                chunksStartBytes = nil
                return context.fireErrorCaught(HTTPParserError.invalidChunkSize)
            }
        }
        context.fireChannelReadComplete()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        stalledSince = context.channel.isWritable ? nil : .now()
        context.fireChannelWritabilityChanged()
    }

    // MARK: What we answer

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard case .end = unwrapOutboundIn(data) else { return context.write(data, promise: promise) }
        let sent = promise ?? context.eventLoop.makePromise(of: Void.self)
        let loopBound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        sent.futureResult.whenComplete { _ in
            let (handler, context) = loopBound.value
            handler.answerLeft(context)
        }
        leavingAnswers += 1
        if answerDeadline == nil { answerDeadline = .now() + .seconds(limits.bodyIdleTimeoutSeconds) }
        context.write(data, promise: sent)
    }

    private func answerLeft(_ context: ChannelHandlerContext) {
        openRequests = max(0, openRequests - 1)
        leavingAnswers -= 1
        answerDeadline = leavingAnswers == 0 ? nil : .now() + .seconds(limits.bodyIdleTimeoutSeconds)
        if leavingAnswers == 0 {
            let waiters = flushWaiters
            flushWaiters = []
            for waiter in waiters { waiter.succeed() }
        }
        guard openRequests == 0 else { return }
        headDeadline = .now() + .seconds(limits.idleTimeoutSeconds)
        if isQuiescing, !isLeaving { context.close(promise: nil) }
    }

    /// Done when every answer that was begun is in the kernel's hands, or the connection is over.
    func whenAnswersLeft(on loop: any EventLoop) -> EventLoopFuture<Void> {
        isLeaving = true
        guard context != nil, leavingAnswers > 0 else { return loop.makeSucceededVoidFuture() }
        let promise = loop.makePromise(of: Void.self)
        flushWaiters.append(promise)
        return promise.futureResult
    }

    /// The body came to its end past the decoder.
    func bodyEnded() { isInBody = false }

    /// Wakes the reader of a body without ending the connection: it gets an empty buffer.
    func wakeReader() {
        guard let context, isInBody else { return }
        guard !lane.isOpen else { return lane.interrupt(.woken) }
        context.fireChannelRead(wrapInboundOut(.body(ByteBuffer())))
        context.fireChannelReadComplete()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is ChannelShouldQuiesceEvent {
            isQuiescing = true
            // Between two requests the connection has no claim to live; inside one it closes after its answer.
            if openRequests == 0, !isLeaving { context.close(promise: nil) }
        }
        context.fireUserInboundEventTriggered(event)
    }

    // MARK: Time

    private func schedule(_ context: ChannelHandlerContext) {
        // Looking once a second is exact enough for limits of many seconds.
        // It fails only where the loop ends, and the connection with it.
        _ = try? context.eventLoop.assumeIsolated().scheduleCallback(in: .seconds(1), handler: self)
    }

    func handleScheduledCallback(eventLoop _: some EventLoop) { look() }

    private func look() {
        guard let context else { return }
        let now = NIODeadline.now()
        if let headDeadline, now >= headDeadline, !isLeaving { return context.close(promise: nil) }
        if let answerDeadline, now >= answerDeadline { return context.close(promise: nil) }
        if takesTooLittle(now) { return context.close(promise: nil) }
        // First: what was not enough to be told of has come all the same.
        lane.look()
        if isInBody, isTooSlow(now) {
            isInBody = false
            if lane.isOpen { lane.interrupt(.timedOut) } else { context.fireErrorCaught(BodyTimeout()) }
        }
        schedule(context)
    }

    /// Whether an answer waits for a client that, for as long as a body may be silent, has taken less of it than it has
    /// to.
    private func takesTooLittle(_ now: NIODeadline) -> Bool {
        guard stalledSince != nil || lane.isSending else {
            taking = nil
            return false
        }
        let bytes = lane.takenBytes
        guard let last = taking else {
            taking = (now, bytes)
            return false
        }
        if let bytes, let before = last.bytes {
            let least = max(1, limits.minimumDownloadBytesPerSecond * limits.bodyIdleTimeoutSeconds)
            if bytes - before >= least { taking = (now, bytes) }
        } else if let stalledSince, stalledSince > last.since {
            // All that can be known here: since the last look the buffers have been empty once.
            taking = (stalledSince, bytes)
        }
        return now - (taking?.since ?? now) >= .seconds(limits.bodyIdleTimeoutSeconds)
    }

    private func isTooSlow(_ now: NIODeadline) -> Bool {
        let (silence, total) = clock.read(now: now)
        if silence >= .seconds(limits.bodyIdleTimeoutSeconds) { return true }
        let waited = total - windowStart
        let silences = TimeAmount.seconds(Self.silencesOfRateWindow * limits.bodyIdleTimeoutSeconds)
        guard waited >= min(Self.longestRateWindow, silences) else { return false }
        let came = bodyBytes + lane.receivedBytes + lane.waitingBytes
        let rate = Double(came - windowStartBytes) / (Double(waited.nanoseconds) / 1_000_000_000)
        windowStartBytes = came
        windowStart = total
        return rate < Double(limits.minimumBodyBytesPerSecond)
    }
}
