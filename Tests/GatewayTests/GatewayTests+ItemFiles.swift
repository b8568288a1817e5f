import Foundation
import Testing

extension GatewayTests {
    /// The file of an item: which it may be, what is known of it, and where it is read.
    @Suite(.gateway) struct ItemFiles {
        private static let prefixes = ["/api/v1/media", "/media"]

        /// "Either file or fileId must be provided."
        @Test(arguments: prefixes) func `one file, by itself or by its id`(prefix: String) async throws {
            let gateway = try RunningGateway.shared
            let samples = try Samples.shared
            let stranger = try await gateway.newKey(tenant: "stranger-files")
            for (kind, file, name) in [("images", samples.png, "a.png"), ("videos", samples.mp4, "a.mp4")] {
                let mine = try await gateway.usedLink(file, name: name).fileID
                let theirs = try await gateway.usedLink(file, name: name, key: stranger).fileID
                let rows: [(fields: [String], status: Int, code: String)] = [
                    ([], 400, "invalid_request"),
                    (["fileId="], 400, "invalid_request"),
                    (["fileId=\(mine)", "file=@\(file)"], 400, "invalid_request"),
                    (["file=@\(file)", "fileId=\(mine)"], 400, "invalid_request"),
                    (["fileId=\(String(repeating: "A", count: 27))"], 404, "not_found"),
                    (["fileId=no such file"], 404, "not_found"),
                    (["fileId=\(theirs)"], 404, "not_found"),
                ]
                for row in rows {
                    let form = (["platforms=[\"tiktok\"]"] + row.fields).flatMap { ["-F", $0] }
                    let answer = try await gateway.call("POST", "\(prefix)/\(kind)", form)
                    #expect(answer.status == row.status, "\(row.fields): \(answer.account)")
                    #expect(answer.code == row.code)
                    #expect(try answer.json["success"] == false)
                    let named = try answer.json["errors"].entries.map { $0["field"] }
                    #expect(named == (row.status == 400 ? ["file"] : []))
                }
                for field in ["fileId=\(mine)", "file=@\(file)"] {
                    let answer = try await gateway.call(
                        "POST", "\(prefix)/\(kind)", ["-F", "platforms=[\"tiktok\"]", "-F", field])
                    #expect(answer.status == 201, "\(answer.account)")
                }
                #expect(
                    try await gateway.finalize(kind, ["fileId=\(theirs)", "platforms=tiktok"], key: stranger).status
                        == 201)
            }
        }

        private func media(_ path: String) async throws -> JSON {
            let gateway = try RunningGateway.shared
            var media: JSON = .null
            try await eventually("the file was looked into") {
                media = try await gateway.shown(path)["media"]
                return media["state"] != "pending"
            }
            return media
        }

        @Test func `what a decoder knows of a file is told`() async throws {
            let gateway = try RunningGateway.shared
            let samples = try Samples.shared
            let facts: [(kind: String, file: String, facts: JSON)] = [
                (
                    "videos", samples.mp4,
                    [
                        "state": "done", "width": 320, "height": 240, "duration": 1, "videoCodec": "mpeg4",
                        "frameRate": 10,
                    ]
                ),
                (
                    "videos", samples.webm,
                    [
                        "state": "done", "width": 320, "height": 240, "duration": 1, "videoCodec": "vp8",
                        "frameRate": 10,
                    ]
                ),
                ("images", samples.png, ["state": "done", "width": 320, "height": 240]),
                ("images", samples.jpeg, ["state": "done", "width": 320, "height": 240]),
            ]
            for row in facts {
                let item = try await gateway.newItem(row.kind, ["file=@\(row.file)", "platforms=tiktok"])
                #expect(try await media(gateway.itemPath(row.kind, item)) == row.facts)
            }
        }

        @Test func `a file that no decoder can read stays all the same`() async throws {
            let gateway = try RunningGateway.shared
            // The beginning of a film, and nothing that could be shown.
            let torn = try Scratch.file("torn.mp4", holding: Scratch.bytes(Samples.shared.mp4).prefix(2000))
            let item = try await gateway.newItem("videos", ["file=@\(torn)", "platforms=tiktok"])
            let media = try await media(gateway.itemPath("videos", item))
            #expect(media["state"] == "failed")
            #expect(media["message"].string?.isEmpty == false)
            #expect(try await gateway.bytes(try #require(item["accessUrl"].string)) == Scratch.bytes(torn))
        }

        /// The newer paths of the publishing API begin like access URLs; neither stands in the other's way.
        @Test func `items and files share a path and keep apart`() async throws {
            let gateway = try RunningGateway.shared
            let mp4 = try Samples.shared.mp4
            for name in ["images", "videos", "chunks", "platforms", "tiktok", "a.mp4"] {
                let link = try Link(try await gateway.get("/api/media/uploadUrl?fileName=\(name)&contentType=mp4").json)
                #expect(try await gateway.put(link, mp4).status == 200)
                #expect(link.accessURL.hasPrefix("\(gateway.base)/media/\(link.fileID)/"))
                for method in [["-X", "GET"], ["--head"]] {
                    let answer = try await Curl.run(method + [link.accessURL])
                    #expect(answer.status == 200, "\(link.accessURL): \(answer.account)")
                    #expect(answer["content-type"] == "video/mp4")
                }
                #expect(try await gateway.bytes(link.accessURL) == Scratch.bytes(mp4))
                let item = try await gateway.newItem("videos", ["fileId=\(link.fileID)", "platforms=tiktok"])
                let id = try #require(item["id"].string)
                #expect(try await gateway.shown("/media/videos/\(id)")["id"].string == id)
                // An item wants a key, a file none; a key opens nothing else.
                #expect(try await gateway.call("GET", "/media/videos/\(id)", key: nil).status == 401)
                #expect(try await gateway.get("/media/images/\(id)").status == 404)
                for path in ["/media/\(id)/\(name)", "/media/\(link.fileID)/other.mp4", "/media/\(link.fileID)/"] {
                    #expect(try await gateway.call("GET", path, key: nil).status == 404, "\(path)")
                }
            }
            #expect(try await gateway.get("/media/chunks?fileId=none").json["success"] == true)
            #expect(try await gateway.get("/media/images").json["success"] == true)
        }
    }
}
