import Synchronization
import UploadModel
import UploadStore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Where objects stand below the data folder: `staged/ab/KEY`, `files/ab/KEY`, `spool/ab/KEY`.
struct DiskLayout: Sendable {
    let root: String
    let syncs = FolderSyncs()
    private let durable = DurableFolders()

    init(root: String) { self.root = root }

    func folder(_ kind: InventoryEntry.Kind) -> String {
        switch kind {
        case .staged: root + "/staged"
        case .published: root + "/files"
        case .spooled: root + "/spool"
        }
    }

    func folder(_ kind: InventoryEntry.Kind, of key: ObjectKey) -> String {
        folder(kind) + "/" + key.text.prefix(2)
    }

    /// The path of an existing folder from the root of the file system on, without links.
    static func absolute(_ path: String) throws(StoreFault) -> String {
        guard let resolved = realpath(path, nil) else {
            throw StoreFault(.failed, "resolve the store's folder: errno \(errno)")
        }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    func path(_ kind: InventoryEntry.Kind, of key: ObjectKey) -> String {
        folder(kind, of: key) + "/" + key.text
    }

    /// Makes the folders that everything else relies on.
    func makeFolders() throws(StoreFault) {
        try DurableFile.syncDirectory(root + "/..")
        for kind in [InventoryEntry.Kind.staged, .published, .spooled] {
            try DurableFile.makeDirectory(folder(kind), in: root, syncs)
        }
    }

    /// Makes the folder of an object if it is not there, durably.
    func makeFolder(_ kind: InventoryEntry.Kind, of key: ObjectKey) throws(StoreFault) {
        let folder = folder(kind, of: key)
        guard !durable.contains(folder) else { return }
        try DurableFile.makeDirectory(folder, in: self.folder(kind), syncs)
        durable.insert(folder)
    }

    /// Creates an empty file if it is not there and makes its name durable.
    func createFile(_ kind: InventoryEntry.Kind, of key: ObjectKey) throws(StoreFault) {
        let folder = folder(kind, of: key)
        try makeFolder(kind, of: key)
        let note = syncs.note(folder)
        let path = path(kind, of: key)
        let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 || errno == EEXIST else { throw DurableFile.fault("create") }
        if descriptor >= 0 { close(descriptor) }
        // Made anew by whoever tries again, or its name would be taken for durable then.
        try syncs.sync(note) { if descriptor >= 0 { try? DurableFile.remove(path) } }
    }

    func exists(_ kind: InventoryEntry.Kind, of key: ObjectKey) -> Bool { access(path(kind, of: key), F_OK) == 0 }

    /// Every object of a kind. Names that are no keys are left alone.
    func entries(_ kind: InventoryEntry.Kind) throws(StoreFault) -> [InventoryEntry] {
        var entries: [InventoryEntry] = []
        for shard in try names(in: folder(kind)) {
            let folder = folder(kind) + "/" + shard
            for name in try names(in: folder) {
                var status = stat()
                guard let key = ObjectKey(name), stat(folder + "/" + name, &status) == 0 else { continue }
                #if canImport(Darwin)
                    let seconds = Int64(status.st_mtimespec.tv_sec)
                #else
                    let seconds = Int64(status.st_mtim.tv_sec)
                #endif
                entries.append(
                    InventoryEntry(
                        key: key, kind: kind, sizeBytes: Int64(status.st_size),
                        modifiedAt: Timestamp(milliseconds: seconds * 1000)))
            }
        }
        return entries
    }

    private func names(in folder: String) throws(StoreFault) -> [String] {
        guard let stream = opendir(folder) else {
            if errno == ENOENT || errno == ENOTDIR { return [] }
            throw DurableFile.fault("list")
        }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { field in
                field.withMemoryRebound(to: CChar.self, capacity: Int(NAME_MAX) + 1) { String(cString: $0) }
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return names
    }
}

/// Folders whose names this process has seen made durable, so that it need not ask again.
private final class DurableFolders: Sendable {
    private let paths = Mutex<Set<String>>([])

    func contains(_ path: String) -> Bool { paths.withLock { $0.contains(path) } }

    func insert(_ path: String) { _ = paths.withLock { $0.insert(path) } }
}
