import Logging
import NIOCore
import Testing
import UploadModel
import UploadStore
import UploadStoreTesting

@testable import UploadEngine

@Suite struct AgeTests {
    private static let hour: Int64 = 3600

    @Test func anUploadExpiresOnlyWhileNobodyWritesToIt() async throws {
        let bench = Bench(limits: { $0.uploadLifetimeSeconds = Self.hour })
        let upload = try await bench.begin(sizeBytes: 20, partBytes: 10)
        let part = try await bench.engine.openPart(of: upload, number: 1, declaredBytes: nil, digests: [])
        try await part.receive(ByteBuffer(bytes: sample(5)))
        bench.clock.turn(seconds: Self.hour + 1)
        #expect(try await bench.engine.expireOld() == 0)
        // The reaper asks nobody to stop.
        try await part.receive(ByteBuffer(bytes: sample(5)))
        _ = try await part.finish(expecting: [:])
        // A part gives it new time.
        #expect(try await bench.engine.expireOld() == 0)
        bench.clock.turn(seconds: Self.hour + 1)
        #expect(try await bench.engine.expireOld() == 1)
        #expect(try await bench.standing(upload).state == .expired)
        #expect(try await bench.store.inventory() == [])
        await expectFault(.uploadGone) { try await bench.engine.send(sample(10), as: 2, of: upload) }
        try await bench.expectTidy()
    }

    @Test func aPartThatComesWhileTheReaperLooksSavesTheUpload() async throws {
        let bench = Bench(limits: { $0.uploadLifetimeSeconds = Self.hour })
        let upload = try await bench.begin(sizeBytes: 10)
        bench.clock.turn(seconds: Self.hour + 1)
        bench.catalog.at(.afterExpired) {
            await #expect(throws: Never.self) { try await bench.engine.send(sample(10), as: 1, of: upload) }
        }
        #expect(try await bench.engine.expireOld() == 0)
        #expect(try await bench.content(of: bench.engine.complete(upload)) == sample(10))
        try await bench.expectTidy()
    }

    @Test func aLinkThatNobodyUsedExpires() async throws {
        let bench = Bench()
        let link = try await bench.grant(lifetimeSeconds: 60)
        let fresh = try await bench.grant(lifetimeSeconds: 600)
        bench.clock.turn(seconds: 61)
        #expect(try await bench.engine.expireOld() == 1)
        await expectFault(.linkUsed) { _ = try await bench.engine.claim(link.fileID) }
        // One that is used in time may outlast it.
        let claimed = try await bench.engine.claim(fresh.fileID)
        let stream = try await bench.engine.openStream(claimed, declaredBytes: nil, digests: [])
        bench.clock.turn(seconds: 48 * Self.hour)
        #expect(try await bench.engine.expireOld() == 0)
        let outcome = try await stream.send(sample(10)) { try await stream.finish(expecting: [:]) }
        #expect(outcome.upload.state == .complete)
        bench.clock.turn(seconds: 480 * Self.hour)
        #expect(try await bench.engine.expireOld() == 0)
        #expect(try await bench.content(of: outcome.upload) == sample(10))
    }

    @Test func recordsOfEndedUploadsAreForgottenInTime() async throws {
        let bench = Bench(limits: { $0.tombstoneSeconds = Self.hour })
        let upload = try await bench.begin(sizeBytes: 10)
        try await bench.engine.abort(upload)
        #expect(try await bench.engine.sweep(orphanAgeSeconds: 0) == UploadEngine.SweepReport())
        await expectFault(.uploadGone) { try await bench.engine.send(sample(10), as: 1, of: upload) }
        bench.clock.turn(seconds: Self.hour + 1)
        #expect(try await bench.engine.sweep(orphanAgeSeconds: 0).forgottenRecords == 1)
        await expectFault(.notFound) { try await bench.engine.send(sample(10), as: 1, of: upload) }
        await expectFault(.notFound) { _ = try await bench.engine.complete(upload) }
    }

    @Test func theSweepFreesWhatNoRecordNamesAndNothingElse() async throws {
        let bench = Bench()
        let open = try await bench.begin(sizeBytes: 20, partBytes: 10)
        // One part in place, one kept aside behind it.
        for seed in UInt64(1)...2 { try await bench.engine.send(sample(10, seed: seed), as: 1, of: open) }
        let whole = try await bench.begin(sizeBytes: 10)
        try await bench.engine.send(sample(10), as: 1, of: whole)
        let complete = try await bench.engine.complete(whole)
        let (staged, published) = (ObjectKey.random(), ObjectKey.random())
        for key in [staged, published] { try await bench.store.prepare(key, sizeBytes: nil) }
        _ = try await bench.store.publish(published, pieces: [])
        let spool = try await bench.store.spool(sizing: .atMost(9))
        _ = try await spool.finish()
        #expect(try await bench.engine.check().orphans.count == 3)
        #expect(try await bench.engine.check().isSound)
        #expect(try await bench.engine.sweep(orphanAgeSeconds: Self.hour).freedOrphans == 0)
        bench.clock.turn(seconds: Self.hour + 1)
        #expect(try await bench.engine.sweep(orphanAgeSeconds: Self.hour).freedOrphans == 3)
        try await bench.expectTidy()
        try await bench.engine.send(sample(10, seed: 3), as: 2, of: open)
        let content = try await bench.content(of: bench.engine.complete(open))
        #expect(content == sample(10, seed: 2) + sample(10, seed: 3))
        #expect(try await bench.content(of: complete) == sample(10))
    }

    @Test func whatIsMissingIsFound() async throws {
        let bench = Bench()
        var uploads: [UploadRecord] = []
        for number in 0..<4 {
            let upload = try await bench.begin(sizeBytes: 10)
            uploads.append(upload)
            for seed in UInt64(0)..<2 { try await bench.engine.send(sample(10, seed: seed), as: 1, of: upload) }
            if number % 2 == 0 { _ = try await bench.engine.complete(upload) }
        }
        try await bench.expectTidy()
        try await bench.store.discard(uploads[0].objectKey, spooled: [])
        try await bench.store.discard(uploads[1].objectKey, spooled: [])
        let token = try #require(try await bench.catalog.parts(of: uploads[3].fileID).first?.token)
        try await bench.store.forget([token])
        let check = try await bench.engine.check()
        #expect(check.lost == [uploads[0].fileID])
        #expect(check.unstaged == [uploads[1].fileID])
        #expect(check.lostPieces == [uploads[3].fileID])
        #expect(!check.isSound)
        #expect(check.comparedUploads == 4)
    }
}
