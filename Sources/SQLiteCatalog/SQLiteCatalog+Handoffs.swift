import GRDB
package import UploadModel
package import UploadStore

extension SQLiteCatalog {
    package func handoffsDue(
        for endpoint: EndpointName, at now: Timestamp, limit: Int
    ) async throws(CatalogFault) -> [QueuedHandoff] {
        try await read("hand-offs due") { database in
            try HandoffRows.queued(
                """
                endpoint = :endpoint AND state = 'waiting' AND next_attempt_at <= :now
                    AND NOT EXISTS (SELECT 1 FROM handoff AS earlier
                        WHERE earlier.endpoint = handoff.endpoint AND earlier.file_id = handoff.file_id
                            AND earlier.state = 'waiting' AND earlier.sequence < handoff.sequence)
                ORDER BY sequence LIMIT :limit
                """,
                ["endpoint": endpoint.text, "now": now.milliseconds, "limit": max(0, limit)], in: database)
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
            try database.change(
                """
                UPDATE handoff SET state = 'waiting', attempts = 0, next_attempt_at = :now
                WHERE \(id == nil ? "state = 'dead'" : "id = :id")
                """,
                ["now": now.milliseconds] + (id.map { ["id": $0.text] } ?? [:]))
        }
    }
}
