import Foundation
import Testing

extension GatewayTests {
    /// Events that were given up, and settings that cannot be meant.
    @Suite struct DeadLetters {
        @Test func `what was given up is kept and can be sent again`() async throws {
            let samples = try Samples.shared
            let receiver = try Receiver { $0.kind == "upload.completed" ? .status(500) : .status(204) }
            let gateway = try await RunningGateway.telling(
                [ToldEndpoint(url: receiver.url)], ["--handoff-attempts", "3"])
            let files = try await gateway.uploaded(samples.mp4, times: 3)
            _ = try await gateway.item(["fileId=\(files[0])"])
            let heard = try await receiver.hears("later events") { !$0.of(files[0]).accepted.isEmpty }
            #expect(heard.of(files[0]).kinds == Array(repeating: "upload.completed", count: 3) + ["media.finalized"])
            try await eventually("all three are given up") { try await gateway.handoffs("--dead").count == 3 }
            let events = try files.map { file in try #require(receiver.heard.of(file).first?.id) }
            let dead = try await gateway.handoffs("--dead")
            #expect(try await gateway.handoffs() == dead, "nothing waits")
            for (row, (event, file)) in zip(dead, zip(events, files)) {
                for word in [event, "main", "upload.completed", file, "dead", "3", "answered 500"] {
                    #expect(row.contains(word), "\(word) in \(row)")
                }
                #expect(receiver.heard.of(file).filter { $0.id == event }.count == 3)
            }
            #expect(try await gateway.log.says("hand-off given up"))

            // Again, but the application has not changed its mind: all its attempts anew.
            #expect(try await gateway.command("handoffs", "retry", events[2]).output == "1\n")
            try await receiver.hears("three more attempts") { $0.of(files[2]).count == 6 }
            try await eventually("it is given up again") { try await gateway.handoffs("--dead").count == 3 }

            receiver.answers { _ in .status(204) }
            #expect(try await gateway.command("handoffs", "retry", events[1]).exitCode == 0)
            try await receiver.hears("the one named") { !$0.of(files[1]).accepted.isEmpty }
            try await eventually("it is gone") { try await gateway.handoffs().count == 2 }
            #expect(receiver.heard.of(files[0]).count == 4, "only the one named")
            #expect(try await gateway.command("handoffs", "retry", "--all").output == "2\n")
            let all = try await receiver.hears("the others") { $0.accepted.count == 4 }
            #expect(all.accepted.distinct.count == 4)
            for (event, file) in zip(events, files) {
                #expect(Set(all.of(file).filter { $0.id == event }.map(\.body)).count == 1)
            }
            try await eventually("nothing is left") { try await gateway.handoffs() == [] }
            try await gateway.expectGoodEnd()
        }

        @Test func `what waits is listed and what is not there is said`() async throws {
            let receiver = try Receiver { _ in .status(503, fields: ["Retry-After": "3600"]) }
            let gateway = try await RunningGateway.telling([ToldEndpoint(url: receiver.url)])
            let file = try await gateway.uploaded(try Samples.shared.mp4)
            try await receiver.hears("an attempt") { !$0.isEmpty }
            try await eventually("its failure is listed") {
                try await gateway.handoffs().contains { $0.contains("answered 503") }
            }
            let waiting = try await gateway.handoffs()
            #expect(waiting.count == 1 && waiting[0].contains(file) && waiting[0].contains("waiting"), "\(waiting)")
            #expect(try await gateway.handoffs("--dead") == [])
            let event = try #require(receiver.heard.first?.id)
            for (arguments, isGood) in [
                (["AAAAAAAAAAAAAAAAAAAAAAAAAAA"], false), (["no id"], false), ([], false), ([event, "--all"], false),
                (["--all"], true),
            ] {
                let result = try await RunningGateway.command(
                    ["handoffs", "retry", "--data-dir", gateway.folder] + arguments)
                #expect((result.exitCode == 0) == isGood, "\(arguments): \(result.output) \(result.errors)")
            }
            #expect(receiver.heard.count == 1)
            // An hour need not be waited for.
            receiver.answers { _ in .status(204) }
            #expect(try await gateway.command("handoffs", "retry", event).exitCode == 0)
            try await receiver.hears("it comes now") { $0.accepted.count == 1 }
            try await gateway.expectGoodEnd()
        }

        @Test func `no secret is told of a service that fails`() async throws {
            let nobody = "http://127.0.0.1:\(try RunningGateway.freePort())/hook"
            let endpoints = [
                ToldEndpoint(url: nobody),
                ToldEndpoint(name: "other", url: nobody, secret: StandardWebhooks.otherSecret),
                ToldEndpoint(name: "verify", url: nobody),
            ]
            let gateway = try await RunningGateway.telling(
                endpoints, ["--log-level", "trace", "--handoff-attempts", "2"])
            _ = try await gateway.uploaded(try Samples.shared.mp4)
            let refused = try await gateway.finalize("images", ["platforms=tiktok", "file=@\(try Samples.shared.png)"])
            #expect(refused.status == 503)
            #expect(try await gateway.log.says("hand-off given up"))
            try await eventually("all is given up") { try await gateway.handoffs("--dead").count >= 4 }
            let told = try await gateway.handoffs().joined() + gateway.log.text + refused.text
            for secret in [StandardWebhooks.secret, StandardWebhooks.otherSecret, "the secret of"] {
                #expect(!told.contains(secret.replacing("whsec_", with: "")))
            }
            try await gateway.expectGoodEnd()
        }

        private static let main = ["--finalize-endpoints", "main"]
        private static let url = ["--finalize-main-url", "http://127.0.0.1:9/hook"]
        private static let secret = ["--finalize-main-secret", StandardWebhooks.secret]

        /// What is wrong, and what the message must name.
        static let wrong: [(arguments: [String], environment: [String: String], named: [String])] = [
            (main + secret, [:], ["finalize-main-url"]),
            (main + url, [:], ["finalize-main-secret", "whsec_"]),
            (main + url + secret + ["--finalize-main-events", "media.gone"], [:], ["media.gone", "media.due"]),
            (main + url + ["--finalize-main-secret", "whsec_c2hvcnQtc2VjcmV0"], [:], ["finalize-main-secret", "24"]),
            (main + url + ["--finalize-main-secret", "whsec_no*base64*secret*at*all"], [:], ["finalize-main-secret"]),
            (main + url, ["SLUICE_FINALIZE_MAIN_SECRET": "whsec_c2hvcnQtc2VjcmV0"], ["finalize-main-secret"]),
            (main + secret + ["--finalize-main-url", "ftp://127.0.0.1/"], [:], ["finalize-main-url", "http"]),
            (
                main + url + secret + ["--finalize-other-url", "http://127.0.0.1:9/"], [:],
                ["other", "finalize-endpoints"]
            ),
            (url + secret, [:], ["main", "finalize-endpoints"]),
            (["--finalize-endpoints", "main,main"] + url + secret, [:], ["main", "twice"]),
            (["--finalize-endpoints", "Main"] + url + secret, [:], ["Main"]),
            (["--finalize-endpoints", "verify"], [:], ["verify"]),
            (main + url + secret + ["--finalize-main-method", "GET"], [:], ["finalize-main-method"]),
            (["--finalize-verify-url", "http://127.0.0.1:9/"], [:], ["finalize-verify-secret"]),
            (
                ["--finalize-verify-url", "http://127.0.0.1:9/", "--finalize-verify-secret", "whsec_c2hvcnQtc2VjcmV0"],
                [:], ["finalize-verify-secret"]
            ),
            (main + url + secret + ["--handoff-attempts", "0"], [:], ["handoff-attempts"]),
        ]

        @Test(arguments: wrong)
        func `a wrong setting is named and its secret is not`(
            wrong: (arguments: [String], environment: [String: String], named: [String])
        ) async throws {
            let folder = try Scratch.newFolder("nothing")
            let result = try await RunningGateway.command(
                ["serve"] + wrong.arguments, environment: wrong.environment, folder: folder)
            #expect(result.exitCode > 0, "\(wrong.arguments)")
            for word in wrong.named { #expect(result.errors.contains(word), "\(word) in \(result.errors)") }
            for secret in [StandardWebhooks.secret, "whsec_c2hvcnQtc2VjcmV0", "whsec_no*base64*secret*at*all"] {
                #expect(!result.errors.contains(secret.dropFirst(6)) && !result.output.contains(secret.dropFirst(6)))
            }
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == [], "nothing was begun")
        }

        /// A command may run with what the gateway runs with.
        @Test func `settings of endpoints may stand in the environment and in the file`() async throws {
            let receiver = try Receiver()
            let lines = [
                "finalize-endpoints: main", "finalize-main-url: \"\(receiver.url)\"",
                "finalize-main-events: media.deleted", "",
            ]
            let file = try Scratch.file("sluice.yaml", holding: Data(lines.joined(separator: "\n").utf8))
            let gateway = try await RunningGateway.start(
                options: ["--config", file], environment: ["SLUICE_FINALIZE_MAIN_SECRET": StandardWebhooks.secret])
            try await gateway.deleteFile(try await gateway.uploaded(try Samples.shared.mp4))
            let heard = try await receiver.hears("the event") { !$0.isEmpty }
            #expect(heard.kinds == ["media.deleted"])
            #expect(try await StandardWebhooks.verdicts(heard.map { ($0, StandardWebhooks.secret) }) == ["good"])
            try await gateway.expectGoodEnd()
        }
    }
}
