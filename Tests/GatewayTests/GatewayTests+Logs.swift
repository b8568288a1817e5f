import Foundation
import Testing

extension GatewayTests {
    /// Everything is logged here that can be. What is sent bears a mark, and every log is searched for that, for keys, for
    /// signatures and for secrets when its suite is over.
    @Suite(.gateway("--log-level", "trace", "--requests-per-second-and-key", "1000")) struct Logs {
        private static let mark = GatewayLog.marker
        private static let json = ["-H", "Content-Type: application/json", "--data-binary"]

        private func send(
            _ method: String, _ path: String, key: String? = nil, _ arguments: [String], _ expected: Set<Int>,
            _ location: SourceLocation = #_sourceLocation
        ) async throws {
            let gateway = try RunningGateway.shared
            let answer = try await gateway.call(method, path, key: key ?? gateway.key, arguments)
            #expect(expected.contains(answer.status), "\(answer.account)", sourceLocation: location)
        }

        @Test func `nothing is told of what leads nowhere`() async throws {
            let mark = Self.mark
            try await send("GET", "/\(mark)?\(mark)=\(mark)", ["-H", "X-\(mark): \(mark)"], [404])
            try await send("GET", "/media/\(mark)/\(mark).mp4", [], [404])
            try await send("GET", "/api/v1/uploads/\(mark)", [], [404])
            try await send("PATCH", "/api/v1/uploads?\(mark)", Self.json + [mark], [405])
            for right in ["X-API-Key: \(mark)", "Authorization: Bearer \(mark)", "Authorization: \(mark)"] {
                try await send("GET", "/api/v1/uploads", key: "", ["-H", right], [401])
            }
            for head in [
                mark, "GET /\(mark) HTTP/1.1\r\n\(mark) \(mark)", "GET \(mark) HTTP/1.1\r\nHost: \(mark)",
            ] {
                let answer = try await RawConnection.exchange(
                    port: RunningGateway.shared.port, head + "\r\nConnection: close\r\n\r\n")
                #expect(answer.hasPrefix("HTTP/1.1 4") || answer.isEmpty, "\(answer)")
            }
        }

        @Test func `nothing is told of bodies, taken or refused`() async throws {
            let mark = Self.mark
            let gateway = try RunningGateway.shared
            let bytes = try Scratch.file("marked")
            try Data(mark.utf8).write(to: URL(fileURLWithPath: bytes))
            for body in [mark, "{\"\(mark)\":", #"{"fileName":"\#(mark)","size":"\#(mark)"}"#] {
                try await send("POST", "/api/v1/uploads", Self.json + [body], [400])
            }
            let size = JSON.number(Double(mark.utf8.count))
            let begun = try await gateway.begin([
                "fileName": .text("\(mark).mp4"), "size": size, "metadata": [mark: .text(mark)],
            ])
            let id = try #require(try begun.json["fileId"].string, "\(begun.account)")
            let part = "/api/v1/uploads/\(id)/parts/1"
            try await send("PUT", part, ["-T", bytes, "-H", "Content-Digest: sha-256=:\(mark):"], [400])
            try await send("PUT", part, ["-T", bytes], [415])
            try await send("POST", "/api/v1/uploads/\(id)/complete", [], [409])
            for field in ["platforms=\(mark)", "title=\(mark)", "file=@\(bytes);filename=\(mark).mp4"] {
                try await send("POST", "/api/v1/media/videos", ["-F", "fileId=\(id)", "-F", field], [400, 415])
            }
            let mp4 = try await gateway.usedLink(Samples.shared.mp4)
            try await send(
                "POST", "/api/v1/media/videos",
                ["-F", "fileId=\(mp4.fileID)", "-F", "platforms=tiktok", "-F", "title=\(mark)"]
                    + ["-H", "Idempotency-Key: \(mark)"], [201])
            try await send(
                "POST", "/api/v1/media/chunks",
                ["-F", "fileId=\(mark)", "-F", "chunkIndex=0", "-F", "totalChunks=2", "-F", "file=@\(bytes)"], [200])
            let type = "Content-Type: multipart/form-data; boundary=\(mark)"
            try await send(
                "POST", "/api/v1/media/chunks", ["-H", type, "--data-binary", "--\(mark)\r\n"], [400])
            let file = #"{"file":"\#(mark)","fileName":"\#(mark)"}"#
            try await send("POST", "/api/media/upload", Self.json + [file], [400, 415])
            let url = "http://\(mark):\(mark)@127.0.0.1:1/\(mark)"
            try await send("POST", "/api/media/urlExists", Self.json + [#"{"mediaUrl":"\#(url)"}"#], [200, 400])
            let post = #"{"post":"\#(mark)","platforms":["tiktok"],"mediaUrls":["\#(url)"]}"#
            try await send("POST", "/api/post", Self.json + [post], [400, 422])
        }

        @Test func `nothing is told of links`() async throws {
            let gateway = try RunningGateway.shared
            let link = try await gateway.link("fileName=\(Self.mark).mp4")
            let mp4 = try Samples.shared.mp4
            let bytes = try Scratch.file("marked")
            try Data(Self.mark.utf8).write(to: URL(fileURLWithPath: bytes))
            let type = ["-H", "Content-Type: \(link.contentType)"]
            #expect(try await Curl.run(type + ["-T", mp4, link.uploadURL + "x"]).status == 403)
            #expect(try await gateway.put(link, mp4).status == 200)
            #expect(try await gateway.put(link, mp4).status == 409)
            #expect(try await gateway.put(gateway.expiredLink(), mp4).status == 410)
            let wrong = try await gateway.put(gateway.link("fileName=\(Self.mark).mp4"), bytes)
            #expect([200, 415].contains(wrong.status), "\(wrong.account)")
            #expect(try await gateway.bytes(link.accessURL) == Scratch.bytes(mp4))
            #expect(gateway.log.text.contains(" trace ") || gateway.log.text.contains(" debug "))
        }
    }
}
