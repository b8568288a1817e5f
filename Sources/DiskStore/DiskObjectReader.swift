import CPlatform
import Checksums
import NIOCore
import UploadModel
import UploadStore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Reads a published file.
final class DiskObjectReader: FileObjectReader {
    /// One read at most.
    static let maximumReadBytes = 256 << 10
    /// What is sent at once of what the page cache has: about what the buffers of two sockets hold.
    static let maximumSendBytes: Int64 = 2 << 20

    /// What one turn of digests over a whole file reads.
    private static let digestStepBytes: Int64 = 4 << 20

    let sizeBytes: Int64
    let descriptor: CInt
    private let threads: DiskThreads

    /// Blocks; call on a thread of the pool.
    init(path: String, threads: DiskThreads) throws(StoreFault) {
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw DurableFile.fault("open") }
        self.threads = threads
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            let fault = DurableFile.fault("stat")
            close(descriptor)
            throw fault
        }
        sizeBytes = Int64(status.st_size)
        #if canImport(Glibc)
            posix_fadvise(descriptor, 0, 0, CInt(POSIX_FADV_SEQUENTIAL))
        #endif
    }

    deinit { close(descriptor) }

    /// Whether the file still stands somewhere, and does not only live in open descriptors.
    var hasName: Bool {
        var status = stat()
        return fstat(descriptor, &status) == 0 && status.st_nlink > 0
    }

    func read(_ range: ByteRange) async throws(StoreFault) -> ByteBuffer {
        guard range.length > 0, range.end <= sizeBytes else {
            throw StoreFault(.corrupt, "a published file is shorter than its record")
        }
        return try await threads.run { [self] () throws(StoreFault) in try readNow(range) }
    }

    func makeReady(_ range: ByteRange) async throws(StoreFault) -> ByteRange {
        guard range.length > 0, range.end <= sizeBytes else {
            throw StoreFault(.corrupt, "a published file is shorter than its record")
        }
        let long = ByteRange(start: range.start, length: min(range.length, Self.maximumSendBytes))
        if sluice_is_cached(descriptor, long.start, long.length) != 0 { return long }
        let ready = ByteRange(start: range.start, length: min(range.length, Int64(Self.maximumReadBytes)))
        if sluice_is_cached(descriptor, ready.start, ready.length) == 0 { _ = try await read(ready) }
        return ready
    }

    private func readNow(_ range: ByteRange) throws(StoreFault) -> ByteBuffer {
        let wanted = Int(min(range.length, Int64(Self.maximumReadBytes)))
        var buffer = ByteBufferAllocator().buffer(capacity: wanted)
        var number: CInt = 0
        let got = buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: wanted) { target in
            while true {
                let got = pread(descriptor, target.baseAddress, wanted, off_t(range.start))
                if got < 0, errno == EINTR { continue }
                number = got < 0 ? errno : 0
                return max(got, 0)
            }
        }
        guard got > 0 else {
            errno = number
            throw number == 0
                ? StoreFault(.corrupt, "a published file is shorter than it was") : DurableFile.fault("read")
        }
        return buffer
    }

    func digests(_ algorithms: Set<DigestAlgorithm>) async throws(StoreFault) -> [DigestAlgorithm: Digest] {
        var digests = DigestSet(algorithms)
        var position: Int64 = 0
        // In steps, so that a large file does not keep a thread from everybody else.
        while position < sizeBytes {
            let (start, state) = (position, digests)
            (position, digests) = try await threads.run { [self] () throws(StoreFault) in
                var (position, digests) = (start, state)
                while position < min(start + Self.digestStepBytes, sizeBytes) {
                    let bytes = try readNow(ByteRange(start: position, length: sizeBytes - position))
                    bytes.withUnsafeReadableBytes { digests.update($0) }
                    position += Int64(bytes.readableBytes)
                }
                return (position, digests)
            }
        }
        return digests.finalize().filter { algorithms.contains($0.key) }
    }
}
