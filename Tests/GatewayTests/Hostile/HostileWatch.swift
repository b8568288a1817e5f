import Foundation
import Testing

/// Looks at a gateway before and after somebody is hostile to it.
struct HostileWatch: Sendable {
    /// What one row may take for itself: the head, at most 32 KiB, and what the decoder holds of one that is not whole
    /// (160 KiB), 256 KiB of a form's fields and their copies, 64 KiB of a body that is read on, one block of
    /// memory (1 MiB in this suite), and the stacks and heaps of threads that were never needed before. The largest
    /// rows are of a mebibyte; whoever held one whole, or twice, would still pass, whoever held what can be sent in
    /// a second would not, and that is why ``keptBytes`` is looked at as well.
    static let rowBytes = 12 << 20
    /// What may stay after all rows came twice more: the slack of the allocator's arenas. A row that
    /// leaked what it sent, a mebibyte at most, would show, as the large rows together are some 50 MiB.
    static let keptBytes = 8 << 20

    private let gateway: RunningGateway
    private let beforeBytes: Int

    init(_ gateway: RunningGateway) async throws {
        self.gateway = gateway
        // What a first request costs anyway is spent before.
        _ = try await Self.place(on: gateway)
        guard ProcessFacts.areTold else {
            beforeBytes = 0
            return
        }
        try ProcessFacts.forgetPeak(of: gateway.process.id)
        beforeBytes = try ProcessFacts.peakResidentBytes(of: gateway.process.id)
    }

    /// It serves others, has understood nothing that it should not, and took no more memory than a row is worth.
    func expectWell(_ what: String, _ location: SourceLocation = #_sourceLocation) async throws {
        let key = try await Self.place(on: gateway).canaryKey
        let uploads = try await Self.openUploads(of: key, on: gateway)
        #expect(uploads == 0, "\(what): the request inside was understood", sourceLocation: location)
        #expect(try await Self.status(of: "/readyz", on: gateway) == 200, "\(what)", sourceLocation: location)
        guard ProcessFacts.areTold else { return }
        let grown = try ProcessFacts.peakResidentBytes(of: gateway.process.id) - beforeBytes
        #expect(grown < Self.rowBytes, "\(what): \(grown) bytes more memory", sourceLocation: location)
    }

    // MARK: Asking

    static func openUploads(of key: String, on gateway: RunningGateway) async throws -> Int {
        let answer = try await ask("/api/v1/uploads", "X-API-Key: \(key)\r\n", on: gateway)
        try #require(answer.status == 200, "\(answer.account)")
        return try JSON(parsing: answer.body)["uploads"].entries.count
    }

    static func status(of path: String, on gateway: RunningGateway) async throws -> Int {
        try await ask(path, "", on: gateway).status
    }

    private static func ask(_ path: String, _ lines: String, on gateway: RunningGateway) async throws -> RawAnswer {
        let client = try gateway.conversation()
        try await client.send("GET \(path) HTTP/1.1\r\nHost: a\r\n\(lines)\r\n")
        return try #require(try await client.answer())
    }

    // MARK: The keys

    /// The keys that rows are made with, made once for each gateway.
    private actor Places {
        private var made: [String: HostilePlace] = [:]

        func place(on gateway: RunningGateway) async throws -> HostilePlace {
            if let place = made[gateway.folder] { return place }
            let place = HostilePlace(key: gateway.key, canaryKey: try await gateway.newKey(tenant: "canary"))
            made[gateway.folder] = place
            return place
        }
    }

    private static let places = Places()

    static func place(on gateway: RunningGateway) async throws -> HostilePlace {
        try await places.place(on: gateway)
    }
}
