import NIOCore

/// Stands first and lets everything pass, until an answer ended a connection whose client is still
/// sending: from then on it reads and throws away, a bounded amount for a bounded time, so that our close does not
/// become a reset that destroys the answer on its way.
final class RefusalDrain: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private var leftBytes = 0
    private var done: EventLoopPromise<Void>?
    private var context: ChannelHandlerContext?
    private var isOver = false

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) {
        finish()
        self.context = nil
    }

    /// Begins to throw away; done at the client's end, at the bound, or at the deadline.
    func begin(maximumBytes: Int, deadline: TimeAmount, on loop: any EventLoop) -> EventLoopFuture<Void> {
        guard let context, !isOver, maximumBytes > 0 else { return loop.makeSucceededVoidFuture() }
        let promise = loop.makePromise(of: Void.self)
        done = promise
        leftBytes = maximumBytes
        let loopBound = NIOLoopBound(self, eventLoop: loop)
        loop.scheduleTask(in: deadline) { loopBound.value.finish() }
        context.read()
        return promise.futureResult
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard done != nil else { return context.fireChannelRead(data) }
        leftBytes -= unwrapInboundIn(data).readableBytes
        if leftBytes <= 0 { finish() }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        // The decoder's side asks for no more: it has stopped.
        if done != nil { context.read() }
        context.fireChannelReadComplete()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let event = event as? ChannelEvent, event == .inputClosed { finish() }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        finish()
        context.fireChannelInactive()
    }

    private func finish() {
        isOver = true
        done?.succeed()
        done = nil
    }
}
