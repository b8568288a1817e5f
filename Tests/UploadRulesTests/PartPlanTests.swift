import Testing
import UploadModel

@testable import UploadRules

@Suite struct PartPlanTests {
    private static let mebibyte: Int64 = 1 << 20
    private static let gibibyte: Int64 = 1 << 30

    private static func limits(
        defaultBytes: Int64 = 8 << 20, fewest: Int64 = 1, most: Int64 = 5 << 30, count: Int = 10_000
    ) -> UploadLimits {
        var limits = UploadLimits()
        limits.defaultPartBytes = defaultBytes
        limits.minimumPartBytes = fewest
        limits.maximumPartBytes = most
        limits.maximumPartCount = count
        return limits
    }

    @Test(
        arguments: [
            (0, 8 * mebibyte, 1),
            (1, 8 * mebibyte, 1),
            (8 * mebibyte - 1, 8 * mebibyte, 1),
            (8 * mebibyte, 8 * mebibyte, 1),
            (8 * mebibyte + 1, 8 * mebibyte, 2),
            (gibibyte, 8 * mebibyte, 128),
            // The largest file of parts of the default size, and the first that needs larger ones.
            (80_000 * mebibyte, 8 * mebibyte, 10_000),
            (80_000 * mebibyte + 1, 16 * mebibyte, 5001),
            (128 * gibibyte, 16 * mebibyte, 8192),
            (160_000 * mebibyte, 16 * mebibyte, 10_000),
            (160_000 * mebibyte + 1, 32 * mebibyte, 5001),
            (Int64.max, 1 << 50, 8192),
        ] as [(Int64, Int64, Int)])
    func `a client that names no part size`(size: Int64, partBytes: Int64, count: Int) {
        let layout = PartPlan.layout(
            sizeBytes: size, wantedPartBytes: nil, limits: Self.limits(), minimumPartBytes: 1)
        #expect(layout == PartLayout(partSizeBytes: partBytes, partCount: count, sizeBytes: size))
    }

    @Test func `an upload of unknown size has a part size and no count`() {
        #expect(
            PartPlan.layout(sizeBytes: nil, wantedPartBytes: nil, limits: Self.limits(), minimumPartBytes: 1)
                == PartLayout(partSizeBytes: 8 * Self.mebibyte))
        #expect(
            PartPlan.layout(sizeBytes: nil, wantedPartBytes: 7, limits: Self.limits(), minimumPartBytes: 1)
                == PartLayout(partSizeBytes: 7))
    }

    @Test(
        arguments: [
            // size, wanted, store's least, part count or nil for a refusal
            (100, 100, 1, 1),
            (100, 99, 1, 2),
            (100, 101, 1, 1),
            (100, 33, 1, 4),
            (100, 1, 1, 100),
            (0, 5, 1, 1),
            (10_000, 1, 1, 10_000),
            (10_001, 1, 1, nil),
            (10_001, 2, 1, 5001),
            (100, 0, 1, nil),
            (100, -1, 1, nil),
            (100, 5, 6, nil),
            (100, 6, 6, 17),
            (100, 5 * gibibyte, 1, 1),
            (100, 5 * gibibyte + 1, 1, nil),
            (100, 0, 0, nil),
            (Int64.max, Int64.max / 10_000, 1, nil),
        ] as [(Int64, Int64, Int64, Int?)])
    func `a client that names a part size`(size: Int64, wanted: Int64, fewest: Int64, count: Int?) {
        let layout = PartPlan.layout(
            sizeBytes: size, wantedPartBytes: wanted, limits: Self.limits(), minimumPartBytes: fewest)
        #expect(layout == count.map { PartLayout(partSizeBytes: wanted, partCount: $0, sizeBytes: size) })
        let allowed = PartPlan.allowed(sizeBytes: size, limits: Self.limits(), minimumPartBytes: fewest)
        #expect(allowed.contains(wanted) == (count != nil))
    }

    @Test(
        arguments: [
            (nil, 1...5 * gibibyte),
            (0, 1...5 * gibibyte),
            (10_000, 1...5 * gibibyte),
            (10_001, 2...5 * gibibyte),
            (20_001, 3...5 * gibibyte),
            // The count goes before the largest part: the file must be possible.
            (50_000 * gibibyte + 1, 5 * gibibyte + 1...5 * gibibyte + 1),
        ] as [(Int64?, ClosedRange<Int64>)])
    func `the part sizes that may be asked for`(size: Int64?, allowed: ClosedRange<Int64>) {
        #expect(PartPlan.allowed(sizeBytes: size, limits: Self.limits(), minimumPartBytes: 1) == allowed)
    }

    @Test func `the larger of the gateway's and the store's least counts`() {
        let limits = Self.limits(defaultBytes: 3, fewest: 4)
        #expect(PartPlan.allowed(sizeBytes: 9, limits: limits, minimumPartBytes: 2).lowerBound == 4)
        #expect(PartPlan.allowed(sizeBytes: 9, limits: limits, minimumPartBytes: 6).lowerBound == 6)
        let layout = PartPlan.layout(sizeBytes: 9, wantedPartBytes: nil, limits: limits, minimumPartBytes: 5)
        #expect(layout == PartLayout(partSizeBytes: 5, partCount: 2, sizeBytes: 9))
    }

    /// Settings that make no sense must not end the process when a client comes.
    @Test(arguments: [(8 << 20, 1), (0, 10_000), (Int64.max, 3), (1, 0), (Int64.max / 2 + 2, 1)] as [(Int64, Int)])
    func `no setting traps`(defaultBytes: Int64, count: Int) throws {
        let limits = Self.limits(defaultBytes: defaultBytes, count: count)
        for size in [0, 1, 1 << 40, Int64.max - 1, Int64.max] {
            let layout = try #require(
                PartPlan.layout(sizeBytes: size, wantedPartBytes: nil, limits: limits, minimumPartBytes: 0))
            Self.check(layout, size: size, most: max(1, count), "default \(defaultBytes), size \(size)")
        }
    }

    @Test(arguments: [3, 0x9A57, UInt64.max])
    func `every plan covers its file exactly`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        for round in 0..<3000 {
            let note = "seed \(seed), round \(round)"
            let size = Int64(bitPattern: random.next() >> UInt64(1 + random.below(63)))
            let count = random.below(12_000) + 1
            let limits = Self.limits(defaultBytes: Int64(random.below(1 << 24) + 1), count: count)
            let fewest = Int64(random.below(1000))
            let planned = try #require(
                PartPlan.layout(sizeBytes: size, wantedPartBytes: nil, limits: limits, minimumPartBytes: fewest))
            Self.check(planned, size: size, most: count, note)
            #expect(planned.partSizeBytes ?? 0 >= fewest, "\(note)")
            let allowed = PartPlan.allowed(sizeBytes: size, limits: limits, minimumPartBytes: fewest)
            let asked = try #require(
                PartPlan.layout(
                    sizeBytes: size, wantedPartBytes: allowed.lowerBound, limits: limits, minimumPartBytes: fewest))
            Self.check(asked, size: size, most: count, note)
        }
    }

    private static func check(_ layout: PartLayout, size: Int64, most: Int, _ note: String) {
        guard let partSize = layout.partSizeBytes, let count = layout.partCount else {
            Issue.record("a known size has parts and a count, \(note)")
            return
        }
        #expect(layout.sizeBytes == size && partSize > 0 && (1...most).contains(count), "\(note)")
        let before = Int128(count - 1) * Int128(partSize)
        #expect(before < max(1, Int128(size)) && Int128(size) <= before + Int128(partSize), "\(note)")
    }
}
