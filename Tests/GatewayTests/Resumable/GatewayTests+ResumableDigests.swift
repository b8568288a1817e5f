import Foundation
import Testing

extension GatewayTests {
    /// `Repr-Digest` (RFC 9530): what a file must have that comes in any number of requests.
    @Suite(.gateway("--examine-media", "false")) struct ResumableDigests {
        enum Algorithm: String, Sendable, CaseIterable {
            case crc32c, sha, md5
            case sha256 = "sha-256"
            case sha512 = "sha-512"

            func field(_ path: String) async throws -> String {
                switch self {
                case .crc32c: Checksums.field(crc32c: try Scratch.bytes(path))
                case .sha: try await Checksums.field(rawValue, by: "sha1sum", of: path)
                case .md5: try await Checksums.field(rawValue, by: "md5sum", of: path)
                case .sha256: try await Checksums.field(rawValue, by: "sha256sum", of: path)
                case .sha512: try await Checksums.field(rawValue, by: "sha512sum", of: path)
                }
            }
        }

        /// Where the digest is told.
        enum Moment: String, Sendable, CaseIterable {
            case creation, link, middle, end
        }

        /// Begins an upload with its first 1000 bytes.
        private static func begun(
            _ client: ResumableClient, _ film: Data, at moment: Moment, _ digest: [String]
        ) async throws -> String {
            var (sender, target) = (client, "/uploads/")
            if moment == .link {
                sender.fields = []
                target = try await client.gateway.link("fileName=film.mp4").uploadURL
            }
            let creation = try await sender.exchange(
                "PUT", target,
                ["Content-Type: video/mp4", client.end(false)] + (moment == .creation || moment == .link ? digest : []),
                body: film.prefix(1000))
            try #require(creation.final.status == 201, "\(creation.account)")
            return try #require(creation.final["Location"])
        }

        @Test(arguments: Algorithm.allCases, Moment.allCases)
        func `a file is held to its digest over all requests`(algorithm: Algorithm, moment: Moment) async throws {
            let client = try ResumableClient.keyed(9)
            let path = try Samples.shared.film(sizeBytes: 300_000)
            let film = try Scratch.bytes(path)
            let right = try await algorithm.field(path)
            let wrong = try await algorithm.field(try Samples.shared.png)
            for (told, status) in [(right, 200), (wrong, 400)] {
                let digest = ["Repr-Digest: \(told)"]
                let url = try await Self.begun(client, film, at: moment, digest)
                let middle = try await client.append(
                    url, film[1000..<200_000], at: 1000, ends: false, moment == .middle ? digest : [])
                #expect(middle.final.status == 204, "\(middle.account)")
                let last = try await client.append(
                    url, film[200_000...], at: 200_000, ends: true, moment == .end ? digest : [])
                #expect(last.final.status == status, "\(last.account)")
                #expect(last.final["Upload-Complete"] == "?1", "that is the last word")
                if status == 200 {
                    #expect(last.final["Repr-Digest"]?.contains(right) == true, "what is known is told")
                    #expect(try await client.exchange("HEAD", url).final["Repr-Digest"]?.contains(right) == true)
                    #expect(try await client.gateway.file(of: url) == film)
                } else {
                    #expect(last.final.code == "digest_mismatch")
                    #expect(last.final["Content-Type"] == "application/problem+json")
                    #expect(try await client.exchange("GET", url).final.status == 410)
                    #expect(try await client.gateway.file(of: url) == nil)
                }
            }
        }

        @Test func `a file that comes as a whole is held to it too`() async throws {
            let client = try ResumableClient.keyed(9)
            let path = try Samples.shared.film(sizeBytes: 300_000)
            let film = try Scratch.bytes(path)
            for algorithm in Algorithm.allCases {
                for (of, status) in [(path, 200), (try Samples.shared.png, 400)] {
                    for end in [[client.end(true)], []] {
                        let answers = try await client.exchange(
                            "POST", "/uploads/",
                            ["Content-Type: video/mp4", "Repr-Digest: \(try await algorithm.field(of))"] + end,
                            body: film)
                        #expect(answers.final.status == status, "\(algorithm), \(end): \(answers.account)")
                        #expect(answers.final["Upload-Complete"] == "?1" || (end.isEmpty && status == 400))
                        guard status == 400, let url = answers.final["Location"] else { continue }
                        #expect(try await client.exchange("GET", url).final.status == 410)
                    }
                }
            }
        }

        /// The first word on each algorithm stands.
        @Test func `a contradiction is refused and changes nothing`() async throws {
            let client = try ResumableClient.keyed(9)
            let path = try Samples.shared.film(sizeBytes: 300_000)
            let film = try Scratch.bytes(path)
            let right = try await Algorithm.md5.field(path)
            let wrong = try await Algorithm.md5.field(try Samples.shared.png)
            let sha = try await Algorithm.sha512.field(path)
            let url = try await Self.begun(client, film, at: .creation, ["Repr-Digest: \(right)"])
            for ends in [false, true] {
                let refused = try await client.append(
                    url, film[1000...], at: 1000, ends: ends, ["Repr-Digest: \(sha), \(wrong)"])
                #expect(refused.final.status == 400, "\(refused.account)")
                #expect(refused.final.code == "digest_mismatch")
                #expect(refused.final["Upload-Complete"] == "?0", "it goes on without")
                #expect(try await client.state(url) == .init(1000))
            }
            let last = try await client.append(
                url, film[1000...], at: 1000, ends: true, ["Repr-Digest: \(sha), \(right)"])
            #expect(last.final.status == 200, "\(last.account)")
            for field in [right, sha] { #expect(last.final["Repr-Digest"]?.contains(field) == true) }
        }

        /// Who announced it has a key, who sends it may have nothing but a link.
        @Test func `a link replaces nothing that was announced`() async throws {
            let gateway = try RunningGateway.shared
            let client = ResumableClient(gateway: gateway, interop: 9)
            let path = try Samples.shared.film(sizeBytes: 300_000)
            let film = try Scratch.bytes(path)
            let sha = try await Checksums.sha256(path)
            let announced = try await gateway.call(
                "POST", "/api/v1/uploads",
                Isolation.json(#"{"fileName":"film.mp4","contentType":"video/mp4","sha256":"\#(sha)"}"#))
            let link = try #require(try announced.json["uploadUrl"].string, "\(announced.account)")
            let other = try await Algorithm.sha256.field(try Samples.shared.png)
            let md5 = try await Algorithm.md5.field(path)
            let refused = try await client.exchange(
                "PUT", link, ["Content-Type: video/mp4", client.end(true), "Repr-Digest: \(md5), \(other)"], body: film)
            #expect(refused.final.status == 400, "\(refused.account)")
            #expect(refused.final.code == "digest_mismatch")
            let url = try #require(refused.final["Location"])
            let whole = try await client.append(url, film, at: 0, ends: true)
            #expect(whole.final.status == 200, "\(whole.account)")
            let known = try await [Algorithm.crc32c.field(path), md5, Algorithm.sha256.field(path)]
            #expect(whole.final["Repr-Digest"] == known.joined(separator: ", "))
        }

        @Test func `digests that are wanted are told at the end`() async throws {
            let client = try ResumableClient.keyed(9)
            let path = try Samples.shared.film(sizeBytes: 300_000)
            let film = try Scratch.bytes(path)
            for moment in [Moment.creation, .link] {
                let md5 = try await Algorithm.md5.field(path)
                let url = try await Self.begun(client, film, at: moment, ["Repr-Digest: \(md5)"])
                let last = try await client.append(
                    url, film[1000...], at: 1000, ends: true, ["Want-Repr-Digest: sha-512=3, sha=1, sha-256=0, other=9"]
                )
                let told = last.final["Repr-Digest"]?.components(separatedBy: ", ") ?? []
                var expected: [String] = []
                for algorithm in [Algorithm.crc32c, .md5, .sha, .sha512] {
                    expected.append(try await algorithm.field(path))
                }
                #expect(told == expected, "\(last.account)")
            }
        }

        /// A question completes what is all here, and so does whoever hears no answer and repeats the request.
        @Test func `a digest that is named after the end is held against the file`() async throws {
            let client = try ResumableClient.keyed(9)
            let path = try Samples.shared.film(sizeBytes: 300_000)
            let film = try Scratch.bytes(path)
            let url = try await Self.begun(client, film, at: .creation, ["Upload-Length: \(film.count)"])
            let all = try await client.append(url, film[1000...], at: 1000, ends: false)
            #expect(all.final.status == 204, "\(all.account)")
            #expect(try await client.state(url).isEnd)
            for algorithm in [Algorithm.sha256, .sha512, .crc32c] {
                let wrong = try await algorithm.field(try Samples.shared.png)
                let refused = try await client.append(
                    url, Data(), at: film.count, ends: true, ["Repr-Digest: \(wrong)"])
                #expect(refused.final.status == 400, "\(refused.account)")
                #expect(refused.final.code == "digest_mismatch")
                let right = try await algorithm.field(path)
                let taken = try await client.append(
                    url, Data(), at: film.count, ends: true, ["Repr-Digest: \(right)"])
                #expect(taken.final.status == 200, "\(taken.account)")
            }
            #expect(try await client.gateway.file(of: url) == film, "it stays")
        }

        @Test func `what was announced outlives a kill`() async throws {
            let path = try Samples.shared.film(sizeBytes: 300_000)
            let film = try Scratch.bytes(path)
            for (of, status) in [(path, 200), (try Samples.shared.png, 400)] {
                let first = try await RunningGateway.start()
                let fields = ["X-API-Key: \(first.key)"]
                let client = ResumableClient(gateway: first, interop: 9, fields: fields)
                let (sha, crc) = (try await Algorithm.sha512.field(of), try await Algorithm.crc32c.field(path))
                let url = try await Self.begun(client, film, at: .creation, ["Repr-Digest: \(sha), \(crc)"])
                try await first.kill()
                let again = ResumableClient(
                    gateway: try await RunningGateway.start(folder: first.folder), interop: 9, fields: fields)
                let target = Isolation.path(of: url)
                #expect(try await again.state(target) == .init(1000))
                let last = try await again.append(target, film[1000...], at: 1000, ends: true)
                #expect(last.final.status == status, "\(last.account)")
                #expect(try await again.gateway.file(of: target) == (status == 200 ? film : nil))
                #expect(try await again.gateway.stop() == 0)
            }
        }
    }
}
