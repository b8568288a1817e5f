import MemoryStore
import Testing
import UploadStore
import UploadStoreTesting

/// An implementation of the byte store: opens instances over one fresh place while a check runs.
struct ByteStoreFactory: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let withPlace: @Sendable (_ check: (@escaping ByteStoreConformance.Open) async throws -> Void) async throws -> Void

    static let all = [
        ByteStoreFactory(testDescription: "in memory") { check in
            let backing = MemoryByteStore.Backing()
            try await check { MemoryByteStore(over: backing) }
        },
        ByteStoreFactory(testDescription: "without faults") { check in
            let backing = MemoryByteStore.Backing()
            try await check { FaultyByteStore(MemoryByteStore(over: backing), plan: FaultPlan([:])) }
        },
    ]
}

@Suite struct ByteStoreConformanceTests {
    @Test(arguments: ByteStoreFactory.all, ByteStoreConformance.checks)
    func conforms(_ factory: ByteStoreFactory, _ check: ByteStoreConformance.Check) async throws {
        try await factory.withPlace(check.run)
    }
}
