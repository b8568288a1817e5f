import Dispatch
import Foundation
import Synchronization

/// A connection that holds an upload: it has begun a request for the rest of it, and sent some of that.
final class Holder: Sendable {
    enum Hold: String, CaseIterable {
        /// It sends nothing more and stays open.
        case silent
        /// It sends as fast as it can until the server ends it.
        case flowing
    }

    /// What has been sent before anything else happens: no whole number of blocks, pages or pieces.
    private static let firstBytes = 3 * Int(Sizes.mebibyte) + 12_345

    private let hold: Hold
    /// What was sent, or was being sent when the server ended it.
    private let sentBytes = Atomic<Int>(0)
    private let wantsEnd = Atomic<Bool>(false)
    private let hasBegun = DispatchSemaphore(value: 0)
    private let mayEnd = DispatchSemaphore(value: 0)
    private let hasEnded = DispatchSemaphore(value: 0)

    /// Returns when the first bytes are there.
    init(_ hold: Hold, _ request: Request, at port: UInt16) throws {
        self.hold = hold
        Thread.detachNewThread { [self] in
            work(request, port)
            hasEnded.signal()
        }
        guard hasBegun.wait(timeout: .now() + 30) == .success else { throw BenchError("Nobody takes the first bytes.") }
        // What the kernel holds is on its way through the server. Nothing tells when it is there: whoever asked would take
        // over. Were it too short, the offset of a silent connection would be too low, and the workload breaks off then.
        usleep(20_000)
    }

    private func work(_ request: Request, _ port: UInt16) {
        guard case .generated(let bodyBytes) = request.body, let connection = try? Connection(port: port),
            (try? connection.begin(request.method, request.target, headers: request.headers, bodyBytes: bodyBytes))
                != nil,
            (try? connection.send(Self.first)) != nil
        else { return }
        sentBytes.store(Self.first.count, ordering: .relaxed)
        hasBegun.signal()
        guard hold == .flowing else { return mayEnd.wait() }
        let piece = [UInt8](repeating: 0, count: 64 << 10)
        while !wantsEnd.load(ordering: .relaxed) {
            let next = sentBytes.load(ordering: .relaxed) + piece.count
            guard next <= bodyBytes else { return }
            sentBytes.store(next, ordering: .relaxed)
            guard (try? connection.send(piece)) != nil else { return }
        }
    }

    /// As an MP4 file begins.
    private static let first: [UInt8] = {
        let type: [UInt8] = [0, 0, 0, 24] + Array("ftypisom".utf8) + [0, 0, 2, 0] + Array("isomiso2".utf8)
        return type + [UInt8](repeating: 0, count: firstBytes - type.count)
    }()

    /// Whether a server can truly have so many bytes: all of a connection that was silent, some of one that was not.
    func mayHaveSent(_ offset: Int64) -> Bool {
        let sent = Int64(sentBytes.load(ordering: .relaxed))
        return hold == .silent ? offset == sent : (Int64(Self.firstBytes)...sent).contains(offset)
    }

    func end() {
        wantsEnd.store(true, ordering: .relaxed)
        mayEnd.signal()
        hasEnded.wait()
    }
}
