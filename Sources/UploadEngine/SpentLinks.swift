import Synchronization
import UploadModel

/// Links of which this process knows that they were used: they stay so, and nobody has to be asked again. A client that
/// tries one over and over costs no transaction.
final class SpentLinks: Sendable {
    /// More are forgotten, all at once: the catalog knows them.
    static let maximumCount = 50_000

    private let known = Mutex<Set<FileID>>([])

    func contains(_ id: FileID) -> Bool { known.withLock { $0.contains(id) } }

    func insert(_ id: FileID) {
        known.withLock { known in
            if known.count >= Self.maximumCount { known.removeAll(keepingCapacity: true) }
            known.insert(id)
        }
    }
}
