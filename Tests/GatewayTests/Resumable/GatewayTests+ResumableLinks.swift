import Foundation
import Testing

extension GatewayTests {
    /// Resumable Uploads by who has a link and no key.
    @Suite(.gateway("--examine-media", "false", "--cors-origins", "https://app.example.com"))
    struct ResumableLinks {
        private static func film() throws -> Data { try Scratch.bytes(try Samples.shared.film(sizeBytes: 3 << 20)) }

        /// Without a key.
        private static func client(_ interop: Int? = 9) throws -> ResumableClient {
            ResumableClient(gateway: try RunningGateway.shared, interop: interop)
        }

        @Test(arguments: Resumable.interops)
        func `a broken PUT goes on as the same single use`(interop: Int?) async throws {
            let client = try Self.client(interop)
            let gateway = client.gateway
            let film = try Self.film()
            let link = try await gateway.link("fileName=film.mp4")
            let conversation = try gateway.conversation()
            try await conversation.send(
                client.head("PUT", link.uploadURL, ["Content-Type: video/mp4", client.end(true)], bytes: film.count))
            var url: String?
            if interop != nil { url = try await conversation.answer()?["Location"] }
            try await conversation.send(film.prefix(1 << 20))
            try conversation.endSending()
            #expect(try await conversation.answers().map(\.status) == [400])
            // The link tells where it goes on, to who has not heard.
            let asked = try await client.exchange("HEAD", link.uploadURL).final
            #expect(asked.status == 204, "\(asked.account)")
            #expect(asked["Upload-Offset"] == "\(1 << 20)")
            #expect(client.isEnd(asked) == false)
            let told = try #require(asked["Location"])
            #expect(url == nil || url == told)
            // And is used.
            let again = try await client.exchange(
                "PUT", link.uploadURL, ["Content-Type: video/mp4", client.end(true)], body: film)
            #expect(again.final.status == 409, "\(again.account)")
            #expect(again.final.code == "link_used")
            #expect(try await gateway.bytes(link.accessURL) == nil)
            #expect(try await client.state(told).offset == 1 << 20)
            let rest = try await client.append(told, film.dropFirst(1 << 20), at: 1 << 20, ends: true)
            // As the PUT would have been answered.
            #expect(rest.final.status == 200, "\(rest.account)")
            #expect(rest.final.body.isEmpty)
            #expect(rest.final["ETag"] != nil)
            #expect(rest.final["Repr-Digest"] == Checksums.field(crc32c: film))
            #expect(try await gateway.bytes(link.accessURL) == film)
            #expect(try await client.exchange("HEAD", link.uploadURL).final["ETag"] == rest.final["ETag"])
        }

        @Test func `a link that is not used tells its limits`() async throws {
            let client = try Self.client()
            let link = try await client.gateway.link("fileName=film.mp4&maxSize=5000")
            for method in ["HEAD", "OPTIONS"] {
                let answer = try await client.exchange(method, link.uploadURL).final
                #expect(answer.status == 204, "\(answer.account)")
                #expect(answer["Upload-Limit"] == "max-size=5000, min-size=0, max-age=86400")
                #expect(answer["Location"] == nil)
            }
        }

        /// The right to go on is for one upload, and is no right to begin.
        @Test func `a changed URL is refused before anything is looked up`() async throws {
            let client = try Self.client()
            let gateway = client.gateway
            let link = try await gateway.link("fileName=film.mp4")
            let other = try await gateway.link("fileName=film.mp4")
            let creation = try await client.exchange(
                "PUT", link.uploadURL, ["Content-Type: video/mp4", client.end(false)], body: Data())
            #expect(creation.final.status == 201, "\(creation.account)")
            let url = try #require(creation.final["Location"])
            #expect(try await client.state(url) == .init(0))
            let path = String(url.dropFirst(gateway.base.count))
            let signature = String(path.split(separator: "?")[1])
            let forgeries = [
                String(path.dropLast()) + (path.hasSuffix("A") ? "B" : "A"), path + "&x=1",
                path.replacing(link.fileID, with: other.fileID),
                path.replacing("tenant=default", with: "tenant=another"),
                path.replacing("/uploads/", with: "/uploads//"), "/uploads/\(link.fileID)?sig=",
                "/uploads/\(other.fileID)?" + (other.uploadURL.split(separator: "?").last ?? ""),
                "/uploads/\(FileManager.default.temporaryDirectory.lastPathComponent)?\(signature)",
            ]
            for forged in forgeries {
                for method in ["HEAD", "DELETE"] {
                    let answer = try await client.gateway.call(method, forged, key: nil)
                    #expect(answer.status == 403, "\(forged): \(answer.account)")
                }
                let append = try await client.append(forged, Data([1]), at: 0, ends: true)
                #expect(append.final.status == 403, "\(forged): \(append.account)")
            }
            // With a key, too: the signature is what counts.
            #expect(try await gateway.call("GET", forgeries[0]).status == 403)
            #expect(try await gateway.call("GET", "/uploads/\(link.fileID)", key: nil).status == 401)
            // The upload's URL begins nothing, and the link goes on with nothing.
            let put = try await client.exchange(
                "PUT", "/upload/\(link.fileID)/film.mp4?\(signature)", ["Content-Type: video/mp4"], body: Data([1]))
            #expect(put.final.status == 403)
            #expect(try await client.state(url) == .init(0), "it is as it was")
            #expect(try await client.exchange("DELETE", url).final.status == 204)
            #expect(try await client.exchange("GET", url).final.status == 410)
        }

        @Test func `what is refused for its type uses the link up`() async throws {
            let client = try Self.client()
            let link = try await client.gateway.link("fileName=film.mp4")
            let film = try Self.film()
            let refused = try await client.exchange(
                "PUT", link.uploadURL, ["Content-Type: video/quicktime", client.end(true)], body: film)
            #expect(refused.final.status == 415, "\(refused.account)")
            #expect(refused.interim.isEmpty)
            #expect(refused.final["Upload-Complete"] == "?1")
            let again = try await client.exchange(
                "PUT", link.uploadURL, ["Content-Type: video/mp4", client.end(true)], body: film)
            #expect(again.final.code == "link_used")
        }

        @Test func `sizes are kept to`() async throws {
            let client = try Self.client()
            let film = try Self.film()
            for (query, length) in [("maxSize=\(film.count - 1)", film.count), ("size=\(film.count - 1)", film.count)] {
                let link = try await client.gateway.link("fileName=film.mp4&\(query)")
                let answer = try await client.exchange(
                    "PUT", link.uploadURL, ["Content-Type: video/mp4", client.end(true), "Upload-Length: \(length)"],
                    body: film)
                #expect([400, 413].contains(answer.final.status), "\(query): \(answer.account)")
                #expect(answer.final["Upload-Limit"] != nil)
                #expect(try await client.gateway.bytes(link.accessURL) == nil)
            }
            let link = try await client.gateway.link("fileName=film.mp4&size=\(film.count)")
            let answer = try await client.exchange(
                "PUT", link.uploadURL, ["Content-Type: video/mp4", client.end(true)], body: film)
            #expect(answer.final.status == 200, "\(answer.account)")
            #expect(answer.final["Location"] == answer.interim.first?["Location"])
            #expect(try await client.gateway.bytes(link.accessURL) == film)
        }

        /// Before any byte, so that whoever asks next is told it.
        @Test(arguments: ["link", "grant"])
        func `a length that a creation tells is kept`(kind: String) async throws {
            let client = try Self.client()
            let film = try Self.film()
            func fresh(_ size: Int? = nil) async throws -> Link {
                let most = film.count + 5
                guard kind == "grant" else {
                    let exact = size.map { "&size=\($0)" } ?? ""
                    return try await client.gateway.link("fileName=film.mp4&maxSize=\(most)\(exact)")
                }
                var members: [String: JSON] = [
                    "protocol": "resumable", "fileName": "film.mp4", "maxSize": .number(Double(most)),
                ]
                if let size { members["size"] = .number(Double(size)) }
                return try await client.gateway.granted(members).link
            }
            func create(_ link: Link, length: Int) async throws -> RawAnswer {
                try await client.exchange(
                    "PUT", link.uploadURL,
                    ["Content-Type: video/mp4", client.end(false), "Upload-Length: \(length)"], body: Data()
                ).final
            }
            let link = try await fresh()
            let creation = try await create(link, length: film.count)
            #expect(creation.status == 201, "\(creation.account)")
            let url = try #require(creation["Location"])
            for target in [url, link.uploadURL] {
                #expect(try await client.exchange("HEAD", target).final["Upload-Length"] == "\(film.count)")
            }
            let other = try await client.append(
                url, film.prefix(1000), at: 0, ends: false, ["Upload-Length: \(film.count + 1)"])
            #expect(other.final.status == 400, "\(other.account)")
            #expect(other.final.code == "inconsistent_upload_length")
            let whole = try await client.append(url, film, at: 0, ends: true)
            #expect(whole.final.status == 200, "\(whole.account)")
            #expect(try await client.gateway.bytes(link.accessURL) == film)

            // What the link does not allow uses it up, and is nowhere kept.
            let tooLong = try await create(try await fresh(), length: film.count + 6)
            #expect(tooLong.status == 413, "\(tooLong.account)")
            let exact = try await fresh(film.count)
            let wrong = try await create(exact, length: film.count - 1)
            #expect(wrong.status == 400, "\(wrong.account)")
            #expect(wrong["Location"] != nil)
            #expect(try await client.exchange("HEAD", exact.uploadURL).final["Upload-Length"] == "\(film.count)")
        }

        @Test func `a digest of a file that a link brings is checked over all requests`() async throws {
            let client = try Self.client()
            let path = try Samples.shared.film(sizeBytes: 3 << 20)
            let film = try Scratch.bytes(path)
            let right = try await Checksums.field(sha256: path)
            let wrong = try await Checksums.field(sha256: try Samples.shared.png)
            for (digest, status) in [(right, 200), (wrong, 400)] {
                let link = try await client.gateway.link("fileName=film.mp4")
                let creation = try await client.exchange(
                    "PUT", link.uploadURL,
                    ["Content-Type: video/mp4", client.end(false), "Repr-Digest: \(digest)"],
                    body: film.prefix(1000))
                let url = try #require(creation.final["Location"], "\(creation.account)")
                let last = try await client.append(url, film.dropFirst(1000), at: 1000, ends: true)
                #expect(last.final.status == status, "\(last.account)")
                #expect(try await client.gateway.bytes(link.accessURL) == (status == 200 ? film : nil))
            }
        }

        @Test(arguments: ["PUT", "POST"])
        func `a grant begins one upload`(method: String) async throws {
            let client = try Self.client(5)
            let film = try Self.film()
            let (link, json) = try await client.gateway.granted(["protocol": "resumable", "fileName": "film.mp4"])
            #expect(json["protocol"] == "resumable")
            #expect(link.uploadURL.hasPrefix("\(client.gateway.base)/uploads/\(link.fileID)/film.mp4?"))
            // As tus-js-client speaks it.
            let creation = try await client.exchange(
                method, link.uploadURL, ["Content-Type: video/mp4", client.end(false)], body: film.prefix(1000))
            #expect(creation.final.status == 201, "\(creation.account)")
            let url = try #require(creation.final["Location"])
            let rest = try await client.append(url, film.dropFirst(1000), at: 1000, ends: true)
            #expect(rest.final.status == 200, "\(rest.account)")
            #expect(try await client.gateway.bytes(link.accessURL) == film)
            let again = try await client.exchange(
                method, link.uploadURL, ["Content-Type: video/mp4", client.end(false)], body: Data())
            #expect(again.final.code == "link_used")
            // One kind of link is none of another.
            let asPut = link.uploadURL.replacing("/uploads/", with: "/upload/")
            let forged = try await client.exchange("PUT", asPut, ["Content-Type: video/mp4"], body: film)
            #expect(forged.final.status == 403)
        }

        @Test func `a grant asks for a key and for what it names`() async throws {
            let gateway = try RunningGateway.shared
            let json = ["-H", "Content-Type: application/json", "--data-binary"]
            let body = #"{"protocol":"resumable","fileName":"a.mp4"}"#
            #expect(try await gateway.call("POST", "/api/v1/grants", key: nil, json + [body]).status == 401)
            for wrong in [#"{"fileName":"a.mp4"}"#, #"{"protocol":"ftp","fileName":"a.mp4"}"#, "{"] {
                let answer = try await gateway.call("POST", "/api/v1/grants", json + [wrong])
                #expect(answer.status == 400, "\(answer.account)")
                #expect(answer.code == "invalid_request")
            }
        }

        /// Fetch standard, "CORS protocol": what a page may send, and what of the answer it may read.
        @Test func `pages may use it`() async throws {
            let client = try Self.client()
            let link = try await client.gateway.link("fileName=film.mp4")
            let changed = String(link.uploadURL.dropLast()) + "!"
            for url in [link.uploadURL, changed, "/uploads/", "/uploads/\(link.fileID)"] {
                let answer = try await client.exchange(
                    "OPTIONS", url,
                    [
                        "Origin: https://app.example.com", "Access-Control-Request-Method: PUT",
                        "Access-Control-Request-Headers: upload-complete",
                    ]
                ).final
                #expect(answer.status == 204, "\(url): \(answer.account)")
                #expect(answer["Access-Control-Allow-Origin"] == "https://app.example.com")
                let allowed = answer["Access-Control-Allow-Headers"] ?? ""
                for name in ["Upload-Complete", "Upload-Offset", "Upload-Length", "Upload-Draft-Interop-Version"] {
                    #expect(allowed.contains(name))
                }
                #expect(answer["Access-Control-Allow-Methods"]?.isEmpty == false)
            }
            let answer = try await client.exchange("HEAD", link.uploadURL, ["Origin: https://app.example.com"]).final
            let exposed = answer["Access-Control-Expose-Headers"] ?? ""
            for name in ["Location", "Upload-Offset", "Upload-Complete", "Upload-Limit", "Upload-Length", "ETag"] {
                #expect(exposed.contains(name))
            }
        }
    }
}
