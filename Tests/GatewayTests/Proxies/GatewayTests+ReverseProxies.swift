import Foundation
import Testing

extension GatewayTests {
    /// Behind Debian's nginx, HAProxy and Caddy, as `Sluice.docc/Proxies` sets them up.
    @Suite(.gateway("--trusted-proxies", "127.0.0.1", "--examine-media", "false")) struct ReverseProxies {
        private static let mebibyte = 1 << 20
        /// More than all the buffers between a client and the gateway hold.
        private static let brokenAfter = 24 * mebibyte

        private static func film(_ mebibytes: Int = 32) throws -> Data {
            try Scratch.bytes(try Samples.shared.film(sizeBytes: mebibytes * mebibyte + 99))
        }

        /// Where an upload stands whose request broke: of what a proxy kept to itself the gateway would have nothing.
        private static func offset(_ answer: RawAnswer) throws -> Int {
            let offset = try #require(answer["Upload-Offset"].flatMap { Int($0) }, "\(answer.account)")
            #expect((1...brokenAfter).contains(offset))
            return offset
        }

        @Test(arguments: ProxyProgram.allCases)
        func `a tus upload that broke goes on`(program: ProxyProgram) async throws {
            let film = try Self.film()
            try await RunningProxy.run(program, before: try RunningGateway.shared) { proxy in
                let fields = ["X-API-Key: \(proxy.gateway.key)", "Tus-Resumable: 1.0.0"]
                let created = try await proxy.exchange(
                    "POST", "\(proxy.base)/files/",
                    fields + ["Upload-Length: \(film.count)", "Upload-Metadata: \(RunningGateway.Tus.film)"],
                    body: Data())
                #expect(created.final.status == 201, "\(created.account)")
                let url = try #require(created.final["Location"])
                #expect(url.hasPrefix("\(proxy.base)/files/"))

                let bytes = fields + ["Content-Type: application/offset+octet-stream"]
                try await proxy.breakOff("PATCH", url, bytes + ["Upload-Offset: 0"], film, after: Self.brokenAfter)
                let offset = try Self.offset(try await proxy.ask(url, fields))
                let rest = try await proxy.exchange(
                    "PATCH", url, bytes + ["Upload-Offset: \(offset)"], body: film.dropFirst(offset))
                #expect(rest.final.status == 204, "\(rest.account)")
                #expect(rest.final["Upload-Offset"] == "\(film.count)")
                let id = String(url.dropFirst("\(proxy.base)/files/".count))
                #expect(try await proxy.gateway.file(of: id) == film)
            }
        }

        /// The URL comes with the answer to an empty creation, which every proxy passes on.
        @Test(arguments: ProxyProgram.allCases, [6, 8])
        func `a Resumable Upload that broke goes on`(program: ProxyProgram, interop: Int) async throws {
            let film = try Self.film()
            try await RunningProxy.run(program, before: try RunningGateway.shared) { proxy in
                let fields = ["X-API-Key: \(proxy.gateway.key)", "Upload-Draft-Interop-Version: \(interop)"]
                let created = try await proxy.exchange(
                    "POST", "\(proxy.base)/uploads/", fields + ["Content-Type: video/mp4", "Upload-Complete: ?0"],
                    body: Data())
                #expect(created.final.status == 201, "\(created.account)")
                let url = try #require(created.final["Location"])

                let bytes = fields + ["Content-Type: application/partial-upload", "Upload-Complete: ?1"]
                try await proxy.breakOff("PATCH", url, bytes + ["Upload-Offset: 0"], film, after: Self.brokenAfter)
                let asked = try await proxy.ask(url, fields)
                #expect(asked.status == 204 && asked["Upload-Complete"] == "?0", "\(asked.account)")
                let offset = try Self.offset(asked)
                let rest = try await proxy.exchange(
                    "PATCH", url, bytes + ["Upload-Offset: \(offset)"], body: film.dropFirst(offset))
                #expect(rest.final.status == 200, "\(rest.account)")
                #expect(rest.final["Upload-Complete"] == "?1")
                #expect(try await proxy.bytes(try #require(try rest.final.json["accessUrl"].string)) == film)
            }
        }

        /// One request with everything, as URLSession sends it: 48 MiB are more than Caddy's client takes progress of.
        @Test(arguments: ProxyProgram.allCases)
        func `the URL is told by 104 where that comes through, and at the end`(program: ProxyProgram) async throws {
            let film = try Self.film(48)
            try await RunningProxy.run(program, before: try RunningGateway.shared) { proxy in
                let fields = ["X-API-Key: \(proxy.gateway.key)", "Upload-Draft-Interop-Version: 8"]
                let answers = try await proxy.exchange(
                    "POST", "\(proxy.base)/uploads/", fields + ["Content-Type: video/mp4", "Upload-Complete: ?1"],
                    body: film)
                #expect(answers.interim.map(\.status) == (program.passesInterimAnswers ? [104] : []))
                #expect(answers.final.status == 200, "\(answers.account)")
                let url = try #require(answers.final["Location"])
                #expect(url.hasPrefix("\(proxy.base)/uploads/"))
                for announced in answers.interim {
                    #expect(announced["Location"] == url)
                    #expect(announced["Upload-Draft-Interop-Version"] == "8")
                }
                #expect(try await proxy.ask(url, fields)["Upload-Offset"] == "\(film.count)")
            }
        }

        /// Its client knows but the link, also where no 104 came.
        @Test(arguments: ProxyProgram.allCases)
        func `a signed PUT that broke goes on where HEAD of its link says`(program: ProxyProgram) async throws {
            let film = try Self.film()
            try await RunningProxy.run(program, before: try RunningGateway.shared) { proxy in
                let link = try await proxy.link()
                let fields = ["Upload-Draft-Interop-Version: 6"]
                try await proxy.breakOff(
                    "PUT", link.uploadURL, fields + ["Content-Type: \(link.contentType)", "Upload-Complete: ?1"], film,
                    after: Self.brokenAfter)
                let asked = try await proxy.ask(link.uploadURL, fields)
                let offset = try Self.offset(asked)
                let rest = try await proxy.exchange(
                    "PATCH", try #require(asked["Location"]),
                    fields + [
                        "Content-Type: application/partial-upload", "Upload-Complete: ?1", "Upload-Offset: \(offset)",
                    ], body: film.dropFirst(offset))
                #expect(rest.final.status == 200, "\(rest.account)")
                #expect(try await proxy.bytes(link.accessURL) == film)
            }
        }

        @Test(arguments: ProxyProgram.allCases)
        func `a signed PUT goes in, and the file comes out`(program: ProxyProgram) async throws {
            let film = try Samples.shared.film(sizeBytes: 20 * Self.mebibyte)
            try await RunningProxy.run(program, before: try RunningGateway.shared) { proxy in
                let link = try await proxy.link()
                let put = try await proxy.gateway.put(link, film, proxy.way)
                #expect(put.status == 200, "\(put.account)")
                #expect(try await proxy.bytes(link.accessURL) == (try Scratch.bytes(film)))
                // What a client writes of itself stays with the proxy.
                let invented = try await Curl.run(
                    proxy.way + [
                        "-H", "X-API-Key: \(proxy.gateway.key)", "-H", "Forwarded: for=192.0.2.9;host=evil.example",
                        "-H",
                        "X-Forwarded-Host: evil.example", "-H", "X-Forwarded-For: 192.0.2.9", "-H",
                        "X-Forwarded-Proto: gopher", "\(proxy.base)/api/media/uploadUrl?fileName=a.mp4",
                    ])
                #expect(try Link(try invented.json).uploadURL.hasPrefix("\(proxy.base)/upload/"), "\(invented.account)")
                #expect(!proxy.gateway.log.text.contains("192.0.2.9"))
            }
        }
    }
}

extension RunningProxy {
    /// A link for one PUT, asked for through the proxy.
    fileprivate func link() async throws -> Link {
        let answer = try await Curl.run(
            way + ["-H", "X-API-Key: \(gateway.key)", "\(base)/api/media/uploadUrl?fileName=film.mp4"])
        return try Link(try answer.json)
    }
}
