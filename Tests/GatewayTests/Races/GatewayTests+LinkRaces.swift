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
    /// One link, and five hundred who want it.
    @Suite struct LinkRaces {
        private static let clients = 500
        private static let fileBytes = 40_001

        /// Same size, other bytes: a mixture of two could not pass for one of them.
        private func contents() throws -> [Data] {
            try (1...4).map { seed in
                try Scratch.bytes(try Samples.shared.film(sizeBytes: Self.fileBytes, seed: UInt64(seed)))
            }
        }

        /// The PUTs of a link; each client has one of the contents.
        private func requests(
            _ gateway: RunningGateway, _ link: Link, _ contents: [Data], _ clients: Range<Int>
        ) -> [Data] {
            clients.map { number in
                Data(gateway.linkHead(link, bytes: Self.fileBytes).utf8) + contents[number % contents.count]
            }
        }

        @Test func `of five hundred at once one is served`() async throws {
            let gateway = try await RunningGateway.start()
            let contents = try contents()
            let link = try await gateway.link("fileName=a.mp4")
            let crowd = try await Crowd.gather(
                requests(gateway, link, contents, 0..<Self.clients), port: gateway.port)
            let outcomes = await crowd.go()
            #expect(outcomes.count(of: 200) == 1, "\(outcomes.account)")
            #expect(outcomes.count(of: 409) == Self.clients - 1, "\(outcomes.account)")
            let winner = try #require(outcomes.firstIndex { $0 == 200 })
            #expect(try await gateway.bytes(link.accessURL) == contents[winner % contents.count])
            try await gateway.expectGoodEnd()
        }

        /// How many answers have come when the power goes: none, the first, some, most.
        @Test(arguments: [0, 1, 40, 200])
        func `before and after a kill at most one is served`(answersBefore: Int) async throws {
            let first = try await RunningGateway.start()
            let contents = try contents()
            let link = try await first.link("fileName=a.mp4")
            let half = Self.clients / 2
            let early = try await Crowd.gather(requests(first, link, contents, 0..<half), port: first.port)
            let answered = Counter()
            async let earlyOutcomes = early.go(answered: answered)
            if answersBefore > 0 {
                try await eventually("\(answersBefore) answers") { answered.count >= answersBefore }
            }
            try await first.kill()
            var outcomes = await earlyOutcomes
            // The link names the public address, which outlives a restart.
            let second = try await RunningGateway.start(folder: first.folder, options: ["--public-url", first.base])
            try await second.expectSound()
            // The catalog may have it done and the answer may not have left.
            let url = second.base + link.accessURL.dropFirst(first.base.count)
            let before = try await second.bytes(url)
            let late = try await Crowd.gather(
                requests(first, link, contents, half..<Self.clients), port: second.port)
            let lateOutcomes = await late.go()
            outcomes += lateOutcomes
            #expect(!lateOutcomes.contains(nil), "nobody broke off: \(lateOutcomes.account)")
            #expect(outcomes.count(of: 200) <= 1, "\(outcomes.account)")
            #expect(
                outcomes.count(of: 200) + outcomes.count(of: 409) + outcomes.count { $0 == nil } == Self.clients,
                "\(outcomes.account)")
            let after = try await second.bytes(url)
            if let winner = outcomes.firstIndex(where: { $0 == 200 }) {
                #expect(after == contents[winner % contents.count], "what was acknowledged is there")
            } else {
                // Whoever had the link broke off with the gateway: all of it is there, or nothing.
                #expect(after == before, "the link stays spent")
                #expect(after.map(contents.contains) ?? true, "never half there")
            }
            #expect(outcomes.count(of: 200) == 1 || outcomes.contains(nil), "\(outcomes.account)")
            try await second.expectGoodEnd()
        }
    }
}
