import Foundation
import Testing

extension GatewayTests {
    /// The checksum and checksum-trailer extensions of tus.
    @Suite(.gateway) struct TusChecksums {
        /// Of the bytes `abc`.
        static let digests: [(name: String, base64: String)] = [
            ("sha1", "qZk+NkcGgWq6PiVxeFDCbJzQ2J0="),
            ("sha256", "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0="),
            (
                "sha512",
                "3a81oZNherrMQXNJriBBMRLm+k6JqX6iCp7u5ktV05ohkpkqJ0/BqDa6PCOj/uu9RU1EI2Q86A4qmslPpUyknw=="
            ),
            ("md5", "kAFQmDzST7DWlj99KOF/cg=="), ("crc32", "NSRBwg=="), ("crc32c", "Nks/tw=="),
        ]

        @Test func `every algorithm is checked, and what is wrong counts for nothing`() async throws {
            let gateway = try RunningGateway.shared
            for (name, base64) in Self.digests {
                let upload = try await gateway.createdTus(["Upload-Length: 6"])
                let field = ["Upload-Checksum: \(name) \(base64)"]
                let wrong = try await gateway.tusPatch(upload, at: 0, Data("abd".utf8), field)
                #expect(wrong.status == 460, "\(name) \(wrong.account)")
                #expect(try await gateway.tusOffset(upload) == 0)
                let right = try await gateway.tusPatch(upload, at: 0, Data("abc".utf8), field)
                #expect(right.status == 204, "\(name) \(right.account)")
                #expect(try await gateway.tusPatch(upload, at: 3, Data("abc".utf8), field).status == 204)
                #expect(try await gateway.tusBytes(upload) == Data("abcabc".utf8))
            }
        }

        @Test func `of a large body too`() async throws {
            let gateway = try RunningGateway.shared
            let path = try Samples.shared.film(sizeBytes: 20 << 20)
            let whole = try Scratch.bytes(path)
            let upload = try await gateway.createdTus(film: whole.count)
            #expect(try await gateway.tusPatch(upload, at: 0, whole[..<1_000_000]).status == 204)
            let rest = whole[1_000_000...]
            let digest = try await Checksums.field(sha256: Scratch.file("rest", holding: rest))
            let base64 = digest.dropFirst("sha-256=:".count).dropLast()
            var broken = Data(rest)
            broken[broken.startIndex + 5_000_000] ^= 1
            let field = ["Upload-Checksum: sha256 \(base64)"]
            #expect(try await gateway.tusPatch(upload, at: 1_000_000, broken, field).status == 460)
            #expect(try await gateway.tusOffset(upload) == 1_000_000)
            #expect(try await gateway.tusPatch(upload, at: 1_000_000, rest, field).status == 204)
            #expect(try await gateway.tusBytes(upload) == whole)
        }

        @Test func `nothing is kept of a checked body that breaks off`() async throws {
            let gateway = try RunningGateway.shared
            let upload = try await gateway.createdTus(["Upload-Length: 100000"])
            let conversation = try gateway.conversation()
            try await conversation.send(
                gateway.tusPatchHead(upload, at: 0, "Content-Length: 100000", "Upload-Checksum: crc32 NSRBwg=="))
            try await conversation.send(Data(repeating: 1, count: 50_000))
            try conversation.endSending()
            #expect(try await conversation.answers().allSatisfy { $0.status == 400 })
            #expect(try await gateway.tusOffset(upload) == 0)
        }

        /// A body in chunks and the fields behind it.
        private func trailed(_ upload: TusUpload, _ trailer: String) async throws -> RawAnswer {
            let gateway = try RunningGateway.shared
            let conversation = try gateway.conversation()
            try await conversation.send(
                gateway.tusPatchHead(upload, at: 0, "Transfer-Encoding: chunked", "Trailer: Upload-Checksum"))
            try await conversation.send("1\r\na\r\n2\r\nbc\r\n0\r\n\(trailer)\r\n")
            return try #require(try await conversation.answer())
        }

        @Test func `the checksum may follow the bytes`() async throws {
            let gateway = try RunningGateway.shared
            for (name, base64) in Self.digests {
                let upload = try await gateway.createdTus(["Upload-Length: 3"])
                for (trailer, status) in [
                    ("", 400), ("Upload-Checksum: sha3 \(base64)\r\n", 400),
                    ("Upload-Checksum: crc32c AAAAAA==\r\n", 460),
                ] {
                    let refused = try await trailed(upload, trailer)
                    #expect(refused.status == status, "\(refused.account)")
                    #expect(try await gateway.tusOffset(upload) == 0)
                }
                let answer = try await trailed(upload, "X-Other: 1\r\nupload-checksum: \(name) \(base64)\r\n")
                #expect(answer.status == 204, "\(name) \(answer.account)")
                #expect(try await gateway.tusBytes(upload) == Data("abc".utf8))
            }
        }

        @Test func `fields behind a body have an end`() async throws {
            let upload = try await RunningGateway.shared.createdTus(["Upload-Length: 3"])
            let many = (0..<2000).map { "X-\($0): \(String(repeating: "a", count: 50))\r\n" }.joined()
            let answer = try await trailed(upload, many + "Upload-Checksum: crc32 NSRBwg==\r\n")
            #expect((400..<500).contains(answer.status), "\(answer.account)")
            #expect(try await RunningGateway.shared.tusOffset(upload) == 0)
        }
    }
}
