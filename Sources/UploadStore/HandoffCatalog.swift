package import UploadModel

/// The outbox: events that were written with the changes they tell of, until they are accepted.
///
/// ## How it maps to PostgreSQL
///
/// One deliverer works at a time: of many nodes the one that holds a session's advisory lock. Rows are deleted when
/// they are accepted, so the table holds what waits and what was given up.
package protocol HandoffCatalog: Sendable {
    /// Hand-offs for an endpoint whose time has come, the longest due first: of each file only the first that waits, so that
    /// none overtakes another.
    ///
    /// - Parameter latest: nobody plans for later than this now. What is all the same was planned by a clock that has been
    ///   set back since, and is due at once.
    func handoffsDue(for endpoint: EndpointName, at now: Timestamp, latest: Timestamp, limit: Int)
        async throws(CatalogFault) -> [QueuedHandoff]

    /// It was accepted; nothing of it is kept.
    func accepted(_ sequence: Int64) async throws(CatalogFault)

    /// An attempt failed.
    ///
    /// - Parameter nextAttemptAt: when to try again, for it and for those of its file that wait behind it; `nil` gives
    ///   it up as a dead letter.
    func failed(_ sequence: Int64, fault: String, nextAttemptAt: Timestamp?) async throws(CatalogFault)

    /// What waits or was given up, oldest first.
    func handoffs(in state: QueuedHandoff.State?, after sequence: Int64?, limit: Int) async throws(CatalogFault)
        -> [QueuedHandoff]

    /// Lets hand-offs be tried again at once, with all their attempts, and what waits behind them. Answers how many.
    ///
    /// - Parameter id: only this event; `nil` for every dead letter.
    func retryHandoffs(_ id: HandoffID?, now: Timestamp) async throws(CatalogFault) -> Int
}

/// Says what is to happen with a file besides its completion; asked before that is recorded, with what it will be.
package protocol CompletionFollowing: Sendable {
    func handoffs(completing upload: UploadRecord) -> [Handoff]
    /// A complete file is taken back.
    func handoffs(withdrawing upload: UploadRecord, now: Timestamp) -> [Handoff]
    /// Whether facts are to be found out, and of an image a copy to be made.
    func wantsExamination(of upload: UploadRecord) -> Bool
}
