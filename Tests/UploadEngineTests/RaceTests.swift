import NIOCore
import Testing
import UploadModel
import UploadStore
import UploadStoreTesting

@testable import UploadEngine

/// Two who want the same upload at once, held at the very moment when it matters: one of them has it, and what
/// stands then is what he was told.
@Suite struct RaceTests {
    private static let hour: Int64 = 3600

    /// Returns when somebody waits for a place that another one has.
    private func whenWaitedFor(_ upload: UploadRecord, _ bench: Bench) async {
        while bench.engine.leases.waitingCount(upload.fileID) < 1 { await Task.yield() }
    }

    // MARK: Two writers of one part

    /// A buffer is on its way into the store, one of several or the last, when somebody else wants the part.
    @Test(arguments: [6000, 10_000]) func whoIsOvertakenInTheMiddleOfABufferStoresItFirst(_ count: Int) async throws {
        let storing = Pause()
        let bench = Bench(wrap: { ShapedStore(store: $0, beforeAppending: { await storing.here() }) })
        let upload = try await bench.begin(sizeBytes: 20_000, partBytes: 10_000)
        let (old, new) = (sample(10_000, seed: 1), sample(10_000, seed: 2))
        let holder = try await bench.engine.openPart(of: upload, number: 1, declaredBytes: 10_000, digests: [])
        async let buffer: Void = holder.receive(ByteBuffer(bytes: old[..<count]))
        await storing.whenReached()
        async let newcomer = bench.engine.send(new, as: 1, of: upload)
        await holder.revoked()
        await whenWaitedFor(upload, bench)
        // Asked to stop, it has not: nobody else writes while the store has the buffer.
        #expect(try await bench.standing(upload).receivedBytes == 0)
        storing.end()
        try await buffer
        if count < old.count {
            await expectFault(.superseded) { try await holder.receive(ByteBuffer(bytes: old[count...])) }
            await holder.abandon()
        } else {
            // All of it was here before it was asked to stop: it counts, until the other one's does.
            let outcome = try await holder.finish(expecting: [:])
            #expect(Digest(outcome.crc32c) == (try digest(.crc32c, of: old)))
        }
        let outcome = try await newcomer
        #expect(Digest(outcome.crc32c) == (try digest(.crc32c, of: new)))
        #expect(try await bench.catalog.parts(of: upload.fileID).map(\.crc32c) == [outcome.crc32c])
        try await bench.engine.send(old, as: 2, of: upload)
        #expect(try await bench.content(of: bench.engine.complete(upload)) == new + old)
        try await bench.expectTidy()
    }

    enum Step: CaseIterable { case finishing, recording }

    /// The bytes are all here, and are being made durable, or being recorded.
    @Test(arguments: Step.allCases, [false, true])
    func whoIsOvertakenAtTheEndCountsFirst(_ step: Step, _ isRepeated: Bool) async throws {
        let pause = Pause(afterPassing: isRepeated ? 1 : 0)
        let bench = Bench(wrap: { store in
            step == .finishing ? ShapedStore(store: store, beforeFinishing: { await pause.here() }) : store
        })
        if step == .recording { bench.catalog.at(.beforeRecording) { await pause.here() } }
        let upload = try await bench.begin(sizeBytes: 20_000, partBytes: 10_000)
        let contents = (0..<3).map { sample(10_000, seed: UInt64($0)) }
        if isRepeated { try await bench.engine.send(contents[2], as: 1, of: upload) }
        async let holder = bench.engine.send(contents[0], as: 1, of: upload)
        await pause.whenReached()
        async let newcomer = bench.engine.send(contents[1], as: 1, of: upload)
        await whenWaitedFor(upload, bench)
        pause.end()
        #expect(Digest(try await holder.crc32c) == (try digest(.crc32c, of: contents[0])))
        #expect(Digest(try await newcomer.crc32c) == (try digest(.crc32c, of: contents[1])))
        #expect(try await bench.catalog.parts(of: upload.fileID).count == 1)
        try await bench.engine.send(contents[2], as: 2, of: upload)
        #expect(try await bench.content(of: bench.engine.complete(upload)) == contents[1] + contents[2])
        try await bench.expectTidy()
    }

    // MARK: A completion and an abort

    @Test func anAbortThatComesAfterTheCompletionIsRecordedIsTooLate() async throws {
        let pause = Pause()
        let bench = Bench()
        bench.catalog.at(.afterCompleting) { await pause.here() }
        let upload = try await bench.begin(sizeBytes: 10)
        try await bench.engine.send(sample(10), as: 1, of: upload)
        async let completion = bench.engine.complete(upload)
        await pause.whenReached()
        // Whoever completes has not been told yet.
        await expectFault(.alreadyComplete) { try await bench.engine.abort(upload) }
        pause.end()
        #expect(try await bench.content(of: completion) == sample(10))
        try await bench.expectTidy()
    }

    @Test func anAbortThatIsRecordedBeforeTheCompletionWins() async throws {
        let pause = Pause()
        let bench = Bench()
        bench.catalog.at(.beforeCompleting) { await pause.here() }
        let upload = try await bench.begin(sizeBytes: 10)
        try await bench.engine.send(sample(10), as: 1, of: upload)
        // Its bytes are at their final place already.
        async let completion: UploadFault? = expectFault(.uploadGone) { _ = try await bench.engine.complete(upload) }
        await pause.whenReached()
        async let abort: Void = bench.engine.abort(upload)
        await whenWaitedFor(upload, bench)
        pause.end()
        _ = await completion
        try await abort
        #expect(try await bench.store.inventory() == [])
        try await bench.expectTidy()
    }

    @Test func whoCompletesWhileAnAbortFreesTheBytesIsToldThatItIsGone() async throws {
        let pause = Pause()
        let bench = Bench(wrap: { ShapedStore(store: $0, beforeDiscarding: { await pause.here() }) })
        let upload = try await bench.begin(sizeBytes: 10)
        try await bench.engine.send(sample(10), as: 1, of: upload)
        async let abort: Void = bench.engine.abort(upload)
        await pause.whenReached()
        await expectFault(.uploadGone) { _ = try await bench.engine.complete(upload) }
        await expectFault(.uploadGone) { try await bench.engine.send(sample(10), as: 1, of: upload) }
        pause.end()
        try await abort
        #expect(try await bench.store.inventory() == [])
        try await bench.expectTidy()
    }

    /// Nobody is held: whoever comes first, of all who complete and all who abort the one kind is served.
    @Test func ofManyCompletionsAndAbortsOneKindIsServed() async throws {
        let seed = UInt64.random(in: 0 ... .max)
        var generator = SeededGenerator(seed: seed)
        var (completed, aborted) = (0, 0)
        for round in 0..<100 {
            let bench = Bench()
            let upload = try await bench.begin(sizeBytes: 3000, partBytes: 1000)
            for number in 1...3 { try await bench.engine.send(sample(1000), as: number, of: upload) }
            let delays = (0..<6).map { _ in Int.random(in: 0...12, using: &generator) }
            let codes = await withTaskGroup(of: (isCompletion: Bool, code: UploadFault.Code?).self) { group in
                for (number, delay) in delays.enumerated() {
                    group.addTask {
                        for _ in 0..<delay { await Task.yield() }
                        do throws(UploadFault) {
                            if number % 2 == 0 {
                                _ = try await bench.engine.complete(upload)
                            } else {
                                try await bench.engine.abort(upload)
                            }
                            return (number % 2 == 0, nil)
                        } catch {
                            return (number % 2 == 0, error.code)
                        }
                    }
                }
                return await group.reduce(into: [(isCompletion: Bool, code: UploadFault.Code?)]()) { $0.append($1) }
            }
            let isComplete = try await bench.standing(upload).state == .complete
            for (isCompletion, code) in codes {
                let lost: UploadFault.Code = isCompletion ? .uploadGone : .alreadyComplete
                #expect(code == (isCompletion == isComplete ? nil : lost), "round \(round), seed \(seed)")
            }
            #expect(try await bench.store.inventory().count == (isComplete ? 1 : 0), "round \(round), seed \(seed)")
            try await bench.expectTidy("round \(round), seed \(seed)")
            if isComplete { completed += 1 } else { aborted += 1 }
        }
        #expect(completed + aborted == 100)
    }

    // MARK: The reaper and a late writer

    /// The reaper holds the upload, and its record is about to end, when a part comes.
    @Test(arguments: [false, true])
    func aPartThatComesWhileTheReaperEndsTheUploadIsTooLate(_ isFresh: Bool) async throws {
        let pause = Pause()
        let bench = Bench(limits: { $0.uploadLifetimeSeconds = Self.hour })
        bench.catalog.at(.beforeEnding) { await pause.here() }
        let upload = try await bench.begin(sizeBytes: 20, partBytes: 10)
        try await bench.engine.send(sample(10), as: 1, of: upload)
        bench.clock.turn(seconds: Self.hour + 1)
        async let count = bench.engine.expireOld()
        await pause.whenReached()
        async let late: UploadFault? = expectFault(.uploadGone) {
            // Named by its id it is known from memory, as the record of somebody who looked it up before it is not.
            if isFresh {
                try await bench.engine.send(sample(10), as: 2, of: upload.fileID)
            } else {
                try await bench.engine.send(sample(10), as: 2, of: upload)
            }
        }
        await whenWaitedFor(upload, bench)
        pause.end()
        _ = await late
        #expect(try await count == 1)
        #expect(try await bench.standing(upload).state == .expired)
        #expect(try await bench.store.inventory() == [])
        try await bench.expectTidy()
    }

    @Test func aPartThatComesWhileTheReaperFreesTheBytesIsTooLate() async throws {
        let pause = Pause()
        let bench = Bench(
            limits: { $0.uploadLifetimeSeconds = Self.hour },
            wrap: { ShapedStore(store: $0, beforeDiscarding: { await pause.here() }) })
        let upload = try await bench.begin(sizeBytes: 20, partBytes: 10)
        try await bench.engine.send(sample(10), as: 1, of: upload)
        bench.clock.turn(seconds: Self.hour + 1)
        async let count = bench.engine.expireOld()
        await pause.whenReached()
        await expectFault(.uploadGone) { try await bench.engine.send(sample(10), as: 2, of: upload.fileID) }
        await expectFault(.uploadGone) { try await bench.engine.send(sample(10), as: 1, of: upload) }
        pause.end()
        #expect(try await count == 1)
        #expect(try await bench.store.inventory() == [])
        try await bench.expectTidy()
    }
}

/// The reaper of another program, as `sluice sweep` is one, asks for no place of ours.
extension FreshPartTests {
    @Test(arguments: [false, true])
    func aPartThatIsRecordedWhileAnotherProgramsReaperLooksSavesTheUpload(_ isOnDisk: Bool) async throws {
        try await withTwo(onDisk: isOnDisk) { bench, other in
            let pause = Pause()
            bench.catalog.at(.beforeEnding) { await pause.here() }
            let bytes = sample(2 * Self.partBytes)
            let upload = try await begin(bytes.count, parts: 2, on: bench)
            bench.clock.turn(seconds: bench.engine.limits.uploadLifetimeSeconds + 1)
            async let count = other.expireOld()
            await pause.whenReached()
            // It was looked at for the last time, and ends with the next statement; what is acknowledged now is there.
            try await bench.engine.send(slice(bytes, part: 1, of: Self.partBytes), as: 1, of: upload.fileID)
            pause.end()
            #expect(try await count == 0)
            try await bench.engine.send(slice(bytes, part: 2, of: Self.partBytes), as: 2, of: upload.fileID)
            let isSame = try await bench.content(of: bench.engine.complete(upload)) == bytes
            #expect(isSame)
            try await bench.expectTidy()
        }
    }

    @Test(arguments: [false, true])
    func aPartThatIsUnderWayWhenAnotherProgramsReaperComesIsGone(_ isOnDisk: Bool) async throws {
        try await withTwo(onDisk: isOnDisk) { bench, other in
            let upload = try await begin(2 * Self.partBytes, parts: 2, on: bench)
            let part = try await bench.engine.openPart(
                1, of: upload.fileID.text, tenant: .default, declaredBytes: Int64(Self.partBytes), digests: [])
            try await part.receive(ByteBuffer(bytes: sample(Self.partBytes)))
            bench.clock.turn(seconds: bench.engine.limits.uploadLifetimeSeconds + 1)
            #expect(try await other.expireOld() == 1)
            await expectFault(.uploadGone) { _ = try await part.finish(expecting: [:]) }
            #expect(try await bench.store.inventory() == [])
            try await bench.expectTidy()
        }
    }
}
