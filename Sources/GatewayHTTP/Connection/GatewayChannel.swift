import HTTPTypes
import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import NIOHTTPTypesHTTP1
import UploadModel
import UploadProtocols
import UploadStore

/// A connection with the handlers that our loop speaks to.
struct GatewayConnection: ServerChildChannelValue {
    let asyncChannel: NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>
    let connectionGuard: NIOLoopBound<ConnectionGuard>
    let refusalDrain: NIOLoopBound<RefusalDrain>
    let lane: NIOLoopBound<BodyLane>
    let clock: BodyClock

    var channel: any Channel { asyncChannel.channel }
}

/// The server's side of one connection: our own loop over requests, because a refused body must not be read to
/// its end, and an answer must reach its client all the same.
struct GatewayChannel: ServerChildChannel {
    /// Answers one request.
    typealias Responder = @Sendable (Exchange) async -> Response
    typealias Outbound = NIOAsyncChannelOutboundWriter<HTTPResponsePart>

    let responder: Responder
    let limits: GatewayLimits
    let proxies: TrustedProxies
    let drain: DrainSwitch
    let clock: @Sendable () -> Timestamp
    let logger: Logger

    func setup(channel: any Channel, logger _: Logger) -> EventLoopFuture<GatewayConnection> {
        channel.eventLoop.makeCompletedFuture {
            let pipeline = channel.pipeline.syncOperations
            let drain = RefusalDrain()
            let lane = BodyLane { context in try self.renewDecoder(in: context.pipeline.syncOperations) }
            let connectionGuard = ConnectionGuard(limits: limits, lane: lane)
            try pipeline.addHandlers([drain, lane])
            // No HTTPTypes field can be invalid, so the encoder checks nothing again.
            try pipeline.addHandler(HTTPResponseEncoder())
            try pipeline.addHandler(limits.makeDecoder())
            try pipeline.addHandler(HeadGate())
            try pipeline.addHandler(HTTP1ToHTTPServerCodec(secure: false))
            try pipeline.addHandler(connectionGuard)
            let asyncChannel = try NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>(
                wrappingChannelSynchronously: channel,
                configuration: .init(
                    // A few reads ahead of the disk, no more: this is memory of every connection.
                    backPressureStrategy: .init(lowWatermark: 1, highWatermark: 4),
                    isOutboundHalfClosureEnabled: true))
            return GatewayConnection(
                asyncChannel: asyncChannel,
                connectionGuard: NIOLoopBound(connectionGuard, eventLoop: channel.eventLoop),
                refusalDrain: NIOLoopBound(drain, eventLoop: channel.eventLoop),
                lane: NIOLoopBound(lane, eventLoop: channel.eventLoop), clock: connectionGuard.clock)
        }
    }

    /// Puts a decoder that knows of no request in the place of one that waits for the rest of a body.
    private func renewDecoder(in pipeline: ChannelPipeline.SynchronousOperations) throws {
        let old = try pipeline.context(handlerType: RequestDecoder.self)
        try pipeline.addHandler(limits.makeDecoder(), position: .after(old.handler))
        pipeline.removeHandler(context: old, promise: nil)
    }

    func handle(value connection: GatewayConnection, logger _: Logger) async {
        await withTaskExecutorPreference(LoopExecutor(connection.channel.eventLoop)) { await converse(connection) }
    }

    private func converse(_ connection: GatewayConnection) async {
        do {
            try await connection.asyncChannel.executeThenClose { inbound, outbound in
                try await serve(connection, PartSource(inbound.makeAsyncIterator()), outbound)
                try await leave(connection, outbound)
            }
        } catch {
            // The client went away, or was sent away by a time-out; what it began has ended itself.
            logger.debug("connection broke", metadata: ["sluice.reason": "\(error)"])
        }
    }

    /// Answers requests until the connection is to end. The last answer may still be on its way then.
    ///
    /// An idle connection waits here.
    private func serve(_ connection: GatewayConnection, _ source: PartSource, _ outbound: Outbound) async throws {
        while true {
            let part: HTTPRequestPart?
            do {
                part = try await source.next()
            } catch {
                return try await refuseMalformed(error, connection, outbound)
            }
            guard let part, try await answerApart(part, connection, source, outbound) else { return }
        }
    }

    /// Answers one request in a task of its own; says whether another may follow. A task never gives memory back before
    /// it ends, and what a request needs would be most of the memory of a connection that has none.
    @inline(never)
    private func answerApart(
        _ part: HTTPRequestPart, _ connection: GatewayConnection, _ source: PartSource, _ outbound: Outbound
    ) async throws -> Bool {
        try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask { try await answer(part, connection, source, outbound) }
            return try await group.next() ?? false
        }
    }

    /// Answers one request; says whether another may follow.
    private func answer(
        _ part: HTTPRequestPart, _ connection: GatewayConnection, _ source: PartSource, _ outbound: Outbound
    ) async throws -> Bool {
        guard case .head(let head) = part else { return false }
        let body = RequestBodySource(head: head, parts: source, outbound: outbound, connection: connection)
        let exchange = Exchange(
            head: head, body: body, connection: connection, proxies: proxies, arrivedAt: clock(), logger: logger)
        guard try await !answer(exchange, outbound) else { return false }
        return await body.skipRest()
    }

    /// Answers one request; says whether the connection ends with the answer.
    private func answer(_ exchange: Exchange, _ outbound: Outbound) async throws -> Bool {
        drain.enter()
        defer { drain.leave() }
        var response = await responder(exchange)
        exchange.interim.end()
        exchange.body.leave()
        let closes = mustClose(after: exchange)
        if closes { response.headers[.connection] = "close" }
        try await write(response, exchange, outbound)
        return closes
    }

    /// Whether the connection ends with this answer: the client wants it, we are draining, or a body is left that
    /// is not worth reading.
    private func mustClose(after exchange: Exchange) -> Bool {
        let head = exchange.head
        // What follows an Upgrade or a CONNECT is not HTTP/1.1 to the decoder any more (RFC 9110 section 7.8).
        if head.method == .connect || head.headerFields[.upgrade] != nil { return true }
        if let options = head.headerFields[.connection], options.lowercased().contains("close") { return true }
        if drain.isDraining || exchange.body.isBroken { return true }
        return !exchange.body.isFinished && !exchange.body.hasShortRest
    }

    private func write(_ response: Response, _ exchange: Exchange, _ outbound: Outbound) async throws {
        let counter = SentBytes()
        do {
            if exchange.head.method == .head || response.status.code == 204 || response.status.code == 304 {
                try await outbound.write(contentsOf: [.head(response.head), .end(nil)])
            } else if let length = response.body.contentLength, length <= 64 << 10 {
                try await ResponseWriter(outbound: outbound).write(response: response.head, body: response.body)
                counter.bytes = Int64(length)
            } else {
                try await outbound.write(.head(response.head))
                try await response.body.write(
                    CountingWriter(outbound: outbound, counter: counter, lane: exchange.lane))
            }
        } catch {
            exchange.logAccess(response.status, sentBytes: counter.bytes, brokenBy: error)
            throw error
        }
        exchange.logAccess(response.status, sentBytes: counter.bytes, brokenBy: nil)
    }

    /// A request that is no HTTP: nothing of it can be trusted, not even where it ends.
    @inline(never)
    private func refuseMalformed(_ error: any Error, _ connection: GatewayConnection, _ outbound: Outbound) async throws
    {
        let fault: UploadFault
        switch error {
        case let error as HTTPParserError where error == .headerOverflow: fault = Exchange.headTooLarge
        case is ByteToMessageDecoderError.PayloadTooLargeError: fault = Exchange.headTooLarge
        case let error as HTTPParserError where error != .invalidEOFState: fault = Exchange.malformed
        default: throw error
        }
        let requestID = Exchange.newRequestID()
        let reply = fault.reply(.problem, requestID: requestID)
        var head = HTTPResponse(status: reply.status, headerFields: reply.fields)
        head.headerFields[.requestID] = requestID
        head.headerFields[.connection] = "close"
        head.headerFields[.contentLength] = String(reply.body.count)
        logger.info(
            "malformed request",
            metadata: [
                "sluice.request": "\(requestID)",
                "http.status": "\(reply.status.code)",
                "client.address": "\(connection.channel.remoteAddress?.ipAddress ?? "-")",
            ])
        try await outbound.write(contentsOf: [.head(head), .body(ByteBuffer(bytes: reply.body)), .end(nil)])
    }

    /// Ends a connection so that its client sees the answer and not a reset: what we wrote leaves, our side is
    /// closed (FIN), then a bounded amount of what still comes is read away for a bounded time.
    private func leave(_ connection: GatewayConnection, _ outbound: Outbound) async throws {
        let channel = connection.channel
        let loop = channel.eventLoop
        let limits = limits
        try await withTaskCancellationHandler {
            try await loop.flatSubmit { connection.connectionGuard.value.whenAnswersLeft(on: loop) }.get()
            // Not before: of a client that has closed its side, NIO would drop what has not left.
            outbound.finish()
            try await loop.flatSubmit {
                connection.lane.value.widen()
                return connection.refusalDrain.value.begin(
                    maximumBytes: limits.refusedDrainBytes, deadline: .seconds(limits.refusedDrainSeconds), on: loop)
            }.get()
        } onCancel: {
            channel.close(promise: nil)
        }
    }
}
