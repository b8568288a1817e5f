import Foundation
import Testing

extension GatewayTests {
    /// 3,000,000 bytes for the files and open uploads of each tenant.
    @Suite(.gateway("--examine-media", "false", "--max-stored-bytes-per-tenant", "3000000"))
    struct Quotas {
        @Test(arguments: QuotaEntrance.allCases, [false, true])
        func `what has no room is refused by its head`(entrance: QuotaEntrance, waits: Bool) async throws {
            let tenant = try await Stranger.new("full")
            let standing = try await tenant.begun(sizeBytes: 2_000_000)
            let answer = try await entrance.knock(for: tenant, sizeBytes: 2_500_000, waits: waits)
            try entrance.expectFault(answer, 507, "quota_exceeded")
            #expect(Int(answer["retry-after"] ?? "").map { $0 > 0 } == true, "\(answer.text)")
            // What is larger than all that a tenant may ever have.
            let never = try await entrance.knock(for: tenant, sizeBytes: 5_000_000, waits: waits)
            try entrance.expectFault(never, 413, "too_large")
            #expect(never["retry-after"] == nil)
            let open = try await tenant.call("GET", "/api/v1/uploads?state=receiving")
            #expect(try open.json["uploads"].entries.map { $0["fileId"].string } == [standing.fileID])
            // Another tenant has its own room.
            let other = try await Stranger.new("empty")
            _ = try await other.begun(sizeBytes: 3_000_000)
            #expect(try await other.begin(sizeBytes: 1).status == 507)
            #expect(try await tenant.begin(sizeBytes: 1_000_000).status == 201)
        }

        @Test func `who was let in finishes and a deleted file makes room`() async throws {
            let tenant = try await Stranger.new("finish")
            let pieces = try Pieces(try Samples.shared.film(sizeBytes: 2_000_000), sizeBytes: 1_200_000)
            let upload = try await tenant.begun(sizeBytes: 2_000_000, partBytes: 1_200_000)
            let refused = try await tenant.link()
            let link = try await tenant.link()
            let film = try Samples.shared.film(sizeBytes: 1_000_000)
            #expect(try await tenant.gateway.put(link, film).status == 200)
            // Full now; both ways go on to their ends.
            let put = try await tenant.gateway.put(refused, film)
            #expect(put.status == 507, "\(put.account)")
            #expect(put.code == "quota_exceeded")
            for number in 1...2 {
                let part = try await Curl.run([
                    "-H", "X-API-Key: \(tenant.key)", "-T", pieces.paths[number - 1],
                    tenant.gateway.partURL(upload.fileID, number),
                ])
                #expect(part.status == 204, "\(part.account)")
            }
            let complete = try await tenant.call("POST", "/api/v1/uploads/\(upload.fileID)/complete")
            #expect(complete.status == 200, "\(complete.account)")
            #expect(try await tenant.gateway.bytes(upload.accessURL) == pieces.whole)
            #expect(try await tenant.begin(sizeBytes: 1).code == "quota_exceeded")
            #expect(try await tenant.call("DELETE", "/api/media/\(link.fileID)").status == 200)
            // The link that was refused has not been used.
            let again = try await tenant.gateway.put(refused, film)
            #expect(again.status == 200, "\(again.account)")
            #expect(try await tenant.gateway.put(refused, film).code == "link_used")
            #expect(try await tenant.begin(sizeBytes: 1).code == "quota_exceeded")
        }

        @Test(arguments: [false, true])
        func `chunks come up to the quota and what came stays`(fileFirst: Bool) async throws {
            let tenant = try await Stranger.new("chunks")
            let gateway = tenant.gateway
            let pieces = try Pieces(try Samples.shared.film(sizeBytes: 2_800_000), sizeBytes: 1_200_000)
            _ = try await tenant.begun(sizeBytes: 500_000)
            func post(_ index: Int) async throws -> CurlAnswer {
                try await gateway.postChunk(
                    pieces.paths[index], index, of: 3, id: "c", key: tenant.key, fileFirst: fileFirst)
            }
            for index in 0..<2 { #expect(try await post(index).status == 200) }
            let over = try await post(2)
            #expect(over.status == 507, "\(over.account)")
            #expect(over.code == "quota_exceeded")
            #expect(over["Retry-After"] != nil)
            #expect(try over.json["success"] == false)
            let status = try await gateway.chunkStatus("c", key: tenant.key)
            #expect(status["data"]["currentSize"] == 2_400_000)
            #expect(try await tenant.begin(sizeBytes: 100_000).status == 201)
            let again = try await post(1)
            #expect(again.status == 200, "a chunk that is here needs no room: \(again.account)")
        }

        @Test func `a body of unknown length is stopped at the quota`() async throws {
            let tenant = try await Stranger.new("stream")
            _ = try await tenant.begun(sizeBytes: 1_000_000)
            let chunked = ["-H", "Transfer-Encoding: chunked", "-H", "Expect:"]
            let samples = try Samples.shared
            for (bytes, status) in [(2_000_001, 507), (2_000_000, 200)] {
                let link = try await tenant.link()
                let answer = try await tenant.gateway.put(link, samples.film(sizeBytes: bytes), chunked)
                #expect(answer.status == status, "\(bytes): \(answer.account)")
                #expect(try await (tenant.gateway.bytes(link.accessURL) != nil) == (status == 200))
            }
            // Of a small form the head tells nothing; its file is refused when it begins.
            let form = ["file=@\(samples.mp4)", "platforms=tiktok"]
            let item = try await tenant.gateway.finalize("videos", form, key: tenant.key)
            #expect(item.status == 507, "\(item.account)")
            #expect(try item.json["success"] == false)
            let upload = try await tenant.upload(form: ["file=@\(samples.png)"])
            try tenant.gateway.expectGalleryError(upload, 507, "quota_exceeded")
            let other = try await Stranger.new("stream")
            let tooLarge = try await other.gateway.put(other.link(), samples.film(sizeBytes: 3_000_001), chunked)
            #expect(tooLarge.status == 413, "\(tooLarge.account)")
        }

        @Test func `a size that can never fit gets no link`() async throws {
            let tenant = try await Stranger.new("never")
            let answer = try await tenant.call("GET", "/api/media/uploadUrl?fileName=a.mp4&size=3000001")
            try tenant.gateway.expectGalleryError(answer, 413, "too_large")
            #expect(try await tenant.call("GET", "/api/media/uploadUrl?fileName=a.mp4&size=3000000").status == 200)
        }
    }

    /// 3,000,000 bytes for the open uploads of each tenant.
    @Suite(.gateway("--examine-media", "false", "--max-open-bytes-per-tenant", "3000000"))
    struct OpenBytes {
        @Test(arguments: QuotaEntrance.allCases)
        func `what has no room now may come later`(entrance: QuotaEntrance) async throws {
            let tenant = try await Stranger.new("open")
            let gateway = tenant.gateway
            let film = try Samples.shared.film(sizeBytes: 2_000_000)
            let standing = try await tenant.begun(sizeBytes: 2_000_000)
            let answer = try await entrance.knock(for: tenant, sizeBytes: 2_500_000, waits: true)
            try entrance.expectFault(answer, 429, "too_many_uploads")
            #expect(Int(answer["retry-after"] ?? "").map { $0 > 0 } == true, "\(answer.text)")
            let never = try await entrance.knock(for: tenant, sizeBytes: 5_000_000, waits: true)
            try entrance.expectFault(never, 413, "too_large")
            let part = try await Curl.run([
                "-H", "X-API-Key: \(tenant.key)", "-T", film, gateway.partURL(standing.fileID, 1),
            ])
            #expect(part.status == 204, "\(part.account)")
            #expect(try await tenant.begin(sizeBytes: 1_000_001).code == "too_many_uploads")
            #expect(try await tenant.call("POST", "/api/v1/uploads/\(standing.fileID)/complete").status == 200)
            // A file is not in flight, however large.
            _ = try await tenant.begun(sizeBytes: 3_000_000)
        }
    }

    /// Quotas that come to a folder that was used without, and quotas after something went wrong.
    @Suite struct NewQuotas {
        @Test func `what was held by a stream that was killed is free at the next start`() async throws {
            let options = ["--examine-media", "false", "--max-stored-bytes-per-tenant", "1000000"]
            let first = try await RunningGateway.start(options: options)
            let film = try Scratch.bytes(try Samples.shared.film(sizeBytes: 1_000_000))
            let links = [try await first.link("fileName=a.mp4"), try await first.link("fileName=b.mp4")]
            let client = try first.conversation()
            try await client.send(first.linkHead(links[0], bytes: film.count))
            try await client.send(film.prefix(400_000))
            try await eventually("the stream has begun") {
                try await first.put(links[1], Samples.shared.mp4).code == "quota_exceeded"
            }
            try await first.kill()
            let next = try await RunningGateway.start(
                folder: first.folder, options: options + ["--public-url", first.base])
            #expect(try await next.status(links[0].fileID)["state"] == "failed")
            #expect(try await next.begin(["fileName": "a.mp4", "size": 1_000_000]).status == 201)
            let check = try await next.command("check")
            #expect(check.output.contains("all sound, 0 leftovers"), "its bytes are free: \(check.output)")
            #expect(try await next.stop() == 0)
            Scratch.remove([first.folder])
        }

        @Test func `sweeping puts right what is counted wrong`() async throws {
            let gateway = try await RunningGateway.start(options: ["--max-stored-bytes-per-tenant", "1000000"])
            _ = try await gateway.begun(["fileName": "a.mp4", "size": 400_000])
            let script = """
                import sqlite3, sys
                database = sqlite3.connect(sys.argv[1])
                database.execute("UPDATE tenant_usage SET stored_bytes = 1000000")
                database.commit()
                """
            let run = try await Command.run("python3", ["-c", script, "\(gateway.folder)/catalog.sqlite"])
            #expect(run.exitCode == 0, "\(run.errors)")
            #expect(try await gateway.begin(["fileName": "b.mp4", "size": 600_000]).status == 507)
            #expect(try await gateway.command("check").output.contains("miscounted: tenant default"))
            #expect(try await gateway.command("sweep").output.contains(" 1 tenants recounted"))
            try await gateway.expectSound()
            #expect(try await gateway.begin(["fileName": "b.mp4", "size": 600_000]).status == 201)
            #expect(try await gateway.command("sweep").output.contains(" 0 tenants recounted"))
            #expect(try await gateway.stop() == 0)
            Scratch.remove([gateway.folder])
        }

        @Test func `what was there before counts`() async throws {
            let first = try await RunningGateway.start(options: ["--examine-media", "false"])
            _ = try await first.usedLink(try Samples.shared.film(sizeBytes: 1_000_000))
            let pieces = try Pieces(try Samples.shared.film(sizeBytes: 900_000), sizeBytes: 300_000)
            for index in 0..<2 { _ = try await first.postChunk(pieces.paths[index], index, of: 3, id: "c") }
            #expect(try await first.stop() == 0)
            let next = try await RunningGateway.start(
                folder: first.folder,
                options: ["--examine-media", "false", "--max-stored-bytes-per-tenant", "2000000"])
            // 400,000 bytes are left of it.
            #expect(try await next.begin(["fileName": "a.mp4", "size": 400_001]).code == "quota_exceeded")
            let last = try await next.postChunk(pieces.paths[2], 2, of: 3, id: "c")
            #expect(last.status == 200, "\(last.account)")
            #expect(try await next.begin(["fileName": "a.mp4", "size": 100_001]).code == "quota_exceeded")
            _ = try await next.begun(["fileName": "a.mp4", "size": 100_000])
            try await next.expectSound()
            try await next.kill()
            let again = try await RunningGateway.start(
                folder: first.folder,
                options: ["--examine-media", "false", "--max-stored-bytes-per-tenant", "2000001"])
            #expect(try await again.begin(["fileName": "a.mp4", "size": 2]).code == "quota_exceeded")
            _ = try await again.begun(["fileName": "a.mp4", "size": 1])
            #expect(try await again.stop() == 0)
            try await again.expectSound()
            Scratch.remove([first.folder])
        }
    }
}

/// The ways in, each as far as it goes before the bytes of a file.
enum QuotaEntrance: String, CaseIterable, Sendable {
    case parts, signedPut, form, galleryForm, galleryJSON, chunk

    /// Asks to send a file of so many bytes, or nearly, and sends nothing of it.
    ///
    /// - Parameter waits: whether the client says that it waits for leave to send the body.
    func knock(for tenant: Stranger, sizeBytes: Int, waits: Bool) async throws -> KnockAnswer {
        var fields = ["Host: a", "X-API-Key: \(tenant.key)"]
        var begun = ""
        let target: String
        switch self {
        case .parts:
            target = "POST /api/v1/uploads"
            begun = #"{"fileName":"a.mp4","size":\#(sizeBytes)}"#
        case .signedPut:
            let url = try await tenant.link().uploadURL
            target = "PUT " + url.dropFirst(tenant.gateway.base.count)
            fields = ["Host: a", "Content-Type: video/mp4"]
        case .form: target = "POST /api/v1/media/videos"
        case .galleryForm, .galleryJSON: target = "POST /api/media/upload"
        case .chunk:
            target = "POST /api/v1/media/chunks"
            for (name, value) in [("chunkIndex", "0"), ("totalChunks", "2"), ("fileId", "q")] {
                begun += "--b\r\nContent-Disposition: form-data; name=\"\(name)\"\r\n\r\n\(value)\r\n"
            }
            begun += "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.mp4\"\r\n\r\n"
        }
        switch self {
        case .form, .galleryForm, .chunk: fields.append("Content-Type: multipart/form-data; boundary=b")
        case .parts, .galleryJSON: fields.append("Content-Type: application/json")
        case .signedPut: break
        }
        fields.append("Content-Length: \(self == .parts ? begun.utf8.count : sizeBytes)")
        if waits { fields.append("Expect: 100-continue") }
        let text = try await RawConnection.exchange(
            port: tenant.gateway.port,
            "\(target) HTTP/1.1\r\n" + fields.joined(separator: "\r\n") + "\r\nConnection: close\r\n\r\n" + begun)
        return KnockAnswer(text, begun.isEmpty)
    }

    /// An error in the words of this way in, before leave was given to send a file.
    func expectFault(
        _ answer: KnockAnswer, _ status: Int, _ code: String, _ location: SourceLocation = #_sourceLocation
    ) throws {
        // Leave to send is given only where something stands before the file.
        #expect(answer.statuses.last == status, "\(self): \(answer.text)", sourceLocation: location)
        if answer.isHeadAlone {
            #expect(answer.statuses == [status], "\(self): \(answer.text)", sourceLocation: location)
        }
        let json = try JSON(parsing: Data(answer.body.utf8))
        #expect(json["code"].string == code, "\(self): \(answer.text)", sourceLocation: location)
        switch self {
        case .parts, .signedPut:
            #expect(answer["content-type"] == "application/problem+json", sourceLocation: location)
            #expect(json["status"].integer == status, sourceLocation: location)
        case .form, .chunk: #expect(json["success"] == false, sourceLocation: location)
        case .galleryForm, .galleryJSON: #expect(json["status"] == "error", sourceLocation: location)
        }
    }
}

/// What came on a bare connection.
struct KnockAnswer {
    let text: String
    /// Whether nothing but the head had been sent.
    let isHeadAlone: Bool

    init(_ text: String, _ isHeadAlone: Bool) {
        self.text = text
        self.isHeadAlone = isHeadAlone
    }

    var statuses: [Int] { text.ranges(of: "HTTP/1.1 ").compactMap { Int(text[$0.upperBound...].prefix(3)) } }

    /// Of the last answer.
    private var head: Substring {
        let last = text.ranges(of: "HTTP/1.1 ").last.map { text[$0.lowerBound...] } ?? ""
        return last.firstRange(of: "\r\n\r\n").map { last[..<$0.lowerBound] } ?? last
    }

    var body: Substring { text[(text.range(of: "\r\n\r\n", options: .backwards)?.upperBound ?? text.endIndex)...] }

    subscript(_ field: String) -> String? {
        head.split(separator: "\r\n").first { $0.lowercased().hasPrefix(field + ":") }
            .map { $0.dropFirst(field.count + 1).trimmingCharacters(in: .whitespaces) }
    }
}

extension Stranger {
    func begin(sizeBytes: Int, partBytes: Int? = nil) async throws -> CurlAnswer {
        var body: JSON = ["fileName": "film.mp4", "size": .number(Double(sizeBytes))]
        if let partBytes {
            body = [
                "fileName": "film.mp4", "size": .number(Double(sizeBytes)), "partSize": .number(Double(partBytes)),
            ]
        }
        return try await gateway.begin(body, key: key)
    }

    func begun(sizeBytes: Int, partBytes: Int? = nil) async throws -> BegunUpload {
        let answer = try await begin(sizeBytes: sizeBytes, partBytes: partBytes)
        try #require(answer.status == 201, "\(answer.account)")
        return try BegunUpload(try answer.json)
    }

    func link() async throws -> Link {
        let answer = try await call("GET", "/api/media/uploadUrl?fileName=film.mp4")
        try #require(answer.status == 200, "\(answer.account)")
        return try Link(try answer.json)
    }
}
