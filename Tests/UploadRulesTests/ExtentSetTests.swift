import Testing

@testable import UploadRules

@Suite struct ExtentSetTests {
    private static func set(_ ranges: Range<Int>...) -> ExtentSet {
        var set = ExtentSet()
        for range in ranges { set.insert(range) }
        return set
    }

    @Test(arguments: [
        ([1..<2, 3..<4], [1..<2, 3..<4]),
        ([3..<4, 1..<2], [1..<2, 3..<4]),
        ([1..<2, 3..<4, 2..<3], [1..<4]),
        ([1..<3, 3..<5], [1..<5]),
        ([3..<5, 1..<3], [1..<5]),
        ([1..<10, 3..<5], [1..<10]),
        ([3..<5, 1..<10], [1..<10]),
        ([1..<3, 5..<7, 9..<11, 2..<10], [1..<11]),
        ([1..<3, 5..<7, 9..<11, 3..<9], [1..<11]),
        ([1..<3, 5..<7, 9..<11, 4..<8], [1..<3, 4..<8, 9..<11]),
        ([4..<4], []),
        ([1..<2, 4..<4], [1..<2]),
        ([-3 ..< -1, -1..<1], [-3..<1]),
    ])
    func `ranges that touch or overlap become one`(inserted: [Range<Int>], kept: [Range<Int>]) {
        var set = ExtentSet()
        for range in inserted { set.insert(range) }
        #expect(set.ranges == kept)
        #expect(set.isEmpty == kept.isEmpty)
        #expect(set.last == kept.last.map { $0.upperBound - 1 })
        #expect(set.count == kept.map(\.count).reduce(0, +))
    }

    @Test(arguments: [
        (set(), 1...3, [1...3]),
        (set(1..<4), 1...3, []),
        (set(2..<3), 1...3, [1...1, 3...3]),
        (set(1..<2), 1...3, [2...3]),
        (set(3..<4), 1...3, [1...2]),
        (set(1..<3, 5..<7), 2...9, [3...4, 7...9]),
        (set(1..<3, 5..<7), 6...6, []),
        (set(1..<3, 5..<7), 3...4, [3...4]),
        (set(8..<9), 1...3, [1...3]),
        (set(0..<1), 1...3, [1...3]),
    ])
    func `what is missing of a whole`(set: ExtentSet, whole: ClosedRange<Int>, gaps: [ClosedRange<Int>]) {
        #expect(set.gaps(in: whole) == gaps)
    }

    @Test(arguments: [(0, 0), (1, 2), (2, 1), (3, 0), (4, 0), (5, 2), (7, 0)])
    func `a run without a gap`(first: Int, length: Int) {
        #expect(Self.set(1..<3, 5..<7).run(from: first) == length)
    }

    @Test func `the same numbers make the same set`() {
        #expect(Self.set(1..<2, 2..<3, 4..<5) == Self.set(4..<5, 1..<3))
        #expect(Self.set(1..<2) != Self.set(1..<3))
    }

    @Test(arguments: [1, 0xE47E_0001, 0xE47E_0002, UInt64.max])
    func `a set of single numbers answers the same`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for round in 0..<150 {
            let note = "seed \(seed), round \(round)"
            var set = ExtentSet()
            var model: Set<Int> = []
            for _ in 0..<random.below(30) {
                let first = random.below(60) + 1
                let range = first..<first + (random.once(in: 3) ? random.below(12) : 1)
                if range.count == 1 { set.insert(first) } else { set.insert(range) }
                model.formUnion(range)

                let whole = random.below(30) + 1...random.below(45) + 30
                let missing = whole.filter { !model.contains($0) }
                #expect(set.gaps(in: whole).flatMap(Array.init) == missing, "\(note)")
                let start = random.below(70)
                #expect(set.run(from: start) == (start...).prefix { model.contains($0) }.count, "\(note)")
            }
            #expect(set.ranges.flatMap(Array.init) == model.sorted(), "\(note)")
            #expect((0...75).filter(set.contains) == model.sorted(), "\(note)")
            #expect(set.count == model.count && set.last == model.max() && set.isEmpty == model.isEmpty, "\(note)")
            #expect(zip(set.ranges, set.ranges.dropFirst()).allSatisfy { $0.upperBound < $1.lowerBound }, "\(note)")
        }
    }
}
