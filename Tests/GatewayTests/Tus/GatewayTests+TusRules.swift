import Foundation
import Testing

extension GatewayTests {
    /// The rules of tus that bind every server, held against ours by schemathesis.
    @Suite(.gateway("--examine-media", "false", "--max-upload-bytes", "1048576")) struct TusRules {
        private static let seed = 20_260_325

        /// What must have been answered at least, so that no rule holds for want of a case.
        private static let wanted: Set<String> = {
            let methods = ["HEAD", "PATCH", "DELETE"]
            func all(_ kinds: [String], _ methods: [String], _ statuses: Int...) -> [String] {
                kinds.flatMap { kind in
                    methods.flatMap { method in statuses.map { "\(method) /files/{\(kind)} \($0)" } }
                }
            }
            let open = ["begun", "unsized", "piece"]
            let final = ["joined", "waiting"]
            return Set(
                ["OPTIONS /files 204"] + [201, 400, 412, 413, 415, 460].map { "POST /files \($0)" }
                    + all(open + final + ["whole"], ["HEAD"], 200) + all(open + final + ["whole"], ["DELETE"], 204)
                    + all(open + final + ["whole", "ended", "unknown"], methods, 412)
                    + all(open, ["PATCH"], 204, 409, 415) + all(["begun", "piece"], ["PATCH"], 400, 413, 460)
                    + all(final, ["PATCH"], 403) + all(["ended"], methods, 410) + all(["unknown"], methods, 404))
        }()

        @Test func `every rule of the protocol holds`() async throws {
            let gateway = try RunningGateway.shared
            let settings = "\(DescribedCalls.folder)/Tus"
            let folder = try Scratch.newFolder("tus-rules")
            let seen = try Scratch.file("seen", holding: Data())
            defer { Scratch.remove([seen]) }
            let result = try await Command.run(
                try DescribedCalls.tool("schemathesis"),
                [
                    "--config-file", "\(settings)/schemathesis.toml", "run", "\(settings)/rules.yaml",
                    "--url", gateway.base, "--header", "X-API-Key: \(gateway.key)", "--max-examples", "6",
                    "--seed", "\(Self.seed)", "--no-color",
                ],
                environment: [
                    "SLUICE_BASE": gateway.base, "SLUICE_KEY": gateway.key, "SLUICE_SEEN": seen,
                    "SCHEMATHESIS_HOOKS": "\(settings)/hooks.py", "LC_ALL": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1",
                    "NO_PROXY": "*",
                ],
                folder: folder)
            let said = "seed \(Self.seed)\n\(result.output.suffix(8000))\n\(result.errors.suffix(2000))"
            #expect(result.exitCode == 0, "\(said)")
            #expect(result.output.contains("Tested: "), "\(said)")
            let answers = Set(try Scratch.text(seen).split(separator: "\n").map(String.init))
            #expect(Self.wanted.subtracting(answers).sorted() == [], "were never answered")
        }
    }
}
