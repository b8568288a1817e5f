import Testing
import UploadModel

@testable import UploadRules

/// ``UploadMachine`` and ``PartsMachine`` against ``NaiveUpload``. The seeds are fixed: the same run happens again, and a
/// fault names the walk to repeat.
@Suite struct UploadWalkTests {
    private static let walks = 16_000
    private static let steps = 64

    private static func template() throws -> UploadRecord {
        UploadRecord(
            fileID: .random(), tenant: .default, fileName: try #require(FileName("clip.mov")), declaredType: nil,
            layout: PartLayout(), maximumBytes: 1, state: .receiving, createdAt: Timestamp(milliseconds: 0),
            expiresAt: Timestamp(milliseconds: 0))
    }

    @Test(arguments: [0x51_0001, 0x51_0002, 0x51_0003, 0x51_0004] as [UInt64])
    func `a machine and the naive model answer the same`(seed: UInt64) throws {
        let template = try Self.template()
        var seeds = SeededGenerator(seed: seed)
        var recorded = 0
        for _ in 0..<Self.walks {
            var walk = UploadWalk(seed: seeds.next(), template: template)
            try walk.walk(steps: Self.steps)
            recorded += walk.recorded
        }
        // A walk that gets nowhere proves nothing.
        #expect(recorded > Self.walks * 2, "seed \(seed)")
    }
}
