import Foundation
import Testing

extension GatewayTests {
    /// Resumable Uploads for HTTP, every version of it that is out there.
    @Suite(.gateway("--examine-media", "false")) struct Resumable {
        static let interops: [Int?] = [3, 5, 6, 7, 8, 9, nil]
        static let mebibyte = 1 << 20

        /// 20 MiB: progress is told twice.
        static func film() throws -> Data { try Scratch.bytes(try Samples.shared.film(sizeBytes: 20 * mebibyte + 77)) }

        /// One upload in each version: created with all of its bytes, cut, asked after, appended to, complete.
        @Test(arguments: interops)
        func `a file goes in through a broken connection`(interop: Int?) async throws {
            let client = try ResumableClient.keyed(interop)
            let film = try Self.film()
            let conversation = try client.gateway.conversation()
            var creation = ["Content-Type: video/mp4", client.end(true)]
            if interop ?? 9 >= 6 { creation.append("Upload-Length: \(film.count)") }
            let url: String
            if let interop {
                try await conversation.send(client.head("POST", "/uploads/", creation, bytes: film.count))
                // At once: nothing of the body has been sent.
                let first = try #require(try await conversation.answer())
                #expect(first.status == 104)
                #expect(first.head.hasPrefix("HTTP/1.1 104 Upload Resumption Supported\r\n"))
                #expect(first["Upload-Draft-Interop-Version"] == "\(interop)")
                #expect((first["Upload-Limit"] != nil) == (interop >= 6))
                url = try #require(first["Location"])
            } else {
                url = try await client.created()
                try await conversation.send(
                    client.head("PATCH", url, client.appendFields(at: 0, ends: true), bytes: film.count))
            }
            #expect(url.hasPrefix("\(client.gateway.base)/uploads/"))
            try await conversation.send(film.prefix(12 * Self.mebibyte))
            if let interop, interop > 3 {
                let progress = try #require(try await conversation.answer())
                #expect(progress.status == 104)
                #expect(progress["Upload-Offset"] == "\(8 * Self.mebibyte)")
                #expect(progress["Upload-Draft-Interop-Version"] == "\(interop)")
                #expect(progress["Location"] == nil)
            }
            try conversation.reset()

            let cut = try await client.state(url)
            let offset = cut.offset
            #expect(!cut.isEnd)
            #expect(offset <= 12 * Self.mebibyte)
            #expect(interop ?? 0 <= 3 || offset >= 8 * Self.mebibyte)
            let rest = try await client.append(url, film.dropFirst(offset), at: offset, ends: true)
            #expect(rest.final.status == 200, "\(rest.account)")
            #expect(client.isEnd(rest.final) == true)
            #expect(rest.interim.allSatisfy { $0["Location"] == nil && $0["Upload-Offset"] != nil })
            // At 16 MiB.
            #expect(rest.interim.isEmpty == (interop == nil || interop == 3))
            #expect(rest.final["Repr-Digest"]?.contains(Checksums.field(crc32c: film)) == true)
            #expect(try rest.final.json["size"].integer == film.count)

            let after = try await client.state(url)
            #expect(after.offset == film.count)
            #expect(after.isEnd)
            #expect(try await client.gateway.file(of: url) == film)
        }

        /// The client does not know the length before the end.
        @Test(arguments: interops)
        func `a file goes in piece by piece`(interop: Int?) async throws {
            let client = try ResumableClient.keyed(interop)
            let film = try Scratch.bytes(try Samples.shared.film(sizeBytes: 3 * Self.mebibyte))
            let pieces = [film.prefix(1000), film[1000..<(2 * Self.mebibyte)], film.dropFirst(2 * Self.mebibyte)]
            let creation = try await client.exchange(
                "PUT", "/uploads?fileName=a.mp4", ["Content-Type: video/mp4", client.end(false)], body: pieces[0])
            #expect(creation.final.status == 201, "\(creation.account)")
            let url = try #require(creation.final["Location"])
            #expect(creation.interim.allSatisfy { $0["Location"] == url })
            #expect(creation.interim.count == (interop == nil ? 0 : 1))
            #expect(client.isEnd(creation.final) == false)
            let second = try await client.append(url, pieces[1], at: 1000, ends: false)
            #expect(second.final.status == (interop == 3 || interop == 5 ? 201 : 204), "\(second.account)")
            #expect(client.isEnd(second.final) == false)
            if interop ?? 9 <= 6 { #expect(second.final["Upload-Offset"] == "\(2 * Self.mebibyte)") }
            let third = try await client.append(url, pieces[2], at: 2 * Self.mebibyte, ends: false)
            #expect(client.isEnd(third.final) == false, "nobody has said that it is complete")
            #expect(try await client.state(url) == .init(film.count))
            let last = try await client.append(url, Data(), at: film.count, ends: true)
            #expect(last.final.status == 200, "\(last.account)")
            #expect(client.isEnd(last.final) == true)
            #expect(try await client.gateway.file(of: url) == film)
        }

        @Test func `an upload without the protocol's fields is an ordinary one`() async throws {
            let client = try ResumableClient.keyed(9)
            let film = try Scratch.bytes(try Samples.shared.film(sizeBytes: 100_000))
            for method in ["POST", "PUT"] {
                let answers = try await client.exchange(
                    method, "/uploads/", ["Content-Disposition: inline; filename=\"a b.mp4\""], body: film)
                #expect(answers.interim.isEmpty, "nobody can resume it")
                #expect(answers.final.status == 200, "\(answers.account)")
                #expect(answers.final["Upload-Complete"] == "?1")
                let json = try answers.final.json
                #expect(json["accessUrl"].string?.hasSuffix("/a%20b.mp4") == true)
                #expect(try await client.gateway.bytes(try #require(json["accessUrl"].string)) == film)
            }
            // What breaks off leaves nothing.
            let before = try await client.gateway.get("/api/v1/uploads").json["uploads"].entries.count
            let conversation = try client.gateway.conversation()
            try await conversation.send(client.head("POST", "/uploads/?fileName=a.mp4", [], bytes: film.count))
            try await conversation.send(film.prefix(1000))
            try conversation.endSending()
            #expect(try await conversation.answers().map(\.status) == [400])
            #expect(try await client.gateway.get("/api/v1/uploads").json["uploads"].entries.count == before)
        }

        @Test func `an empty file can be`() async throws {
            let client = try ResumableClient.keyed(9)
            let answers = try await client.exchange(
                "POST", "/uploads/?fileName=a.mp4", [client.end(true)], body: Data())
            // No bytes are no video.
            #expect(answers.final.status == 415, "\(answers.account)")
            #expect(answers.final["Upload-Complete"] == "?1")
        }

        @Test func `100 Continue is sent besides`() async throws {
            let client = try ResumableClient.keyed(9)
            let film = try Scratch.bytes(try Samples.shared.film(sizeBytes: 100_000))
            let conversation = try client.gateway.conversation()
            try await conversation.send(
                client.head(
                    "POST", "/uploads/", ["Content-Type: video/mp4", client.end(true), "Expect: 100-continue"],
                    bytes: film.count))
            let first = try #require(try await conversation.answer())
            let second = try #require(try await conversation.answer())
            #expect(first.status == 104)
            #expect(second.status == 100)
            try await conversation.send(film)
            #expect(try await ResumableClient.answers(conversation).final.status == 200)
        }

        /// RFC 9110 section 15.2.
        @Test func `a client of HTTP 1.0 gets no interim answer`() async throws {
            let client = try ResumableClient.keyed(9)
            let film = try Scratch.bytes(try Samples.shared.film(sizeBytes: 100_000))
            let head = client.head(
                "POST", "/uploads/", ["Content-Type: video/mp4", client.end(true)], bytes: film.count)
            let conversation = try client.gateway.conversation()
            try await conversation.send(head.replacing("HTTP/1.1", with: "HTTP/1.0"))
            try await conversation.send(film)
            #expect(try await conversation.answers().map(\.status) == [200])
        }

        @Test func `a key is needed for every request`() async throws {
            let gateway = try RunningGateway.shared
            let url = try await ResumableClient.keyed(9).created()
            let nobody = ResumableClient(gateway: gateway, interop: 9)
            let other = ResumableClient(
                gateway: gateway, interop: 9,
                fields: ["X-API-Key: \(try await gateway.newKey(tenant: "stranger"))"])
            for (client, status) in [(nobody, 401), (other, 404)] {
                let append = try await client.append(url, Data([1]), at: 0, ends: true)
                #expect(append.final.status == status, "\(append.account)")
                #expect(try await client.exchange("GET", url).final.status == status)
                #expect(try await client.exchange("DELETE", url).final.status == status)
            }
            let creation = try await nobody.exchange(
                "POST", "/uploads/", ["Content-Type: video/mp4", nobody.end(true)], body: Data([1]))
            #expect(creation.final.status == 401)
            #expect(creation.interim.isEmpty)
            #expect(try await ResumableClient.keyed(9).state(url) == .init(0))
        }

        @Test(arguments: interops)
        func `a cancelled upload is gone`(interop: Int?) async throws {
            let client = try ResumableClient.keyed(interop)
            let url = try await client.created()
            #expect(try await client.exchange("DELETE", url).final.status == 204)
            // Drafts -01 and -03 want 404 of what is not active.
            let gone = interop == 3 || interop == 5 ? 404 : 410
            #expect(try await client.exchange("GET", url).final.status == gone)
            #expect(try await client.append(url, Data([1]), at: 0, ends: true).final.status == gone)
            #expect(try await client.exchange("DELETE", url).final.status == gone)
        }

        @Test func `limits are told and true`() async throws {
            let client = try ResumableClient.keyed(9)
            let told = try await client.exchange("OPTIONS", "/uploads/").final
            #expect(told.status == 204)
            #expect(told["Allow"] == "OPTIONS, POST, PUT")
            let limits = try #require(told["Upload-Limit"])
            #expect(limits == "max-size=\(128 << 30), min-size=0, max-age=86400")
            let tooLarge = try await client.exchange(
                "POST", "/uploads/",
                ["Content-Type: video/mp4", client.end(false), "Upload-Length: \((128 << 30) + 1)"], body: Data())
            #expect(tooLarge.final.status == 413, "\(tooLarge.account)")
            #expect(tooLarge.final["Upload-Limit"] == limits)
            #expect(tooLarge.interim.isEmpty)
            let most = try await client.exchange(
                "POST", "/uploads/?fileName=a.mp4", [client.end(false)], body: Data())
            #expect(most.final["Upload-Limit"]?.hasPrefix("max-size=\(128 << 30), min-size=0, max-age=86") == true)
        }
    }
}
