import Foundation
import Testing

extension GatewayTests {
    /// The PUT of a signed URL, and reading what it brought.
    @Suite(.gateway) struct SignedPut {
        @Test func `a file goes in and comes out`() async throws {
            let gateway = try RunningGateway.shared
            let file = try Samples.shared.mov
            let link = try await gateway.link("fileName=test.mov&contentType=mov")
            #expect(try await gateway.bytes(link.accessURL) == nil, "404 until the file is complete")
            let put = try await gateway.put(link, file)
            #expect(put.status == 200)
            #expect(put.exitCode == 0)
            #expect(put.body.isEmpty)
            let bytes = try Scratch.bytes(file)
            #expect(put["Repr-Digest"]?.contains(Checksums.field(crc32c: bytes)) == true)
            let tag = try #require(put["ETag"])
            #expect(tag.hasPrefix("\"") && tag.hasSuffix("\""))
            let read = try await Curl.run([link.accessURL])
            #expect(read.status == 200)
            #expect(read.body == bytes)
            #expect(read["ETag"] == tag)
            #expect(read["Content-Type"] == "video/quicktime")
            #expect(read["Content-Length"] == "\(bytes.count)")
        }

        @Test func `a large file goes in and comes out`() async throws {
            let gateway = try RunningGateway.shared
            let file = try Samples.shared.film(sizeBytes: 96 << 20 + 12345)
            let link = try await gateway.link("fileName=film.mp4")
            let put = try await gateway.put(link, file)
            #expect(put.status == 200, "\(put.account)")
            // Larger than 1 MiB, so curl waited for leave to go on.
            #expect(put.heads.map(\.status) == [100, 200])
            let copy = try Scratch.file("copy")
            let read = try await Curl.run([link.accessURL], saving: copy)
            #expect(read.status == 200)
            #expect(try await Command.run("cmp", [file, copy]).exitCode == 0)
            Scratch.remove([copy])
        }

        @Test func `a body of unknown length is taken`() async throws {
            let gateway = try RunningGateway.shared
            let file = try Samples.shared.film(sizeBytes: 3 << 20)
            let link = try await gateway.link("fileName=film.mp4")
            let put = try await gateway.put(link, file, ["-H", "Transfer-Encoding: chunked"])
            #expect(put.status == 200, "\(put.account)")
            #expect(try await gateway.bytes(link.accessURL) == Scratch.bytes(file))
        }

        @Test func `a second PUT is refused whatever became of the first`() async throws {
            let gateway = try RunningGateway.shared
            let samples = try Samples.shared
            let used = try await gateway.usedLink(samples.mp4)
            let again = try await gateway.put(used, samples.mp4)
            #expect(again.status == 409)
            #expect(again.code == "link_used")
            #expect(try await gateway.bytes(used.accessURL) == Scratch.bytes(samples.mp4))

            let spent = try await gateway.link("fileName=a.mp4")
            #expect(try await gateway.put(spent, samples.png).code == "content_mismatch")
            let after = try await gateway.put(spent, samples.mp4)
            #expect(after.status == 409)
            #expect(after.code == "link_used")
            #expect(try await gateway.bytes(spent.accessURL) == nil)
        }

        @Test func `a link expires`() async throws {
            let gateway = try RunningGateway.shared
            let link = try await gateway.expiredLink()
            let answer = try await gateway.put(link, try Samples.shared.mp4)
            #expect(answer.status == 410)
            #expect(answer.code == "link_expired")
            #expect(answer["Content-Type"] == "application/problem+json")
            let json = try answer.json
            #expect(json["status"] == 410)
            #expect(json["detail"].string?.isEmpty == false)
        }

        @Test(arguments: ["video/quicktime", "application/octet-stream", "text/plain", ""])
        func `another Content-Type is refused`(type: String) async throws {
            let gateway = try RunningGateway.shared
            let link = try await gateway.link("fileName=a.mp4")
            let answer = try await Curl.run(
                ["-H", "Content-Type: \(type)", "-T", try Samples.shared.mp4, link.uploadURL])
            #expect(answer.status == 415)
            #expect(answer.code == "content_type_mismatch")
        }

        @Test func `a Content-Type with parameters is the same type`() async throws {
            let gateway = try RunningGateway.shared
            let link = try await gateway.link("fileName=a.mp4")
            let answer = try await Curl.run(
                ["-H", "Content-Type: Video/MP4; codecs=mp4v", "-T", try Samples.shared.mp4, link.uploadURL])
            #expect(answer.status == 200, "\(answer.account)")
        }

        @Test func `bytes of another type are refused`() async throws {
            let gateway = try RunningGateway.shared
            let samples = try Samples.shared
            let cases = [
                (samples.png, "a.mp4"), (samples.webm, "a.mp4"), (samples.mov, "a.mp4"), (samples.mp4, "a.mov"),
                (samples.jpeg, "a.png"), (samples.mp4, "a.webm"),
            ]
            for (file, name) in cases {
                let link = try await gateway.link("fileName=\(name)")
                let answer = try await gateway.put(link, file)
                #expect(answer.status == 415, "\(file) as \(name): \(answer.account)")
                #expect(answer.code == "content_mismatch")
                #expect(try await gateway.bytes(link.accessURL) == nil)
            }
        }

        @Test func `sizes are kept to`() async throws {
            let gateway = try RunningGateway.shared
            let file = try Samples.shared.film(sizeBytes: 100_000)
            for chunked in [false, true] {
                let extra = chunked ? ["-H", "Transfer-Encoding: chunked"] : []
                let tooLarge = try await gateway.put(
                    try await gateway.link("fileName=a.mp4&maxSize=99999"), file, extra)
                #expect(tooLarge.status == 413, "\(tooLarge.account)")
                #expect(tooLarge.code == "too_large")
                let fits = try await gateway.put(try await gateway.link("fileName=a.mp4&maxSize=100000"), file, extra)
                #expect(fits.status == 200, "\(fits.account)")
                let exact = try await gateway.put(try await gateway.link("fileName=a.mp4&size=100000"), file, extra)
                #expect(exact.status == 200, "\(exact.account)")
                let shorter = try await gateway.put(try await gateway.link("fileName=a.mp4&size=100001"), file, extra)
                #expect(shorter.status == 400, "\(shorter.account)")
                let longer = try await gateway.put(try await gateway.link("fileName=a.mp4&size=99999"), file, extra)
                #expect(longer.status == 413, "\(longer.account)")
            }
        }

        @Test func `a digest that comes along is checked`() async throws {
            let gateway = try RunningGateway.shared
            let samples = try Samples.shared
            let good = try await Checksums.field(sha256: samples.mp4)
            let bad = try await Checksums.field(sha256: samples.mov)
            let crc = Checksums.field(crc32c: try Scratch.bytes(samples.mp4))
            for field in [good, crc, "\(good), \(crc)"] {
                let link = try await gateway.link("fileName=a.mp4")
                let answer = try await gateway.put(link, samples.mp4, ["-H", "Repr-Digest: \(field)"])
                #expect(answer.status == 200, "\(field): \(answer.account)")
            }
            for field in [bad, "\(crc), \(bad)"] {
                let link = try await gateway.link("fileName=a.mp4")
                let answer = try await gateway.put(link, samples.mp4, ["-H", "Repr-Digest: \(field)"])
                #expect(answer.status == 400, "\(field): \(answer.account)")
                #expect(answer.code == "digest_mismatch")
                #expect(try await gateway.bytes(link.accessURL) == nil, "nothing of it counts")
            }
            let link = try await gateway.link("fileName=a.mp4")
            let wanted = try await gateway.put(link, samples.mp4, ["-H", "Want-Repr-Digest: sha-256=10"])
            #expect(wanted["Repr-Digest"]?.contains(good) == true, "\(wanted["Repr-Digest"] ?? "none")")
        }

        @Test func `of a hundred PUTs at once one is served`() async throws {
            let gateway = try RunningGateway.shared
            // Same size, other bytes: a mixture of two could not pass for one of them.
            let files = try (1...4).map { try Samples.shared.film(sizeBytes: 900_001, seed: UInt64($0)) }
            let link = try await gateway.link("fileName=a.mp4")
            let outcomes = try await Curl.many(
                (0..<100).map { number in
                    [
                        ("url", link.uploadURL), ("upload-file", files[number % files.count]),
                        ("header", "Content-Type: video/mp4"),
                    ]
                }, atOnce: true)
            #expect(outcomes.filter { $0.status == 200 }.count == 1)
            #expect(outcomes.filter { $0.status == 409 }.count == 99, "\(Set(outcomes))")
            #expect(outcomes.allSatisfy { $0.exitCode == 0 }, "\(Set(outcomes))")
            let winner = try #require(outcomes.firstIndex { $0.status == 200 })
            #expect(try await gateway.bytes(link.accessURL) == Scratch.bytes(files[winner % files.count]))
        }
    }
}
