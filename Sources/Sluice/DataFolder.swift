import DiskStore
import UploadStore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The folder that holds everything: `catalog.sqlite`, `staged/`, `files/`, `spool/`, `serve.lock`.
struct DataFolder: Sendable {
    let path: String

    /// Makes the folder if it is not there; its parents must exist.
    init(_ path: String) throws(StartFault) {
        self.path = path
        if mkdir(path, 0o700) != 0, errno != EEXIST {
            throw StartFault("data-dir: \(path) cannot be made: \(Self.reason)")
        }
        guard access(path, R_OK | W_OK | X_OK) == 0 else {
            throw StartFault("data-dir: \(path) cannot be written to: \(Self.reason)")
        }
    }

    var catalogPath: String { path + "/catalog.sqlite" }
    private static let initialKeyName = "initial-api-key"
    var initialKeyPath: String { path + "/" + Self.initialKeyName }

    /// Where copies of images are made before they are stored.
    var scratchPath: String { path + "/scratch" }

    /// Makes the folder for what is being made, and empties it of what a crash left; its absolute path.
    func emptyScratch() throws(StartFault) -> String {
        let folder = scratchPath
        if mkdir(folder, 0o700) != 0, errno != EEXIST {
            throw StartFault("\(folder) cannot be made: \(Self.reason)")
        }
        guard let resolved = realpath(folder, nil) else {
            throw StartFault("\(folder) cannot be opened: \(Self.reason)")
        }
        defer { free(resolved) }
        let absolute = String(cString: resolved)
        guard let listing = opendir(absolute) else {
            throw StartFault("\(folder) cannot be read: \(Self.reason)")
        }
        defer { closedir(listing) }
        while let entry = readdir(listing) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: Int(NAME_MAX) + 1) { String(cString: $0) }
            }
            if name != ".", name != ".." { unlink(absolute + "/" + name) }
        }
        return absolute
    }

    private static var reason: String { String(cString: strerror(errno)) }

    /// Writes the first API key, durably, before anything relies on it.
    func write(initialKey secret: String) throws(StartFault) {
        do throws(StoreFault) {
            try SecretFile.write(secret, to: Self.initialKeyName, in: path)
        } catch {
            throw StartFault("\(initialKeyPath) cannot be written: \(error.detail)")
        }
    }

    /// Keeps a second server away from the folder until the process ends, however it ends.
    ///
    /// - Throws: a fault that says who holds it.
    func lockForServing(as description: String) throws(StartFault) {
        let path = path + "/serve.lock"
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw StartFault("\(path) cannot be opened: \(Self.reason)") }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let holder = Self.read(descriptor)
            close(descriptor)
            throw StartFault(
                "The data folder \(self.path) is in use by another server (\(holder.isEmpty ? "unknown" : holder)). "
                    + "Stop it, or give this one another --data-dir.")
        }
        // The descriptor stays open on purpose: the lock lives as long as the process.
        ftruncate(descriptor, 0)
        // For people only; the lock itself is what counts.
        let note = Array("process \(getpid()), \(description)".utf8)
        _ = pwrite(descriptor, note, note.count, 0)
    }

    private static func read(_ descriptor: CInt) -> String {
        var buffer = [UInt8](repeating: 0, count: 256)
        let count = pread(descriptor, &buffer, buffer.count, 0)
        return count > 0 ? String(decoding: buffer[..<count], as: UTF8.self) : ""
    }
}
