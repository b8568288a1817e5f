import Foundation
import Testing

extension GatewayTests {
    /// Clients that send what no client sends by accident.
    @Suite(.gateway("--block-memory-bytes", "1048576")) struct Hostile {
        /// How what is sent reaches the gateway.
        enum Way: CaseIterable, Sendable {
            case atOnce
            /// The second half comes when the first has been read.
            case inHalves
        }

        @Test(arguments: HostileRow.heads) func `a head that is none of ours`(row: HostileRow) async throws {
            try await expectHandled(row)
        }

        @Test(arguments: HostileRow.bodies) func `a body that is none of ours`(row: HostileRow) async throws {
            try await expectHandled(row)
        }

        @Test(arguments: HostileRow.smuggling) func `a request in another one`(row: HostileRow) async throws {
            for way in Way.allCases { try await expectHandled(row, way) }
        }

        @Test func `the request that is never understood would be a good one`() async throws {
            let gateway = try RunningGateway.shared
            let key = try await gateway.newKey(tenant: "straight")
            let client = try gateway.conversation()
            try await client.send(HostilePlace.begin(key: key))
            #expect(try await client.answer()?.status == 201)
            #expect(try await HostileWatch.openUploads(of: key, on: gateway) == 1)
        }

        /// What all rows together leave behind is what the allocator keeps for the next: a second round takes no more.
        @Test func `nothing of all that stays in memory`() async throws {
            guard ProcessFacts.areTold else { return }
            let gateway = try RunningGateway.shared
            let place = try await HostileWatch.place(on: gateway)
            let rows = (HostileRow.heads + HostileRow.bodies + HostileRow.smuggling).filter {
                $0.bytes(place).count > 20_000
            }
            for row in rows { _ = try await answers(to: row, .atOnce) }
            let before = try ProcessFacts.residentBytes(of: gateway.process.id)
            for _ in 0..<2 {
                for row in rows { _ = try await answers(to: row, .atOnce) }
            }
            let grown = try ProcessFacts.residentBytes(of: gateway.process.id) - before
            #expect(grown < HostileWatch.keptBytes, "\(grown) bytes more after \(rows.count) rows twice")
        }

        private func expectHandled(_ row: HostileRow, _ way: Way = .atOnce) async throws {
            let gateway = try RunningGateway.shared
            let watch = try await HostileWatch(gateway)
            let answers = try await answers(to: row, way)
            let expected = row.answers + (row.ends ? [] : [[200]])
            let said = answers.map(\.account).joined(separator: "\n").prefix(2000)
            #expect(answers.count == expected.count, "\(way), \(row.rule): \(said)")
            for (answer, allowed) in zip(answers, expected) {
                #expect(allowed.contains(answer.status), "\(way), \(row.rule): \(answer.account)")
            }
            // RFC 9112 section 9.6: who ends a connection says so.
            #expect(answers.last?.isLast == true, "\(way): \(said)")
            try await watch.expectWell("\(way)")
        }

        /// Everything that comes back up to the end of the connection. Where the row leaves it open, one more request
        /// stands behind it, in the place where the next one begins.
        private func answers(to row: HostileRow, _ way: Way) async throws -> [RawAnswer] {
            let gateway = try RunningGateway.shared
            var bytes = row.bytes(try await HostileWatch.place(on: gateway))
            if !row.ends { bytes += Data("GET /readyz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".utf8) }
            let client = try gateway.conversation()
            switch way {
            case .atOnce: try await client.send(bytes)
            case .inHalves:
                try await client.send(bytes.prefix(bytes.count / 2))
                // By the time of this answer the first half was read, or is not wanted.
                _ = try await HostileWatch.status(of: "/healthz", on: gateway)
                try await client.send(bytes.dropFirst(bytes.count / 2))
            }
            return try await client.answers()
        }
    }
}
