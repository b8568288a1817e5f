import UploadModel
import UploadStore

extension ByteStoreConformance {
    static let keeping: [Check] = [
        Check("an object is read only once it is published", readsPublished),
        Check("any range of an object is read", readsRanges),
        Check("discarding frees an object and the spools that are named, nothing else", discards),
        Check("forgetting frees spools and nothing else", forgets),
        Check("the inventory shows what is staged, published and kept aside", inventories),
        Check("a store is writable and says what it needs", serves),
    ]

    private static func readsPublished(_ open: Open) async throws {
        let store = try await open()
        let key = ObjectKey.random()
        try await requireMissing("an object that never was") { _ = try await store.reader(of: key) }
        try await store.prepare(key, sizeBytes: 10)
        try await requireMissing("a prepared object") { _ = try await store.reader(of: key) }
        let bytes = pattern(10, seed: 1)
        let part = try await store.write(bytes, to: key, number: 1, start: 0)
        try await requireMissing("a staged object") { _ = try await store.reader(of: key) }
        try await requireMissing("a staged object after a crash") { _ = try await open().reader(of: key) }
        try await store.publish(key, pieces: [part], expecting: bytes)
        let other = ObjectKey.random()
        try await requireMissing("an unknown object that is published") {
            _ = try await store.publish(other, pieces: [])
        }
        try await requireMissing("what was not published") { _ = try await store.reader(of: other) }
    }

    private static func readsRanges(_ open: Open) async throws {
        let store = try await open()
        let size = 3 << 20 + 123
        let bytes = pattern(size, seed: 2)
        let key = ObjectKey.random()
        try await store.prepare(key, sizeBytes: Int64(size))
        let part = try await store.write(bytes, to: key, number: 1, start: 0)
        _ = try await store.publish(key, pieces: [part])
        let reader = try await store.reader(of: key)
        var generator = SeededGenerator(seed: 3)
        var ranges = [0..<1, size - 1..<size, 0..<size, 4095..<4097, 1 << 20 - 1..<1 << 20 + 1, size - 123..<size]
        for _ in 0..<50 {
            let start = Int.random(in: 0..<size, using: &generator)
            ranges.append(start..<min(size, start + Int.random(in: 1...100_000, using: &generator)))
        }
        for range in ranges {
            try require(try await store.read(reader, range) == Array(bytes[range]), "bytes \(range) are right")
        }
        let chosen = ranges
        _ = try await concurrently(chosen.count) { number in
            let found = try await store.read(reader, chosen[number])
            try require(found == Array(bytes[chosen[number]]), "bytes \(chosen[number]) are right, read at once")
        }
    }

    private static func discards(_ open: Open) async throws {
        let store = try await open()
        let bytes = pattern(20_000, seed: 4)
        let (staged, published, kept) = (ObjectKey.random(), ObjectKey.random(), ObjectKey.random())
        for key in [staged, published, kept] {
            try await store.prepare(key, sizeBytes: 20_000)
            let part = try await store.write(bytes, to: key, number: 1, start: 0)
            if key != staged { _ = try await store.publish(key, pieces: [part]) }
        }
        let named = try await store.putAside(bytes, number: 1, start: 0)
        let another = try await store.putAside(bytes, number: 1, start: 0)
        try await store.discard(staged, spooled: [named.token, .inPlace])
        try await store.discard(published, spooled: [])
        try requireEqual(try await store.isSpooled(named.token), false, "whether the spool that was named is there")
        try requireEqual(try await store.isSpooled(another.token), true, "whether the other spool is there")
        for key in [staged, published] {
            try requireEqual(try await store.inventory(of: key), nil)
            try await requireMissing("a discarded object") { _ = try await store.reader(of: key) }
            // What is gone already is no error.
            try await store.discard(key, spooled: [named.token])
        }
        try await store.discard(.random(), spooled: [PieceToken(ObjectKey.random().text)])
        try await store.requireContent(of: kept, bytes)
    }

    private static func forgets(_ open: Open) async throws {
        let store = try await open()
        let bytes = pattern(20_000, seed: 5)
        let key = ObjectKey.random()
        try await store.prepare(key, sizeBytes: nil)
        let part = try await store.write(bytes, to: key, number: 1, start: 0)
        let named = try await store.putAside(bytes, number: 1, start: 0)
        let another = try await store.putAside(bytes, number: 1, start: 0)
        for _ in 0..<2 {
            try await open().forget([named.token, .inPlace, PieceToken(ObjectKey.random().text)])
            try requireEqual(try await store.isSpooled(named.token), false, "whether the forgotten spool is there")
            try requireEqual(try await store.isSpooled(another.token), true, "whether the other spool is there")
        }
        try await store.forget([])
        try await store.publish(key, pieces: [part], expecting: bytes)
    }

    private static func inventories(_ open: Open) async throws {
        let store = try await open()
        try requireEqual(await store.inventory(), [], "the inventory of an empty place")
        let bytes = pattern(12_345, seed: 6)
        let (staged, published) = (ObjectKey.random(), ObjectKey.random())
        for key in [staged, published] { try await store.prepare(key, sizeBytes: 12_345) }
        let part = try await store.write(bytes, to: published, number: 1, start: 0)
        _ = try await store.publish(published, pieces: [part])
        let aside = try await store.putAside(bytes, number: 1, start: 0)
        for instance in [store, try await open()] {
            let entries = try await instance.inventory()
            try requireEqual(entries.count, 3, "entries of the inventory")
            let stagedEntry = try unwrap(entries.first { $0.key == staged }, "the staged object")
            try requireEqual(stagedEntry.kind, .staged)
            try require(stagedEntry.sizeBytes >= 12_345, "the room that was asked for is reserved")
            let publishedEntry = try unwrap(entries.first { $0.key == published }, "the published object")
            try requireEqual(publishedEntry.kind, .published)
            try requireEqual(publishedEntry.sizeBytes, 12_345, "the size of a published object")
            let asideEntry = try unwrap(entries.first { $0.key.text == aside.token.text }, "the spooled piece")
            try requireEqual(asideEntry.kind, .spooled)
            for entry in entries {
                try require(entry.modifiedAt.milliseconds > 1_600_000_000_000, "entries are dated by a real clock")
            }
        }
    }

    private static func serves(_ open: Open) async throws {
        let store = try await open()
        try await store.checkWritable()
        try await store.checkWritable()
        if let free = try await store.freeBytes() { try require(free >= 0, "free bytes are not negative") }
        try require(store.needs.minimumPartBytes >= 0, "a part has a size")
        try require(store.needs.preferredAlignmentBytes > 0, "an alignment is positive")
        try require(store.needs.maximumPieces > 0, "an object may have pieces")
        try requireEqual(await store.inventory(), [], "what a check of writability leaves behind")
    }
}
