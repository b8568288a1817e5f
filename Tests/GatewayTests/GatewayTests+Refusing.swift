import Foundation
import Testing

extension GatewayTests {
    /// A refused body of 1 GiB: the client sees why, whole, and stops sending early.
    @Suite(.gateway) struct Refusing {
        enum Reason: String, CaseIterable, Sendable {
            case changedLink, usedLink, expiredLink, otherContentType, otherContent, tooLarge, announcedTooLarge
            case noKey, unknownUpload, partTooLong, noSuchPage, noSuchMethod, formWithoutKey, formOfAnotherKind

            var status: Int {
                switch self {
                case .changedLink: 403
                case .usedLink: 409
                case .expiredLink: 410
                case .otherContentType, .otherContent, .formOfAnotherKind: 415
                case .tooLarge, .announcedTooLarge: 413
                case .noKey, .formWithoutKey: 401
                case .unknownUpload, .noSuchPage: 404
                case .partTooLong: 400
                case .noSuchMethod: 405
                }
            }

            var code: String {
                switch self {
                case .changedLink: "link_invalid"
                case .usedLink: "link_used"
                case .expiredLink: "link_expired"
                case .otherContentType: "content_type_mismatch"
                case .otherContent: "content_mismatch"
                case .formOfAnotherKind: "unsupported_media_type"
                case .tooLarge, .announcedTooLarge: "too_large"
                case .noKey, .formWithoutKey: "unauthorized"
                case .unknownUpload, .noSuchPage: "not_found"
                case .partTooLong: "invalid_part"
                case .noSuchMethod: "method_not_allowed"
                }
            }

            /// Whether the head alone tells, so that a body that waits for leave never gets it.
            var isToldByHead: Bool { ![.otherContent, .formOfAnotherKind].contains(self) }

            /// What curl is to do.
            func request(_ gateway: RunningGateway, _ samples: Samples) async throws -> [String] {
                func put(_ url: String, _ file: String? = nil, type: String = "video/mp4") -> [String] {
                    ["-H", "Content-Type: \(type)", "-T", file ?? samples.gigabyteMP4, url]
                }
                let right = ["-H", "X-API-Key: \(gateway.key)"]
                switch self {
                case .changedLink: return put(try await gateway.link("fileName=a.mp4").uploadURL + "A")
                case .usedLink: return put(try await gateway.usedLink(samples.mp4).uploadURL)
                case .expiredLink: return put(try await gateway.expiredLink().uploadURL)
                case .otherContentType:
                    return put(try await gateway.link("fileName=a.mp4").uploadURL, type: "video/quicktime")
                case .otherContent:
                    return put(try await gateway.link("fileName=a.mp4").uploadURL, samples.gigabyteZeros)
                case .tooLarge: return put(try await gateway.link("fileName=a.mp4&maxSize=2000000").uploadURL)
                case .announcedTooLarge: return put(try await gateway.link("fileName=a.mp4&size=2000000").uploadURL)
                case .noKey: return put(gateway.partURL("AAAAAAAAAAAAAAAAAAAAAAAAAAA", 1))
                case .unknownUpload: return right + put(gateway.partURL("AAAAAAAAAAAAAAAAAAAAAAAAAAA", 1))
                case .partTooLong:
                    let upload = try await gateway.begun([
                        "fileName": "a.mp4", "size": 3_000_000, "partSize": 1_000_000,
                    ])
                    return right + put(gateway.partURL(upload.fileID, 2))
                case .noSuchPage: return right + put(gateway.base + "/nothing/here")
                case .noSuchMethod: return right + put(gateway.base + "/api/v1/uploads")
                case .formWithoutKey:
                    return ["-F", "file=@\(samples.gigabyteMP4)", gateway.base + "/api/v1/media/videos"]
                case .formOfAnotherKind:
                    return right + ["-F", "file=@\(samples.gigabyteMP4)", gateway.base + "/api/v1/media/images"]
                }
            }
        }

        enum Framing: CaseIterable, Sendable {
            /// `Content-Length`, sent without waiting.
            case length
            /// `Transfer-Encoding: chunked`, sent without waiting.
            case chunked
            /// `Expect: 100-continue`.
            case waiting
        }

        @Test(arguments: Reason.allCases, Framing.allCases)
        func `the client sees why`(reason: Reason, framing: Framing) async throws {
            let gateway = try RunningGateway.shared
            var arguments = try await reason.request(gateway, try Samples.shared)
            switch framing {
            case .length: arguments += ["-H", "Expect:"]
            case .chunked: arguments += ["-H", "Expect:", "-H", "Transfer-Encoding: chunked"]
            // Long enough that curl never loses its patience, however slow the machine is.
            case .waiting: arguments += ["-H", "Expect: 100-continue", "--expect100-timeout", "60"]
            }
            let answer = try await Curl.run(arguments)
            #expect(answer.exitCode == 0, "\(answer.account)")
            #expect(answer.status == reason.status, "\(answer.account)")
            #expect(answer.code == reason.code, "\(answer.account)")
            #expect(answer.uploadedBytes < 64 << 20, "\(answer.account)")
            if framing == .waiting, reason.isToldByHead {
                #expect(answer.heads.map(\.status) == [reason.status], "no 100 before a refusal")
                #expect(answer.uploadedBytes == 0)
            }
        }

        @Test func `a refused connection leaves the gateway well`() async throws {
            let gateway = try RunningGateway.shared
            let link = try await gateway.link("fileName=a.mp4")
            for _ in 0..<5 {
                let connection = try RawConnection(port: gateway.port)
                try await connection.send(
                    "PUT /upload/x/y?z HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000000\r\n\r\nsome bytes")
                connection.reset()
            }
            #expect(try await gateway.put(link, try Samples.shared.mp4).status == 200)
        }
    }
}
