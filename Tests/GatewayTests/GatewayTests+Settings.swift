import Foundation
import Testing

extension GatewayTests {
    /// Options, variables and the YAML file.
    @Suite struct Settings {
        @Test func `help tells every option`() async throws {
            for arguments in [["serve", "--help"], ["serve", "-h"]] {
                let help = try await RunningGateway.command(arguments)
                #expect(help.exitCode == 0)
                for word in [
                    "--host", "--port", "--data-dir", "--public-url", "--config", "SLUICE_PORT", "SLUICE_DATA_DIR",
                    "8080", "127.0.0.1", "./sluice-data", "bytes", "seconds",
                ] {
                    #expect(help.output.contains(word), "\(word)")
                }
            }
            let all = try await RunningGateway.command(["--help"])
            #expect(all.exitCode == 0)
            for word in ["serve", "keys", "uploads", "sweep", "check"] {
                #expect(all.output.contains(word), "\(word) in \(all.output)")
            }
        }

        /// What is wrong, and what the message must name: the key, the value, what is allowed.
        static let wrong: [(arguments: [String], environment: [String: String], named: [String])] = [
            (["--prot", "1"], [:], ["--prot"]),
            (["--prot=1"], [:], ["--prot"]),
            (["extra"], [:], ["extra"]),
            (["--port"], [:], ["--port"]),
            (["--port", "99999"], [:], ["port", "99999", "1...65535"]),
            (["--port", "0"], [:], ["port", "0", "1...65535"]),
            (["--port=abc"], [:], ["port", "abc", "1...65535"]),
            ([], ["SLUICE_PORT": "abc"], ["port", "abc", "1...65535"]),
            ([], ["SLUICE_PORT": "-1"], ["port", "-1", "1...65535"]),
            (["--log-level", "loud"], [:], ["log-level", "loud", "debug", "info"]),
            (["--direct-io", "maybe"], [:], ["direct-io", "maybe", "true", "false"]),
            (["--accept", "mp4,exe"], [:], ["accept", "exe", "mov"]),
            (["--public-url", "ftp://a"], [:], ["public-url", "ftp://a", "http"]),
            (["--data-dir", ""], [:], ["data-dir"]),
            (["--data-dir", "/nowhere/at/all"], [:], ["data-dir", "/nowhere/at/all"]),
            (["--link-lifetime-seconds", "3601"], [:], ["link-lifetime-seconds", "3601", "1...3600"]),
            (["--config", "/nowhere.yaml"], [:], ["config", "/nowhere.yaml"]),
        ]

        @Test(arguments: wrong)
        func `a wrong setting is named`(
            wrong: (arguments: [String], environment: [String: String], named: [String])
        ) async throws {
            let folder = try Scratch.newFolder("nothing")
            let result = try await RunningGateway.command(
                ["serve"] + wrong.arguments, environment: wrong.environment, folder: folder)
            #expect(result.exitCode > 0, "\(wrong.arguments)")
            for word in wrong.named { #expect(result.errors.contains(word), "\(word) in \(result.errors)") }
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == [], "nothing was begun")
        }

        @Test func `a wrong value of the file is named`() async throws {
            let folder = try Scratch.newFolder("yaml")
            let file = "\(folder)/sluice.yaml"
            try Data("port: 70000\n".utf8).write(to: URL(fileURLWithPath: file))
            let result = try await RunningGateway.command(["serve", "--config", file], folder: folder)
            #expect(result.exitCode > 0)
            for word in ["port", "70000", "1...65535"] { #expect(result.errors.contains(word), "\(result.errors)") }
        }

        @Test func `the accepted formats can be chosen`() async throws {
            let ways: [(options: [String], environment: [String: String])] = [
                (["--accept", "png,mov"], [:]), ([], ["SLUICE_ACCEPT": "png,mov"]),
                (["--accept=image/png, video/quicktime"], [:]),
            ]
            for (options, environment) in ways {
                let gateway = try await RunningGateway.start(options: options, environment: environment)
                #expect(try await gateway.get("/api/media/uploadUrl?fileName=a.mov").status == 200)
                #expect(try await gateway.get("/api/media/uploadUrl?fileName=a.png").status == 200)
                #expect(try await gateway.get("/api/media/uploadUrl?fileName=a.mp4").status == 400)
                #expect(try await gateway.stop() == 0)
            }
        }

        @Test func `an unknown command is refused`() async throws {
            let result = try await RunningGateway.command(["server"])
            #expect(result.exitCode != 0)
            #expect(!result.errors.isEmpty)
        }

        @Test func `the command line wins, then the environment, then the file`() async throws {
            let folder = try Scratch.newFolder("yaml")
            let file = "\(folder)/sluice.yaml"
            let yaml = """
                port: 1
                part-bytes: 111111
                max-parts: 3
                data-dir: /nowhere/at/all
                """
            try Data(yaml.utf8).write(to: URL(fileURLWithPath: file))
            // The port and the folder come with the command line, the part size from the environment.
            let gateway = try await RunningGateway.start(
                options: ["--config=\(file)"], environment: ["SLUICE_PORT": "2", "SLUICE_PART_BYTES": "222222"])
            let upload = try await gateway.begun(["fileName": "a.mp4", "size": 500_000])
            #expect(upload.partSize == 222_222, "the environment before the file")
            let many = try await gateway.begin(["fileName": "a.mp4", "size": 500_000, "partSize": 100_000])
            #expect(many.status == 400, "the file before the default: \(many.account)")
            #expect(try await gateway.stop() == 0)
        }

        @Test func `a port of the environment and a folder of its own are enough`() async throws {
            let folder = try Scratch.newFolder("home")
            let port = try RunningGateway.freePort()
            let (process, log) = try RunningGateway.launch(
                [], environment: ["SLUICE_PORT": "\(port)"], folder: folder)
            defer { process.send(9) }
            #expect(try await log.says("listening"), "\(log.text)")
            #expect(try await Curl.run(["http://127.0.0.1:\(port)/readyz"]).status == 200)
            let keyFile = "\(folder)/sluice-data/initial-api-key"
            let key = try Scratch.text(keyFile).trimmingCharacters(in: .whitespacesAndNewlines)
            #expect(!key.isEmpty)
            #expect(
                try await Curl.run(["-H", "X-API-Key: \(key)", "http://127.0.0.1:\(port)/api/media"]).status == 200)
            process.send(15)
            #expect(try await process.ended() == 0)
            #expect(try await !log.whole().contains(key))
            // A second start has a key already and makes no other.
            let listed = try await RunningGateway.command(["keys", "list"], folder: folder)
            #expect(listed.output.contains("initial"))
            Scratch.remove([keyFile])
            let second = try await RunningGateway.start(folder: "\(folder)/sluice-data")
            #expect(!FileManager.default.fileExists(atPath: keyFile))
            #expect(try await second.stop() == 0)
        }

        @Test func `the public address is used in every link`() async throws {
            let gateway = try await RunningGateway.start(options: ["--public-url", "https://media.example.com/in/"])
            let link = try await gateway.link("fileName=a.mp4")
            #expect(link.uploadURL.hasPrefix("https://media.example.com/in/upload/"))
            #expect(link.accessURL == "https://media.example.com/in/media/\(link.fileID)/a.mp4")
            let answer = try await gateway.begin(["fileName": "a.mp4", "size": 1])
            let upload = try BegunUpload(try answer.json)
            #expect(upload.uploadURL.hasPrefix("https://media.example.com/in/"))
            #expect(answer["Location"]?.hasSuffix("/in/api/v1/uploads/\(upload.fileID)") == true)
            // The proxy in front takes its own path away.
            let here = gateway.base + link.uploadURL.dropFirst("https://media.example.com/in".count)
            let put = try await Curl.run(["-H", "Content-Type: video/mp4", "-T", try Samples.shared.mp4, here])
            #expect(put.status == 200, "\(put.account)")
            #expect(try await gateway.stop() == 0)
        }
    }
}
