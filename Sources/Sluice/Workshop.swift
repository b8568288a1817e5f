import DiskStore
package import Logging
import MediaInspection
import MediaLibrary
import SQLiteCatalog
package import UploadEngine
package import UploadModel
import UploadProtocols
package import UploadStore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Catalog, store and engine over a data folder, without a server: what the command-line tools work with, and
/// what the server is built on.
package struct Workshop: Sendable {
    package let catalog: any Catalog
    package let engine: UploadEngine
    let composer: HandoffComposer
    let examiner: MediaExaminer
    /// Whether finished files are looked into: wanted, and possible.
    let examinesMedia: Bool
    private let store: DiskStore
    private let database: SQLiteCatalog

    /// Opens the folder, making what is not there. Others may have it open at the same time.
    package init(_ configuration: SluiceConfiguration, logger: Logger) throws {
        let folder = try DataFolder(configuration.dataDirectory)
        do throws(CatalogFault) {
            database = try SQLiteCatalog(
                path: folder.catalogPath, busyTimeoutSeconds: Double(configuration.catalogBusySeconds))
            catalog = database
        } catch {
            throw StartFault("The catalog \(folder.catalogPath) cannot be opened: \(error.detail)")
        }
        var options = DiskStore.Options()
        options.blockBudgetBytes = configuration.blockMemoryBytes
        options.threadCount = configuration.diskThreads
        options.usesDirectIO = configuration.usesDirectIO
        do throws(StoreFault) {
            store = try DiskStore(root: folder.path, options: options)
        } catch {
            throw StartFault("The files below \(folder.path) cannot be opened: \(error.detail)")
        }
        let inspector: ContentInspector
        do throws(InspectionStartFault) {
            inspector = try ContentInspector(accepting: configuration.formats)
        } catch {
            throw StartFault(error.description)
        }
        var limits = ExaminationLimits()
        limits.maximumPixels = Int64(configuration.publishing.maximumImagePixels)
        examiner = MediaExaminer(limits: limits)
        examinesMedia = configuration.publishing.examinesMedia && examiner.missingTools.isEmpty
        let address = PublicAddress(base: configuration.publicURL)
        composer = HandoffComposer(
            endpoints: configuration.publishing.endpoints, formats: configuration.formats,
            examinesFiles: examinesMedia,
            accessURL: { address.accessURL($0) })
        let due = PatientClock(clock: { .now })
        engine = UploadEngine(
            store: store, catalog: catalog, checker: inspector, follower: composer, limits: configuration.uploads,
            logger: logger,
            clock: { .now }, dueClock: { due.now })
    }

    /// Lets running work end and closes everything.
    package func close() async throws {
        try await store.shutDown()
        try database.close()
    }
}

extension Timestamp {
    /// The time of day.
    package static var now: Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
    }
}
