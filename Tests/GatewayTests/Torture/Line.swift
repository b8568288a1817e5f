import Foundation
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// When a gateway is killed: with a certain answer, or at a certain moment, whichever comes first. Of nobody it is only
/// the end of the work.
// Sendable: the condition guards everything that changes.
final class Doom: @unchecked Sendable {
    private let condition = NSCondition()
    private let process: ChildProcess?
    private var answersLeft: Int
    private var isOver = false

    /// - Parameter process: who is killed; `nil` for nobody.
    init(of process: ChildProcess?, withAnswer count: Int = .max) {
        self.process = process
        answersLeft = count
    }

    /// Whether it is the reason that an answer did not come. It is said before the blow falls.
    var excusesSilence: Bool { process != nil && hasCome }

    var hasCome: Bool {
        condition.lock()
        defer { condition.unlock() }
        return isOver
    }

    /// An answer came. With the last one that is allowed the gateway dies, before anybody can thank for it.
    func answered() {
        condition.lock()
        defer { condition.unlock() }
        answersLeft -= 1
        if answersLeft == 0 { strike() }
    }

    /// Returns when it has come: by an answer, or at this moment.
    func comes(by moment: Date) async throws {
        try await onThread { [self] in
            condition.lock()
            defer { condition.unlock() }
            while !isOver, condition.wait(until: moment) {}
            strike()
        }
    }

    /// With the lock held.
    private func strike() {
        guard !isOver else { return }
        isOver = true
        process?.send(SIGKILL)
        condition.broadcast()
    }
}

/// A client's connections to a gateway that may die at any moment. They are kept and used again.
final class Line: Sendable {
    private let port: Int
    private let key: String
    let doom: Doom
    private let kept = Mutex<[Conversation]>([])

    init(to gateway: RunningGateway, doom: Doom) {
        port = gateway.port
        key = gateway.key
        self.doom = doom
    }

    /// The answer to a request; `nil` when none came. Several may be asked for at once.
    func answer(to request: WireRequest) async -> RawAnswer? {
        guard let conversation = conversation() else { return nil }
        var isSent = true
        do {
            try await conversation.send(request.bytes(key: key))
        } catch {
            // It may have been answered before its end.
            isSent = false
        }
        guard let answer = try? await conversation.answer(toHead: request.method == "HEAD") else { return nil }
        if isSent, !answer.isLast { kept.withLock { $0.append(conversation) } }
        // Nothing can be lost of what was only read.
        if request.method != "GET" { doom.answered() }
        return answer
    }

    /// Sends a request up to some byte of its body, and dies.
    func breakOff(_ request: WireRequest, leaving count: Int) async {
        guard let conversation = try? Conversation(port: port) else { return }
        try? await conversation.send(request.bytes(key: key).dropLast(count))
        try? conversation.reset()
    }

    private func conversation() -> Conversation? {
        kept.withLock { $0.popLast() } ?? (try? Conversation(port: port))
    }
}
