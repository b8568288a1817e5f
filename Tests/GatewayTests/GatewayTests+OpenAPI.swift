import Foundation
import Testing

extension GatewayTests {
    /// What the gateway says of itself at `/openapi.yaml`, held against what it does.
    @Suite(.gateway("--examine-media", "false", "--max-upload-bytes", "1048576", "--log-level", "debug"))
    struct OpenAPI {
        private static let seed = 20_240_213

        /// Schemathesis makes requests that fit the description and requests that do not, and looks whether the answers
        /// are those that are described. What it looks for, and where not and why, says `Tests/GatewayTests/OpenAPI`.
        @Test func `every answer is as described`() async throws {
            let gateway = try RunningGateway.shared
            let folder = try Scratch.newFolder("schemathesis")
            let settings = DescribedCalls.folder
            let result = try await Command.run(
                try DescribedCalls.tool("schemathesis"),
                [
                    "--config-file", "\(settings)/schemathesis.toml", "run", "\(gateway.base)/openapi.yaml",
                    "--max-examples", "8", "--seed", "\(Self.seed)", "--no-color",
                ],
                environment: try await subjects().merging(
                    [
                        "SLUICE_KEY": gateway.key, "SCHEMATHESIS_HOOKS": "\(settings)/hooks.py", "LC_ALL": "C.UTF-8",
                        "PYTHONDONTWRITEBYTECODE": "1", "NO_PROXY": "*",
                    ], uniquingKeysWith: { first, _ in first }),
                folder: folder)
            let said = "seed \(Self.seed)\n\(result.output.suffix(8000))\n\(result.errors.suffix(2000))"
            #expect(result.exitCode == 0, "\(said)")
            #expect(result.output.contains("Tested: "), "\(said)")
        }

        /// What the requests are about: a file, and items that can be shown, changed and reported on.
        private func subjects() async throws -> [String: String] {
            let gateway = try RunningGateway.shared
            let samples = try Samples.shared
            let link = try await gateway.usedLink(samples.png, name: "file.png")
            let draft = "isDraft=true"
            let items = [
                "SLUICE_IMAGE": try await gateway.newItem("images", ["file=@\(samples.png)", "platforms=instagram"]),
                "SLUICE_IMAGE_DRAFT": try await gateway.newItem(
                    "images", ["file=@\(samples.png)", "platforms=instagram", draft]),
                "SLUICE_VIDEO": try await gateway.newItem("videos", ["file=@\(samples.mp4)", "platforms=youtube"]),
                "SLUICE_VIDEO_DRAFT": try await gateway.newItem(
                    "videos", ["file=@\(samples.mp4)", "platforms=youtube", draft]),
            ]
            let kept =
                [link.fileID] + items.values.flatMap { [$0["id"].string, $0["fileId"].string] }.compactMap(\.self)
            var variables = try items.mapValues { try #require($0["id"].string) }
            variables["SLUICE_FILE"] = link.fileID
            variables["SLUICE_FILE_NAME"] = "file.png"
            variables["SLUICE_URL"] = link.accessURL
            variables["SLUICE_KEPT"] = kept.joined(separator: " ")
            return variables
        }

        @Test func `the description names the address that clients reach`() async throws {
            let gateway = try RunningGateway.shared
            let answer = try await Curl.run(["\(gateway.base)/openapi.yaml"])
            #expect(answer.status == 200)
            #expect(answer["Content-Type"] == "application/yaml")
            #expect(answer.text.contains("\n  - url: \"\(gateway.base)\"\n"))
        }

        /// A path that is not here answers 404, and another method 405 with those that the path has.
        @Test func `every path has the methods that are described and no others`() async throws {
            let gateway = try RunningGateway.shared
            let calls = try await DescribedCalls.fetch(from: gateway)
            #expect(calls.methods.count > 20)
            for (path, methods) in calls.methods {
                let target = path.replacing(/\{[^}]*\}/, with: "1")
                let answer = try await gateway.call("OPTIONS", target)
                // Where OPTIONS tells something it needs a good link, if the path is that of one.
                let isLink = path.hasSuffix("{fileName}") && !path.hasPrefix("/media")
                let refused = isLink ? 403 : 204
                #expect(
                    answer.status == (methods.contains("OPTIONS") ? refused : 405), "\(path): \(answer.account)")
                let allowed = Set((answer["Allow"] ?? "").split(separator: ", ").map(String.init))
                #expect(allowed == methods.union(methods.contains("GET") ? ["HEAD"] : []), "\(path)")
                for method in ["OPTIONS", "TRACE"] where !methods.contains(method) {
                    let strange = try await gateway.call(method, target)
                    #expect(strange.status == 405, "\(path): \(strange.account)")
                    #expect(strange["Allow"] == answer["Allow"], "\(path)")
                }
            }
        }

        @Test func `every route of the gateway is described`() async throws {
            let gateway = try RunningGateway.shared
            let calls = try await DescribedCalls.fetch(from: gateway)
            let routes = gateway.servedRoutes
            let described = calls.methods.flatMap { path, methods in
                methods.map { "\($0) " + path.replacing(/\{[^}]*\}/, with: "{}") }
            }
            // Every GET has its HEAD, whether it is described by itself or not.
            func counted(_ calls: [String]) -> Set<String> { Set(calls.filter { !$0.hasPrefix("HEAD ") }) }
            #expect(!routes.isEmpty)
            #expect(counted(routes) == counted(described))
        }
    }
}

/// The calls that the gateway's description names.
struct DescribedCalls: Sendable {
    /// Methods by path, as described: `/media/{fileId}/{fileName}`.
    let methods: [String: Set<String>]

    /// Where it is written how the description is held against a gateway.
    static let folder = "\(package)/Tests/GatewayTests/OpenAPI"

    private static let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().path

    /// A program of those that the tests bring along.
    static func tool(_ name: String) throws -> String {
        let path = "\(package)/.build/tools/python/bin/\(name)"
        guard FileManager.default.isExecutableFile(atPath: path) else {
            throw Trouble("\(path) is not there; Scripts/setup --tests makes it")
        }
        return path
    }

    static func fetch(from gateway: RunningGateway) async throws -> DescribedCalls {
        let file = try Scratch.file("openapi.yaml")
        defer { Scratch.remove([file]) }
        let answer = try await Curl.run(["\(gateway.base)/openapi.yaml"], saving: file)
        try #require(answer.status == 200, "\(answer.account)")
        let reading = """
            import sys, yaml
            whole = yaml.safe_load(open(sys.argv[1], encoding="utf-8"))
            for path, item in whole["paths"].items():
                if "$ref" in item:
                    item = whole["components"]["pathItems"][item["$ref"].rsplit("/", 1)[1]]
                for method in item:
                    if method in ("get", "head", "post", "put", "patch", "delete", "options", "trace"):
                        print(method.upper(), path)
            """
        let lines = try await Command.succeed(try tool("python"), ["-c", reading, file])
        var methods: [String: Set<String>] = [:]
        for line in lines.split(separator: "\n") {
            let words = line.split(separator: " ")
            try #require(words.count == 2, "\(line)")
            methods[String(words[1]), default: []].insert(String(words[0]))
        }
        return DescribedCalls(methods: methods)
    }
}
