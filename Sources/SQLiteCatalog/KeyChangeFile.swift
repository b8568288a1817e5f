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
struct KeyChangeFile: Sendable {
    private let path: String

    init(path: String) { self.path = path }

    /// 0 before the first.
    var count: Int64 {
        var status = stat()
        return stat(path, &status) == 0 ? Int64(status.st_size) : 0
    }

    func add() throws(CatalogFault) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, mode_t(0o600))
        guard descriptor >= 0 else { throw CatalogFault(.failed, "tell of changed keys: errno \(errno)") }
        defer { close(descriptor) }
        guard write(descriptor, [0x0a] as [UInt8], 1) == 1 else {
            throw CatalogFault(errno == ENOSPC ? .full : .failed, "tell of changed keys: errno \(errno)")
        }
    }
}
