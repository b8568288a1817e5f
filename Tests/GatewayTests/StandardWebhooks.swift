import Foundation

/// What Standard Webhooks asks of a signature, judged by the project's own library for Python.
enum StandardWebhooks {
    /// 32 bytes, as an operator makes them.
    static let secret = "whsec_" + Data("the secret of the main endpoint.".utf8).base64EncodedString()
    static let otherSecret = "whsec_" + Data("the secret of another endpoint!!".utf8).base64EncodedString()

    private static let program = """
        import json, sys
        from base64 import b64decode
        from standardwebhooks import Webhook
        for line in open(sys.argv[1]):
            case = json.loads(line)
            try:
                Webhook(case["secret"]).verify(b64decode(case["body"]), case["fields"])
                sys.stdout.write("good\\n")
            except Exception as fault:
                sys.stdout.write(type(fault).__name__ + ": " + str(fault) + "\\n")
        """

    /// What it says of each: `good`, or what is wrong.
    static func verdicts(_ cases: [(request: Receiver.Request, secret: String)]) async throws -> [String] {
        let lines = try cases.map { request, secret in
            let fields = JSON.object(request.fields.mapValues { .text($0) })
            let line: JSON = [
                "secret": .text(secret), "body": .text(request.body.base64EncodedString()), "fields": fields,
            ]
            return try line.encoded
        }
        let file = try Scratch.file("webhooks", holding: Data(lines.joined(separator: "\n").utf8))
        defer { Scratch.remove([file]) }
        let said = try await Command.succeed(try python, ["-c", program, file])
        return said.split(separator: "\n").map(String.init)
    }

    /// Of the tools that the tests bring along.
    private static var python: String {
        get throws {
            let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
                .deletingLastPathComponent().path
            let path = "\(package)/.build/tools/python/bin/python"
            guard FileManager.default.isExecutableFile(atPath: path) else {
                throw Trouble("\(path) is not there; Scripts/setup --tests makes it")
            }
            return path
        }
    }
}
