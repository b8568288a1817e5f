import Foundation
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

extension GatewayTests {
    /// The power is cut: the data folder holds what was synced before, and of everything else what chance left.
    ///
    /// A gateway is recorded while it works, the database included. Folders are made as a cut at some places of the
    /// record may leave them, and a gateway is started on each. `SLUICE_TEST_POWER_CUTS` says how many, a third of them
    /// of a disk whose syncs fail now and then; 27 without it. `SLUICE_TEST_SEED` repeats the choices of a run.
    @Suite(.enabled(if: DiskProbe.isPossible, "the probe is a library that is preloaded: Linux with glibc"))
    struct PowerLoss {
        private static let cuts = RunSettings.powerCuts(otherwise: 27)
        private static let publicURL = "http://gateway.invalid"
        static let options = ["--examine-media", "false", "--public-url", publicURL, "--log-level", "info"]

        @Test(arguments: [false, true])
        func `what was acknowledged is there`(syncsFail: Bool) async throws {
            let seed = RunSettings.seed
            let began = Date()
            let recorded = try await Recorded(seed: seed, syncsFail: syncsFail)
            var random = SeededRandom(seed: seed)
            let count = syncsFail ? Self.cuts / 3 : Self.cuts - Self.cuts / 3
            let cuts = (0..<count).map { recorded.cut($0, &random) }
            // Two at a time: a gateway that starts waits more than it works.
            try await withThrowingTaskGroup(of: Void.self) { group in
                for (number, cut) in cuts.enumerated() {
                    if number >= 2 { try await group.next() }
                    group.addTask { try await recorded.check(cut) }
                }
                try await group.waitForAll()
            }
            Scratch.remove([recorded.log])
            let seconds = Int(Date().timeIntervalSince(began))
            let disk = syncsFail ? "a disk whose syncs fail" : "a good disk"
            RunSettings.tell("power cut at \(count) places of \(disk), seed \(seed), \(seconds) s")
        }
    }

    /// What a gateway did and answered until it was stopped.
    private struct Recorded: Sendable {
        struct Cut: Sendable {
            let name: String
            let place: Int
            let keeping: LostDisk.Keeping
            let seed: UInt64
        }

        let seed: UInt64
        let key: String
        let disk: DiskLog
        let log: String
        let tracks: [PowerTrack]
        let syncsFail: Bool

        init(seed: UInt64, syncsFail: Bool) async throws {
            let folder = try Scratch.newFolder("power")
            let probe = try await DiskProbe(watching: folder)
            let gateway = try await RunningGateway.start(
                folder: folder, options: PowerLoss.options, environment: probe.environment())
            if syncsFail { try probe.fail(.sync, EIO, at: "", oneIn: 6, seed: seed) }
            let prepared = try Self.tracks(seed)
            var tracks = try await withThrowingTaskGroup(of: PowerTrack.self) { group in
                for (number, track) in prepared.enumerated() {
                    group.addTask {
                        var track = track
                        try await track.run(on: gateway, probe, seed: seed &+ UInt64(number))
                        return track
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            if syncsFail { #expect(try probe.failedCount(.sync) > 0, "seed \(seed): no sync failed") }
            #expect(gateway.process.isRunning, "seed \(seed): it died: \(gateway.log.text.suffix(2000))")
            try await gateway.kill()
            disk = try DiskLog(probe.log)
            let answers = disk.answers
            for index in tracks.indices { try tracks[index].settle(disk, answers) }
            self.seed = seed
            self.tracks = tracks
            self.syncsFail = syncsFail
            key = gateway.key
            log = probe.log
            Scratch.remove([folder])
        }

        /// Files of each kind, small enough that a database and a few hundred blocks are all that is written.
        private static func tracks(_ seed: UInt64) throws -> [PowerTrack] {
            func track(
                _ way: PowerTrack.Way, _ name: String, _ sizeBytes: Int, by pieceBytes: Int? = nil
            ) throws -> PowerTrack {
                let samples = try Samples.shared
                let pieceBytes = pieceBytes ?? sizeBytes
                return PowerTrack(
                    way, alias: name,
                    pieces: try Pieces(try samples.film(sizeBytes: sizeBytes, seed: 1), sizeBytes: pieceBytes),
                    others: try Pieces(try samples.film(sizeBytes: sizeBytes, seed: 2), sizeBytes: pieceBytes))
            }
            return try [
                track(.parts, "aligned", 8 << 16, by: 1 << 16), track(.parts, "odd", 700_001, by: 99_999),
                track(.parts, "many", 160_000, by: 10_007), track(.chunks, "chunked", 400_000, by: 150_000),
                track(.chunks, "one-more", 300_000, by: 100_000), track(.link, "link", 300_000),
                track(.link, "long", 2_500_001), track(.link, "short", 20_000), track(.form, "form", 100_000),
                track(.sequential, "in-order", 900_001, by: 130_000), track(.sequential, "small", 50_000, by: 4_096),
            ]
        }

        /// Half of them where somebody has just been answered: nothing may be missing there.
        func cut(_ number: Int, _ random: inout SeededRandom) -> Cut {
            let acknowledged = tracks.flatMap(\.acknowledgements)
            let place: Int?
            if number.isMultiple(of: 2) {
                place = acknowledged.randomElement(using: &random)
            } else {
                let kinds: Set<DiskLog.Kind> = [.synced, .syncBegun, .written, .renamed, .removed, .opened]
                place = disk.records.filter { kinds.contains($0.kind) }.randomElement(using: &random)?.end
            }
            let keeping = LostDisk.Keeping.allCases[number / 2 % LostDisk.Keeping.allCases.count]
            let end = place ?? disk.bytes.count
            return Cut(
                name: "seed \(seed), cut \(number) at \(end) of \(disk.bytes.count) keeping \(keeping)"
                    + (syncsFail ? ", syncs fail" : ""),
                place: end, keeping: keeping, seed: random.next())
        }

        func check(_ cut: Cut) async throws {
            let folder = try Scratch.newFolder("after")
            var left = try LostDisk(disk, cutAt: cut.place, keeping: cut.keeping, seed: cut.seed)
            try left.write(to: folder)
            let gateway = try await RunningGateway.start(folder: folder, options: PowerLoss.options)
            let isAnswered = tracks.flatMap(\.acknowledgements).contains { $0 <= cut.place }
            #expect(gateway.key == key || !isAnswered, "\(cut.name): the first key is another one")
            try await expectAgreement(on: gateway, cut.name)
            if gateway.key == key {
                for track in tracks {
                    try await track.check(on: gateway, cutAt: cut.place, "\(cut.name), \(track.alias)")
                }
            }
            #expect(try await gateway.stop() == 0, "\(cut.name)")
            let log = try await gateway.log.whole()
            #expect(GatewayLog.faults(in: log) == [], "\(cut.name)")
            #expect(GatewayLog.leaks(in: log, key: gateway.key) == [], "\(cut.name)")
            try await expectNoLeak(on: gateway, cut.name)
            Scratch.remove([folder])
        }

        private func expectAgreement(on gateway: RunningGateway, _ name: String) async throws {
            let check = try await gateway.command("check")
            #expect(check.exitCode == 0 && check.output.contains("all sound"), "\(name): \(check.output)")
        }

        /// What a cut leaves behind is found and freed.
        private func expectNoLeak(on gateway: RunningGateway, _ name: String) async throws {
            let files = FileManager.default
            let old = Date().addingTimeInterval(-7200)
            for path in files.enumerator(atPath: gateway.folder)?.compactMap({ $0 as? String }) ?? [] {
                try files.setAttributes([.modificationDate: old], ofItemAtPath: "\(gateway.folder)/\(path)")
            }
            let sweep = try await gateway.command("sweep")
            #expect(sweep.exitCode == 0, "\(name): \(sweep.errors)")
            let check = try await gateway.command("check")
            #expect(check.output.contains("all sound, 0 leftovers"), "\(name): \(check.output)")
        }
    }
}
