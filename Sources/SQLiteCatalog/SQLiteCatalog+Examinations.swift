import GRDB
package import UploadModel
package import UploadStore

extension SQLiteCatalog {
    package func pendingExaminations(limit: Int) async throws(CatalogFault) -> [UploadRecord] {
        try await read("pending examinations") { database in
            // The sign keeps the index of states out, which would lead through every complete file.
            try database.rows(
                """
                SELECT \(UploadRows.columns) FROM upload WHERE +state = 'complete' AND file_id IN
                    (SELECT file_id FROM examination WHERE state = 'pending' ORDER BY wanted_at, file_id LIMIT ?)
                ORDER BY completed_at, file_id
                """, [max(0, limit)]
            ).map(UploadRows.record)
        }
    }

    package func examination(of file: FileID) async throws(CatalogFault) -> Examination? {
        try await examinations(of: [file])[file]
    }

    package func examinations(of files: [FileID]) async throws(CatalogFault) -> [FileID: Examination] {
        guard !files.isEmpty else { return [:] }
        return try await read("examinations") { database in
            var found: [FileID: Examination] = [:]
            for file in Set(files) {
                let rows = try database.rows(
                    """
                    SELECT state, width_pixels, height_pixels, duration_milliseconds, video_codec, audio_codec,
                        frames_per_thousand_seconds, copy_id, message
                    FROM examination WHERE file_id = ?
                    """, [file.text])
                found[file] = try rows.first.map { try Self.examination(of: file, $0) }
            }
            return found
        }
    }

    private static func examination(of file: FileID, _ row: Row) throws(CatalogFault) -> Examination {
        var reader = RowReader(row, of: "examination")
        return Examination(
            fileID: file,
            state: try reader.text(as: ExaminationState.init),
            facts: MediaFacts(
                widthPixels: try reader.optional(Int.self),
                heightPixels: try reader.optional(Int.self),
                durationMilliseconds: try reader.optional(Int64.self),
                videoCodec: try reader.optional(String.self),
                audioCodec: try reader.optional(String.self),
                framesPerThousandSeconds: try reader.optional(Int64.self)),
            copyID: try reader.optionalText(as: FileID.init),
            message: try reader.optional(String.self))
    }

    package func record(_ examination: Examination) async throws(CatalogFault) -> Bool {
        let facts = examination.facts
        return try await change("record examination") { database in
            try database.change(
                """
                UPDATE examination SET state = :state, width_pixels = :width, height_pixels = :height,
                    duration_milliseconds = :duration, video_codec = :video_codec, audio_codec = :audio_codec,
                    frames_per_thousand_seconds = :frames, copy_id = :copy_id, message = :message
                WHERE file_id = :file_id AND state = 'pending'
                    AND EXISTS (SELECT 1 FROM upload WHERE file_id = :file_id AND state = 'complete')
                    AND (:copy_id IS NULL OR EXISTS
                        (SELECT 1 FROM upload WHERE file_id = :copy_id AND state = 'complete'))
                """,
                [
                    "file_id": examination.fileID.text, "state": examination.state.rawValue,
                    "width": facts.widthPixels, "height": facts.heightPixels, "duration": facts.durationMilliseconds,
                    "video_codec": facts.videoCodec, "audio_codec": facts.audioCodec,
                    "frames": facts.framesPerThousandSeconds, "copy_id": examination.copyID?.text,
                    "message": examination.message,
                ]) == 1
        }
    }

    package func endStrayCopies(completedBefore moment: Timestamp, now: Timestamp) async throws(CatalogFault) -> Int {
        try await change("end stray copies") { database in
            try database.change(
                """
                UPDATE upload INDEXED BY upload_by_original
                SET state = 'aborted', ended_at = :now, received_bytes = 0
                WHERE original_id IS NOT NULL AND state = 'complete' AND completed_at < :moment
                    AND NOT EXISTS (SELECT 1 FROM examination WHERE copy_id = upload.file_id)
                    AND \(FileRows.isUnused)
                """,
                ["now": now.milliseconds, "moment": moment.milliseconds])
        }
    }
}
