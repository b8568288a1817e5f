/// A set of whole numbers kept as sorted, disjoint, non-touching half-open ranges: which parts are here.
///
/// Inserting and looking up cost O(log n) comparisons in the number of ranges, plus the move of what lies behind.
package struct ExtentSet: Hashable, Sendable {
    /// Sorted; between two neighbours at least one number is missing.
    package private(set) var ranges: [Range<Int>] = []

    package init() {}

    package var isEmpty: Bool { ranges.isEmpty }

    /// How many numbers are in the set.
    package var count: Int { ranges.reduce(0) { $0 + $1.count } }

    package var last: Int? { ranges.last.map { $0.upperBound - 1 } }

    package func contains(_ number: Int) -> Bool {
        let index = firstIndex(endingAfter: number)
        return index < ranges.count && ranges[index].lowerBound <= number
    }

    package mutating func insert(_ number: Int) { insert(number..<number + 1) }

    package mutating func insert(_ range: Range<Int>) {
        guard !range.isEmpty else { return }
        // Touching ranges merge, so the search also finds one that ends exactly where this begins.
        let first = firstIndex(endingAfter: range.lowerBound - 1)
        var merged = range
        var end = first
        while end < ranges.count, ranges[end].lowerBound <= merged.upperBound {
            merged = min(merged.lowerBound, ranges[end].lowerBound)..<max(merged.upperBound, ranges[end].upperBound)
            end += 1
        }
        ranges.replaceSubrange(first..<end, with: CollectionOfOne(merged))
    }

    /// What of `whole` is not in the set, in order.
    package func gaps(in whole: ClosedRange<Int>) -> [ClosedRange<Int>] {
        var gaps: [ClosedRange<Int>] = []
        var next = whole.lowerBound
        for range in ranges[firstIndex(endingAfter: whole.lowerBound)...] {
            if range.lowerBound > whole.upperBound { break }
            if range.lowerBound > next { gaps.append(next...range.lowerBound - 1) }
            next = max(next, range.upperBound)
        }
        if next <= whole.upperBound { gaps.append(next...whole.upperBound) }
        return gaps
    }

    /// How many numbers from `first` on are in the set without a gap.
    package func run(from first: Int) -> Int {
        let index = firstIndex(endingAfter: first)
        guard index < ranges.count, ranges[index].lowerBound <= first else { return 0 }
        return ranges[index].upperBound - first
    }

    /// The first range whose end is greater than `number`.
    private func firstIndex(endingAfter number: Int) -> Int {
        var low = 0
        var high = ranges.count
        while low < high {
            let middle = (low + high) / 2
            if ranges[middle].upperBound > number { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
