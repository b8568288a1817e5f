import Foundation
import Testing

extension GatewayTests {
    /// `POST /api/media/upload`: base64 in JSON, or a form.
    @Suite(.gateway) struct Gallery {
        /// A way to write the request, the name that the file then has, and its description.
        struct Way: Sendable, CustomTestStringConvertible {
            let testDescription: String
            /// `DATA` is a data URI, `BASE64` the bytes alone, `ESCAPED` a data URI with its slashes escaped.
            let json: String
            var name = "test.mp4"
            var description = ""
            var arguments: [String] = []
        }

        static let ways = [
            Way(
                testDescription: "a data URI, file first",
                json: #"{"file":"DATA","fileName":"test.mp4","description":"best \"film\" \u00e4"}"#,
                description: "best \"film\" ä"),
            Way(
                testDescription: "a data URI, file last",
                json: #"{"description":"late","fileName":"test.mp4","file":"DATA"}"#, description: "late"),
            Way(testDescription: "plain base64, file first", json: #"{"file":"BASE64","fileName":"test.mp4"}"#),
            Way(testDescription: "plain base64, file last", json: #"{"fileName":"test.mp4","file":"BASE64"}"#),
            Way(testDescription: "a data URI alone", json: #"{"file":"DATA"}"#, name: "upload.mp4"),
            Way(testDescription: "plain base64 alone", json: #"{"file":"BASE64"}"#, name: "upload.mp4"),
            Way(
                testDescription: "a name without extension",
                json: #"{"file":"DATA","fileName":"my film"}"#, name: "my film"),
            Way(
                testDescription: "a type that says nothing",
                json: #"{"file":"data:application/octet-stream;base64,BASE64","fileName":"test.mp4"}"#),
            Way(testDescription: "escaped slashes", json: #"{"file":"ESCAPED","fileName":"test.mp4"}"#),
            Way(testDescription: "lines of 76", json: #"{"file":"LINES","fileName":"test.mp4"}"#),
            Way(
                testDescription: "chunked", json: #"{"file":"DATA","fileName":"test.mp4"}"#,
                arguments: ["-H", "Transfer-Encoding: chunked"]),
            Way(
                testDescription: "members that nobody knows",
                json: """
                    { "a" : [1, {"file": "x"}], "file" : "BASE64" ,
                      "fileName":"test.mp4", "description": null, "z": {"fileName": "no.mp4"} }
                    """),
        ]

        @Test(arguments: ways) func `base64 in JSON`(way: Way) async throws {
            let tenant = try await Stranger.new("json")
            let file = try Samples.shared.mp4
            let bytes = try Scratch.bytes(file)
            let base64 = bytes.base64EncodedString()
            let data = "data:video/mp4;base64," + base64
            let lines = bytes.base64EncodedString(options: [.lineLength76Characters, .endLineWithLineFeed])
            let body = way.json.replacing("DATA", with: data).replacing("BASE64", with: base64)
                .replacing("ESCAPED", with: data.replacing("/", with: "\\/"))
                .replacing("LINES", with: lines.replacing("\n", with: "\\r\\n"))
            let answer = try await tenant.upload(body, way.arguments)
            try await expectFile(answer, bytes, name: way.name, description: way.description, of: tenant)
        }

        private func expectFile(
            _ answer: CurlAnswer, _ bytes: Data, name: String, description: String, type: String = "video/mp4",
            of tenant: Stranger
        ) async throws {
            try #require(answer.status == 200, "\(answer.account)")
            let file = try GalleryFile(try answer.json)
            #expect(
                file.answer == [
                    "id": .text(file.id), "url": .text(file.url), "fileName": .text(name),
                    "description": .text(description), "contentType": .text(type), "size": "\(bytes.count)",
                ])
            #expect(file.url.hasPrefix("\(tenant.gateway.base)/media/\(file.id)/"))
            #expect(file.urlName == name)
            let read = try await Curl.run([file.url])
            #expect(read.status == 200)
            #expect(read.body == bytes)
            #expect(read["Content-Type"] == type)
            let listed = try await tenant.gallery()
            #expect(listed.count == 1)
            #expect(listed.first?["id"].string == file.id)
            #expect(listed.first?["fileName"].string == name)
            #expect(listed.first?["description"].string == description)
            #expect(listed.first?["url"].string == file.url)
            #expect(listed.first?["size"] == "\(bytes.count)")
            #expect(listed.first?["expiresAt"] == .null, "files are kept")
        }

        static let forms: [(fields: [String], name: String, description: String)] = [
            (["description=before", "fileName=my.mp4", "file=@FILE"], "my.mp4", "before"),
            (["file=@FILE", "fileName=my.mp4", "description=after"], "my.mp4", "after"),
            (["file=@FILE;filename=part.mp4", "description=only"], "part.mp4", "only"),
            (["file=@FILE;filename=part.mp4;type=video/mp4", "fileName=wins.mp4"], "wins.mp4", ""),
            (["fileName=wins.mp4", "file=@FILE;filename=part.mp4;type=application/octet-stream"], "wins.mp4", ""),
            (["file=@FILE;filename=film"], "film", ""),
            (["file=@FILE;filename=C:\\\\films\\\\part.mp4"], "part.mp4", ""),
            (["fileName=Ünï côdé.mp4", "file=@FILE", "unknown=field"], "Ünï côdé.mp4", ""),
        ]

        @Test(arguments: forms) func `a form`(fields: [String], name: String, description: String) async throws {
            let tenant = try await Stranger.new("form")
            let file = try Samples.shared.mp4
            let answer = try await tenant.upload(form: fields.map { $0.replacing("FILE", with: file) })
            try await expectFile(
                answer, try Scratch.bytes(file), name: name, description: description, of: tenant)
        }

        @Test func `two at once do not meet`() async throws {
            let tenant = try await Stranger.new("twins")
            let files = try (1...2).map { try Samples.shared.film(sizeBytes: 3 << 20, seed: UInt64(20 + $0)) }
            // Both bodies are open at the same time, one half after the other.
            let path = "\(tenant.gateway.base)/api/media/upload"
            let transfers = try files.map { _ in
                try Curl.start(
                    ["-H", "X-API-Key: \(tenant.key)", "-H", "Content-Type: application/json", "-T", "-", "-X", "POST"]
                        + [path], readsInput: true)
            }
            let bodies = try files.enumerated().map { number, file in
                Data(#"{"file":"\#(try Scratch.bytes(file).base64EncodedString())","fileName":"\#(number).mp4"}"#.utf8)
            }
            for half in [{ (body: Data) in body.prefix(2 << 20) }, { $0.dropFirst(2 << 20) }] {
                for (transfer, body) in zip(transfers, bodies) { try await transfer.send(Data(half(body))) }
            }
            for transfer in transfers { transfer.endInput() }
            for (number, transfer) in transfers.enumerated() {
                let answer = try await transfer.answer()
                try #require(answer.status == 200, "\(answer.account)")
                let file = try GalleryFile(try answer.json)
                #expect(file.urlName == "\(number).mp4")
                #expect(try await tenant.gateway.bytes(file.url) == Scratch.bytes(files[number]))
            }
            #expect(try await tenant.gallery().count == 2)
        }
    }

    /// The copy of an image that fits 1080 x 1080.
    @Suite(.gateway) struct GalleryCopies {
        /// What `identify` reads: width, height, and whether any EXIF is left.
        private func look(_ bytes: Data, _ name: String) async throws -> (width: Int, height: Int, exif: String) {
            let file = try Scratch.file(name, holding: bytes)
            defer { Scratch.remove([file]) }
            let said = try await Command.succeed("identify", ["-format", "%w %h\n%[EXIF:*]", file])
            let lines = said.split(separator: "\n", maxSplits: 1)
            let size = (lines.first ?? "").split(separator: " ").compactMap { Int($0) }
            try #require(size.count == 2, "\(said)")
            return (size[0], size[1], lines.count > 1 ? String(lines[1]) : "")
        }

        private func copy(of file: GalleryFile, named name: String, _ tenant: Stranger) async throws -> Data {
            let url = try #require(file.copy["url"].string, "\(file.answer)")
            #expect(file.answer["resizedMessage"] == .null)
            #expect(file.copy.keys == ["id", "url", "fileName", "size"])
            #expect(file.copy["fileName"].string == name)
            #expect(url.hasSuffix("/\(name)"))
            #expect(file.copy["id"].string != file.id)
            let read = try await Curl.run([url])
            #expect(read.status == 200, "\(read.account)")
            #expect(file.copy["size"] == "\(read.body.count)")
            return read.body
        }

        static let sizes: [(width: Int, height: Int, copyWidth: Int, copyHeight: Int)] = [
            (2160, 1440, 1080, 720), (1000, 2000, 540, 1080), (640, 480, 640, 480),
        ]

        @Test(arguments: sizes)
        func `it fits and is never larger`(
            size: (width: Int, height: Int, copyWidth: Int, copyHeight: Int)
        ) async throws {
            let tenant = try await Stranger.new("copy")
            let image = try Scratch.file("image.png")
            try await Command.succeed("convert", ["-size", "\(size.width)x\(size.height)", "gradient:red-blue", image])
            let file = try await tenant.uploaded(image, as: "best.image.png")
            #expect(file.answer["contentType"] == "image/png")
            let bytes = try await copy(of: file, named: "best.image_1080x1080.png", tenant)
            let seen = try await look(bytes, "copy.png")
            #expect((seen.width, seen.height) == (size.copyWidth, size.copyHeight))
            #expect(bytes.starts(with: [0x89, 0x50, 0x4E, 0x47]), "a PNG stays one")
            #expect(try await tenant.gateway.bytes(file.url) == Scratch.bytes(image), "the file itself is untouched")
            let facts = try await tenant.meta(file.id)
            let pixels = [size.width, size.height].map { JSON.number(Double($0)) }
            #expect(facts["media"] == ["state": "done", "width": pixels[0], "height": pixels[1]])
            #expect(facts["resized"] == file.copy)
            Scratch.remove([image])
        }

        @Test func `it is no file of its own`() async throws {
            let tenant = try await Stranger.new("own")
            let file = try await tenant.uploaded(try Samples.shared.png, as: "a.png")
            let id = try #require(file.copy["id"].string)
            #expect(try await tenant.gallery().compactMap { $0["id"].string } == [file.id])
            #expect(try await tenant.call("GET", "/api/v1/uploads").json["uploads"].entries == [])
            #expect(try await tenant.call("GET", "/api/media/meta?id=\(id)").status == 404)
            #expect(try await tenant.call("DELETE", "/api/media/\(id)").status == 404)
            let url = try #require(file.copy["url"].string)
            #expect(try await tenant.urlExists(url).json["contentType"] == "image/png")
            #expect(try await tenant.gateway.bytes(url) != nil)
        }

        @Test func `it can be posted and then outlives its image`() async throws {
            let tenant = try await Stranger.new("square")
            let file = try await tenant.uploaded(try Samples.shared.jpeg, as: "a.jpg")
            let url = file.copy["url"]
            let post = try await tenant.post(["post": "Square", "platforms": ["instagram"], "mediaUrls": [url]])
            try #require(post.status == 200, "\(post.account)")
            let posted = try post.json["postIds"][0]
            #expect(posted["mediaUrl"] == url)
            let item = "/api/v1/media/images/\(posted["id"].string ?? "")"
            #expect(try await tenant.call("DELETE", "/api/media/\(file.id)").status == 200)
            #expect(try await tenant.gateway.bytes(file.url) == nil)
            #expect(try await tenant.gateway.bytes(url.string ?? "")?.count == Int(file.copy["size"].string ?? ""))
            #expect(try await tenant.call("GET", item).json["data"]["accessUrl"] == url)
            #expect(try await tenant.gallery() == [])
            #expect(try await tenant.call("DELETE", item).status == 200)
            #expect(try await tenant.call("GET", item).status == 404)
        }

        @Test func `it is upright and tells no place`() async throws {
            let tenant = try await Stranger.new("exif")
            let plain = try Scratch.file("plain.jpg")
            try await Command.succeed("convert", ["-size", "1600x800", "gradient:red-blue", plain])
            let photo = try ImageBytes.photo(try Scratch.bytes(plain), orientation: 6)
            let before = try await look(photo, "photo.jpg")
            #expect(before.exif.contains("GPSLatitude"), "the sample has a place: \(before.exif)")
            let path = try Scratch.file("photo.jpg", holding: photo)
            let file = try await tenant.uploaded(path, as: "photo.jpg")
            let bytes = try await copy(of: file, named: "photo_1080x1080.jpg", tenant)
            let seen = try await look(bytes, "copy.jpg")
            #expect((seen.width, seen.height) == (540, 1080), "turned")
            #expect(!seen.exif.contains("GPS"), "\(seen.exif)")
            #expect(bytes.range(of: Data("Exif".utf8)) == nil)
            let facts = try await tenant.meta(file.id)["media"]
            #expect(facts["width"] == 800)
            #expect(facts["height"] == 1600)
            #expect(try await tenant.gateway.bytes(file.url) == photo, "the file itself keeps what it has")
            Scratch.remove([plain, path])
        }
    }
}
