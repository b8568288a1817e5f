import Checksums
import Synchronization
package import UploadModel
package import UploadStore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Objects as files of a local disk: one staged file per upload, parts written straight to their place in it,
/// published by a rename.
package final class DiskStore: LocallyReadableStore {
    /// Bounds of a disk store.
    package struct Options: Sendable {
        /// Memory for blocks that gather bodies.
        package var blockBudgetBytes: Int = 32 << 20
        /// Threads that wait for the disk.
        package var threadCount: Int = 8
        /// Whether to write past the page cache where the file system can.
        package var usesDirectIO: Bool = true

        package init() {}
    }

    let threads: DiskThreads
    let pool: BlockPool
    private let layout: DiskLayout
    /// The same by paths that programs can use wherever they are started.
    private let absoluteLayout: DiskLayout
    private let usesDirectIO: Bool
    private let open = OpenFiles()
    private let readers = OpenReaders()
    /// Spooled pieces that are being written: not to be taken for leftovers, however slowly they come.
    private let livingSpools = Mutex<Set<ObjectKey>>([])

    package let needs = StoreNeeds(
        minimumPartBytes: 1, preferredAlignmentBytes: Int64(BlockPool.alignmentBytes), maximumPieces: 1_000_000)

    /// Opens a store below an existing folder.
    package init(root: String, options: Options = Options()) throws(StoreFault) {
        threads = DiskThreads(count: options.threadCount)
        pool = BlockPool(budgetBytes: options.blockBudgetBytes)
        layout = DiskLayout(root: root)
        usesDirectIO = options.usesDirectIO
        try layout.makeFolders()
        absoluteLayout = DiskLayout(root: try DiskLayout.absolute(root))
    }

    /// Waits for running calls; later ones fail.
    package func shutDown() async throws { try await threads.shutDown() }

    package func localPath(of key: ObjectKey) -> String { absoluteLayout.path(.published, of: key) }

    // MARK: Writing

    package func prepare(_ key: ObjectKey, sizeBytes: Int64?) async throws(StoreFault) {
        let layout = layout
        try await threads.run { () throws(StoreFault) in
            // After a crash between publishing and its record the file stands at its final place already.
            if layout.exists(.published, of: key) { return }
            try layout.createFile(.staged, of: key)
            guard let sizeBytes else { return }
            do throws(StoreFault) {
                try StagedFile(path: layout.path(.staged, of: key), usesDirectIO: false).reserve(upTo: sizeBytes)
            } catch {
                try? DurableFile.remove(layout.path(.staged, of: key))
                throw error
            }
        }
    }

    package func writer(of key: ObjectKey, piece: PiecePlace, sizing: PieceSizing) async throws(StoreFault)
        -> any PieceWriter
    {
        let file = try await staged(key, orPublished: false)
        var isGrowing = false
        if case .atMost = sizing { isGrowing = true }
        return DiskPieceWriter(
            file: file, store: self, start: piece.start, sizing: sizing, token: .inPlace, reservesAhead: isGrowing,
            onAbandon: {})
    }

    package func spool(sizing: PieceSizing) async throws(StoreFault) -> any PieceWriter {
        let key = ObjectKey.random()
        let path = layout.path(.spooled, of: key)
        let layout = layout
        let usesDirectIO = usesDirectIO
        _ = livingSpools.withLock { $0.insert(key) }
        do throws(StoreFault) {
            let file = try await threads.run { () throws(StoreFault) in
                try layout.createFile(.spooled, of: key)
                return try StagedFile(path: path, usesDirectIO: usesDirectIO)
            }
            return DiskPieceWriter(
                file: file, store: self, start: 0, sizing: sizing, token: PieceToken(key.text), reservesAhead: false,
                onAbandon: { try? DurableFile.remove(path) })
        } catch {
            spoolEnded(PieceToken(key.text))
            _ = try? await threads.run { () throws(StoreFault) in try DurableFile.remove(path) }
            throw error
        }
    }

    package func settle(_ spooled: PieceToken, in key: ObjectKey, at place: PiecePlace, lengthBytes: Int64)
        async throws(StoreFault) -> PieceToken
    {
        let file = try await staged(key)
        try await copy(spooled, into: file, at: place.start, lengthBytes: lengthBytes)
        try await sync(file)
        try await forget([spooled])
        return .inPlace
    }

    /// A spooled piece is written, or given up.
    func spoolEnded(_ token: PieceToken) {
        guard let key = ObjectKey(token.text) else { return }
        _ = livingSpools.withLock { $0.remove(key) }
    }

    /// Makes all that was written to a file durable, together with whoever else waits for the same.
    ///
    /// - Parameter write: what is to be written before.
    func sync(_ file: StagedFile, after write: SmallWrite? = nil) async throws(StoreFault) {
        let threads = threads
        try await file.syncGate.sync(write) { (writes) async throws(StoreFault) in
            try await threads.run { () throws(StoreFault) in
                let faults = file.write(writes)
                try file.syncData()
                // A sweep by another process may have taken it for a leftover; nobody may rely on it then.
                guard file.hasName else { throw StoreFault(.missing, "the file was removed while it was written") }
                // Young from here on, so that no sweep takes it before its pieces are recorded.
                file.touch()
                return faults
            }
        }
    }

    package func merged(_ earlier: StoredPart, _ later: StoredPart) -> StoredPart? { earlier.merged(with: later) }

    package func copy(_ range: ByteRange, of source: ObjectKey, into key: ObjectKey, at place: PiecePlace)
        async throws(StoreFault) -> PieceToken
    {
        let from = try await staged(source)
        let file = try await staged(key)
        try await threads.run { () throws(StoreFault) in
            try file.copy(range, of: from, to: place.start)
        }
        try await sync(file)
        return .inPlace
    }

    private func copy(_ spooled: PieceToken, into file: StagedFile, at start: Int64, lengthBytes: Int64)
        async throws(StoreFault)
    {
        guard let spoolKey = ObjectKey(spooled.text) else { throw StoreFault(.corrupt, "a token that is no key") }
        let path = layout.path(.spooled, of: spoolKey)
        try await threads.run { () throws(StoreFault) in
            let source = try StagedFile(path: path, usesDirectIO: false)
            try file.copy(ByteRange(start: 0, length: lengthBytes), of: source, to: start)
        }
    }

    /// The file that bytes of an object go to. Normally staged; at its final place after a crash between
    /// publishing and the record of it.
    private func staged(_ key: ObjectKey, orPublished: Bool = true) async throws(StoreFault) -> StagedFile {
        let path = layout.path(.staged, of: key)
        if let file = open.current(path) { return file }
        let layout = layout
        let usesDirectIO = usesDirectIO
        let (file, isStaged) = try await threads.run { () throws(StoreFault) in
            do throws(StoreFault) {
                return (try StagedFile(path: path, usesDirectIO: usesDirectIO), true)
            } catch  where error.code == .missing && orPublished {
                return (try StagedFile(path: layout.path(.published, of: key), usesDirectIO: usesDirectIO), false)
            }
        }
        // A published one is nobody else's to find here.
        return isStaged ? open.keep(file, at: path) : file
    }

    // MARK: Publishing

    package func publish(_ key: ObjectKey, pieces: [StoredPart]) async throws(StoreFault) -> ObjectReceipt {
        let receipt = try Self.receipt(of: pieces)
        let file = try await staged(key)
        let replaced = pieces.filter { $0.token != .inPlace }
        for piece in replaced {
            try await copy(piece.token, into: file, at: piece.range.start, lengthBytes: piece.range.length)
        }
        let layout = layout
        let from = layout.path(.staged, of: key)
        let to = layout.path(.published, of: key)
        let roomBytes = try await threads.run { () throws(StoreFault) in
            let size = try file.size()
            guard size >= receipt.sizeBytes else {
                throw StoreFault(.corrupt, "a staged file is shorter than its parts")
            }
            if size > receipt.sizeBytes { try file.setSize(receipt.sizeBytes) }
            return size
        }
        do throws(StoreFault) {
            // Every piece was synced before it was recorded, so this is cheap; it is not left out where nothing seems to
            // have changed, because an earlier try may have changed it and failed to sync.
            try await sync(file)
        } catch {
            // Whoever publishes again cuts it again: a second sync of the same cut may answer success for a size that
            // is not kept.
            _ = try? await threads.run { () throws(StoreFault) in try file.setSize(roomBytes) }
            throw error
        }
        try await threads.run { () throws(StoreFault) in
            try layout.makeFolder(.published, of: key)
            let notes = [InventoryEntry.Kind.published, .staged].map { layout.syncs.note(layout.folder($0, of: key)) }
            if try !DurableFile.move(from, to: to), !layout.exists(.published, of: key) {
                throw StoreFault(.missing, "nothing is staged")
            }
            do throws(StoreFault) {
                // Also when it was moved before: what moved it may have died before it synced.
                for note in notes { try layout.syncs.sync(note) }
            } catch {
                // Whoever publishes again moves it again: a second sync of the same move may answer success for a name
                // that is gone.
                _ = try? DurableFile.move(to, to: from)
                throw error
            }
        }
        open.forget(from)
        // It may have been read before, and shorter.
        readers.forget(key)
        return receipt
    }

    private static func receipt(of pieces: [StoredPart]) throws(StoreFault) -> ObjectReceipt {
        var size: Int64 = 0
        var checksum = CRC32C.empty
        for piece in pieces {
            guard piece.range.start == size else { throw StoreFault(.corrupt, "recorded parts leave a gap") }
            checksum = checksum.combined(with: piece.crc32c, lengthBytes: piece.range.length)
            size = piece.range.end
        }
        return ObjectReceipt(sizeBytes: size, crc32c: checksum)
    }

    package func discard(_ key: ObjectKey, spooled: [PieceToken]) async throws(StoreFault) {
        let layout = layout
        open.forget(layout.path(.staged, of: key))
        readers.forget(key)
        try await threads.run { () throws(StoreFault) in
            try DurableFile.remove(layout.path(.staged, of: key))
            try DurableFile.remove(layout.path(.published, of: key))
        }
        // Once more: it may have been opened meanwhile.
        readers.forget(key)
        try await forget(spooled)
    }

    package func forget(_ spooled: [PieceToken]) async throws(StoreFault) {
        let paths = spooled.compactMap { ObjectKey($0.text) }.map { layout.path(.spooled, of: $0) }
        guard !paths.isEmpty else { return }
        try await threads.run { () throws(StoreFault) in
            for path in paths { try DurableFile.remove(path) }
        }
    }

    // MARK: Reading and keeping house

    package func reader(of key: ObjectKey) async throws(StoreFault) -> any ObjectReader {
        if let reader = readers.current(key) {
            if reader.hasName { return reader }
            readers.forget(key)
        }
        let path = layout.path(.published, of: key)
        let threads = threads
        let reader = try await threads.run { () throws(StoreFault) in
            try DiskObjectReader(path: path, threads: threads)
        }
        readers.keep(reader, of: key)
        // It may have been removed while it was opened.
        if !reader.hasName { readers.forget(key) }
        return reader
    }

    package func freeBytes() async throws(StoreFault) -> Int64? {
        let root = layout.root
        return try await threads.run { () throws(StoreFault) in
            var status = statvfs()
            guard statvfs(root, &status) == 0 else { throw DurableFile.fault("free space") }
            return Int64(clamping: UInt64(status.f_bavail) * UInt64(status.f_frsize))
        }
    }

    package func checkWritable() async throws(StoreFault) {
        let key = ObjectKey.random()
        let layout = layout
        try await threads.run { () throws(StoreFault) in
            let path = layout.path(.spooled, of: key)
            let result = Result { () throws(StoreFault) in
                try layout.createFile(.spooled, of: key)
                let file = try StagedFile(path: path, usesDirectIO: false)
                // A byte: a size alone takes no room, and so says nothing of a disk that is full.
                let written = [UInt8(ascii: "\n")].withUnsafeBytes { bytes in
                    Result { () throws(StoreFault) in try file.write(bytes, at: 0) }
                }
                try written.get()
                try file.syncData()
            }
            try DurableFile.remove(path)
            try result.get()
        }
    }

    package func inventory() async throws(StoreFault) -> [InventoryEntry] {
        let layout = layout
        let entries = try await threads.run { () throws(StoreFault) in
            try layout.entries(.staged) + layout.entries(.published) + layout.entries(.spooled)
        }
        let living = livingSpools.withLock { $0 }
        return entries.filter { $0.kind != .spooled || !living.contains($0.key) }
    }
}
