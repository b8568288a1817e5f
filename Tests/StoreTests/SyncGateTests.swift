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
}
