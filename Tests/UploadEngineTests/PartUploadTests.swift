import DiskStore
import Foundation
import NIOCore
import Testing
import UploadModel
import UploadStore
import UploadStoreTesting

@testable import UploadEngine

@Suite struct PartUploadTests {
    /// What a client did to a file: which contents were acknowledged for which part, the last one last.
    private struct Plan {
        let fileBytes: Int
        let partBytes: Int
        let isSizeKnown: Bool
        let versions: [[[UInt8]]]
        let order: [Int]

        init(seed: UInt64) {
            var generator = SeededGenerator(seed: seed)
            fileBytes = Int.random(in: 1...200_000, using: &generator)
            partBytes = max(fileBytes / 40, Int.random(in: 1...60_000, using: &generator))
            isSizeKnown = Bool.random(using: &generator)
            let count = (fileBytes - 1) / partBytes + 1
            let (fileBytes, partBytes) = (fileBytes, partBytes)
            versions = (1...count).map { number in
                let length = min(partBytes, fileBytes - (number - 1) * partBytes)
                let contents = (0..<Int.random(in: 1...3, using: &generator)).map { _ in
                    sample(length, seed: generator.next())
                }
                // The same once more, as after a lost answer.
                return Bool.random(using: &generator) ? contents + [contents[contents.count - 1]] : contents
            }
            order = (1...count).shuffled(using: &generator)
        }

        /// The file as whoever only ever overwrites an array has it.
        var expected: [UInt8] { versions.flatMap { $0[$0.count - 1] } }
    }

    @Test(arguments: 1...20 as ClosedRange<UInt64>)
    func whateverWasAcknowledgedIsInTheFile(_ seed: UInt64) async throws {
        let bench = Bench()
        try await upload(Plan(seed: seed), through: bench, seed: seed)
    }

    @Test(arguments: 21...26 as ClosedRange<UInt64>)
    func whateverWasAcknowledgedIsInTheFileOnDisk(_ seed: UInt64) async throws {
        try await withDisk { bench in try await upload(Plan(seed: seed), through: bench, seed: seed) }
    }

    private func upload(_ plan: Plan, through bench: Bench, seed: UInt64) async throws {
        let upload = try await bench.begin(
            sizeBytes: plan.isSizeKnown ? plan.fileBytes : nil, partBytes: plan.partBytes)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (index, number) in plan.order.enumerated() {
                if index >= 4 { try await group.next() }
                group.addTask {
                    for (round, content) in plan.versions[number - 1].enumerated() {
                        let outcome = try await bench.engine.send(
                            content, as: number, of: upload, isDeclared: round % 2 == 0)
                        #expect(Digest(outcome.crc32c) == (try digest(.crc32c, of: content)), "seed \(seed)")
                    }
                }
            }
            try await group.waitForAll()
        }
        let status = try await bench.engine.status(of: upload)
        #expect(status.missing == [] && status.prefixBytes == Int64(plan.fileBytes), "seed \(seed)")
        let complete = try await bench.engine.complete(upload)
        #expect(complete.state == .complete && complete.layout.sizeBytes == Int64(plan.fileBytes), "seed \(seed)")
        #expect(complete.crc32c.map { Digest($0) } == (try digest(.crc32c, of: plan.expected)), "seed \(seed)")
        let isSame = try await bench.content(of: complete) == plan.expected
        #expect(isSame, "seed \(seed)")
        #expect(try await bench.engine.complete(complete) == complete, "seed \(seed)")
        try await bench.expectTidy("seed \(seed)")
        #expect(try await bench.store.inventory().count == 1, "seed \(seed)")
    }

    private func withDisk(_ body: (Bench) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("engine-tests-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let store = try DiskStore(root: folder.path)
        try await body(Bench(store))
        try await store.shutDown()
    }

    @Test(arguments: 1...20 as ClosedRange<UInt64>)
    func ofWritersOfOnePartOneWinsWhole(_ seed: UInt64) async throws {
        let bench = Bench()
        let upload = try await bench.begin(sizeBytes: 30_000, partBytes: 10_000)
        let isRecorded = seed % 2 == 0
        if isRecorded { try await bench.engine.send(sample(10_000, seed: 99), as: 2, of: upload) }
        let acknowledged = await withTaskGroup(of: Int?.self) { group in
            for writer in 0..<4 {
                group.addTask {
                    let bytes = sample(10_000, seed: seed * 100 + UInt64(writer))
                    do {
                        try await bench.engine.send(bytes, as: 2, of: upload)
                        return writer
                    } catch let fault as UploadFault {
                        #expect(fault.code == .superseded, "seed \(seed)")
                        return nil
                    } catch {
                        Issue.record(error, "seed \(seed)")
                        return nil
                    }
                }
            }
            return await group.reduce(into: [Int]()) { if let writer = $1 { $0.append(writer) } }
        }
        // The last to come is stopped by nobody.
        #expect(!acknowledged.isEmpty, "seed \(seed)")
        for number in [1, 3] { try await bench.engine.send(sample(10_000), as: number, of: upload) }
        let complete = try await bench.engine.complete(upload)
        let found = Array(try await bench.content(of: complete)[10_000..<20_000])
        let winners = acknowledged.filter { sample(10_000, seed: seed * 100 + UInt64($0)) == found }
        #expect(winners.count == 1, "seed \(seed)")
        try await bench.expectTidy("seed \(seed)")
    }

    @Test func aNewcomerTakesThePartOverInTheMiddle() async throws {
        let bench = Bench()
        let upload = try await bench.begin(sizeBytes: 20_000, partBytes: 10_000)
        let (old, new) = (sample(10_000, seed: 1), sample(10_000, seed: 2))
        let holder = try await bench.engine.openPart(of: upload, number: 1, declaredBytes: nil, digests: [])
        let beside = try await bench.engine.openPart(of: upload, number: 2, declaredBytes: nil, digests: [])
        try await holder.receive(ByteBuffer(bytes: old[..<6000]))
        async let newcomer = bench.engine.send(new, as: 1, of: upload)
        await holder.revoked()
        await expectFault(.superseded) { try await holder.receive(ByteBuffer(bytes: old[6000...])) }
        await holder.abandon()
        _ = try await newcomer
        // Whoever sends another part is not disturbed.
        _ = try await beside.send(old) { try await beside.finish(expecting: [:]) }
        let complete = try await bench.engine.complete(upload)
        #expect(try await bench.content(of: complete) == new + old)
        try await bench.expectTidy()
    }

    @Test(arguments: DigestAlgorithm.allCases, [true, false])
    func aPartWhoseDigestIsWrongDoesNotCount(_ algorithm: DigestAlgorithm, _ isRepeated: Bool) async throws {
        let bench = Bench()
        let upload = try await bench.begin(sizeBytes: 10_000, partBytes: 5000)
        let bytes = sample(10_000)
        let first = bytes[..<5000]
        if isRepeated { try await bench.engine.send(first, as: 1, of: upload) }
        let wrong = try digest(algorithm, of: bytes)
        await expectFault(.digestMismatch) {
            try await bench.engine.send(sample(5000, seed: 3), as: 1, of: upload, expecting: [algorithm: wrong])
        }
        #expect(try await bench.standing(upload).receivedBytes == (isRepeated ? 5000 : 0))
        try await bench.expectTidy()
        let right = try digest(algorithm, of: first)
        try await bench.engine.send(first, as: 1, of: upload, expecting: [algorithm: right])
        try await bench.engine.send(bytes[5000...], as: 2, of: upload)
        #expect(try await bench.content(of: bench.engine.complete(upload)) == bytes)
        try await bench.expectTidy()
    }

    /// A part that is refused, by number, declared and real length, and the fault.
    @Test(arguments: [
        (number: 0, declared: Int?.none, sent: 10, code: UploadFault.Code.invalidPart),
        (4, nil, 10, .invalidPart), (1, 9, 0, .invalidPart), (3, 11, 0, .invalidPart),
        (1, nil, 9, .invalidPart), (1, nil, 11, .invalidPart), (3, nil, 6, .invalidPart), (3, nil, 4, .invalidPart),
    ])
    func aPartThatDoesNotFitLeavesNothing(
        _ number: Int, _ declared: Int?, _ sent: Int, _ code: UploadFault.Code
    ) async throws {
        let bench = Bench()
        let upload = try await bench.begin(sizeBytes: 25, partBytes: 10)
        for isRecorded in [false, true] {
            if isRecorded, (1...3).contains(number) {
                try await bench.engine.send(sample(number == 3 ? 5 : 10), as: number, of: upload)
            }
            let before = try await bench.catalog.parts(of: upload.fileID)
            await expectFault(code) {
                let part = try await bench.engine.openPart(
                    of: upload, number: number, declaredBytes: declared.map(Int64.init), digests: [])
                _ = try await part.send(sample(sent, seed: 5)) { try await part.finish(expecting: [:]) }
            }
            #expect(try await bench.catalog.parts(of: upload.fileID) == before)
            try await bench.expectTidy()
        }
    }

    @Test func partsAreMissingUntilAllAreHere() async throws {
        let bench = Bench()
        let upload = try await bench.begin(sizeBytes: 95, partBytes: 10)
        let bytes = sample(95)
        for number in [2, 3, 7, 10] {
            try await bench.engine.send(slice(bytes, part: number, of: 10), as: number, of: upload)
        }
        let fault = await expectFault(.partsMissing) { _ = try await bench.engine.complete(upload) }
        #expect(fault?.missing == [1...1, 4...6, 8...9])
        for number in [1, 4, 5, 6, 8, 9] {
            try await bench.engine.send(slice(bytes, part: number, of: 10), as: number, of: upload)
        }
        #expect(try await bench.content(of: bench.engine.complete(upload)) == bytes)
    }

    @Test(arguments: [0, 1])
    func theSmallestFiles(_ count: Int) async throws {
        let bench = Bench()
        let upload = try await bench.begin(sizeBytes: count)
        await expectFault(.partsMissing) { _ = try await bench.engine.complete(upload) }
        try await bench.engine.send(sample(count), as: 1, of: upload)
        #expect(try await bench.content(of: bench.engine.complete(upload)) == sample(count))
        try await bench.expectTidy()
    }

    @Test func whatIsCompleteIsTouchedByNoPartThatWasUnderWay() async throws {
        for isOnDisk in [false, true] {
            let check: (Bench) async throws -> Void = { bench in
                let bytes = sample(300_000)
                let upload = try await bench.begin(sizeBytes: 300_000, partBytes: 150_000)
                for number in 1...2 {
                    try await bench.engine.send(slice(bytes, part: number, of: 150_000), as: number, of: upload)
                }
                let complete = try await bench.engine.complete(upload)
                // Whoever looked the upload up before it was complete knows it as receiving.
                #expect(upload.state == .receiving)
                await expectFault(.alreadyComplete) {
                    try await bench.engine.send(sample(150_000, seed: 9), as: 1, of: upload)
                }
                #expect(try await bench.engine.complete(upload) == complete)
                #expect(try await bench.engine.status(of: upload).missing == [])
                await expectFault(.alreadyComplete) { try await bench.engine.abort(upload) }
                let isSame = try await bench.content(of: complete) == bytes
                #expect(isSame)
                try await bench.expectTidy()
            }
            if isOnDisk { try await withDisk(check) } else { try await check(Bench()) }
        }
    }

    @Test func aPartOfAnUploadThatWasAbortedIsGone() async throws {
        let bench = Bench()
        let upload = try await bench.begin(sizeBytes: 20, partBytes: 10)
        let part = try await bench.engine.openPart(of: upload, number: 1, declaredBytes: 10, digests: [])
        async let abort: Void = bench.engine.abort(upload)
        await part.revoked()
        await part.abandon()
        try await abort
        await expectFault(.uploadGone) { try await bench.engine.send(sample(10), as: 2, of: upload) }
        await expectFault(.uploadGone) { _ = try await bench.engine.complete(upload) }
        try await bench.engine.abort(upload)
        #expect(try await bench.standing(upload).state == .aborted)
        #expect(try await bench.store.inventory() == [])
        try await bench.expectTidy()
    }

    @Test func abortingWhileItIsCompletedWins() async throws {
        let (began, mayEnd) = (Signal(), Signal())
        let bench = Bench(wrap: {
            ShapedStore(
                store: $0,
                beforePublishing: {
                    began.give()
                    await mayEnd.wait()
                })
        })
        let upload = try await bench.begin(sizeBytes: 10)
        try await bench.engine.send(sample(10), as: 1, of: upload)
        async let completion: UploadFault? = expectFault(.uploadGone) { _ = try await bench.engine.complete(upload) }
        await began.wait()
        async let abort: Void = bench.engine.abort(upload)
        // The record has ended the upload; its bytes wait for the completion to let go of them.
        while bench.engine.leases.waitingCount(upload.fileID) < 1 { await Task.yield() }
        mayEnd.give()
        _ = await completion
        try await abort
        #expect(try await bench.standing(upload).state == .aborted)
        #expect(try await bench.store.inventory() == [])
        try await bench.expectTidy()
    }

    @Test func manyWhoCompleteAtOnceGetTheSameAnswer() async throws {
        let bench = Bench()
        let upload = try await bench.begin(sizeBytes: 10)
        try await bench.engine.send(sample(10), as: 1, of: upload)
        let answers = try await withThrowingTaskGroup(of: UploadRecord.self) { group in
            for _ in 0..<20 { group.addTask { try await bench.engine.complete(upload) } }
            return try await group.reduce(into: Set()) { _ = $0.insert($1) }
        }
        #expect(answers.count == 1 && answers.first?.state == .complete)
        try await bench.expectTidy()
    }

    @Test func aFileThatIsNotWhatWasAnnouncedIsMendedByAPart() async throws {
        try await withDisk { bench in
            let bytes = sample(30_000)
            let upload = try await bench.begin(
                sizeBytes: 30_000, partBytes: 10_000, sha256: try digest(.sha256, of: bytes))
            for number in 1...3 {
                let content = number == 2 ? sample(10_000, seed: 8)[...] : slice(bytes, part: number, of: 10_000)
                try await bench.engine.send(content, as: number, of: upload)
            }
            for _ in 0..<2 {
                await expectFault(.digestMismatch) { _ = try await bench.engine.complete(upload) }
                #expect(try await bench.standing(upload).state == .receiving)
                try await bench.expectTidy()
            }
            try await bench.engine.send(slice(bytes, part: 2, of: 10_000), as: 2, of: upload)
            let complete = try await bench.engine.complete(upload)
            #expect(try complete.sha256 == digest(.sha256, of: bytes))
            let isSame = try await bench.content(of: complete) == bytes
            #expect(isSame)
            try await bench.expectTidy()
        }
    }

    @Test func nobodyElseFindsAnUpload() async throws {
        let bench = Bench()
        let upload = try await bench.begin(sizeBytes: 10)
        let other = try #require(TenantID("other"))
        #expect(try await bench.engine.upload(upload.fileID.text, of: .default) == upload)
        await expectFault(.notFound) { _ = try await bench.engine.upload(upload.fileID.text, of: other) }
        await expectFault(.notFound) { _ = try await bench.engine.upload("", of: .default) }
        #expect(try await bench.engine.list(of: other, in: [.receiving], after: nil, limit: 9) == [])
        #expect(try await bench.engine.list(of: .default, in: [.receiving], after: nil, limit: 9) == [upload])
    }
}
