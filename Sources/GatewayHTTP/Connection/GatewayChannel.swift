import HTTPTypes
import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import NIOHTTPTypesHTTP1
import UploadModel
import UploadProtocols

/// The server's side of one connection: our own loop over requests, because a refused body must not be read to
/// its end, and an answer must reach its client all the same.
struct GatewayChannel: ServerChildChannel {
    typealias Value = NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>

    /// Answers one request.
    typealias Responder = @Sendable (Exchange) async -> Response

    let responder: Responder
    let limits: GatewayLimits
    let drain: DrainSwitch
    let clock: @Sendable () -> Timestamp
    let logger: Logger

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        channel.eventLoop.makeCompletedFuture {
            var decoderLimits = NIOHTTPDecoderLimitConfiguration()
            decoderLimits.maxHeaderFieldSize = limits.maximumHeadBytes
            decoderLimits.maxHeaderListSize = limits.maximumHeadBytes
            decoderLimits.maxHeaderFieldCount = limits.maximumHeaderFields
            let pipeline = channel.pipeline.syncOperations
            try pipeline.configureHTTPServerPipeline(
                // The loop below reads the next request only after the answer to the one before.
                withPipeliningAssistance: false,
                withErrorHandling: false,
                // HTTPTypes lets no invalid field be made.
                withOutboundHeaderValidation: false,
                withEncoderConfiguration: .init(),
                withDecoderLimitConfiguration: decoderLimits)
            try pipeline.addHandler(HTTP1ToHTTPServerCodec(secure: false))
            try pipeline.addHandler(ConnectionGuard(limits: limits))
            return try NIOAsyncChannel(
                wrappingChannelSynchronously: channel,
                configuration: .init(
                    // A few reads ahead of the disk, no more: this is memory of every connection.
                    backPressureStrategy: .init(lowWatermark: 1, highWatermark: 4),
                    isOutboundHalfClosureEnabled: true))
        }
    }

    func handle(value: Value, logger _: Logger) async {
        do {
            try await value.executeThenClose { inbound, outbound in
                try await serve(value.channel, inbound, outbound)
            }
        } catch {
            // The client went away, or was sent away by a time-out; what it began has ended itself.
            logger.trace("connection ended", metadata: ["sluice.reason": "\(error)"])
        }
    }

    private func serve(
        _ channel: any Channel, _ inbound: NIOAsyncChannelInboundStream<HTTPRequestPart>,
        _ outbound: NIOAsyncChannelOutboundWriter<HTTPResponsePart>
    ) async throws {
        let source = PartSource(inbound.makeAsyncIterator())
        while true {
            let head: HTTPRequest
            do {
                guard case .head(let next) = try await source.next() else { return }
                head = next
            } catch let error as HTTPParserError {
                try await refuseMalformed(error, outbound)
                return try await close(channel, source, outbound)
            }
            let body = RequestBodySource(head: head, parts: source, outbound: outbound)
            let exchange = Exchange(head: head, body: body, channel: channel, arrivedAt: clock(), logger: logger)
            var response = await responder(exchange)
            let closes = mustClose(after: exchange)
            if closes { response.headers[.connection] = "close" }
            let written = try await write(response, to: head, outbound)
            exchange.logAccess(response.status, sentBytes: written)
            if closes { return try await close(channel, source, outbound) }
            guard await body.skipRest() else { return }
        }
    }

    /// Whether the connection ends with this answer: the client wants it, we are draining, or a body is left that
    /// is not worth reading.
    private func mustClose(after exchange: Exchange) -> Bool {
        let tokens = exchange.head.headerFields[.connection]?.lowercased() ?? ""
        if tokens.contains("close") || drain.isDraining || exchange.body.isBroken { return true }
        return !exchange.body.isFinished && !exchange.body.hasShortRest
    }

    private func write(
        _ response: Response, to head: HTTPRequest, _ outbound: NIOAsyncChannelOutboundWriter<HTTPResponsePart>
    ) async throws -> Int64 {
        let counter = SentBytes()
        if head.method == .head || response.status.code == 204 || response.status.code == 304 {
            try await outbound.write(contentsOf: [.head(response.head), .end(nil)])
            return 0
        }
        if let length = response.body.contentLength, length <= 64 << 10 {
            let writer = ResponseWriter(outbound: outbound)
            try await writer.write(response: response.head, body: response.body)
            return Int64(length)
        }
        try await outbound.write(.head(response.head))
        try await response.body.write(CountingWriter(outbound: outbound, counter: counter))
        return counter.bytes
    }

    /// A request that is no HTTP: nothing of it can be trusted, not even where it ends.
    private func refuseMalformed(
        _ error: HTTPParserError, _ outbound: NIOAsyncChannelOutboundWriter<HTTPResponsePart>
    ) async throws {
        let reply = Exchange.malformed(isTooLarge: error == .headerOverflow)
        var head = HTTPResponse(status: reply.status, headerFields: reply.fields)
        head.headerFields[.connection] = "close"
        head.headerFields[.contentLength] = String(reply.body.count)
        try await outbound.write(contentsOf: [.head(head), .body(ByteBuffer(bytes: reply.body)), .end(nil)])
    }

    /// Ends a connection so that its client sees the answer and not a reset: our side is closed first (FIN), then a
    /// bounded amount of what still comes is read away for a bounded time.
    private func close(
        _ channel: any Channel, _ source: PartSource, _ outbound: NIOAsyncChannelOutboundWriter<HTTPResponsePart>
    ) async throws {
        outbound.finish()
        let deadline = channel.eventLoop.scheduleTask(in: .seconds(limits.refusedDrainSeconds)) {
            channel.close(promise: nil)
        }
        defer { deadline.cancel() }
        var left = limits.refusedDrainBytes
        while left > 0, let part = try await source.next() {
            switch part {
            case .body(let bytes): left -= bytes.readableBytes
            // The request is over: nothing is left in flight that could turn our close into a reset.
            case .end, .head: return
            }
        }
    }
}

/// Counts what was sent; used by the one task that writes.
// Sendable: never leaves the task of its connection.
private final class SentBytes: @unchecked Sendable {
    var bytes: Int64 = 0
}

private struct CountingWriter: ResponseBodyWriter {
    let outbound: NIOAsyncChannelOutboundWriter<HTTPResponsePart>
    let counter: SentBytes

    mutating func write(_ buffer: ByteBuffer) async throws {
        counter.bytes += Int64(buffer.readableBytes)
        try await outbound.write(.body(buffer))
    }

    consuming func finish(_ trailingHeaders: HTTPFields?) async throws {
        try await outbound.write(.end(trailingHeaders))
    }
}
