import Testing
import UploadModel

@testable import MediaInspection

/// Bytes that nobody would send by accident. A trap ends the run, so the seed is printed by every other failure and is
/// fixed: the same run happens again.
@Suite struct RandomBytesTests {
    private static let seeds: [UInt64] = [1, 0x5EED, 0xD1CE_D1CE, .max]

    /// What every answer must hold to, whatever the bytes.
    private func check(_ bytes: [UInt8], _ inspector: ContentInspector, _ note: String) {
        let verdict = inspector.verdict(on: bytes, declared: nil)
        switch verdict {
        case .matches(let found):
            #expect(inspector.verdict(on: bytes, declared: found) == .matches(found), "\(note)")
            #expect(MediaFormatTable.known.formats.contains { $0.mediaType == found }, "\(note)")
        case .unknown(let found):
            #expect(MediaFormatTable.known.format(of: found) == nil, "\(note)")
            #expect(inspector.verdict(on: bytes, declared: found) == .matches(found), "\(note)")
        case .contradicts:
            Issue.record("nothing was declared, \(note)")
        }
        if bytes.count >= inspector.prefixBytes {
            let cut = Array(bytes.prefix(inspector.prefixBytes))
            #expect(inspector.verdict(on: cut, declared: nil) == verdict, "\(note)")
        }
    }

    @Test(arguments: seeds)
    func `noise`(seed: UInt64) throws {
        let inspector = try ContentInspector(accepting: .known)
        var generator = SplitMix(state: seed)
        for round in 0..<200 {
            let bytes = generator.bytes(count: Int.random(in: 1...1500, using: &generator))
            check(bytes, inspector, "seed \(seed), round \(round)")
        }
    }

    @Test(arguments: seeds)
    func `real files with bytes changed`(seed: UInt64) throws {
        let inspector = try ContentInspector(accepting: .known)
        var generator = SplitMix(state: seed)
        let fronts = try SampleFile.allCases.map { try $0.front() }
        for round in 0..<600 {
            var bytes = fronts[Int.random(in: fronts.indices, using: &generator)]
            bytes.removeLast(Int.random(in: 0..<bytes.count, using: &generator))
            // Most changes hit the head, where the sizes are.
            for _ in 0..<Int.random(in: 1...8, using: &generator) {
                let place = Int.random(in: 0..<(Bool.random(using: &generator) ? 64 : 1024), using: &generator)
                guard bytes.indices.contains(place) else { continue }
                bytes[place] =
                    [0, 1, 0x7F, 0x80, 0xFF, UInt8.random(in: 0...255, using: &generator)]
                    .randomElement(using: &generator) ?? 0
            }
            check(bytes, inspector, "seed \(seed), round \(round)")
        }
    }

    @Test(arguments: seeds)
    func `heads followed by noise`(seed: UInt64) throws {
        let inspector = try ContentInspector(accepting: .known)
        var generator = SplitMix(state: seed)
        let boxes = ["ftyp", "styp", "moov", "mdat", "wide", "free", "skip", "pnot"].map { Array($0.utf8) }
        let ebml: [UInt8] = [0x1A, 0x45, 0xDF, 0xA3]
        for round in 0..<600 {
            var bytes = ebml
            if Bool.random(using: &generator) {
                bytes = []
                for _ in 0..<Int.random(in: 1...4, using: &generator) {
                    bytes += [0, 0, 0, UInt8.random(in: 0...32, using: &generator)]
                    bytes += boxes.randomElement(using: &generator) ?? []
                }
            }
            bytes += generator.bytes(count: Int.random(in: 0...80, using: &generator))
            check(bytes, inspector, "seed \(seed), round \(round)")
        }
    }
}

/// SplitMix64: the same sequence for the same seed, everywhere.
private struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    mutating func bytes(count: Int) -> [UInt8] {
        (0..<count).map { _ in UInt8(truncatingIfNeeded: next()) }
    }
}
