import Foundation
import Testing

/// An example of a public document of the two publishing APIs, run with nothing changed but host, key and placeholders.
struct DocumentExample: Sendable, CustomTestStringConvertible {
    enum Language: String, Sendable {
        case curl
        case node = "Node"
        case python = "Python"
        case php = "PHP"
        case cSharp = "C#"
    }

    let document: String
    let language: Language
    /// As the document has it.
    let text: String
    /// The same request in the words of curl, for languages whose runtime may not be here; it is always run.
    var port: String?

    var testDescription: String { "\(document) in \(language.rawValue)" }

    /// What a run of an example told.
    struct Answer: Sendable {
        /// `nil` where the example does not tell it.
        let status: Int?
        /// What it wrote.
        let output: String
        /// The JSON value that it wrote, whatever notation its language has for that; `nil` where it wrote none.
        let json: JSON?
    }

    /// Runs the example itself, where its runtime is here, and its port.
    ///
    /// - Parameters:
    ///   - folder: the working folder; files that the example names must be in it.
    ///   - filling: what else the document leaves open, and what stands there now.
    func run(
        on gateway: RunningGateway, key: String, folder: String, filling: [(hole: String, value: String)] = []
    ) async throws -> [Answer] {
        let holes = filling + Self.holes(gateway, key)
        func filled(_ text: String) -> String {
            holes.reduce(text) { $0.replacing($1.hole, with: $1.value) }
        }
        for hole in filling { try #require(text.contains(hole.hole), "nothing to fill in: \(hole.hole)") }
        var answers: [Answer] = []
        switch language {
        case .curl: answers.append(try await Self.shell(filled(text), folder))
        case .python: answers.append(try await Self.python(filled(text), folder))
        case .node where try Self.isInPath("node"): answers.append(try await Self.node(filled(text), folder))
        case .node, .php, .cSharp: break
        }
        if let port { answers.append(try await Self.shell(filled(port), folder)) }
        try #require(!answers.isEmpty, "an example that cannot be run needs a port")
        return answers
    }

    /// Host and key, in each spelling of the documents.
    private static func holes(_ gateway: RunningGateway, _ key: String) -> [(hole: String, value: String)] {
        [
            ("https://app.ayrshare.com", gateway.base), ("https://api.xenonflare.com", gateway.base),
            ("YOUR_API_KEY", key), ("[API_KEY]", key), ("[API Key]", key), ("Your API Key", key),
            ("Bearer API_KEY", "Bearer \(key)"), ("\"API_KEY\"", "\"\(key)\""),
        ]
    }

    // MARK: Runtimes

    /// curl's own file of settings tells the status without a change to the example.
    private static let curlSettings = """
        silent
        show-error
        noproxy = "*"
        max-time = 60
        write-out = "%{stderr}%{http_code}"
        """

    private static func shell(_ text: String, _ folder: String) async throws -> Answer {
        try Data(curlSettings.utf8).write(to: URL(fileURLWithPath: "\(folder)/.curlrc"))
        // An address with an unquoted `&` lets curl run in the background: as a prompt would, we stay until it is done.
        let script = try Scratch.file("example.sh", holding: Data((text + "\nwait\n").utf8))
        let result = try await Command.run("sh", [script], environment: ["CURL_HOME": folder], folder: folder)
        try #require(result.exitCode == 0, "\(text)\n\(result.errors)")
        let json = try? JSON(parsing: Data(result.output.utf8))
        return Answer(status: Int(result.errors), output: result.output, json: json)
    }

    /// The Python that has `requests`, made by `Scripts/setup --tests`.
    private static func pythonProgram() throws -> String {
        let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().path
        let program = "\(package)/.build/tools/python/bin/python"
        guard FileManager.default.isExecutableFile(atPath: program) else {
            throw Trouble("there is no \(program); Scripts/setup --tests makes it")
        }
        return program
    }

    private static func python(_ text: String, _ folder: String) async throws -> Answer {
        let reading = "import ast, json, sys; print(json.dumps(ast.literal_eval(open(sys.argv[1]).read())))"
        return try await script(
            try pythonProgram(), text, name: "example.py", folder, reading: ["-c", reading])
    }

    private static func node(_ text: String, _ folder: String) async throws -> Answer {
        // What Node has by itself today, under the names of then.
        try module("node-fetch", "module.exports = fetch;", folder)
        try module("request", requestModule, folder)
        let reading = """
            const text = require("fs").readFileSync(process.argv[1], "utf8");
            console.log(JSON.stringify(eval("(" + text.slice(text.search(/[[{]/)) + ")")));
            """
        return try await script("node", text, name: "example.js", folder, reading: ["-e", reading])
    }

    private static func module(_ name: String, _ text: String, _ folder: String) throws {
        let place = "\(folder)/node_modules/\(name)"
        try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
        try Data(text.utf8).write(to: URL(fileURLWithPath: "\(place)/index.js"))
    }

    /// As much of the package `request` as the document uses: a callback with the whole body, and a body by `pipe`,
    /// which then has no length beforehand.
    private static let requestModule = """
        const http = require("http");
        const collect = (then) => (res) => {
          let body = "";
          res.on("data", (piece) => (body += piece)).on("end", () => then(null, res, body));
        };
        exports.get = (options, then) => http.get(options.url, options, collect(then)).on("error", then);
        exports.put = (url, options, then) =>
          http.request(url, { ...options, method: "PUT" }, collect(then)).on("error", then);
        """

    /// Runs a script, and reads what it wrote back into JSON by the language that wrote it.
    private static func script(
        _ program: String, _ text: String, name: String, _ folder: String, reading: [String]
    ) async throws -> Answer {
        let path = "\(folder)/\(name)"
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        let result = try await Command.run(program, [path], folder: folder)
        try #require(result.exitCode == 0 && result.errors.isEmpty, "\(text)\n\(result.errors)")
        let output = try Scratch.file("output", holding: Data(result.output.utf8))
        let json = try await Command.run(program, reading + [output])
        return Answer(
            status: nil, output: result.output,
            json: json.exitCode == 0 ? try JSON(parsing: Data(json.output.utf8)) : nil)
    }

    private static func isInPath(_ program: String) throws -> Bool {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
        return path.split(separator: ":").contains {
            FileManager.default.isExecutableFile(atPath: "\($0)/\(program)")
        }
    }
}
