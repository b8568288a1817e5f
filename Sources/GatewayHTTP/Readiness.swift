import Synchronization
import UploadEngine
import UploadModel

/// Whether bytes and records can be made durable, asked of the disk at most once a second however many ask us.
final class Readiness: Sendable {
    private struct State {
        var checkedAt: ContinuousClock.Instant?
        var fault: UploadFault?
        /// When the look that is going on began.
        var lookingSince: ContinuousClock.Instant?
    }

    private enum Turn {
        case look
        case known(UploadFault?)
    }

    private static let freshness = Duration.seconds(1)
    /// A look that takes longer says enough by itself.
    private static let patience = Duration.seconds(5)
    private static let notYet = UploadFault(
        .unavailable, "The disk has not answered yet; ask again.", retryAfterSeconds: 1)

    private let state = Mutex(State())

    /// - Throws: the fault of the last look, or `unavailable` while the disk does not answer.
    func check(_ engine: UploadEngine) async throws(UploadFault) {
        let now = ContinuousClock.now
        let turn: Turn = state.withLock { state in
            if let since = state.lookingSince {
                // Who comes while another looks is told what was known before, if that is not too long ago.
                guard state.checkedAt != nil, now - since < Self.patience else { return .known(Self.notYet) }
                return .known(state.fault)
            }
            if let checkedAt = state.checkedAt, now - checkedAt < Self.freshness { return .known(state.fault) }
            state.lookingSince = now
            return .look
        }
        if case .known(let fault) = turn {
            if let fault { throw fault }
            return
        }
        var found: UploadFault?
        do throws(UploadFault) { try await engine.checkWritable() } catch { found = error }
        state.withLock { state in
            state.checkedAt = .now
            state.fault = found
            state.lookingSince = nil
        }
        if let found { throw found }
    }
}
