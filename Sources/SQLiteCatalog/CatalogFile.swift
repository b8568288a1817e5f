import GRDB
import GRDBSQLite
import UploadStore

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// The database's file as it was opened.
///
/// SQLite goes on writing to a file that has lost its name, and answers from memory for one that was overwritten. What is
/// acknowledged then is gone with the process.
struct CatalogFile: Sendable {
    private let path: String
    private let device: dev_t
    private let number: ino_t

    /// - Parameter path: of the database, which is open.
    init(path: String) throws(CatalogFault) {
        var status = stat()
        guard stat(path, &status) == 0 else {
            throw CatalogFault(.failed, "look at the catalog's file: errno \(errno)")
        }
        self.path = path
        (device, number) = (status.st_dev, status.st_ino)
    }

    /// Whether the name still stands for the file that is open.
    func checkName() throws(CatalogFault) {
        var status = stat()
        guard stat(path, &status) == 0, status.st_dev == device, status.st_ino == number else {
            throw CatalogFault(.failed, "the catalog's file was removed or replaced while it was open")
        }
    }

    /// Whether the file itself, not what is remembered of it, begins as a database does (sqlite.org/fileformat2.html,
    /// section 1.3). Read through SQLite's own descriptor: closing another one would drop its locks.
    static func checkHeader(_ database: Database) throws(CatalogFault) {
        var file: UnsafeMutablePointer<sqlite3_file>?
        var header = [UInt8](repeating: 0, count: 16)
        guard
            sqlite3_file_control(database.sqliteConnection, "main", SQLITE_FCNTL_FILE_POINTER, &file) == SQLITE_OK,
            let file, let read = file.pointee.pMethods.pointee.xRead,
            read(file, &header, CInt(header.count), 0) == SQLITE_OK, header == Array("SQLite format 3\0".utf8)
        else { throw CatalogFault(.corrupt, "the catalog's file was overwritten") }
    }
}
