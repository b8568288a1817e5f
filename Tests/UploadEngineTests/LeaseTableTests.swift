import Testing
import UploadModel

@testable import UploadEngine

@Suite struct LeaseTableTests {
    @Test func aNewcomerStopsTheHolderAndWaitsUntilItLetsGo() async {
        let table = LeaseTable()
        let id = FileID.random()
        let holder = await table.acquire(id, .part(1))
        #expect(!holder.isRevoked)
        let journal = Journal()
        async let newcomer = {
            let lease = await table.acquire(id, .part(1))
            journal.add(1)
            return lease
        }()
        await holder.revoked()
        #expect(holder.isRevoked)
        #expect(journal.entries == [])
        holder.release()
        let lease = await newcomer
        #expect(!lease.isRevoked)
        #expect(table.count == 1)
        lease.release()
        #expect(table.count == 0)
    }

    @Test func thoseWhoWaitGoInTheOrderTheyCame() async {
        let table = LeaseTable()
        let id = FileID.random()
        let holder = await table.acquire(id, .whole)
        let journal = Journal()
        await withTaskGroup { group in
            for number in 0..<10 {
                group.addTask {
                    let lease = await table.acquire(id, number % 2 == 0 ? .whole : .part(number))
                    journal.add(number)
                    lease.release()
                }
                while table.waitingCount(id) <= number { await Task.yield() }
            }
            #expect(journal.entries == [])
            holder.release()
        }
        #expect(journal.entries == Array(0..<10))
        #expect(table.count == 0)
    }

    @Test func whoWaitsIsAskedToStopByWhoeverComesLater() async {
        let table = LeaseTable()
        let id = FileID.random()
        let holder = await table.acquire(id, .part(1))
        async let second = table.acquire(id, .part(1))
        while table.waitingCount(id) < 1 { await Task.yield() }
        async let third = table.acquire(id, .part(1))
        while table.waitingCount(id) < 2 { await Task.yield() }
        holder.release()
        let overtaken = await second
        #expect(overtaken.isRevoked)
        await overtaken.revoked()
        overtaken.release()
        let last = await third
        #expect(!last.isRevoked)
        last.release()
    }

    @Test func partsDoNotDisturbEachOtherAndTheWholeWaitsForAll() async {
        let table = LeaseTable()
        let (id, other) = (FileID.random(), FileID.random())
        var parts: [Lease] = []
        for number in 1...5 { parts.append(await table.acquire(id, .part(number))) }
        let elsewhere = await table.acquire(other, .whole)
        #expect(parts.allSatisfy { !$0.isRevoked })
        async let whole = table.acquire(id, .whole)
        for part in parts { await part.revoked() }
        #expect(!elsewhere.isRevoked)
        // A part that comes after the whole waits for it, though nobody holds its number.
        async let late = table.acquire(id, .part(9))
        while table.waitingCount(id) < 2 { await Task.yield() }
        for part in parts.shuffled() {
            #expect(table.waitingCount(id) == 2)
            part.release()
        }
        let held = await whole
        #expect(held.isRevoked)
        #expect(table.waitingCount(id) == 1)
        held.release()
        let part = await late
        for lease in [part, elsewhere] { lease.release() }
        #expect(table.count == 0)
    }

    @Test func anIdleUploadIsTakenOnlyIfNobodyHoldsAnyOfIt() async throws {
        let table = LeaseTable()
        let id = FileID.random()
        let part = await table.acquire(id, .part(7))
        #expect(table.acquireIfIdle(id) == nil)
        #expect(!part.isRevoked)
        part.release()
        let idle = try #require(table.acquireIfIdle(id))
        #expect(table.acquireIfIdle(id) == nil)
        async let newcomer = table.acquire(id, .part(1))
        await idle.revoked()
        idle.release()
        await newcomer.release()
        #expect(table.count == 0)
    }

    /// A scope that is held, one that is wanted, and whether it is to be had.
    @Test(arguments: [
        (LeaseScope.part(1), LeaseScope.part(1), false), (.part(1), .part(2), true), (.part(1), .whole, false),
        (.whole, .part(1), false), (.whole, .whole, false),
    ])
    func aScopeIsTakenOnlyIfItIsFree(_ held: LeaseScope, _ wanted: LeaseScope, _ isFree: Bool) async {
        let table = LeaseTable()
        let id = FileID.random()
        let holder = await table.acquire(id, held)
        let lease = table.acquireIfFree(id, wanted)
        #expect((lease != nil) == isFree)
        // Nobody is asked to stop.
        #expect(!holder.isRevoked)
        lease?.release()
        let elsewhere = table.acquireIfFree(.random(), wanted)
        #expect(elsewhere != nil)
        elsewhere?.release()
        holder.release()
        let again = table.acquireIfFree(id, wanted)
        #expect(again?.isRevoked == false)
        again?.release()
        #expect(table.count == 0)
    }

    @Test func whatSomebodyWaitsForIsNotFree() async throws {
        let table = LeaseTable()
        let id = FileID.random()
        let holder = await table.acquire(id, .part(1))
        async let whole = table.acquire(id, .whole)
        while table.waitingCount(id) < 1 { await Task.yield() }
        // Nobody holds part 2, but who waits for the whole comes first.
        let early = table.acquireIfFree(id, .part(2))
        #expect(early == nil)
        early?.release()
        #expect(table.waitingCount(id) == 1)
        holder.release()
        let waiter = await whole
        #expect(!waiter.isRevoked)
        waiter.release()
        #expect(table.count == 0)
    }

    @Test func aScopeThatWasTakenBecauseItWasFreeIsTakenOver() async throws {
        let table = LeaseTable()
        let id = FileID.random()
        let lease = try #require(table.acquireIfFree(id, .part(1)))
        async let newcomer = table.acquire(id, .part(1))
        await lease.revoked()
        #expect(lease.isRevoked)
        lease.release()
        await newcomer.release()
        #expect(table.count == 0)
    }

    @Test func waitingForRevocationEndsWithTheTask() async {
        let table = LeaseTable()
        let id = FileID.random()
        let lease = await table.acquire(id, .whole)
        await withTaskGroup { group in
            for _ in 0..<20 { group.addTask { await lease.revoked() } }
            group.cancelAll()
            await group.waitForAll()
            // Also when it was cancelled before it began to wait.
            group.addTask { await lease.revoked() }
        }
        #expect(!lease.isRevoked)
        lease.release()
        // Of a lease that was let go nobody waits for anything, and letting go again changes nothing.
        await lease.revoked()
        lease.release()
        #expect(table.count == 0)
    }

    @Test func ofManyWhoWantTheSameOneHoldsItAtATime() async {
        let table = LeaseTable()
        let id = FileID.random()
        let journal = Journal()
        await withTaskGroup { group in
            for number in 0..<100 {
                group.addTask {
                    let lease = await table.acquire(id, .part(1))
                    journal.add(number)
                    await Task.yield()
                    journal.add(number)
                    lease.release()
                }
            }
        }
        let entries = journal.entries
        #expect(entries.count == 200)
        #expect(stride(from: 0, to: 200, by: 2).allSatisfy { entries[$0] == entries[$0 + 1] })
        #expect(table.count == 0)
    }

    @Test func aGateOpensWhenItsTaskIsCancelled() async {
        await withTaskGroup { group in
            for _ in 0..<20 { group.addTask { await Gate.untilCancelled() } }
            group.cancelAll()
        }
    }
}
