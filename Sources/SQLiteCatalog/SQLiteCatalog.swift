import GRDB
package import UploadStore

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// The catalog in one SQLite file: write-ahead log, every commit synced, one writer that groups changes.
///
/// Several processes may open the same file at once; each change waits for the others' for at most the busy
/// time-out. Changes and reads are not cancelled with the task that asked: a change that began has an outcome,
/// and whoever cleans up after a cancelled request must still be able to read.
package final class SQLiteCatalog: Catalog, Sendable {
    private let pool: DatabasePool
    private let commits: GroupCommit
    private let reads: SharedReads
    let keyChanges: KeyChangeFile

    /// Opens the database, makes it if there is none (readable by its owner only), and brings its schema up to date.
    ///
    /// - Parameters:
    ///   - path: the database file; its folder must exist. Two more files stand beside it while it is open.
    ///   - busyTimeoutSeconds: how long a change waits for another process's before it fails with
    ///     ``CatalogFault/Code/busy``.
    /// - Throws: ``CatalogFault/Code/corrupt`` for a file that is no database, ``CatalogFault/Code/failed`` for one
    ///   whose schema is newer than this program.
    package init(path: String, busyTimeoutSeconds: Double = 10) throws(CatalogFault) {
        do {
            try Self.makePrivateFile(at: path)
            var configuration = Configuration()
            configuration.label = "catalog"
            configuration.busyMode = .timeout(busyTimeoutSeconds)
            configuration.foreignKeysEnabled = true
            configuration.prepareDatabase { try Self.prepare($0) }
            let pool = try DatabasePool(path: path, configuration: configuration)
            // Opening a pool relaxes its writer to NORMAL, under which a power cut may take the last commits.
            try pool.writeWithoutTransaction { try Self.prepare($0) }
            try Schema.migrate(pool)
            self.pool = pool
            self.commits = GroupCommit(pool, file: try CatalogFile(path: path))
            self.reads = SharedReads(pool)
            self.keyChanges = KeyChangeFile(path: path + "-key-changes")
        } catch {
            throw CatalogFault(error, during: "open the catalog")
        }
    }

    /// Waits for the changes that were asked for, then closes the file. Later calls fail.
    package func close() throws(CatalogFault) {
        commits.refuseFurther()
        do {
            // The pool closes its readers last, and they may not bring the log home. When another process reads
            // it, the log stays for that one to do so.
            _ = try? pool.writeWithoutTransaction { try $0.checkpoint(.truncate) }
            try pool.close()
        } catch {
            throw CatalogFault(error, during: "close the catalog")
        }
    }

    /// How many changes were committed, and in how many transactions.
    package var commitCounts: CommitCounts { commits.counts }

    /// What the database says of itself, for the log at start and for tests.
    package func settings() async throws(CatalogFault) -> DatabaseSettings {
        try await change("settings") { database in
            DatabaseSettings(
                journalMode: try String.fetchOne(database, sql: "PRAGMA journal_mode") ?? "",
                synchronous: try Int.fetchOne(database, sql: "PRAGMA synchronous") ?? -1,
                enforcesForeignKeys: try Bool.fetchOne(database, sql: "PRAGMA foreign_keys") ?? false)
        }
    }

    /// Lets the file grow by at most so many pages from now on; what needs more is ``CatalogFault/Code/full``.
    /// For tests of a full disk.
    package func limitPages(toMore pages: Int) async throws(CatalogFault) {
        try await change("limit the size") { database in
            let now = try Int.fetchOne(database, sql: "PRAGMA page_count") ?? 0
            try database.execute(sql: "PRAGMA max_page_count = \(now + pages)")
        }
    }

    package func checkWritable() async throws(CatalogFault) {
        try await change("check writable") { database in
            try CatalogFile.checkHeader(database)
            try database.cachedStatement(sql: "UPDATE probe SET writes = writes + 1").execute()
        }
    }

    /// Runs a change with others in one transaction; returns when that is durable.
    func change<Value: Sendable>(
        _ operation: String, _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws(CatalogFault) -> Value {
        try await commits.submit(operation, body)
    }

    /// Reads a few rows by their keys, together with others that do, from one consistent state that has every change
    /// whose call returned before.
    func look<Value: Sendable>(
        _ operation: String, _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws(CatalogFault) -> Value {
        guard !commits.isClosed else { throw CatalogFault(.failed, "\(operation): the catalog is closed") }
        return try await reads.submit(operation, body)
    }

    /// Reads as ``look(_:_:)`` does, apart from all others: for what may take long.
    func read<Value: Sendable>(
        _ operation: String, _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws(CatalogFault) -> Value {
        guard !commits.isClosed else { throw CatalogFault(.failed, "\(operation): the catalog is closed") }
        let result: Result<Value, CatalogFault> = await withCheckedContinuation { continuation in
            pool.asyncRead { database in
                do {
                    continuation.resume(returning: .success(try body(database.get())))
                } catch {
                    continuation.resume(returning: .failure(CatalogFault(error, during: operation)))
                }
            }
        }
        return try result.get()
    }

    private static func prepare(_ database: Database) throws {
        try database.execute(
            sql: """
                PRAGMA synchronous = FULL;
                PRAGMA fullfsync = ON;
                PRAGMA journal_size_limit = 67108864;
                PRAGMA trusted_schema = OFF;
                """)
    }

    /// The file holds the keys that sign links, so nobody else may read it; SQLite gives the files beside it the
    /// same mode. It is not opened when it exists: closing it again would drop the locks that this process has on it.
    private static func makePrivateFile(at path: String) throws(CatalogFault) {
        let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, mode_t(0o600))
        if descriptor >= 0 {
            _ = unistdClose(descriptor)
            return
        }
        guard errno == EEXIST else {
            throw CatalogFault(errno == ENOSPC ? .full : .failed, "make the catalog's file: errno \(errno)")
        }
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & 0o077 != 0 else { return }
        // Refused when the file is another user's; then its owner has decided who reads it.
        _ = chmod(path, mode_t(0o600))
    }
}

/// `close` of the C library, which the method of the same name hides.
private func unistdClose(_ descriptor: CInt) -> CInt { close(descriptor) }

/// How a database is run.
package struct DatabaseSettings: Hashable, Sendable {
    /// `wal` always.
    package let journalMode: String
    /// 2 is FULL: every commit is synced.
    package let synchronous: Int
    package let enforcesForeignKeys: Bool
}
