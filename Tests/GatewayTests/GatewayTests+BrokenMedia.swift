import Foundation
import Testing

extension GatewayTests {
    /// Files that are not what they seem, or would be the end of a careless decoder. What a decoder says of them is
    /// logged as information, in words of its own.
    @Suite(.gateway) struct BrokenMedia {
        struct Sample: Sendable, CustomTestStringConvertible {
            let testDescription: String
            let name: String
            /// Part of the message that says why nothing could be found out; `nil` for a file that is refused.
            let message: String?
            let make: @Sendable () throws -> Data

            var kind: String { name.hasSuffix(".mp4") ? "videos" : "images" }
            var platform: String { name.hasSuffix(".mp4") ? "youtube" : "instagram" }
            /// How far an answer waits for it: images have a copy.
            var isImage: Bool { kind == "images" }
        }

        static let samples = [
            Sample(testDescription: "a bomb", name: "bomb.png", message: "60000 x 60000 pixels") {
                ImageBytes.blackPNG(edge: 60_000)
            },
            Sample(testDescription: "a JPEG cut short", name: "cut.jpg", message: "ends early or is damaged") {
                let whole = try Scratch.bytes(try Samples.shared.jpeg)
                return whole.prefix(whole.count * 2 / 3)
            },
            Sample(testDescription: "a PNG of a head alone", name: "head.png", message: "cannot be read as image/png") {
                try Scratch.bytes(try Samples.shared.png).prefix(20)
            },
            Sample(testDescription: "a playlist behind a box", name: "box.mp4", message: "cannot be read as video/mp4")
            {
                Data([0, 0, 0, 20]) + Data("ftypisom\0\0\u{2}\0isom#EXTM3U\n#EXTINF:1,\n/etc/passwd\n".utf8)
            },
            Sample(testDescription: "no bytes", name: "empty.png", message: nil) { Data() },
            Sample(testDescription: "an SVG", name: "picture.png", message: nil) {
                Data(
                    """
                    <?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" width="9" height="9">
                    <image href="file:///etc/passwd"/></svg>
                    """.utf8)
            },
            Sample(testDescription: "a page", name: "page.png", message: nil) {
                Data("<!DOCTYPE html><html><body><script>alert(1)</script></body></html>".utf8)
            },
            Sample(testDescription: "a playlist", name: "list.mp4", message: nil) {
                Data("#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n".utf8)
            },
            Sample(testDescription: "a list of files", name: "concat.mp4", message: nil) {
                Data("ffconcat version 1.0\nfile '/etc/passwd'\n".utf8)
            },
        ]

        @Test(arguments: samples) func `it is told what is wrong`(sample: Sample) async throws {
            let tenant = try await Stranger.new("broken")
            let bytes = try sample.make()
            let file = try Scratch.file(sample.name, holding: bytes)
            defer { Scratch.remove([file]) }
            let process = tenant.gateway.process.id
            // What a first request costs anyway is spent before.
            _ = try await tenant.put(try Samples.shared.mp4, as: "first.mp4")
            let before =
                ProcessFacts.areTold
                ? try { () throws -> Int in
                    try ProcessFacts.forgetPeak(of: process)
                    return try ProcessFacts.peakResidentBytes(of: process)
                }() : 0
            if let message = sample.message {
                try await expectTaken(sample, file, bytes, message, tenant)
            } else {
                try await expectRefused(sample, file, tenant)
            }
            guard ProcessFacts.areTold else { return }
            let grown = try ProcessFacts.peakResidentBytes(of: process) - before
            #expect(grown < 32 << 20, "\(grown) bytes more memory")
            try await eventually("no decoder runs") { try ProcessFacts.children(of: process).isEmpty }
        }

        /// The file is as good as its client made it; only nothing can be told of it.
        private func expectTaken(
            _ sample: Sample, _ file: String, _ bytes: Data, _ message: String, _ tenant: Stranger
        ) async throws {
            func expectFailed(_ media: JSON, _ what: String) {
                #expect(media["state"] == "failed", "\(what): \(media)")
                #expect(media["message"].string?.contains(message) == true, "\(what): \(media)")
                #expect(media["message"].string?.contains("/") == message.contains("/"), "no path: \(media)")
            }
            let direct = try await tenant.uploaded(file, as: sample.name)
            #expect(direct.copy == .null)
            let said = direct.answer["resizedMessage"].string
            #expect(sample.isImage ? said?.contains(message) == true : said == nil, "\(direct.answer)")
            expectFailed(try await tenant.facts(direct.id), "gallery")
            let link = try await tenant.put(file, as: sample.name)
            expectFailed(try await tenant.facts(link.fileID), "signed PUT")
            let made = try await tenant.gateway.finalize(
                sample.kind, ["file=@\(file);filename=\(sample.name)", "platforms=\(sample.platform)"], key: tenant.key)
            try #require(made.status == 201, "\(made.account)")
            let item = try made.json["data"][0]
            let fileID = try #require(item["fileId"].string)
            expectFailed(try await tenant.facts(fileID), "item's file")
            let shown = try await tenant.call("GET", "/api/v1/media/\(sample.kind)/\(item["id"].string ?? "")")
            expectFailed(try shown.json["data"]["media"], "item")
            #expect(try shown.json["data"]["resizedUrl"] == .null)
            for url in [direct.url, link.accessURL, item["accessUrl"].string ?? ""] {
                #expect(try await tenant.gateway.bytes(url) == bytes, "\(url) is what was sent")
            }
        }

        private func expectRefused(_ sample: Sample, _ file: String, _ tenant: Stranger) async throws {
            let form = try await tenant.upload(form: ["file=@\(file);filename=\(sample.name)"])
            try tenant.gateway.expectGalleryError(form, 415, "content_mismatch")
            let base64 = try Scratch.bytes(file).base64EncodedString()
            let json = try await tenant.upload(#"{"file":"\#(base64)","fileName":"\#(sample.name)"}"#)
            try tenant.gateway.expectGalleryError(json, 415, "content_mismatch")
            let granted = try await tenant.call("GET", "/api/media/uploadUrl?fileName=\(sample.name)")
            let link = try Link(try granted.json)
            let put = try await tenant.gateway.put(link, file)
            #expect(put.status == 415, "\(put.account)")
            #expect(put.code == "content_mismatch")
            #expect(put["Content-Type"] == "application/problem+json")
            #expect(try await tenant.gateway.bytes(link.accessURL) == nil)
            let made = try await tenant.gateway.finalize(
                sample.kind, ["platforms=\(sample.platform)", "file=@\(file);filename=\(sample.name)"],
                key: tenant.key)
            #expect(made.status == 415, "\(made.account)")
            #expect(made.code == "content_mismatch")
            #expect(try made.json["success"] == false)
            for answer in [form, json, put, made] {
                let said = try answer.json
                let message = try #require(said["message"].string ?? said["detail"].string)
                #expect(message.contains(sample.isImage ? "not image/png" : "not video/mp4"), "\(message)")
            }
            #expect(try await tenant.gallery().compactMap { $0["fileName"].string } == ["first.mp4"])
            #expect(try await tenant.call("GET", "/api/v1/media/\(sample.kind)").json["data"].entries == [])
        }
    }
}
