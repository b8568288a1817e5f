import Testing

@testable import DiskStore

@Suite struct BlockPaceTests {
    private static let quick = BlockPace.quickBytesPerSecond
    private static let slow = BlockPace.slowBlockBytes

    /// Blocks as the bytes that filled them and the milliseconds it took, and the size of the block after each.
    struct Row: Sendable {
        let blocks: [(filledBytes: Int, milliseconds: Int)]
        let sizes: [Int]

        init(_ blocks: [(filledBytes: Int, milliseconds: Int)], _ sizes: [Int]) {
            self.blocks = blocks
            self.sizes = sizes
        }
    }

    static let rows: [Row] = [
        // Quick: four times as large each time, up to the largest.
        Row([(32_768, 1), (131_072, 1), (524_288, 1), (1_048_576, 1)], [131_072, 524_288, 1_048_576, 1_048_576]),
        // All of it was there already.
        Row([(32_768, 0)], [131_072]),
        // Slow: small at once, however large it was.
        Row([(32_768, 1), (131_072, 1), (524_288, 1000)], [131_072, 524_288, slow]),
        Row([(32_768, 500), (65_536, 250)], [slow, slow]),
        // And large again when it is quick again.
        Row([(32_768, 500), (65_536, 0), (262_144, 1)], [slow, 262_144, 1_048_576]),
        // The border itself is quick.
        Row([(quick - 1, 1000)], [slow]),
        Row([(quick, 1000)], [131_072]),
        Row([(quick + 1, 1000)], [131_072]),
    ]

    @Test(arguments: rows)
    func blocksGrowWithQuickStreamsAndShrinkWithSlowOnes(_ row: Row) {
        var pace = BlockPace()
        #expect(pace.blockBytes == BlockPace.unknownBlockBytes)
        var now = ContinuousClock.now
        let found = row.blocks.map { block in
            pace.began(now: now)
            now = now.advanced(by: .milliseconds(block.milliseconds))
            pace.ended(filledBytes: block.filledBytes, now: now)
            // The time between two blocks counts for neither.
            now = now.advanced(by: .seconds(60))
            #expect(pace.isSlow == (pace.blockBytes == Self.slow))
            return pace.blockBytes
        }
        #expect(found == row.sizes)
    }

    @Test func whatWasNotBegunTellsNothing() {
        var pace = BlockPace()
        pace.ended(filledBytes: 0, now: .now)
        #expect(pace.blockBytes == BlockPace.unknownBlockBytes)
        #expect(!pace.isSlow)
    }

    /// What was right for the piece before is where this one begins.
    @Test(arguments: [(16_384, 65_536), (65_536, 262_144), (1_048_576, 1_048_576)])
    func aPieceBeginsWhereTheOneBeforeEnded(_ before: Int, _ after: Int) {
        var pace = BlockPace(blockBytes: before)
        #expect(pace.blockBytes == before)
        #expect(!pace.isSlow)
        let now = ContinuousClock.now
        pace.began(now: now)
        pace.ended(filledBytes: 1 << 20, now: now.advanced(by: .milliseconds(1)))
        #expect(pace.blockBytes == after)
    }
}
