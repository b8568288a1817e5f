import Foundation
import Testing

extension GatewayTests {
    /// `kill -9` at bad moments: what was acknowledged is there, what was not can be sent again.
    @Suite struct Crashing {
        @Test func `parts survive`() async throws {
            let first = try await RunningGateway.start()
            let pieces = try Pieces(try Samples.shared.film(sizeBytes: 16 << 20), sizeBytes: 2 << 20)
            let upload = try await first.begun(pieces)
            try await first.putParts(upload.fileID, pieces, [5, 1, 8])
            // Three more are under way: new, again with the same bytes, again with others.
            let others = try Pieces(try Samples.shared.film(sizeBytes: 16 << 20, seed: 2), sizeBytes: 2 << 20)
            var running: [CurlTransfer] = []
            for (number, bytes) in [(3, pieces.bytes(3)), (1, pieces.bytes(1)), (5, others.bytes(5))] {
                let transfer = try Curl.start(
                    ["-H", "X-API-Key: \(first.key)", "-T", "-", first.partURL(upload.fileID, number)],
                    readsInput: true)
                try await transfer.send(bytes.prefix(1_500_000))
                running.append(transfer)
            }
            try await first.kill()
            for transfer in running {
                transfer.endInput()
                #expect(try await transfer.answer().status != 204)
            }
            let second = try await RunningGateway.start(folder: first.folder)
            #expect(second.key == first.key)
            try await second.expectSound()
            let status = try await second.status(upload.fileID)
            #expect(status["state"] == "receiving")
            #expect(status["parts"].entries.compactMap { $0["number"].integer } == [1, 5, 8])
            #expect(Parts.numbers(status["missing"]) == [2, 3, 4, 6, 7])
            #expect(status["receivedBytes"].integer == 3 * (2 << 20))
            try await second.putParts(upload.fileID, pieces, [7, 2, 6, 3, 4])
            let done = try await second.complete(upload.fileID)
            #expect(done.status == 200, "\(done.account)")
            #expect(try done.json["digest"]["crc32c"].string == Checksums.hex(Checksums.crc32c(pieces.whole)))
            #expect(try await second.bytes(movedHere(try done.json, second)) == pieces.whole)
            #expect(try await second.stop() == 0)
            try await second.expectSound()
        }

        /// The access URL of an answer names the port of the gateway that gave it.
        private func movedHere(_ answer: JSON, _ gateway: RunningGateway) throws -> String {
            let url = try #require(answer["accessUrl"].string)
            #expect(url.hasPrefix(gateway.base))
            return url
        }

        @Test func `whatever was acknowledged in a rush is there`() async throws {
            let pieces = try Pieces(try Samples.shared.film(sizeBytes: 12_345_678), sizeBytes: 200_003)
            let count = pieces.paths.count
            let seed = UInt64.random(in: 0 ... .max)
            var random = SeededRandom(seed: seed)
            var gateway = try await RunningGateway.start()
            let folder = gateway.folder
            let upload = try await gateway.begun(pieces)
            var acknowledged: Set<Int> = []
            for _ in 0..<3 {
                // The answers go to files, so that curl needs no more of us while the gateway is killed.
                let order = (1...count).filter { !acknowledged.contains($0) }.shuffled(using: &random)
                let heads = try Scratch.newFolder("heads")
                let transfers = order.map { number in
                    [
                        ("url", gateway.partURL(upload.fileID, number)), ("upload-file", pieces.paths[number - 1]),
                        ("header", "X-API-Key: \(gateway.key)"), ("dump-header", "\(heads)/\(number)"),
                    ]
                }
                let running = gateway
                let enough = min(order.count - 1, Int.random(in: 3...15, using: &random))
                async let outcomes = Curl.many(transfers, atOnce: true)
                try await eventually("\(enough) answers, seed \(seed)") {
                    try Curl.answers(in: heads) >= enough
                }
                try await running.kill()
                for (number, outcome) in zip(order, try await outcomes) where outcome.status == 204 {
                    acknowledged.insert(number)
                }
                gateway = try await RunningGateway.start(folder: folder)
                try await gateway.expectSound()
                let here = Set(try await gateway.partNumbers(upload.fileID))
                #expect(acknowledged.isSubset(of: here), "seed \(seed): \(acknowledged.subtracting(here))")
                acknowledged = here
            }
            try await gateway.putParts(upload.fileID, pieces, (1...count).filter { !acknowledged.contains($0) })
            let done = try await gateway.complete(upload.fileID)
            #expect(done.status == 200, "seed \(seed): \(done.account)")
            #expect(try done.json["digest"]["crc32c"].string == Checksums.hex(Checksums.crc32c(pieces.whole)))
            #expect(try await gateway.bytes(movedHere(try done.json, gateway)) == pieces.whole, "seed \(seed)")
            #expect(try await gateway.stop() == 0)
        }

        @Test func `chunks survive`() async throws {
            let first = try await RunningGateway.start()
            let pieces = try Pieces(try Samples.shared.film(sizeBytes: 5_000_000), sizeBytes: 1_500_000)
            for index in [2, 0] {
                #expect(try await first.postChunk(pieces.paths[index], index, of: 4, id: "crash").status == 200)
            }
            let boundary = "a-boundary-of-this-test"
            func field(_ name: String, _ value: String) -> String {
                "--\(boundary)\r\nContent-Disposition: form-data; name=\"\(name)\"\r\n\r\n\(value)\r\n"
            }
            let head =
                field("fileId", "crash") + field("chunkIndex", "1") + field("totalChunks", "4")
                + "--\(boundary)\r\nContent-Disposition: form-data; name=\"file\"; filename=\"film.mp4\"\r\n\r\n"
            let transfer = try Curl.start(
                [
                    "-X", "POST", "-H", "X-API-Key: \(first.key)", "-H",
                    "Content-Type: multipart/form-data; boundary=\(boundary)", "-T", "-",
                    "\(first.base)/api/v1/media/chunks",
                ], readsInput: true)
            try await transfer.send(Data(head.utf8) + pieces.bytes(2).prefix(1_000_000))
            try await first.kill()
            transfer.endInput()
            #expect(try await transfer.answer().status != 200)
            let second = try await RunningGateway.start(folder: first.folder)
            try await second.expectSound()
            #expect(try await second.chunkStatus("crash")["data"]["currentSize"] == 1_500_000)
            #expect(try await second.partNumbers("crash") == [1, 3])
            #expect(try await second.postChunk(pieces.paths[3], 3, of: 4, id: "crash").status == 200)
            let last = try await second.postChunk(pieces.paths[1], 1, of: 4, id: "crash", fileFirst: true)
            #expect(try last.json["data"]["completed"] == true)
            let item = try await second.finalize("videos", ["fileId=crash", "platforms=tiktok"])
            #expect(try await second.bytes(movedHere(try item.json["data"][0], second)) == pieces.whole)
            #expect(try await second.stop() == 0)
            try await second.expectSound()
        }

        @Test func `a used link stays used and an item stays one`() async throws {
            let first = try await RunningGateway.start()
            let samples = try Samples.shared
            let done = try await first.usedLink(samples.mp4)
            let made = try await first.finalize("videos", ["fileId=\(done.fileID)", "platforms=tiktok"])
            #expect(made.status == 201)
            let unused = try await first.link("fileName=a.mp4")
            let broken = try await first.link("fileName=a.mp4")
            let bytes = try Scratch.bytes(try samples.film(sizeBytes: 4 << 20))
            let transfer = try Curl.start(
                ["-H", "Content-Type: video/mp4", "-T", "-", broken.uploadURL], readsInput: true)
            try await transfer.send(bytes.prefix(3 << 20))
            try await first.kill()
            transfer.endInput()
            #expect(try await transfer.answer().status != 200)

            // Links name the public address, which outlives a restart.
            let second = try await RunningGateway.start(folder: first.folder, options: ["--public-url", first.base])
            try await second.expectSound()
            func here(_ url: String) -> String { second.base + url.dropFirst(first.base.count) }
            for link in [done, broken] {
                let again = try await Curl.run(
                    ["-H", "Content-Type: video/mp4", "-T", samples.mp4, here(link.uploadURL)])
                #expect(again.status == 409)
                #expect(again.code == "link_used")
            }
            #expect(try await second.bytes(here(broken.accessURL)) == nil, "never half there")
            #expect(try await second.status(broken.fileID)["state"] == "failed", "nobody can continue it")
            #expect(try await second.bytes(here(done.accessURL)) == Scratch.bytes(samples.mp4))
            let fresh = try await Curl.run(
                ["-H", "Content-Type: video/mp4", "-T", samples.mp4, here(unused.uploadURL)])
            #expect(fresh.status == 200, "\(fresh.account)")
            let again = try await second.finalize("videos", ["fileId=\(done.fileID)", "platforms=tiktok"])
            #expect(again.status == 201)
            #expect(again.body == made.body, "the same item after the restart, byte for byte")
            #expect(try await second.stop() == 0)
        }
    }
}
