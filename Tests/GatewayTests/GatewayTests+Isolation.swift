import Foundation
import Testing

extension GatewayTests {
    /// Every route that the gateway serves, called by a stranger with the ids of somebody else.
    @Suite(.gateway("--log-level", "debug", "--examine-media", "false")) struct Isolation {
        /// What a stranger gets.
        enum Outcome: Sendable {
            /// 404, the same as for an id that never was.
            case notThere
            /// 403: the URL is the right, and this one does not hold.
            case noRight
            /// An answer that knows nothing of the owner.
            case nothingOfTheirs
            /// The same for everybody; the URL itself is the right, or it is no secret.
            case open
        }

        /// One route and a call of it.
        struct Row: Sendable {
            let route: String
            let outcome: Outcome
            /// Path and further arguments of curl.
            let call: @Sendable (Property) -> (path: String, arguments: [String])

            init(
                _ route: String, _ outcome: Outcome,
                _ call: @escaping @Sendable (Property) -> (path: String, arguments: [String])
            ) {
                self.route = route
                self.outcome = outcome
                self.call = call
            }
        }

        /// What somebody has.
        struct Property: Sendable {
            let upload: BegunUpload
            let file: Link
            let image: JSON
            let video: JSON
            let alias: String
            /// The path of an upload that takes its bytes in order.
            let resumable: String
            /// The same with a right of its own, changed.
            let forged: String
            let forgedTus: String
            /// The bytes of a part, and a whole file.
            let piece: String
            let mp4: String

            func id(_ kind: String) -> String { (kind == "images" ? image : video)["id"].string ?? "" }
            func fileID(_ kind: String) -> String { (kind == "images" ? image : video)["fileId"].string ?? "" }

            /// Words that no stranger may ever be told.
            var secrets: [String] {
                [upload.fileID, file.fileID, resumable.split(separator: "/").last.map(String.init) ?? ""]
                    + ["images", "videos"].flatMap { [id($0), fileID($0)] }
            }
        }

        static func json(_ text: String) -> [String] {
            ["-H", "Content-Type: application/json", "--data-binary", text]
        }

        static func path(of url: String) -> String {
            "/" + url.split(separator: "/", maxSplits: 2).dropFirst(2).joined()
        }

        private static func tus(_ fields: String...) -> [String] {
            (["Tus-Resumable: 1.0.0"] + fields).flatMap { ["-H", $0] }
        }

        static let rows: [Row] =
            [
                Row("OPTIONS /files", .open) { _ in ("/files", []) },
                Row("OPTIONS /files/{}", .open) { ("/files/\($0.upload.fileID)", []) },
                Row("POST /files", .notThere) {
                    ("/files", tus("Upload-Concat: final;/files/\($0.upload.fileID)"))
                },
                Row("HEAD /files/{}", .notThere) { ("/files/\($0.upload.fileID)", tus()) },
                Row("PATCH /files/{}", .notThere) {
                    (
                        "/files/\($0.upload.fileID)",
                        tus("Upload-Offset: 0", "Content-Type: application/offset+octet-stream") + [
                            "--data-binary", "@\($0.piece)",
                        ]
                    )
                },
                Row("DELETE /files/{}", .notThere) { ("/files/\($0.upload.fileID)", tus()) },
                Row("OPTIONS /files/{}/{}", .noRight) { ($0.forgedTus, []) },
                Row("HEAD /files/{}/{}", .noRight) { ($0.forgedTus, tus()) },
                Row("POST /files/{}/{}", .noRight) { ($0.forgedTus, tus("Upload-Length: 10")) },
                Row("GET /healthz", .open) { _ in ("/healthz", []) },
                Row("GET /readyz", .open) { _ in ("/readyz", []) },
                Row("GET /openapi.yaml", .open) { _ in ("/openapi.yaml", []) },
                Row("GET /media/{}/{}", .open) { (path(of: $0.file.accessURL), []) },
                Row("GET /api/media/uploadUrl", .nothingOfTheirs) { _ in
                    ("/api/media/uploadUrl?fileName=a.mp4", [])
                },
                Row("PUT /upload/{}/{}", .noRight) { theirs in
                    let changed = path(of: theirs.upload.uploadURL).dropLast() + "!"
                    return (String(changed), ["-H", "Content-Type: video/mp4", "-T", theirs.mp4])
                },
                Row("POST /api/v1/uploads", .nothingOfTheirs) { _ in
                    ("/api/v1/uploads", json(#"{"fileName":"a.mp4","size":10}"#))
                },
                Row("GET /api/v1/uploads", .nothingOfTheirs) { _ in ("/api/v1/uploads", []) },
                Row("GET /api/v1/uploads/{}", .notThere) { ("/api/v1/uploads/\($0.upload.fileID)", []) },
                Row("DELETE /api/v1/uploads/{}", .notThere) { ("/api/v1/uploads/\($0.upload.fileID)", []) },
                Row("PUT /api/v1/uploads/{}/parts/{}", .notThere) {
                    ("/api/v1/uploads/\($0.upload.fileID)/parts/1", ["-T", $0.piece])
                },
                Row("POST /api/v1/uploads/{}/complete", .notThere) {
                    ("/api/v1/uploads/\($0.upload.fileID)/complete", [])
                },
                Row("GET /api/media", .nothingOfTheirs) { _ in ("/api/media", []) },
                Row("POST /api/media/upload", .nothingOfTheirs) {
                    ("/api/media/upload", ["-F", "file=@\($0.mp4);filename=mine.mp4"])
                },
                Row("POST /api/media/urlExists", .notThere) {
                    ("/api/media/urlExists", json(#"{"mediaUrl":"\#($0.file.accessURL)"}"#))
                },
                Row("GET /api/media/meta", .notThere) { ("/api/media/meta?id=\($0.file.fileID)", []) },
                Row("GET /api/media/{}", .notThere) { ("/api/media/\($0.file.fileID)", []) },
                Row("DELETE /api/media/{}", .notThere) { ("/api/media/\($0.file.fileID)", []) },
                Row("POST /api/post", .notThere) {
                    (
                        "/api/post",
                        json(#"{"post":"a","platforms":["tiktok"],"mediaUrls":["\#($0.file.accessURL)"]}"#)
                    )
                },
            ] + resumableRows + ["/api/v1/media", "/media"].flatMap(publishing)

        private static func publishing(_ prefix: String) -> [Row] {
            [
                Row("GET \(prefix)/chunks", .nothingOfTheirs) { ("\(prefix)/chunks?fileId=\($0.alias)", []) },
                Row("POST \(prefix)/chunks", .nothingOfTheirs) {
                    (
                        "\(prefix)/chunks",
                        [
                            "-F", "fileId=\($0.alias)", "-F", "chunkIndex=0", "-F", "totalChunks=3", "-F",
                            "file=@\($0.mp4);filename=blob",
                        ]
                    )
                },
            ]
                + ["images", "videos"].flatMap { kind in
                    [
                        Row("GET \(prefix)/\(kind)", .nothingOfTheirs) { _ in ("\(prefix)/\(kind)", []) },
                        Row("POST \(prefix)/\(kind)", .notThere) {
                            (
                                "\(prefix)/\(kind)",
                                ["-F", "fileId=\($0.fileID(kind))", "-F", "platforms=instagram"]
                            )
                        },
                        Row("GET \(prefix)/\(kind)/{}", .notThere) { ("\(prefix)/\(kind)/\($0.id(kind))", []) },
                        Row("PATCH \(prefix)/\(kind)/{}", .notThere) {
                            ("\(prefix)/\(kind)/\($0.id(kind))", json(#"{"title":"mine"}"#))
                        },
                        Row("DELETE \(prefix)/\(kind)/{}", .notThere) { ("\(prefix)/\(kind)/\($0.id(kind))", []) },
                        Row("PATCH \(prefix)/\(kind)/{}/platforms/{}", .notThere) {
                            (
                                "\(prefix)/\(kind)/\($0.id(kind))/platforms/instagram",
                                json(#"{"status":"published"}"#)
                            )
                        },
                    ]
                }
        }

        private func property(_ gateway: RunningGateway) async throws -> Property {
            let samples = try Samples.shared
            let alias = "theirs"
            let begun = try await gateway.postChunk(samples.mp4, 0, of: 2, id: alias)
            try #require(begun.status == 200, "\(begun.account)")
            let resumable = try await gateway.call(
                "POST", "/uploads/?fileName=a.mp4", ["-H", "Upload-Complete: ?0", "-H", "Content-Length: 0"])
            func forged(_ way: JSON) async throws -> String {
                let link = try await gateway.granted(["protocol": way, "fileName": "a.mp4"]).link
                return Self.path(of: link.uploadURL).dropLast() + "!"
            }
            return Property(
                upload: try await gateway.begun(["fileName": "a.mp4", "size": 10]),
                file: try await gateway.usedLink(samples.mp4),
                image: try await gateway.newItem("images", ["file=@\(samples.png)", "platforms=instagram"]),
                video: try await gateway.newItem("videos", ["file=@\(samples.mp4)", "platforms=instagram"]),
                alias: alias, resumable: Self.path(of: try #require(resumable["Location"])),
                forged: try await forged("resumable"), forgedTus: try await forged("tus"),
                piece: try Scratch.file("ten", holding: Data(repeating: 0, count: 10)),
                mp4: samples.mp4)
        }

        /// What its owner sees of it all.
        private func view(_ gateway: RunningGateway, _ property: Property) async throws -> [String] {
            let paths =
                [
                    "/api/v1/uploads/\(property.upload.fileID)", "/api/media/\(property.file.fileID)",
                    "/api/v1/media/chunks?fileId=\(property.alias)", "/api/v1/uploads", property.resumable,
                ] + ["images", "videos"].map { "/api/v1/media/\($0)/\(property.id($0))" }
            var answers: [String] = []
            for path in paths { answers.append(try await gateway.get(path).text) }
            return answers
        }

        @Test func `every route has its row`() throws {
            let served = Set(try RunningGateway.shared.servedRoutes)
            #expect(served.count > 30)
            #expect(served == Set(Self.rows.map(\.route)))
        }

        @Test func `no route tells or changes what is another's`() async throws {
            let gateway = try RunningGateway.shared
            let stranger = try await gateway.newKey(tenant: "stranger")
            let theirs = try await property(gateway)
            let before = try await view(gateway, theirs)
            for row in Self.rows {
                let method = String(row.route.prefix { $0 != " " })
                let (path, arguments) = row.call(theirs)
                let answer = try await gateway.call(method, path, key: stranger, arguments)
                switch row.outcome {
                case .notThere: #expect(answer.status == 404, "\(row.route): \(answer.account)")
                case .noRight: #expect(answer.status == 403, "\(row.route): \(answer.account)")
                case .nothingOfTheirs, .open:
                    #expect((200..<300).contains(answer.status), "\(row.route): \(answer.account)")
                }
                guard row.route != "GET /media/{}/{}" else { continue }
                for secret in theirs.secrets where !secret.isEmpty {
                    #expect(!answer.text.contains(secret), "\(row.route): \(answer.account)")
                }
            }
            #expect(try await view(gateway, theirs) == before, "what is theirs is as it was")
        }

        /// RFC 9110 section 9.3.2: what GET may not tell, HEAD may not tell either.
        @Test func `HEAD tells no more than GET`() async throws {
            let gateway = try RunningGateway.shared
            let stranger = try await gateway.newKey(tenant: "stranger")
            let theirs = try await property(gateway)
            for row in Self.rows where row.route.hasPrefix("GET ") {
                let path = row.call(theirs).path
                let get = try await gateway.call("GET", path, key: stranger)
                let head = try await gateway.call("HEAD", path, key: stranger)
                #expect(head.status == get.status, "\(row.route): \(head.account)")
            }
        }
    }
}
