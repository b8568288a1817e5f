import Foundation
import Testing

extension GatewayTests {
    /// tus by who has a link and no key.
    @Suite(.gateway("--examine-media", "false")) struct TusLinks {
        private static let nobody = ""

        private static func link(_ members: [String: JSON] = [:]) async throws -> Link {
            try await RunningGateway.shared.granted(
                members.merging(["protocol": "tus", "fileName": "film.mp4"]) { own, _ in own }
            ).link
        }

        /// A creation without a key.
        private static func create(
            _ link: Link, _ fields: [String], body: Data? = nil
        ) async throws -> CurlAnswer {
            try await RunningGateway.shared.tus(
                "POST", Isolation.path(of: link.uploadURL), fields, body: body, key: nobody)
        }

        @Test func `a link begins one upload, which goes on without a key`() async throws {
            let gateway = try RunningGateway.shared
            let film = try Scratch.bytes(try Samples.shared.film(sizeBytes: 1_234_567))
            let (link, json) = try await gateway.granted(["protocol": "tus", "fileName": "film.mp4"])
            #expect(json["protocol"] == "tus")
            #expect(link.uploadURL.hasPrefix("\(gateway.base)/files/\(link.fileID)/film.mp4?"))
            // Name and type are the grant's; what is said besides comes back as it went.
            let text = "filename b3RoZXIubW92,filetype dmlkZW8vbXA0,empty,odd /w=="
            let created = try await Self.create(link, ["Upload-Length: \(film.count)", "Upload-Metadata: \(text)"])
            #expect(created.status == 201, "\(created.account)")
            #expect(created["Upload-Expires"] != nil)
            #expect(created["Upload-Offset"] == nil)
            let upload = try TusUpload(created, of: gateway)
            #expect(upload.id == link.fileID)
            let again = try await Self.create(link, ["Upload-Length: \(film.count)"])
            #expect(again.status == 409, "\(again.account)")
            #expect(again.text.hasPrefix("link_used: "))

            let fresh = try await gateway.tus("HEAD", upload.path, key: Self.nobody)
            #expect(fresh.status == 200, "\(fresh.account)")
            #expect(fresh["Upload-Offset"] == "0")
            #expect(fresh["Upload-Length"] == "\(film.count)")
            #expect(fresh["Upload-Metadata"] == text)
            let first = try await gateway.tusPatch(upload, at: 0, film[..<100_000], key: Self.nobody)
            #expect(first.status == 204, "\(first.account)")
            let guised = try await gateway.tus(
                "POST", upload.path, ["X-HTTP-Method-Override: PATCH", "Upload-Offset: 100000"],
                body: film[100_000..<200_000], key: Self.nobody)
            #expect(guised.status == 204, "\(guised.account)")
            #expect(try await gateway.tusOffset(upload, key: Self.nobody) == 200_000)
            let last = try await gateway.tusPatch(upload, at: 200_000, film[200_000...], key: Self.nobody)
            #expect(last.status == 204, "\(last.account)")

            #expect(try await gateway.bytes(link.accessURL) == film)
            let status = try await gateway.status(link.fileID)
            #expect(status["state"] == "complete")
            #expect(status["fileName"] == "film.mp4")
            #expect(status["contentType"] == "video/mp4")
            // The right was to bring the file in, not to take it away.
            let deletion = try await gateway.tus("DELETE", upload.path, key: Self.nobody)
            #expect(deletion.status == 409, "\(deletion.account)")
            #expect(try await gateway.bytes(link.accessURL) == film)
            let item = try await gateway.finalize("videos", ["fileId=\(link.fileID)", "platforms=youtube"])
            #expect(item.status == 201, "\(item.account)")
        }

        /// creation-with-upload.
        @Test func `bytes may come with the creation`() async throws {
            let gateway = try RunningGateway.shared
            let film = try Scratch.bytes(try Samples.shared.film(sizeBytes: 300_000))
            for count in [100_000, film.count] {
                let link = try await Self.link(["size": .number(Double(film.count))])
                let created = try await Self.create(link, ["Upload-Defer-Length: 1"], body: film.prefix(count))
                #expect(created.status == 201, "\(created.account)")
                #expect(created["Upload-Offset"] == "\(count)")
                let upload = try TusUpload(created, of: gateway)
                let standing = try await gateway.tus("HEAD", upload.path, key: Self.nobody)
                // The link said it already.
                #expect(standing["Upload-Length"] == "\(film.count)")
                if count < film.count {
                    let rest = try await gateway.tusPatch(upload, at: count, film[count...], key: Self.nobody)
                    #expect(rest.status == 204, "\(rest.account)")
                }
                #expect(try await gateway.bytes(link.accessURL) == film)
            }
        }

        @Test func `a creation that is refused leaves the link unused`() async throws {
            let gateway = try RunningGateway.shared
            let link = try await Self.link(["maxSize": 1000, "size": 10])
            let length = "Upload-Length: 10"
            let refused: [(fields: [String], body: Data?, status: Int)] = [
                ([], nil, 400), (["Upload-Length: 1001"], nil, 413), (["Upload-Length: 9"], nil, 400),
                ([length, "Upload-Concat: partial"], nil, 400), ([length, "Upload-Concat: final;/files/a"], nil, 400),
                // image/png
                ([length, "Upload-Metadata: filetype aW1hZ2UvcG5n"], nil, 415),
                ([length, "Upload-Metadata: a,a"], nil, 400),
                ([length], Data(repeating: 0, count: 11), 413),
            ]
            for (fields, body, status) in refused {
                let answer = try await Self.create(link, fields, body: body)
                #expect(answer.status == status, "\(fields): \(answer.account)")
                #expect(answer["Tus-Resumable"] == "1.0.0")
                #expect(answer["Location"] == nil)
            }
            let path = Isolation.path(of: link.uploadURL)
            for version in ["Tus-Resumable: 0.2.2", "Tus-Resumable;"] {
                let answer = try await gateway.call(
                    "POST", path, key: nil, ["-H", version, "-H", length])
                #expect(answer.status == 412, "\(answer.account)")
                #expect(answer["Tus-Version"] == "1.0.0")
            }
            let told = try await gateway.call("OPTIONS", path, key: nil)
            #expect(told.status == 204, "\(told.account)")
            #expect(told["Tus-Max-Size"] == "1000")
            #expect(told["Tus-Extension"]?.contains("concatenation") == false)
            let created = try await Self.create(link, [length])
            #expect(created.status == 201, "\(created.account)")
        }

        @Test func `signature and expiry come before everything`() async throws {
            let gateway = try RunningGateway.shared
            let late = try await Self.link(["expiresIn": 1])
            let link = try await Self.link()
            let other = try await gateway.granted(["protocol": "resumable", "fileName": "film.mp4"]).link
            let changed = String(Isolation.path(of: link.uploadURL).dropLast()) + "!"
            let query = try #require(other.uploadURL.split(separator: "?").last)
            for forged in [
                changed, "/files/\(link.fileID)/film.mp4", "/files/\(link.fileID)/film.mp4?\(query)",
                "/files/\(other.fileID)/film.mp4?\(query)",
                Isolation.path(of: link.uploadURL).replacing("film.mp4", with: "film.mov"),
            ] {
                // Of a version that is not spoken, too.
                let answer = try await gateway.call("POST", forged, ["-H", "Upload-Length: 10"])
                #expect(answer.status == 403, "\(forged): \(answer.account)")
                #expect(answer.text.hasPrefix("link_invalid: "))
                #expect(try await gateway.call("OPTIONS", forged, key: nil).status == 403)
            }
            try await eventually("the link expires") {
                try await Self.create(late, ["Upload-Length: 10"]).status == 410
            }
        }

        @Test func `one signature opens one upload`() async throws {
            let gateway = try RunningGateway.shared
            func created(_ link: Link) async throws -> TusUpload {
                try TusUpload(try await Self.create(link, ["Upload-Length: 10"]), of: gateway)
            }
            let link = try await Self.link()
            let (upload, other) = (try await created(link), try await created(try await Self.link()))
            // The same upload over the other protocol, with a right of its own.
            let resumable = try await gateway.granted(["protocol": "resumable", "fileName": "film.mp4"]).link
            let client = ResumableClient(gateway: gateway, interop: 9)
            let begun = try await client.exchange(
                "POST", resumable.uploadURL, ["Content-Type: video/mp4", client.end(false)], body: Data())
            let door = Isolation.path(of: try #require(begun.final["Location"], "\(begun.account)"))
            func query(_ path: String) -> Substring { path.split(separator: "?").last ?? "" }
            for forged in [
                String(upload.path.dropLast()) + "!", "/files/\(upload.id)?\(query(other.path))",
                "/files/\(upload.id)?\(query(door))", door.replacing("/uploads/", with: "/files/"),
                "/files/\(upload.id)?\(query(link.uploadURL))",
                upload.path.replacing("tenant=default", with: "tenant=stranger"),
            ] {
                // With a key, too: the signature is what counts.
                for key in [Self.nobody, gateway.key] {
                    for (method, fields) in [
                        ("HEAD", []), ("DELETE", []), ("POST", ["X-HTTP-Method-Override: DELETE"]),
                    ] {
                        let answer = try await gateway.tus(method, forged, fields, key: key)
                        #expect(answer.status == 403, "\(method) \(forged): \(answer.account)")
                    }
                    let patch = try await gateway.tus(
                        "PATCH", forged, ["Upload-Offset: 0"], body: Data([0]), key: key)
                    #expect(patch.status == 403, "\(forged): \(patch.account)")
                }
            }
            #expect(try await gateway.tus("HEAD", "/files/\(upload.id)", key: Self.nobody).status == 401)
            #expect(try await gateway.tusOffset(upload, key: Self.nobody) == 0, "it is as it was")
            #expect(try await gateway.tus("DELETE", upload.path, key: Self.nobody).status == 204)
            #expect(try await gateway.tus("HEAD", upload.path, key: Self.nobody).status == 410)
        }

        /// The answer to the creation was lost.
        @Test func `the link tells where its upload goes on`() async throws {
            let gateway = try RunningGateway.shared
            let film = try Scratch.bytes(try Samples.shared.film(sizeBytes: 300_000))
            let link = try await Self.link()
            let path = Isolation.path(of: link.uploadURL)
            let unused = try await gateway.tus("HEAD", path, key: Self.nobody)
            #expect(unused.status == 404, "\(unused.account)")
            #expect(unused["Tus-Resumable"] == "1.0.0")
            let created = try await Self.create(link, ["Upload-Length: \(film.count)"])
            let asked = try await gateway.tus("HEAD", path, key: Self.nobody)
            #expect(asked.status == 200, "\(asked.account)")
            #expect(asked["Location"] != nil && asked["Location"] == created["Location"])
            #expect(asked["Upload-Offset"] == "0")
            #expect(asked["Upload-Length"] == "\(film.count)")
            let upload = try TusUpload(asked, of: gateway)
            #expect(try await gateway.tusPatch(upload, at: 0, film[..<1000], key: Self.nobody).status == 204)
            #expect(try await gateway.tus("HEAD", path, key: Self.nobody)["Upload-Offset"] == "1000")
            // Only that, and only who has the signature.
            #expect(try await gateway.tus("HEAD", String(path.dropLast()) + "!").status == 403)
            #expect(try await gateway.call("HEAD", path, key: nil).status == 412)
            #expect(try await gateway.tusPatch(upload, at: 1000, film[1000...], key: Self.nobody).status == 204)
            let complete = try await gateway.tus("HEAD", path, key: Self.nobody)
            #expect(complete["Upload-Offset"] == "\(film.count)")
            #expect(try await gateway.bytes(link.accessURL) == film)

            let late = try await Self.link(["expiresIn": 1])
            try await eventually("the link expires") {
                try await gateway.tus("HEAD", Isolation.path(of: late.uploadURL), key: Self.nobody).status == 410
            }
            let short = try await Self.link(["expiresIn": 2])
            let begun = try TusUpload(try await Self.create(short, ["Upload-Length: 10"]), of: gateway)
            try await eventually("the link expires") {
                try await Self.create(short, ["Upload-Length: 10"]).status == 410
            }
            let outlived = try await gateway.tus("HEAD", Isolation.path(of: short.uploadURL), key: Self.nobody)
            #expect(outlived["Location"] == begun.url, "what it began goes on: \(outlived.account)")
            #expect(try await gateway.tus("DELETE", begun.path, key: Self.nobody).status == 204)
            #expect(
                try await gateway.tus("HEAD", Isolation.path(of: short.uploadURL), key: Self.nobody).status == 410)
        }

        @Test func `what came of a creation that broke off goes on`() async throws {
            let gateway = try RunningGateway.shared
            let film = try Scratch.bytes(try Samples.shared.film(sizeBytes: 300_000))
            let link = try await Self.link()
            let path = Isolation.path(of: link.uploadURL)
            let conversation = try gateway.conversation()
            let fields = [
                "Host: a", "Tus-Resumable: 1.0.0", "Upload-Length: \(film.count)", "Content-Length: \(film.count)",
                "Content-Type: application/offset+octet-stream",
            ]
            try await conversation.send("POST \(path) HTTP/1.1\r\n\(fields.joined(separator: "\r\n"))\r\n\r\n")
            try await conversation.send(film.prefix(100_000))
            try conversation.endSending()
            #expect(try await conversation.answers().map(\.status) == [400])
            let asked = try await gateway.tus("HEAD", path, key: Self.nobody)
            #expect(asked["Upload-Offset"] == "100000", "\(asked.account)")
            let rest = try await gateway.tusPatch(
                try TusUpload(asked, of: gateway), at: 100_000, film[100_000...], key: Self.nobody)
            #expect(rest.status == 204, "\(rest.account)")
            #expect(try await gateway.bytes(link.accessURL) == film)
        }

        @Test func `of many creations at once one is made`() async throws {
            let link = try await Self.link()
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<8 { group.addTask { try await Self.create(link, ["Upload-Length: 10"]).status } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(statuses.sorted() == [201] + Array(repeating: 409, count: 7))
        }

        /// Nobody was told where it goes on.
        @Test func `a creation whose bytes are refused ends its upload`() async throws {
            let gateway = try RunningGateway.shared
            let film = try Scratch.bytes(try Samples.shared.film(sizeBytes: 300_000))
            let png = try Scratch.bytes(try Samples.shared.png)
            for (body, fields, status) in [
                (film, ["Upload-Checksum: sha1 qZk+NkcGgWq6PiVxeFDCbJzQ2J0="], 460), (png, [], 415),
            ] {
                let link = try await Self.link()
                let answer = try await Self.create(link, ["Upload-Length: \(body.count)"] + fields, body: body)
                #expect(answer.status == status, "\(answer.account)")
                #expect(["aborted", "failed"].contains(try await gateway.status(link.fileID)["state"].string ?? ""))
                #expect(try await Self.create(link, ["Upload-Length: 10"]).status == 409)
            }
        }
    }
}
