import DiskStore
import Foundation
import MemoryStore
import NIOCore
import Synchronization
import Testing
import UploadModel
import UploadStore
import UploadStoreTesting

@testable import UploadEngine

/// Pieces that were empty when the file was ordered that they are joined to.
@Suite struct PlacingTests {
    private static let bytes = sample(700_001)
    /// No border is one of a disk block, and one piece is empty.
    private static let cuts = [0..<300_001, 300_001..<300_002, 300_002..<300_002, 300_002..<700_001]

    private final class Count: Sendable {
        private let state = Mutex(0)
        var value: Int { state.withLock { $0 } }
        func add() { state.withLock { $0 += 1 } }
    }

    /// Runs a test over a store that tells how often it copies.
    private func withBench(
        onDisk isOnDisk: Bool, limits: (inout UploadLimits) -> Void = { _ in },
        _ body: (Bench, Count) async throws -> Void
    ) async throws {
        let copies = Count()
        func counting(_ store: any ByteStore) -> ShapedStore {
            ShapedStore(store: store, beforeCopying: { copies.add() })
        }
        guard isOnDisk else { return try await body(Bench(limits: limits, wrap: counting), copies) }
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("engine-tests-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let store = try DiskStore(root: folder.path)
        try await body(Bench(counting(store), limits: limits), copies)
        try await store.shutDown()
    }

    private func order(_ cuts: [Range<Int>] = cuts, on bench: Bench) async throws -> (
        pieces: [UploadRecord], final: UploadRecord
    ) {
        var pieces: [UploadRecord] = []
        for range in cuts { pieces.append(try await bench.begin(.partial, sizeBytes: range.count)) }
        return (pieces, try await bench.begin(.joined, joins: pieces.map(\.fileID)))
    }

    private func fill(_ pieces: [UploadRecord], on bench: Bench) async throws {
        for (piece, range) in zip(pieces, Self.cuts) where !range.isEmpty {
            try await bench.engine.append(Self.bytes[range], to: piece, completesWhenFull: true)
        }
    }

    // MARK: Bytes

    @Test(arguments: [false, true])
    func nothingIsCopiedOfPiecesThatWereEmpty(_ isOnDisk: Bool) async throws {
        try await withBench(onDisk: isOnDisk) { bench, copies in
            let (pieces, final) = try await order(on: bench)
            // Their own room is free again: only that of the file is left.
            #expect(try await bench.store.inventory().count == 1)
            let first = try await bench.engine.openAppend(pieces[0], AppendOffer(offset: 0, declaredBytes: 300_001))
            try await first.receive(ByteBuffer(bytes: Self.bytes[..<123_457]))
            // Meanwhile others, of which one breaks off.
            let last = try await bench.engine.openAppend(pieces[3], AppendOffer(offset: 0, declaredBytes: 399_999))
            try await last.receive(ByteBuffer(bytes: Self.bytes[300_002..<400_002]))
            try await bench.engine.append(Self.bytes[300_001..<300_002], to: pieces[1])
            await last.abandon()
            try await first.receive(ByteBuffer(bytes: Self.bytes[123_457..<300_001]))
            _ = try await first.finish(expecting: [:])
            #expect(try await bench.engine.joinWaiting() == false)
            try await bench.engine.append(Self.bytes[400_002...], to: pieces[3], at: 100_000)
            #expect(try await bench.engine.joinWaiting())
            let complete = try await bench.standing(final)
            #expect(try await bench.content(of: complete) == Self.bytes)
            #expect(try complete.crc32c.map { Digest($0) } == digest(.crc32c, of: Self.bytes))
            #expect(copies.value == 0)
            try await bench.expectTidy()
        }
    }

    @Test(arguments: [false, true])
    func whatIsInOneFileIsCopiedToOthers(_ isOnDisk: Bool) async throws {
        try await withBench(onDisk: isOnDisk) { bench, copies in
            let (pieces, final) = try await order(on: bench)
            // Ordered while they are still coming, and once more when they are part of a file.
            let second = try await bench.begin(.joined, joins: pieces.reversed().map(\.fileID))
            try await fill(pieces, on: bench)
            let reversed = Self.cuts.reversed().flatMap { Self.bytes[$0] }
            #expect(try await bench.engine.joinWaiting())
            #expect(copies.value == 3)
            let third = try await bench.begin(.joined, joins: [pieces[1].fileID, pieces[3].fileID])
            #expect(try await bench.engine.joinWaiting())
            #expect(try await bench.content(of: bench.standing(final)) == Self.bytes)
            #expect(try await bench.content(of: bench.standing(second)) == reversed)
            #expect(try await bench.content(of: bench.standing(third)) == Array(Self.bytes[300_001...]))
            // The file that they stand in takes them along; the copies stay.
            await bench.engine.withdraw(try await bench.standing(final))
            await expectFault(.uploadGone) { _ = try await bench.begin(.joined, joins: [pieces[1].fileID]) }
            #expect(try await bench.content(of: bench.standing(second)) == reversed)
            try await bench.expectTidy()
        }
    }

    @Test(arguments: [false, true])
    func onlyWhatHasBytesOrIsListedAgainIsCopied(_ isOnDisk: Bool) async throws {
        try await withBench(onDisk: isOnDisk) { bench, copies in
            let begun = try await bench.begin(.partial, sizeBytes: 5000)
            try await bench.engine.append(Self.bytes[..<1000], to: begun)
            let running = try await bench.begin(.partial, sizeBytes: 7)
            let empty = try await bench.begin(.partial, sizeBytes: 9999)
            let held = try await bench.engine.openAppend(running, AppendOffer(offset: 0, declaredBytes: 7))
            let final = try await bench.begin(
                .joined, joins: [empty.fileID, begun.fileID, empty.fileID, running.fileID])
            #expect(final.layout.sizeBytes == 25_005)
            #expect(try await bench.standing(empty).home == UploadHome(fileID: final.fileID, startBytes: 0))
            // Nobody was asked to stop.
            try await held.send(Self.bytes[..<7]) { _ = try await held.finish(expecting: [:]) }
            try await bench.engine.append(Self.bytes[..<9999], to: empty)
            try await bench.engine.append(Self.bytes[1000..<5000], to: begun, at: 1000)
            #expect(try await bench.engine.joinWaiting())
            let wanted = [9999, 5000, 9999, 7].flatMap { Self.bytes[..<$0] }
            #expect(try await bench.content(of: bench.standing(final)) == wanted)
            #expect(copies.value == 3)
            try await bench.expectTidy()
        }
    }

    @Test func aFileOfUnknownLengthIsCopiedTogether() async throws {
        try await withBench(onDisk: false) { bench, copies in
            let pieces = [try await bench.begin(.partial), try await bench.begin(.partial, sizeBytes: 10)]
            let final = try await bench.begin(.joined, joins: pieces.map(\.fileID))
            try await bench.engine.append(Self.bytes[..<5], to: pieces[0], sizeBytes: 5)
            try await bench.engine.append(Self.bytes[5..<15], to: pieces[1])
            #expect(try await bench.engine.joinWaiting())
            #expect(try await bench.content(of: bench.standing(final)) == Array(Self.bytes[..<15]))
            #expect(copies.value == 2)
        }
    }

    /// A store that numbers its pieces cannot have two uploads fill one object.
    @Test func whereTheStoreNumbersPiecesTheyAreCopied() async throws {
        let needs = StoreNeeds(
            minimumPartBytes: 1, preferredAlignmentBytes: 1, maximumPieces: 100, numbersPieces: true)
        let bench = Bench(MemoryByteStore(needs: needs))
        let (pieces, final) = try await order(on: bench)
        #expect(try await bench.standing(pieces[0]).home == nil)
        try await fill(pieces, on: bench)
        #expect(try await bench.engine.joinWaiting())
        #expect(try await bench.content(of: bench.standing(final)) == Self.bytes)
    }

    @Test(arguments: [false, true])
    func anEmptyRequestToAWholePieceOfAFileIsAnswered(_ isOnDisk: Bool) async throws {
        try await withBench(onDisk: isOnDisk) { bench, _ in
            let (pieces, _) = try await order(on: bench)
            try await fill(pieces, on: bench)
            #expect(try await bench.engine.joinWaiting())
            let nothing = try digest(.sha256, of: [])
            let outcome = try await bench.engine.append(
                [], to: pieces[0], at: 300_001, expecting: [.sha256: nothing])
            #expect(outcome.digests[.sha256] == nothing)
            #expect(outcome.upload.isFull)
            let other = try digest(.sha256, of: [1])
            await expectFault(.digestMismatch) {
                try await bench.engine.append([], to: pieces[0], at: 300_001, expecting: [.sha256: other])
            }
            try await bench.expectTidy()
        }
    }

    /// As when a process was killed in the middle: the next one has only catalog and store.
    @Test(arguments: [false, true])
    func anotherProcessGoesOn(_ isOnDisk: Bool) async throws {
        try await withBench(onDisk: isOnDisk) { bench, copies in
            let (pieces, final) = try await order(on: bench)
            try await bench.engine.append(Self.bytes[..<100_000], to: pieces[0])
            try await bench.engine.append(Self.bytes[300_001..<300_002], to: pieces[1])
            let next = UploadEngine(
                store: bench.store, catalog: bench.catalog, checker: AnyContent(), limits: bench.engine.limits,
                logger: bench.engine.logger, clock: { bench.clock.now })
            #expect(try await next.sweep(orphanAgeSeconds: 0).freedOrphans == 0)
            try await next.append(Self.bytes[300_002...], to: pieces[3])
            try await next.append(Self.bytes[100_000..<300_001], to: pieces[0], at: 100_000)
            // The record of one that was taken in stands, that of the file does not.
            bench.store.follow(FaultPlan([.publish: [1: .init(.failed, .after)]]))
            #expect(try await next.joinWaiting() == false)
            #expect(try await bench.engine.joinWaiting())
            #expect(try await bench.content(of: bench.standing(final)) == Self.bytes)
            #expect(copies.value == 0)
            try await bench.expectTidy()
        }
    }

    /// Whatever fails while a file is ordered, it can be ordered again and becomes what it should.
    @Test(arguments: 1...20 as ClosedRange<UInt64>)
    func ordersThatFailHarmNothing(_ seed: UInt64) async throws {
        let bench = Bench()
        var pieces: [UploadRecord] = []
        for range in Self.cuts { pieces.append(try await bench.begin(.partial, sizeBytes: range.count)) }
        bench.catalog.fail(oneIn: 6, seed: seed)
        bench.store.follow(FaultPlan(seed: seed, calls: [.prepare, .discard], oneIn: 4))
        var final: UploadRecord?
        for _ in 0..<50 where final == nil {
            final = try? await bench.begin(.joined, joins: pieces.map(\.fileID))
        }
        bench.catalog.fail(oneIn: 0, seed: seed)
        bench.store.follow(FaultPlan([:]))
        try await fill(pieces, on: bench)
        while try await bench.engine.joinWaiting() {}
        let complete = try await bench.standing(try #require(final))
        #expect(try await bench.content(of: complete) == Self.bytes, "seed \(seed)")
        bench.clock.turn(seconds: 2)
        _ = try await bench.engine.sweep(orphanAgeSeconds: 1)
        try await bench.expectTidy("seed \(seed)")
    }

    /// Orders, bytes, ends and the joiner, all at once: what is acknowledged of a piece that has not ended is there.
    @Test(arguments: [false, true], 1...8 as ClosedRange<UInt64>)
    func whateverComesTogether(_ isOnDisk: Bool, _ seed: UInt64) async throws {
        try await withBench(onDisk: isOnDisk) { bench, _ in
            let ranges = (0..<16).map { $0 * 10_007..<($0 + 1) * 10_007 }
            var begun: [UploadRecord] = []
            for range in ranges { begun.append(try await bench.begin(.partial, sizeBytes: range.count)) }
            let pieces = begun
            await withTaskGroup(of: Void.self) { group in
                for (number, range) in ranges.enumerated() {
                    group.addTask {
                        var random = SeededGenerator(seed: seed << 16 + UInt64(number))
                        for _ in 0..<random.next(upperBound: 60 as UInt64) { await Task.yield() }
                        for start in stride(from: range.lowerBound, to: range.upperBound, by: 2000) {
                            let bytes = Self.bytes[start..<min(start + 2000, range.upperBound)]
                            _ = try? await bench.engine.append(
                                bytes, to: pieces[number], at: start - range.lowerBound)
                        }
                    }
                }
                for number in 0..<4 {
                    group.addTask {
                        var random = SeededGenerator(seed: seed << 8 + UInt64(number))
                        for _ in 0..<random.next(upperBound: 40 as UInt64) { await Task.yield() }
                        let joins = pieces.shuffled(using: &random).prefix(9).map(\.fileID)
                        let final = try? await bench.begin(.joined, joins: Array(joins))
                        _ = try? await bench.engine.joinWaiting()
                        if number == 0, let final { try? await bench.engine.abort(final) }
                        if number == 1 { try? await bench.engine.abort(pieces[0]) }
                        _ = try? await bench.engine.expireOld()
                    }
                }
            }
            for (piece, range) in zip(pieces, ranges) {
                let standing = try await bench.standing(piece)
                guard standing.state == .receiving else { continue }
                let rest = Self.bytes[range].dropFirst(Int(standing.receivedBytes))
                try await bench.engine.append(rest, to: piece, at: Int(standing.receivedBytes))
                let only = try await bench.begin(.joined, joins: [piece.fileID])
                while try await bench.engine.joinWaiting() {}
                let file = try await bench.standing(only)
                if file.state == .complete {
                    #expect(try await bench.content(of: file) == Array(Self.bytes[range]), "seed \(seed)")
                } else {
                    // It stood in a file that another piece took along.
                    #expect(try await bench.standing(piece).state == .failed, "seed \(seed)")
                }
            }
            let order = pieces.map(\.fileID)
            for upload in try await bench.engine.list(of: .default, in: [.complete], after: nil, limit: 99) {
                let wanted = upload.joins.flatMap { id in Self.bytes[ranges[order.firstIndex(of: id) ?? 0]] }
                #expect(try await bench.content(of: upload) == wanted, "seed \(seed)")
            }
            try await bench.expectTidy("seed \(seed)")
        }
    }

    // MARK: Ends

    @Test(arguments: [false, true])
    func aPieceThatEndsTakesItsFileAlongAndTheOthers(_ isOnDisk: Bool) async throws {
        try await withBench(onDisk: isOnDisk) { bench, _ in
            let (pieces, final) = try await order(on: bench)
            try await bench.engine.append(Self.bytes[..<1000], to: pieces[0])
            try await bench.engine.abort(pieces[1])
            #expect(try await bench.standing(final).state == .failed)
            #expect(try await bench.standing(pieces[0]).state == .failed)
            #expect(try await bench.standing(pieces[1]).state == .aborted)
            #expect(try await bench.standing(pieces[2]).state == .failed, "the empty one too")
            await expectFault(.uploadGone) {
                try await bench.engine.append(Self.bytes[1000..<2000], to: pieces[0], at: 1000)
            }
            #expect(try await bench.store.inventory().isEmpty)
            try await bench.expectTidy()
        }
    }

    @Test(arguments: [false, true])
    func whoWritesToAPieceIsStoppedWhereItsFileEnds(_ isOnDisk: Bool) async throws {
        try await withBench(onDisk: isOnDisk) { bench, _ in
            let (pieces, final) = try await order(on: bench)
            let held = try await bench.engine.openAppend(pieces[0], AppendOffer(offset: 0, declaredBytes: 300_001))
            try await held.receive(ByteBuffer(bytes: Self.bytes[..<200_000]))
            async let aborting: Void = bench.engine.abort(final)
            await held.revoked()
            await expectFault(.superseded) { try await held.receive(ByteBuffer(bytes: [1])) }
            // Its bytes are there until it has let go.
            #expect(try await bench.store.inventory().count == 1)
            await held.abandon()
            try await aborting
            await expectFault(.uploadGone) { try await bench.engine.append([1], to: pieces[0], at: 0) }
            #expect(try await bench.store.inventory().isEmpty)
            try await bench.expectTidy()
        }
    }

    @Test func piecesAndTheirFileHaveOneAge() async throws {
        let lifetime: Int64 = 3600
        try await withBench(onDisk: false, limits: { $0.uploadLifetimeSeconds = lifetime }) { bench, _ in
            let (pieces, final) = try await order([0..<10, 10..<20], on: bench)
            try await bench.engine.append(Self.bytes[..<10], to: pieces[0])
            for second in 0..<5 {
                bench.clock.turn(seconds: lifetime - 1)
                #expect(try await bench.engine.expireOld() == 0)
                try await bench.engine.append([Self.bytes[10 + second]], to: pieces[1], at: second)
            }
            // Nor does it end while somebody is still sending.
            let held = try await bench.engine.openAppend(pieces[1], AppendOffer(offset: 5, declaredBytes: 5))
            bench.clock.turn(seconds: lifetime + 1)
            #expect(try await bench.engine.expireOld() == 0)
            await held.abandon()
            #expect(try await bench.engine.expireOld() == 1)
            for upload in pieces + [final] { #expect(try await bench.standing(upload).state == .expired) }
            #expect(try await bench.store.inventory() == [])
            try await bench.expectTidy()
        }
    }

    @Test func piecesOfAFileExpireAndItStays() async throws {
        try await withBench(onDisk: false, limits: { $0.uploadLifetimeSeconds = 60 }) { bench, _ in
            let (pieces, final) = try await order(on: bench)
            try await fill(pieces, on: bench)
            #expect(try await bench.engine.joinWaiting())
            bench.clock.turn(seconds: 61)
            #expect(try await bench.engine.expireOld() == 4)
            #expect(try await bench.standing(pieces[0]).state == .expired)
            #expect(try await bench.content(of: bench.standing(final)) == Self.bytes)
            try await bench.expectTidy()
        }
    }

    @Test func bytesCountOnce() async throws {
        try await withBench(onDisk: false, limits: { $0.maximumStoredBytesPerTenant = 1000 }) { bench, _ in
            func held() async throws -> Int64 { try await bench.catalog.usage(of: .default).storedBytes }
            let (pieces, final) = try await order([0..<600, 600..<1000], on: bench)
            #expect(try await held() == 1000)
            await expectFault(.quotaExceeded) { _ = try await bench.begin(.partial, sizeBytes: 1) }
            // A copy is one more file.
            await expectFault(.quotaExceeded) { _ = try await bench.begin(.joined, joins: [pieces[1].fileID]) }
            for (piece, range) in zip(pieces, [0..<600, 600..<1000]) {
                try await bench.engine.append(Self.bytes[range], to: piece)
            }
            #expect(try await bench.engine.joinWaiting())
            #expect(try await held() == 1000)
            for piece in pieces { try await bench.engine.abort(piece) }
            #expect(try await held() == 1000)
            #expect(try await bench.content(of: bench.standing(final)) == Array(Self.bytes[..<1000]))
            try await bench.expectTidy()
        }
    }
}
