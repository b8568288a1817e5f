import Foundation
import Testing

extension GatewayTests {
    /// Commands on the data folder while the gateway runs.
    @Suite(.gateway) struct Commands {
        @Test func `keys are made, listed and revoked`() async throws {
            let gateway = try RunningGateway.shared
            let made = try await gateway.command("keys", "create", "--name", "my phone", "--tenant", "family")
            #expect(made.exitCode == 0)
            let key = made.output.trimmingCharacters(in: .whitespacesAndNewlines)
            #expect(!key.isEmpty && !key.contains(" ") && !key.contains("\n"), "the key and nothing else")
            #expect(try await gateway.call("GET", "/api/media", key: key).status == 200)
            let list = try await gateway.command("keys", "list")
            #expect(list.exitCode == 0)
            #expect(!list.output.contains(key), "a key is shown once")
            let line = try #require(list.output.split(separator: "\n").first { $0.contains("my phone") })
            #expect(line.contains("family"))
            let id = String(try #require(line.split(separator: " ").first))
            #expect(try await gateway.command("keys", "revoke", id).exitCode == 0)
            #expect(try await gateway.call("GET", "/api/media", key: key).status == 401)
            #expect(try await gateway.command("keys", "list").output.contains("revoked"))
            for arguments in [
                ["keys", "revoke", id], ["keys", "revoke", "nonsense"], ["keys", "create"],
                ["keys", "create", "--name", "a", "--tenant", "no spaces"], ["keys", "create", "--name", ""],
            ] {
                let wrong = try await RunningGateway.command(arguments + ["--data-dir", gateway.folder])
                #expect(wrong.exitCode != 0, "\(arguments)")
                #expect(!wrong.errors.isEmpty)
            }
        }

        @Test func `keys are not kept in the clear`() async throws {
            let gateway = try RunningGateway.shared
            let key = try await gateway.newKey(tenant: "hashed")
            // 2 is what grep says when it could not look.
            let search = try await Command.run(
                "grep", ["-r", "-c", "-F", "-a", key, "\(gateway.folder)/catalog.sqlite", "\(gateway.folder)/staged"])
            #expect(search.exitCode == 1, "\(search.output) \(search.errors)")
            let mode = try FileManager.default.attributesOfItem(atPath: "\(gateway.folder)/initial-api-key")
            #expect((mode[.posixPermissions] as? NSNumber)?.intValue == 0o600)
            #expect(gateway.log.text.contains("\(gateway.folder)/initial-api-key"))
        }

        @Test func `uploads are listed, shown and aborted`() async throws {
            let gateway = try RunningGateway.shared
            let pieces = try Pieces(try Samples.shared.film(sizeBytes: 500_000), sizeBytes: 200_000)
            let upload = try await gateway.begun(pieces)
            try await gateway.putParts(upload.fileID, pieces, [2])
            let list = try await gateway.command("uploads", "list")
            #expect(list.exitCode == 0)
            #expect(list.output.contains(upload.fileID))
            let show = try await gateway.command("uploads", "show", upload.fileID)
            #expect(show.exitCode == 0)
            for word in [upload.fileID, "receiving", "200000", "film.mp4", "video/mp4"] {
                #expect(show.output.contains(word), "\(word) in \(show.output)")
            }
            let abort = try await gateway.command("uploads", "abort", upload.fileID)
            #expect(abort.exitCode == 0, "\(abort.errors)")
            #expect(try await gateway.status(upload.fileID)["state"] == "aborted")
            #expect(try await gateway.putPart(upload.fileID, 1, pieces.paths[0]).code == "upload_gone")
            #expect(try await !gateway.command("uploads", "list").output.contains(upload.fileID))
            #expect(try await gateway.command("uploads", "list", "--state", "aborted").output.contains(upload.fileID))
            for arguments in [["show", "nonsense"], ["abort", "nonsense"], ["list", "--state", "lost"]] {
                let wrong = try await RunningGateway.command(["uploads"] + arguments + ["--data-dir", gateway.folder])
                #expect(wrong.exitCode != 0, "\(arguments)")
                #expect(!wrong.errors.isEmpty)
            }
            let file = try await gateway.usedLink(try Samples.shared.mp4)
            #expect(try await gateway.command("uploads", "abort", file.fileID).exitCode != 0, "a file is no upload")
            #expect(try await gateway.bytes(file.accessURL) == Scratch.bytes(Samples.shared.mp4))
        }

        @Test func `the sweep ends what is too old`() async throws {
            let gateway = try await RunningGateway.start(
                options: ["--upload-lifetime-seconds", "1", "--reaper-seconds", "86400"])
            let upload = try await gateway.begun(["fileName": "a.mp4", "size": 10])
            var words = ""
            try await eventually("the sweep expires the upload") {
                let sweep = try await gateway.command("sweep")
                #expect(sweep.exitCode == 0)
                words += sweep.output
                return try await gateway.status(upload.fileID)["state"] == "expired"
            }
            #expect(words.contains("1 uploads expired"), "\(words)")
            #expect(try await gateway.complete(upload.fileID).status == 410)
            #expect(try await gateway.stop() == 0)
        }

        @Test func `the check sees what is lost`() async throws {
            let gateway = try await RunningGateway.start()
            let link = try await gateway.usedLink(try Samples.shared.mp4)
            try await gateway.expectSound()
            let size = try Scratch.bytes(try Samples.shared.mp4).count
            let found = try await Command.succeed(
                "find", ["\(gateway.folder)/files", "-type", "f", "-size", "\(size)c"])
            let paths = found.split(separator: "\n").map(String.init)
            #expect(paths.count == 1)
            Scratch.remove(paths)
            let check = try await gateway.command("check")
            #expect(check.exitCode != 0)
            #expect(check.output.contains(link.fileID))
            #expect(check.output.contains("NOT SOUND"))
            #expect(try await gateway.stop() == 0)
        }
    }
}
