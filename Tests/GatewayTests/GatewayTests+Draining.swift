import Foundation
import Testing

extension GatewayTests {
    /// SIGTERM while many clients send: the next process goes on where this one stopped.
    @Suite struct Draining {
        @Test func `under load nothing that was acknowledged is lost`() async throws {
            let seed = UInt64.random(in: 0 ... .max)
            var random = SeededRandom(seed: seed)
            let pieces = try Pieces(try Samples.shared.film(sizeBytes: 12_345_678), sizeBytes: 100_003)
            let count = pieces.paths.count
            let first = try await RunningGateway.start(options: ["--drain-seconds", "120"])
            let upload = try await first.begun(pieces)
            // One body is held back, so that the drain lasts until we let it end.
            let held = try Curl.start(
                ["-H", "X-API-Key: \(first.key)", "-T", "-", first.partURL(upload.fileID, 1)], readsInput: true)
            try await held.send(pieces.bytes(1).prefix(50_000))
            let order = (2...count).shuffled(using: &random)
            let heads = try Scratch.newFolder("heads")
            let transfers = order.map { number in
                [
                    ("url", first.partURL(upload.fileID, number)), ("upload-file", pieces.paths[number - 1]),
                    ("header", "X-API-Key: \(first.key)"), ("dump-header", "\(heads)/\(number)"),
                ]
            }
            let enough = Int.random(in: 3...count / 2, using: &random)
            async let outcomes = Curl.many(transfers, atOnce: true)
            try await eventually("\(enough) answers, seed \(seed)") {
                try Curl.answers(in: heads) >= enough
            }
            first.process.send(15)
            try await eventually("it drains") {
                try await Curl.run(["\(first.base)/readyz"]).status != 200
            }

            // While it drains the folder is its own.
            let early = try RunningGateway.launch(
                ["--port", "\(try RunningGateway.freePort())", "--data-dir", first.folder])
            #expect(try await early.process.ended() != 0)
            let words = try await early.log.whole()
            #expect(words.contains("\(first.process.id)"), "who holds it: \(words)")
            #expect(first.process.isRunning)

            let answers = try await outcomes
            try await held.send(pieces.bytes(1).dropFirst(50_000))
            held.endInput()
            let last = try await held.answer()
            #expect(last.status == 204, "what was running may end: \(last.account)")
            #expect(try await first.process.ended() == 0)

            var acknowledged: Set<Int> = [1]
            for (number, answer) in zip(order, answers) {
                // Taken, told to come back, or never let in.
                #expect([0, 204, 503].contains(answer.status), "seed \(seed): \(answer)")
                if answer.status == 204 { acknowledged.insert(number) }
            }
            #expect(acknowledged.count > enough, "seed \(seed)")
            let second = try await RunningGateway.start(folder: first.folder)
            #expect(Set(try await second.partNumbers(upload.fileID)).isSuperset(of: acknowledged), "seed \(seed)")
            try await second.putParts(upload.fileID, pieces, (1...count).filter { !acknowledged.contains($0) })
            let done = try await second.complete(upload.fileID)
            #expect(done.status == 200, "seed \(seed): \(done.account)")
            let url = try #require(try done.json["accessUrl"].string)
            #expect(try await second.bytes(url) == pieces.whole, "seed \(seed)")
            #expect(try await second.stop() == 0)
            try await second.expectSound()
        }
    }
}
