import HTTPTypes
import NIOCore
import NIOHTTPTypes

/// A client was too slow inside a body.
struct BodyTimeout: Error {}

/// Ends connections whose client keeps us waiting: for a head, inside a body, or by not reading an answer.
///
/// Time is counted only while we wait for the client: a body that stands still because the disk is busy is not the
/// client's fault, and shows here as no outstanding read.
final class ConnectionGuard: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private enum Phase {
        case awaitingHead(until: NIODeadline)
        case inRequest
    }

    /// Slowness is judged over this much waiting.
    private static let rateWindow = TimeAmount.seconds(30)

    private let limits: GatewayLimits
    private var phase: Phase = .inRequest
    /// Requests whose head came and whose answer has not ended; more than one where a client sends ahead.
    private var openRequests = 0
    private var isInBody = false
    private var waitingSince: NIODeadline?
    private var stalledSince: NIODeadline?
    private var windowBytes: Int64 = 0
    private var windowWaited = TimeAmount.zero
    private var isQuiescing = false
    private var timer: Scheduled<Void>?

    init(limits: GatewayLimits) { self.limits = limits }

    func handlerAdded(context: ChannelHandlerContext) {
        phase = .awaitingHead(until: .now() + .seconds(limits.headTimeoutSeconds))
        schedule(context)
    }

    func handlerRemoved(context: ChannelHandlerContext) { timer?.cancel() }

    func channelInactive(context: ChannelHandlerContext) {
        timer?.cancel()
        timer = nil
        context.fireChannelInactive()
    }

    // MARK: What the client does

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if let since = waitingSince {
            windowWaited = windowWaited + (.now() - since)
            waitingSince = nil
        }
        switch unwrapInboundIn(data) {
        case .head:
            phase = .inRequest
            openRequests += 1
            isInBody = true
            windowBytes = 0
            windowWaited = .zero
        case .body(let bytes): windowBytes += Int64(bytes.readableBytes)
        case .end: isInBody = false
        }
        context.fireChannelRead(data)
    }

    func read(context: ChannelHandlerContext) {
        if waitingSince == nil { waitingSince = .now() }
        context.read()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        stalledSince = context.channel.isWritable ? nil : .now()
        context.fireChannelWritabilityChanged()
    }

    // MARK: What we answer

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if case .end = unwrapOutboundIn(data) {
            openRequests = max(0, openRequests - 1)
            if openRequests == 0 {
                phase = .awaitingHead(until: .now() + .seconds(limits.idleTimeoutSeconds))
            }
        }
        context.write(data, promise: promise)
        if isQuiescing, openRequests == 0 { context.flush() }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is ChannelShouldQuiesceEvent {
            isQuiescing = true
            // Between two requests the connection has no claim to live; inside one the loop closes after its answer.
            if openRequests == 0 { context.close(promise: nil) }
        }
        context.fireUserInboundEventTriggered(event)
    }

    // MARK: Time

    private func schedule(_ context: ChannelHandlerContext) {
        // One timer a second is exact enough for limits of many seconds.
        let loopBound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        timer = context.eventLoop.scheduleTask(in: .seconds(1)) {
            let (handler, context) = loopBound.value
            handler.look(context)
        }
    }

    private func look(_ context: ChannelHandlerContext) {
        guard context.channel.isActive else { return }
        let now = NIODeadline.now()
        if case .awaitingHead(let until) = phase, now >= until {
            context.close(promise: nil)
            return
        }
        if let stalledSince, now - stalledSince >= .seconds(limits.bodyIdleTimeoutSeconds) {
            context.close(promise: nil)
            return
        }
        if isInBody, isTooSlow(now) {
            isInBody = false
            context.fireErrorCaught(BodyTimeout())
            return
        }
        schedule(context)
    }

    private func isTooSlow(_ now: NIODeadline) -> Bool {
        let silence = waitingSince.map { now - $0 } ?? .zero
        if silence >= .seconds(limits.bodyIdleTimeoutSeconds) { return true }
        let waited = windowWaited + silence
        guard waited >= Self.rateWindow else { return false }
        let isSlow = windowBytes < limits.minimumBodyBytesPerSecond * (waited.nanoseconds / 1_000_000_000)
        windowBytes = 0
        windowWaited = .zero
        if waitingSince != nil { waitingSince = now }
        return isSlow
    }
}
