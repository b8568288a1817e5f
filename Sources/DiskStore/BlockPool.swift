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
///
/// All blocks are cut from one area (a buddy system: halves of halves, joined again when both are free), so none is
/// ever given back to the system and touched anew: that would cost more than the copy that blocks save.
final class BlockPool: Sendable {
    /// What O_DIRECT asks of addresses, offsets and lengths on every device in use.
    static let alignmentBytes = 4096
    static let largestBlockBytes = 1 << 20
    static let smallestBlockBytes = 16 << 10

    private struct State {
        var usedBytes = 0
        /// By how often the largest size was halved: the places of free blocks, those given back last at the end.
        var free: [[Int]]
    }

    // Sendable: its bytes are reached only through blocks, and no two blocks that are out share one.
    private struct Area: @unchecked Sendable {
        let address: UnsafeMutableRawPointer
        let byteCount: Int
    }

    private static let halvings = 6
    private let state: Mutex<State>
    private let area: Area?
    let budgetBytes: Int

    /// - Parameter budgetBytes: the memory of all blocks; what exceeds a whole number of the largest is not used.
    init(budgetBytes: Int) {
        let count = budgetBytes / Self.largestBlockBytes
        var address: UnsafeMutableRawPointer?
        // Memory that the system does not give now is memory that nobody gets: bodies are then written without it.
        if count > 0, posix_memalign(&address, Self.alignmentBytes, count * Self.largestBlockBytes) == 0, let address {
            area = Area(address: address, byteCount: count * Self.largestBlockBytes)
        } else {
            area = nil
        }
        var free: [[Int]] = Array(repeating: [], count: Self.halvings + 1)
        if area != nil { free[0] = (0..<count).reversed().map { $0 * Self.largestBlockBytes } }
        state = Mutex(State(free: free))
        self.budgetBytes = area?.byteCount ?? 0
    }

    deinit {
        if let area { free(area.address) }
    }

    /// A block for a stream that has about `expectedBytes` still to come; `nil` when the budget is used up.
    ///
    /// - Parameter isSlow: whether it will be held for long; what is free is then shared among many more.
    func take(expectedBytes: Int64, isSlow: Bool = false) -> Block? {
        guard let area else { return nil }
        let taken: (place: Int, byteCount: Int)? = state.withLock { state in
            let share = (budgetBytes - state.usedBytes) / (isSlow ? 256 : 8)
            let useful = Int(min(Int64(Self.largestBlockBytes), max(expectedBytes, 1)))
            var size = Self.smallestBlockBytes
            var halvings = Self.halvings
            while size * 2 <= share, size < useful {
                size *= 2
                halvings -= 1
            }
            while halvings <= Self.halvings {
                if let place = Self.cut(halvings, &state) {
                    state.usedBytes += size
                    return (place, size)
                }
                // Nothing of that size is free any more, but perhaps something smaller.
                size /= 2
                halvings += 1
            }
            return nil
        }
        return taken.map { taken in
            Block(
                memory: Block.Memory(address: area.address + taken.place, byteCount: taken.byteCount), pool: self)
        }
    }

    /// The place of a block of that size, cut from a larger one where there is no other.
    private static func cut(_ halvings: Int, _ state: inout State) -> Int? {
        guard let from = (0...halvings).last(where: { !state.free[$0].isEmpty }),
            let place = state.free[from].popLast()
        else { return nil }
        for smaller in from..<halvings { state.free[smaller + 1].append(place + largestBlockBytes >> (smaller + 1)) }
        return place
    }

    fileprivate func give(_ memory: Block.Memory) {
        guard let area else { return }
        state.withLock { state in
            state.usedBytes -= memory.byteCount
            var place = memory.address - area.address
            var size = memory.byteCount
            var halvings = (Self.largestBlockBytes / size).trailingZeroBitCount
            // Two halves that are free are one block again.
            while halvings > 0, let index = state.free[halvings].firstIndex(of: place ^ size) {
                state.free[halvings].remove(at: index)
                place &= ~size
                size *= 2
                halvings -= 1
            }
            state.free[halvings].append(place)
        }
    }

    /// For tests: bytes in blocks that are in use, and in all blocks.
    var usage: (usedBytes: Int, allocatedBytes: Int) { (state.withLock { $0.usedBytes }, budgetBytes) }
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
