import GRDB
import UploadModel
import UploadStore

/// Ends finished files.
enum FileRows {
    /// Ends a complete file and its copies as `aborted`; answers what ended, the file first, nothing if it was not
    /// complete. A copy that is in an item of its own stays: the item's bytes are those, and its row holds the record.
    static func end(_ id: FileID, now: Timestamp, in database: Database) throws -> [UploadRecord] {
        let file = try end("file_id = :file_id", id, now: now, in: database)
        guard !file.isEmpty else { return [] }
        try database.change("DELETE FROM examination WHERE file_id = ?", [id.text])
        return file + (try end("original_id = :file_id AND \(isUnused)", id, now: now, in: database))
    }

    /// Of a row of uploads: no media item was made of it.
    static let isUnused = "NOT EXISTS (SELECT 1 FROM media_item WHERE media_item.file_id = upload.file_id)"

    private static func end(
        _ condition: String, _ id: FileID, now: Timestamp, in database: Database
    ) throws -> [UploadRecord] {
        try database.rows(
            """
            UPDATE upload SET state = 'aborted', alias = NULL, ended_at = :now, received_bytes = 0
            WHERE \(condition) AND state = 'complete'
            RETURNING \(UploadRows.columns)
            """,
            ["file_id": id.text, "now": now.milliseconds]
        ).map { row in
            let ended = try UploadRows.record(row)
            try database.change("DELETE FROM part WHERE file_id = ?", [ended.fileID.text])
            return ended
        }
    }
}
