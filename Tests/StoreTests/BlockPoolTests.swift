import Testing
import UploadStoreTesting

@testable import DiskStore

@Suite struct BlockPoolTests {
    /// Around the smallest block, odd ones, and what a server has.
    static let budgetsBytes = [
        0, 1, (16 << 10) - 1, 16 << 10, (16 << 10) + 1, 100_000, 1 << 20, (3 << 20) + 77, 32 << 20,
    ]

    @Test(arguments: budgetsBytes, [1, 2, 3] as [UInt64])
    func theBudgetHoldsWhateverIsTakenAndGivenBack(_ budget: Int, _ seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let pool = BlockPool(budgetBytes: budget)
        // Only whole blocks of the largest size are cut into others.
        #expect(pool.budgetBytes == budget / BlockPool.largestBlockBytes * BlockPool.largestBlockBytes)
        var blocks: [(block: Block, mark: UInt8)] = []
        for step in 0..<2000 {
            if blocks.isEmpty || Int.random(in: 0..<5, using: &generator) < 3 {
                let exponent = Int64.random(in: 0...34, using: &generator)
                let expected = Int64.random(in: 0...(1 << exponent), using: &generator)
                if let block = pool.take(expectedBytes: expected) {
                    let mark = UInt8.random(in: 0...255, using: &generator)
                    // The first and the last byte tell whether two blocks share memory.
                    block.bytes[0] = mark
                    block.bytes[block.bytes.count - 1] = mark
                    #expect(Self.isWellFormed(block), "seed \(seed), step \(step)")
                    blocks.append((block, mark))
                } else {
                    let left = pool.budgetBytes - pool.usage.usedBytes
                    #expect(left < BlockPool.smallestBlockBytes, "seed \(seed), step \(step): \(left) bytes are free")
                }
            } else {
                let (block, mark) = blocks.remove(at: Int.random(in: 0..<blocks.count, using: &generator))
                #expect(block.bytes.first == mark && block.bytes.last == mark, "seed \(seed), step \(step)")
            }
            let usage = pool.usage
            let inUse = blocks.reduce(0) { $0 + $1.block.bytes.count }
            #expect(usage.usedBytes == inUse, "seed \(seed), step \(step)")
            #expect(
                usage.usedBytes <= usage.allocatedBytes && usage.allocatedBytes <= budget, "seed \(seed), step \(step)")
        }
        blocks = []
        #expect(pool.usage.usedBytes == 0)
    }

    private static func isWellFormed(_ block: Block) -> Bool {
        let count = block.bytes.count
        let address = UInt(bitPattern: block.bytes.baseAddress)
        return count.nonzeroBitCount == 1 && address % UInt(BlockPool.alignmentBytes) == 0
            && (BlockPool.smallestBlockBytes...BlockPool.largestBlockBytes).contains(count)
    }

    @Test(arguments: [1 << 20, 8 << 20, 32 << 20])
    func manyAtOnceStayInTheBudget(_ budget: Int) async {
        let pool = BlockPool(budgetBytes: budget)
        await withTaskGroup { group in
            for seed in UInt64(0)..<8 {
                group.addTask {
                    var generator = SeededGenerator(seed: seed)
                    var held: [Block] = []
                    for _ in 0..<500 {
                        if let block = pool.take(expectedBytes: Int64.random(in: 0...2 << 20, using: &generator)) {
                            held.append(block)
                        }
                        if held.count > Int.random(in: 0...20, using: &generator) { held.removeFirst() }
                        #expect(pool.usage.allocatedBytes <= budget, "seed \(seed)")
                    }
                }
            }
        }
        #expect(pool.usage.usedBytes == 0)
    }

    @Test func blocksShrinkAsTheBudgetIsUsedUp() throws {
        let pool = BlockPool(budgetBytes: 32 << 20)
        var sizes: [Int] = []
        var blocks: [Block] = []
        while let block = pool.take(expectedBytes: .max) {
            sizes.append(block.bytes.count)
            blocks.append(block)
        }
        #expect(sizes.first == BlockPool.largestBlockBytes)
        #expect(sizes.last == BlockPool.smallestBlockBytes)
        #expect(sizes == sizes.sorted(by: >))
        #expect(pool.usage.usedBytes == 32 << 20)
        // All of it is to be had again, in blocks of another size.
        blocks = []
        #expect(try #require(pool.take(expectedBytes: .max)).bytes.count == BlockPool.largestBlockBytes)
    }

    /// What is held for long is small long before there is little left, so that what is quick finds large blocks.
    @Test func slowStreamsShareWhatIsFreeAmongMany() throws {
        let pool = BlockPool(budgetBytes: 32 << 20)
        var blocks: [Block] = []
        while let block = pool.take(expectedBytes: 64 << 10, isSlow: true) { blocks.append(block) }
        let sizes = blocks.map(\.bytes.count)
        #expect(sizes == sizes.sorted(by: >))
        // 64 KiB down to 16 MiB that are free, then half of that down to 8 MiB.
        #expect([65_536, 32_768, 16_384].map { size in sizes.count { $0 == size } } == [257, 255, 510])
        #expect(pool.usage.usedBytes == 32 << 20)
        blocks.removeLast(512)
        #expect(try #require(pool.take(expectedBytes: .max)).bytes.count > BlockPool.smallestBlockBytes)
    }

    @Test(arguments: [(1, 16_384), (16_384, 16_384), (20_000, 32_768), (1_048_576, 1_048_576), (.max, 1_048_576)])
    func aShortBodyGetsASmallBlock(_ expectedBytes: Int64, _ blockBytes: Int) throws {
        let pool = BlockPool(budgetBytes: 32 << 20)
        #expect(try #require(pool.take(expectedBytes: expectedBytes)).bytes.count == blockBytes)
    }

    /// The sizes of all blocks that a pool has left, the largest that are to be had first.
    private static func drain(_ pool: BlockPool) -> [Int] {
        var blocks: [Block] = []
        while let block = pool.take(expectedBytes: .max) { blocks.append(block) }
        return blocks.map(\.bytes.count)
    }

    private static func place(_ block: Block) -> Range<UInt> {
        let start = UInt(bitPattern: block.bytes.baseAddress)
        return start..<start + UInt(block.bytes.count)
    }

    @Test(arguments: [1 << 20, 3 << 20, 32 << 20], 1...5 as ClosedRange<UInt64>)
    func blocksOfAnySizeNeverShareAByte(_ budget: Int, _ seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let pool = BlockPool(budgetBytes: budget)
        var blocks: [Block] = []
        for round in 0..<40 {
            while let block = pool.take(expectedBytes: 1 << Int64.random(in: 0...21, using: &generator)) {
                blocks.append(block)
            }
            let places = blocks.map(Self.place).sorted { $0.lowerBound < $1.lowerBound }
            let isDisjoint = zip(places, places.dropFirst()).allSatisfy { $0.upperBound <= $1.lowerBound }
            #expect(isDisjoint, "seed \(seed), round \(round)")
            // Everything is in use, so nothing of the area is lost.
            #expect(places.reduce(0) { $0 + $1.count } == budget, "seed \(seed), round \(round)")
            if let first = places.first, let last = places.last {
                #expect(last.upperBound - first.lowerBound == UInt(budget), "seed \(seed), round \(round)")
            }
            blocks.shuffle(using: &generator)
            blocks.removeLast(Int.random(in: 1...blocks.count, using: &generator))
        }
    }

    @Test(arguments: [1 << 20, 8 << 20, 32 << 20], 1...5 as ClosedRange<UInt64>)
    func halvesThatAreGivenBackAreOneAgain(_ budget: Int, _ seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let pool = BlockPool(budgetBytes: budget)
        let untouched = Self.drain(BlockPool(budgetBytes: budget))
        for round in 0..<5 {
            var blocks: [Block] = []
            // Small ones above all, so that everything is cut.
            while let block = pool.take(expectedBytes: 1 << Int64.random(in: 0...17, using: &generator)) {
                blocks.append(block)
                if Int.random(in: 0..<4, using: &generator) == 0 {
                    blocks.remove(at: Int.random(in: 0..<blocks.count, using: &generator))
                }
            }
            blocks.shuffle(using: &generator)
            while !blocks.isEmpty { blocks.removeLast() }
            #expect(pool.usage.usedBytes == 0, "seed \(seed), round \(round)")
            #expect(Self.drain(pool) == untouched, "seed \(seed), round \(round)")
        }
    }

    @Test func whereOnlyHalvesAreFreeAStreamGetsAHalf() throws {
        let pool = BlockPool(budgetBytes: 8 << 20)
        var blocks: [Block] = []
        while let block = pool.take(expectedBytes: 1) { blocks.append(block) }
        #expect(blocks.count == 512)
        // Of every two that were cut from one another, one stays.
        blocks.removeAll { Self.place($0).lowerBound & UInt(BlockPool.smallestBlockBytes) == 0 }
        try #require(blocks.count == 256)
        #expect(Self.drain(pool) == Array(repeating: BlockPool.smallestBlockBytes, count: 256))
    }
}
