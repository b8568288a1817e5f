import UploadModel
import UploadStore

extension ByteStoreConformance {
    static let publishing: [Check] = [
        Check("a spooled piece is settled at its place and its spool is gone", settles),
        Check("settled pieces may touch inside a block and come at once", settlesNeighbours),
        Check("a piece that a spooled one replaces stays until the object is published", replaces),
        Check("publishing twice answers the same", publishTwice),
        Check("what was stored before a crash is published after it", publishAfterCrash),
        Check("publishing that a crash interrupted may be done again", publishAcrossCrash),
        Check("the checksum of an object is that of its bytes, whatever the pieces", combines),
        Check("neighbours that are merged are the pieces they were", merges),
        Check("the beginning of a staged object is copied into another", copies),
    ]

    private static func settles(_ open: Open) async throws {
        let store = try await open()
        for (size, isSizeKnown) in [(1, true), (4097, false), (1 << 20 + 1, true), (0, true)] {
            let key = ObjectKey.random()
            let bytes = pattern(size + 500, seed: UInt64(size))
            try await store.prepare(key, sizeBytes: isSizeKnown ? Int64(bytes.count) : nil)
            let aside = try await store.putAside(bytes[500...], number: 2, start: 500, isSizeKnown: isSizeKnown)
            let first = try await store.write(bytes[..<500], to: key, number: 1, start: 0)
            let place = PiecePlace(number: 2, start: 500)
            let token = try await open().settle(aside.token, in: key, at: place, lengthBytes: Int64(size))
            try requireEqual(try await store.isSpooled(aside.token), false, "whether the spool is there")
            let second = StoredPart(number: 2, range: aside.range, crc32c: aside.crc32c, token: token)
            try await store.publish(key, pieces: [first, second], expecting: bytes)
        }
    }

    private static func settlesNeighbours(_ open: Open) async throws {
        let store = try await open()
        let ranges = cut(Array(repeating: 9001, count: 16))
        let bytes = pattern(9001 * 16, seed: 8)
        let key = ObjectKey.random()
        try await store.prepare(key, sizeBytes: nil)
        let parts = try await concurrently(16) { number in
            let start = ranges[number].lowerBound
            guard number % 2 == 0 else {
                return try await store.write(bytes[ranges[number]], to: key, number: number + 1, start: start)
            }
            let aside = try await store.putAside(
                bytes[ranges[number]], number: number + 1, start: start, isSizeKnown: false)
            let token = try await store.settle(
                aside.token, in: key, at: PiecePlace(number: number + 1, start: Int64(start)), lengthBytes: 9001)
            return StoredPart(number: number + 1, range: aside.range, crc32c: aside.crc32c, token: token)
        }
        try await store.publish(key, pieces: parts, expecting: bytes)
    }

    /// Three pieces in place, with another content kept aside for the middle one.
    private static func replaced(
        in store: any ByteStore, _ key: ObjectKey, seed: UInt64
    ) async throws -> (old: [StoredPart], new: [StoredPart], oldBytes: [UInt8], newBytes: [UInt8]) {
        let ranges = cut([5000, 1 << 20 + 7, 5000])
        let oldBytes = pattern(ranges[2].upperBound, seed: seed)
        try await store.prepare(key, sizeBytes: Int64(oldBytes.count))
        let old = try await concurrently(3) { number in
            try await store.write(
                oldBytes[ranges[number]], to: key, number: number + 1, start: ranges[number].lowerBound)
        }
        var newBytes = oldBytes
        newBytes.replaceSubrange(ranges[1], with: pattern(ranges[1].count, seed: seed + 1))
        let aside = try await store.putAside(newBytes[ranges[1]], number: 2, start: 5000)
        return (old, [old[0], aside, old[2]], oldBytes, newBytes)
    }

    private static func replaces(_ open: Open) async throws {
        let store = try await open()
        let (kept, changed) = (ObjectKey.random(), ObjectKey.random())
        // Somebody put a piece aside but the catalog never learned of it: the old one is the truth.
        let first = try await replaced(in: store, kept, seed: 10)
        try await store.publish(kept, pieces: first.old, expecting: first.oldBytes)
        let second = try await replaced(in: store, changed, seed: 20)
        try requireEqual(try await store.isSpooled(second.new[1].token), true, "whether the spool is there")
        try await store.publish(changed, pieces: second.new, expecting: second.newBytes)
        try await store.requireContent(of: kept, first.oldBytes)
    }

    private static func publishTwice(_ open: Open) async throws {
        let store = try await open()
        let key = ObjectKey.random()
        let upload = try await replaced(in: store, key, seed: 30)
        for _ in 0..<3 { try await store.publish(key, pieces: upload.new, expecting: upload.newBytes) }
        let empty = ObjectKey.random()
        try await store.prepare(empty, sizeBytes: nil)
        for _ in 0..<2 { try await store.publish(empty, pieces: [], expecting: []) }
    }

    private static func publishAfterCrash(_ open: Open) async throws {
        let key = ObjectKey.random()
        let ranges = cut([100_001, 100_001, 17])
        let bytes = pattern(ranges[2].upperBound, seed: 40)
        try await open().prepare(key, sizeBytes: nil)
        var parts: [StoredPart] = []
        for (index, range) in ranges.enumerated() {
            // Each piece is written by an instance of its own.
            parts.append(try await open().write(bytes[range], to: key, number: index + 1, start: range.lowerBound))
        }
        try await open().publish(key, pieces: parts, expecting: bytes)
        try await open().requireContent(of: key, bytes)
    }

    private static func publishAcrossCrash(_ open: Open) async throws {
        let store = try await open()
        let key = ObjectKey.random()
        let upload = try await replaced(in: store, key, seed: 50)
        let before = try await store.publish(key, pieces: upload.new)
        let again = try await open()
        let after = try await again.publish(key, pieces: upload.new)
        try requireEqual(after, before, "what publishing answers after a crash")
        try await again.requireContent(of: key, upload.newBytes)
    }

    private static func combines(_ open: Open) async throws {
        let store = try await open()
        let bytes = pattern(30_000, seed: 60)
        for lengths in [[30_000], [1, 29_999], [29_999, 1], [0, 30_000], [10_000, 0, 20_000], [30_000, 0]] {
            let key = ObjectKey.random()
            try await store.prepare(key, sizeBytes: 30_000)
            var parts: [StoredPart] = []
            for (index, range) in cut(lengths).enumerated() {
                parts.append(
                    try await store.write(bytes[range], to: key, number: index + 1, start: range.lowerBound))
            }
            try await store.publish(key, pieces: parts, expecting: bytes)
        }
    }

    /// A file that comes in order, in pieces that end anywhere.
    private static func merges(_ open: Open) async throws {
        let store = try await open()
        let ranges = cut([1, 4095, 5000, 1 << 20, 3])
        let bytes = pattern(ranges[4].upperBound, seed: 21)
        let key = ObjectKey.random()
        try await store.prepare(key, sizeBytes: Int64(bytes.count))
        var pieces: [StoredPart] = []
        for range in ranges {
            let piece = try await open().write(
                bytes[range], to: key, number: (pieces.last?.number ?? 0) + 1, start: range.lowerBound)
            if let last = pieces.last, let merged = store.merged(last, piece) {
                try requireEqual(merged.range.length, last.range.length + piece.range.length)
                try requireEqual(store.merged(piece, last), nil, "the other way round")
                pieces[pieces.count - 1] = merged
            } else {
                pieces.append(piece)
            }
        }
        try await store.publish(key, pieces: pieces, expecting: bytes)
    }

    private static func copies(_ open: Open) async throws {
        let store = try await open()
        let bytes = pattern(300_000, seed: 22)
        let (source, target) = (ObjectKey.random(), ObjectKey.random())
        try await store.prepare(source, sizeBytes: nil)
        _ = try await store.write(bytes[..<200_000], to: source, number: 1, start: 0)
        try await store.prepare(target, sizeBytes: Int64(bytes.count))
        let tail = try await store.write(bytes[150_000...], to: target, number: 2, start: 150_000)
        let place = PiecePlace(number: 1, start: 0)
        let range = ByteRange(start: 0, length: 150_000)
        // Doing it again changes nothing.
        _ = try await open().copy(range, of: source, into: target, at: place)
        let token = try await open().copy(range, of: source, into: target, at: place)
        let head = StoredPart(number: 1, range: range, crc32c: plainCRC32C(bytes[..<150_000]), token: token)
        try await store.publish(target, pieces: [head, tail], expecting: bytes)
        try await requireMissing("what was never prepared") {
            _ = try await store.copy(ByteRange(start: 0, length: 1), of: .random(), into: source, at: place)
        }
        // From the middle of what is published, and once more from there to another place of the same.
        let other = ObjectKey.random()
        try await store.prepare(other, sizeBytes: nil)
        let middle = 100_001..<250_002
        var pieces: [StoredPart] = []
        for (number, origin) in [(1, (key: target, start: middle.lowerBound)), (2, (key: other, start: 0))] {
            let start = (number - 1) * middle.count
            let token = try await store.copy(
                ByteRange(start: Int64(origin.start), length: Int64(middle.count)), of: origin.key, into: other,
                at: PiecePlace(number: number, start: Int64(start)))
            pieces.append(
                StoredPart(
                    number: number, range: ByteRange(start: Int64(start), length: Int64(middle.count)),
                    crc32c: plainCRC32C(bytes[middle]), token: token))
        }
        try await store.publish(other, pieces: pieces, expecting: Array(bytes[middle] + bytes[middle]))
        try await store.requireContent(of: target, bytes)
    }
}
