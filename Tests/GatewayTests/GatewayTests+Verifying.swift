import Foundation
import Testing

extension GatewayTests {
    /// The application is asked before an item is accepted.
    @Suite struct Verifying {
        /// A gateway that asks one receiver and tells the same of what it accepted.
        private func gateway(asking verifier: Receiver, _ options: String...) async throws -> RunningGateway {
            try await .telling(
                [
                    ToldEndpoint(url: verifier.url.replacing("/hook", with: "/told")),
                    ToldEndpoint(name: "verify", url: verifier.url, secret: StandardWebhooks.otherSecret),
                ], options)
        }

        /// A verifier; what is told is taken without a word.
        private func verifier(_ script: @escaping Receiver.Script) throws -> Receiver {
            try Receiver { $0.kind == "finalize.verify" ? script($0) : .status(204) }
        }

        private func questions(_ receiver: Receiver) -> [Receiver.Request] {
            receiver.heard.filter { $0.kind == "finalize.verify" }
        }

        @Test func `what it agrees to is made and what is made is not asked again`() async throws {
            let samples = try Samples.shared
            let receiver = try verifier { _ in .status(204) }
            let gateway = try await gateway(asking: receiver)
            let file = try await gateway.uploaded(samples.mp4)
            let form = ["fileId=\(file)", "title=Mine", "platforms=tiktok", "tiktokPrivacy=SELF_ONLY"]
            let made = try await gateway.finalize("videos", form)
            #expect(made.status == 201, "\(made.account)")
            let asked = questions(receiver)
            try #require(asked.count == 1)
            #expect(asked[0].method == "POST" && asked[0].path == "/hook?from=gateway")
            #expect(asked[0].fields["content-type"] == "application/json")
            #expect(asked[0].data["fileId"].string == file)
            #expect(asked[0].data["tenant"] == "default")
            #expect(asked[0].data["contentType"] == "video/mp4")
            #expect(asked[0].data["item"]["title"] == "Mine")
            #expect(asked[0].data["item"]["platforms"] == ["tiktok"])
            #expect(asked[0].data["item"]["settings"] == ["tiktok": ["privacy": "SELF_ONLY"]])
            let seen = try await gateway.bytes(try #require(asked[0].data["accessUrl"].string))
            #expect(try seen == Scratch.bytes(samples.mp4), "the verifier can look at the file")
            let verdicts = try await StandardWebhooks.verdicts([
                (asked[0], StandardWebhooks.otherSecret), (asked[0], StandardWebhooks.secret),
            ])
            #expect(verdicts[0] == "good" && verdicts[1] != "good")

            let again = try await gateway.finalize("videos", form)
            #expect(again.body == made.body)
            let key = ["-H", "Idempotency-Key: \(UUID().uuidString)"]
            let along = ["title=Along", "platforms=tiktok", "file=@\(samples.mp4)"]
            let first = try await gateway.finalize("videos", along, key)
            #expect(first.status == 201, "\(first.account)")
            #expect(questions(receiver).count == 2)
            #expect(try await gateway.finalize("videos", along, key).body == first.body)
            #expect(questions(receiver).count == 2, "a replay is no question")

            let id = try #require(made.json["data"][0]["id"].string)
            receiver.answers { _ in (try? .message(404, ["message": "No."])) ?? .hangUp }
            #expect(try await gateway.finalize("videos", form).body == made.body, "nobody was asked")
            #expect(try await gateway.get("/api/v1/media/videos/\(id)").status == 200)
            try await gateway.expectGoodEnd()
        }

        /// What an application says with a refusal, and what the client reads.
        static let refusals: [(status: Int, body: String, message: String)] = [
            (422, #"{"message":"The title is a trade mark."}"#, "The title is a trade mark."),
            (403, #"{"detail":"Not on Sundays.","code":7}"#, "Not on Sundays."),
            (400, #"{"error":"bad"}"#, "bad"), (409, "Plain words.", "Plain words."),
            (404, "", "The application did not accept this."), (410, "{}", "The application did not accept this."),
            (451, #"{"message":"\#(String(repeating: "a", count: 100_000))"}"#, ""),
        ]

        @Test func `its refusal is the answer and leaves nothing`() async throws {
            let samples = try Samples.shared
            let receiver = try verifier { _ in .hangUp }
            let gateway = try await gateway(asking: receiver)
            let file = try await gateway.uploaded(samples.mp4)
            for (status, body, message) in Self.refusals {
                receiver.answers { request in
                    request.kind == "finalize.verify" ? .status(status, body: Data(body.utf8)) : .status(204)
                }
                for (kind, field) in [("videos", "fileId=\(file)"), ("images", "file=@\(samples.png)")] {
                    let answer = try await gateway.finalize(kind, ["platforms=tiktok", field])
                    #expect(answer.status == status, "\(answer.account)")
                    #expect(answer.code == "verification_refused")
                    #expect(try answer.json["success"] == false)
                    let said = try #require(answer.json["message"].string)
                    #expect(message.isEmpty ? said.count < 1000 : said == message)
                    #expect(try answer.json["fileId"] == .null)
                }
            }
            let gallery = try await gateway.get("/api/media").json.entries
            #expect(gallery.compactMap { $0["id"].string } == [file], "of the other form nothing is left")
            #expect(try await gateway.get("/api/v1/media/videos").json["data"].entries == [])
            #expect(try await gateway.get("/api/v1/media/images").json["data"].entries == [])
            let pictures = questions(receiver).filter { $0.data["contentType"] == "image/png" }
            #expect(pictures.count == Self.refusals.count)
            for url in pictures.compactMap({ $0.data["accessUrl"].string }) {
                #expect(try await gateway.bytes(url) == nil)
            }
            // Whoever was told of its bytes is told that they are gone.
            let heard = try await receiver.hears("the ends of all refused files") { heard in
                heard.filter { $0.kind == "media.deleted" }.count >= pictures.count
            }
            for picture in pictures {
                let told = heard.of(picture.fileID).filter { $0.kind != "finalize.verify" }.distinct
                #expect(told.kinds == ["upload.completed", "media.deleted"])
            }
            #expect(heard.of(file).filter { $0.kind != "finalize.verify" }.kinds == ["upload.completed"])

            receiver.answers { _ in .status(200, body: Data("anything".utf8)) }
            let later = try await gateway.finalize("videos", ["platforms=tiktok", "fileId=\(file)"])
            #expect(later.status == 201, "\(later.account)")
            try await gateway.expectGoodEnd()
        }

        @Test func `a verifier that cannot be asked costs nothing but time`() async throws {
            let samples = try Samples.shared
            let receiver = try verifier { _ in .hangUp }
            let gateway = try await gateway(asking: receiver, "--handoff-timeout-seconds", "1")
            let file = try await gateway.uploaded(samples.mp4)
            let answers: [Receiver.Answer] = [
                .status(500), .status(503, fields: ["Retry-After": "7"]), .hangUp, .silence, .status(401), .status(429),
                .status(302, fields: ["Location": "/elsewhere"]),
            ]
            var kept: [String] = []
            for (number, answer) in answers.enumerated() {
                receiver.answers { $0.kind == "finalize.verify" ? answer : .status(204) }
                let known = try await gateway.finalize("videos", ["platforms=tiktok", "fileId=\(file)"])
                let along = try await gateway.finalize("images", ["platforms=tiktok", "file=@\(samples.png)"])
                for refused in [known, along] {
                    #expect(refused.status == 503, "\(answer): \(refused.account)")
                    #expect(refused.code == "unavailable")
                    let seconds = try #require(refused["Retry-After"].flatMap { Int($0) })
                    #expect(number == 1 ? seconds == 7 : seconds >= 1)
                }
                #expect(try known.json["fileId"] == .null)
                kept.append(try #require(along.json["fileId"].string, "\(along.account)"))
            }
            #expect(Set(kept).count == kept.count)
            let gallery = try await gateway.get("/api/media").json.entries.compactMap { $0["id"].string }
            #expect(Set(gallery) == Set(kept + [file]))
            #expect(!receiver.heard.contains { $0.path == "/elsewhere" })
            receiver.answers { _ in .status(200) }
            for (kind, id) in [("videos", file)] + kept.map({ ("images", $0) }) {
                let item = try await gateway.item(["fileId=\(id)"], of: kind)
                #expect(try await gateway.bytes(try #require(item["accessUrl"].string)) != nil)
            }
            try await gateway.expectGoodEnd()
        }

        @Test func `a verifier that is not there is not asked in vain`() async throws {
            let port = try RunningGateway.freePort()
            let gateway = try await RunningGateway.telling([
                ToldEndpoint(name: "verify", url: "http://127.0.0.1:\(port)/")
            ])
            let refused = try await gateway.finalize("images", ["platforms=tiktok", "file=@\(try Samples.shared.png)"])
            #expect(refused.status == 503 && refused.code == "unavailable", "\(refused.account)")
            #expect(refused["Retry-After"] != nil)
            let id = try #require(refused.json["fileId"].string)
            #expect(!refused.text.contains("127.0.0.1") && !refused.text.contains("\(port)"), "not the client's matter")
            try await gateway.kill()
            let receiver = try Receiver()
            let second = try await RunningGateway.telling(
                [ToldEndpoint(name: "verify", url: receiver.url)], folder: gateway.folder)
            _ = try await second.item(["fileId=\(id)"], of: "images")
            #expect(receiver.heard.kinds == ["finalize.verify"])
            try await second.expectGoodEnd()
        }

        @Test func `changes are asked too`() async throws {
            let samples = try Samples.shared
            let receiver = try verifier { request in
                guard request.data["item"]["title"] == "Bad words" else { return .status(204) }
                return .status(422, body: Data(#"{"message":"Mind your tongue."}"#.utf8))
            }
            let gateway = try await gateway(asking: receiver)
            let item = try await gateway.item(["file=@\(samples.png)", "title=First", "isDraft=true"], of: "images")
            let id = try #require(item["id"].string)
            let refused = try await gateway.edit(id, ["title": "Bad words", "isDraft": false], of: "images")
            #expect(refused.status == 422 && refused.code == "verification_refused", "\(refused.account)")
            #expect(try refused.json["message"] == "Mind your tongue.")
            let shown = try await gateway.get("/api/v1/media/images/\(id)").json["data"]
            #expect(shown["title"] == "First" && shown["status"] == "draft")
            let edited = try await gateway.edit(id, ["title": "Second", "isDraft": false], of: "images")
            #expect(edited.status == 200, "\(edited.account)")
            #expect(questions(receiver).map { $0.data["item"]["title"] } == ["First", "Bad words", "Second"])
            #expect(questions(receiver).map { $0.data["item"]["id"].string } == [id, id, id])
            #expect(Set(questions(receiver).map(\.id)).count == 3)
            let heard = try await receiver.hears("its release") { $0.kinds.contains("media.due") }
            #expect(heard.filter { $0.kind == "media.due" }.map { $0.data["item"]["title"] } == ["Second"])
            try await gateway.expectGoodEnd()
        }

        @Test func `every item of a post is asked`() async throws {
            let samples = try Samples.shared
            let receiver = try verifier { _ in .status(204) }
            let gateway = try await gateway(asking: receiver)
            let files = [
                try await gateway.uploaded(samples.png, name: "a.png"), try await gateway.uploaded(samples.mp4),
            ]
            var urls: [JSON] = []
            for entry in try await gateway.get("/api/media").json.entries.reversed() { urls.append(entry["url"]) }
            let order: JSON = ["post": "Look at this", "platforms": ["tiktok"], "mediaUrls": .list(urls)]
            func post() async throws -> CurlAnswer {
                try await gateway.call(
                    "POST", "/api/post", ["-H", "Content-Type: application/json", "--data-binary", try order.encoded])
            }
            receiver.answers { request in
                guard request.kind == "finalize.verify", request.fileID == files[1] else { return .status(204) }
                return .status(403, body: Data(#"{"message":"Not the film."}"#.utf8))
            }
            let refused = try await post()
            #expect(refused.status == 403 && refused.code == "verification_refused", "\(refused.account)")
            #expect(try refused.json["message"] == "Not the film.")
            #expect(questions(receiver).map(\.fileID) == files)
            for kind in ["images", "videos"] {
                #expect(try await gateway.get("/api/v1/media/\(kind)").json["data"].entries == [], "all or nothing")
            }
            receiver.answers { _ in .status(204) }
            let made = try await post()
            #expect(made.status / 100 == 2, "\(made.account)")
            #expect(questions(receiver).map(\.fileID) == files + files)
            let heard = try await receiver.hears("both items") { heard in
                heard.filter { $0.kind == "media.finalized" }.count >= 2
            }
            let told = heard.filter { $0.kind == "media.finalized" }
            #expect(Set(told.map(\.fileID)) == Set(files))
            #expect(Set(told.map { $0.data["item"]["postId"].string }).count == 1)
            #expect(told[0].data["item"]["postId"] != .null)
            try await gateway.expectGoodEnd()
        }
    }
}
