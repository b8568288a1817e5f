import CPlatform
import NIOCore

/// Stands before the decoder and, inside the body of a request with a known length, takes its bytes from the socket
/// straight into the memory of whoever stores them: no buffer in between, no copy, about a mebibyte at a time.
///
/// The event loop still says when there is something to read, by reading a little itself; the rest is received here,
/// on the loop's own thread, so that nothing can overtake. The decoder is not told of these bytes. It would wait for
/// them for ever, and so a fresh one takes its place when the lane opens.
final class BodyLane: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = IOData
    typealias OutboundOut = IOData

    /// Why nothing more comes.
    enum End {
        /// The client has closed its side, the connection broke, or the reader's task was cancelled.
        case closed
        /// The client is too slow.
        case timedOut
        /// Somebody wants the reader to look around.
        case woken
    }

    /// What the loop itself reads at once: a head, or only so much of a body as to learn that there is something. It is
    /// memory of every connection.
    private static let narrowBytes = 512
    /// What it reads at once of a body that goes through the decoder.
    private static let wideBytes = 64 << 10
    /// A stream that brings at least so much at once is quick.
    private static let quickBytes = 64 << 10
    /// As is one that brings at least so much per second.
    private static let quickBytesPerSecond = 16 << 20
    /// So many bytes tell how quick a stream is.
    private static let judgedBytes: Int64 = 256 << 10
    /// So much of a slow stream is received without waiting for more.
    private static let leastGatheredBytes: Int64 = 16 << 10
    /// Less is not worth a block however long it takes: it could not even be written by itself.
    private static let worthABlockBytes: Int64 = 4 << 10
    /// So long at most what has come of a slow stream, and is worth a block, waits for more.
    private static let longestGathering = TimeAmount.seconds(5)
    /// Word of a quick stream is wanted when so much is there, and of a slow one: it costs the same however little has
    /// come. Where that takes longer, ``look()`` takes what is there.
    private static let lowWaterBytes = (quick: 512 << 10, slow: 64 << 10)

    private enum State {
        case shut
        case open(descriptor: CInt)
        /// The rest of the body is of no use, and the connection has no future.
        case dead
    }

    private struct Target {
        let address: UnsafeMutableRawPointer
        let byteCount: Int
        var filled = 0
        var rest: Int { byteCount - filled }
    }

    private var state = State.shut
    private var target: Target?
    private var waiter: CheckedContinuation<Void, Never>?
    /// Came when nobody wanted it, or behind the body.
    private var early = ByteBuffer()
    private var end: End?
    private var isInputClosed = false
    /// The client has closed its side, and nobody behind was told: it may have sent more before, which comes first.
    private var keepsInputClosed = false
    private var lowWaterBytes = 1
    /// Whether the stream brings less than a quick one; nothing is known of it at first.
    private var isSlow = true
    /// Where it stood when it was last judged.
    private var judged: (at: NIODeadline, receivedBytes: Int64) = (.distantPast, 0)
    /// Of a wait without memory: since when, and how much was there when it was last looked at.
    private var gathering: (since: NIODeadline, waitingBytes: Int64, leastBytes: Int64)?
    /// As the event loop comes.
    private var isWide = true
    private var isHeld = false
    private var context: ChannelHandlerContext?
    private var clock: BodyClock?
    private let renewDecoder: (ChannelHandlerContext) throws -> Void
    /// Bytes that went to the decoder since the connection began.
    private(set) var decodedBytes: Int64 = 0
    /// Bytes that came this way since the connection began.
    private(set) var receivedBytes: Int64 = 0
    /// Bytes that came, as far as is known, and wait to be received.
    var waitingBytes: Int64 { isOpen ? (gathering?.waitingBytes ?? 0) + Int64(early.readableBytes) : 0 }

    /// - Parameter renewDecoder: puts a fresh decoder in the place of the one that would wait for these bytes.
    init(renewDecoder: @escaping (ChannelHandlerContext) throws -> Void) { self.renewDecoder = renewDecoder }

    var isOpen: Bool {
        if case .open = state { return true }
        return false
    }

    // MARK: The reader's side, on the loop

    /// From here on the event loop reads only when ``letRead()`` says so: what it read ahead would have to go through
    /// the decoder.
    func hold() { isHeld = true }

    /// Lets the event loop read once.
    func letRead() { context?.read() }

    /// A longer body goes through the decoder: let the event loop read it in large pieces.
    func widen() {
        guard !isWide, let options = context?.channel.syncOptions else { return }
        isWide = true
        let allocator = AdaptiveRecvByteBufferAllocator(
            minimum: Self.narrowBytes, initial: Self.wideBytes, maximum: Self.wideBytes)
        try? options.setOption(.recvAllocator, value: allocator)
        try? options.setOption(.maxMessagesPerRead, value: 4)
    }

    /// What comes next is a head, or does not come through the decoder.
    func narrow() {
        if isHeld, !isOpen {
            isHeld = false
            context?.read()
        }
        guard isWide, let options = context?.channel.syncOptions else { return }
        isWide = false
        try? options.setOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: Self.narrowBytes))
        try? options.setOption(.maxMessagesPerRead, value: 1)
    }

    /// From here on what comes is kept for ``fill(_:_:)``.
    ///
    /// - Returns: false where it cannot be: the transport is no socket, or the connection has ended.
    func open() -> Bool {
        guard let context, case .shut = state, context.channel.isActive else { return false }
        guard let descriptor, (try? renewDecoder(context)) != nil else { return false }
        state = .open(descriptor: descriptor)
        judged = (.now(), receivedBytes)
        narrow()
        isHeld = false
        end = isInputClosed ? .closed : nil
        return true
    }

    /// Waits, where hardly anything of a slow stream is there, until it is worth memory to receive it into, or nothing
    /// more comes. Of a quick stream it does not wait: more comes at once.
    ///
    /// - Returns: how much is there; `nil` for a quick stream.
    func gather(_ rest: Int64, _ clock: BodyClock) async -> Int? {
        guard case .open(let descriptor) = state, end == nil, isSlow else { return nil }
        let waiting = sluice_waiting_bytes(descriptor)
        if waiting + Int64(early.readableBytes) < min(rest, Self.leastGatheredBytes) {
            setLowWater(Int(min(rest, Int64(Self.lowWaterBytes.slow))) - early.readableBytes, descriptor)
            gathering = (.now(), waiting, min(rest, Self.worthABlockBytes))
            await wait(clock)
            gathering = nil
            // Of a connection that has ended the descriptor may be another's by now.
            guard end == nil else { return nil }
        }
        return Int(min(rest, sluice_waiting_bytes(descriptor) + Int64(early.readableBytes)))
    }

    /// Whether the stream is slow, over so many bytes that a few that were there already do not count for much.
    private func judge() {
        let now = NIODeadline.now()
        let (came, took) = (receivedBytes - judged.receivedBytes, now - judged.at)
        guard came >= Self.judgedBytes || took >= .seconds(1) else { return }
        isSlow = Double(came) * 1e9 < Double(Self.quickBytesPerSecond) * Double(took.nanoseconds)
        judged = (now, receivedBytes)
    }

    private func wait(_ clock: BodyClock) async {
        clock.beginWaiting()
        self.clock = clock
        await withCheckedContinuation { continuation in
            waiter = continuation
            context?.read()
        }
        self.clock = nil
        clock.endWaiting()
    }

    /// Receives into memory until it is full, or nothing more comes; answers how much and, when it is not full, why.
    ///
    /// - Parameter clock: told when it waits for the client.
    func fill(_ address: UnsafeMutableRawPointer, _ byteCount: Int, _ clock: BodyClock) async -> (
        byteCount: Int, end: End?
    ) {
        target = Target(address: address, byteCount: byteCount)
        takeEarly()
        receive()
        if let rest = target?.rest, rest > 0, end == nil { await wait(clock) }
        let filled = target?.filled ?? 0
        target = nil
        judge()
        let end = filled == byteCount ? nil : end
        // Being woken is no reason to end for good.
        if case .woken = self.end { self.end = nil }
        return (filled, end)
    }

    /// The body is whole: what comes next is for the decoder again.
    func shut() {
        guard case .open(let descriptor) = state, let context else { return }
        state = .shut
        setLowWater(1, descriptor)
        guard early.readableBytes > 0 || keepsInputClosed else { return context.read() }
        // The old decoder leaves in the loop's next turn; what is for the new one must come after that.
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        context.eventLoop.execute {
            let (lane, context) = bound.value
            let bytes = lane.early
            lane.early = ByteBuffer()
            if bytes.readableBytes > 0 {
                context.fireChannelRead(lane.wrapInboundOut(bytes))
                context.fireChannelReadComplete()
            }
            lane.tellInputClosed()
            context.read()
        }
    }

    /// The rest of the body is not wanted, and the connection ends.
    func abandon() {
        guard case .open(let descriptor) = state else { return }
        setLowWater(1, descriptor)
        state = .dead
        early = ByteBuffer()
        tellInputClosed()
    }

    /// Ends a wait.
    func interrupt(_ reason: End) {
        guard case .open = state else { return }
        end = reason
        resume()
    }

    /// Takes what is there although it is less than was waited for: called every second.
    func look() {
        guard case .open(let descriptor) = state, waiter != nil else { return }
        if let gathering {
            let waiting = sluice_waiting_bytes(descriptor)
            if waiting > gathering.waitingBytes { clock?.restartWaiting() }
            self.gathering?.waitingBytes = waiting
            let isEnough = waiting + Int64(early.readableBytes) >= gathering.leastBytes
            if isEnough, .now() - gathering.since >= Self.longestGathering { resume() }
            return
        }
        receive()
        if target?.rest == 0 { resume() }
    }

    // MARK: What we send

    /// Whether a part of a file waits for its client to take it.
    private(set) var isSending = false

    /// Sends a part of a file behind what was written, past the encoder: the body of an answer whose length is known.
    /// Returns when the kernel has it. The connection ends when the task is cancelled.
    func send(_ region: FileRegion) async throws {
        guard let context else { throw ChannelError.ioOnClosedChannel }
        let channel = context.channel
        let sent = context.eventLoop.makePromise(of: Void.self)
        isSending = true
        defer { isSending = false }
        context.writeAndFlush(wrapOutboundOut(.fileRegion(region)), promise: sent)
        try await withTaskCancellationHandler {
            try await sent.futureResult.get()
        } onCancel: {
            channel.close(promise: nil)
        }
    }

    /// What the client has taken of all that was sent since the connection began; `nil` where the system cannot tell.
    var takenBytes: Int64? {
        guard let descriptor else { return nil }
        let bytes = sluice_acknowledged_bytes(descriptor)
        return bytes < 0 ? nil : bytes
    }

    /// Of a connection that has ended the descriptor may be another's by now.
    private var descriptor: CInt? {
        guard let context, context.channel.isActive else { return nil }
        return try? context.pipeline.syncOperations.withUnsafeTransportIfAvailable(
            of: NIOBSDSocket.Handle.self, { $0 })
    }

    // MARK: The socket's side

    private func takeEarly() {
        guard var target, early.readableBytes > 0 else { return }
        let count = min(early.readableBytes, target.rest)
        early.readWithUnsafeReadableBytes { bytes in
            if let source = bytes.baseAddress {
                (target.address + target.filled).copyMemory(from: source, byteCount: count)
            }
            return count
        }
        if early.readableBytes == 0 { early = ByteBuffer() }
        target.filled += count
        self.target = target
        receivedBytes += Int64(count)
        if count > 0 { clock?.restartWaiting() }
    }

    /// Receives as much as is there and wanted.
    private func receive() {
        guard case .open(let descriptor) = state, var target, end == nil else { return }
        let before = target.filled
        while target.rest > 0 {
            let got = sluice_receive(descriptor, target.address + target.filled, target.rest)
            // The stream's end and its failures are the event loop's to find.
            guard got > 0 else { break }
            target.filled += Int(got)
        }
        self.target = target
        receivedBytes += Int64(target.filled - before)
        if target.filled > before { clock?.restartWaiting() }
        if target.rest > 0 {
            let isQuick = target.filled - before >= Self.quickBytes
            setLowWater(min(target.rest, isQuick ? Self.lowWaterBytes.quick : Self.lowWaterBytes.slow), descriptor)
        }
    }

    private func tellInputClosed() {
        guard keepsInputClosed else { return }
        keepsInputClosed = false
        context?.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
    }

    private func setLowWater(_ bytes: Int, _ descriptor: CInt) {
        // Of a connection that has ended the descriptor may be another's by now.
        guard bytes != lowWaterBytes, context?.channel.isActive == true else { return }
        lowWaterBytes = bytes
        sluice_set_receive_low_water(descriptor, CInt(bytes))
    }

    private func resume() {
        let waiter = waiter
        self.waiter = nil
        waiter?.resume()
    }

    // MARK: The channel's side

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        narrow()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        interrupt(.closed)
        self.context = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch state {
        case .shut where early.readableBytes == 0:
            decodedBytes += Int64(unwrapInboundIn(data).readableBytes)
            context.fireChannelRead(data)
        case .dead: break
        case .shut, .open:
            var bytes = unwrapInboundIn(data)
            early.writeBuffer(&bytes)
            takeEarly()
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        guard isOpen else { return context.fireChannelReadComplete() }
        receive()
        guard waiter != nil else { return }
        if gathering != nil || target?.rest == 0 { resume() } else { context.read() }
    }

    func read(context: ChannelHandlerContext) {
        // While the lane is open it asks for itself.
        if !isOpen, !isHeld { context.read() }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let event = event as? ChannelEvent, event == .inputClosed {
            isInputClosed = true
            if isOpen || early.readableBytes > 0 {
                keepsInputClosed = true
                return interrupt(.closed)
            }
        }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        isInputClosed = true
        interrupt(.closed)
        context.fireChannelInactive()
    }
}
