import Foundation
import Testing

extension GatewayTests {
    /// tus from web pages, as tus-js-client and Uppy speak it (Fetch standard, "CORS protocol").
    @Suite(.gateway("--cors-origins", "https://app.example.com")) struct TusBrowsers {
        private static let page = "Origin: https://app.example.com"

        /// What they send and what they read; safelisted names left out.
        private static let sent = [
            "tus-resumable", "upload-length", "upload-metadata", "upload-offset", "upload-defer-length",
            "upload-concat", "content-type", "authorization", "x-api-key", "x-http-method-override", "x-request-id",
            "upload-checksum", "x-requested-with",
        ]
        private static let read = [
            "location", "upload-offset", "upload-length", "upload-defer-length", "upload-metadata", "upload-concat",
            "upload-expires", "tus-resumable", "tus-version", "tus-extension", "tus-max-size",
            "tus-checksum-algorithm", "retry-after",
        ]

        private static func names(_ field: String?) -> Set<String> {
            Set((field ?? "").lowercased().split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) })
        }

        @Test func `a page asks before it creates, sends and ends`() async throws {
            let gateway = try RunningGateway.shared
            let upload = try await gateway.createdTus(["Upload-Length: 10"])
            for (path, method) in [
                ("/files/", "POST"), (upload.path, "PATCH"), (upload.path, "HEAD"), (upload.path, "DELETE"),
            ] {
                let answer = try await gateway.call(
                    "OPTIONS", path, key: nil,
                    ["-H", Self.page, "-H", "Access-Control-Request-Method: \(method)"])
                #expect(answer.status == 204, "\(answer.account)")
                #expect(answer["Access-Control-Allow-Origin"] == "https://app.example.com")
                #expect(Self.names(answer["Access-Control-Allow-Methods"]).contains(method.lowercased()))
                #expect(Self.names(answer["Access-Control-Allow-Headers"]).isSuperset(of: Self.sent))
            }
            // The same method without a browser's question is tus's own.
            let own = try await gateway.call("OPTIONS", "/files/", key: nil, ["-H", Self.page])
            #expect(own["Tus-Version"] == "1.0.0")
            #expect(own["Access-Control-Allow-Origin"] == "https://app.example.com")
        }

        @Test func `a page reads every answer`() async throws {
            let gateway = try RunningGateway.shared
            let created = try await gateway.tus("POST", "/files/", ["Upload-Length: 10", Self.page])
            let upload = try TusUpload(created, of: gateway)
            for answer in [
                created, try await gateway.tus("HEAD", upload.path, [Self.page]),
                try await gateway.tusPatch(upload, at: 0, Data("abc".utf8), [Self.page]),
                try await gateway.tusPatch(upload, at: 0, Data("abc".utf8), [Self.page]),
                try await gateway.tus("HEAD", upload.path, [Self.page], key: "wrong"),
            ] {
                #expect(answer["Access-Control-Allow-Origin"] == "https://app.example.com", "\(answer.account)")
                #expect(Self.names(answer["Access-Control-Expose-Headers"]).isSuperset(of: Self.read))
            }
        }

        @Test func `a page uses a link`() async throws {
            let gateway = try RunningGateway.shared
            let film = try Scratch.bytes(try Samples.shared.film(sizeBytes: 300_000))
            let link = try await gateway.granted(["protocol": "tus", "fileName": "film.mp4"]).link
            let begin = Isolation.path(of: link.uploadURL)
            func ask(_ path: String, _ method: String) async throws {
                let answer = try await gateway.call(
                    "OPTIONS", path, key: nil,
                    [
                        "-H", Self.page, "-H", "Access-Control-Request-Method: \(method)", "-H",
                        "Access-Control-Request-Headers: tus-resumable,upload-length,upload-metadata",
                    ])
                #expect(answer.status == 204, "\(path): \(answer.account)")
                #expect(answer["Access-Control-Allow-Origin"] == "https://app.example.com")
                #expect(answer["Access-Control-Allow-Credentials"] == nil)
                #expect(Self.names(answer["Access-Control-Allow-Methods"]).contains(method.lowercased()))
                #expect(Self.names(answer["Access-Control-Allow-Headers"]).isSuperset(of: Self.sent))
            }
            try await ask(begin, "POST")
            let fields = ["Upload-Length: \(film.count)", "Upload-Metadata: \(RunningGateway.Tus.film)", Self.page]
            let created = try await gateway.tus("POST", begin, fields, key: "")
            let upload = try TusUpload(created, of: gateway)
            for method in ["PATCH", "HEAD", "DELETE"] { try await ask(upload.path, method) }
            let answers = [
                created, try await gateway.tus("POST", begin, fields, key: ""),
                try await gateway.tusPatch(upload, at: 0, film[..<1000], [Self.page], key: ""),
                try await gateway.tus("HEAD", upload.path, [Self.page], key: ""),
                try await gateway.tusPatch(upload, at: 1000, film[1000...], [Self.page], key: ""),
                // The page is to see why.
                try await gateway.tus("HEAD", String(upload.path.dropLast()) + "!", [Self.page], key: ""),
            ]
            #expect(answers.map(\.status) == [201, 409, 204, 200, 204, 403])
            for answer in answers {
                #expect(answer["Access-Control-Allow-Origin"] == "https://app.example.com", "\(answer.account)")
                #expect(Self.names(answer["Access-Control-Expose-Headers"]).isSuperset(of: Self.read))
            }
            #expect(try await gateway.bytes(link.accessURL) == film)
            // Also where the link is none any more.
            try await ask(String(begin.dropLast()) + "!", "POST")
        }
    }

    /// As it comes, no page may use it.
    @Suite(.gateway) struct NoTusBrowsers {
        @Test func `a page is not let in`() async throws {
            let gateway = try RunningGateway.shared
            let answer = try await gateway.call(
                "OPTIONS", "/files/", key: nil,
                ["-H", "Origin: https://app.example.com", "-H", "Access-Control-Request-Method: POST"])
            #expect(answer["Access-Control-Allow-Origin"] == nil, "\(answer.account)")
            #expect(answer["Access-Control-Allow-Methods"] == nil)
        }
    }
}
