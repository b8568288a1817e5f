import Foundation
import Testing

extension GatewayTests {
    /// What the document of the publishing API shows and lists: the image, the three steps of a large file, the status,
    /// every field. Under the older paths and the newer ones.
    @Suite(.gateway) struct Publishing {
        /// As in `2024-02-13T10:00:00.000Z`.
        private func isMoment(_ json: JSON) -> Bool {
            json.string?.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/) != nil
        }

        private static let prefixes = ["/api/v1/media", "/media"]
        private static let rights = ["X-API-Key: YOUR_API_KEY", "Authorization: Bearer YOUR_API_KEY"]

        @Test(arguments: prefixes, rights)
        func `the image of the example`(prefix: String, right: String) async throws {
            let gateway = try RunningGateway.shared
            let folder = try Scratch.newFolder("example")
            try FileManager.default.copyItem(atPath: Samples.shared.jpeg, toPath: "\(folder)/image.jpg")
            let answers = try await DocumentExample.image.run(
                on: gateway, key: gateway.key, folder: folder,
                filling: [
                    ("/path/to/", "\(folder)/"), ("/api/v1/media", prefix),
                    ("X-API-Key: YOUR_API_KEY", right),
                ])
            #expect(answers.map(\.status) == [201])
            let json = try #require(answers.first?.json, "\(answers)")
            #expect(json["success"] == true)
            #expect(json["message"] == "Upload successful")
            #expect(json["data"].entries.count == 1)
            let item = json["data"][0]
            #expect(item["id"].string?.wholeMatch(of: /[0-9a-f]{24}/) != nil, "\(item["id"])")
            #expect(item["title"] == "Untitled Image")
            #expect(item["status"] == "scheduled")
            #expect(item["platforms"] == ["instagram", "pinterest"])
            #expect(isMoment(item["createdAt"]), "\(item["createdAt"])")
        }

        private func form(_ fields: [String]) -> [String] { fields.flatMap { ["-F", $0] } }

        @Test(arguments: prefixes) func `the three steps of a large file`(prefix: String) async throws {
            let gateway = try RunningGateway.shared
            let pieces = try Pieces(try Samples.shared.film(sizeBytes: 500_000), sizeBytes: 200_000)
            let id = UUID().uuidString
            func status(exists: Bool, _ size: Int) -> JSON {
                [
                    "success": true,
                    "data": ["exists": .flag(exists), "currentSize": .number(Double(size)), "fileId": .text(id)],
                ]
            }
            for index in 0..<3 {
                let before = try await gateway.get("\(prefix)/chunks?fileId=\(id)")
                #expect(try before.json == status(exists: index > 0, index * 200_000))
                let chunk = try await gateway.call(
                    "POST", "\(prefix)/chunks",
                    form([
                        "file=@\(pieces.paths[index])", "chunkIndex=\(index)", "totalChunks=3", "fileId=\(id)",
                    ]))
                #expect(chunk.status == 200, "\(chunk.account)")
                let received: JSON = [
                    "success": true, "data": ["completed": false, "chunkIndex": .number(Double(index))],
                    "message": "Chunk received",
                ]
                let complete: JSON = [
                    "success": true, "data": ["completed": true, "fileId": .text(id)], "message": "Upload complete",
                ]
                #expect(try chunk.json == (index == 2 ? complete : received))
            }
            let after = try await gateway.get("\(prefix)/chunks?fileId=\(id)")
            #expect(try after.json == status(exists: true, 500_000))
            let made = try await gateway.call(
                "POST", "\(prefix)/videos", form(["fileId=\(id)", "platforms=[\"youtube\"]"]))
            #expect(made.status == 201, "\(made.account)")
            #expect(try made.json["message"] == "Upload successful")
            let item = try made.json["data"][0]
            #expect(item["title"] == "Untitled Video")
            #expect(try await gateway.bytes(try #require(item["accessUrl"].string)) == pieces.whole)
        }

        @Test(arguments: prefixes) func `the status has the documented shape`(prefix: String) async throws {
            let gateway = try RunningGateway.shared
            let made = try await gateway.call(
                "POST", "\(prefix)/videos",
                form([
                    "file=@\(try Samples.shared.mp4)", "title=Film", "scheduledAt=2099-02-13T10:00:00.000Z",
                    "platforms=[\"youtube\",\"instagram\",\"tiktok\",\"linkedin\",\"pinterest\"]",
                    "linkedin={\"autoPublish\": false}",
                ]))
            let path = "\(prefix)/videos/\(try #require(try made.json["data"][0]["id"].string))"
            let before = try await gateway.get(path).json
            #expect(before["success"] == true)
            for (platform, status) in [("youtube", "pending"), ("tiktok", "pending"), ("linkedin", "manual")] {
                #expect(before["data"][platform] == ["status": .text(status)])
            }
            let reports: [(String, JSON)] = [
                ("youtube", ["status": "published", "videoId": "dQw4", "url": "https://video.example/dQw4"]),
                ("instagram", ["status": "failed", "mediaId": "17895", "message": "It was taken down."]),
                ("tiktok", ["status": "processing", "videoId": "7018"]),
                ("linkedin", ["status": "published", "urn": "urn:li:share:65"]),
                ("pinterest", ["status": "published", "pinId": "8134"]),
            ]
            for (platform, body) in reports {
                let told = try await gateway.call(
                    "PATCH", "\(path)/platforms/\(platform)",
                    ["-H", "Content-Type: application/json", "--data-binary", try body.encoded])
                #expect(told.status == 200, "\(told.account)")
            }
            let answer = try await gateway.get(path)
            #expect(answer.status == 200)
            let data = try answer.json["data"]
            for (platform, body) in reports { #expect(data[platform] == body) }
            #expect(data["status"] == "scheduled", "its moment has not come")
            #expect(data["title"] == "Film")
            #expect(data["scheduledAt"] == "2099-02-13T10:00:00.000Z")
            #expect(data["platforms"] == .list(reports.map { .text($0.0) }))
            #expect(isMoment(data["createdAt"]) && isMoment(data["updatedAt"]))
        }

        // MARK: Fields

        /// Each flat key, and the JSON of the same setting.
        private static let settings: [(platform: String, flat: [String], nested: String)] = [
            (
                "instagram",
                ["instagramCaption=A", "instagramAutoPublish=true", "selectedInstagramAccounts=[\"1\",\"2\"]"],
                #"{"caption":"A","autoPublish":true,"accounts":["1","2"],"profileId":"p"}"#
            ),
            (
                "tiktok",
                [
                    "tiktokCaption=A", "tiktokPrivacy=SELF_ONLY", "tiktokAutoPublish=false",
                    "selectedTiktokAccounts=[\"1\"]", "tiktokDisableComment=true", "tiktokDisableDuet=true",
                    "tiktokDisableStitch=true",
                ],
                """
                {"caption":"A","privacy":"MUTUAL_FOLLOW_FRIENDS","autoPublish":false,"accounts":["1"],\
                "disableComment":true,"disableDuet":false,"disableStitch":true,"profileId":"p"}
                """
            ),
            (
                "linkedin", ["linkedinComment=A", "linkedinAutoPublish=true", "selectedLinkedinAccounts=1"],
                #"{"comment":"A","autoPublish":true,"accounts":["1"],"profileId":"p"}"#
            ),
            (
                "pinterest",
                [
                    "pinterestTitle=A", "pinterestDescription=B", "pinterestAutoPublish=true",
                    "selectedPinterestAccounts=[]",
                ], #"{"title":"A","description":"B","autoPublish":true,"accounts":["1"],"profileId":"p"}"#
            ),
            (
                "youtube", [],
                #"{"title":"A","description":"B","privacy":"unlisted","autoPublish":true,"channels":["1"]}"#
            ),
        ]

        @Test func `every documented field is taken`() async throws {
            let gateway = try RunningGateway.shared
            let samples = try Samples.shared
            for (kind, file) in [("images", samples.png), ("videos", samples.mp4)] {
                let settings = Self.settings.filter { kind == "videos" || $0.platform != "youtube" }
                let platforms = JSON.list(settings.map { .text($0.platform) })
                let common = [
                    "file=@\(file)", "title=T", "description=D", "platforms=\(try platforms.encoded)",
                    "scheduledAt=2099-02-13T10:00:00Z", "isDraft=false", "profileId=p",
                ]
                for fields in [settings.flatMap(\.flat), settings.map { "\($0.platform)=\($0.nested)" }] {
                    let made = try await gateway.finalize(kind, common + fields)
                    #expect(made.status == 201, "\(made.account)")
                    let item = try made.json["data"][0]
                    #expect(item["title"] == "T")
                    #expect(item["description"] == "D")
                    #expect(item["status"] == "scheduled")
                    #expect(item["scheduledAt"] == "2099-02-13T10:00:00.000Z")
                    #expect(item["platforms"] == platforms)
                }
            }
            let draft = try await gateway.finalize(
                "images", ["file=@\(samples.png)", "platforms=[\"tiktok\"]", "isDraft=true"])
            #expect(try draft.json["data"][0]["status"] == "draft")
        }

        @Test(arguments: [
            "tiktokPrivacy=PUBLIC_TO_EVERYONE", "tiktokPrivacy=MUTUAL_FOLLOW_FRIENDS", "tiktokPrivacy=SELF_ONLY",
            "youtube={\"privacy\":\"public\"}", "youtube={\"privacy\":\"private\"}",
            "youtube={\"privacy\":\"unlisted\"}",
        ])
        func `every documented option is taken, and no other`(field: String) async throws {
            let gateway = try RunningGateway.shared
            let form = ["platforms=[\"youtube\",\"tiktok\"]", "file=@\(try Samples.shared.mp4)"]
            #expect(try await gateway.finalize("videos", form + [field]).status == 201)
            let other = field.replacing(/[A-Z_]{6,}|public|private|unlisted/, with: "EVERYBODY")
            let refused = try await gateway.finalize("videos", form + [other])
            #expect(refused.status == 400)
            #expect(try refused.json["errors"].entries.count == 1, "\(refused.account)")
        }

        @Test func `every flat key is read`() async throws {
            let gateway = try RunningGateway.shared
            let keys = Self.settings.flatMap(\.flat).compactMap { $0.split(separator: "=").first.map(String.init) }
            // No text, no flag, no list and no option.
            let wrong = keys.map { "\($0)=[1\u{7}" }
            let answer = try await gateway.finalize(
                "images", ["platforms=[\"tiktok\"]", "file=@\(try Samples.shared.png)"] + wrong)
            #expect(answer.status == 400)
            let named = try answer.json["errors"].entries.compactMap { $0["field"].string }
            #expect(named.sorted() == keys.sorted(), "\(answer.account)")
        }

        @Test func `an image is not for YouTube`() async throws {
            let gateway = try RunningGateway.shared
            let answer = try await gateway.finalize(
                "images", ["file=@\(try Samples.shared.png)", "platforms=[\"youtube\"]"])
            #expect(answer.status == 400)
            #expect(try answer.json["errors"].entries.map { $0["field"] } == ["platforms"])
        }
    }
}
