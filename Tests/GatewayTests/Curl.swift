import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// One head that curl saw: an interim one or that of the answer.
struct CurlHead: Sendable {
    let status: Int
    let fields: [(name: String, value: String)]

    subscript(_ name: String) -> String? { fields.first { $0.name == name.lowercased() }?.value }
}

/// What curl made of a request.
struct CurlAnswer: Sendable {
    /// curl's own; 0 means that it saw a whole answer and no broken connection.
    let exitCode: Int32
    let status: Int
    /// Of the last answer, interim ones first.
    let heads: [CurlHead]
    let body: Data
    /// Bytes of the request's body that curl sent.
    let uploadedBytes: Int
    /// Connections that curl opened.
    let connections: Int
    let errors: String

    subscript(_ field: String) -> String? { heads.last?[field] }
    var text: String { String(decoding: body, as: UTF8.self) }
    var json: JSON { get throws { try JSON(parsing: body) } }
    /// The stable code of an error.
    var code: String? { try? json["code"].string }
    /// For messages of failed expectations.
    var account: String { "\(status), exit \(exitCode), \(uploadedBytes) bytes sent, \(errors) \(text.prefix(300))" }
}

/// A curl that is running.
final class CurlTransfer: Sendable {
    let child: ChildProcess
    private let files: [String]
    private let keepsBody: Bool
    /// Where what is written becomes the request's body; `nil` where curl reads a file.
    private let input: CInt?

    fileprivate init(child: ChildProcess, files: [String], keepsBody: Bool, input: CInt?) {
        self.child = child
        self.files = files
        self.keepsBody = keepsBody
        self.input = input
    }

    /// Returns when curl has read the bytes, and so has sent all but the last few of them.
    func send(_ bytes: Data) async throws {
        guard let input else { throw Trouble("this curl reads no standard input") }
        try await onThread {
            var rest = bytes[...]
            while !rest.isEmpty {
                let count = rest.withUnsafeBytes { write(input, $0.baseAddress, $0.count) }
                guard count > 0 else { throw Trouble("curl reads no more: \(String(cString: strerror(errno)))") }
                rest = rest.dropFirst(count)
            }
        }
    }

    /// The body is whole.
    func endInput() { if let input { close(input) } }

    func answer() async throws -> CurlAnswer {
        let code = try await child.ended()
        defer { Scratch.remove(keepsBody ? Array(files.dropFirst()) : files) }
        let facts = try? JSON(parsing: Scratch.bytes(files[2]))
        return CurlAnswer(
            exitCode: code, status: facts?["http_code"].integer ?? 0,
            heads: Curl.heads(try Scratch.text(files[1])), body: keepsBody ? Data() : try Scratch.bytes(files[0]),
            uploadedBytes: facts?["size_upload"].integer ?? 0, connections: facts?["num_connects"].integer ?? 0,
            errors: try Scratch.text(files[3]))
    }
}

/// The real curl.
enum Curl {
    /// Nothing of the machine's own settings; addresses taken as they are; no waiting for ever.
    private static let always = [
        "--disable", "--noproxy", "*", "--silent", "--show-error", "--globoff", "--path-as-is", "--max-time", "120",
    ]

    /// - Parameters:
    ///   - arguments: as on a command line.
    ///   - saving: where the answer's body goes; `nil` to have it in the answer.
    static func run(_ arguments: [String], saving: String? = nil) async throws -> CurlAnswer {
        try await start(arguments, saving: saving, readsInput: false).answer()
    }

    /// - Parameter readsInput: whether standard input is fed by ``CurlTransfer/send(_:)``.
    static func start(_ arguments: [String], saving: String? = nil, readsInput: Bool) throws -> CurlTransfer {
        let files = [
            try saving ?? Scratch.file("body"), try Scratch.file("head"), try Scratch.file("facts"),
            try Scratch.file("errors"),
        ]
        var ends: [CInt] = [-1, -1]
        if readsInput {
            signal(SIGPIPE, SIG_IGN)
            guard pipe(&ends) == 0 else { throw Trouble("no pipe: \(String(cString: strerror(errno)))") }
            for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        }
        defer { if readsInput { close(ends[0]) } }
        let child = try Command.start(
            "curl", always + ["-o", files[0], "-D", files[1], "-w", "%{json}"] + arguments,
            input: readsInput ? ends[0] : nil, output: files[2], errors: files[3])
        return CurlTransfer(
            child: child, files: files, keepsBody: saving != nil, input: readsInput ? ends[1] : nil)
    }

    fileprivate static func heads(_ text: String) -> [CurlHead] {
        text.replacing("\r\n", with: "\n").split(separator: "\n\n").compactMap { block in
            let lines = block.split(separator: "\n")
            guard let first = lines.first, first.hasPrefix("HTTP/") else { return nil }
            let status = first.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
            let fields = lines.dropFirst().compactMap { line -> (name: String, value: String)? in
                guard let colon = line.firstIndex(of: ":") else { return nil }
                return (
                    line[..<colon].lowercased(),
                    line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
                )
            }
            return CurlHead(status: status, fields: fields)
        }
    }

    /// What became of one of many transfers.
    struct Outcome: Hashable, Sendable {
        let status: Int
        let exitCode: Int
    }

    /// How many transfers that dump their heads into a folder have had an answer: curl makes the files when it begins.
    static func answers(in folder: String) throws -> Int {
        try FileManager.default.contentsOfDirectory(atPath: folder).count { name in
            let attributes = try? FileManager.default.attributesOfItem(atPath: folder + "/" + name)
            return (attributes?[.size] as? Int ?? 0) > 0
        }
    }

    /// Many transfers by one curl, one after the other over kept connections, or all at once.
    ///
    /// - Parameter transfers: long options without dashes, with their values.
    static func many(_ transfers: [[(option: String, value: String)]], atOnce: Bool) async throws -> [Outcome] {
        func quoted(_ text: String) -> String {
            "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
        }
        let blocks = transfers.enumerated().map { number, options in
            let lines =
                ["globoff", "path-as-is", "noproxy = \"*\"", "max-time = 120"]
                + ["write-out = \"\(number) %{http_code} %{exitcode}\\n\""]
                + (options.contains { $0.option == "output" } ? [] : ["output = \"/dev/null\""])
                + options.map { "\($0.option) = \(quoted($0.value))" }
            return lines.joined(separator: "\n")
        }
        let file = try Scratch.file("transfers", holding: Data(blocks.joined(separator: "\nnext\n").utf8))
        defer { Scratch.remove([file]) }
        var arguments = ["--disable", "--silent", "--show-error"]
        if atOnce { arguments += ["--parallel", "--parallel-immediate", "--parallel-max", "\(transfers.count)"] }
        let result = try await Command.run("curl", arguments + ["--config", file])
        var outcomes: [Int: Outcome] = [:]
        for line in result.output.split(separator: "\n") {
            let numbers = line.split(separator: " ").compactMap { Int($0) }
            if numbers.count == 3 { outcomes[numbers[0]] = Outcome(status: numbers[1], exitCode: numbers[2]) }
        }
        guard outcomes.count == transfers.count else {
            throw Trouble(
                "curl told of \(outcomes.count) of \(transfers.count) transfers: \(result.errors.prefix(500))")
        }
        return transfers.indices.compactMap { outcomes[$0] }
    }
}
