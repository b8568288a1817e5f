import Synchronization
import UploadEngine
import UploadModel

/// Whether bytes and records can be made durable, asked of the disk at most once a second however many ask us.
final class Readiness: Sendable {
    private struct State {
        var checkedAt: ContinuousClock.Instant?
        var fault: UploadFault?
        var isChecking = false
    }

    private static let freshness = Duration.seconds(1)
    private let state = Mutex(State())

    /// - Throws: the fault of the last look.
    func check(_ engine: UploadEngine) async throws(UploadFault) {
        let (looks, known) = state.withLock { state in
            let isFresh = state.checkedAt.map { ContinuousClock.now - $0 < Self.freshness } ?? false
            // Who comes while another looks is told what was known before, if anything was.
            if isFresh || (state.isChecking && state.checkedAt != nil) { return (false, state.fault) }
            state.isChecking = true
            return (true, nil)
        }
        if !looks {
            if let known { throw known }
            return
        }
        var found: UploadFault?
        do throws(UploadFault) { try await engine.checkWritable() } catch { found = error }
        state.withLock { state in
            state.checkedAt = .now
            state.fault = found
            state.isChecking = false
        }
        if let found { throw found }
    }
}
