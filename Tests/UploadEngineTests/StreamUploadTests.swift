import NIOCore
import Testing
import UploadModel
import UploadStore
import UploadStoreTesting

@testable import UploadEngine

@Suite struct StreamUploadTests {
    @Test(arguments: [0, 1, 100_001], [true, false])
    func aFileComesInOneStream(_ count: Int, _ isDeclared: Bool) async throws {
        let bench = Bench()
        let bytes = sample(count)
        let upload = try await bench.engine.claim(bench.grant().fileID)
        let expected: [DigestAlgorithm: Digest] = [
            .sha256: try digest(.sha256, of: bytes), .crc32c: try digest(.crc32c, of: bytes),
        ]
        let outcome = try await bench.engine.stream(bytes, into: upload, isDeclared: isDeclared, expecting: expected)
        #expect(outcome.digests == expected)
        #expect(outcome.upload.state == .complete && outcome.upload.layout.sizeBytes == Int64(count))
        #expect(outcome.upload.sha256 == expected[.sha256])
        #expect(try await bench.content(of: outcome.upload) == bytes)
        try await bench.expectTidy()
    }

    @Test func of200WhoUseALinkOneIsServed() async throws {
        let bench = Bench()
        let upload = try await bench.grant()
        let served = await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<200 {
                group.addTask {
                    do throws(UploadFault) {
                        _ = try await bench.engine.claim(upload.fileID)
                        return true
                    } catch {
                        #expect(error.code == .linkUsed)
                        return false
                    }
                }
            }
            return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        #expect(served == 1)
        await expectFault(.linkUsed) { _ = try await bench.engine.claim(.random()) }
    }

    @Test func aLinkTakesNoRoomBeforeItIsUsedAndNoPartEver() async throws {
        let bench = Bench()
        let upload = try await bench.grant(sizeBytes: 10)
        #expect(try await bench.store.inventory() == [])
        await expectFault(.notComplete) { try await bench.engine.send(sample(10), as: 1, of: upload) }
        await expectFault(.notComplete) { _ = try await bench.engine.complete(upload) }
        let claimed = try await bench.engine.claim(upload.fileID)
        await expectFault(.linkUsed) { try await bench.engine.send(sample(10), as: 1, of: claimed) }
        await expectFault(.partsMissing) { _ = try await bench.engine.complete(claimed) }
        await expectFault(.tooLarge) { _ = try await bench.grant(sizeBytes: 11, maximumBytes: 10) }
        try await bench.expectTidy()
    }

    enum Failure: CaseIterable {
        case tooLong, tooShort, tooLongForTheLink, declaredOtherwise, declaredTooLong, digest, abandoned, empty
        case room, writer, append, finish, publish, publishAfter
    }

    @Test(arguments: Failure.allCases)
    func whateverIsNotFinishedHasFailedAndItsBytesAreFreed(_ failure: Failure) async throws {
        let bench = Bench()
        let isOpen = [.tooLongForTheLink, .declaredTooLong].contains(failure)
        let granted = try await bench.grant(sizeBytes: isOpen ? nil : 9000, maximumBytes: 9000)
        let upload = try await bench.engine.claim(granted.fileID)
        let (code, count, declared): (UploadFault.Code?, Int, Int?) =
            switch failure {
            case .tooLong, .tooLongForTheLink: (.tooLarge, 9001, nil)
            case .tooShort: (.lengthMismatch, 8999, nil)
            case .empty: (.lengthMismatch, 0, nil)
            case .declaredOtherwise: (.lengthMismatch, 8999, 8999)
            case .declaredTooLong: (.tooLarge, 9001, 9001)
            case .digest: (.digestMismatch, 9000, 9000)
            case .abandoned: (nil, 6000, nil)
            case .room: (.insufficientStorage, 9000, nil)
            case .writer, .append, .finish, .publish, .publishAfter: (.unavailable, 9000, nil)
            }
        let calls: [Failure: FaultPlan.Call] = [
            .room: .prepare, .writer: .writer, .append: .append, .finish: .finish, .publish: .publish,
            .publishAfter: .publish,
        ]
        if let call = calls[failure] {
            let fault = FaultPlan.Fault(
                failure == .room ? .full : .failed, failure == .publishAfter ? .after : .before)
            bench.store.follow(FaultPlan([call: [1: fault]]))
        }
        let expected = failure == .digest ? [DigestAlgorithm.md5: try digest(.md5, of: [])] : [:]
        func run() async throws {
            let stream = try await bench.engine.openStream(
                upload, declaredBytes: declared.map(Int64.init), digests: Set(expected.keys))
            _ = try await stream.send(sample(count)) {
                if failure == .abandoned { return await stream.abandon() }
                _ = try await stream.finish(expecting: expected)
            }
        }
        if let code { await expectFault(code) { try await run() } } else { try await run() }
        #expect(try await bench.standing(upload).state == .failed)
        #expect(try await bench.store.inventory() == [])
        await expectFault(.linkUsed) { _ = try await bench.engine.claim(upload.fileID) }
        try await bench.expectTidy()
    }

    @Test func abortingStopsAStreamAndFreesItsBytes() async throws {
        let bench = Bench()
        let upload = try await bench.engine.claim(bench.grant().fileID)
        let stream = try await bench.engine.openStream(upload, declaredBytes: nil, digests: [])
        try await stream.receive(ByteBuffer(bytes: sample(5000)))
        async let abort: Void = bench.engine.abort(upload)
        await stream.revoked()
        await expectFault(.superseded) { try await stream.receive(ByteBuffer(bytes: sample(5000))) }
        await stream.abandon()
        try await abort
        #expect(try await bench.standing(upload).state.isOpen == false)
        #expect(try await bench.store.inventory() == [])
        try await bench.expectTidy()
    }

    @Test func whatWasAbortedBetweenClaimAndStreamTakesNoBytes() async throws {
        let bench = Bench()
        let upload = try await bench.engine.claim(bench.grant().fileID)
        try await bench.engine.abort(upload)
        await expectFault(.uploadGone) { try await bench.engine.stream(sample(10), into: upload) }
        #expect(try await bench.standing(upload).state == .aborted)
        #expect(try await bench.store.inventory() == [])
        try await bench.expectTidy()
    }

    @Test func aStreamWhoseCompletionIsNotAnsweredIsNotLost() async throws {
        for seed in UInt64(1)...40 {
            let bench = Bench()
            let upload = try await bench.engine.claim(bench.grant().fileID)
            let stream = try await bench.engine.openStream(upload, declaredBytes: nil, digests: [])
            try await stream.receive(ByteBuffer(bytes: sample(5000)))
            bench.catalog.fail(oneIn: 2, seed: seed)
            let outcome = try? await stream.finish(expecting: [:])
            bench.catalog.fail(oneIn: 0, seed: 0)
            let standing = try await bench.standing(upload)
            if outcome != nil { #expect(standing.state == .complete, "seed \(seed)") }
            if standing.state == .complete {
                #expect(try await bench.content(of: standing) == sample(5000), "seed \(seed)")
            }
            bench.clock.turn(seconds: 30 * 24 * 3600)
            _ = try await bench.engine.sweep(orphanAgeSeconds: 0)
            try await bench.expectTidy("seed \(seed)")
            #expect(try await bench.store.inventory().count == (standing.state == .complete ? 1 : 0), "seed \(seed)")
        }
    }

    @Test func aFileThatComesWithItsFormIsBoundedByIt() async throws {
        let bench = Bench()
        func open(_ limit: Int64?) async throws -> StreamUpload {
            try await bench.engine.openDirect(
                tenant: .default, fileName: .sample, declaredType: nil, limitBytes: limit)
        }
        let stream = try await open(nil)
        let outcome = try await stream.send(sample(9000)) { try await stream.finish(expecting: [:]) }
        #expect(try await bench.content(of: outcome.upload) == sample(9000))
        await expectFault(.linkUsed) { _ = try await bench.engine.claim(outcome.upload.fileID) }
        let short = try await open(100)
        await expectFault(.tooLarge) {
            _ = try await short.send(sample(101)) { try await short.finish(expecting: [:]) }
        }
        #expect(try await bench.store.inventory().count == 1)
        try await bench.expectTidy()
    }
}
