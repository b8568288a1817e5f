import Foundation
import Testing

extension GatewayTests {
    /// What `POST /api/media/upload` does not take, and that nothing of it stays.
    @Suite(.gateway("--max-gallery-bytes", "300000")) struct GalleryRefusing {
        /// A body, what it is answered, and the fields that are to blame.
        struct Refusal: Sendable, CustomTestStringConvertible {
            let testDescription: String
            let body: String
            let status: Int
            let code: String
            var fields: Set<String> = []

            init(_ body: String, _ status: Int, _ code: String, _ fields: Set<String> = []) {
                testDescription = body
                self.body = body
                self.status = status
                self.code = code
                self.fields = fields
            }
        }

        /// `MP4`, `PNG` and `TEXT` are the base64 of such files.
        static let refusals = [
            Refusal(#"{"file":"data:video/mp4;base64,MP4*","fileName":"a.mp4"}"#, 400, "invalid_request", ["file"]),
            Refusal(#"{"file":"*MP4","fileName":"a.mp4"}"#, 400, "invalid_request", ["file"]),
            Refusal(#"{"file":"AAAA MP4","fileName":"a.mp4"}"#, 400, "invalid_request", ["file"]),
            Refusal(#"{"file":"AA==MP4","fileName":"a.mp4"}"#, 400, "invalid_request", ["file"]),
            Refusal(#"{"file":"AAAAA","fileName":"a.mp4"}"#, 400, "invalid_request", ["file"]),
            Refusal(#"{"file":"data:video/mp4,MP4","fileName":"a.mp4"}"#, 400, "invalid_request", ["file"]),
            Refusal(#"{"file":"data:video/mp4;base64","fileName":"a.mp4"}"#, 400, "invalid_request", ["file"]),
            Refusal(#"{"file":"MP4","fileName":"a.mp4""#, 400, "invalid_request", ["body"]),
            Refusal(#"{"fileName":"a.mp4","file":"MP4"#, 400, "invalid_request", ["body"]),
            Refusal(#"{"fileName":"a.mp4","file":"MP4"}x"#, 400, "invalid_request", ["body"]),
            Refusal(#"{"fileName":"a.mp4","file":"MP4",}"#, 400, "invalid_request", ["body"]),
            Refusal("", 400, "invalid_request", ["body"]),
            Refusal("file=MP4&fileName=a.mp4", 400, "invalid_request", ["body"]),
            Refusal(#"["MP4"]"#, 400, "invalid_request", ["body"]),
            Refusal(#"{"file":"MP4","fileName":"a.mp4","file":"MP4"}"#, 400, "invalid_request", ["file"]),
            Refusal(#"{"file":"MP4","fileName":"a.mp4","fileName":"b.mp4"}"#, 400, "invalid_request", ["fileName"]),
            Refusal(#"{"fileName":"a.mp4"}"#, 400, "invalid_request", ["file"]),
            Refusal(#"{"fileName":"a.mp4","file":null}"#, 400, "invalid_request", ["file"]),
            Refusal(#"{"fileName":"a.mp4","file":7}"#, 400, "invalid_request", ["file"]),
            Refusal(#"{"fileName":["a.mp4"],"file":"MP4"}"#, 400, "invalid_request", ["fileName"]),
            Refusal(#"{"file":"MP4","fileName":"a/b.mp4"}"#, 400, "invalid_request", ["fileName"]),
            Refusal(#"{"fileName":"../a.mp4","file":"MP4"}"#, 400, "invalid_request", ["fileName"]),
            Refusal(#"{"file":"data:image/png;base64,PNG","fileName":"a.jpg"}"#, 400, "invalid_request", ["fileName"]),
            Refusal(#"{"fileName":"a.jpg","file":"data:image/png;base64,PNG"}"#, 400, "invalid_request", ["fileName"]),
            Refusal(#"{"file":"PNG","fileName":"a.mp4"}"#, 415, "content_mismatch"),
            Refusal(#"{"fileName":"a.mp4","file":"PNG"}"#, 415, "content_mismatch"),
            Refusal(#"{"file":"data:video/mp4;base64,PNG"}"#, 415, "content_mismatch"),
            Refusal(#"{"file":"TEXT","fileName":"a.png"}"#, 415, "content_mismatch"),
            Refusal(#"{"fileName":"a.png","file":"TEXT"}"#, 415, "content_mismatch"),
            Refusal(#"{"file":"","fileName":"a.png"}"#, 415, "content_mismatch"),
            Refusal(#"{"file":"data:text/plain;base64,TEXT"}"#, 415, "unsupported_media_type", ["file"]),
            Refusal(#"{"file":"data:text/html;base64,TEXT","fileName":"a"}"#, 415, "unsupported_media_type", ["file"]),
            Refusal(#"{"file":"TEXT"}"#, 415, "unsupported_media_type"),
            Refusal(#"{"file":"TEXT","fileName":"notes"}"#, 415, "unsupported_media_type"),
            Refusal(
                #"{"file":"MP4","description":"LONG","fileName":"a.mp4"}"#, 400, "invalid_request", ["description"]),
        ]

        private func filled(_ text: String) throws -> String {
            let samples = try Samples.shared
            let text64 = Data(String(repeating: "This is no picture. ", count: 100).utf8).base64EncodedString()
            let png = try Scratch.bytes(samples.png).prefix(30_000).base64EncodedString()
            return text.replacing("MP4", with: try Scratch.bytes(samples.mp4).base64EncodedString())
                .replacing("PNG", with: png).replacing("TEXT", with: text64)
                .replacing("LONG", with: String(repeating: "x", count: 10_001))
        }

        @Test func `JSON that is wrong`() async throws {
            let tenant = try await Stranger.new("refused")
            for refusal in Self.refusals {
                for arguments in [[], ["-H", "Transfer-Encoding: chunked"]] {
                    let answer = try await tenant.upload(try filled(refusal.body), arguments)
                    let what = String(refusal.body.prefix(80))
                    try tenant.gateway.expectGalleryError(answer, refusal.status, refusal.code, what)
                    #expect(try answer.wrongFields == refusal.fields, "\(what): \(answer.account)")
                }
            }
            try await tenant.expectNothingStored()
        }

        @Test func `forms that are wrong`() async throws {
            let tenant = try await Stranger.new("refused")
            let samples = try Samples.shared
            let text = try Scratch.file("text.png", holding: Data(String(repeating: "No picture. ", count: 100).utf8))
            let empty = try Scratch.file("empty.png", holding: Data())
            let cases: [(fields: [String], status: Int, code: String, wrong: Set<String>)] = [
                (["file=@\(samples.mp4)", "file=@\(samples.mp4)"], 400, "invalid_request", ["file"]),
                (["fileName=a.mp4"], 400, "invalid_request", ["file"]),
                (["file=@\(text)"], 415, "content_mismatch", []),
                (["file=@\(text);filename=notes;type=application/octet-stream"], 415, "unsupported_media_type", []),
                (["file=@\(text);filename=notes.txt;type=text/plain"], 415, "unsupported_media_type", ["file"]),
                (["file=@\(empty)"], 415, "content_mismatch", []),
                (["file=@\(samples.mp4);filename=a.jpg;type=video/mp4"], 400, "invalid_request", ["fileName"]),
                (["file=@\(samples.mp4);filename=a.mp4", "fileName=a.mov"], 415, "content_mismatch", []),
                (["file=@\(samples.mp4);filename=a.mp4", "fileName=a/b.mp4"], 400, "invalid_request", ["fileName"]),
                (
                    ["file=@\(samples.mp4)", "description=\(String(repeating: "x", count: 10_001))"], 400,
                    "invalid_request", ["description"]
                ),
            ]
            for (fields, status, code, wrong) in cases {
                let answer = try await tenant.upload(form: fields)
                let what = fields.joined(separator: " ").suffix(80)
                try tenant.gateway.expectGalleryError(answer, status, code, "\(what)")
                #expect(try answer.wrongFields == wrong, "\(what): \(answer.account)")
            }
            let type = ["-H", "Content-Type: multipart/form-data; boundary=b"]
            for body in ["--b\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\nabc", "nothing of a form"] {
                let answer = try await tenant.call("POST", "/api/media/upload", type + ["--data-binary", body])
                try tenant.gateway.expectGalleryError(answer, 400, "invalid_request", body)
            }
            try await tenant.expectNothingStored()
        }

        @Test func `a file that is declared too large is not read`() async throws {
            let tenant = try await Stranger.new("large")
            let samples = try Samples.shared
            let path = "/api/media/upload"
            let json = try await tenant.call(
                "POST", path, ["-H", "Content-Type: application/json", "-T", samples.gigabyteZeros])
            let form = try await tenant.call("POST", path, ["-F", "file=@\(samples.gigabyteMP4);filename=a.mp4"])
            for answer in [json, form] {
                try tenant.gateway.expectGalleryError(answer, 413, "too_large")
                #expect(answer.exitCode == 0)
                #expect(answer.uploadedBytes < 1 << 20, "\(answer.account)")
                #expect(answer.text.contains("300000"), "the limit is told")
            }
            try await tenant.expectNothingStored()
        }

        @Test func `the limit is exact`() async throws {
            let tenant = try await Stranger.new("limit")
            let samples = try Samples.shared
            func json(_ file: String) throws -> Data {
                Data(#"{"file":"\#(try Scratch.bytes(file).base64EncodedString())","fileName":"a.mp4"}"#.utf8)
            }
            for arguments in [[], ["-H", "Transfer-Encoding: chunked"]] {
                let over = try samples.film(sizeBytes: 300_001)
                for file in [over, try samples.film(sizeBytes: 5 << 20)] {
                    let answers = [
                        try await tenant.upload(try json(file), arguments),
                        try await tenant.upload(form: ["file=@\(file);filename=a.mp4"], arguments),
                    ]
                    for answer in answers { try tenant.gateway.expectGalleryError(answer, 413, "too_large") }
                }
                try await tenant.expectNothingStored()
            }
            let file = try samples.film(sizeBytes: 300_000)
            let answers = [
                try await tenant.upload(try json(file)),
                try await tenant.upload(try json(file), ["-H", "Transfer-Encoding: chunked"]),
                try await tenant.upload(form: ["file=@\(file);filename=a.mp4"]),
                try await tenant.upload(form: ["file=@\(file);filename=a.mp4"], ["-H", "Transfer-Encoding: chunked"]),
            ]
            for answer in answers { #expect(answer.status == 200, "\(answer.account)") }
            #expect(try await tenant.gallery().count == 4)
        }

        @Test func `without a key nothing is read`() async throws {
            let gateway = try RunningGateway.shared
            let path = "\(gateway.base)/api/media/upload"
            let answer = try await Curl.run(["-X", "POST", "-T", try Samples.shared.gigabyteZeros, path])
            try gateway.expectGalleryError(answer, 401, "unauthorized")
            #expect(answer.uploadedBytes < 1 << 20, "\(answer.account)")
        }
    }
}
