import Checksums
import Synchronization
package import UploadModel
package import UploadStore

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// The byte store as arrays under one lock: what the others are compared with.
///
/// It checks what the others may trust: a piece whose bytes are not those that were recorded makes
/// ``publish(_:pieces:)`` fail.
package struct MemoryByteStore: ByteStore {
    /// What outlives a store: several stores over one are like one after a restart.
    package final class Backing: Sendable {
        struct Object {
            var bytes: [UInt8] = []
            var reservedBytes: Int64 = 0
            var isPublished = false
            var modifiedAt: Timestamp
        }

        struct Spool {
            var bytes: [UInt8]
            var modifiedAt: Timestamp
        }

        struct Contents {
            var objects: [ObjectKey: Object] = [:]
            var spools: [PieceToken: Spool] = [:]

            var usedBytes: Int64 {
                objects.values.reduce(0) { $0 + max($1.reservedBytes, Int64($1.bytes.count)) }
                    + spools.values.reduce(0) { $0 + Int64($1.bytes.count) }
            }
        }

        let contents = Mutex(Contents())
        let capacityBytes: Int64?

        /// - Parameter capacityBytes: more than that is ``StoreFault/Code/full``; `nil` for no such bound.
        package init(capacityBytes: Int64? = nil) { self.capacityBytes = capacityBytes }

        func hasRoom(for more: Int64, besides contents: Contents) -> Bool {
            capacityBytes.map { contents.usedBytes + more <= $0 } ?? true
        }
    }

    package let needs: StoreNeeds
    private let backing: Backing
    private let now: @Sendable () -> Timestamp

    /// - Parameter now: the clock that dates what is stored; the system's by default.
    package init(
        over backing: Backing = Backing(),
        needs: StoreNeeds = StoreNeeds(minimumPartBytes: 1, preferredAlignmentBytes: 1, maximumPieces: 10_000),
        now: (@Sendable () -> Timestamp)? = nil
    ) {
        self.backing = backing
        self.needs = needs
        self.now = now ?? Self.systemClock
    }

    package func prepare(_ key: ObjectKey, sizeBytes: Int64?) async throws(StoreFault) {
        let moment = now()
        try backing.contents.withLock { contents throws(StoreFault) in
            guard contents.objects[key] == nil else { return }
            guard backing.hasRoom(for: sizeBytes ?? 0, besides: contents) else { throw StoreFault(.full, "prepare") }
            contents.objects[key] = Backing.Object(reservedBytes: sizeBytes ?? 0, modifiedAt: moment)
        }
    }

    package func writer(
        of key: ObjectKey, piece: PiecePlace, sizing: PieceSizing
    ) async throws(StoreFault) -> any PieceWriter {
        try backing.contents.withLock { contents throws(StoreFault) in
            try Self.requireStaged(key, in: contents, for: "writer")
        }
        return MemoryPieceWriter(sizing: sizing) { (bytes) throws(StoreFault) in
            try place(bytes, in: key, at: piece.start)
            return .inPlace
        }
    }

    package func spool(sizing: PieceSizing) async throws(StoreFault) -> any PieceWriter {
        MemoryPieceWriter(sizing: sizing) { bytes throws(StoreFault) in
            let token = PieceToken(ObjectKey.random().text)
            let moment = now()
            try backing.contents.withLock { contents throws(StoreFault) in
                guard backing.hasRoom(for: Int64(bytes.count), besides: contents) else {
                    throw StoreFault(.full, "finish a spool")
                }
                contents.spools[token] = Backing.Spool(bytes: bytes, modifiedAt: moment)
            }
            return token
        }
    }

    package func settle(
        _ spooled: PieceToken, in key: ObjectKey, at place: PiecePlace, lengthBytes: Int64
    ) async throws(StoreFault) -> PieceToken {
        let moment = now()
        return try backing.contents.withLock { contents throws(StoreFault) in
            try Self.requireStaged(key, in: contents, for: "settle")
            guard let spool = contents.spools.removeValue(forKey: spooled) else {
                throw StoreFault(.missing, "settle: no such spool")
            }
            guard Int64(spool.bytes.count) == lengthBytes else {
                contents.spools[spooled] = spool
                throw StoreFault(.corrupt, "settle: another length")
            }
            contents.objects[key]?.put(spool.bytes, at: place.start, now: moment)
            return .inPlace
        }
    }

    package func merged(_ earlier: StoredPart, _ later: StoredPart) -> StoredPart? { earlier.merged(with: later) }

    package func copy(
        _ range: ByteRange, of source: ObjectKey, into key: ObjectKey, at place: PiecePlace
    ) async throws(StoreFault) -> PieceToken {
        let moment = now()
        return try backing.contents.withLock { contents throws(StoreFault) in
            guard let bytes = contents.objects[source]?.bytes else { throw StoreFault(.missing, "copy") }
            try Self.requireStaged(key, in: contents, for: "copy")
            guard Int64(bytes.count) >= range.end else { throw StoreFault(.corrupt, "copy: too short") }
            contents.objects[key]?.put(
                Array(bytes[Int(range.start)..<Int(range.end)]), at: place.start, now: moment)
            return .inPlace
        }
    }

    package func publish(_ key: ObjectKey, pieces: [StoredPart]) async throws(StoreFault) -> ObjectReceipt {
        let moment = now()
        return try backing.contents.withLock { contents throws(StoreFault) in
            guard var object = contents.objects[key] else { throw StoreFault(.missing, "publish") }
            var sizeBytes: Int64 = 0
            var crc = CRC32C.empty
            for piece in pieces {
                guard piece.range.start == sizeBytes else { throw StoreFault(.failed, "publish: a gap") }
                if let spool = contents.spools[piece.token] {
                    object.put(spool.bytes, at: piece.range.start, now: moment)
                } else if piece.token != .inPlace, !object.isPublished {
                    throw StoreFault(.missing, "publish: a spool")
                }
                sizeBytes = piece.range.end
                guard sizeBytes <= object.bytes.count,
                    Self.crc(object.bytes[Int(piece.range.start)..<Int(sizeBytes)]) == piece.crc32c
                else { throw StoreFault(.corrupt, "publish: piece \(piece.number) is not what was recorded") }
                crc = crc.combined(with: piece.crc32c, lengthBytes: piece.range.length)
            }
            object.bytes.removeSubrange(Int(sizeBytes)...)
            object.reservedBytes = sizeBytes
            object.isPublished = true
            contents.objects[key] = object
            return ObjectReceipt(sizeBytes: sizeBytes, crc32c: crc)
        }
    }

    package func discard(_ key: ObjectKey, spooled: [PieceToken]) async throws(StoreFault) {
        backing.contents.withLock { contents in
            contents.objects[key] = nil
            for token in spooled { contents.spools[token] = nil }
        }
    }

    package func forget(_ spooled: [PieceToken]) async throws(StoreFault) {
        backing.contents.withLock { contents in
            for token in spooled { contents.spools[token] = nil }
        }
    }

    package func reader(of key: ObjectKey) async throws(StoreFault) -> any ObjectReader {
        try backing.contents.withLock { contents throws(StoreFault) in
            guard let object = contents.objects[key], object.isPublished else { throw StoreFault(.missing, "reader") }
            return MemoryObjectReader(object.bytes)
        }
    }

    package func freeBytes() async throws(StoreFault) -> Int64? {
        backing.contents.withLock { contents in backing.capacityBytes.map { max(0, $0 - contents.usedBytes) } }
    }

    package func checkWritable() async throws(StoreFault) {
        guard try await freeBytes() != 0 else { throw StoreFault(.full, "check writable") }
    }

    package func inventory() async throws(StoreFault) -> [InventoryEntry] {
        backing.contents.withLock { contents in
            let objects = contents.objects.map { key, object in
                InventoryEntry(
                    key: key, kind: object.isPublished ? .published : .staged,
                    sizeBytes: max(object.reservedBytes, Int64(object.bytes.count)), modifiedAt: object.modifiedAt)
            }
            let spools = contents.spools.compactMap { token, spool in
                ObjectKey(token.text).map { key in
                    InventoryEntry(
                        key: key, kind: .spooled, sizeBytes: Int64(spool.bytes.count), modifiedAt: spool.modifiedAt)
                }
            }
            return (objects + spools).sorted { $0.key.text < $1.key.text }
        }
    }

    private func place(_ bytes: [UInt8], in key: ObjectKey, at start: Int64) throws(StoreFault) {
        let moment = now()
        try backing.contents.withLock { contents throws(StoreFault) in
            try Self.requireStaged(key, in: contents, for: "finish")
            let object = contents.objects[key]
            let held = max(object?.reservedBytes ?? 0, Int64(object?.bytes.count ?? 0))
            guard backing.hasRoom(for: max(0, start + Int64(bytes.count) - held), besides: contents) else {
                throw StoreFault(.full, "finish")
            }
            contents.objects[key]?.put(bytes, at: start, now: moment)
        }
    }

    private static func requireStaged(
        _ key: ObjectKey, in contents: Backing.Contents, for operation: String
    ) throws(StoreFault) {
        guard let object = contents.objects[key] else { throw StoreFault(.missing, operation) }
        guard !object.isPublished else { throw StoreFault(.failed, "\(operation): the object is published") }
    }

    private static func crc(_ bytes: ArraySlice<UInt8>) -> CRC32C {
        var hasher = CRC32CHasher()
        bytes.withUnsafeBytes { hasher.update($0) }
        return hasher.value
    }

    private static let systemClock: @Sendable () -> Timestamp = {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
    }
}

extension MemoryByteStore.Backing.Object {
    /// Writes at a place; what was skipped before it reads as zeros.
    fileprivate mutating func put(_ new: [UInt8], at start: Int64, now: Timestamp) {
        let start = Int(start)
        if bytes.count < start + new.count {
            bytes += [UInt8](repeating: 0, count: start + new.count - bytes.count)
        }
        bytes.replaceSubrange(start..<start + new.count, with: new)
        modifiedAt = now
    }
}
