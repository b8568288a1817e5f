import Synchronization
import UploadModel
import UploadRules
import UploadStore

/// What this process knows for certain of uploads that it began itself: how they are cut, and which of their parts are
/// recorded. Saves a look into the catalog for each part of them.
///
/// Right only where one process serves the store: here the lock of the data folder sees to it. Only what cannot turn
/// out otherwise is kept. Size and part size were fixed before the upload was recorded, and every
/// part of it came through this engine, which tells of each before another may be sent to its place. Whether the
/// upload still takes parts is not known here: the catalog says so when the part is recorded. What is not here, be it
/// forgotten to save memory, is asked of the catalog.
final class FreshUploads: Sendable {
    /// More are forgotten, the oldest first.
    static let maximumCount = 1024
    /// Of an upload whose parts come so scattered nothing is kept, so that all of them take a few MiB at most.
    static let maximumRanges = 512

    private struct Known {
        let upload: UploadRecord
        var recorded = ExtentSet()
    }

    private struct State {
        var known: [FileID: Known] = [:]
        /// In the order in which they began; some are forgotten already.
        var order: [FileID] = []
    }

    private let state = Mutex(State())

    /// An upload was begun and recorded, without any part.
    func began(_ upload: UploadRecord) {
        guard upload.layout.sizeBytes != nil, upload.layout.partSizeBytes != nil, upload.layout.partCount != nil else {
            return
        }
        state.withLock { state in
            state.known[upload.fileID] = Known(upload: upload)
            state.order.append(upload.fileID)
            while state.known.count > Self.maximumCount, let oldest = state.order.first {
                state.known[oldest] = nil
                state.order.removeFirst()
            }
            if state.order.count > 2 * Self.maximumCount { state.order.removeAll { state.known[$0] == nil } }
        }
    }

    /// What is to be known before a part is sent, if all of it is known here and the part is not recorded. The caller
    /// holds the place of the part.
    func surroundings(of number: Int, in id: FileID, of tenant: TenantID) -> PartSurroundings? {
        state.withLock { state in
            guard let known = state.known[id], known.upload.tenant == tenant, !known.recorded.contains(number) else {
                return nil
            }
            return PartSurroundings(upload: known.upload, parts: [])
        }
    }

    /// A part is recorded; told while its place is still held.
    func recorded(_ number: Int, of id: FileID) {
        state.withLock { state in
            state.known[id]?.recorded.insert(number)
            if let count = state.known[id]?.recorded.ranges.count, count > Self.maximumRanges {
                state.known[id] = nil
            }
        }
    }

    /// The upload has ended, or is not known for certain any more.
    func forget(_ id: FileID) { state.withLock { _ = $0.known.removeValue(forKey: id) } }
}
