import Foundation
import Testing

extension GatewayTests {
    /// What the documents of the two publishing APIs show works here, with only host and key changed.
    @Suite(.gateway("--file-lifetime-seconds", "7776000")) struct Documents {
        /// As in `2024-02-13T10:00:00.000Z`.
        private func isMoment(_ json: JSON) -> Bool {
            json.string?.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/) != nil
        }

        /// A working folder with the files that the examples name.
        private func folder() async throws -> String {
            let samples = try Samples.shared
            let folder = try Scratch.newFolder("example")
            for (name, path) in [("test.mov", samples.mov), ("test-video.mp4", samples.mp4)] {
                try FileManager.default.copyItem(atPath: path, toPath: "\(folder)/\(name)")
            }
            // Small: one word of a command line, and so the base64 of this, has a limit.
            try await Command.succeed("convert", ["-size", "48x32", "plasma:red-blue", "\(folder)/test.png"])
            return folder
        }

        private func newKey() async throws -> String {
            try await RunningGateway.shared.newKey(tenant: "reader-\(UUID().uuidString.prefix(8))")
        }

        // MARK: The gallery's document

        @Test(arguments: DocumentExample.galleryUploads)
        func `an image goes to the gallery`(example: DocumentExample) async throws {
            let gateway = try RunningGateway.shared
            let folder = try await folder()
            let image = try Scratch.bytes("\(folder)/test.png")
            let answers = try await example.run(
                on: gateway, key: gateway.key, folder: folder, filling: [("...", image.base64EncodedString())])
            for answer in answers {
                if let status = answer.status { #expect(status == 200) }
                let json = try #require(answer.json, "\(answer.output)")
                #expect(json["id"].string?.isEmpty == false)
                #expect(json["fileName"] == "test.png")
                #expect(json["description"] == "best image")
                #expect(try await gateway.bytes(try #require(json["url"].string)) == image)
                let resized = json["resized"]
                #expect(resized["fileName"] == "test_1080x1080.png")
                let copy = try await gateway.bytes(try #require(resized["url"].string))
                #expect(copy?.starts(with: Data("\u{89}PNG".unicodeScalars.map { UInt8($0.value) })) == true)
            }
        }

        @Test(arguments: DocumentExample.uploadURLs)
        func `a link is got, used once, and its file posted`(example: DocumentExample) async throws {
            let gateway = try RunningGateway.shared
            let folder = try await folder()
            let answers = try await example.run(on: gateway, key: gateway.key, folder: folder)
            for answer in answers {
                if let status = answer.status { #expect(status == 200) }
                let json = try #require(answer.json, "\(answer.output)")
                #expect(json.keys.isSuperset(of: ["accessUrl", "contentType", "uploadUrl"]))
                #expect(json["contentType"] == "video/quicktime")
                let link = try Link(json)
                #expect(try await gateway.bytes(link.accessURL) == nil, "nothing is there before the upload")
                let put = try await gateway.put(link, "\(folder)/test.mov")
                #expect(put.status == 200, "\(put.account)")
                #expect(put.body.isEmpty)
                try await expectOpen(link.accessURL, "\(folder)/test.mov", type: "video/quicktime")
                try await expectPost(link.accessURL)
            }
        }

        /// "You can check if the upload was successful by opening the accessUrl in a browser."
        private func expectOpen(_ url: String, _ file: String, type: String) async throws {
            let opened = try await Curl.run([url])
            #expect(opened.status == 200)
            #expect(opened["content-type"] == type)
            #expect(opened["content-disposition"]?.hasPrefix("inline") == true)
            #expect(opened.body == (try Scratch.bytes(file)))
        }

        /// "After uploading the media file, POST to the /post endpoint with the accessUrl in the mediaUrls."
        private func expectPost(_ url: String) async throws {
            let body: JSON = ["post": "A film", "platforms": ["tiktok", "youtube"], "mediaUrls": [.text(url)]]
            let now = try await post("/api/post", body)
            #expect(now.status == 200, "\(now.account)")
            #expect(try now.json["status"] == "success")
            #expect(try now.json["id"].string?.isEmpty == false)
            #expect(try now.json["postIds"].entries.map { $0["platform"] } == ["tiktok", "youtube"])
            let later = try await post(
                "/api/post",
                [
                    "post": "Later", "platforms": ["tiktok"], "mediaUrls": [.text(url)], "isVideo": true,
                    "scheduleDate": "2099-01-01T00:00:00Z",
                ])
            #expect(try later.json["status"] == "scheduled", "\(later.account)")
        }

        private func post(_ path: String, _ body: JSON) async throws -> CurlAnswer {
            let type = "Content-Type: application/json"
            return try await RunningGateway.shared.call(
                "POST", path, ["-H", type, "--data-binary", try body.encoded])
        }

        @Test func `the PUT of a large file works once`() async throws {
            let gateway = try RunningGateway.shared
            let folder = try await folder()
            let link = try await gateway.link("fileName=test-video.mp4&contentType=mp4")
            let hole = (hole: "uploadUrl", value: "'\(link.uploadURL)'")
            for status in [200, 409] {
                let answer = try await DocumentExample.linkPut.run(
                    on: gateway, key: gateway.key, folder: folder, filling: [hole])
                #expect(answer.map(\.status) == [status])
                if status == 200 { #expect(answer.map(\.output) == [""], "\"No return will occur\"") }
            }
            try await expectOpen(link.accessURL, "\(folder)/test-video.mp4", type: "video/mp4")
            try await expectPost(link.accessURL)
            let exists = try await post("/api/media/urlExists", ["mediaUrl": .text(link.accessURL)])
            #expect(exists.status == 200)
            #expect(try exists.json["contentType"] == "video/mp4")
            let moment = try Date.ISO8601FormatStyle(includingFractionalSeconds: true).parse(link.expiresAt)
            #expect(abs(moment.timeIntervalSinceNow - 3600) < 120, "\"The url will expire after an hour\"")
        }

        @Test func `a script gets a link and pipes the file`() async throws {
            let gateway = try RunningGateway.shared
            let folder = try await folder()
            let answers = try await DocumentExample.linkPipe.run(on: gateway, key: gateway.key, folder: folder)
            for answer in answers {
                if let status = answer.status { #expect(status == 200) }
                let json = try #require(answer.json, "\(answer.output)")
                #expect(json["contentType"] == "image/png")
                try await expectOpen(
                    try #require(json["accessUrl"].string), "\(folder)/test.png", type: "image/png")
            }
        }

        @Test(arguments: DocumentExample.galleries)
        func `the gallery is an array of files`(example: DocumentExample) async throws {
            let gateway = try RunningGateway.shared
            let folder = try await folder()
            let key = try await newKey()
            let film = try Scratch.bytes("\(folder)/test-video.mp4")
            let form = ["-F", "file=@\(folder)/test-video.mp4", "-F", "fileName=test1.mp4", "-F", "description=Test1"]
            #expect(try await gateway.call("POST", "/api/media/upload", key: key, form).status == 200)
            _ = try await gateway.usedLink("\(folder)/test.png", name: "test.png", key: key)
            for answer in try await example.run(on: gateway, key: key, folder: folder) {
                if let status = answer.status { #expect(status == 200) }
                let json = try #require(answer.json, "\(answer.output)")
                #expect(json.entries.map { $0["fileName"] } == ["test.png", "test1.mp4"])
                for entry in json.entries {
                    let documented: Set = [
                        "id", "timeCreated", "size", "url", "fileName", "description", "expiresAt",
                    ]
                    #expect(entry.keys.isSuperset(of: documented))
                    #expect(isMoment(entry["timeCreated"]) && isMoment(entry["expiresAt"]), "\(entry)")
                }
                let entry = json[1]
                #expect(entry["size"].string == "\(film.count)")
                #expect(entry["description"] == "Test1")
                #expect(try await gateway.bytes(try #require(entry["url"].string)) == film)
            }
        }

        /// "One of mp4, mov (or quicktime), png, jpg, jpeg", or none where the name tells it.
        @Test(arguments: [
            ("a.mp4", "mp4", "video/mp4"), ("a.mov", "mov", "video/quicktime"),
            ("a.mov", "quicktime", "video/quicktime"),
            ("a.png", "png", "image/png"), ("a.jpg", "jpg", "image/jpeg"), ("a.jpeg", "jpeg", "image/jpeg"),
            ("a.jpeg", "image/jpeg", "image/jpeg"), ("a", "mp4", "video/mp4"), ("a.mp4", "", "video/mp4"),
            ("a.jpg", "", "image/jpeg"),
        ])
        func `a link knows the type`(name: String, asked: String, type: String) async throws {
            let gateway = try RunningGateway.shared
            let query = "fileName=\(name)" + (asked.isEmpty ? "" : "&contentType=\(asked)")
            #expect(try await gateway.link(query).contentType == type)
        }

        @Test func `the gallery takes a data URI and a form`() async throws {
            let gateway = try RunningGateway.shared
            let folder = try await folder()
            let image = try Scratch.bytes("\(folder)/test.png")
            let body: JSON = [
                "file": "data:image/png;base64,\(image.base64EncodedString())", "fileName": "test.png",
                "description": "best image",
            ]
            let form = ["file=@\(folder)/test.png", "fileName=test.png", "description=best image"]
            let answers = [
                try await post("/api/media/upload", body),
                try await gateway.call("POST", "/api/media/upload", form.flatMap { ["-F", $0] }),
            ]
            for answer in answers {
                #expect(answer.status == 200, "\(answer.account)")
                #expect(try await gateway.bytes(try #require(try answer.json["url"].string)) == image)
                let id = try #require(try answer.json["id"].string)
                let meta = try await gateway.get("/api/media/meta?id=\(id)")
                #expect(meta.status == 200)
                #expect(try meta.json["description"] == "best image")
            }
        }
    }
}
