import NIOCore
import UploadModel
import UploadStore

extension ByteStoreConformance {
    static let writing: [Check] = [
        Check("a piece of any size is the object, its length known or not", onePiece),
        Check("an object without pieces is empty", noPiece),
        Check("pieces come in any order", anyOrder),
        Check("pieces that touch inside a block are written at once", neighbours),
        Check("pieces of an object of unknown size are written at once, whole ones first", unknownSize),
        Check("many objects are written at once", manyObjects),
        Check("preparing twice changes nothing", prepareTwice),
        Check("an abandoned piece harms nothing beside it", abandons),
        Check("a piece that nobody recorded is written over", overwrites),
        Check("digests are those of the bytes that came", digests),
    ]

    private static func onePiece(_ open: Open) async throws {
        let store = try await open()
        for size in sizes {
            let bytes = pattern(size, seed: UInt64(size))
            for (isSizeKnown, isPieceKnown) in [(true, true), (false, true), (false, false)] {
                let key = ObjectKey.random()
                try await store.prepare(key, sizeBytes: isSizeKnown ? Int64(size) : nil)
                let part = try await store.write(bytes, to: key, number: 1, start: 0, isSizeKnown: isPieceKnown)
                try await store.publish(key, pieces: [part], expecting: bytes)
            }
        }
    }

    private static func noPiece(_ open: Open) async throws {
        let store = try await open()
        for size in [Int64?.none, 0] {
            let key = ObjectKey.random()
            try await store.prepare(key, sizeBytes: size)
            try await store.publish(key, pieces: [], expecting: [])
        }
    }

    private static func anyOrder(_ open: Open) async throws {
        let store = try await open()
        let ranges = cut([1 << 20, 1, 4095, 4097, 1 << 20 - 1, 70_001, 4096, 1 << 20 + 1, 0, 123])
        let bytes = pattern(ranges.last?.upperBound ?? 0, seed: 1)
        for seed in UInt64(1)...3 {
            var generator = SeededGenerator(seed: seed)
            let key = ObjectKey.random()
            try await store.prepare(key, sizeBytes: Int64(bytes.count))
            var parts: [StoredPart] = []
            for number in (0..<ranges.count).shuffled(using: &generator) {
                let range = ranges[number]
                parts.append(
                    try await store.write(bytes[range], to: key, number: number + 1, start: range.lowerBound))
            }
            try await store.publish(key, pieces: parts.sorted { $0.number < $1.number }, expecting: bytes)
        }
    }

    private static func neighbours(_ open: Open) async throws {
        let store = try await open()
        // The first are many to a block; the others are large enough to be written block by block, with borders
        // that no block shares.
        for lengths in [Array(repeating: 1000, count: 64), Array(repeating: 333_333, count: 9) + [1]] {
            let ranges = cut(lengths)
            let bytes = pattern(ranges.last?.upperBound ?? 0, seed: 2)
            let key = ObjectKey.random()
            try await store.prepare(key, sizeBytes: Int64(bytes.count))
            let parts = try await concurrently(ranges.count) { number in
                try await store.write(
                    bytes[ranges[number]], to: key, number: number + 1, start: ranges[number].lowerBound)
            }
            try await store.publish(key, pieces: parts, expecting: bytes)
        }
    }

    private static func unknownSize(_ open: Open) async throws {
        let store = try await open()
        let ranges = cut([300_001, 300_001, 300_001, 300_001, 7])
        let bytes = pattern(ranges.last?.upperBound ?? 0, seed: 3)
        let key = ObjectKey.random()
        try await store.prepare(key, sizeBytes: nil)
        let last = try await store.write(bytes[ranges[4]], to: key, number: 5, start: ranges[4].lowerBound)
        let parts = try await concurrently(4) { number in
            try await store.write(
                bytes[ranges[number]], to: key, number: number + 1, start: ranges[number].lowerBound,
                isSizeKnown: false)
        }
        try await store.publish(key, pieces: parts + [last], expecting: bytes)
    }

    private static func manyObjects(_ open: Open) async throws {
        let store = try await open()
        _ = try await concurrently(24) { number in
            let bytes = pattern(50_000 * number + number, seed: UInt64(number))
            let key = ObjectKey.random()
            try await store.prepare(key, sizeBytes: Int64(bytes.count))
            let ranges = cut([bytes.count / 3, bytes.count - bytes.count / 3])
            var parts: [StoredPart] = []
            for (index, range) in ranges.enumerated() {
                parts.append(
                    try await store.write(bytes[range], to: key, number: index + 1, start: range.lowerBound))
            }
            try await store.publish(key, pieces: parts, expecting: bytes)
        }
    }

    private static func prepareTwice(_ open: Open) async throws {
        let store = try await open()
        let key = ObjectKey.random()
        let bytes = pattern(100_000, seed: 4)
        try await store.prepare(key, sizeBytes: 100_000)
        try await store.prepare(key, sizeBytes: 100_000)
        let part = try await store.write(bytes, to: key, number: 1, start: 0)
        try await store.prepare(key, sizeBytes: 100_000)
        try await open().prepare(key, sizeBytes: 100_000)
        try await store.publish(key, pieces: [part], expecting: bytes)
    }

    private static func abandons(_ open: Open) async throws {
        let store = try await open()
        let key = ObjectKey.random()
        let ranges = cut([10_000, 70_000, 10_000])
        let bytes = pattern(90_000, seed: 5)
        try await store.prepare(key, sizeBytes: 90_000)
        let first = try await store.write(bytes[ranges[0]], to: key, number: 1, start: 0)
        let last = try await store.write(bytes[ranges[2]], to: key, number: 3, start: 80_000)
        for taken in [0, 1, 10_000, 70_000] {
            let writers: [any PieceWriter] = [
                try await store.writer(of: key, piece: PiecePlace(number: 2, start: 10_000), sizing: .exactly(70_000)),
                try await store.spool(sizing: .atMost(70_000)),
            ]
            for writer in writers {
                writer.compute([])
                try await writer.append(ByteBuffer(bytes: pattern(taken, seed: 99)))
                await writer.abandon()
            }
        }
        let middle = try await store.write(bytes[ranges[1]], to: key, number: 2, start: 10_000)
        try await store.publish(key, pieces: [first, middle, last], expecting: bytes)
    }

    private static func overwrites(_ open: Open) async throws {
        let key = ObjectKey.random()
        let bytes = pattern(50_000, seed: 6)
        let before = try await open()
        try await before.prepare(key, sizeBytes: 60_000)
        _ = try await before.write(pattern(60_000, seed: 7), to: key, number: 1, start: 0)
        let after = try await open()
        let first = try await after.write(bytes, to: key, number: 1, start: 0)
        let second = try await after.write(bytes[..<10_000], to: key, number: 2, start: 50_000)
        try await after.publish(key, pieces: [first, second], expecting: bytes + bytes[..<10_000])
    }

    private static func digests(_ open: Open) async throws {
        let store = try await open()
        // The message of a million letters `a` of FIPS 180.
        let bytes = [UInt8](repeating: UInt8(ascii: "a"), count: 1_000_000)
        let texts: [DigestAlgorithm: String] = [
            .sha256: "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0",
            .sha512: "e718483d0ce769644e2e42c7bc15b4638e1f98b13b2044285632a803afa973eb"
                + "de0ff244877ea60a4cb0432ce577c31beb009c5c2c49aa2e4eadb217ad8cc09b",
            .sha1: "34aa973cd4c4daa4f61eeb2bdbad27316534016f",
            .md5: "7707d6ae4e027c70eea2a935c2296f21", .crc32: "dc25bfbc",
        ]
        var expected: [DigestAlgorithm: Digest] = [:]
        for (algorithm, text) in texts { expected[algorithm] = try unwrap(Digest(algorithm, hex: text)) }
        let key = ObjectKey.random()
        try await store.prepare(key, sizeBytes: 1_000_000)
        let writer = try await store.writer(
            of: key, piece: PiecePlace(number: 1, start: 0), sizing: .exactly(1_000_000))
        let receipt = try await store.fill(writer, with: bytes, computing: Set(texts.keys))
        try requireEqual(receipt.digests.filter { $0.key != .crc32c }, expected, "digests of a piece")
        let aside = try await store.fill(
            try await store.spool(sizing: .atMost(2_000_000)), with: bytes, computing: [.md5])
        try requireEqual(aside.digests[.md5], expected[.md5], "the digest of a piece that is kept aside")
        let part = StoredPart(
            number: 1, range: ByteRange(start: 0, length: 1_000_000), crc32c: receipt.crc32c, token: receipt.token)
        try await store.publish(key, pieces: [part], expecting: bytes)
        expected[.crc32c] = Digest(plainCRC32C(bytes))
        let reader = try await store.reader(of: key)
        for asked in [Set(DigestAlgorithm.allCases), [.md5, .sha512], [.crc32c], []] {
            try requireEqual(
                await reader.digests(asked), expected.filter { asked.contains($0.key) }, "digests of the object")
        }
    }
}
