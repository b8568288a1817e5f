import Synchronization
import UploadStore

/// Names that are made durable, in folders that several change at once.
///
/// One sync is for all names of a folder. When it fails, the names that others had just changed may be lost too, and the
/// sync of theirs that comes next may answer success all the same: a failure is told once. So whoever changes a name
/// takes a note before, and his own sync counts only if none of that folder has failed since.
final class FolderSyncs: Sendable {
    /// A moment in the history of a folder.
    struct Note: Sendable {
        let folder: String
        fileprivate let failures: Int
    }

    /// Folders share locks; how many there are decides only who waits for whom.
    private final class Stripe: Sendable {
        /// How many syncs of a folder have failed; nearly always of none.
        let failures = Mutex<[String: Int]>([:])
    }

    private let stripes = (0..<256).map { _ in Stripe() }

    private func stripe(of folder: String) -> Stripe {
        stripes[Int(UInt(bitPattern: folder.hashValue) % UInt(stripes.count))]
    }

    /// To be called before a name in a folder is changed.
    func note(_ folder: String) -> Note {
        Note(folder: folder, failures: stripe(of: folder).failures.withLock { $0[folder, default: 0] })
    }

    /// Makes the names in a folder durable, those above all that were changed since a note.
    ///
    /// - Parameter undo: takes the change back when it is not durable; run before anybody else may rely on the name.
    func sync(_ note: Note, orUndo undo: () -> Void = {}) throws(StoreFault) {
        try stripe(of: note.folder).failures.withLock { failures throws(StoreFault) in
            do throws(StoreFault) {
                try DurableFile.syncDirectory(note.folder)
            } catch {
                failures[note.folder, default: 0] += 1
                undo()
                throw error
            }
            guard failures[note.folder, default: 0] == note.failures else {
                undo()
                throw StoreFault(.failed, "sync directory: another sync of the same folder failed meanwhile")
            }
        }
    }
}
