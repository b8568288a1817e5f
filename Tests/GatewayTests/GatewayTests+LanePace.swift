import Foundation
import Testing

extension GatewayTests {
    /// Large bodies that come quickly, slowly, or first one and then the other.
    @Suite(.gateway("--body-timeout-seconds", "2")) struct LanePace {
        /// Two parts of 3 MiB, of which the second is sent here.
        private func begun(_ gateway: RunningGateway) async throws -> (upload: BegunUpload, pieces: Pieces) {
            let pieces = try Pieces(try Samples.shared.film(sizeBytes: 6 << 20), sizeBytes: 3 << 20)
            return (try await gateway.begun(pieces), pieces)
        }

        /// Asks something else, which takes a moment.
        private func aMoment(_ gateway: RunningGateway) async throws {
            #expect(try await gateway.get("/healthz").status == 200)
        }

        @Test func `a body may come in any pieces`() async throws {
            let gateway = try RunningGateway.shared
            let (upload, pieces) = try await begun(gateway)
            for number in [2, 1] {
                let client = try gateway.conversation()
                try await client.send(gateway.partHead(upload.fileID, number, bytes: 3 << 20))
                var rest = pieces.bytes(number)[...]
                var lengths = [1, 1, 1000, 100_000, 1, 1000, 300, 100_000, 1000].makeIterator()
                while rest.count > 1 {
                    guard let length = lengths.next() else {
                        lengths = [1, 1000, 100_000, 1, 100_000, 65_536, 16_384].makeIterator()
                        continue
                    }
                    let piece = rest.prefix(min(length, rest.count - 1))
                    try await client.send(Data(piece))
                    rest = rest.dropFirst(piece.count)
                    try await aMoment(gateway)
                }
                try await client.send(Data(rest))
                let answer = try #require(try await client.answer())
                #expect(answer.status == 204, "\(answer.account)")
                #expect(answer.head.contains(Checksums.field(crc32c: pieces.bytes(number))))
            }
            #expect(try await gateway.isWhole(upload, pieces))
        }

        /// Whoever waits for an answer before it sends on is not kept waiting until its time is over.
        @Test func `a wrong beginning is refused although no more comes`() async throws {
            let gateway = try RunningGateway.shared
            let (upload, _) = try await begun(gateway)
            let client = try gateway.conversation()
            try await client.send(gateway.partHead(upload.fileID, 1, bytes: 3 << 20))
            let page = "<!DOCTYPE html><html><body>" + String(repeating: "hello ", count: 1000)
            try await client.send(Data(page.utf8.prefix(4096)))
            let answer = try #require(try await client.answer())
            #expect(answer.status == 415 && answer.text.contains("content_mismatch"), "\(answer.account)")
        }

        @Test(arguments: [100_000, 2_000_000, (3 << 20) - 1])
        func `a quick body that stops is answered and leaves nothing`(sent: Int) async throws {
            let gateway = try RunningGateway.shared
            let (upload, pieces) = try await begun(gateway)
            let client = try gateway.conversation()
            try await client.send(gateway.partHead(upload.fileID, 2, bytes: 3 << 20))
            try await client.send(pieces.bytes(2).prefix(sent))
            let stopped = Date()
            let answer = try #require(try await client.answer())
            let seconds = Date().timeIntervalSince(stopped)
            #expect(answer.status == 408 && answer.text.contains("request_timeout"), "\(answer.account)")
            #expect(answer.isLast)
            // It is looked at once a second; the rest is for a machine that is busy.
            #expect((1.5..<10).contains(seconds), "\(seconds) s")
            #expect(try await client.answer() == nil)
            #expect(try await gateway.partNumbers(upload.fileID) == [])
        }

        /// Bytes that come with each moment: no more than tells that there is something, or more.
        @Test(arguments: [10, 1024, 3000]) func `a quick body that goes on slowly is taken`(bytes: Int) async throws {
            let gateway = try RunningGateway.shared
            let (upload, pieces) = try await begun(gateway)
            let client = try gateway.conversation()
            try await client.send(gateway.partHead(upload.fileID, 2, bytes: 3 << 20))
            try await client.send(pieces.bytes(2).prefix(2_000_000))
            var sent = 2_000_000
            let slowUntil = Date().addingTimeInterval(6)
            while Date() < slowUntil {
                try await aMoment(gateway)
                try await client.send(pieces.bytes(2).dropFirst(sent).prefix(bytes))
                sent += bytes
            }
            try await client.send(pieces.bytes(2).dropFirst(sent))
            let answer = try #require(try await client.answer())
            #expect(answer.status == 204, "\(answer.account)")
            #expect(answer.head.contains(Checksums.field(crc32c: pieces.bytes(2))))
            try await gateway.putParts(upload.fileID, pieces, [1])
            #expect(try await gateway.isWhole(upload, pieces))
        }

        @Test func `a quick body that stalls is taken over, and the next of it too`() async throws {
            let gateway = try RunningGateway.shared
            let (upload, pieces) = try await begun(gateway)
            var overtaken: [Conversation] = []
            for _ in 0..<3 {
                let client = try gateway.conversation()
                try await client.send(gateway.partHead(upload.fileID, 2, bytes: 3 << 20))
                try await client.send(pieces.bytes(2).prefix(2_500_000))
                overtaken.append(client)
                try await aMoment(gateway)
            }
            try await gateway.putParts(upload.fileID, pieces, [2])
            for client in overtaken {
                let answer = try #require(try await client.answer())
                #expect(answer.status == 409 && answer.text.contains("\"superseded\""), "\(answer.account)")
                #expect(try await client.answer() == nil)
            }
            try await gateway.putParts(upload.fileID, pieces, [1])
            #expect(try await gateway.isWhole(upload, pieces))
        }
    }

    /// More bodies at once than there is memory to receive them in.
    @Suite(.gateway("--block-memory-bytes", "1048576")) struct LaneMemory {
        private static let count = 120
        private static let partBytes = 300_000

        /// - Parameter slow: how many have sent a part of theirs, and so may hold memory, when the others begin.
        @Test(.timeLimit(.minutes(5)), arguments: [0, 60, 119])
        func `nobody waits for memory that another holds`(slow: Int) async throws {
            let gateway = try RunningGateway.shared
            let film = try Samples.shared.film(sizeBytes: Self.count * Self.partBytes)
            let pieces = try Pieces(film, sizeBytes: Self.partBytes)
            let upload = try await gateway.begun(pieces)
            var waiting: [(number: Int, client: Conversation, sent: Int)] = []
            for number in 1..<(slow + 1) {
                let client = try gateway.conversation()
                let sent = [0, 1, 20_000, 150_000, Self.partBytes - 1][number % 5]
                try await client.send(gateway.partHead(upload.fileID, number, bytes: Self.partBytes))
                try await client.send(pieces.bytes(number).prefix(sent))
                waiting.append((number, client, sent))
            }
            let quick = ((slow + 1)...Self.count).map { $0 }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in quick {
                    group.addTask {
                        let client = try gateway.conversation()
                        try await client.send(gateway.partRequest(upload.fileID, number, pieces))
                        let answer = try await client.answer()
                        #expect(answer?.status == 204, "part \(number): \(answer?.account ?? "none")")
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await gateway.partNumbers(upload.fileID) == quick)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for (number, client, sent) in waiting {
                    group.addTask {
                        let half = (Self.partBytes - sent) / 2
                        try await client.send(pieces.bytes(number).dropFirst(sent).prefix(half))
                        try await client.send(pieces.bytes(number).dropFirst(sent + half))
                        let answer = try await client.answer()
                        #expect(answer?.status == 204, "slow part \(number): \(answer?.account ?? "none")")
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await gateway.isWhole(upload, pieces))
        }
    }

    /// SIGTERM while a large body of known length is on its way.
    @Suite struct LaneEnding {
        @Test func `a body of known length is taken to its end`() async throws {
            let gateway = try await RunningGateway.start(options: ["--drain-seconds", "120"])
            let film = try Scratch.bytes(try Samples.shared.film(sizeBytes: 3 << 20))
            let link = try await gateway.link("fileName=a.mp4")
            let client = try gateway.conversation()
            try await client.send(gateway.linkHead(link, bytes: film.count))
            try await client.send(film.prefix(2_000_000))
            try await eventually("the request has begun") {
                try await gateway.status(link.fileID)["state"] == "receiving"
            }
            gateway.process.send(15)
            try await eventually("it is not ready any more") {
                try await Curl.run(["\(gateway.base)/readyz"]).status != 200
            }
            try await client.send(film.dropFirst(2_000_000))
            let answer = try #require(try await client.answer())
            #expect(answer.status == 200 && answer.isLast, "\(answer.account)")
            #expect(try await client.answer() == nil)
            #expect(try await gateway.process.ended() == 0)
            let next = try await RunningGateway.start(folder: gateway.folder)
            #expect(try await next.bytes(next.base + link.accessURL.dropFirst(gateway.base.count)) == film)
            #expect(try await next.stop() == 0)
            try await next.expectSound()
        }
    }
}
