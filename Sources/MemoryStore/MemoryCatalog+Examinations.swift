import Synchronization
package import UploadModel
package import UploadStore

extension MemoryCatalog {
    package func pendingExaminations(limit: Int) async throws(CatalogFault) -> [UploadRecord] {
        state.withLock { state in
            let pending = state.examinations.values.filter { $0.examination.state == .pending }
            let sorted = pending.sorted {
                ($0.wantedAt, $0.examination.fileID.text) < ($1.wantedAt, $1.examination.fileID.text)
            }
            return sorted.prefix(max(0, limit)).compactMap { state.uploads[$0.examination.fileID]?.record }
        }
    }

    package func examination(of file: FileID) async throws(CatalogFault) -> Examination? {
        state.withLock { $0.examinations[file]?.examination }
    }

    package func examinations(of files: [FileID]) async throws(CatalogFault) -> [FileID: Examination] {
        state.withLock { state in
            state.examinations.filter { files.contains($0.key) }.mapValues(\.examination)
        }
    }

    package func record(_ examination: Examination) async throws(CatalogFault) -> Bool {
        state.withLock { state in
            let file = examination.fileID
            guard state.examinations[file]?.examination.state == .pending,
                ([file] + [examination.copyID].compactMap(\.self)).allSatisfy({
                    state.uploads[$0]?.record.state == .complete
                })
            else { return false }
            state.examinations[file]?.examination = examination
            return true
        }
    }

    package func endStrayCopies(completedBefore moment: Timestamp, now: Timestamp) async throws(CatalogFault) -> Int {
        state.withLock { state in
            let named = Set(state.examinations.values.compactMap(\.examination.copyID))
            let stray = state.uploads.values.map(\.record).filter { record in
                record.originalID != nil && record.state == .complete && !named.contains(record.fileID)
                    && !state.isUsed(record.fileID) && record.completedAt.map { $0 < moment } ?? false
            }
            return stray.compactMap { state.endComplete($0.fileID, now: now) }.count
        }
    }
}
