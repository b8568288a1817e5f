import Foundation
import Testing

extension GatewayTests {
    /// What Resumable Uploads must refuse, and what must survive it.
    @Suite(.gateway("--examine-media", "false")) struct ResumableRefusing {
        private static func film(_ bytes: Int = 300_000) throws -> Data {
            try Scratch.bytes(try Samples.shared.film(sizeBytes: bytes))
        }

        /// An upload with its beginning here.
        private static func begun(
            _ client: ResumableClient, _ bytes: Data, length: Int?
        ) async throws -> String {
            let length = length.map { ["Upload-Length: \($0)"] } ?? []
            let answers = try await client.exchange(
                "POST", "/uploads/", ["Content-Type: video/mp4", client.end(false)] + length, body: bytes)
            try #require(answers.final.status == 201, "\(answers.account)")
            return try #require(answers.final["Location"])
        }

        private static let types = "https://iana.org/assignments/http-problem-types#"

        @Test(arguments: Resumable.interops)
        func `another offset is refused with the right one`(interop: Int?) async throws {
            let client = try ResumableClient.keyed(interop)
            let film = try Self.film()
            let url = try await Self.begun(client, film.prefix(1000), length: nil)
            for offset in [0, 999, 1001, 300_000] {
                let answer = try await client.append(url, film.dropFirst(offset), at: offset, ends: true).final
                #expect(answer.status == 409, "\(answer.account)")
                #expect(answer["Upload-Offset"] == "1000")
                #expect(client.isEnd(answer) == false)
                #expect(try answer.json["expected-offset"] == 1000)
                #expect(try answer.json["provided-offset"].integer == offset)
                let isTyped = interop ?? 9 >= 6
                #expect(
                    try answer.json["type"].string
                        == (isTyped ? Self.types + "mismatching-upload-offset" : "about:blank"))
            }
            let rest = try await client.append(url, film.dropFirst(1000), at: 1000, ends: true)
            #expect(rest.final.status == 200, "\(rest.account)")
        }

        @Test func `a connection that hangs loses its place at once`() async throws {
            let client = try ResumableClient.keyed(9)
            let film = try Self.film(3 << 20)
            let conversation = try client.gateway.conversation()
            try await conversation.send(
                client.head("POST", "/uploads/", ["Content-Type: video/mp4", client.end(true)], bytes: film.count))
            let url = try #require(try await conversation.answer()?["Location"])
            try await conversation.send(film.prefix(1 << 20))
            let asked = ContinuousClock.now
            var offset = try await client.state(url).offset
            #expect(ContinuousClock.now - asked < .seconds(5))
            // What was on its way then is lost with its connection, and the offset holds.
            let second = try client.gateway.conversation()
            let fields = client.appendFields(at: offset, ends: true) + ["Expect: 100-continue"]
            try await second.send(client.head("PATCH", url, fields, bytes: film.count - offset))
            // It has its place now; before, the question might overtake it.
            #expect(try await second.answer()?.status == 100)
            try await second.send(film[offset..<(2 << 20)])
            offset = try await client.state(url).offset
            #expect(offset <= 2 << 20)
            let rest = try await client.append(url, film.dropFirst(offset), at: offset, ends: true)
            #expect(rest.final.status == 200, "\(rest.account)")
            #expect(try await client.gateway.file(of: url) == film)
            for old in [conversation, second] {
                let answers = try await old.answers()
                #expect(answers.allSatisfy { $0.status == 104 || $0.status == 409 }, "\(answers.map(\.account))")
            }
        }

        @Test(arguments: [(6, false), (9, false), (6, true), (9, true), (nil, false)] as [(Int?, Bool)])
        func `more than the file was to have is refused`(interop: Int?, chunked: Bool) async throws {
            let client = try ResumableClient.keyed(interop)
            let film = try Self.film()
            let url = try await Self.begun(client, film.prefix(1000), length: 2000)
            let fields = client.appendFields(at: 1000, ends: false)
            let answer: RawAnswer
            if chunked {
                let conversation = try client.gateway.conversation()
                try await conversation.send(
                    client.head("PATCH", url, fields + ["Transfer-Encoding: chunked"], bytes: nil))
                try await conversation.send("3e9\r\n")
                try await conversation.send(film[1000..<2001])
                try await conversation.send("\r\n0\r\n\r\n")
                answer = try await ResumableClient.answers(conversation).final
            } else {
                answer = try await client.exchange("PATCH", url, fields, body: film[1000..<2001]).final
            }
            #expect(answer.status == 413, "\(answer.account)")
            #expect(answer["Upload-Limit"] != nil)
            // -06 on: the upload is not to be used any more. Before, it stops at its length.
            let after = try await client.exchange("GET", url).final
            #expect(after.status == (interop == 6 ? 204 : 410), "\(after.account)")
            if interop == 6 {
                #expect(after["Upload-Length"] == "2000")
                #expect(Int(after["Upload-Offset"] ?? "") ?? .max <= 2000)
            }
        }

        @Test func `lengths that contradict each other are refused`() async throws {
            let client = try ResumableClient.keyed(9)
            let film = try Self.film()
            let both = try await client.exchange(
                "POST", "/uploads/", ["Content-Type: video/mp4", client.end(true), "Upload-Length: 299999"], body: film)
            let url = try await Self.begun(client, film.prefix(1000), length: film.count)
            let told = try await client.append(url, Data(), at: 1000, ends: false, ["Upload-Length: 299999"])
            let early = try await client.append(url, film[1000..<2000], at: 1000, ends: true)
            let nothing = try await client.append(url, Data(), at: 1000, ends: true)
            for answer in [both.final, told.final, early.final, nothing.final] {
                #expect(answer.status == 400, "\(answer.account)")
                #expect(answer.code == "inconsistent_upload_length")
                #expect(try answer.json["type"].string == Self.types + "inconsistent-upload-length")
                #expect(answer["Upload-Complete"] == "?0")
            }
            #expect(try await client.state(url) == .init(1000))
            let rest = try await client.append(url, film.dropFirst(1000), at: 1000, ends: true)
            #expect(rest.final.status == 200, "\(rest.account)")
        }

        @Test func `content without its digest does not count`() async throws {
            let client = try ResumableClient.keyed(9)
            let film = try Self.film()
            let wrong = Checksums.field(crc32c: Data([1]))
            let url = try await Self.begun(client, film.prefix(1000), length: nil)
            let refused = try await client.append(
                url, film[1000..<200_000], at: 1000, ends: false, ["Content-Digest: \(wrong)"])
            #expect(refused.final.status == 400, "\(refused.account)")
            #expect(refused.final.code == "digest_mismatch")
            #expect(refused.final["Upload-Complete"] == "?0", "it may be sent again")
            #expect(try await client.state(url) == .init(1000))
            // Of such content nothing is kept that came half.
            let conversation = try client.gateway.conversation()
            let right = Checksums.field(crc32c: film[1000..<200_000])
            try await conversation.send(
                client.head(
                    "PATCH", url, client.appendFields(at: 1000, ends: false) + ["Content-Digest: \(right)"],
                    bytes: 199_000))
            try await conversation.send(film[1000..<100_000])
            try conversation.endSending()
            _ = try await conversation.answers()
            #expect(try await client.state(url) == .init(1000))
            let good = try await client.append(
                url, film[1000..<200_000], at: 1000, ends: false,
                ["Content-Digest: \(right)", "Want-Content-Digest: crc32c=5"])
            #expect(good.final.status == 204, "\(good.account)")
            #expect(good.final["Content-Digest"] == right)
            let last = try await client.append(url, film.dropFirst(200_000), at: 200_000, ends: true)
            #expect(last.final.status == 200, "\(last.account)")
            #expect(try await client.gateway.file(of: url) == film)
        }

        @Test func `a file without its digest is none`() async throws {
            let client = try ResumableClient.keyed(9)
            let path = try Samples.shared.film(sizeBytes: 300_000)
            let film = try Scratch.bytes(path)
            let right = try await Checksums.field(sha256: path)
            let wrong = try await Checksums.field(sha256: try Samples.shared.png)
            for (digest, status) in [(right, 200), (wrong, 400)] {
                let creation = try await client.exchange(
                    "POST", "/uploads/",
                    [
                        "Content-Type: video/mp4", client.end(false), "Repr-Digest: \(digest)",
                    ], body: film.prefix(1000))
                let url = try #require(creation.final["Location"])
                let last = try await client.append(
                    url, film.dropFirst(1000), at: 1000, ends: true, ["Want-Repr-Digest: sha-512=9, sha-256=1"])
                #expect(last.final.status == status, "\(last.account)")
                if status == 200 {
                    #expect(last.final["Repr-Digest"]?.contains(right) == true)
                    #expect(last.final["Repr-Digest"]?.contains("sha-512=:") == true)
                    #expect(try await client.gateway.file(of: url) == film)
                } else {
                    #expect(last.final.code == "digest_mismatch")
                    #expect(last.final["Upload-Complete"] == "?1", "there is no way to go on")
                    #expect(try await client.exchange("GET", url).final.status == 410)
                    #expect(try await client.gateway.file(of: url) == nil)
                }
            }
            // In one request, with a digest that is made while the bytes come.
            let crc = try await client.exchange(
                "POST", "/uploads/",
                [
                    "Content-Type: video/mp4", client.end(true), "Repr-Digest: \(Checksums.field(crc32c: Data([1])))",
                ], body: film)
            #expect(crc.final.status == 400, "\(crc.account)")
            #expect(try await client.exchange("GET", try #require(crc.final["Location"])).final.status == 410)
        }

        @Test func `bytes of another type end the upload`() async throws {
            let client = try ResumableClient.keyed(9)
            let png = try Scratch.bytes(try Samples.shared.png)
            let answers = try await client.exchange(
                "POST", "/uploads/", ["Content-Type: video/mp4", client.end(true)], body: png)
            #expect(answers.final.status == 415, "\(answers.account)")
            #expect(answers.final.code == "content_mismatch")
            #expect(answers.final["Upload-Complete"] == "?1")
            let url = try #require(answers.interim.first?["Location"])
            #expect(try await client.exchange("GET", url).final.status == 410)
        }

        @Test func `the final answer can be had again`() async throws {
            let film = try Self.film()
            for interop in [3, 5, 9, nil] as [Int?] {
                let client = try ResumableClient.keyed(interop)
                let url = try await Self.begun(client, film.prefix(1000), length: nil)
                let last = try await client.append(url, film.dropFirst(1000), at: 1000, ends: true).final
                #expect(last.status == 200, "\(last.account)")
                for (bytes, offset) in [(film.dropFirst(1000), 1000), (Data(), film.count)] {
                    let again = try await client.append(url, bytes, at: offset, ends: true).final
                    #expect(again.status == last.status, "\(again.account)")
                    #expect(again.body == last.body)
                    for name in ["ETag", "Repr-Digest", client.endName] { #expect(again[name] == last[name]) }
                }
            }
            for interop in [6, 7, 8] {
                let client = try ResumableClient.keyed(interop)
                let url = try await Self.begun(client, film.prefix(1000), length: nil)
                #expect(try await client.append(url, film.dropFirst(1000), at: 1000, ends: true).final.status == 200)
                let again = try await client.append(url, Data(), at: film.count, ends: true).final
                #expect(again.status == 400, "\(again.account)")
                #expect(try again.json["type"].string == Self.types + "completed-upload")
                #expect(try await client.state(url) == .init(film.count, isEnd: true))
            }
        }

        @Test func `nothing is appended to a complete file`() async throws {
            let client = try ResumableClient.keyed(9)
            let film = try Self.film()
            let url = try await Self.begun(client, film, length: nil)
            #expect(try await client.append(url, Data(), at: film.count, ends: true).final.status == 200)
            let more = try await client.append(url, Data([1]), at: film.count, ends: true).final
            #expect(more.status == 400, "\(more.account)")
            #expect(more.code == "inconsistent_upload_length")
            #expect(try await client.exchange("DELETE", url).final.code == "already_complete")
            #expect(try await client.gateway.file(of: url) == film)
        }

        @Test func `what takes its bytes another way is left alone`() async throws {
            let client = try ResumableClient.keyed(9)
            let pieces = try Pieces(try Samples.shared.film(sizeBytes: 2 << 20), sizeBytes: 1 << 20)
            let upload = try await client.gateway.begun(pieces)
            let url = "/uploads/\(upload.fileID)"
            #expect(try await client.state(url) == .init(0), "nothing is decided yet")
            try await client.gateway.putParts(upload.fileID, pieces, [2])
            for answer in [
                try await client.exchange("GET", url).final,
                try await client.append(url, pieces.bytes(1), at: 0, ends: false).final,
            ] {
                #expect(answer.status == 409, "\(answer.account)")
                #expect(answer.code == "way_mismatch")
            }
            try await client.gateway.putParts(upload.fileID, pieces, [1])
            #expect(try await client.gateway.isWhole(upload, pieces))
            #expect(try await client.state(url) == .init(2 << 20, isEnd: true))
        }
    }
}
