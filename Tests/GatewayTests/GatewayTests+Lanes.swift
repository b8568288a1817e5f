import Foundation
import Testing

extension GatewayTests {
    /// Bodies of known length are received past the decoder: where they begin and end, and what stands behind them.
    @Suite(.gateway) struct Lanes {
        private static let health = "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"
        private static let lastHealth = "GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"

        @Test func `parts of all sizes follow each other on one connection`() async throws {
            let gateway = try RunningGateway.shared
            let client = try gateway.conversation()
            // The length of the parts but the last, and of the last.
            let sizes = [
                (40_000, 1), (40_000, 15 << 10), (40_000, 16 << 10), (64 << 10, 64 << 10), (1 << 20, 1 << 20),
                ((5 << 20) + 1, (5 << 20) + 1), (1 << 20, 1),
            ]
            for (first, last) in sizes {
                let pieces = try Pieces(try Samples.shared.film(sizeBytes: first + last), sizeBytes: first)
                let upload = try await gateway.begun(pieces)
                for number in [2, 1] {
                    try await client.send(gateway.partRequest(upload.fileID, number, pieces))
                    let answer = try #require(try await client.answer())
                    #expect(answer.status == 204, "\(first) and \(last): \(answer.account)")
                    let digest = Checksums.field(crc32c: pieces.bytes(number))
                    #expect(answer.head.contains("Content-Digest: \(digest)"), "\(answer.account)")
                    try await client.send(Self.health)
                    #expect(try await client.answer()?.status == 200, "behind \(pieces.bytes(number).count)")
                }
                #expect(try await gateway.isWhole(upload, pieces), "\(first) and \(last)")
            }
        }

        /// Where one send ends and the next begins: bytes after the first body's end, or before it.
        static let cuts = [nil, -100_000, -1, 0, 1, 100]

        @Test(arguments: cuts) func `what comes ahead behind a body is answered in order`(cut: Int?) async throws {
            let gateway = try RunningGateway.shared
            for length in [300_000, 2 << 20] {
                let pieces = try Pieces(try Samples.shared.film(sizeBytes: 3 * length), sizeBytes: length)
                let upload = try await gateway.begun(pieces)
                let client = try gateway.conversation()
                let first = gateway.partRequest(upload.fileID, 3, pieces)
                let all =
                    first + gateway.partRequest(upload.fileID, 1, pieces) + Data(Self.health.utf8)
                    + gateway.partRequest(upload.fileID, 2, pieces) + Data(Self.lastHealth.utf8)
                let place = cut.map { first.count + $0 } ?? all.count
                try await client.send(all.prefix(place))
                // Whatever was sent is likely read, and what it wants begun, before more comes.
                if cut != nil { #expect(try await gateway.get("/healthz").status == 200) }
                try await client.send(all.dropFirst(place))
                let answers = try await client.answers()
                #expect(answers.map(\.status) == [204, 204, 200, 204, 200], "\(answers.map(\.account))")
                for (answer, number) in zip(answers.filter({ $0.status == 204 }), [3, 1, 2]) {
                    #expect(answer.head.contains(Checksums.field(crc32c: pieces.bytes(number))), "part \(number)")
                }
                #expect(try await gateway.isWhole(upload, pieces))
            }
        }

        @Test func `requests that were decoded long before their turn are whole`() async throws {
            let gateway = try RunningGateway.shared
            // The first is read in large pieces, and the others with it.
            let pieces = try Pieces(try Samples.shared.film(sizeBytes: 75_000), sizeBytes: 15_000)
            let long = try Pieces(try Samples.shared.film(sizeBytes: 60_000), sizeBytes: 20_000)
            let upload = try await gateway.begun(pieces)
            let second = try await gateway.begun(long)
            let client = try gateway.conversation()
            try await client.send(
                gateway.partRequest(upload.fileID, 2, pieces) + gateway.partRequest(second.fileID, 2, long)
                    + Data(Self.lastHealth.utf8))
            let answers = try await client.answers()
            #expect(answers.map(\.status) == [204, 204, 200], "\(answers.map(\.account))")
            try await gateway.putParts(second.fileID, long, [1, 3])
            #expect(try await gateway.isWhole(second, long))
        }

        @Test func `what is no request behind a body is refused, and the body counts`() async throws {
            let gateway = try RunningGateway.shared
            let pieces = try Pieces(try Samples.shared.film(sizeBytes: 2 << 20), sizeBytes: 1 << 20)
            let upload = try await gateway.begun(pieces)
            for number in [2, 1] {
                let client = try gateway.conversation()
                try await client.send(gateway.partRequest(upload.fileID, number, pieces) + Data("GARBAGE\r\n\r\n".utf8))
                let answers = try await client.answers()
                #expect(answers.map(\.status) == [204, 400], "\(answers.map(\.account))")
                #expect(answers.last?.isLast == true)
            }
            #expect(try await gateway.isWhole(upload, pieces))
        }

        @Test(arguments: ["", health]) func `a client that closes its side behind a body is answered`(behind: String)
            async throws
        {
            let gateway = try RunningGateway.shared
            for length in [20_000, 300_000, 3 << 20] {
                let pieces = try Pieces(try Samples.shared.film(sizeBytes: 2 * length), sizeBytes: length)
                let upload = try await gateway.begun(pieces)
                for number in [2, 1] {
                    let client = try gateway.conversation()
                    try await client.send(gateway.partRequest(upload.fileID, number, pieces) + Data(behind.utf8))
                    try client.endSending()
                    let answers = try await client.answers()
                    let expected = behind.isEmpty ? [204] : [204, 200]
                    #expect(answers.map(\.status) == expected, "part \(number) of \(length): \(answers.map(\.account))")
                }
                #expect(try await gateway.isWhole(upload, pieces))
            }
        }

        @Test(arguments: [1, 1000, 500_000, 1_999_999])
        func `a client that closes its side inside a body has sent nothing`(sent: Int) async throws {
            let gateway = try RunningGateway.shared
            let pieces = try Pieces(try Samples.shared.film(sizeBytes: 4_000_000), sizeBytes: 2_000_000)
            let upload = try await gateway.begun(pieces)
            let client = try gateway.conversation()
            try await client.send(gateway.partHead(upload.fileID, 2, bytes: 2_000_000))
            try await client.send(pieces.bytes(2).prefix(sent))
            try client.endSending()
            let answers = try await client.answers()
            #expect(answers.map(\.status) == [400] || answers.isEmpty, "\(answers.map(\.account))")
            #expect(try await gateway.partNumbers(upload.fileID) == [])
            // The same with a link: it is spent, and the upload has failed.
            let link = try await gateway.link("fileName=a.mp4")
            let putter = try gateway.conversation()
            try await putter.send(gateway.linkHead(link, bytes: 4_000_000))
            try await putter.send(pieces.whole.prefix(sent))
            try putter.endSending()
            #expect(try await putter.answers().allSatisfy { $0.status == 400 })
            #expect(try await gateway.status(link.fileID)["state"] == "failed")
            #expect(try await gateway.put(link, pieces.paths[0]).code == "link_used")
            try await gateway.putParts(upload.fileID, pieces, [2, 1])
            #expect(try await gateway.isWhole(upload, pieces))
        }

        @Test(arguments: [0, 1000, 700_000, 4_999_999])
        func `a client that dies inside a body leaves its part to the next`(sent: Int) async throws {
            let gateway = try RunningGateway.shared
            let pieces = try Pieces(try Samples.shared.film(sizeBytes: 10_000_000), sizeBytes: 5_000_000)
            let upload = try await gateway.begun(pieces)
            let link = try await gateway.link("fileName=a.mp4")
            for seen in [false, true] {
                let part = try gateway.conversation()
                try await part.send(gateway.partHead(upload.fileID, 2, bytes: 5_000_000))
                try await part.send(pieces.bytes(2).prefix(sent))
                if seen { #expect(try await gateway.get("/healthz").status == 200) }
                try part.reset()
                #expect(try await gateway.partNumbers(upload.fileID) == (seen ? [2] : []))
                try await gateway.putParts(upload.fileID, pieces, [2])
            }
            let putter = try gateway.conversation()
            try await putter.send(gateway.linkHead(link, bytes: 10_000_000))
            try await putter.send(pieces.whole.prefix(sent))
            try await eventually("the link is claimed") {
                try await gateway.status(link.fileID)["state"] == "receiving"
            }
            try putter.reset()
            try await eventually("its upload has failed") {
                try await gateway.status(link.fileID)["state"] == "failed"
            }
            #expect(try await gateway.put(link, pieces.paths[0]).code == "link_used")
            #expect(try await gateway.bytes(link.accessURL) == nil)
            try await gateway.putParts(upload.fileID, pieces, [1])
            #expect(try await gateway.isWhole(upload, pieces))
        }

        @Test func `wrong digests are told and the connection goes on`() async throws {
            let gateway = try RunningGateway.shared
            let pieces = try Pieces(try Samples.shared.film(sizeBytes: 2 << 20), sizeBytes: 1 << 20)
            let upload = try await gateway.begun(pieces)
            let client = try gateway.conversation()
            let right = Checksums.field(crc32c: pieces.bytes(2))
            let sha256 = try await Checksums.field(sha256: pieces.paths[1])
            let wrong = Checksums.field(crc32c: pieces.bytes(1))
            let otherSHA256 = try await Checksums.field(sha256: pieces.paths[0])
            for field in [
                "Content-Digest: \(wrong)", "Repr-Digest: \(wrong)", "Content-Digest: \(otherSHA256)",
                "Content-Digest: \(right), \(otherSHA256)",
            ] {
                try await client.send(gateway.partRequest(upload.fileID, 2, pieces, [field]))
                let answer = try #require(try await client.answer())
                #expect(answer.status == 400 && answer.text.contains("digest_mismatch"), "\(field): \(answer.account)")
                #expect(!answer.isLast)
                #expect(try await gateway.partNumbers(upload.fileID) == [])
            }
            for (number, field) in [(2, "Content-Digest: \(right), \(sha256)"), (1, "Repr-Digest: \(otherSHA256)")] {
                try await client.send(gateway.partRequest(upload.fileID, number, pieces, [field]))
                #expect(try await client.answer()?.status == 204, "\(field)")
            }
            #expect(try await gateway.isWhole(upload, pieces))
        }

        @Test func `a body that waits for leave is received, and the connection goes on`() async throws {
            let gateway = try RunningGateway.shared
            let pieces = try Pieces(try Samples.shared.film(sizeBytes: 4 << 20), sizeBytes: 2 << 20)
            let upload = try await gateway.begun(pieces)
            let client = try gateway.conversation()
            for number in [2, 1] {
                try await client.send(
                    gateway.partHead(upload.fileID, number, bytes: 2 << 20, ["Expect: 100-continue"]))
                let interim = try #require(try await client.answer())
                #expect(interim.status == 100, "\(interim.account)")
                try await client.send(pieces.bytes(number) + Data(Self.health.utf8))
                #expect(try await client.answer()?.status == 204)
                #expect(try await client.answer()?.status == 200)
            }
            #expect(try await gateway.isWhole(upload, pieces))
        }
    }
}
