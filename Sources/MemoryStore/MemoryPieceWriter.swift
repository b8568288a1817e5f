import Checksums
import NIOCore
import Synchronization
import UploadModel
import UploadStore

/// Holds a piece until it is finished; only then is anything of it stored.
final class MemoryPieceWriter: PieceWriter {
    private struct State {
        var bytes: [UInt8] = []
        var digests: Set<DigestAlgorithm> = []
        var hasEnded = false
    }

    private let maximumBytes: Int64
    private let store: @Sendable ([UInt8]) throws(StoreFault) -> PieceToken
    private let state = Mutex(State())

    init(sizing: PieceSizing, store: @escaping @Sendable ([UInt8]) throws(StoreFault) -> PieceToken) {
        switch sizing {
        case .exactly(let bytes), .atMost(let bytes): maximumBytes = bytes
        }
        self.store = store
    }

    deinit {
        precondition(state.withLock { $0.hasEnded }, "a piece writer was let go without finish() or abandon()")
    }

    func compute(_ digests: Set<DigestAlgorithm>) {
        state.withLock { state in
            precondition(state.bytes.isEmpty, "digests are chosen before the first byte")
            state.digests = digests
        }
    }

    func append(_ bytes: ByteBuffer) async throws(StoreFault) {
        try state.withLock { state throws(StoreFault) in
            precondition(!state.hasEnded, "a piece that has ended takes no bytes")
            guard Int64(state.bytes.count + bytes.readableBytes) <= maximumBytes else {
                throw StoreFault(.failed, "append: more bytes than were announced")
            }
            bytes.withUnsafeReadableBytes { state.bytes.append(contentsOf: $0) }
        }
    }

    func finish() async throws(StoreFault) -> PieceReceipt {
        let (bytes, algorithms) = end()
        var crc = CRC32CHasher()
        var digests = DigestSet(algorithms)
        bytes.withUnsafeBytes { bytes in
            crc.update(bytes)
            digests.update(bytes)
        }
        return PieceReceipt(
            lengthBytes: Int64(bytes.count), crc32c: crc.value, digests: digests.finalize(), token: try store(bytes))
    }

    func abandon() async { _ = end() }

    private func end() -> (bytes: [UInt8], digests: Set<DigestAlgorithm>) {
        state.withLock { state in
            precondition(!state.hasEnded, "a piece ends once")
            state.hasEnded = true
            defer { state.bytes = [] }
            return (state.bytes, state.digests)
        }
    }
}

/// Reads an object as it was when the reader was opened.
final class MemoryObjectReader: ObjectReader {
    private let bytes: [UInt8]

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    var sizeBytes: Int64 { Int64(bytes.count) }

    func read(_ range: ByteRange) async throws(StoreFault) -> ByteBuffer {
        guard range.length > 0, range.end <= sizeBytes else { throw StoreFault(.failed, "read: outside of the object") }
        return bytes.withUnsafeBytes {
            ByteBuffer(bytes: UnsafeRawBufferPointer(rebasing: $0[Int(range.start)..<Int(range.end)]))
        }
    }

    func digests(_ algorithms: Set<DigestAlgorithm>) async throws(StoreFault) -> [DigestAlgorithm: Digest] {
        var digests = DigestSet(algorithms)
        bytes.withUnsafeBytes { digests.update($0) }
        return digests.finalize().filter { algorithms.contains($0.key) }
    }
}
