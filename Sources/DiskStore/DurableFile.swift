import CPlatform
package import UploadStore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The one door to durability: no other file of the project syncs, renames or unlinks.
///
/// Every call blocks and belongs on the store's thread pool.
enum DurableFile {
    /// Makes written data, and the metadata needed to read it back, durable.
    ///
    /// A failed sync is never tried again: the kernel may have dropped the pages, and a second call would
    /// answer success for bytes that are gone. The piece is refused and its client sends it again.
    static func syncData(_ descriptor: CInt) throws(StoreFault) {
        guard sluice_data_sync(descriptor) == 0 else { throw fault("sync") }
    }

    /// Makes names in a directory durable.
    static func syncDirectory(_ path: String) throws(StoreFault) {
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw fault("open directory") }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw fault("sync directory") }
    }

    /// Creates a directory if it is not there, durably. One that is there may have been made a moment ago by
    /// somebody who has not synced its name yet, or who died before; so its name is synced all the same.
    static func makeDirectory(_ path: String, in parent: String, _ syncs: FolderSyncs) throws(StoreFault) {
        let note = syncs.note(parent)
        guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw fault("create directory") }
        // A name whose sync failed is made anew and not synced once more. With something in it, it is an old one.
        try syncs.sync(note) { rmdir(path) }
    }

    /// Moves a file; durable after both directories were synced.
    ///
    /// - Returns: false when there is no such file.
    static func move(_ from: String, to: String) throws(StoreFault) -> Bool {
        if rename(from, to) == 0 { return true }
        guard errno == ENOENT else { throw fault("rename") }
        return false
    }

    /// Removes a file; one that is not there is no error.
    static func remove(_ path: String) throws(StoreFault) {
        guard unlink(path) == 0 || errno == ENOENT else { throw fault("remove") }
    }

    /// Puts a small text under a name that only its owner may read, in place of what stood there, durably: it is
    /// there whole or not at all.
    static func replace(_ path: String, with text: String, in folder: String) throws(StoreFault) {
        let draft = path + ".new"
        try remove(draft)
        let descriptor = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw fault("create") }
        defer { close(descriptor) }
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            guard written > 0 || errno == EINTR else { throw fault("write") }
            rest = rest.dropFirst(max(0, written))
        }
        try syncData(descriptor)
        _ = try move(draft, to: path)
        try syncDirectory(folder)
    }

    /// The fault for the current `errno`.
    static func fault(_ operation: String) -> StoreFault {
        let number = errno
        let code: StoreFault.Code =
            switch number {
            case ENOSPC, EDQUOT: .full
            case ENOENT: .missing
            case EROFS, EACCES, EPERM: .readOnly
            default: .failed
            }
        return StoreFault(code, "\(operation): \(String(cString: strerror(number)))")
    }
}

/// A secret on disk, for whoever wires a gateway.
package enum SecretFile {
    /// Writes a secret that only its owner may read, durably, in place of an older one.
    package static func write(_ secret: String, to name: String, in folder: String) throws(StoreFault) {
        try DurableFile.replace(folder + "/" + name, with: secret + "\n", in: folder)
    }
}
