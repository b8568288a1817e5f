import Synchronization
import Testing
import UploadStore

@testable import DiskStore

/// Something that many wait for and that happens once.
private final class Signal: Sendable {
    private let state = Mutex<(isGiven: Bool, waiting: [CheckedContinuation<Void, Never>])>((false, []))

    func wait() async {
        await withCheckedContinuation { continuation in
            let isGiven = state.withLock { state in
                if !state.isGiven { state.waiting.append(continuation) }
                return state.isGiven
            }
            if isGiven { continuation.resume() }
        }
    }

    func give() {
        let waiting = state.withLock { state in
            state.isGiven = true
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }
}

/// What happened, in the order in which it happened.
private final class Journal: Sendable {
    struct Sync { let began, ended: Int }

    private let state = Mutex<(now: Int, syncs: [Sync])>((0, []))

    func moment() -> Int {
        state.withLock { state in
            state.now += 1
            return state.now
        }
    }

    func add(_ sync: Sync) { state.withLock { $0.syncs.append(sync) } }

    var syncs: [Sync] { state.withLock { $0.syncs } }
}

/// When something happened to what has a number.
private final class Moments: Sendable {
    private let state = Mutex<[Int64: [Int]]>([:])

    func add(_ number: Int64, _ moment: Int) { state.withLock { $0[number, default: []].append(moment) } }
    func of(_ number: Int64) -> [Int] { state.withLock { $0[number] ?? [] } }
}

extension SyncGate {
    /// Where nothing is to be written before.
    fileprivate func sync(_ work: () async throws(StoreFault) -> Void) async throws(StoreFault) {
        try await sync { (_) async throws(StoreFault) in
            try await work()
            return [:]
        }
    }
}

@Suite struct SyncGateTests {
    @Test func allThatComeWhileASyncRunsShareTheNext() async throws {
        let gate = SyncGate()
        let journal = Journal()
        let (began, mayEnd) = (Signal(), Signal())
        let count = 50
        try await withThrowingTaskGroup { group in
            group.addTask {
                try await gate.sync { () async throws(StoreFault) in
                    began.give()
                    await mayEnd.wait()
                    journal.add(Journal.Sync(began: 0, ended: journal.moment()))
                }
            }
            await began.wait()
            for _ in 0..<count {
                group.addTask {
                    try await gate.sync { () async throws(StoreFault) in
                        let start = journal.moment()
                        journal.add(Journal.Sync(began: start, ended: journal.moment()))
                    }
                }
            }
            while gate.waitingCount < count { await Task.yield() }
            // Nobody is served by the sync that ran when it came.
            #expect(journal.syncs.isEmpty)
            mayEnd.give()
            try await group.waitForAll()
        }
        #expect(journal.syncs.count == 2)
    }

    @Test func whoeverComesIsServedByASyncThatBeganLater() async throws {
        let gate = SyncGate()
        let journal = Journal()
        try await withThrowingTaskGroup { group in
            for _ in 0..<8 {
                group.addTask {
                    for _ in 0..<100 {
                        let came = journal.moment()
                        try await gate.sync { () async throws(StoreFault) in
                            let start = journal.moment()
                            await Task.yield()
                            journal.add(Journal.Sync(began: start, ended: journal.moment()))
                        }
                        let left = journal.moment()
                        #expect(journal.syncs.contains { came < $0.began && $0.ended < left })
                    }
                }
            }
            try await group.waitForAll()
        }
        // One at a time.
        let syncs = journal.syncs
        #expect(zip(syncs, syncs.dropFirst()).allSatisfy { $0.ended < $1.began })
        #expect(syncs.count <= 800)
    }

    @Test func aFailureIsThatOfAllItServesAndOfWhoeverComesAfter() async throws {
        let gate = SyncGate()
        let (began, mayEnd) = (Signal(), Signal())
        let journal = Journal()
        let failures = try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask {
                try await gate.sync { () async throws(StoreFault) in
                    began.give()
                    await mayEnd.wait()
                }
                return false
            }
            await began.wait()
            for _ in 0..<10 {
                group.addTask {
                    do throws(StoreFault) {
                        try await gate.sync { () async throws(StoreFault) in
                            journal.add(Journal.Sync(began: journal.moment(), ended: journal.moment()))
                            throw StoreFault(.failed, "no disk")
                        }
                        return false
                    } catch {
                        return true
                    }
                }
            }
            while gate.waitingCount < 10 { await Task.yield() }
            mayEnd.give()
            return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        #expect(failures == 10)
        #expect(journal.syncs.count == 1)
        // The kernel may have dropped what it could not write: another sync would answer success for bytes that are gone.
        #expect(gate.hasFailed)
        let fault = await #expect(throws: StoreFault.self) {
            try await gate.sync { () async throws(StoreFault) in journal.add(Journal.Sync(began: 0, ended: 0)) }
        }
        #expect(fault?.code == .failed)
        #expect(journal.syncs.count == 1)
    }

    // MARK: - Writes that wait

    private static func write(_ number: Int, from pool: BlockPool) throws -> SmallWrite {
        let block = try #require(pool.take(expectedBytes: 1))
        return SmallWrite(block: block, byteCount: 1, start: Int64(number))
    }

    @Test func everyWriteIsWrittenOnceBeforeTheSyncThatServesIt() async throws {
        let gate = SyncGate()
        let (written, synced) = (Moments(), Moments())
        let journal = Journal()
        let pool = BlockPool(budgetBytes: 1 << 20)
        try await withThrowingTaskGroup { group in
            for task in 0..<8 {
                group.addTask {
                    for round in 0..<100 {
                        let number = task * 100 + round
                        let write = try Self.write(number, from: pool)
                        let came = journal.moment()
                        try await gate.sync(write) { (writes) async throws(StoreFault) in
                            for write in writes { written.add(write.start, journal.moment()) }
                            await Task.yield()
                            // What it serves is durable from here on.
                            for write in writes { synced.add(write.start, journal.moment()) }
                            return [:]
                        }
                        let left = journal.moment()
                        let (began, ended) = (written.of(Int64(number)), synced.of(Int64(number)))
                        #expect(began.count == 1 && ended.count == 1, "write \(number)")
                        #expect((began + ended).allSatisfy { came < $0 && $0 < left }, "write \(number)")
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(pool.usage.usedBytes == 0)
    }

    /// What came of 30 who waited for one sync; every third had nothing to be written.
    private func outcomes(
        _ gate: SyncGate, _ work: @escaping @Sendable ([SmallWrite]) throws(StoreFault) -> [Int: StoreFault]
    ) async throws -> [Int: StoreFault] {
        let (began, mayEnd) = (Signal(), Signal())
        let pool = BlockPool(budgetBytes: 1 << 20)
        return try await withThrowingTaskGroup(of: (Int, StoreFault?).self) { group in
            group.addTask {
                try await gate.sync { () async throws(StoreFault) in
                    began.give()
                    await mayEnd.wait()
                }
                return (-1, nil)
            }
            await began.wait()
            for number in 0..<30 {
                group.addTask {
                    let write = number % 3 == 0 ? nil : try Self.write(number, from: pool)
                    do throws(StoreFault) {
                        try await gate.sync(write) { (writes) async throws(StoreFault) in try work(writes) }
                        return (number, nil)
                    } catch {
                        return (number, error)
                    }
                }
                // In this order, so that whoever leads has nothing to be written.
                while gate.waitingCount < number + 1 { await Task.yield() }
            }
            mayEnd.give()
            return try await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
    }

    @Test func theFaultOfAWriteIsItsOwn() async throws {
        let gate = SyncGate()
        let calls = Moments()
        let faults = try await outcomes(gate) { (writes) throws(StoreFault) in
            calls.add(0, writes.count)
            var faults: [Int: StoreFault] = [:]
            for (place, write) in writes.enumerated() where write.start % 5 == 0 {
                faults[place] = StoreFault(.full, "\(write.start)")
            }
            return faults
        }
        #expect(calls.of(0) == [20], "all of them at once")
        #expect(faults.keys.sorted() == [5, 10, 20, 25])
        #expect(faults.allSatisfy { $0.value.code == .full && $0.value.detail == "\($0.key)" })
        // Nothing is wrong with the file.
        #expect(!gate.hasFailed)
        try await gate.sync { () async throws(StoreFault) in }
    }

    @Test func theFaultOfWhoeverLeadsIsItsOwnToo() async throws {
        let gate = SyncGate()
        let write = try Self.write(7, from: BlockPool(budgetBytes: 1 << 20))
        let fault = await #expect(throws: StoreFault.self) {
            try await gate.sync(write) { (_) async throws(StoreFault) in [0: StoreFault(.full, "7")] }
        }
        #expect(fault?.code == .full)
        #expect(!gate.hasFailed)
        try await gate.sync(write) { (_) async throws(StoreFault) in [:] }
    }

    @Test func aSyncThatFailsFailsAllWhoseWritesItServes() async throws {
        let gate = SyncGate()
        let faults = try await outcomes(gate) { (_) throws(StoreFault) in throw StoreFault(.failed, "no disk") }
        #expect(faults.keys.sorted() == Array(0..<30))
        #expect(faults.values.allSatisfy { $0.code == .failed })
        #expect(gate.hasFailed)
    }
}
