import Synchronization
import UploadStore

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// A file beside the database that grows by a byte whenever keys change: its size tells every process that it must read
/// them again, for the price of one look at the file system and none at the database.
///
/// Who changes keys says so before, and holds the file's lock until the change stands or does not: the kernel lets go of
/// it for one who is killed. As long as the lock is held nobody can know what stands, and every look says something else.
final class KeyChangeFile: Sendable {
    private let path: String
    /// The size at which nobody was changing anything.
    private let settledSize = Atomic<Int64>(0)
    /// What looks during a change were told; below zero, where no size is.
    private let unsettled = Atomic<Int64>(0)

    init(path: String) { self.path = path }

    /// 0 before the first change. Never the same twice while keys are being changed.
    var count: Int64 {
        var status = stat()
        guard stat(path, &status) == 0 else { return 0 }
        let size = Int64(status.st_size)
        guard size != settledSize.load(ordering: .relaxed) else { return size }
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        defer { if descriptor >= 0 { close(descriptor) } }
        guard descriptor >= 0, flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            return unsettled.subtract(1, ordering: .relaxed).newValue
        }
        settledSize.store(size, ordering: .relaxed)
        return size
    }

    /// Tells that keys are about to change; they may until what is returned is ended.
    func begin() throws(CatalogFault) -> Change {
        let change = try Change(path)
        try change.tell()
        return change
    }

    /// A change that is going on. Several may at once.
    final class Change: Sendable {
        private let descriptor: CInt

        fileprivate init(_ path: String) throws(CatalogFault) {
            descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, mode_t(0o600))
            guard descriptor >= 0 else { throw CatalogFault(.failed, "tell of changed keys: errno \(errno)") }
        }

        fileprivate func tell() throws(CatalogFault) {
            // Waits only for looks, which hold it for a moment.
            while flock(descriptor, LOCK_SH) != 0 {
                guard errno == EINTR else { throw CatalogFault(.failed, "tell of changed keys: errno \(errno)") }
            }
            guard write(descriptor, [0x0a] as [UInt8], 1) == 1 else {
                throw CatalogFault(errno == ENOSPC ? .full : .failed, "tell of changed keys: errno \(errno)")
            }
        }

        /// The change stands, or it does not.
        deinit { close(descriptor) }
    }
}
