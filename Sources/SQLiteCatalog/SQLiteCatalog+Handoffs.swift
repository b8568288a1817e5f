import GRDB
package import UploadModel
package import UploadStore

extension SQLiteCatalog {
    package func handoffsDue(
        for endpoint: EndpointName, at now: Timestamp, latest: Timestamp, limit: Int
    ) async throws(CatalogFault) -> [QueuedHandoff] {
        // Two lists that an index has sorted already; one condition for both would be looked for in every row that waits.
        let lists = ["next_attempt_at <= :now", "next_attempt_at > :latest"].map { condition in
            """
            SELECT sequence, next_attempt_at FROM handoff
            WHERE endpoint = :endpoint AND state = 'waiting' AND \(condition)
                AND NOT EXISTS (SELECT 1 FROM handoff AS earlier
                    WHERE earlier.endpoint = handoff.endpoint AND earlier.file_id = handoff.file_id
                        AND earlier.state = 'waiting' AND earlier.sequence < handoff.sequence)
            """
        }
        return try await read("hand-offs due") { database in
            try HandoffRows.queued(
                """
                sequence IN (SELECT sequence FROM (
                    \(lists.joined(separator: " UNION ALL ")) ORDER BY next_attempt_at, sequence LIMIT :limit))
                ORDER BY next_attempt_at, sequence
                """,
                [
                    "endpoint": endpoint.text, "now": now.milliseconds, "latest": latest.milliseconds,
                    "limit": max(0, limit),
                ], in: database)
        }
    }

    package func accepted(_ sequence: Int64) async throws(CatalogFault) {
        try await change("accepted") { database -> Void in
            try database.change("DELETE FROM handoff WHERE sequence = ?", [sequence])
        }
    }

    package func failed(
        _ sequence: Int64, fault: String, nextAttemptAt: Timestamp?
    ) async throws(CatalogFault) {
        try await change("failed") { database -> Void in
            try database.change(
                """
                UPDATE handoff SET attempts = attempts + 1, last_fault = :fault,
                    state = CASE WHEN :next IS NULL THEN 'dead' ELSE 'waiting' END,
                    next_attempt_at = coalesce(:next, next_attempt_at)
                WHERE sequence = :sequence AND state = 'waiting'
                """,
                ["sequence": sequence, "fault": fault, "next": nextAttemptAt?.milliseconds])
            // Those behind it wait as long, so that a look into the outbox does not meet them again and again.
            guard let nextAttemptAt else { return }
            try database.change(
                """
                UPDATE handoff SET next_attempt_at = max(handoff.next_attempt_at, :next)
                FROM handoff AS head
                WHERE head.sequence = :sequence AND handoff.endpoint = head.endpoint
                    AND handoff.file_id = head.file_id AND handoff.state = 'waiting'
                    AND handoff.sequence > head.sequence
                """,
                ["sequence": sequence, "next": nextAttemptAt.milliseconds])
        }
    }

    package func handoffs(
        in state: QueuedHandoff.State?, after sequence: Int64?, limit: Int
    ) async throws(CatalogFault) -> [QueuedHandoff] {
        try await read("hand-offs") { database in
            try HandoffRows.queued(
                "sequence > :after \(state == nil ? "" : "AND state = :state") ORDER BY sequence LIMIT :limit",
                ["after": sequence ?? 0, "limit": max(0, limit)] + (state.map { ["state": $0.rawValue] } ?? [:]),
                in: database)
        }
    }

    package func retryHandoffs(_ id: HandoffID?, now: Timestamp) async throws(CatalogFault) -> Int {
        try await change("retry hand-offs") { database in
            let chosen = id == nil ? "state = 'dead'" : "id = :id"
            let arguments: StatementArguments =
                ["now": now.milliseconds] + (id.map { ["id": $0.text] } ?? [:])
            try database.change(
                """
                UPDATE handoff SET next_attempt_at = :now
                WHERE state = 'waiting' AND (endpoint, file_id) IN (SELECT endpoint, file_id FROM handoff WHERE \(chosen))
                """, arguments)
            return try database.change(
                "UPDATE handoff SET state = 'waiting', attempts = 0, next_attempt_at = :now WHERE \(chosen)", arguments)
        }
    }
}
