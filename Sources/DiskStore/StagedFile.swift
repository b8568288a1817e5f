import CPlatform
import Synchronization
import UploadModel
import UploadStore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// An open file that bytes are written to: one descriptor through the page cache, one past it where that works.
///
/// Closed when the last writer lets go. All calls block.
final class StagedFile: Sendable {
    /// How far a file of unknown size is reserved ahead: a sync of a reserved file is much cheaper.
    static let reserveAheadBytes: Int64 = 64 << 20

    let syncGate = SyncGate()
    /// What was right for the piece that ended last: most likely it is for the next one of the same client.
    let recentBlockBytes = Atomic(BlockPace.unknownBlockBytes)
    private let cached: CInt
    /// -1 where the file system has no direct I/O, or it is not wanted.
    private let direct: CInt

    /// Opens an existing file.
    ///
    /// - Parameter usesDirectIO: whether large blocks are to go past the page cache where the file system can.
    init(path: String, usesDirectIO: Bool) throws(StoreFault) {
        cached = open(path, O_RDWR | O_CLOEXEC)
        guard cached >= 0 else { throw DurableFile.fault("open") }
        direct = usesDirectIO ? sluice_open_direct(path, O_WRONLY) : -1
    }

    deinit {
        close(cached)
        if direct >= 0 { close(direct) }
    }

    var hasDirect: Bool { direct >= 0 }

    /// Whether the file still stands somewhere, and does not only live in open descriptors.
    var hasName: Bool {
        var status = stat()
        return fstat(cached, &status) == 0 && status.st_nlink > 0
    }

    /// Makes now the time of its last change.
    func touch() { _ = futimens(cached, nil) }

    func size() throws(StoreFault) -> Int64 {
        var status = stat()
        guard fstat(cached, &status) == 0 else { throw DurableFile.fault("stat") }
        return Int64(status.st_size)
    }

    /// Reserves room up to a size and makes the file that large; file systems that cannot reserve only grow it.
    func reserve(upTo sizeBytes: Int64) throws(StoreFault) {
        guard sizeBytes > 0 else { return }
        if sluice_reserve(cached, 0, sizeBytes) == 0 { return }
        guard errno == EOPNOTSUPP || errno == EINVAL || errno == ENOSYS else { throw DurableFile.fault("reserve") }
        if try size() < sizeBytes { try setSize(sizeBytes) }
    }

    func setSize(_ sizeBytes: Int64) throws(StoreFault) {
        guard ftruncate(cached, off_t(sizeBytes)) == 0 else { throw DurableFile.fault("set size") }
    }

    func syncData() throws(StoreFault) { try DurableFile.syncData(cached) }

    /// Writes through the page cache.
    func write(_ bytes: UnsafeRawBufferPointer, at start: Int64) throws(StoreFault) {
        try writeAll(bytes, at: start, to: cached)
    }

    /// Writes past the page cache what is aligned, and the rest through it.
    ///
    /// - Parameter bytes: in aligned memory.
    func writeDirect(_ bytes: UnsafeRawBufferPointer, at start: Int64) throws(StoreFault) {
        let alignment = BlockPool.alignmentBytes
        guard hasDirect, start % Int64(alignment) == 0 else { return try write(bytes, at: start) }
        let aligned = bytes.count / alignment * alignment
        if aligned > 0 {
            try writeAll(UnsafeRawBufferPointer(rebasing: bytes[..<aligned]), at: start, to: direct)
        }
        if aligned < bytes.count {
            try write(UnsafeRawBufferPointer(rebasing: bytes[aligned...]), at: start + Int64(aligned))
        }
    }

    /// Writes pieces, those that follow each other in the file together.
    ///
    /// - Returns: the faults of those that could not be written, by their place.
    func write(_ writes: [SmallWrite]) -> [Int: StoreFault] {
        var faults: [Int: StoreFault] = [:]
        for run in SmallWrite.runs(of: writes, maximumCount: Self.maximumVectors) where !writeTogether(run, of: writes)
        {
            for place in run {
                do throws(StoreFault) {
                    try writeDirect(writes[place].bytes, at: writes[place].start)
                } catch {
                    faults[place] = error
                }
            }
        }
        return faults
    }

    /// What every system takes in one call.
    private static let maximumVectors = 1024

    /// Writes a run in one call past the page cache; false when that is not possible, or was not done to its end.
    private func writeTogether(_ run: [Int], of writes: [SmallWrite]) -> Bool {
        let alignment = BlockPool.alignmentBytes
        guard hasDirect, run.count > 1, let first = run.first, writes[first].start % Int64(alignment) == 0,
            run.allSatisfy({ writes[$0].byteCount % alignment == 0 })
        else { return false }
        let vectors = run.map {
            iovec(iov_base: writes[$0].block.bytes.baseAddress, iov_len: writes[$0].byteCount)
        }
        let wanted = run.reduce(0) { $0 + writes[$1].byteCount }
        return pwritev(direct, vectors, CInt(vectors.count), off_t(writes[first].start)) == wanted
    }

    private func writeAll(_ bytes: UnsafeRawBufferPointer, at start: Int64, to descriptor: CInt)
        throws(StoreFault)
    {
        var done = 0
        while done < bytes.count {
            let rest = UnsafeRawBufferPointer(rebasing: bytes[done...])
            let written = pwrite(descriptor, rest.baseAddress, rest.count, off_t(start + Int64(done)))
            if written > 0 {
                done += written
            } else if written < 0, errno == EINTR {
                continue
            } else if written < 0, errno == EINVAL, descriptor == direct {
                // The device wants another alignment than the one asked of memory and offsets here.
                return try write(rest, at: start + Int64(done))
            } else {
                throw DurableFile.fault("write")
            }
        }
    }

    /// Copies a range of another file, or of this one, into this one inside the kernel.
    func copy(_ range: ByteRange, of other: StagedFile, to start: Int64) throws(StoreFault) {
        var done: Int64 = 0
        while done < range.length {
            let copied = sluice_copy_range(
                other.cached, range.start + done, cached, start + done, range.length - done)
            if copied > 0 {
                done += copied
            } else if copied == 0 {
                throw StoreFault(.corrupt, "a piece is shorter than its record")
            } else if errno == EINTR {
                continue
            } else if errno == EXDEV || errno == EINVAL || errno == EOPNOTSUPP || errno == ENOSYS {
                let rest = ByteRange(start: range.start + done, length: range.length - done)
                return try copyByHand(rest, of: other, to: start + done)
            } else {
                throw DurableFile.fault("copy")
            }
        }
    }

    private func copyByHand(_ range: ByteRange, of other: StagedFile, to start: Int64) throws(StoreFault) {
        var buffer = [UInt8](repeating: 0, count: 256 << 10)
        var done: Int64 = 0
        while done < range.length {
            let wanted = Int(min(Int64(buffer.count), range.length - done))
            let got = pread(other.cached, &buffer, wanted, off_t(range.start + done))
            guard got > 0 else {
                throw got == 0 ? StoreFault(.corrupt, "a piece is short") : DurableFile.fault("read")
            }
            let result: Result<Void, StoreFault> = buffer.withUnsafeBytes { bytes in
                Result { () throws(StoreFault) in
                    try write(UnsafeRawBufferPointer(rebasing: bytes[..<got]), at: start + done)
                }
            }
            try result.get()
            done += Int64(got)
        }
    }
}
