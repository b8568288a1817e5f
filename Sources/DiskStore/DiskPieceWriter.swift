import Checksums
import NIOCore
import Synchronization
import UploadModel
import UploadStore

/// Gathers a piece in aligned blocks and writes them behind the stream: while one block is on its way to the disk
/// the next is filled.
///
/// Sums every byte while it is warm. A piece that fits into one block is written together with others that wait for the
/// same sync. Unaligned edges go through the page cache; so does everything when the block budget is used up.
// Sendable: used by one task at a time, as PieceWriter demands; a block that is being written belongs to the
// write alone.
final class DiskPieceWriter: FillablePieceWriter, @unchecked Sendable {
    /// Blocks of one stream that may be on their way to the disk at once.
    static let maximumWritesInFlight = 2
    /// Lent at once: what a cache still holds when it is summed.
    private static let vacancyBytes: Int64 = 1 << 20

    private let file: StagedFile
    private let store: DiskStore
    private let token: PieceToken
    private let start: Int64
    /// Where growing files were reserved up to; `nil` when the room was reserved before.
    private var reservedUpTo: Int64?
    private let expectedBytes: Int64
    private let maximumBytes: Int64

    private var block: Block?
    private var blockCapacity = 0
    private var filled = 0
    private var writtenBytes: Int64 = 0
    private var digests = DigestSet()
    private var pace: BlockPace
    private var inFlight: [Pending<Void>] = []
    private var isEnded = false
    /// Why bytes that were taken are not there; nothing can make the piece whole again.
    private var fault: StoreFault?
    private let onAbandon: @Sendable () -> Void

    init(
        file: StagedFile, store: DiskStore, start: Int64, sizing: PieceSizing, token: PieceToken,
        reservesAhead: Bool, onAbandon: @escaping @Sendable () -> Void
    ) {
        self.file = file
        pace = BlockPace(blockBytes: file.recentBlockBytes.load(ordering: .relaxed))
        self.store = store
        self.token = token
        self.start = start
        self.onAbandon = onAbandon
        switch sizing {
        case .exactly(let bytes):
            expectedBytes = bytes
            maximumBytes = bytes
        case .atMost(let bytes):
            expectedBytes = min(bytes, Int64(BlockPool.largestBlockBytes))
            maximumBytes = bytes
        }
        reservedUpTo = reservesAhead ? start : nil
    }

    deinit { assert(isEnded, "a piece writer was dropped; end it with finish() or abandon()") }

    func compute(_ digests: Set<DigestAlgorithm>) { self.digests = DigestSet(digests) }

    func append(_ bytes: ByteBuffer) async throws(StoreFault) {
        guard writtenBytes + Int64(filled + bytes.readableBytes) <= maximumBytes else {
            throw StoreFault(.failed, "more bytes than the piece may have")
        }
        var rest = bytes
        while rest.readableBytes > 0 {
            if block == nil { takeBlock() }
            guard let block else {
                try await writeThrough(rest)
                return
            }
            let count = min(rest.readableBytes, blockCapacity - filled)
            rest.readWithUnsafeReadableBytes { source in
                let source = UnsafeRawBufferPointer(rebasing: source[..<count])
                if let target = block.bytes.baseAddress {
                    digests.copy(
                        source, to: UnsafeMutableRawBufferPointer(start: target + filled, count: count))
                }
                return count
            }
            filled += count
            if filled == blockCapacity, !isWhole { try await flushBlock() }
        }
    }

    func vacancy(expecting byteCount: Int?) async throws(StoreFault) -> Vacancy? {
        if block == nil { takeBlock(expecting: byteCount) }
        let left = min(Int64(blockCapacity - filled), maximumBytes - writtenBytes - Int64(filled))
        guard let address = block?.bytes.baseAddress, left > 0 else { return nil }
        return Vacancy(address: address + filled, byteCount: Int(min(left, Self.vacancyBytes)))
    }

    func filled(_ byteCount: Int) async throws(StoreFault) {
        guard let block, filled + byteCount <= blockCapacity else {
            preconditionFailure("more was put in than was lent")
        }
        digests.update(UnsafeRawBufferPointer(rebasing: block.bytes[filled..<filled + byteCount]))
        filled += byteCount
        if filled == blockCapacity, !isWhole { try await flushBlock() }
    }

    /// Whether all is there that may come, so that it can be written together with the pieces of others.
    private var isWhole: Bool { writtenBytes == 0 && Int64(filled) == maximumBytes }

    /// The budget is used up: write what came as it came and wait for it, so that nothing piles up.
    private func writeThrough(_ bytes: ByteBuffer) async throws(StoreFault) {
        try await settleWrites(leaving: 0)
        bytes.withUnsafeReadableBytes { source in
            digests.update(source)
        }
        let position = start + writtenBytes
        let file = file
        try await remembering { () throws(StoreFault) in
            try await store.threads.run { () throws(StoreFault) in
                let result = bytes.withUnsafeReadableBytes { source in
                    Result { () throws(StoreFault) in try file.write(source, at: position) }
                }
                try result.get()
            }
        }
        writtenBytes += Int64(bytes.readableBytes)
    }

    /// - Parameter byteCount: how many bytes are there, where more would take long.
    private func takeBlock(expecting byteCount: Int? = nil) {
        // A piece may begin anywhere: its first block only reaches to the next aligned place.
        let alignment = Int64(BlockPool.alignmentBytes)
        let over = file.hasDirect ? (start + writtenBytes) % alignment : 0
        var next = Int64(pace.blockBytes)
        if over > 0 {
            next = 1
        } else if expectedBytes == maximumBytes {
            let remaining = max(expectedBytes - writtenBytes, Int64(BlockPool.smallestBlockBytes))
            next = remaining <= BlockPace.firstBlockBytes ? remaining : min(next, remaining)
        }
        // What is there and can be written as it is, so that the block is not held for the rest.
        let atOnce = byteCount.map { $0 / BlockPool.alignmentBytes * BlockPool.alignmentBytes } ?? 0
        if atOnce > 0 { next = min(next, Int64(atOnce)) }
        guard let taken = store.pool.take(expectedBytes: next, isSlow: pace.isSlow) else { return }
        pace.began(now: .now)
        block = taken
        filled = 0
        blockCapacity = over == 0 ? taken.bytes.count : Int(alignment - over)
        if over == 0, atOnce > 0 { blockCapacity = min(blockCapacity, atOnce) }
    }

    private func flushBlock() async throws(StoreFault) {
        guard let block, filled > 0 else { return }
        pace.ended(filledBytes: filled, now: .now)
        try await settleWrites(leaving: Self.maximumWritesInFlight - 1)
        let position = start + writtenBytes
        let count = filled
        let file = file
        let reserve = reservation(upTo: position + Int64(count))
        inFlight.append(
            store.threads.start { () throws(StoreFault) in
                // Room ahead is a convenience: without it there may still be room for these bytes.
                if let reserve { try? file.reserve(upTo: reserve) }
                let bytes = UnsafeRawBufferPointer(rebasing: block.bytes[..<count])
                try file.writeDirect(bytes, at: position)
            })
        writtenBytes += Int64(count)
        self.block = nil
        filled = 0
        pace.began(now: .now)
    }

    private func reservation(upTo end: Int64) -> Int64? {
        guard let reserved = reservedUpTo, end > reserved else { return nil }
        let next = end + StagedFile.reserveAheadBytes
        // The first blocks of a short body are not worth a reservation.
        guard reserved > start || writtenBytes > 0 else { return nil }
        reservedUpTo = next
        return next
    }

    private func settleWrites(leaving count: Int) async throws(StoreFault) {
        try await remembering { () throws(StoreFault) in
            while inFlight.count > count { try await inFlight.removeFirst().value() }
        }
    }

    private func remembering(_ body: () async throws(StoreFault) -> Void) async throws(StoreFault) {
        do throws(StoreFault) {
            try await body()
        } catch {
            fault = fault ?? error
            throw error
        }
    }

    func finish() async throws(StoreFault) -> PieceReceipt {
        precondition(!isEnded, "a piece writer is ended once")
        do throws(StoreFault) {
            if let fault { throw fault }
            if let write = smallWrite() {
                try await store.sync(file, after: write)
                writtenBytes += Int64(write.byteCount)
            } else {
                try await flushBlock()
                try await settleWrites(leaving: 0)
                try await store.sync(file)
            }
            file.recentBlockBytes.store(pace.blockBytes, ordering: .relaxed)
            store.spoolEnded(token)
        } catch {
            // A piece that could not be finished has ended too: nothing of it stays.
            await abandon()
            throw error
        }
        isEnded = true
        var all = digests.finalize()
        all[.crc32c] = nil
        return PieceReceipt(
            lengthBytes: writtenBytes, crc32c: digests.crc32c, digests: all, token: token)
    }

    /// The whole piece, where one block has it: it is written together with others that wait for the same sync.
    private func smallWrite() -> SmallWrite? {
        guard let block, writtenBytes == 0, filled > 0, inFlight.isEmpty else { return nil }
        defer {
            self.block = nil
            filled = 0
        }
        return SmallWrite(block: block, byteCount: filled, start: start)
    }

    func abandon() async {
        guard !isEnded else { return }
        isEnded = true
        defer { store.spoolEnded(token) }
        block = nil
        // The file may be removed next; its room must not be taken by a write that is still on its way.
        while !inFlight.isEmpty { _ = try? await inFlight.removeFirst().value() }
        let clean = onAbandon
        _ = try? await store.threads.run { () throws(StoreFault) in clean() }
    }
}
