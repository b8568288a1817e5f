import Checksums
import Logging
import MemoryStore
import NIOCore
import Synchronization
import Testing
import UploadModel
import UploadStore
import UploadStoreTesting

@testable import UploadEngine

/// A clock that stands still until a test turns it.
final class TestClock: Sendable {
    private let moment = Mutex(Timestamp(milliseconds: 1_800_000_000_000))

    var now: Timestamp { moment.withLock { $0 } }

    func turn(seconds: Int64) { moment.withLock { $0 = $0.adding(seconds: seconds) } }
}

/// An engine over stores in memory that a test may make fail.
struct Bench: Sendable {
    let clock: TestClock
    let store: FaultyByteStore
    let catalog: FaultyCatalog
    let engine: UploadEngine

    /// - Parameter wrap: puts a store of the test's own between the engine and what keeps the bytes.
    init(
        limits change: (inout UploadLimits) -> Void = { _ in }, checker: any ContentChecking = AnyContent(),
        wrap: (any ByteStore) -> any ByteStore = { $0 }
    ) {
        let clock = TestClock()
        self.init(wrap(MemoryByteStore(now: { clock.now })), clock: clock, limits: change, checker: checker)
    }

    init(
        _ store: any ByteStore, clock: TestClock = TestClock(), limits change: (inout UploadLimits) -> Void = { _ in },
        checker: any ContentChecking = AnyContent()
    ) {
        var limits = UploadLimits()
        limits.freeDiskReserveBytes = 0
        change(&limits)
        self.clock = clock
        self.store = FaultyByteStore(store, plan: FaultPlan([:]))
        catalog = FaultyCatalog(MemoryCatalog())
        engine = UploadEngine(
            store: self.store, catalog: catalog, checker: checker, limits: limits,
            logger: Logger(label: "engine-tests") { _ in SwiftLogNoOpLogHandler() }, clock: { clock.now })
    }

    func begin(
        sizeBytes: Int? = nil, partBytes: Int? = nil, sha256: Digest? = nil, type: MediaType? = nil
    ) async throws -> UploadRecord {
        try await engine.begin(
            UploadEngine.Announcement(
                tenant: .default, fileName: .sample, declaredType: type, sizeBytes: sizeBytes.map(Int64.init),
                partBytes: partBytes.map(Int64.init), digests: sha256.map { [.sha256: $0] } ?? [:]))
    }

    func grant(
        sizeBytes: Int? = nil, maximumBytes: Int? = nil, type: MediaType = .octetStream, lifetimeSeconds: Int64 = 60
    ) async throws -> UploadRecord {
        try await engine.grant(
            tenant: .default, fileName: .sample, declaredType: type, sizeBytes: sizeBytes.map(Int64.init),
            maximumBytes: maximumBytes.map(Int64.init), lifetimeSeconds: lifetimeSeconds)
    }

    /// How an upload stands in the catalog.
    func standing(_ upload: UploadRecord) async throws -> UploadRecord {
        try #require(try await catalog.upload(upload.fileID))
    }

    /// Nothing that was acknowledged is missing, nothing takes room that no record names, and nobody holds on to
    /// an upload.
    func expectTidy(_ comment: Comment? = nil, at location: SourceLocation = #_sourceLocation) async throws {
        let check = try await engine.check()
        #expect(check.isSound, comment, sourceLocation: location)
        #expect(check.orphans == [], comment, sourceLocation: location)
        #expect(engine.leases.count == 0, comment, sourceLocation: location)
        #expect(engine.sizeLeases.count == 0, comment, sourceLocation: location)
        #expect(engine.passing.count == 0, comment, sourceLocation: location)
    }

    /// The bytes of a complete file.
    func content(of upload: UploadRecord) async throws -> [UInt8] {
        let reader = try await engine.reader(of: upload)
        var found: [UInt8] = []
        while Int64(found.count) < reader.sizeBytes {
            let start = Int64(found.count)
            let bytes = try await reader.read(ByteRange(start: start, length: reader.sizeBytes - start))
            found.append(contentsOf: bytes.readableBytesView)
        }
        return found
    }
}

// MARK: - Sending

extension ByteReceiver {
    /// Sends bytes in buffers, and ends with `end` or abandons.
    func send<Value>(
        _ bytes: some Collection<UInt8>, inBuffersOf count: Int = 5000, ending end: () async throws -> Value
    ) async throws -> Value {
        var rest = bytes[...]
        do {
            while !rest.isEmpty {
                try await receive(ByteBuffer(bytes: rest.prefix(count)))
                rest = rest.dropFirst(count)
            }
        } catch {
            await abandon()
            throw error
        }
        return try await end()
    }
}

extension UploadEngine {
    @discardableResult
    func send(
        _ bytes: some Collection<UInt8>, as number: Int, of upload: UploadRecord, isDeclared: Bool = true,
        expecting digests: [DigestAlgorithm: Digest] = [:]
    ) async throws -> PartOutcome {
        let part = try await openPart(
            of: upload, number: number, declaredBytes: isDeclared ? Int64(bytes.count) : nil,
            digests: Set(digests.keys))
        return try await part.send(bytes) { try await part.finish(expecting: digests) }
    }

    @discardableResult
    func stream(
        _ bytes: [UInt8], into claimed: UploadRecord, isDeclared: Bool = true,
        expecting digests: [DigestAlgorithm: Digest] = [:]
    ) async throws -> StreamUpload.Outcome {
        let stream = try await openStream(
            claimed, declaredBytes: isDeclared ? Int64(bytes.count) : nil, digests: Set(digests.keys))
        return try await stream.send(bytes) { try await stream.finish(expecting: digests) }
    }

    /// Sends a chunk whose fields come before its file, or behind it.
    @discardableResult
    func send(_ bytes: some Collection<UInt8>, as chunk: ChunkDescription, isFileFirst: Bool) async throws
        -> PartOutcome
    {
        if isFileFirst {
            let part = try await openSpooledChunk(of: chunk.tenant)
            return try await part.send(bytes) { try await part.place(chunk) }
        }
        let part = try await openChunk(chunk)
        return try await part.send(bytes) { try await part.finish(expecting: [:]) }
    }
}

// MARK: - Samples

extension FileName {
    static var sample: FileName {
        get throws { try #require(FileName("film.mov")) }
    }
}

extension MediaType {
    static let letters = MediaType("test/letters") ?? .octetStream
    static let digits = MediaType("test/digits") ?? .octetStream
}

/// Bytes that tell their place and who sent them.
func sample(_ count: Int, seed: UInt64 = 0) -> [UInt8] {
    var generator = SeededGenerator(seed: seed)
    let words = (0..<count / 8 + 1).map { _ in generator.next() }
    return words.withUnsafeBytes { Array($0.prefix(count)) }
}

func digest(_ algorithm: DigestAlgorithm, of bytes: some Collection<UInt8>) throws -> Digest {
    var digests = DigestSet([algorithm])
    Array(bytes).withUnsafeBytes { digests.update($0) }
    return try #require(digests.finalize()[algorithm])
}

/// The piece of a file that a part carries.
func slice(_ bytes: [UInt8], part number: Int, of partBytes: Int) -> ArraySlice<UInt8> {
    bytes[min(bytes.count, (number - 1) * partBytes)..<min(bytes.count, number * partBytes)]
}

/// Expects a fault of one code.
@discardableResult
func expectFault(
    _ code: UploadFault.Code, _ comment: Comment? = nil, at location: SourceLocation = #_sourceLocation,
    _ body: () async throws -> Void
) async -> UploadFault? {
    let fault = await #expect(throws: UploadFault.self, comment, sourceLocation: location) { try await body() }
    #expect(fault?.code == code, comment, sourceLocation: location)
    return fault
}
