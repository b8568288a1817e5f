import MemoryStore
import SQLiteCatalog
import Synchronization
import Testing
import UploadStore
import UploadStoreTesting

/// An implementation of the catalog: opens instances over one fresh place while a check runs.
struct CatalogFactory: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let withPlace: @Sendable (_ check: (@escaping CatalogConformance.Open) async throws -> Void) async throws -> Void

    static let all = [
        CatalogFactory(testDescription: "in memory") { check in
            let catalog = MemoryCatalog()
            try await check { catalog }
        },
        CatalogFactory(testDescription: "SQLite") { check in
            try await withTemporaryFolder { folder in
                let opened = OpenedCatalogs()
                defer { opened.closeAll() }
                try await check { try opened.open(folder.file("catalog.sqlite")) }
            }
        },
    ]
}

private final class OpenedCatalogs: Sendable {
    private let catalogs = Mutex<[SQLiteCatalog]>([])

    func open(_ path: String) throws -> SQLiteCatalog {
        let catalog = try SQLiteCatalog(path: path, busyTimeoutSeconds: 60)
        catalogs.withLock { $0.append(catalog) }
        return catalog
    }

    func closeAll() {
        for catalog in catalogs.withLock({ $0 }) {
            #expect(throws: Never.self) { try catalog.close() }
        }
    }
}

@Suite struct CatalogConformanceTests {
    @Test(arguments: CatalogFactory.all, CatalogConformance.checks)
    func conforms(_ factory: CatalogFactory, _ check: CatalogConformance.Check) async throws {
        try await factory.withPlace(check.run)
    }
}
