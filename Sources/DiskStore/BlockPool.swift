import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Page-aligned memory that bodies are gathered in, from one fixed budget.
///
/// With much of the budget free a stream gets large blocks; the less is free, the smaller they are, so that a
/// thousand slow streams cost what eight fast ones do. When nothing is left the caller does without a block.
/// Nobody ever waits here: a stream that holds a half-filled block may be waiting for its client.
final class BlockPool: Sendable {
    /// What O_DIRECT asks of addresses, offsets and lengths on every device in use.
    static let alignmentBytes = 4096
    static let largestBlockBytes = 1 << 20
    static let smallestBlockBytes = 16 << 10

    private struct State {
        var allocatedBytes = 0
        var usedBytes = 0
        var idle: [Int: [Block.Memory]] = [:]
    }

    private let state = Mutex(State())
    let budgetBytes: Int

    init(budgetBytes: Int) { self.budgetBytes = budgetBytes }

    deinit {
        state.withLock { state in
            for memory in state.idle.values.joined() { free(memory.address) }
        }
    }

    /// A block for a stream that has about `expectedBytes` still to come; `nil` when the budget is used up.
    func take(expectedBytes: Int64) -> Block? {
        let memory: Block.Memory? = state.withLock { state in
            let share = (budgetBytes - state.usedBytes) / 8
            let useful = Int(min(Int64(Self.largestBlockBytes), max(expectedBytes, 1)))
            var size = Self.smallestBlockBytes
            while size * 2 <= share, size < useful { size *= 2 }
            while size >= Self.smallestBlockBytes {
                if let memory = take(size, &state) { return memory }
                size /= 2
            }
            return nil
        }
        return memory.map { Block(memory: $0, pool: self) }
    }

    private func take(_ size: Int, _ state: inout State) -> Block.Memory? {
        if let memory = state.idle[size]?.popLast() {
            state.usedBytes += size
            return memory
        }
        while state.allocatedBytes + size > budgetBytes {
            // Blocks of another size lie idle: their memory becomes this block's.
            guard let other = state.idle.first(where: { !$0.value.isEmpty })?.key,
                let memory = state.idle[other]?.popLast()
            else { return nil }
            free(memory.address)
            state.allocatedBytes -= memory.byteCount
        }
        var address: UnsafeMutableRawPointer?
        guard posix_memalign(&address, Self.alignmentBytes, size) == 0, let address else { return nil }
        state.allocatedBytes += size
        state.usedBytes += size
        return Block.Memory(address: address, byteCount: size)
    }

    fileprivate func give(_ memory: Block.Memory) {
        state.withLock { state in
            state.usedBytes -= memory.byteCount
            state.idle[memory.byteCount, default: []].append(memory)
        }
    }

    /// For tests: bytes in blocks that are in use, and in all blocks.
    var usage: (usedBytes: Int, allocatedBytes: Int) { state.withLock { ($0.usedBytes, $0.allocatedBytes) } }
}

/// Memory on loan from the pool; goes back when it is released.
final class Block: Sendable {
    // Sendable: the memory is reached only through the one block that holds it, and a block is handed from the
    // filling task to the writing thread, never used by both.
    struct Memory: @unchecked Sendable {
        let address: UnsafeMutableRawPointer
        let byteCount: Int
    }

    private let memory: Memory
    private let pool: BlockPool

    fileprivate init(memory: Memory, pool: BlockPool) {
        self.memory = memory
        self.pool = pool
    }

    deinit { pool.give(memory) }

    var bytes: UnsafeMutableRawBufferPointer {
        UnsafeMutableRawBufferPointer(start: memory.address, count: memory.byteCount)
    }
}
