import DiskStore
import Foundation
import MemoryStore
import Synchronization
import Testing
import UploadStore
import UploadStoreTesting

/// An implementation of the byte store: opens instances over one fresh place while a check runs.
struct ByteStoreFactory: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let withPlace: @Sendable (_ check: (@escaping ByteStoreConformance.Open) async throws -> Void) async throws -> Void

    static let all = memory + disk

    private static let memory = [
        ByteStoreFactory(testDescription: "in memory") { check in
            let backing = MemoryByteStore.Backing()
            try await check { MemoryByteStore(over: backing) }
        },
        ByteStoreFactory(testDescription: "without faults") { check in
            let backing = MemoryByteStore.Backing()
            try await check { FaultyByteStore(MemoryByteStore(over: backing), plan: FaultPlan([:])) }
        },
    ]

    private static let disk =
        [
            onDisk("on disk") { _ in },
            onDisk("on disk, through the page cache") { $0.usesDirectIO = false },
            // Two blocks of the smallest size: most bodies find none left and are written through.
            onDisk("on disk, with hardly a block") { $0.blockBudgetBytes = 32 << 10 },
            onDisk("on disk, without a block, one thread") { options in
                options.blockBudgetBytes = 0
                options.threadCount = 1
            },
        ]
        + [DiskPlace.memoryDisk].filter { FileManager.default.isWritableFile(atPath: $0) }.map { folder in
            onDisk("on a disk in memory", in: folder) { _ in }
        }

    private static func onDisk(
        _ name: String, in parent: String? = nil, _ change: @escaping @Sendable (inout DiskStore.Options) -> Void
    ) -> ByteStoreFactory {
        ByteStoreFactory(testDescription: name) { check in
            try await DiskPlace.with(in: parent) { place in
                try await check { try place.open(change) }
            }
        }
    }
}

/// A folder for disk stores and the stores that were opened over it.
final class DiskPlace: Sendable {
    /// A file system in memory, where Linux has one.
    static let memoryDisk = "/dev/shm"

    let root: String
    private let opened = Mutex<[DiskStore]>([])

    private init(in parent: String?) throws {
        let parent = parent.map { URL(fileURLWithPath: $0) } ?? FileManager.default.temporaryDirectory
        root = parent.appendingPathComponent("disk-store-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
    }

    /// Runs a body over a fresh place; afterwards the stores are shut down and the folder is gone.
    static func with(in parent: String? = nil, _ body: (DiskPlace) async throws -> Void) async throws {
        let place = try DiskPlace(in: parent)
        let result: Result<Void, any Error>
        do {
            try await body(place)
            result = .success(())
        } catch {
            result = .failure(error)
        }
        for store in place.opened.withLock({ $0 }) { try await store.shutDown() }
        try FileManager.default.removeItem(atPath: place.root)
        try result.get()
    }

    func open(_ change: (inout DiskStore.Options) -> Void = { _ in }) throws -> DiskStore {
        var options = DiskStore.Options()
        change(&options)
        let store = try DiskStore(root: root, options: options)
        opened.withLock { $0.append(store) }
        return store
    }
}

@Suite struct ByteStoreConformanceTests {
    @Test(arguments: ByteStoreFactory.all, ByteStoreConformance.checks)
    func conforms(_ factory: ByteStoreFactory, _ check: ByteStoreConformance.Check) async throws {
        try await factory.withPlace(check.run)
    }
}
