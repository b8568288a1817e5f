import Foundation
import Testing

/// An endpoint as an operator names it to the gateway.
struct ToldEndpoint: Sendable {
    var name = "main"
    let url: String
    var secret = StandardWebhooks.secret
    var events: String?

    var options: [String] {
        ["--finalize-\(name)-url", url, "--finalize-\(name)-secret", secret]
            + (events.map { ["--finalize-\(name)-events", $0] } ?? [])
    }
}

extension RunningGateway {
    /// Starts a gateway that tells others of files and items, and tries again soon.
    static func telling(
        _ endpoints: [ToldEndpoint], folder: String? = nil, _ options: [String] = []
    ) async throws -> RunningGateway {
        let names = endpoints.filter { $0.name != "verify" }.map(\.name)
        let named = names.isEmpty ? [] : ["--finalize-endpoints", names.joined(separator: ",")]
        return try await start(
            folder: folder,
            options: named + endpoints.flatMap(\.options) + ["--handoff-retry-milliseconds", "10"] + options)
    }

    /// Ends it in order: everything agrees, and the log tells no secret and no fault of its own.
    func expectGoodEnd(_ location: SourceLocation = #_sourceLocation) async throws {
        #expect(try await stop() == 0, sourceLocation: location)
        try await expectSound(location)
        let log = try await log.whole()
        #expect(GatewayLog.leaks(in: log, key: key) == [], "the log tells secrets", sourceLocation: location)
        // That an application could not be asked is worth a line, but no fault of the gateway's.
        let faults = GatewayLog.faults(in: log).filter { !$0.contains("sluice.cause=finalize.verify:") }
        #expect(faults == [], sourceLocation: location)
        Scratch.remove([folder])
    }

    // MARK: What is told of

    /// Uploads a file by a link; its id.
    func uploaded(_ file: String, name: String = "a.mp4") async throws -> String {
        let link = try await link("fileName=\(name)")
        let answer = try await put(link, file)
        try #require(answer.status == 200, "\(answer.account)")
        return link.fileID
    }

    /// Uploads the same bytes as many files.
    func uploaded(_ file: String, times count: Int) async throws -> [String] {
        var files: [String] = []
        for _ in 0..<count { files.append(try await uploaded(file)) }
        return files
    }

    /// Makes an item; as it is answered.
    func item(_ fields: [String], of kind: String = "videos") async throws -> JSON {
        let platforms = fields.contains { $0.hasPrefix("platforms=") } ? [] : ["platforms=tiktok"]
        let answer = try await finalize(kind, platforms + fields)
        try #require(answer.status == 201, "\(answer.account)")
        return try answer.json["data"][0]
    }

    func edit(_ id: String, _ change: JSON, of kind: String = "videos") async throws -> CurlAnswer {
        try await call(
            "PATCH", "/api/v1/media/\(kind)/\(id)",
            ["-H", "Content-Type: application/json", "--data-binary", try change.encoded])
    }

    func deleteFile(_ id: String) async throws {
        let answer = try await call("DELETE", "/api/media/\(id)")
        try #require(answer.status == 200, "\(answer.account)")
    }

    /// The lines of `sluice handoffs list`, without the headings.
    func handoffs(_ arguments: String...) async throws -> [String] {
        let list = try await Self.command(["handoffs", "list", "--data-dir", folder] + arguments)
        try #require(list.exitCode == 0, "\(list.errors)")
        return list.output.split(separator: "\n").dropFirst().map(String.init)
    }
}

extension Date {
    /// RFC 3339 with milliseconds.
    var moment: String { formatted(Self.withMilliseconds) }

    init(moment: String) throws { try self.init(moment, strategy: Self.withMilliseconds) }

    private static let withMilliseconds = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
}
