import Foundation
import Synchronization

/// Counts what many do at once.
final class Counter: Sendable {
    private let value = Mutex(0)

    var count: Int { value.withLock { $0 } }

    func add() { value.withLock { $0 += 1 } }
}

/// Clients that have sent everything but the last byte of their heads, and send the rest all at once.
struct Crowd: Sendable {
    /// What became of a client's request; `nil` when its connection ended without an answer.
    typealias Outcome = Int?

    private let clients: [(connection: Conversation, rest: Data)]

    /// - Parameter requests: each with an empty line behind its head.
    static func gather(_ requests: [Data], port: Int) async throws -> Crowd {
        var clients: [(connection: Conversation, rest: Data)] = []
        for request in requests {
            guard let gap = request.range(of: Data("\r\n\r\n".utf8)) else { throw Trouble("a request without a head") }
            let connection = try Conversation(port: port)
            let last = request.index(before: gap.upperBound)
            try await connection.send(request[..<last])
            clients.append((connection, request[last...]))
        }
        return Crowd(clients: clients)
    }

    /// Every client goes on; answers as they come in the order of the requests.
    ///
    /// - Parameter answered: counts the answers.
    func go(answered: Counter = Counter()) async -> [Outcome] {
        await withTaskGroup(of: (Int, Outcome).self) { group in
            for (number, client) in clients.enumerated() {
                group.addTask {
                    // Whoever is killed has no answer; the counts tell whether that may be.
                    guard (try? await client.connection.send(client.rest)) != nil,
                        let answer = try? await client.connection.answer()
                    else { return (number, nil) }
                    answered.add()
                    return (number, answer.status)
                }
            }
            var outcomes = [Outcome](repeating: nil, count: clients.count)
            for await (number, outcome) in group { outcomes[number] = outcome }
            return outcomes
        }
    }
}

extension [Crowd.Outcome] {
    /// How often each status came, for messages of failed expectations.
    var account: String {
        let counts = Dictionary(grouping: self) { $0.map(String.init) ?? "broken" }.mapValues(\.count)
        return counts.map { "\($0.value) x \($0.key)" }.sorted().joined(separator: ", ")
    }

    func count(of status: Int) -> Int { count { $0 == status } }
}
