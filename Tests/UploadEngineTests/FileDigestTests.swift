import NIOCore
import Testing
import UploadModel
import UploadStore
import UploadStoreTesting

@testable import UploadEngine

/// What a file must have that comes in order, over any number of requests.
@Suite struct FileDigestTests {
    private static let bytes = sample(9000)

    private static func digests(
        _ algorithms: [DigestAlgorithm] = DigestAlgorithm.allCases, of bytes: [UInt8] = bytes
    ) throws -> [DigestAlgorithm: Digest] {
        try algorithms.reduce(into: [:]) { $0[$1] = try digest($1, of: bytes) }
    }

    @Test(arguments: DigestAlgorithm.allCases)
    func aFileIsHeldToWhatWasAnnouncedWithIt(_ algorithm: DigestAlgorithm) async throws {
        for (announced, code) in [(Self.bytes, nil), (sample(9000, seed: 1), UploadFault.Code.digestMismatch)] {
            let bench = Bench()
            let upload = try await bench.begin(.sequential, digests: Self.digests([algorithm], of: announced))
            try await bench.engine.append(Self.bytes[..<5000], to: upload)
            func end() async throws {
                try await bench.engine.append(Self.bytes[5000...], to: upload, at: 5000, endsFile: true)
            }
            if let code { await expectFault(code) { try await end() } } else { try await end() }
            #expect(try await bench.standing(upload).state == (code == nil ? .complete : .failed))
            try await bench.expectTidy()
        }
    }

    @Test func eachRequestMayAnnounceAndNoneContradict() async throws {
        let bench = Bench()
        let right = try Self.digests()
        let wrong = try Self.digests(of: sample(9000, seed: 1))
        let upload = try await bench.begin(.sequential, digests: right.filter { $0.key == .sha512 })
        try await bench.engine.append(
            Self.bytes[..<2000], to: upload, announcing: right.filter { [.sha512, .md5].contains($0.key) })
        for algorithm in [DigestAlgorithm.sha512, .md5] {
            await expectFault(.digestMismatch) {
                try await bench.engine.append(
                    Self.bytes[2000...], to: upload, at: 2000, announcing: wrong.filter { $0.key == algorithm })
            }
        }
        let standing = try await bench.standing(upload)
        #expect(standing.receivedBytes == 2000 && standing.state == .receiving, "a refusal changes nothing")
        #expect(standing.expectedDigests == right.filter { [.sha512, .md5].contains($0.key) })
        // Without a byte, and of a request that breaks off.
        try await bench.engine.append([], to: upload, at: 2000, announcing: [.sha1: try #require(wrong[.sha1])])
        let broken = try await bench.engine.openAppend(
            upload, AppendOffer(offset: 2000, declaredBytes: 7000, fileDigests: [.crc32c: try #require(right[.crc32c])])
        )
        await broken.abandon()
        #expect(try await bench.standing(upload).expectedDigests.keys.contains(.sha1))
        await expectFault(.digestMismatch) {
            try await bench.engine.append(Self.bytes[2000...], to: upload, at: 2000, endsFile: true)
        }
        #expect(try await bench.standing(upload).state == .failed)
        try await bench.expectTidy()
    }

    @Test func whatCameHalfAnnouncesToo() async throws {
        let bench = Bench()
        let upload = try await bench.begin(.sequential)
        let wrong = try Self.digests([.md5], of: sample(9000, seed: 1))
        let broken = try await bench.engine.openAppend(
            upload, AppendOffer(offset: 0, declaredBytes: 9000, fileDigests: wrong))
        try await broken.receive(ByteBuffer(bytes: Self.bytes[..<3000]))
        await broken.abandon()
        #expect(try await bench.standing(upload).expectedDigests == wrong)
        #expect(try await bench.standing(upload).receivedBytes == 3000)
    }

    /// However many digests there are, and whoever wants them.
    @Test func aFileIsReadOnceAtMost() async throws {
        let bench = Bench()
        let right = try Self.digests()
        let upload = try await bench.begin(.sequential, digests: right.filter { [.sha256, .md5].contains($0.key) })
        try await bench.engine.append(Self.bytes[..<5000], to: upload)
        // A second reading would fail.
        bench.store.follow(FaultPlan([.digest: [2: .init(.failed)]]))
        let outcome = try await bench.engine.append(
            Self.bytes[5000...], to: upload, at: 5000, endsFile: true, wanting: [.sha512, .crc32c, .md5])
        #expect(outcome.fileDigests == right.filter { [.sha256, .md5, .sha512, .crc32c].contains($0.key) })
        #expect(outcome.upload.sha256 == right[.sha256])
        #expect(
            outcome.upload.knownDigests == right.filter { [.sha256, .md5, .crc32c].contains($0.key) },
            "what was announced is true of the file")

        let plain = try await bench.begin(.sequential, digests: right.filter { $0.key == .crc32c })
        bench.store.follow(FaultPlan([.digest: [1: .init(.failed)]]))
        try await bench.engine.append(Self.bytes[..<5000], to: plain)
        try await bench.engine.append(Self.bytes[5000...], to: plain, at: 5000, endsFile: true, wanting: [.crc32c])
        #expect(try await bench.standing(plain).state == .complete, "the checksum is known without reading")
    }

    /// The disk could not be read: the bytes are here, and the end may be said again.
    @Test func aFileThatCannotBeReadNowIsNotJudged() async throws {
        let bench = Bench()
        let upload = try await bench.begin(.sequential, digests: Self.digests([.sha1]))
        bench.store.follow(FaultPlan([.digest: [1: .init(.failed)]]))
        await expectFault(.unavailable) {
            try await bench.engine.append(Self.bytes, to: upload, endsFile: true)
        }
        #expect(try await bench.standing(upload).state == .receiving)
        try await bench.engine.append([], to: upload, at: 9000, endsFile: true)
        #expect(try await bench.standing(upload).state == .complete)
        try await bench.expectTidy()
    }

    @Test func aClaimAnnounces() async throws {
        let bench = Bench()
        let wrong = try Self.digests([.sha512], of: sample(9000, seed: 1))
        let link = try await bench.grant(maximumBytes: 9000)
        let upload = try await bench.engine.claimSequential(
            link.fileID, declaredBytes: 9000, sizeBytes: 9000, digests: wrong)
        #expect(upload.expectedDigests == wrong && upload.layout.sizeBytes == 9000)
        await expectFault(.digestMismatch) {
            try await bench.engine.append(Self.bytes, to: upload, completesWhenFull: true)
        }
    }
}
