import Foundation
import Testing

extension GatewayTests {
    /// Uploads in parts at their limits, and with everything that goes wrong on the way.
    @Suite(.gateway) struct PartEdges {
        @Test func `a part has its number and its length`() async throws {
            let gateway = try RunningGateway.shared
            let pieces = try Pieces(try Samples.shared.film(sizeBytes: 500_000), sizeBytes: 200_000)
            let upload = try await gateway.begun(pieces)
            let wrong: [(number: Int, file: String)] = [
                (0, pieces.paths[0]), (-1, pieces.paths[0]), (4, pieces.paths[0]), (10_001, pieces.paths[0]),
                (1, pieces.paths[2]), (3, pieces.paths[0]), (2, try Scratch.file("empty", holding: Data())),
                (2, try Scratch.file("one more", holding: pieces.bytes(2) + Data([0]))),
                (2, try Scratch.file("one less", holding: pieces.bytes(2).dropLast())),
            ]
            for (number, file) in wrong {
                let answer = try await gateway.putPart(upload.fileID, number, file)
                #expect(answer.status == 400, "part \(number): \(answer.account)")
                #expect(answer.code == "invalid_part", "part \(number): \(answer.account)")
            }
            for word in ["x", "1x", "1.5", "99999999999999999999"] {
                let answer = try await Curl.run(
                    [
                        "-H", "X-API-Key: \(gateway.key)", "-T", pieces.paths[0],
                        "\(gateway.base)/api/v1/uploads/\(upload.fileID)/parts/\(word)",
                    ])
                #expect(answer.status == 400, "part \(word): \(answer.account)")
            }
            let status = try await gateway.status(upload.fileID)
            #expect(status["parts"] == [])
            #expect(status["receivedBytes"] == 0)
        }

        static let wrong: [(body: JSON, field: String)] = [
            (["size": 10], "fileName"), (["fileName": "a.mp4", "size": -1], "size"),
            (["fileName": "a.mp4", "size": "10"], "size"),
            (["fileName": "a.mp4", "size": 10, "partSize": 0], "partSize"),
            (["fileName": "a.mp4", "size": 1_000_000, "partSize": 1], "partSize"),
            (["fileName": "a.txt", "size": 10], "contentType"),
            (["fileName": "a.mp4", "contentType": "png", "size": 10], "fileName"),
            (["fileName": "a.mp4", "metadata": "text"], "metadata"),
        ]

        @Test(arguments: wrong) func `what cannot be begun is named`(wrong: (body: JSON, field: String)) async throws {
            let answer = try await RunningGateway.shared.begin(wrong.body)
            #expect(answer.status == 400, "\(answer.account)")
            #expect(answer["Content-Type"] == "application/problem+json")
            let named = try answer.json["errors"].entries.compactMap { $0["field"].string }
            #expect(named.contains(wrong.field), "\(answer.text)")
        }

        @Test func `a file beyond the limit is refused`() async throws {
            let gateway = try RunningGateway.shared
            // 200 GiB; the limit is 128 GiB.
            let answer = try await gateway.begin(["fileName": "a.mp4", "size": 214_748_364_800])
            #expect(answer.status == 413)
            #expect(answer.code == "too_large")
            let link = try await gateway.get("/api/media/uploadUrl?fileName=a.mp4&size=214748364800")
            #expect([400, 413].contains(link.status), "\(link.account)")
        }

        @Test func `a part that breaks off is missing and can be sent again`() async throws {
            let gateway = try RunningGateway.shared
            let pieces = try Pieces(try Samples.shared.film(sizeBytes: 6 << 20), sizeBytes: 2 << 20)
            let upload = try await gateway.begun(pieces)
            let right = ["-H", "X-API-Key: \(gateway.key)"]
            let broken = try Curl.start(
                right + ["-T", "-", gateway.partURL(upload.fileID, 2)], readsInput: true)
            try await broken.send(pieces.bytes(2).prefix(1_500_000))
            broken.child.send(9)
            #expect(try await broken.answer().exitCode == -9)
            broken.endInput()
            // The same with a length that was announced, and with a reset in place of an end.
            let reset = try RawConnection(port: gateway.port)
            try await reset.send(
                "PUT /api/v1/uploads/\(upload.fileID)/parts/3 HTTP/1.1\r\nHost: a\r\nX-API-Key: \(gateway.key)\r\n"
                    + "Content-Length: \(pieces.bytes(3).count)\r\n\r\n")
            try await reset.send(pieces.bytes(3).prefix(1_500_000))
            reset.reset()
            try await gateway.putParts(upload.fileID, pieces, [1])
            #expect(try await gateway.partNumbers(upload.fileID) == [1])
            #expect(try await gateway.complete(upload.fileID).code == "parts_missing")
            try await gateway.putParts(upload.fileID, pieces, [2, 3])
            let done = try await gateway.complete(upload.fileID)
            #expect(done.status == 200, "\(done.account)")
            #expect(try await gateway.bytes(upload.accessURL) == pieces.whole)
        }

        @Test func `of the same part twice at once one wins whole`() async throws {
            let gateway = try RunningGateway.shared
            let samples = try Samples.shared
            let all = try (1...6).map { try Pieces(try samples.film(sizeBytes: 5 << 20, seed: $0), sizeBytes: 4 << 20) }
            let upload = try await gateway.begun(all[0])
            let outcomes = try await Curl.many(
                all.map { pieces in
                    [
                        ("url", gateway.partURL(upload.fileID, 1)), ("upload-file", pieces.paths[0]),
                        ("header", "X-API-Key: \(gateway.key)"),
                    ]
                }, atOnce: true)
            #expect(outcomes.contains { $0.status == 204 })
            #expect(
                outcomes.allSatisfy { [204, 409].contains($0.status) && $0.exitCode == 0 },
                "each is told how it ended: \(outcomes)")
            try await gateway.putParts(upload.fileID, all[0], [2])
            let done = try await gateway.complete(upload.fileID)
            #expect(done.status == 200, "\(done.account)")
            let bytes = try #require(try await gateway.bytes(upload.accessURL))
            let winner = all.indices.first { bytes.prefix(4 << 20) == all[$0].bytes(1) }
            #expect(winner.map { outcomes[$0].status } == 204, "a part that was acknowledged, whole")
            #expect(try done.json["digest"]["crc32c"].string == Checksums.hex(Checksums.crc32c(bytes)))
        }

        @Test func `a part that hangs is taken over by the next`() async throws {
            let gateway = try RunningGateway.shared
            let pieces = try Pieces(try Samples.shared.film(sizeBytes: 4 << 20), sizeBytes: 2 << 20)
            let upload = try await gateway.begun(pieces)
            for framing in ["Content-Length: 2097152\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n100000\r\n"] {
                let hanging = try RawConnection(port: gateway.port)
                try await hanging.send(
                    "PUT /api/v1/uploads/\(upload.fileID)/parts/2 HTTP/1.1\r\nHost: a\r\n"
                        + "X-API-Key: \(gateway.key)\r\n\(framing)")
                try await hanging.send(pieces.bytes(2).prefix(1_000_000))
                try await gateway.putParts(upload.fileID, pieces, [2])
                let answer = try await hanging.receiveToEnd()
                #expect(answer.hasPrefix("HTTP/1.1 409 "), "\(answer)")
                #expect(answer.contains("\"superseded\""))
            }
            try await gateway.putParts(upload.fileID, pieces, [1])
            #expect(try await gateway.complete(upload.fileID).status == 200)
            #expect(try await gateway.bytes(upload.accessURL) == pieces.whole)
        }

        @Test func `the size need not be known`() async throws {
            let gateway = try RunningGateway.shared
            let pieces = try Pieces(try Samples.shared.film(sizeBytes: 2_500_000), sizeBytes: 1_000_000)
            let upload = try await gateway.begun(["fileName": "a.mp4", "partSize": 1_000_000])
            #expect(upload.partCount == nil)
            try await gateway.putParts(upload.fileID, pieces, [3, 1])
            let early = try await gateway.complete(upload.fileID)
            #expect(early.status == 409)
            #expect(try early.json["missing"] == [[2, 2]])
            let second = try await gateway.putPart(
                upload.fileID, 2, pieces.paths[1], ["-H", "Transfer-Encoding: chunked"])
            #expect(second.status == 204, "\(second.account)")
            let done = try await gateway.complete(upload.fileID)
            #expect(done.status == 200, "\(done.account)")
            #expect(try done.json["size"] == 2_500_000)
            #expect(try await gateway.bytes(upload.accessURL) == pieces.whole)
        }

        @Test func `parts may be tiny`() async throws {
            let gateway = try RunningGateway.shared
            let path = try Scratch.file("tiny.png")
            try await Command.succeed("convert", ["-size", "1x1", "xc:red", "-strip", path])
            for size in [1, 7] {
                let pieces = try Pieces(path, sizeBytes: size)
                let upload = try await gateway.begun([
                    "fileName": "tiny.png", "size": .number(Double(pieces.whole.count)),
                    "partSize": .number(Double(size)),
                ])
                let transfers = pieces.paths.indices.reversed().map { index in
                    [
                        ("url", gateway.partURL(upload.fileID, index + 1)), ("upload-file", pieces.paths[index]),
                        ("header", "X-API-Key: \(gateway.key)"),
                    ]
                }
                let outcomes = try await Curl.many(transfers, atOnce: false)
                #expect(outcomes.allSatisfy { $0.status == 204 }, "\(Set(outcomes))")
                let done = try await gateway.complete(upload.fileID)
                #expect(done.status == 200, "\(done.account)")
                #expect(try done.json["contentType"] == "image/png")
                #expect(try await gateway.bytes(upload.accessURL) == pieces.whole)
            }
        }

        @Test func `an empty file is no film`() async throws {
            let gateway = try RunningGateway.shared
            let upload = try await gateway.begun(["fileName": "a.mp4", "size": 0])
            #expect(upload.partCount == 1)
            let empty = try Scratch.file("empty", holding: Data())
            let part = try await gateway.putPart(upload.fileID, 1, empty)
            #expect(part.status == 415, "\(part.account)")
            #expect(part.code == "content_mismatch")
            #expect(try await gateway.complete(upload.fileID).code == "parts_missing")
        }

        @Test func `bytes of another type are refused with the first part`() async throws {
            let gateway = try RunningGateway.shared
            let samples = try Samples.shared
            let size = try Scratch.bytes(samples.png).count
            let upload = try await gateway.begun(["fileName": "a.mp4", "size": .number(Double(size))])
            let part = try await gateway.putPart(upload.fileID, 1, samples.png)
            #expect(part.status == 415)
            #expect(part.code == "content_mismatch")
            #expect(try await gateway.status(upload.fileID)["parts"] == [])
        }

        @Test func `an upload in parts can be finished in one PUT`() async throws {
            let gateway = try RunningGateway.shared
            let path = try Samples.shared.film(sizeBytes: 500_000)
            let pieces = try Pieces(path, sizeBytes: 200_000)
            let upload = try await gateway.begun(pieces)
            let put = try await Curl.run(["-H", "Content-Type: video/mp4", "-T", path, upload.uploadURL])
            #expect(put.status == 200, "\(put.account)")
            #expect(try await gateway.bytes(upload.accessURL) == pieces.whole)
            let late = try await gateway.putPart(upload.fileID, 1, pieces.paths[0])
            #expect(late.status == 409)
            let again = try await Curl.run(["-H", "Content-Type: video/mp4", "-T", path, upload.uploadURL])
            #expect(again.code == "link_used")
            let done = try await gateway.complete(upload.fileID)
            #expect(done.status == 200)
            #expect(try done.json["digest"]["crc32c"].string == Checksums.hex(Checksums.crc32c(pieces.whole)))
        }

        @Test func `the signed link is no way around parts that are here`() async throws {
            let gateway = try RunningGateway.shared
            let path = try Samples.shared.film(sizeBytes: 500_000)
            let pieces = try Pieces(path, sizeBytes: 200_000)
            let upload = try await gateway.begun(pieces)
            try await gateway.putParts(upload.fileID, pieces, [1, 2])
            let put = try await Curl.run(["-H", "Content-Type: video/mp4", "-T", path, upload.uploadURL])
            #expect(put.status == 409, "\(put.account)")
            #expect(try await gateway.partNumbers(upload.fileID) == [1, 2], "what was acknowledged stays")
            try await gateway.putParts(upload.fileID, pieces, [3])
            #expect(try await gateway.complete(upload.fileID).status == 200)
            #expect(try await gateway.bytes(upload.accessURL) == pieces.whole)
        }
    }
}
