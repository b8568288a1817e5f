import Foundation
import Testing

extension GatewayTests {
    /// Links for one PUT: how they are asked for, and that no character of them can change.
    @Suite(.gateway) struct SignedURL {
        @Test func `a link has its five members`() async throws {
            let gateway = try RunningGateway.shared
            let answer = try await gateway.get("/api/media/uploadUrl?fileName=test.mov&contentType=mov")
            #expect(answer.status == 200)
            #expect(answer["Content-Type"] == "application/json")
            let json = try answer.json
            #expect(json.keys == ["accessUrl", "contentType", "uploadUrl", "fileId", "expiresAt"])
            let link = try Link(json)
            #expect(link.contentType == "video/quicktime")
            #expect(link.uploadURL.hasPrefix(gateway.base + "/"))
            #expect(link.accessURL == "\(gateway.base)/media/\(link.fileID)/test.mov")
            // 128 bits need 22 characters of 6.
            #expect(link.fileID.count >= 22)
            let parser = ISO8601DateFormatter()
            parser.formatOptions = [.withInternetDateTime, .withFractionalSeconds]
            let plain = ISO8601DateFormatter()
            let expiry = try #require(parser.date(from: link.expiresAt) ?? plain.date(from: link.expiresAt))
            #expect((3000...3601).contains(expiry.timeIntervalSinceNow), "an hour by default: \(link.expiresAt)")
        }

        @Test(arguments: [
            ("fileName=a.mov&contentType=mov", "video/quicktime"),
            ("fileName=a.png&contentType=png", "image/png"),
            ("fileName=a.jpg&contentType=jpg", "image/jpeg"),
            ("fileName=a.jpeg&contentType=jpg", "image/jpeg"),
            ("fileName=a.mp4&contentType=video%2Fmp4", "video/mp4"),
            ("fileName=a.MP4&contentType=video/mp4", "video/mp4"),
            ("fileName=a.webm", "video/webm"),
            ("fileName=a.png", "image/png"),
            ("fileName=noextension&contentType=mp4", "video/mp4"),
            ("fileName=a.mp4&size=10&maxSize=20&expiresIn=3600", "video/mp4"),
        ])
        func `the type follows from what is said`(query: String, type: String) async throws {
            #expect(try await RunningGateway.shared.link(query).contentType == type)
        }

        @Test(arguments: [
            ("", "fileName"), ("contentType=mp4", "fileName"), ("fileName=", "fileName"),
            ("fileName=a", "contentType"), ("fileName=a.zzz", "contentType"),
            ("fileName=a.mp4&contentType=text/html", "contentType"), ("fileName=a.mp4&contentType=zzz", "contentType"),
            ("fileName=a.png&contentType=mp4", "fileName"), ("fileName=a.mov&contentType=video/mp4", "fileName"),
            ("fileName=a%2Fb.mp4", "fileName"), ("fileName=a.mp4&size=-1", "size"), ("fileName=a.mp4&size=x", "size"),
            ("fileName=a.mp4&maxSize=0", "maxSize"), ("fileName=a.mp4&expiresIn=3601", "expiresIn"),
            ("fileName=a.mp4&expiresIn=0", "expiresIn"), ("fileName=a.mp4&size=21&maxSize=20", "size"),
        ])
        func `what cannot be granted is named`(query: String, field: String) async throws {
            let answer = try await RunningGateway.shared.get("/api/media/uploadUrl?\(query)")
            #expect(answer.status == 400, "\(answer.account)")
            let json = try answer.json
            #expect(json["status"] == "error")
            #expect(json["code"] == "invalid_request")
            #expect(json["message"].string?.isEmpty == false)
            #expect(json["errors"].entries.contains { $0["field"].string == field }, "\(answer.text)")
        }

        @Test func `no character of a link can change`() async throws {
            let gateway = try RunningGateway.shared
            let file = try Samples.shared.mp4
            let link = try await gateway.link("fileName=my%20clip%20100%25.mp4&maxSize=100000000")
            let target = Array(link.uploadURL.dropFirst(gateway.base.count))
            let seed = UInt64.random(in: 0 ... .max)
            var random = SeededRandom(seed: seed)
            let alphabet = Array("ABCXYZabcxyz0189-_.~/?&=%+:@")
            // Half of the places in the path, half in the query; a number sign would end the target in curl already.
            let mark = try #require(target.firstIndex(of: "?"))
            let places =
                (0..<100).map { _ in Int.random(in: 0..<mark, using: &random) }
                + (0..<100).map { _ in Int.random(in: mark..<target.count, using: &random) }
            var changed: [String] = []
            for place in places {
                var other = target
                repeat { other[place] = alphabet.randomElement(using: &random) ?? "A" } while other == target
                changed.append(String(other))
            }
            // Curl reads a first character that is no slash as part of the port.
            changed = changed.map { $0.hasPrefix("/") ? $0 : "/" + $0 }
            let transfers = changed.map { target in
                [("url", gateway.base + target), ("upload-file", file), ("header", "Content-Type: video/mp4")]
            }
            let outcomes = try await Curl.many(transfers, atOnce: false)
            for (target, outcome) in zip(changed, outcomes) {
                #expect(
                    outcome.exitCode == 0 && [403, 404].contains(outcome.status),
                    "seed \(seed): \(target): \(outcome.status), exit \(outcome.exitCode)")
            }
            #expect(outcomes.contains { $0.status == 403 })
            // None of all that used the link up.
            #expect(try await gateway.put(link, file).status == 200)
            #expect(try await gateway.bytes(link.accessURL) == Scratch.bytes(file))
        }

        @Test func `a changed link is told so`() async throws {
            let gateway = try RunningGateway.shared
            let link = try await gateway.link("fileName=a.mp4")
            for url in [link.uploadURL + "A", String(link.uploadURL.dropLast()), link.uploadURL + "&x=1"] {
                let answer = try await Curl.run(
                    ["-T", try Samples.shared.mp4, "-H", "Content-Type: video/mp4", url])
                #expect(answer.status == 403)
                #expect(answer.code == "link_invalid")
                #expect(answer["Content-Type"] == "application/problem+json")
            }
            // The signature covers the method.
            let other = try await Curl.run(["-X", "POST", "-d", "x", link.uploadURL])
            #expect([403, 404, 405].contains(other.status), "\(other.account)")
        }

        @Test func `a link of another gateway means nothing here`() async throws {
            let gateway = try RunningGateway.shared
            let other = try await RunningGateway.start()
            let link = try await other.link("fileName=a.mp4")
            let here = gateway.base + link.uploadURL.dropFirst(other.base.count)
            let answer = try await Curl.run(["-T", try Samples.shared.mp4, "-H", "Content-Type: video/mp4", here])
            #expect(answer.status == 403)
            #expect(answer.code == "link_invalid")
            #expect(try await other.stop() == 0)
        }
    }
}
