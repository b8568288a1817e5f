import MemoryStore
import NIOCore
import Testing
import UploadModel
import UploadStore
import UploadStoreTesting

@Suite struct FaultyByteStoreTests {
    @Test func theChosenUseOfACallFailsAndOnlyThat() async throws {
        let backing = MemoryByteStore.Backing()
        let store = FaultyByteStore(
            MemoryByteStore(over: backing),
            plan: FaultPlan([.prepare: [2: .init(.full)], .discard: [1: .init(.failed, .after)]]))
        let (first, second) = (ObjectKey.random(), ObjectKey.random())
        try await store.prepare(first, sizeBytes: nil)
        let fault = await #expect(throws: StoreFault.self) { try await store.prepare(second, sizeBytes: nil) }
        #expect(fault?.code == .full)
        #expect(try await store.inventory().map(\.key) == [first])
        try await store.prepare(second, sizeBytes: nil)
        // The work is done although the answer is an error.
        await #expect(throws: StoreFault.self) { try await store.discard(first, spooled: []) }
        #expect(try await store.inventory().map(\.key) == [second])
        #expect(store.faultCount == 2)
    }

    @Test(arguments: [FaultPlan.Moment.before, .after])
    func aPieceWhoseFinishFailsIsEnded(_ moment: FaultPlan.Moment) async throws {
        let store = FaultyByteStore(MemoryByteStore(), plan: FaultPlan([.finish: [1: .init(.failed, moment)]]))
        let writer = try await store.spool(sizing: .atMost(10))
        try await writer.append(ByteBuffer(string: "abc"))
        await #expect(throws: StoreFault.self) { try await writer.finish() }
        #expect(try await store.inventory().count == (moment == .after ? 1 : 0))
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func theSameSeedGivesTheSameFaults(_ seed: UInt64) async throws {
        func failures() async -> [Int] {
            let store = FaultyByteStore(MemoryByteStore(), plan: FaultPlan(seed: seed, calls: [.freeBytes], oneIn: 4))
            var failed: [Int] = []
            for number in 0..<200 {
                do { _ = try await store.freeBytes() } catch { failed.append(number) }
            }
            return failed
        }
        let first = await failures()
        #expect((20...90).contains(first.count), "seed \(seed)")
        #expect(await failures() == first, "seed \(seed)")
    }

    @Test func aMemoryStoreThatIsFullTakesNoMore() async throws {
        let store = MemoryByteStore(over: MemoryByteStore.Backing(capacityBytes: 100))
        let key = ObjectKey.random()
        try await store.prepare(key, sizeBytes: 60)
        #expect(try await store.freeBytes() == 40)
        let fault = await #expect(throws: StoreFault.self) { try await store.prepare(.random(), sizeBytes: 41) }
        #expect(fault?.code == .full)
        let writer = try await store.spool(sizing: .atMost(1000))
        try await writer.append(ByteBuffer(repeating: 0, count: 41))
        await #expect(throws: StoreFault.self) { try await writer.finish() }
        try await store.discard(key, spooled: [])
        #expect(try await store.freeBytes() == 100)
    }
}
