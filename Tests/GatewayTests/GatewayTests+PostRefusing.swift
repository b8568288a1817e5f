import Foundation
import Testing

extension GatewayTests {
    /// What `POST /api/post` does not take, and that nothing is made of it.
    @Suite(.gateway) struct PostRefusing {
        struct Refusal: Sendable, CustomTestStringConvertible {
            let testDescription: String
            /// `VIDEO` and `IMAGE` are access URLs of such files.
            let body: String
            var status = 400
            var code = "invalid_request"
            var fields: Set<String> = []
        }

        static let refusals = [
            Refusal(testDescription: "no JSON", body: "post=a", fields: ["body"]),
            Refusal(testDescription: "a list", body: "[]", fields: ["body"]),
            Refusal(testDescription: "nothing", body: "{}", fields: ["post", "platforms", "mediaUrls"]),
            Refusal(
                testDescription: "no media", body: #"{"post":"a","platforms":["tiktok"]}"#, fields: ["mediaUrls"]),
            Refusal(
                testDescription: "an empty list of media",
                body: #"{"post":"a","platforms":["tiktok"],"mediaUrls":[]}"#, fields: ["mediaUrls"]),
            Refusal(
                testDescription: "an unknown platform",
                body: #"{"post":"a","platforms":["tiktok","myspace"],"mediaUrls":["VIDEO"]}"#, fields: ["platforms"]),
            Refusal(
                testDescription: "no platform",
                body: #"{"post":"a","platforms":[],"mediaUrls":["VIDEO"]}"#, fields: ["platforms"]),
            Refusal(
                testDescription: "an image for youtube",
                body: #"{"post":"a","platforms":["tiktok","youtube"],"mediaUrls":["VIDEO","IMAGE"]}"#,
                fields: ["platforms"]),
            Refusal(
                testDescription: "an image that is said to be a video",
                body: #"{"post":"a","platforms":["tiktok"],"mediaUrls":["IMAGE"],"isVideo":true}"#, status: 415,
                code: "unsupported_media_type"),
            Refusal(
                testDescription: "a moment that is over",
                body: """
                    {"post":"a","platforms":["tiktok"],"mediaUrls":["VIDEO"],"scheduleDate":"2001-01-01T00:00:00Z"}
                    """, fields: ["scheduleDate"]),
            Refusal(
                testDescription: "a text that is too long for a platform",
                body: """
                    {"post":"LONG","platforms":["pinterest","linkedin"],"mediaUrls":["VIDEO"]}
                    """, fields: ["post"]),
            Refusal(
                testDescription: "everything",
                body: """
                    {"post":7,"platforms":"myspace","mediaUrls":["ftp://a/b","VIDEO","nonsense"],
                     "scheduleDate":"tomorrow","isVideo":"perhaps","tiktok":{"privacy":"NOBODY","caption":1},
                     "youtube":{"privacy":1},"pinterest":[]}
                    """,
                fields: [
                    "post", "platforms", "mediaUrls", "scheduleDate", "isVideo", "tiktok.privacy", "tiktok.caption",
                    "youtube.privacy", "pinterest",
                ]),
            Refusal(
                testDescription: "too many media",
                body: """
                    {"post":"a","platforms":["tiktok"],"mediaUrls":[\(
                        Array(repeating: "\"VIDEO\"", count: 21).joined(separator: ","))]}
                    """, fields: ["mediaUrls"]),
        ]

        @Test func `an order that is wrong`() async throws {
            let tenant = try await Stranger.new("order")
            let video = try await tenant.put(try Samples.shared.mp4, as: "a.mp4")
            let image = try await tenant.put(try Samples.shared.png, as: "b.png")
            for refusal in Self.refusals {
                let body = refusal.body.replacing("VIDEO", with: video.accessURL)
                    .replacing("IMAGE", with: image.accessURL)
                    .replacing("LONG", with: String(repeating: "x", count: 801))
                let answer = try await tenant.call(
                    "POST", "/api/post",
                    ["-H", "Content-Type: application/json", "-H", "Idempotency-Key: k", "--data-binary", body])
                try tenant.gateway.expectGalleryError(
                    answer, refusal.status, refusal.code, refusal.testDescription)
                #expect(
                    try answer.wrongFields == refusal.fields, "\(refusal.testDescription): \(answer.account)")
            }
            try await expectNoItems(of: tenant)
            // Nothing of all that used the key, or the file.
            let good = try await tenant.post(
                ["post": "a", "platforms": ["youtube"], "mediaUrls": [.text(video.accessURL)]],
                ["-H", "Idempotency-Key: k"])
            #expect(good.status == 200, "\(good.account)")
        }

        private func expectNoItems(of tenant: Stranger, _ location: SourceLocation = #_sourceLocation) async throws {
            for kind in ["videos", "images"] {
                let items = try await tenant.call("GET", "/api/v1/media/\(kind)").json["data"].entries
                #expect(items == [], sourceLocation: location)
            }
        }

        @Test func `files that are not there`() async throws {
            let tenant = try await Stranger.new("missing")
            let other = try await Stranger.new("other")
            let mine = try await tenant.put(try Samples.shared.mp4, as: "a.mp4")
            let theirs = try await other.put(try Samples.shared.mp4, as: "a.mp4")
            let open = try Link(try await tenant.call("GET", "/api/media/uploadUrl?fileName=open.mp4").json)
            let unknown = "\(tenant.gateway.base)/media/AAAAAAAAAAAAAAAAAAAAAAAAAAA/a.mp4"
            let cases = [
                (theirs.accessURL, 404, "not_found"), (unknown, 404, "not_found"),
                (open.accessURL, 409, "not_complete"),
            ]
            var messages: Set<String> = []
            for (url, status, code) in cases {
                // A file that is there does not help.
                for urls in [[url], [mine.accessURL, url]] {
                    let answer = try await tenant.post([
                        "post": "a", "platforms": ["tiktok"], "mediaUrls": .list(urls.map { .text($0) }),
                    ])
                    try tenant.gateway.expectGalleryError(answer, status, code, url)
                    if status == 404 { messages.insert(try answer.json["message"].string ?? "") }
                }
            }
            #expect(messages.count == 1, "no hint that it is somebody's: \(messages)")
            try await expectNoItems(of: tenant)
            try await expectNoItems(of: other)
        }

        @Test func `a body that is too long is not read`() async throws {
            let tenant = try await Stranger.new("long")
            let answer = try await tenant.call("POST", "/api/post", ["-T", try Samples.shared.gigabyteZeros])
            try tenant.gateway.expectGalleryError(answer, 413, "too_large")
            #expect(answer.uploadedBytes < 1 << 20, "\(answer.account)")
        }
    }
}
