import Foundation
import Testing

extension GatewayTests {
    /// The application behind the gateway is told of files and items: signed, in order, until it accepts.
    @Suite struct Handoffs {
        @Test func `events come in order and say what a worker needs`() async throws {
            let samples = try Samples.shared
            let receiver = try Receiver()
            let gateway = try await RunningGateway.telling([ToldEndpoint(url: receiver.url)])
            let file = try await gateway.uploaded(samples.mp4)
            let moment = Date().addingTimeInterval(2).moment
            let item = try await gateway.item([
                "fileId=\(file)", "title=My film", "description=Two words", "platforms=[\"tiktok\",\"youtube\"]",
                "tiktokPrivacy=SELF_ONLY", "youtubeTitle=Mine", "scheduledAt=\(moment)",
            ])
            try await receiver.hears("media.due") { $0.kinds.contains("media.due") }
            let accessURL = try #require(receiver.heard.first?.data["accessUrl"].string)
            #expect(try await gateway.bytes(accessURL) == Scratch.bytes(samples.mp4))
            try await gateway.deleteFile(file)
            let heard = try await receiver.hears("media.deleted") { $0.count >= 4 }
            #expect(heard.kinds == ["upload.completed", "media.finalized", "media.due", "media.deleted"])
            #expect(Set(heard.map(\.id)).count == 4)

            let crc32c = Checksums.hex(Checksums.crc32c(try Scratch.bytes(samples.mp4)))
            for request in heard {
                #expect(request.method == "POST" && request.path == "/hook?from=gateway")
                #expect(request.fields["content-type"] == "application/json")
                #expect(request.id.count >= 22)
                let seconds = try #require(request.fields["webhook-timestamp"].flatMap(Double.init))
                #expect(abs(Date().timeIntervalSince1970 - seconds) < 60)
                #expect(request.fields["webhook-signature"]?.hasPrefix("v1,") == true)
                #expect(request.json.keys == ["type", "timestamp", "data"])
                let told = try #require(request.json["timestamp"].string)
                #expect(try Date(moment: told) < Date() + 60)
                #expect(request.data["fileId"].string == file)
                #expect(request.data["tenant"] == "default")
                #expect(request.data["fileName"] == "a.mp4")
                #expect(request.data["contentType"] == "video/mp4")
                #expect(request.data["size"].integer == (try Scratch.bytes(samples.mp4)).count)
                #expect(request.data["digest"]["crc32c"].string == crc32c)
                #expect(request.data["accessUrl"].string == accessURL)
            }
            #expect(heard[0].data["item"] == .null)
            for request in heard.dropFirst() {
                let told = request.data["item"]
                for member in ["id", "title", "createdAt"] { #expect(told[member] == item[member]) }
                #expect(told["kind"] == "video" && told["description"] == "Two words")
                #expect(told["platforms"] == ["tiktok", "youtube"])
                #expect(told["settings"] == ["tiktok": ["privacy": "SELF_ONLY"], "youtube": ["title": "Mine"]])
                #expect(told["scheduledAt"].string == moment)
                #expect(told["isDraft"] == false)
            }
            #expect(heard.map { $0.data["item"]["ready"] } == [.null, false, true, false])
            #expect(heard.map { $0.data["item"]["status"] } == [.null, "scheduled", "pending", "pending"])
            try await expectSigned(heard)
            try await gateway.expectGoodEnd()
        }

        /// By the right secret alone, and for this body alone.
        private func expectSigned(_ requests: [Receiver.Request]) async throws {
            let right = try await StandardWebhooks.verdicts(requests.map { ($0, StandardWebhooks.secret) })
            #expect(right == requests.map { _ in "good" })
            let wrong = try await StandardWebhooks.verdicts(requests.map { ($0, StandardWebhooks.otherSecret) })
            let refused = "WebhookVerificationError: No matching signature found"
            #expect(wrong == requests.map { _ in refused })
        }

        @Test func `what is for now is ready at once and a copy is no news`() async throws {
            let samples = try Samples.shared
            let receiver = try Receiver()
            let gateway = try await RunningGateway.telling([ToldEndpoint(url: receiver.url)])
            let now = try await gateway.item(["file=@\(samples.png)"], of: "images")
            let draft = try await gateway.item(["file=@\(samples.png)", "isDraft=true"], of: "images")
            let gallery = try await gateway.call(
                "POST", "/api/media/upload", ["-F", "file=@\(samples.jpeg)", "-F", "description=Words"])
            try #require(gallery.status == 200, "\(gallery.account)")
            #expect(try gallery.json["resized"]["id"].string != nil)
            let heard = try await receiver.hears("five events") { $0.count >= 5 }
            func told(_ item: JSON) -> [Receiver.Request] {
                heard.filter { $0.data["item"]["id"] == item["id"] }
            }
            #expect(told(now).map { $0.data["item"]["ready"] } == [true])
            #expect(told(draft).map { $0.data["item"]["ready"] } == [false])
            let picture = heard.of(try #require(gallery.json["id"].string))
            #expect(picture.kinds == ["upload.completed"])
            #expect(picture.first?.data["description"] == "Words")
            // Somebody else's release comes when everything before it has been told.
            let released = try await gateway.edit(try #require(draft["id"].string), ["isDraft": false], of: "images")
            #expect(released.status == 200, "\(released.account)")
            let all = try await receiver.hears("media.due") { $0.kinds.contains("media.due") }
            #expect(all.count == 6, "\(all.kinds)")
            let due = all[5]
            #expect(due.data["item"]["id"] == draft["id"] && due.data["item"]["ready"] == true)
            #expect(due.data["item"]["isDraft"] == false && due.data["item"]["status"] == "pending")
            try await gateway.expectGoodEnd()
        }

        @Test func `every endpoint has its secret and its events`() async throws {
            let samples = try Samples.shared
            let all = try Receiver()
            let worker = try Receiver()
            let gateway = try await RunningGateway.telling([
                ToldEndpoint(name: "everything", url: all.url),
                ToldEndpoint(
                    name: "worker2", url: worker.url, secret: StandardWebhooks.otherSecret,
                    events: "media.due, media.deleted"),
            ])
            let file = try await gateway.uploaded(samples.mp4)
            let item = try await gateway.item(["fileId=\(file)", "isDraft=true"])
            let id = try #require(item["id"].string)
            #expect(try await gateway.edit(id, ["title": "Still a draft"]).status == 200)
            #expect(try await gateway.edit(id, ["isDraft": false]).status == 200)
            #expect(try await gateway.edit(id, ["title": "Too late"]).status == 409)
            try await gateway.deleteFile(file)
            let everything = try await all.hears("four events") { $0.count >= 4 }
            #expect(everything.kinds == ["upload.completed", "media.finalized", "media.due", "media.deleted"])
            #expect(everything[2].data["item"]["title"] == "Still a draft")
            let some = try await worker.hears("two events") { $0.count >= 2 }
            #expect(some.kinds == ["media.due", "media.deleted"])
            #expect(some.map(\.id) == everything.suffix(2).map(\.id), "one event, one id")
            #expect(some.map(\.body) == everything.suffix(2).map(\.body))
            try await expectSigned(everything)
            let verdicts = try await StandardWebhooks.verdicts(
                some.map { ($0, StandardWebhooks.otherSecret) } + some.map { ($0, StandardWebhooks.secret) })
            #expect(verdicts.map { $0 == "good" } == [true, true, false, false], "\(verdicts)")
            try await gateway.expectGoodEnd()
        }

        /// How an application can fail nine times, each time in another way.
        private static let failures: [Receiver.Answer] = [
            .status(500), .hangUp, .silence, .status(302, fields: ["Location": "/elsewhere"]), .status(404),
            .status(429),
            .status(503, body: Data(repeating: 0x61, count: 2 << 20)), .hangUp, .status(400, body: Data("{".utf8)),
        ]

        @Test func `nine failures neither lose nor reorder nor hold up others`() async throws {
            let samples = try Samples.shared
            let failures = Self.failures
            let isOtherThrough = OneWaySwitch()
            let receiver = try Receiver { request in
                if request.data["fileName"] == "lucky.mp4" {
                    if request.kind == "media.deleted" { isOtherThrough.turn() }
                    // How long the answer is does not matter.
                    return .status(200, body: Data(repeating: 0x61, count: 2 << 20))
                }
                if request.kind == "media.finalized", request.attempt < 3 { return .hangUp }
                guard request.kind == "upload.completed" else { return .status(204) }
                if request.attempt <= failures.count { return failures[request.attempt - 1] }
                // It is not accepted before the other one is through.
                return isOtherThrough.isTurned ? .status(202) : .status(500)
            }
            let gateway = try await RunningGateway.telling(
                [ToldEndpoint(url: receiver.url)], ["--handoff-timeout-seconds", "1"])
            let unlucky = try await gateway.uploaded(samples.mp4, name: "unlucky.mp4")
            let lucky = try await gateway.uploaded(samples.mp4, name: "lucky.mp4")
            for file in [unlucky, lucky] {
                _ = try await gateway.item(["fileId=\(file)"])
                try await gateway.deleteFile(file)
            }
            let heard = try await receiver.hears("the last event") {
                $0.accepted.of(unlucky).kinds.contains("media.deleted")
            }
            let order = ["upload.completed", "media.finalized", "media.deleted"]
            for file in [unlucky, lucky] {
                let events = heard.of(file)
                #expect(events.accepted.kinds == order, "each is accepted once")
                #expect(events.distinct.kinds == order)
                for (before, after) in zip(events, events.dropFirst()) where before.id != after.id {
                    #expect(before.isAccepted, "\(after.kind) came before \(before.kind) was accepted")
                }
                for event in events.distinct {
                    let attempts = events.filter { $0.id == event.id }
                    #expect(Set(attempts.map(\.body)).count == 1, "every attempt tells the same")
                }
            }
            #expect(heard.of(unlucky).filter { $0.kind == "upload.completed" }.count >= 10)
            #expect(!heard.contains { $0.path == "/elsewhere" }, "an event follows no redirect")
            try await expectSigned(heard)
            try await gateway.expectGoodEnd()
        }

        @Test func `what is accepted does not come again`() async throws {
            let samples = try Samples.shared
            let receiver = try Receiver()
            let gateway = try await RunningGateway.telling(
                [ToldEndpoint(url: receiver.url)], ["--examine-media", "false"])
            let forms = (0..<60).map { _ in
                [
                    ("url", "\(gateway.base)/api/v1/media/videos"), ("header", "X-API-Key: \(gateway.key)"),
                    ("form", "platforms=tiktok"), ("form", "file=@\(samples.mp4)"),
                ]
            }
            let outcomes = try await Curl.many(forms, atOnce: false)
            #expect(outcomes.allSatisfy { $0.status == 201 }, "\(Set(outcomes))")
            try await receiver.hears("two events of each") { $0.distinct.count >= 120 }
            try await eventually("nothing is left") { try await gateway.handoffs() == [] }
            let heard = receiver.heard
            #expect(heard.count == 120, "\(heard.count - heard.distinct.count) came twice")
            for file in Set(heard.map(\.fileID)) {
                #expect(heard.of(file).kinds == ["upload.completed", "media.finalized"])
            }
            try await gateway.expectGoodEnd()
        }

        @Test func `Retry-After is heeded`() async throws {
            let samples = try Samples.shared
            let receiver = try Receiver { request in
                request.attempt == 1 ? .status(503, fields: ["Retry-After": "2"]) : .status(204)
            }
            let gateway = try await RunningGateway.telling([ToldEndpoint(url: receiver.url)])
            let files = try await gateway.uploaded(samples.mp4, times: 12)
            let heard = try await receiver.hears("all of them twice") { $0.accepted.count >= 12 }
            for file in files {
                let attempts = heard.of(file)
                try #require(attempts.count == 2, "\(attempts.count)")
                // The gateway counts from the answer, we from the question before it.
                let seconds = attempts[1].receivedAt.timeIntervalSince(attempts[0].receivedAt)
                #expect(seconds >= 2 && seconds < 20, "\(seconds)")
            }
            try await gateway.expectGoodEnd()
        }

        @Test func `an end does not wait for an answer`() async throws {
            let receiver = try Receiver { _ in .silence }
            let gateway = try await RunningGateway.telling([ToldEndpoint(url: receiver.url)])
            let file = try await gateway.uploaded(try Samples.shared.mp4)
            try await receiver.hears("an attempt") { !$0.isEmpty }
            let began = Date()
            #expect(try await gateway.stop() == 0)
            #expect(Date().timeIntervalSince(began) < 10, "the answer would have had 15 s")
            receiver.answers { _ in .status(204) }
            let second = try await RunningGateway.telling([ToldEndpoint(url: receiver.url)], folder: gateway.folder)
            let heard = try await receiver.hears("it comes after the restart") { !$0.accepted.isEmpty }
            #expect(heard.distinct.map(\.fileID) == [file])
            #expect(Set(heard.map(\.body)).count == 1)
            try await second.expectGoodEnd()
        }
    }
}

/// Off, and some time on for good.
// Sendable: the lock guards the flag.
final class OneWaySwitch: @unchecked Sendable {
    private let lock = NSLock()
    private var flag = false

    var isTurned: Bool { lock.withLock { flag } }

    func turn() { lock.withLock { flag = true } }
}
