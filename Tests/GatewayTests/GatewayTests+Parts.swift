import Foundation
import Testing

extension GatewayTests {
    /// Uploads in parts: any order, in parallel, again, broken off.
    @Suite(.gateway) struct Parts {
        @Test func `an upload is begun`() async throws {
            let gateway = try RunningGateway.shared
            let answer = try await gateway.begin([
                "fileName": "film.mp4", "contentType": "mp4", "size": 2_500_000, "partSize": 1_000_000,
                "metadata": ["any": ["thing": 1]],
            ])
            #expect(answer.status == 201)
            let json = try answer.json
            #expect(json.keys == ["fileId", "partSize", "partCount", "expiresAt", "uploadUrl", "accessUrl"])
            #expect(json["partSize"] == 1_000_000)
            #expect(json["partCount"] == 3)
            let upload = try BegunUpload(json)
            #expect(answer["Location"]?.hasSuffix("/api/v1/uploads/\(upload.fileID)") == true)
            let status = try await gateway.status(upload.fileID)
            #expect(status["fileId"].string == upload.fileID)
            #expect(status["state"] == "receiving")
            #expect(status["size"] == 2_500_000)
            #expect(status["receivedBytes"] == 0)
            #expect(status["parts"] == [])
            #expect(status["missing"] == [[1, 3]])
            #expect(status["expiresAt"].string != nil)
        }

        @Test func `parts come in any order and make the file`() async throws {
            let gateway = try RunningGateway.shared
            let path = try Samples.shared.film(sizeBytes: 2_345_678)
            // No multiple of any block.
            let pieces = try Pieces(path, sizeBytes: 300_007)
            let upload = try await gateway.begun(pieces)
            #expect(upload.partCount == 8)
            let seed = UInt64.random(in: 0 ... .max)
            var random = SeededRandom(seed: seed)
            let order = (1...8).shuffled(using: &random)
            for (count, number) in order.enumerated() {
                let answer = try await gateway.putPart(upload.fileID, number, pieces.paths[number - 1])
                #expect(answer.status == 204, "seed \(seed): \(answer.account)")
                #expect(answer.body.isEmpty)
                #expect(answer["Content-Digest"] == Checksums.field(crc32c: pieces.bytes(number)))
                #expect(try await gateway.bytes(upload.accessURL) == nil)
                if count == 3 {
                    let here = order[...3].sorted()
                    let status = try await gateway.status(upload.fileID)
                    #expect(status["parts"].entries.compactMap { $0["number"].integer } == here)
                    #expect(status["receivedBytes"].integer == here.reduce(0) { $0 + pieces.bytes($1).count })
                    let missing = (1...8).filter { !here.contains($0) }
                    #expect(Self.numbers(status["missing"]) == missing, "seed \(seed)")
                    let early = try await gateway.complete(upload.fileID)
                    #expect(early.status == 409)
                    #expect(early.code == "parts_missing")
                    #expect(early["Content-Type"] == "application/problem+json")
                    #expect(try Self.numbers(early.json["missing"]) == missing)
                }
            }
            let done = try await gateway.complete(upload.fileID)
            #expect(done.status == 200)
            let json = try done.json
            #expect(json["fileId"].string == upload.fileID)
            #expect(json["size"] == 2_345_678)
            #expect(json["contentType"] == "video/mp4")
            #expect(json["digest"]["crc32c"].string == Checksums.hex(Checksums.crc32c(pieces.whole)))
            #expect(json["accessUrl"].string == upload.accessURL)
            let again = try await gateway.complete(upload.fileID)
            #expect(again.status == 200)
            #expect(again.body == done.body)
            #expect(try await gateway.bytes(upload.accessURL) == pieces.whole)
            #expect(try await gateway.status(upload.fileID)["state"] == "complete")
        }

        /// The numbers in closed ranges.
        static func numbers(_ ranges: JSON) -> [Int] {
            ranges.entries.flatMap { range -> [Int] in
                guard let first = range[0].integer, let last = range[1].integer, first <= last else { return [-1] }
                return Array(first...last)
            }
        }

        @Test func `eight parts at once make the file`() async throws {
            let gateway = try RunningGateway.shared
            let path = try Samples.shared.film(sizeBytes: 64 << 20)
            let pieces = try Pieces(path, sizeBytes: 8 << 20)
            let upload = try await gateway.begun(pieces)
            let outcomes = try await Curl.many(
                (1...8).map { number in
                    [
                        ("url", gateway.partURL(upload.fileID, number)), ("upload-file", pieces.paths[number - 1]),
                        ("header", "X-API-Key: \(gateway.key)"),
                    ]
                }, atOnce: true)
            #expect(outcomes.allSatisfy { $0 == Curl.Outcome(status: 204, exitCode: 0) }, "\(outcomes)")
            let done = try await gateway.complete(upload.fileID)
            #expect(done.status == 200, "\(done.account)")
            #expect(try done.json["digest"]["crc32c"].string == Checksums.hex(Checksums.crc32c(pieces.whole)))
            #expect(try await gateway.bytes(upload.accessURL) == pieces.whole)
        }

        @Test func `a part is repeated and replaced`() async throws {
            let gateway = try RunningGateway.shared
            let samples = try Samples.shared
            let pieces = try Pieces(try samples.film(sizeBytes: 500_000, seed: 1), sizeBytes: 200_000)
            let others = try Pieces(try samples.film(sizeBytes: 500_000, seed: 2), sizeBytes: 200_000)
            let upload = try await gateway.begun(pieces)
            try await gateway.putParts(upload.fileID, pieces, [1, 2, 3, 2, 2])
            #expect(try await gateway.status(upload.fileID)["receivedBytes"] == 500_000)
            let replaced = try await gateway.putPart(upload.fileID, 2, others.paths[1])
            #expect(replaced.status == 204)
            #expect(replaced["Content-Digest"] == Checksums.field(crc32c: others.bytes(2)))
            let expected = pieces.bytes(1) + others.bytes(2) + pieces.bytes(3)
            let done = try await gateway.complete(upload.fileID)
            #expect(try done.json["digest"]["crc32c"].string == Checksums.hex(Checksums.crc32c(expected)))
            #expect(try await gateway.bytes(upload.accessURL) == expected)
            let late = try await gateway.putPart(upload.fileID, 2, pieces.paths[1])
            #expect(late.status == 409)
            #expect(late.code == "already_complete")
            #expect(try await gateway.bytes(upload.accessURL) == expected)
        }

        @Test func `a digest decides whether a part counts`() async throws {
            let gateway = try RunningGateway.shared
            let samples = try Samples.shared
            let pieces = try Pieces(try samples.film(sizeBytes: 500_000, seed: 1), sizeBytes: 200_000)
            let others = try Pieces(try samples.film(sizeBytes: 500_000, seed: 2), sizeBytes: 200_000)
            let upload = try await gateway.begun(pieces)
            for field in [
                Checksums.field(crc32c: others.bytes(2)), try await Checksums.field(sha256: others.paths[1]),
            ] {
                let answer = try await gateway.putPart(
                    upload.fileID, 2, pieces.paths[1], ["-H", "Content-Digest: \(field)"])
                #expect(answer.status == 400)
                #expect(answer.code == "digest_mismatch")
                #expect(try await gateway.status(upload.fileID)["parts"] == [])
            }
            for field in [
                Checksums.field(crc32c: pieces.bytes(2)), try await Checksums.field(sha256: pieces.paths[1]),
            ] {
                let answer = try await gateway.putPart(
                    upload.fileID, 2, pieces.paths[1], ["-H", "Content-Digest: \(field)"])
                #expect(answer.status == 204, "\(answer.account)")
            }
            // What was acknowledged stays when a worse one comes.
            let worse = try await gateway.putPart(
                upload.fileID, 2, others.paths[1],
                ["-H", "Content-Digest: \(Checksums.field(crc32c: pieces.bytes(2)))"])
            #expect(worse.code == "digest_mismatch")
            try await gateway.putParts(upload.fileID, pieces, [1, 3])
            #expect(try await gateway.complete(upload.fileID).status == 200)
            #expect(try await gateway.bytes(upload.accessURL) == pieces.whole)
        }

        @Test func `a digest of the whole is kept to`() async throws {
            let gateway = try RunningGateway.shared
            let samples = try Samples.shared
            let path = try samples.film(sizeBytes: 500_000, seed: 1)
            let pieces = try Pieces(path, sizeBytes: 200_000)
            let right = try await Checksums.sha256(path)
            let announcement: (String) -> JSON = {
                ["fileName": "a.mp4", "size": 500_000, "partSize": 200_000, "sha256": .text($0)]
            }
            let good = try await gateway.begun(announcement(right))
            try await gateway.putParts(good.fileID, pieces, 1...3)
            let done = try await gateway.complete(good.fileID)
            #expect(done.status == 200, "\(done.account)")
            #expect(try done.json["digest"]["sha256"].string == right)

            let wrong = try await Checksums.sha256(samples.mov)
            let bad = try await gateway.begun(announcement(wrong))
            try await gateway.putParts(bad.fileID, pieces, 1...3)
            let refused = try await gateway.complete(bad.fileID)
            #expect(refused.status == 400)
            #expect(refused.code == "digest_mismatch")
            #expect(try await gateway.bytes(bad.accessURL) == nil)

            let nonsense = try await gateway.begin(announcement("xyz"))
            #expect(nonsense.status == 400)
        }

        @Test func `uploads are listed in pages`() async throws {
            let gateway = try RunningGateway.shared
            let key = try await gateway.newKey(tenant: "lister")
            let body: JSON = ["fileName": "a.mp4", "size": 10]
            let transfers = try (0..<105).map { _ in
                [
                    ("url", "\(gateway.base)/api/v1/uploads"), ("header", "X-API-Key: \(key)"),
                    ("header", "Content-Type: application/json"), ("data-binary", try body.encoded),
                ]
            }
            let outcomes = try await Curl.many(transfers, atOnce: false)
            #expect(outcomes.allSatisfy { $0.status == 201 })
            var seen: Set<String> = []
            var count = 0
            var cursor: String?
            var pages = 0
            repeat {
                let query = cursor.map { "?cursor=\($0)" } ?? ""
                let answer = try await gateway.call("GET", "/api/v1/uploads" + query, key: key)
                #expect(answer.status == 200)
                let uploads = try answer.json["uploads"].entries
                seen.formUnion(uploads.compactMap { $0["fileId"].string })
                count += uploads.count
                cursor = try answer.json["nextCursor"].string
                pages += 1
            } while cursor != nil && pages < 10
            #expect(seen.count == 105)
            #expect(count == 105, "none twice")
            #expect(pages > 1)
            let gone = try #require(seen.first)
            #expect(try await gateway.call("DELETE", "/api/v1/uploads/\(gone)", key: key).status == 204)
            let aborted = try await gateway.call("GET", "/api/v1/uploads?state=aborted", key: key)
            #expect(try aborted.json["uploads"].entries.compactMap { $0["fileId"].string } == [gone])
            let wrong = try await gateway.call("GET", "/api/v1/uploads?state=lost", key: key)
            #expect(wrong.status == 400)
            #expect(try await gateway.call("GET", "/api/v1/uploads?cursor=zzz", key: key).status == 400)
        }

        @Test func `an aborted upload is over`() async throws {
            let gateway = try RunningGateway.shared
            let pieces = try Pieces(try Samples.shared.film(sizeBytes: 500_000), sizeBytes: 200_000)
            let upload = try await gateway.begun(pieces)
            try await gateway.putParts(upload.fileID, pieces, 1...3)
            let path = "/api/v1/uploads/\(upload.fileID)"
            let abort = try await gateway.call("DELETE", path)
            #expect(abort.status == 204)
            #expect(abort.body.isEmpty)
            #expect(try await gateway.call("DELETE", path).status == 204)
            for answer in [
                try await gateway.putPart(upload.fileID, 1, pieces.paths[0]), try await gateway.complete(upload.fileID),
            ] {
                #expect(answer.status == 410)
                #expect(answer.code == "upload_gone")
            }
            #expect(try await gateway.status(upload.fileID)["state"] == "aborted")
            #expect(try await gateway.bytes(upload.accessURL) == nil)
            #expect(try await gateway.call("DELETE", "/api/v1/uploads/AAAAAAAAAAAAAAAAAAAAAAAAAAA").status == 404)
        }
    }
}
