import Foundation
import Testing

extension GatewayTests {
    /// Many who are slow, and fifty who are not.
    @Suite(
        .gateway(
            "--head-timeout-seconds", "3", "--body-timeout-seconds", "2", "--min-body-bytes-per-second", "1024",
            "--min-download-bytes-per-second", "1024"))
    struct SlowClients {
        /// Slow ones of each kind; the gateway has no limit near that.
        private static let crowd = 150
        private static let goodCount = 50
        private static let goodBytes = 200_000
        /// When slowhttptest gives up: several times what the limits are.
        private static let patienceSeconds = 60
        /// When slow readers give up. They do not see that they were cut before they have read what their own system
        /// holds for them; what the gateway holds is looked at instead, while they are still there.
        private static let readerSeconds = 28

        @Test(.timeLimit(.minutes(5))) func `each is cut while fifty good uploads go on`() async throws {
            let gateway = try RunningGateway.shared
            let pieces = try Pieces(
                try Samples.shared.film(sizeBytes: Self.goodCount * Self.goodBytes), sizeBytes: Self.goodBytes)
            let large = try await gateway.usedLink(try Samples.shared.film(sizeBytes: 32 << 20))
            // The first round warms everything up, the second is what good uploads take when nobody is slow.
            _ = try await goodSeconds(pieces)
            let alone = try await goodSeconds(pieces)
            let filesBefore = try ProcessFacts.openFiles(of: gateway.process.id)
            let (rounds, reports) = try await withThrowingTaskGroup(of: (SlowTest.Kind, SlowTest.Report).self) {
                group in
                for kind in SlowTest.Kind.allCases {
                    group.addTask { (kind, try await attack(kind, large)) }
                }
                var reports: [SlowTest.Kind: SlowTest.Report] = [:]
                let ended = Counter()
                async let rounds = goodRounds(pieces) { ended.count >= 2 }
                while let (kind, report) = try await group.next() {
                    reports[kind] = report
                    ended.add()
                    guard reports.count == 2 else { continue }
                    _ = try await rounds
                    try await eventually("all are cut") {
                        try ProcessFacts.openFiles(of: gateway.process.id) < filesBefore + Self.crowd / 3
                    }
                    #expect(reports[.read] == nil, "the readers were still there")
                }
                return (try await rounds, reports)
            }
            for (kind, report) in reports {
                #expect(report.connections > Self.crowd / 2, "\(kind): they were there: \(report.account)")
                guard kind != .read else { continue }
                #expect(report.areAllCut, "\(kind): each is cut: \(report.account)")
                #expect(report.seconds < Self.patienceSeconds, "\(kind): \(report.account)")
            }
            // Full speed, with room for a machine that runs 450 slow clients and fifty good ones besides.
            let worst = try #require(rounds.max())
            #expect(worst < alone * 6 + 10, "alone \(alone) s, then \(rounds)")
            #expect(rounds.count > 1, "\(rounds)")
        }

        private func attack(_ kind: SlowTest.Kind, _ large: Link) async throws -> SlowTest.Report {
            let gateway = try RunningGateway.shared
            let crowd = ["-c", "\(Self.crowd)", "-r", "\(Self.crowd)"]
            let arguments =
                switch kind {
                // A field each second, without an end.
                case .head: ["-H", "-i", "1", "-u", "\(gateway.base)/healthz"]
                // Some bytes each second of a body that is read whole. It takes no fields of ours, but writes the type
                // as it is given.
                case .body:
                    [
                        "-B", "-i", "1", "-s", "8192", "-x", "8", "-t", "POST", "-u", "\(gateway.base)/api/v1/uploads",
                        "-f", "application/json\r\nX-API-Key: \(gateway.key)",
                    ]
                // Five bytes each second of a film.
                case .read: ["-X", "-n", "1", "-z", "5", "-w", "1", "-y", "512", "-u", large.accessURL]
                }
            return try await SlowTest.run(
                crowd + arguments, seconds: kind == .read ? Self.readerSeconds : Self.patienceSeconds)
        }

        private func goodRounds(_ pieces: Pieces, until isOver: @Sendable () -> Bool) async throws -> [Double] {
            var rounds: [Double] = []
            repeat { rounds.append(try await goodSeconds(pieces)) } while !isOver()
            return rounds
        }

        /// Fifty at once, each over a connection of its own; every one is taken whole.
        private func goodSeconds(_ pieces: Pieces) async throws -> Double {
            let gateway = try RunningGateway.shared
            let upload = try await gateway.begun(pieces)
            let began = Date()
            let outcomes = try await Curl.many(
                (1...Self.goodCount).map { number in
                    [
                        ("url", gateway.partURL(upload.fileID, number)), ("upload-file", pieces.paths[number - 1]),
                        ("header", "X-API-Key: \(gateway.key)"),
                    ]
                }, atOnce: true)
            let seconds = Date().timeIntervalSince(began)
            #expect(outcomes.allSatisfy { $0 == Curl.Outcome(status: 204, exitCode: 0) }, "\(Set(outcomes))")
            let done = try await gateway.complete(upload.fileID)
            #expect(try done.json["digest"]["crc32c"].string == Checksums.hex(Checksums.crc32c(pieces.whole)))
            return seconds
        }
    }
}
