import Foundation
import Testing

extension GatewayTests {
    /// Programs that are out there: URLSession as its heads look on the wire, and Python's clients.
    @Suite(.gateway("--examine-media", "false")) struct ResumableClients {
        /// What URLSession sends: create with everything and wait for no answer, HEAD after a cut, PATCH with the rest.
        struct URLSessionTranscript: Sendable, CustomTestStringConvertible {
            let system: String
            let interop: Int
            let agent: String
            /// With the creation, with the length in the place of `LENGTH`.
            let creation: [String]
            /// With the append, with the offset in the place of `OFFSET`.
            let append: [String]

            var testDescription: String { system }
        }

        static let transcripts = [
            URLSessionTranscript(
                system: "iOS 17", interop: 3, agent: "Camera/1 CFNetwork/1490.0.4 Darwin/23.2.0",
                creation: ["Upload-Incomplete: ?0"],
                append: ["Upload-Offset: OFFSET", "Upload-Incomplete: ?0"]),
            URLSessionTranscript(
                system: "iOS 18.0", interop: 5, agent: "Camera/1 CFNetwork/1568.100.1 Darwin/24.0.0",
                creation: ["Upload-Complete: ?1"],
                append: ["Upload-Offset: OFFSET", "Upload-Complete: ?1"]),
            URLSessionTranscript(
                system: "iOS 18.1", interop: 6, agent: "Camera/1 CFNetwork/1568.200.51 Darwin/24.1.0",
                creation: ["Upload-Complete: ?1"],
                append: [
                    "Upload-Offset: OFFSET", "Upload-Complete: ?1", "Content-Type: application/partial-upload",
                ]),
            URLSessionTranscript(
                system: "iOS 26", interop: 8, agent: "Camera/1 CFNetwork/3860.200.71 Darwin/25.1.0",
                creation: ["Upload-Complete: ?1", "Upload-Length: LENGTH"],
                append: [
                    "Upload-Offset: OFFSET", "Upload-Complete: ?1", "Upload-Length: LENGTH",
                    "Content-Type: application/partial-upload",
                ]),
        ]

        @Test(arguments: transcripts, [true, false])
        func `URLSession resumes`(transcript: URLSessionTranscript, hasKey: Bool) async throws {
            let gateway = try RunningGateway.shared
            let film = try Scratch.bytes(try Samples.shared.film(sizeBytes: 20 << 20))
            let link = try await gateway.link("fileName=film.mp4")
            let target = hasKey ? "/uploads/?fileName=film.mp4" : String(link.uploadURL.dropFirst(gateway.base.count))
            func head(_ method: String, _ path: String, _ fields: [String], _ bytes: Int?, _ offset: Int = 0) -> String
            {
                let all =
                    ["Host: 127.0.0.1:\(gateway.port)"] + (hasKey ? ["Authorization: Bearer \(gateway.key)"] : [])
                    + fields + ["Upload-Draft-Interop-Version: \(transcript.interop)"] + [
                        "Connection: keep-alive", "Accept: */*", "User-Agent: \(transcript.agent)",
                        "Accept-Language: en-GB,en;q=0.9", "Accept-Encoding: gzip, deflate",
                    ] + (bytes.map { ["Content-Length: \($0)"] } ?? [])
                return "\(method) \(path) HTTP/1.1\r\n"
                    + all.map {
                        $0.replacing("OFFSET", with: "\(offset)").replacing("LENGTH", with: "\(film.count)") + "\r\n"
                    }.joined() + "\r\n"
            }
            let first = try gateway.conversation()
            try await first.send(
                head(hasKey ? "POST" : "PUT", target, ["Content-Type: video/mp4"] + transcript.creation, film.count))
            // Without a valid 104 it gives no resume data.
            let announced = try #require(try await first.answer())
            #expect(announced.status == 104)
            #expect(announced["Upload-Draft-Interop-Version"] == "\(transcript.interop)")
            let location = try #require(announced["Location"])
            try await first.send(film.prefix(9 << 20))
            try first.reset()

            let second = try gateway.conversation()
            let path = String(location.dropFirst(gateway.base.count))
            try await second.send(head("HEAD", path, [], nil))
            let asked = try #require(try await second.answer())
            #expect(asked.status == 204, "\(asked.account)")
            let offset = try #require(asked["Upload-Offset"].flatMap { Int($0) })
            #expect(asked[transcript.interop == 3 ? "Upload-Incomplete" : "Upload-Complete"] != nil)
            // On the same connection.
            try await second.send(head("PATCH", path, transcript.append, film.count - offset, offset))
            try await second.send(film.dropFirst(offset))
            let answers = try await ResumableClient.answers(second)
            #expect(answers.final.status == 200, "\(answers.account)")
            #expect(answers.interim.allSatisfy { $0.status == 104 && $0["Location"] == nil })
            #expect(
                answers.final[transcript.interop == 3 ? "Upload-Incomplete" : "Upload-Complete"]
                    == (transcript.interop == 3 ? "?0" : "?1"))
            // The connection is of use afterwards.
            try await second.send(head("HEAD", path, [], nil))
            #expect(try await second.answer()?["Upload-Offset"] == "\(film.count)")
            #expect(try await gateway.file(of: location) == film)
        }

        /// Python's own client takes a 104 that it did not ask for as the final answer, and so do those that are built on
        /// it.
        @Test func `who does not ask for interim answers gets none`() async throws {
            let gateway = try RunningGateway.shared
            let path = try Samples.shared.film(sizeBytes: 20 << 20)
            let said = try await PythonClients.run(
                Self.program, [gateway.base, gateway.key, path, "Upload-Complete: ?1"])
            let resumed = try await PythonClients.run(Self.program, [gateway.base, gateway.key, path, ""])
            for lines in [said, resumed] {
                let answers = lines.split(separator: "\n").map { $0.split(separator: " ") }
                #expect(answers.map { $0[0] } == ["http.client", "requests", "httpx", "aiohttp"])
                for answer in answers {
                    #expect(answer[1] == "200", "\(lines)")
                    #expect(answer[2] == "\(20 << 20)", "\(lines)")
                }
            }
        }

        private static let program = """
            import asyncio, http.client, json, os, sys
            from urllib.parse import urlsplit
            import aiohttp, httpx, requests

            base, key, path, field = sys.argv[1:5]
            fields = {"X-API-Key": key, "Content-Type": "video/mp4"}
            if field:
                name, value = field.split(": ")
                fields[name] = value
            url = base + "/uploads/?fileName=film.mp4"

            def tell(name, status, text):
                try:
                    size = json.loads(text)["size"]
                except (ValueError, KeyError):
                    size = "nothing"
                print(name, status, size)

            connection = http.client.HTTPConnection(urlsplit(base).netloc)
            with open(path, "rb") as file:
                connection.request("POST", "/uploads/?fileName=film.mp4", body=file, headers=fields | {
                    "Content-Length": str(os.path.getsize(path))})
            answer = connection.getresponse()
            tell("http.client", answer.status, answer.read())

            with open(path, "rb") as file:
                answer = requests.post(url, data=file, headers=fields)
            tell("requests", answer.status_code, answer.text)

            with open(path, "rb") as file:
                answer = httpx.post(url, content=file, headers=fields, timeout=60)
            tell("httpx", answer.status_code, answer.text)

            async def upload():
                async with aiohttp.ClientSession() as session:
                    with open(path, "rb") as file:
                        async with session.post(url, data=file, headers=fields) as answer:
                            tell("aiohttp", answer.status, await answer.text())
            asyncio.run(upload())
            """
    }
}
