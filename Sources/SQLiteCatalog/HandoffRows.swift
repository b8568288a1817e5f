import GRDB
import UploadModel
import UploadStore

/// How the outbox stands in its table.
enum HandoffRows {
    /// Writes hand-offs in the order given, within the transaction of the change that they tell of.
    static func add(_ handoffs: [Handoff], in database: Database) throws {
        for handoff in handoffs {
            try database.change(
                """
                INSERT INTO handoff
                    (id, endpoint, kind, file_id, tenant, created_at, body, state, attempts, next_attempt_at)
                VALUES (:id, :endpoint, :kind, :file_id, :tenant, :created_at, :body, 'waiting', 0, :created_at)
                """,
                [
                    "id": handoff.id.text, "endpoint": handoff.endpoint.text, "kind": handoff.kind.rawValue,
                    "file_id": handoff.fileID.text, "tenant": handoff.tenant.text,
                    "created_at": handoff.createdAt.milliseconds, "body": handoff.body,
                ])
        }
    }

    /// Those that a condition names, oldest first.
    static func queued(
        _ condition: String, _ arguments: StatementArguments, in database: Database
    ) throws -> [QueuedHandoff] {
        try database.rows(
            """
            SELECT sequence, id, endpoint, kind, file_id, tenant, created_at, body, state, attempts, next_attempt_at,
                last_fault
            FROM handoff WHERE \(condition)
            """, arguments
        ).map { row in
            var reader = RowReader(row, of: "handoff")
            let sequence = try reader.value(Int64.self)
            let id = try reader.text(as: HandoffID.init)
            let endpoint = try reader.text(as: EndpointName.init)
            let kind = try reader.text(as: HandoffKind.init)
            let handoff = Handoff(
                id: id, endpoint: endpoint, kind: kind,
                fileID: try reader.text(as: FileID.init),
                tenant: try reader.text(as: TenantID.init),
                createdAt: try reader.moment(),
                body: try reader.value(String.self))
            return QueuedHandoff(
                sequence: sequence, handoff: handoff,
                state: try reader.text(as: QueuedHandoff.State.init),
                attempts: try reader.value(Int.self),
                nextAttemptAt: try reader.moment(),
                lastFault: try reader.optional(String.self))
        }
    }
}
