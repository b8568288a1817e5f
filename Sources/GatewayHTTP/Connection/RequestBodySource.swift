import HTTPTypes
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import UploadEngine
import UploadModel
import UploadStore

/// The parts of the requests of one connection, in order.
// Sendable: used by one task at a time: that of its connection, or of the request that is answered.
final class PartSource: @unchecked Sendable {
    private var iterator: NIOAsyncChannelInboundStream<HTTPRequestPart>.AsyncIterator

    init(_ iterator: NIOAsyncChannelInboundStream<HTTPRequestPart>.AsyncIterator) { self.iterator = iterator }

    /// Heads that were handed out.
    private(set) var headCount = 0

    func next() async throws -> HTTPRequestPart? {
        let part = try await iterator.next()
        if case .head = part { headCount += 1 }
        return part
    }
}

/// The body of one request, read on demand.
///
/// `100 Continue` is sent when the first byte is asked for, and so only after every check of the head passed
/// (RFC 9110 section 10.1.1).
// Sendable: used by one task at a time: that of its connection, or of the request that is answered.
final class RequestBodySource: @unchecked Sendable {
    private enum State {
        case reading
        case finished
        /// The body did not come to its end; the connection is of no further use.
        case broken
    }

    /// A rest that is cheaper to read than a new connection.
    private static let shortRestBytes: Int64 = 64 << 10

    /// A body that is longer, and comes through the decoder, is read in larger pieces.
    private static let narrowBytes: Int64 = 4 << 10

    /// `Content-Length`; `nil` for a chunked body.
    let declaredBytes: Int64?
    private(set) var receivedBytes: Int64 = 0
    /// What came behind a body in chunks (RFC 9110 section 6.5), once it was read to its end. No longer than a head may
    /// be, and the guard of the connection counts it as framing.
    private(set) var trailers: HTTPFields?
    private let parts: PartSource
    private let outbound: NIOAsyncChannelOutboundWriter<HTTPResponsePart>
    private let connection: GatewayConnection
    private var clock: BodyClock { connection.clock }
    /// Set when a newer request wants the place of this one's bytes.
    let superseded = Flag()
    private var awaitsContinue: Bool
    /// Whether the event loop waits for our word before it reads.
    private var isHeld = false
    private var state = State.reading

    init(
        head: HTTPRequest, parts: PartSource, outbound: NIOAsyncChannelOutboundWriter<HTTPResponsePart>,
        connection: GatewayConnection
    ) {
        self.connection = connection
        self.parts = parts
        self.outbound = outbound
        let isChunked = head.headerFields[.transferEncoding] != nil
        // RFC 9112 section 6.3: neither field means no body.
        declaredBytes = isChunked ? nil : head.headerFields[.contentLength].map { Int64($0) ?? .max } ?? 0
        awaitsContinue = head.headerFields[.expect]?.lowercased() == "100-continue" && declaredBytes != 0
    }

    var isFinished: Bool { state == .finished }
    var isBroken: Bool { state == .broken }

    /// The next bytes; `nil` at the end of the body.
    ///
    /// - Throws: `request_timeout` when the client was too slow, `invalid_request` when the connection ended first,
    ///   `superseded` when a newer request took over.
    func next() async throws(UploadFault) -> ByteBuffer? {
        guard state == .reading else { return nil }
        if connection.lane.value.isOpen { return try await nextFilled() }
        do {
            if awaitsContinue {
                awaitsContinue = false
                try await outbound.write(.head(HTTPResponse(status: .continue)))
            }
            if receivedBytes >= Self.narrowBytes || declaredBytes == nil { connection.lane.value.widen() }
            if isHeld, hasReadAll { connection.lane.value.letRead() }
            clock.beginWaiting()
            defer { clock.endWaiting() }
            let part = try await parts.next()
            if superseded.isSet {
                // Whoever was overtaken by a newer request of its own client is most likely not there any more.
                state = .broken
                throw UploadEngine.superseded
            }
            switch part {
            case .body(let bytes):
                receivedBytes += Int64(bytes.readableBytes)
                return bytes
            case .end(let trailers):
                self.trailers = trailers
                state = .finished
                return nil
            case .head, nil:
                state = .broken
                throw Self.brokenOff
            }
        } catch let fault as UploadFault {
            throw fault
        } catch is BodyTimeout {
            state = .broken
            throw Self.timedOut
        } catch is HTTPParserError {
            state = .broken
            throw Self.brokenOff
        } catch {
            state = .broken
            throw Self.brokenOff
        }
    }

    // MARK: Past the decoder

    /// From this length on a rest is worth the change of lanes.
    private static let shortestFilledBytes: Int64 = 16 << 10

    /// Whether the next bytes may be received into memory, and are worth it.
    ///
    /// Asking has the event loop read no further ahead than what it has begun to read.
    func prepareToFill() -> Bool {
        guard state == .reading, !awaitsContinue, let declaredBytes else { return false }
        if connection.lane.value.isOpen { return true }
        guard declaredBytes - receivedBytes >= Self.shortestFilledBytes else { return false }
        isHeld = true
        connection.lane.value.hold()
        // What the decoder has had is read first.
        return hasReadAll
    }

    /// Whether the decoder has nothing that was not read.
    private var hasReadAll: Bool {
        let decoded = connection.connectionGuard.value
        // Of a request that was sent ahead the decoder may have had all, and the next one's head.
        return decoded.headCount == parts.headCount && decoded.bodyBytes == receivedBytes
    }

    /// Waits until so much is there that it is worth to ask for memory; not where it comes quickly.
    ///
    /// - Returns: how much is there; `nil` where it comes quickly, or not this way.
    func gather() async -> Int? {
        let lane = connection.lane.value
        // Who was woken to make room is not woken again.
        guard !superseded.isSet, let declaredBytes, lane.isOpen || (hasReadAll && lane.open()) else { return nil }
        let connection = connection
        return await withTaskCancellationHandler {
            await lane.gather(declaredBytes - receivedBytes, clock)
        } onCancel: {
            connection.channel.eventLoop.execute { connection.lane.value.interrupt(.closed) }
        }
    }

    /// Receives bytes of the body straight into memory; returns when it is full or the body at its end.
    ///
    /// - Returns: how many; `nil` where the connection has no such way: ask for the ``next()`` bytes then.
    /// - Throws: as ``next()`` does.
    func fill(_ vacancy: Vacancy) async throws(UploadFault) -> Int? {
        let lane = connection.lane.value
        // Looked at once more: what was read while memory was asked for comes through the decoder.
        guard let declaredBytes, lane.isOpen || (hasReadAll && lane.open()) else { return nil }
        if superseded.isSet {
            state = .broken
            throw UploadEngine.superseded
        }
        let wanted = Int(min(Int64(vacancy.byteCount), declaredBytes - receivedBytes))
        let connection = connection
        let (count, end) = await withTaskCancellationHandler {
            await lane.fill(vacancy.address, wanted, clock)
        } onCancel: {
            connection.channel.eventLoop.execute { connection.lane.value.interrupt(.closed) }
        }
        receivedBytes += Int64(count)
        // What came before the end counts; whoever asks for more is told of the end.
        if count == 0 {
            if superseded.isSet {
                state = .broken
                throw UploadEngine.superseded
            }
            switch end {
            case .closed:
                state = .broken
                throw Self.brokenOff
            case .timedOut:
                state = .broken
                throw Self.timedOut
            case .woken, nil: break
            }
        }
        if receivedBytes == declaredBytes {
            state = .finished
            connection.connectionGuard.value.bodyEnded()
            lane.shut()
        }
        return count
    }

    /// What is received at once where nobody lends memory.
    private static let bufferBytes = 16 << 10

    /// The next bytes, received past the decoder into a buffer of their own.
    private func nextFilled() async throws(UploadFault) -> ByteBuffer? {
        let area = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.bufferBytes, alignment: 1)
        defer { area.deallocate() }
        guard let address = area.baseAddress,
            let count = try await fill(Vacancy(address: address, byteCount: area.count))
        else { throw Self.brokenOff }
        return ByteBuffer(bytes: UnsafeRawBufferPointer(rebasing: area[..<count]))
    }

    /// Nobody reads the body any more.
    func leave() {
        if state != .finished, connection.lane.value.isOpen {
            // What still comes is thrown away, whatever it is.
            state = .broken
            connection.lane.value.abandon()
        }
        connection.lane.value.narrow()
    }

    private static let timedOut = UploadFault(
        .requestTimeout, "The body came too slowly or not at all. Send it again; a faster link or smaller parts help.")

    private static let brokenOff = UploadFault(
        .invalidRequest, "The connection ended, or its framing broke, before the body was whole.")

    /// The whole body, if it is not longer than a bound.
    func collect(maximumBytes: Int) async throws(UploadFault) -> [UInt8] {
        if let declaredBytes, declaredBytes > maximumBytes { throw Self.tooLong(maximumBytes) }
        var collected: [UInt8] = []
        while let bytes = try await next() {
            guard collected.count + bytes.readableBytes <= maximumBytes else { throw Self.tooLong(maximumBytes) }
            collected.append(contentsOf: bytes.readableBytesView)
        }
        return collected
    }

    private static func tooLong(_ maximumBytes: Int) -> UploadFault {
        UploadFault(.tooLarge, "This body may have at most \(maximumBytes) bytes.")
    }

    /// Whether what was not read is short and sure to come, so that the connection can go on.
    var hasShortRest: Bool {
        guard state == .reading, !awaitsContinue, !connection.lane.value.isOpen, let declaredBytes else { return false }
        return declaredBytes - receivedBytes <= Self.shortRestBytes
    }

    /// Reads the rest away. Answers whether the connection can go on.
    func skipRest() async -> Bool {
        defer { connection.lane.value.narrow() }
        do throws(UploadFault) {
            while try await next() != nil {}
            return state == .finished
        } catch {
            return false
        }
    }
}
