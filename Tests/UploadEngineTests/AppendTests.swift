import NIOCore
import Testing
import UploadModel
import UploadStore
import UploadStoreTesting

@testable import UploadEngine

@Suite struct AppendTests {
    @Test(arguments: [0, 1, 4096, 100_001], [true, false])
    func aFileComesInSeveralRequests(_ count: Int, _ isLengthKnown: Bool) async throws {
        let bench = Bench()
        let bytes = sample(count)
        var upload = try await bench.begin(.sequential, sizeBytes: isLengthKnown ? count : nil)
        var offset = 0
        for step in [1000, 1, 7, 60_000] where offset + step < count {
            upload = try await bench.engine.append(bytes[offset..<offset + step], to: upload).upload
            offset += step
            #expect(upload.receivedBytes == Int64(offset) && upload.state == .receiving)
            #expect(try await bench.engine.status(of: upload).prefixBytes == Int64(offset))
        }
        await expectFault(.offsetMismatch) { try await bench.engine.append(bytes, to: upload, at: offset + 1) }
        let outcome = try await bench.engine.append(bytes[offset...], to: upload, endsFile: true)
        #expect(outcome.upload.state == .complete && outcome.upload.layout.sizeBytes == Int64(count))
        #expect(try await bench.content(of: outcome.upload) == bytes)
        #expect(try outcome.upload.crc32c.map { Digest($0) } == digest(.crc32c, of: bytes))
        await expectFault(.alreadyComplete) { try await bench.engine.append([], to: outcome.upload, at: count) }
        try await bench.expectTidy()
    }

    @Test func whatCameBeforeABreakIsKept() async throws {
        let bench = Bench()
        let bytes = sample(50_000)
        let upload = try await bench.begin(.sequential, sizeBytes: bytes.count)
        let append = try await bench.engine.openAppend(upload, AppendOffer(offset: 0, declaredBytes: 50_000))
        try await append.receive(ByteBuffer(bytes: bytes[..<20_001]))
        await append.abandon()
        let settled = try await bench.engine.settle(upload, completing: true)
        #expect(settled.receivedBytes == 20_001)
        let outcome = try await bench.engine.append(
            bytes[20_001...], to: settled, at: 20_001, completesWhenFull: true)
        #expect(try await bench.content(of: outcome.upload) == bytes)
        try await bench.expectTidy()
    }

    @Test func aNewerRequestGetsAnOffsetThatIsTakenNext() async throws {
        let bench = Bench()
        let bytes = sample(50_000)
        let upload = try await bench.begin(.sequential, sizeBytes: bytes.count)
        let held = try await bench.engine.openAppend(upload, AppendOffer(offset: 0, declaredBytes: 50_000))
        try await held.receive(ByteBuffer(bytes: bytes[..<12_345]))
        async let settled = bench.engine.settle(upload, completing: true)
        await held.revoked()
        await expectFault(.superseded) { try await held.receive(ByteBuffer(bytes: bytes[12_345..<13_000])) }
        await held.abandon()
        #expect(try await settled.receivedBytes == 12_345)
        try await bench.engine.append(bytes[12_345...], to: try await settled, at: 12_345, completesWhenFull: true)
        #expect(try await bench.content(of: bench.standing(upload)) == bytes)
        try await bench.expectTidy()
    }

    @Test func longRequestsAreRecordedOnTheWay() async throws {
        let bench = Bench()
        let step = Int(AppendUpload.progressStepBytes)
        let bytes = sample(2 * step + 100)
        let upload = try await bench.begin(.sequential, sizeBytes: bytes.count)
        let seen = Offsets()
        let append = try await bench.engine.openAppend(
            upload, AppendOffer(offset: 0, declaredBytes: Int64(bytes.count), completesWhenFull: true)
        ) { await seen.add($0) }
        var recorded: [Int64] = []
        for start in stride(from: 0, to: bytes.count, by: 1 << 20) {
            try await append.receive(ByteBuffer(bytes: bytes[start..<min(start + 1 << 20, bytes.count)]))
            recorded.append(try await bench.standing(upload).receivedBytes)
        }
        #expect(Set(recorded) == [0, Int64(step), Int64(2 * step)])
        let outcome = try await append.finish(expecting: [:])
        #expect(await seen.all == [Int64(step), Int64(2 * step)])
        #expect(try await bench.content(of: outcome.upload) == bytes)
        try await bench.expectTidy()
    }

    @Test func aWrongDigestCountsForNothing() async throws {
        let bench = Bench()
        let bytes = sample(9000)
        let upload = try await bench.begin(.sequential, sizeBytes: bytes.count)
        await expectFault(.digestMismatch) {
            try await bench.engine.append(
                sample(9000, seed: 2), to: upload, expecting: [.sha256: try digest(.sha256, of: bytes)])
        }
        #expect(try await bench.standing(upload).receivedBytes == 0)
        let outcome = try await bench.engine.append(
            bytes, to: upload, completesWhenFull: true, expecting: [.sha256: try digest(.sha256, of: bytes)])
        #expect(try outcome.upload.state == .complete && outcome.upload.sha256 == digest(.sha256, of: bytes))
        try await bench.expectTidy()
    }

    @Test func lengthsAreKept() async throws {
        let bench = Bench()
        let upload = try await bench.begin(.sequential)
        try await bench.engine.append(sample(10), to: upload, sizeBytes: 30)
        await expectFault(.inconsistentLength) {
            try await bench.engine.append(sample(10), to: upload, at: 10, sizeBytes: 31)
        }
        await expectFault(.inconsistentLength) {
            try await bench.engine.append(sample(10), to: upload, at: 10, endsFile: true)
        }
        await expectFault(.tooLarge) { try await bench.engine.append(sample(21), to: upload, at: 10) }
        // What was not declared shows while it comes; what came before that stays.
        await expectFault(.tooLarge) {
            try await bench.engine.append(sample(6000), to: upload, at: 10, isDeclared: false)
        }
        #expect(try await bench.standing(upload).receivedBytes == 10)
        await expectFault(.notComplete) { _ = try await bench.engine.complete(upload) }
        await expectFault(.tooLarge) { _ = try await bench.begin(.sequential, sizeBytes: 1 << 50) }
        await expectFault(.wayMismatch) { try await bench.engine.send(sample(10), as: 1, of: upload) }
    }

    @Test func anUploadInPartsIsFilledInOrderUntilAPartCame() async throws {
        let bench = Bench()
        let bytes = sample(3000)
        let free = try await bench.begin(sizeBytes: 3000, partBytes: 1000)
        try await bench.engine.append(bytes[..<1500], to: free)
        await expectFault(.wayMismatch) { try await bench.engine.send(bytes[1000..<2000], as: 2, of: free) }
        try await bench.engine.append(bytes[1500...], to: free, at: 1500)
        #expect(try await bench.content(of: bench.engine.complete(free)) == bytes)
        let begun = try await bench.begin(sizeBytes: 3000, partBytes: 1000)
        try await bench.engine.send(bytes[1000..<2000], as: 2, of: begun)
        await expectFault(.wayMismatch) { try await bench.engine.append(bytes, to: begun) }
        #expect(try await bench.standing(begun).receivedBytes == 1000)
    }

    @Test func aLinkIsContinuedAsOneUse() async throws {
        let bench = Bench()
        let bytes = sample(5000)
        let link = try await bench.grant(maximumBytes: 5000)
        let upload = try await bench.engine.claimSequential(link.fileID, declaredBytes: nil)
        await expectFault(.linkUsed) { _ = try await bench.engine.claimSequential(link.fileID, declaredBytes: nil) }
        await expectFault(.linkUsed) { _ = try await bench.engine.claim(link.fileID) }
        try await bench.engine.append(bytes[..<2000], to: upload)
        let outcome = try await bench.engine.append(bytes[2000...], to: upload, at: 2000, endsFile: true)
        #expect(try await bench.content(of: outcome.upload) == bytes)
        try await bench.expectTidy()
    }

    @Test func aWholeThatIsWrongEndsTheUpload() async throws {
        let bench = Bench()
        let upload = try await bench.begin(
            .sequential, sizeBytes: 100, digests: [.sha256: digest(.sha256, of: sample(100))])
        await expectFault(.digestMismatch) {
            try await bench.engine.append(sample(100, seed: 3), to: upload, completesWhenFull: true)
        }
        #expect(try await bench.standing(upload).state == .failed)
        await expectFault(.uploadGone) { try await bench.engine.append([], to: upload, at: 100) }
        try await bench.expectTidy()
    }

    /// Of what a fault cut off nothing is recorded that is not there, and nothing is recorded twice.
    @Test(arguments: [FaultPlan.Call.finish, .append, .writer])
    func aFaultInTheMiddleKeepsWhatWasRecorded(_ call: FaultPlan.Call) async throws {
        let bench = Bench()
        let step = Int(AppendUpload.progressStepBytes)
        let bytes = sample(2 * step + 100)
        let upload = try await bench.begin(.sequential, sizeBytes: bytes.count)
        let append = try await bench.engine.openAppend(
            upload, AppendOffer(offset: 0, declaredBytes: Int64(bytes.count), completesWhenFull: true)
        ) { _ in }
        // The second piece breaks, at whatever moment; the first is safe.
        bench.store.follow(FaultPlan([call: [call == .append ? 12 : 2: .init(.failed)]]))
        await expectFault(.unavailable) {
            _ = try await append.send(bytes, inBuffersOf: 1 << 20) { try await append.finish(expecting: [:]) }
        }
        let settled = try await bench.engine.settle(upload, completing: true)
        #expect(settled.receivedBytes == Int64(step))
        let outcome = try await bench.engine.append(
            bytes[step...], to: settled, at: step, completesWhenFull: true)
        #expect(try await bench.content(of: outcome.upload) == bytes)
        try await bench.expectTidy()
    }

    @Test func whoSendsTheSameOnceMoreTakesOverAndIsToldTheOffset() async throws {
        let bench = Bench()
        let bytes = sample(10_000)
        let upload = try await bench.begin(.sequential, sizeBytes: bytes.count)
        try await bench.engine.append(bytes[..<5000], to: upload)
        let current = try await bench.standing(upload)
        let held = try await bench.engine.openAppend(current, AppendOffer(offset: 5000, declaredBytes: 5000))
        try await held.receive(ByteBuffer(bytes: bytes[5000..<6000]))
        // Its length, counted from where the other has come to, would be too much.
        async let again = expectFault(.offsetMismatch) {
            _ = try await bench.engine.openAppend(upload, AppendOffer(offset: 0, declaredBytes: 10_000, endsFile: true))
        }
        await held.revoked()
        await held.abandon()
        _ = await again
        #expect(try await bench.standing(upload).receivedBytes == 6000)
        try await bench.expectTidy()
    }

    @Test func whatWasPublishedAndNotRecordedIsCompletedWithoutAByte() async throws {
        let bench = Bench()
        let bytes = sample(3000)
        let upload = try await bench.begin(.sequential, sizeBytes: bytes.count)
        bench.store.follow(FaultPlan([.publish: [1: .init(.failed, .after)]]))
        await expectFault(.unavailable) { try await bench.engine.append(bytes, to: upload, endsFile: true) }
        let outcome = try await bench.engine.append([], to: upload, at: bytes.count, endsFile: true)
        #expect(outcome.upload.state == .complete)
        #expect(try await bench.content(of: outcome.upload) == bytes)
    }

    @Test func aCompletionThatFailedIsTriedAgainByWhoeverAsks() async throws {
        let bench = Bench()
        let bytes = sample(100)
        let upload = try await bench.begin(.sequential, sizeBytes: 100)
        bench.store.follow(FaultPlan([.publish: [1: .init(.failed), 2: .init(.failed)]]))
        await expectFault(.unavailable) { try await bench.engine.append(bytes, to: upload, completesWhenFull: true) }
        await expectFault(.unavailable) { _ = try await bench.engine.settle(upload, completing: true) }
        #expect(try await bench.engine.settle(upload, completing: false).receivedBytes == 100)
        #expect(try await bench.engine.settle(upload, completing: true).state == .complete)
        #expect(try await bench.content(of: bench.standing(upload)) == bytes)
    }
}

/// What somebody was told.
private actor Offsets {
    private(set) var all: [Int64] = []
    func add(_ offset: Int64) { all.append(offset) }
}

@Suite struct JoinTests {
    @Test func piecesBecomeOneFileAndStayUsable() async throws {
        let bench = Bench()
        let bytes = sample(30_000)
        let cuts = [0..<10_000, 10_000..<10_001, 10_001..<10_001, 10_001..<30_000]
        var pieces: [UploadRecord] = []
        for range in cuts { pieces.append(try await bench.begin(.partial, sizeBytes: range.count)) }
        let final = try await bench.begin(.joined, joins: pieces.map(\.fileID))
        #expect(final.layout.sizeBytes == 30_000)
        for (piece, range) in zip(pieces, cuts).reversed() {
            #expect(try await bench.engine.joinWaiting() == false)
            try await bench.engine.append(bytes[range], to: piece, completesWhenFull: true)
        }
        #expect(try await bench.engine.joinWaiting())
        let complete = try await bench.engine.settle(final, completing: true)
        #expect(complete.state == .complete)
        #expect(try await bench.content(of: complete) == bytes)
        #expect(try complete.crc32c.map { Digest($0) } == digest(.crc32c, of: bytes))
        let second = try await bench.begin(.joined, joins: [pieces[3].fileID, pieces[0].fileID])
        #expect(try await bench.engine.joinWaiting())
        let joined = try await bench.content(of: bench.standing(second))
        #expect(joined == Array(bytes[10_001...]) + Array(bytes[..<10_000]))
        #expect(try await bench.engine.joinWaiting() == false)
        await expectFault(.wayMismatch) { _ = try await bench.engine.complete(pieces[0]) }
        let third = try await bench.begin(.joined, joins: [pieces[1].fileID])
        await expectFault(.wayMismatch) { try await bench.engine.append(bytes, to: third, at: 0) }
        #expect(try await bench.engine.joinWaiting())
        try await bench.expectTidy()
    }

    @Test func aBreakInTheMiddleIsMadeGood() async throws {
        let bench = Bench()
        let bytes = sample(3000)
        var pieces: [UploadRecord] = []
        for start in stride(from: 0, to: 3000, by: 1000) {
            let piece = try await bench.begin(.partial)
            try await bench.engine.append(bytes[start..<start + 1000], to: piece, sizeBytes: 1000)
            pieces.append(piece)
        }
        let final = try await bench.begin(.joined, joins: pieces.map(\.fileID))
        bench.store.follow(FaultPlan([.copy: [2: .init(.failed, .after)], .publish: [1: .init(.failed, .after)]]))
        for _ in 0..<2 {
            _ = try await bench.engine.joinWaiting()
            #expect(try await bench.standing(final).state == .receiving)
        }
        #expect(try await bench.engine.joinWaiting())
        #expect(try await bench.content(of: bench.standing(final)) == bytes)
    }

    @Test func whatCanNeverBeWholeEnds() async throws {
        let bench = Bench()
        let piece = try await bench.begin(.partial)
        let unfinished = try await bench.begin(.partial)
        let final = try await bench.begin(.joined, joins: [piece.fileID, unfinished.fileID])
        try await bench.engine.abort(piece)
        #expect(try await bench.engine.joinWaiting())
        #expect(try await bench.standing(final).state == .failed)
        await expectFault(.uploadGone) { _ = try await bench.begin(.joined, joins: [piece.fileID]) }
        await expectFault(.notFound) { _ = try await bench.begin(.joined, joins: [.random()]) }
        let whole = try await bench.begin(.sequential)
        await expectFault(.wayMismatch) { _ = try await bench.begin(.joined, joins: [whole.fileID]) }
        await expectFault(.invalidRequest) { _ = try await bench.begin(.joined) }
    }
}
