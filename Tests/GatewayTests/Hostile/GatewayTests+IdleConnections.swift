import Foundation
import Testing

extension GatewayTests {
    /// Ten thousand who are connected and do nothing.
    @Suite(.gateway("--head-timeout-seconds", "600", "--idle-timeout-seconds", "600")) struct IdleConnections {
        private static let wanted = 10_000
        /// Connections that are left for others.
        private static let spare = 100
        /// A connection is its channel with its handlers, a task and 512 bytes to read into: 13 KiB measured where
        /// the compiler optimizes, some more where it does not, and room for what an allocator rounds up.
        private static let connectionBytes = 24 << 10

        @Test(.timeLimit(.minutes(5))) func `they cost little and nobody else notices`() async throws {
            let gateway = try RunningGateway.shared
            let samples = try Samples.shared
            let limit = IdleCrowd.descriptorLimit()
            // The gateway takes half as many connections as it may open files.
            let count = min(Self.wanted, limit / 2 - Self.spare)
            if count < Self.wanted {
                // Said where whoever reads the output of the tests will see it.
                let words = "\(count) idle connections instead of \(Self.wanted): this system allows \(limit) files\n"
                FileHandle.standardError.write(Data(words.utf8))
            }
            try #require(count > 100, "\(limit) files are too few for any of this")
            // What a first request and a first upload cost anyway is spent before.
            _ = try await gateway.usedLink(samples.mp4)
            let process = gateway.process.id
            let filesBefore = ProcessFacts.areTold ? try ProcessFacts.openFiles(of: process) : 0
            let before = ProcessFacts.areTold ? try ProcessFacts.residentBytes(of: process) : 0
            let crowd = try await IdleCrowd.gather(count, port: gateway.port)
            if ProcessFacts.areTold {
                try await eventually("the gateway has them all") {
                    try ProcessFacts.openFiles(of: process) >= filesBefore + count
                }
                let each = (try ProcessFacts.residentBytes(of: process) - before) / count
                #expect(RunSettings.isSanitized || each < Self.connectionBytes, "\(each) bytes for each of \(count)")
            }
            for _ in 0..<20 {
                let link = try await gateway.usedLink(samples.mp4)
                #expect(try await gateway.bytes(link.accessURL) == Scratch.bytes(samples.mp4))
            }
            #expect(crowd.openCount == count, "nobody was sent away before his time")
            crowd.end()
            guard ProcessFacts.areTold else { return }
            try await eventually("nothing of them is left") {
                try ProcessFacts.openFiles(of: process) < filesBefore + 50
            }
        }
    }
}
