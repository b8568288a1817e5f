import Synchronization
import UploadModel

/// The published files that were read last, open: a player asks for a video in hundreds of small ranges.
final class OpenReaders: Sendable {
    /// More are closed, those first that were opened first.
    static let maximumCount = 32

    private struct State {
        var readers: [ObjectKey: DiskObjectReader] = [:]
        var order: [ObjectKey] = []
    }

    private let state = Mutex(State())

    func current(_ key: ObjectKey) -> DiskObjectReader? { state.withLock { $0.readers[key] } }

    func keep(_ reader: DiskObjectReader, of key: ObjectKey) {
        state.withLock { state in
            guard state.readers.updateValue(reader, forKey: key) == nil else { return }
            state.order.append(key)
            guard state.order.count > Self.maximumCount else { return }
            state.readers[state.order.removeFirst()] = nil
        }
    }

    /// Forgets a file that was removed, so that its room is free when nobody reads it any more.
    func forget(_ key: ObjectKey) {
        state.withLock { state in
            guard state.readers.removeValue(forKey: key) != nil else { return }
            state.order.removeAll { $0 == key }
        }
    }
}
