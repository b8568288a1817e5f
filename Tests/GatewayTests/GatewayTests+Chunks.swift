import Foundation
import Testing

extension GatewayTests {
    /// The publishing API's chunks, to the letter.
    @Suite(.gateway) struct Chunks {
        private func pieces(_ count: Int = 3, seed: UInt64 = 1) throws -> Pieces {
            try Pieces(try Samples.shared.film(sizeBytes: count * 200_000 - 77_777, seed: seed), sizeBytes: 200_000)
        }

        private func received(_ index: Int) -> JSON {
            [
                "success": true, "data": ["completed": false, "chunkIndex": .number(Double(index))],
                "message": "Chunk received",
            ]
        }

        private func completed(_ id: String) -> JSON {
            ["success": true, "data": ["completed": true, "fileId": .text(id)], "message": "Upload complete"]
        }

        private func status(_ id: String, exists: Bool, size: Int) -> JSON {
            [
                "success": true,
                "data": ["exists": .flag(exists), "currentSize": .number(Double(size)), "fileId": .text(id)],
            ]
        }

        /// The file behind an alias, by making an item of it.
        private func file(_ id: String, key: String? = nil) async throws -> Data? {
            let gateway = try RunningGateway.shared
            let item = try await gateway.finalize("videos", ["fileId=\(id)", "platforms=tiktok"], key: key)
            try #require(item.status == 201, "\(item.account)")
            return try await gateway.bytes(try #require(try item.json["data"][0]["accessUrl"].string))
        }

        @Test(arguments: [false, true]) func `chunks make a file`(fileFirst: Bool) async throws {
            let gateway = try RunningGateway.shared
            let pieces = try pieces()
            let id = "in-order-\(fileFirst)"
            #expect(try await gateway.chunkStatus(id) == status(id, exists: false, size: 0))
            for index in 0..<3 {
                let answer = try await gateway.postChunk(
                    pieces.paths[index], index, of: 3, id: id, fileFirst: fileFirst)
                #expect(answer.status == 200, "\(answer.account)")
                #expect(try answer.json == (index == 2 ? completed(id) : received(index)))
                let here = min((index + 1) * 200_000, pieces.whole.count)
                #expect(try await gateway.chunkStatus(id) == status(id, exists: true, size: here))
            }
            #expect(try await file(id) == pieces.whole)
        }

        @Test(arguments: [false, true]) func `chunks come out of order and again`(fileFirst: Bool) async throws {
            let gateway = try RunningGateway.shared
            let pieces = try pieces(6)
            let id = "out-of-order-\(fileFirst)"
            // The last comes before others: that does not make the file whole.
            for (index, prefix) in [(3, 0), (0, 1), (5, 1), (0, 1), (2, 1), (5, 1), (1, 4)] {
                let answer = try await gateway.postChunk(
                    pieces.paths[index], index, of: 6, id: id, fileFirst: fileFirst)
                #expect(answer.status == 200, "\(answer.account)")
                #expect(try answer.json == received(index))
                #expect(try await gateway.chunkStatus(id) == status(id, exists: true, size: prefix * 200_000))
            }
            let last = try await gateway.postChunk(pieces.paths[4], 4, of: 6, id: id, fileFirst: fileFirst)
            #expect(try last.json == completed(id))
            // A repetition after the end does no harm either.
            let late = try await gateway.postChunk(pieces.paths[1], 1, of: 6, id: id, fileFirst: fileFirst)
            #expect(late.status == 200)
            #expect(try late.json == completed(id))
            #expect(try await file(id) == pieces.whole)
        }

        @Test(arguments: [false, true]) func `the last cannot be the first`(fileFirst: Bool) async throws {
            let gateway = try RunningGateway.shared
            let pieces = try pieces()
            let id = "last-first-\(fileFirst)"
            let early = try await gateway.postChunk(pieces.paths[2], 2, of: 3, id: id, fileFirst: fileFirst)
            #expect(early.status == 409)
            let json = try early.json
            #expect(json["success"] == false)
            #expect(json["code"] == "chunk_size_unknown")
            #expect(json["message"].string?.isEmpty == false)
            for index in [0, 2, 1] {
                let answer = try await gateway.postChunk(
                    pieces.paths[index], index, of: 3, id: id, fileFirst: fileFirst)
                #expect(answer.status == 200, "\(answer.account)")
            }
            #expect(try await file(id) == pieces.whole)
        }

        @Test(arguments: [false, true]) func `chunks have one size`(fileFirst: Bool) async throws {
            let gateway = try RunningGateway.shared
            let pieces = try pieces()
            let id = "one-size-\(fileFirst)"
            _ = try await gateway.postChunk(pieces.paths[0], 0, of: 3, id: id, fileFirst: fileFirst)
            for bytes in [pieces.bytes(2).dropLast(), pieces.bytes(2) + Data([1]), Data()] {
                let file = try Scratch.file("chunk", holding: bytes)
                let answer = try await gateway.postChunk(file, 1, of: 3, id: id, fileFirst: fileFirst)
                #expect(answer.status == 400, "\(bytes.count) bytes: \(answer.account)")
                #expect(try answer.json["success"] == false)
            }
            #expect(try await gateway.chunkStatus(id)["data"]["currentSize"] == 200_000)
            _ = try await gateway.postChunk(pieces.paths[1], 1, of: 3, id: id, fileFirst: fileFirst)
            let last = try await gateway.postChunk(pieces.paths[2], 2, of: 3, id: id, fileFirst: fileFirst)
            #expect(try last.json == completed(id))
            #expect(try await file(id) == pieces.whole)
        }

        @Test(arguments: [false, true]) func `one chunk can be all`(fileFirst: Bool) async throws {
            let gateway = try RunningGateway.shared
            let path = try Samples.shared.mp4
            let id = "single-\(fileFirst)"
            let answer = try await gateway.postChunk(path, 0, of: 1, id: id, fileFirst: fileFirst)
            #expect(try answer.json == completed(id))
            #expect(try await file(id) == Scratch.bytes(path))
        }

        @Test(arguments: [false, true]) func `chunks may be of one byte`(fileFirst: Bool) async throws {
            let gateway = try RunningGateway.shared
            let path = try Scratch.file("tiny.png")
            try await Command.succeed("convert", ["-size", "1x1", "xc:red", "-strip", path])
            let pieces = try Pieces(path, sizeBytes: 1)
            let id = "bytes-\(fileFirst)"
            for index in pieces.paths.indices {
                let answer = try await gateway.postChunk(
                    pieces.paths[index], index, of: pieces.paths.count, id: id, fileFirst: fileFirst,
                    fileName: "tiny.png")
                #expect(try answer.json == (index == pieces.paths.count - 1 ? completed(id) : received(index)))
            }
            let item = try await gateway.finalize("images", ["fileId=\(id)", "platforms=instagram"])
            #expect(item.status == 201, "\(item.account)")
            let url = try #require(try item.json["data"][0]["accessUrl"].string)
            #expect(try await gateway.bytes(url) == pieces.whole)
        }

        @Test func `an id belongs to its tenant`() async throws {
            let gateway = try RunningGateway.shared
            let other = try await gateway.newKey(tenant: "chunky")
            let mine = try pieces(2, seed: 1)
            let theirs = try pieces(2, seed: 2)
            let id = "shared name, with spaces"
            let query = "shared%20name,%20with%20spaces"
            for index in 0..<2 {
                let before = try await gateway.chunkStatus(query, key: other)["data"]["currentSize"].integer
                _ = try await gateway.postChunk(mine.paths[index], index, of: 2, id: id)
                #expect(try await gateway.chunkStatus(query, key: other)["data"]["currentSize"].integer == before)
                let answer = try await gateway.postChunk(theirs.paths[index], index, of: 2, id: id, key: other)
                #expect(try answer.json == (index == 1 ? completed(id) : received(index)))
            }
            #expect(try await file(id) == mine.whole)
            #expect(try await file(id, key: other) == theirs.whole)
        }

        @Test func `all chunks at once make the file`() async throws {
            let gateway = try RunningGateway.shared
            let pieces = try pieces(10)
            let id = "at-once"
            _ = try await gateway.postChunk(pieces.paths[4], 4, of: 10, id: id)
            let transfers = (0..<10).flatMap { index in
                (0..<2).map { _ in
                    [
                        ("url", "\(gateway.base)/api/v1/media/chunks"), ("header", "X-API-Key: \(gateway.key)"),
                        ("form", "fileId=\(id)"), ("form", "totalChunks=10"), ("form", "chunkIndex=\(index)"),
                        ("form", "file=@\(pieces.paths[index]);filename=film.mp4"),
                    ]
                }
            }
            let outcomes = try await Curl.many(transfers, atOnce: true)
            // Of two requests with the same chunk one may have made way for the other; of the one that was there before,
            // the other for the completion.
            for index in 0..<10 where index != 4 {
                #expect(outcomes[(index * 2)...(index * 2 + 1)].contains { $0.status == 200 })
            }
            #expect(outcomes.allSatisfy { [200, 409].contains($0.status) && $0.exitCode == 0 }, "\(outcomes)")
            #expect(try await gateway.chunkStatus(id) == status(id, exists: true, size: pieces.whole.count))
            #expect(try await file(id) == pieces.whole)
        }

        @Test func `what is wrong with a form is named`() async throws {
            let gateway = try RunningGateway.shared
            let file = "file=@\(try Samples.shared.mp4)"
            let cases: [(fields: [String], named: [String])] = [
                ([file], ["fileId", "chunkIndex", "totalChunks"]),
                ([file, "fileId=a", "chunkIndex=-1", "totalChunks=0"], ["chunkIndex", "totalChunks"]),
                ([file, "fileId=a", "chunkIndex=x", "totalChunks=2"], ["chunkIndex"]),
                ([file, "fileId=a", "chunkIndex=2", "totalChunks=2"], ["chunkIndex"]),
                (["fileId=a", "chunkIndex=0", "totalChunks=2"], ["file"]),
                (["fileId=a", "chunkIndex=0", "totalChunks=2", file, file], ["file"]),
            ]
            for (fields, named) in cases {
                let answer = try await gateway.call(
                    "POST", "/api/v1/media/chunks", fields.flatMap { ["-F", $0] })
                #expect(answer.status == 400, "\(fields): \(answer.account)")
                let json = try answer.json
                #expect(json["success"] == false)
                #expect(json["code"] == "invalid_request")
                for name in named {
                    #expect(json["errors"].entries.contains { $0["field"].string == name }, "\(name): \(answer.text)")
                }
            }
            let noForm = try await gateway.call("POST", "/api/v1/media/chunks", ["-d", "fileId=a"])
            #expect(noForm.status == 400)
            #expect(try await gateway.get("/api/v1/media/chunks").status == 400)
            #expect(try await gateway.chunkStatus("a")["data"]["currentSize"] == 0, "nothing of all that counts")
        }

        @Test func `another number of chunks is refused`() async throws {
            let gateway = try RunningGateway.shared
            let pieces = try pieces()
            _ = try await gateway.postChunk(pieces.paths[0], 0, of: 3, id: "recount")
            let answer = try await gateway.postChunk(pieces.paths[1], 1, of: 4, id: "recount")
            #expect(answer.status == 400, "\(answer.account)")
            #expect(try await gateway.chunkStatus("recount")["data"]["currentSize"] == 200_000)
        }

        @Test func `an upload in chunks is an upload like any other`() async throws {
            let gateway = try RunningGateway.shared
            let pieces = try pieces(4)
            let id = "mixed"
            _ = try await gateway.postChunk(pieces.paths[0], 0, of: 4, id: id)
            let status = try await gateway.status(id)
            let fileID = try #require(status["fileId"].string)
            #expect(fileID != id)
            #expect(status["missing"] == [[2, 4]])
            try await gateway.putParts(fileID, pieces, [3])
            _ = try await gateway.postChunk(pieces.paths[3], 3, of: 4, id: fileID)
            #expect(try await gateway.chunkStatus(fileID)["data"]["currentSize"] == 200_000)
            let last = try await gateway.postChunk(pieces.paths[1], 1, of: 4, id: id)
            #expect(try last.json == completed(id))
            #expect(try await file(fileID) == pieces.whole)
        }
    }
}
