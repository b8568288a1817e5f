import Foundation
import Testing

extension GatewayTests {
    /// SIGTERM: what is running may end, nothing new begins.
    @Suite struct Ending {
        @Test func `it drains`() async throws {
            let gateway = try await RunningGateway.start(options: ["--drain-seconds", "120"])
            let pieces = try Pieces(try Samples.shared.film(sizeBytes: 6 << 20), sizeBytes: 3 << 20)
            let upload = try await gateway.begun(pieces)
            let link = try await gateway.link("fileName=a.mp4")
            let spare = try await gateway.link("fileName=b.mp4")
            let file = try Scratch.bytes(try Samples.shared.film(sizeBytes: 4 << 20))
            let part = try Curl.start(
                ["-H", "X-API-Key: \(gateway.key)", "-T", "-", gateway.partURL(upload.fileID, 2)], readsInput: true)
            try await part.send(pieces.bytes(2).prefix(2_000_000))
            let whole = try Curl.start(
                ["-H", "Content-Type: video/mp4", "-T", "-", link.uploadURL], readsInput: true)
            try await whole.send(file.prefix(3_000_000))

            gateway.process.send(15)
            try await eventually("it is not ready any more") {
                try await Curl.run(["\(gateway.base)/readyz"]).status != 200
            }
            let begun = try await gateway.begin(["fileName": "a.mp4", "size": 10])
            let asked = try await gateway.get("/api/media/uploadUrl?fileName=a.mp4")
            let put = try await gateway.put(spare, try Samples.shared.mp4)
            for answer in [begun, asked, put] {
                #expect(answer.status == 503, "new uploads are told to come back: \(answer.account)")
                #expect(answer["Retry-After"].flatMap { Int($0) } != nil)
            }
            #expect(gateway.process.isRunning, "it waits for what is running")

            try await part.send(pieces.bytes(2).dropFirst(2_000_000))
            part.endInput()
            let partAnswer = try await part.answer()
            #expect(partAnswer.status == 204, "\(partAnswer.account)")
            try await whole.send(file.dropFirst(3_000_000))
            whole.endInput()
            let wholeAnswer = try await whole.answer()
            #expect(wholeAnswer.status == 200, "\(wholeAnswer.account)")
            #expect(try await gateway.process.ended() == 0)

            let next = try await RunningGateway.start(folder: gateway.folder)
            #expect(try await next.partNumbers(upload.fileID) == [2])
            let here = next.base + link.accessURL.dropFirst(gateway.base.count)
            #expect(try await next.bytes(here) == file)
            #expect(try await next.stop() == 0)
            try await next.expectSound()
        }

        @Test func `what was sent ahead of a refusal does not hold it up`() async throws {
            let gateway = try await RunningGateway.start(options: ["--drain-seconds", "3600"])
            let ahead = try RawConnection(port: gateway.port)
            try await ahead.send(
                "POST /nope HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n"
                    + "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try await gateway.get("/healthz").status == 200)
            #expect(try await gateway.stop() == 0)
            #expect(try await ahead.receiveToEnd().hasPrefix("HTTP/1.1 404"))
        }

        @Test func `a second signal ends the drain`() async throws {
            let gateway = try await RunningGateway.start(options: ["--drain-seconds", "3600"])
            let running = try RawConnection(port: gateway.port)
            try await running.send(
                "POST /api/v1/uploads HTTP/1.1\r\nHost: a\r\nX-API-Key: \(gateway.key)\r\nContent-Length: 9\r\n\r\n{")
            try await eventually("the request runs and the drain has begun") {
                gateway.process.send(15)
                return try await Curl.run(["\(gateway.base)/readyz"]).status != 200
            }
            gateway.process.send(15)
            #expect(try await gateway.process.ended() == 0)
        }

        @Test func `idle connections do not hold it up`() async throws {
            let gateway = try await RunningGateway.start(options: ["--drain-seconds", "3600"])
            let idle = try RawConnection(port: gateway.port)
            try await idle.send("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
            let halfHead = try RawConnection(port: gateway.port)
            try await halfHead.send("GET /healthz HT")
            let silent = try RawConnection(port: gateway.port)
            #expect(try await gateway.get("/healthz").status == 200)
            #expect(try await gateway.stop() == 0)
            #expect(try await idle.receiveToEnd().hasPrefix("HTTP/1.1 200"))
            _ = (halfHead, silent)
        }

        @Test func `what runs longer than the drain is cut off`() async throws {
            let gateway = try await RunningGateway.start(options: ["--drain-seconds", "1"])
            let pieces = try Pieces(try Samples.shared.film(sizeBytes: 6 << 20), sizeBytes: 3 << 20)
            let upload = try await gateway.begun(pieces)
            try await gateway.putParts(upload.fileID, pieces, [1])
            let part = try Curl.start(
                ["-H", "X-API-Key: \(gateway.key)", "-T", "-", gateway.partURL(upload.fileID, 2)], readsInput: true)
            try await part.send(pieces.bytes(2).prefix(2_000_000))
            #expect(try await gateway.stop() == 0)
            part.endInput()
            #expect(try await part.answer().status != 204)
            let next = try await RunningGateway.start(folder: gateway.folder)
            #expect(try await next.partNumbers(upload.fileID) == [1])
            #expect(try await next.stop() == 0)
            try await next.expectSound()
        }

        @Test func `a second one on the same folder is refused`() async throws {
            let gateway = try await RunningGateway.start()
            let second = try RunningGateway.launch(
                ["--port", "\(try RunningGateway.freePort())", "--data-dir", gateway.folder])
            #expect(try await second.process.ended() != 0)
            let words = try await second.log.whole()
            #expect(words.contains("\(gateway.process.id)"), "who holds it: \(words)")
            #expect(words.contains("\(gateway.port)"))
            #expect(words.contains(gateway.folder))
            #expect(try await gateway.get("/api/media").status == 200, "the first one is well")
            // However the first one ends, its folder is free again.
            try await gateway.kill()
            let third = try await RunningGateway.start(folder: gateway.folder)
            #expect(try await third.stop() == 0)
        }
    }
}
