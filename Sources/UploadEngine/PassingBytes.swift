import Synchronization
import UploadModel
import UploadStore

/// What pieces on their way take that no record holds for them, by tenant: parts of uploads of unknown size, and parts that
/// come again and are kept aside beside the ones that are counted. Counted in this process alone, so a restart, which
/// ends every request, begins at nothing.
final class PassingBytes: Sendable {
    private struct Pieces {
        var count = 0
        var bytes: Int64 = 0
        /// Whether one of them goes on although there is no room for it.
        var isExceeding = false
    }

    private let tenants = Mutex<[TenantID: Pieces]>([:])

    /// Of how many tenants pieces are on their way.
    var count: Int { tenants.withLock { $0.count } }

    func bytes(of tenant: TenantID) -> Int64 { tenants.withLock { $0[tenant]?.bytes ?? 0 } }

    fileprivate func enter(_ tenant: TenantID) { tenants.withLock { $0[tenant, default: Pieces()].count += 1 } }

    /// Answers what the tenant's other pieces have.
    fileprivate func add(_ bytes: Int64, to held: Int64, of tenant: TenantID) -> Int64 {
        tenants.withLock { tenants in
            tenants[tenant, default: Pieces()].bytes += bytes
            return (tenants[tenant]?.bytes ?? 0) - held - bytes
        }
    }

    /// Whether a piece may go on without room: one of a tenant at a time.
    fileprivate func mayExceed(_ tenant: TenantID) -> Bool {
        tenants.withLock { tenants in
            guard tenants[tenant]?.isExceeding == false else { return false }
            tenants[tenant]?.isExceeding = true
            return true
        }
    }

    fileprivate func leave(_ tenant: TenantID, bytes: Int64, isExceeding: Bool) {
        tenants.withLock { tenants in
            guard var pieces = tenants[tenant] else { return }
            pieces.count -= 1
            pieces.bytes -= bytes
            if isExceeding { pieces.isExceeding = false }
            tenants[tenant] = pieces.count == 0 ? nil : pieces
        }
    }
}

/// What one piece takes from its first byte until it is recorded or given up. Ended by ``end()``; again is harmless.
///
/// There must be room for it in its tenant's quota, together with all others on their way. Yet a client must be able to
/// send again what it has no answer for, however full its quota is: of the pieces that may stand already one at a time
/// goes on without room.
final class Passage: Sendable {
    private struct State {
        var heldBytes: Int64 = 0
        var judgedBytes: Int64 = 0
        var isExceeding = false
        var isEnded = false
    }

    private let engine: UploadEngine
    private let tenant: TenantID
    private let mayStandAlready: Bool
    private let state = Mutex(State())

    /// A piece whose length nobody knows is judged anew each time it has grown by this.
    private static let stepBytes: Int64 = 1 << 20

    /// - Parameter mayStandAlready: whether these bytes may be a repetition of some that are recorded.
    init(_ engine: UploadEngine, of tenant: TenantID, mayStandAlready: Bool) {
        self.engine = engine
        self.tenant = tenant
        self.mayStandAlready = mayStandAlready
        engine.passing.enter(tenant)
    }

    /// The piece has at least so many bytes.
    ///
    /// - Throws: what a quota that is full answers; the piece is then to be given up.
    func hold(_ bytes: Int64) async throws(UploadFault) {
        guard let quota = engine.limits.quota else { return }
        let (before, isToBeJudged) = state.withLock { state in
            let before = state.heldBytes
            state.heldBytes = max(before, bytes)
            let isToBeJudged = state.judgedBytes == 0 || bytes - state.judgedBytes >= Self.stepBytes
            if isToBeJudged { state.judgedBytes = bytes }
            return (before, isToBeJudged && !state.isExceeding)
        }
        // Counted before the catalog is asked: what was recorded meanwhile may be counted twice, but never not at all.
        let others = engine.passing.add(max(0, bytes - before), to: before, of: tenant)
        guard isToBeJudged else { return }
        var usage = try await translating { () throws(CatalogFault) in try await engine.catalog.usage(of: tenant) }
        usage.storedBytes += others
        usage.openBytes += others
        guard let excess = quota.excess(adding: bytes, to: usage) else { return }
        guard mayStandAlready else { throw engine.fault(of: excess) }
        guard engine.passing.mayExceed(tenant) else {
            throw UploadFault(
                .tooManyUploads,
                "There is no room for this beside what else you are sending again; try again when that has arrived.",
                retryAfterSeconds: 5)
        }
        state.withLock { $0.isExceeding = true }
    }

    func end() {
        let last = state.withLock { state -> State? in
            guard !state.isEnded else { return nil }
            state.isEnded = true
            return state
        }
        guard let last else { return }
        engine.passing.leave(tenant, bytes: last.heldBytes, isExceeding: last.isExceeding)
    }
}
