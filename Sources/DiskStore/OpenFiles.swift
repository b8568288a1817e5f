import Synchronization

/// The files that are being written to, so that all writers of one object share its descriptors and its syncs.
final class OpenFiles: Sendable {
    private struct WeakFile { weak var file: StagedFile? }

    private let files = Mutex<[String: WeakFile]>([:])

    /// The open file at a path, or `nil` when nobody holds it, or nothing can be made durable through it any more.
    func current(_ path: String) -> StagedFile? {
        files.withLock { files in
            guard let file = files[path]?.file, !file.syncGate.hasFailed else { return nil }
            return file
        }
    }

    /// Keeps a file that was just opened, unless somebody else was faster; answers the one to use.
    func keep(_ file: StagedFile, at path: String) -> StagedFile {
        files.withLock { files in
            if let other = files[path]?.file, !other.syncGate.hasFailed { return other }
            files[path] = WeakFile(file: file)
            // Entries of closed files go when they are as many as the open ones.
            if files.count > 64, files.count > 2 * files.values.count(where: { $0.file != nil }) {
                files = files.filter { $0.value.file != nil }
            }
            return file
        }
    }

    /// Forgets a path whose file was moved or removed; those who hold it go on with their descriptors.
    func forget(_ path: String) { _ = files.withLock { $0.removeValue(forKey: path) } }
}
