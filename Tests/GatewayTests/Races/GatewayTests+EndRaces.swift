import Foundation
import Testing

extension GatewayTests {
    /// Two who end the same thing in different ways at once. Each time one of them is served, and what stands then is
    /// what he was told.
    @Suite(.gateway("--upload-lifetime-seconds", "2", "--reaper-seconds", "1")) struct EndRaces {
        private static let rounds = 20

        private func request(_ method: String, _ path: String, _ key: String, _ lines: String = "", body: String = "")
            -> Data
        {
            Data(
                ("\(method) \(path) HTTP/1.1\r\nHost: a\r\nX-API-Key: \(key)\r\n\(lines)"
                    + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)").utf8)
        }

        @Test func `a completion and an abort`() async throws {
            let gateway = try RunningGateway.shared
            let pieces = try Pieces(try Samples.shared.mp4, sizeBytes: 1 << 20)
            var tally: [String: Int] = [:]
            for round in 0..<Self.rounds {
                let upload = try await gateway.begun(pieces)
                try await gateway.putParts(upload.fileID, pieces, [1])
                let path = "/api/v1/uploads/\(upload.fileID)"
                let both = [
                    request("POST", "\(path)/complete", gateway.key), request("DELETE", path, gateway.key),
                ]
                // Who is asked to go first changes; who is served first is the race.
                let turned = round % 2 == 0
                let crowd = try await Crowd.gather(turned ? both.reversed() : both, port: gateway.port)
                let outcomes = await crowd.go()
                let (completion, abort) = turned ? (outcomes[1], outcomes[0]) : (outcomes[0], outcomes[1])
                tally["\(completion ?? 0) \(abort ?? 0)", default: 0] += 1
                let bytes = try await gateway.bytes(upload.accessURL)
                switch (completion, abort) {
                case (200, 409): #expect(bytes == pieces.whole, "round \(round)")
                case (410, 204): #expect(bytes == nil, "round \(round)")
                default: Issue.record("round \(round): \(outcomes.account)")
                }
            }
            #expect(tally.values.reduce(0, +) == Self.rounds, "\(tally)")
        }

        @Test func `a finalize and a deletion`() async throws {
            let gateway = try RunningGateway.shared
            var tally: [String: Int] = [:]
            for round in 0..<Self.rounds {
                let file = try await gateway.usedLink(try Samples.shared.mp4)
                let form = ["fileId": file.fileID, "platforms": "tiktok"].map { name, value in
                    "--b\r\nContent-Disposition: form-data; name=\"\(name)\"\r\n\r\n\(value)\r\n"
                }
                let both = [
                    request(
                        "POST", "/api/v1/media/videos", gateway.key,
                        "Content-Type: multipart/form-data; boundary=b\r\n", body: form.joined() + "--b--\r\n"),
                    request("DELETE", "/api/media/\(file.fileID)", gateway.key),
                ]
                let turned = round % 2 == 0
                let crowd = try await Crowd.gather(turned ? both.reversed() : both, port: gateway.port)
                let outcomes = await crowd.go()
                let (finalize, deletion) = turned ? (outcomes[1], outcomes[0]) : (outcomes[0], outcomes[1])
                tally["\(finalize ?? 0) \(deletion ?? 0)", default: 0] += 1
                // With a file goes what was made of it, so a deletion always has its way; an item is made before
                // it, and goes too, or never.
                #expect(deletion == 200, "round \(round): \(outcomes.account)")
                #expect([201, 404, 409, 410].contains(finalize), "round \(round): \(outcomes.account)")
                #expect(try await gateway.bytes(file.accessURL) == nil, "round \(round)")
            }
            let items = try await gateway.get("/api/v1/media/videos")
            #expect(try items.json["data"].entries == [], "no item without its file: \(tally)")
        }

        /// An upload of which the second part is still to come.
        private struct Late: Sendable {
            let upload: BegunUpload
            let client: Conversation
            /// When that part comes.
            let moment: Date
        }

        /// The second part comes around the moment when the upload's time is over.
        @Test func `the reaper and a late writer`() async throws {
            let gateway = try RunningGateway.shared
            let pieces = try Pieces(try Samples.shared.film(sizeBytes: 200_000), sizeBytes: 100_000)
            var late: [Late] = []
            for number in 0..<Self.rounds {
                let upload = try await gateway.begun(pieces)
                let client = try gateway.conversation()
                try await client.send(gateway.partRequest(upload.fileID, 1, pieces))
                #expect(try await client.answer()?.status == 204)
                // From before the end of its two seconds to after the reaper's next look.
                let seconds = 1.6 + 1.8 * Double(number) / Double(Self.rounds)
                late.append(Late(upload: upload, client: client, moment: Date().addingTimeInterval(seconds)))
            }
            let outcomes = try await withThrowingTaskGroup(of: [Int].self) { group in
                for writer in late {
                    while Date() < writer.moment { _ = try await HostileWatch.status(of: "/healthz", on: gateway) }
                    group.addTask { try await ending(writer, pieces) }
                }
                return try await group.reduce(into: [[Int]: Int]()) { $0[$1, default: 0] += 1 }
            }
            // Taken, and then all of it is a file; or gone, and then nothing of it is. A refused body that is long ends
            // its connection, and what stands behind it is not answered.
            #expect(Set(outcomes.keys).isSubset(of: [[204, 200], [410, 410], [410, 0]]), "\(outcomes)")
            #expect(outcomes.values.reduce(0, +) == Self.rounds, "\(outcomes)")
        }

        /// Sends the second part, and completes at once.
        private func ending(_ late: Late, _ pieces: Pieces) async throws -> [Int] {
            let gateway = try RunningGateway.shared
            let part = gateway.partRequest(late.upload.fileID, 2, pieces)
            let behind = request("POST", "/api/v1/uploads/\(late.upload.fileID)/complete", gateway.key)
            try await late.client.send(part.prefix(50_000))
            try await late.client.send(part.dropFirst(50_000) + behind)
            let answers = [try await late.client.answer(), try await late.client.answer()].map { $0?.status ?? 0 }
            let bytes = try await gateway.bytes(late.upload.accessURL)
            #expect(answers.last == 200 ? bytes == pieces.whole : bytes == nil, "\(answers)")
            return answers
        }
    }
}
