import Foundation

/// The generator, a program of its own.
struct Load {
    enum Client: String, Codable {
        case plain
        case curl
    }

    /// What it prints.
    struct Result: Decodable {
        let seconds: Double
        let requests: Int
        let statuses: [String: Int]
        let bytesSent: Int64
        let bytesReceived: Int64
        let milliseconds: Latency
        let cpuSeconds: Double

        /// Requests that did not end as they should, the broken ones included.
        func failures(expecting expected: Set<Int>) -> Int {
            requests - expected.reduce(0) { $0 + (statuses["\($1)"] ?? 0) }
        }
    }

    let program: String
    /// Gets the files of requests and answers; not on a file system that is measured if that can be helped.
    let folder: String
    /// Four times what the slowest run takes; what is not answered then has failed.
    private let timeLimitSeconds = 120

    init(program: String, folder: String) {
        self.program = program
        self.folder = folder
    }

    private var requestsFile: String { folder + "/requests" }
    private var responsesFile: String { folder + "/responses" }

    /// Writes the requests down; apart from ``run(on:client:connections:rate:keepsResponses:)``, so that it can be done
    /// before anything is counted.
    func prepare(_ requests: [Request]) throws {
        var text = ""
        for request in requests { text += request.line + "\n" }
        try Data(text.utf8).write(to: URL(fileURLWithPath: requestsFile))
    }

    func run(
        on port: UInt16, client: Client = .plain, connections: Int, rate: Int? = nil, keepsResponses: Bool = false
    ) throws -> Result {
        var arguments = [
            "--client", client.rawValue, "--port", "\(port)", "--connections", "\(connections)",
            "--requests", requestsFile, "--time-limit", "\(timeLimitSeconds)",
        ]
        if let rate { arguments += ["--rate", "\(rate)"] }
        if keepsResponses { arguments += ["--responses", responsesFile] }
        let output = folder + "/load.json"
        let errors = folder + "/load.errors"
        let status = try ChildProcess(program, arguments, output: output, errors: errors).wait()
        let printed = try Data(contentsOf: URL(fileURLWithPath: output))
        // When the time limit has struck, the status is 1 and the result says what was answered until then.
        guard let result = try? JSONDecoder().decode(Result.self, from: printed) else {
            let said = (try? String(contentsOfFile: errors, encoding: .utf8)) ?? ""
            throw BenchError("load ended with status \(status). \(said)")
        }
        return result
    }

    /// The bodies of the answers to the last run that kept them, in the order of the requests.
    func responses() throws -> [Substring] {
        try String(contentsOfFile: responsesFile, encoding: .utf8).split(
            separator: "\n", omittingEmptySubsequences: false)
    }
}
