/// How large the blocks of a stream are: large for one that fills them quickly, because a write costs the same however
/// little it brings, and small for a slow one, which would hold its memory for minutes.
struct BlockPace {
    /// A piece, or a rest, that is not longer than this gets one block for all of it.
    static let firstBlockBytes = 128 << 10
    /// Faster than that is quick, in bytes per second.
    static let quickBytesPerSecond = 16 << 20

    /// Of a stream that nothing is known of.
    static let unknownBlockBytes = 32 << 10

    /// The most that a slow stream holds, as long as there is much.
    static let slowBlockBytes = 64 << 10

    private(set) var isSlow = false
    private var beganAt: ContinuousClock.Instant?
    private(set) var blockBytes: Int

    /// - Parameter blockBytes: what was right for the piece before.
    init(blockBytes: Int = unknownBlockBytes) { self.blockBytes = blockBytes }

    /// The writer is ready for bytes: from here on it waits for the stream alone.
    mutating func began(now: ContinuousClock.Instant) { beganAt = beganAt ?? now }

    mutating func ended(filledBytes: Int, now: ContinuousClock.Instant) {
        // A few bytes up to the next aligned place tell nothing.
        defer { self.beganAt = nil }
        guard let beganAt, filledBytes >= BlockPool.smallestBlockBytes else { return }
        let (seconds, attoseconds) = (now - beganAt).components
        let took = Double(seconds) + Double(attoseconds) * 1e-18
        isSlow = Double(filledBytes) < took * Double(Self.quickBytesPerSecond)
        blockBytes = isSlow ? Self.slowBlockBytes : min(4 * blockBytes, BlockPool.largestBlockBytes)
    }
}
