import NIOCore
import Synchronization
import UploadModel
import UploadStore
import UploadStoreTesting

/// Takes every content for what it is said to be.
struct AnyContent: ContentChecking {
    let prefixBytes = 16

    func verdict(on prefix: [UInt8], declared: MediaType?) -> ContentVerdict {
        declared.map(ContentVerdict.matches) ?? .unknown(found: .octetStream)
    }
}

/// Tells files that begin with eight letters, or with eight digits, from others.
struct LettersAndDigits: ContentChecking {
    let prefixBytes = 8

    func verdict(on prefix: [UInt8], declared: MediaType?) -> ContentVerdict {
        var found = MediaType.octetStream
        if prefix.count == prefixBytes {
            if prefix.allSatisfy({ (0x61...0x7A).contains($0) }) { found = .letters }
            if prefix.allSatisfy({ (0x30...0x39).contains($0) }) { found = .digits }
        }
        guard let declared else { return found == .octetStream ? .unknown(found: found) : .matches(found) }
        return declared == found ? .matches(found) : .contradicts(found: found)
    }
}

/// Something that many wait for and that happens once.
final class Signal: Sendable {
    private let state = Mutex<(isGiven: Bool, waiting: [CheckedContinuation<Void, Never>])>((false, []))

    func wait() async {
        await withCheckedContinuation { continuation in
            let isGiven = state.withLock { state in
                if !state.isGiven { state.waiting.append(continuation) }
                return state.isGiven
            }
            if isGiven { continuation.resume() }
        }
    }

    /// Whether it had not happened yet.
    @discardableResult
    func give() -> Bool {
        let (isFirst, waiting) = state.withLock { state in
            defer { state = (true, []) }
            return (!state.isGiven, state.waiting)
        }
        for continuation in waiting { continuation.resume() }
        return isFirst
    }
}

/// A place where one who comes by is held until a test lets him go.
final class Pause: Sendable {
    private let reached = Signal()
    private let over = Signal()
    private let passing: Mutex<Int>

    /// - Parameter count: how many come by before the one who is held.
    init(afterPassing count: Int = 0) { passing = Mutex(count) }

    func here() async {
        let passes = passing.withLock { left in
            left -= 1
            return left >= 0
        }
        if !passes, reached.give() { await over.wait() }
    }

    func whenReached() async { await reached.wait() }

    func end() { over.give() }
}

/// What happened, in the order in which it happened.
final class Journal: Sendable {
    private let state = Mutex<[Int]>([])

    func add(_ entry: Int) { state.withLock { $0.append(entry) } }

    var entries: [Int] { state.withLock { $0 } }
}

/// A store that says how much room it has and tells when it is about to do something.
struct ShapedStore: ByteStore {
    let store: any ByteStore
    var free: @Sendable () -> Int64? = { nil }
    var beforeAppending: @Sendable () async -> Void = {}
    var beforeFinishing: @Sendable () async -> Void = {}
    var beforeCopying: @Sendable () async -> Void = {}
    var beforePublishing: @Sendable () async -> Void = {}
    var beforeDiscarding: @Sendable () async -> Void = {}

    var needs: StoreNeeds { store.needs }

    func prepare(_ key: ObjectKey, sizeBytes: Int64?) async throws(StoreFault) {
        try await store.prepare(key, sizeBytes: sizeBytes)
    }

    func writer(of key: ObjectKey, piece: PiecePlace, sizing: PieceSizing) async throws(StoreFault)
        -> any PieceWriter
    {
        Writer(writer: try await store.writer(of: key, piece: piece, sizing: sizing), shape: self)
    }

    func spool(sizing: PieceSizing) async throws(StoreFault) -> any PieceWriter {
        Writer(writer: try await store.spool(sizing: sizing), shape: self)
    }

    private final class Writer: PieceWriter {
        private let writer: any PieceWriter
        private let shape: ShapedStore

        init(writer: any PieceWriter, shape: ShapedStore) {
            self.writer = writer
            self.shape = shape
        }

        func compute(_ digests: Set<DigestAlgorithm>) { writer.compute(digests) }

        func append(_ bytes: ByteBuffer) async throws(StoreFault) {
            await shape.beforeAppending()
            try await writer.append(bytes)
        }

        func finish() async throws(StoreFault) -> PieceReceipt {
            await shape.beforeFinishing()
            return try await writer.finish()
        }

        func abandon() async { await writer.abandon() }
    }

    func settle(_ spooled: PieceToken, in key: ObjectKey, at place: PiecePlace, lengthBytes: Int64)
        async throws(StoreFault) -> PieceToken
    {
        try await store.settle(spooled, in: key, at: place, lengthBytes: lengthBytes)
    }

    func merged(_ earlier: StoredPart, _ later: StoredPart) -> StoredPart? { store.merged(earlier, later) }

    func copy(_ range: ByteRange, of source: ObjectKey, into key: ObjectKey, at place: PiecePlace)
        async throws(StoreFault) -> PieceToken
    {
        await beforeCopying()
        return try await store.copy(range, of: source, into: key, at: place)
    }

    func publish(_ key: ObjectKey, pieces: [StoredPart]) async throws(StoreFault) -> ObjectReceipt {
        await beforePublishing()
        return try await store.publish(key, pieces: pieces)
    }

    func discard(_ key: ObjectKey, spooled: [PieceToken]) async throws(StoreFault) {
        await beforeDiscarding()
        try await store.discard(key, spooled: spooled)
    }

    func forget(_ spooled: [PieceToken]) async throws(StoreFault) { try await store.forget(spooled) }
    func reader(of key: ObjectKey) async throws(StoreFault) -> any ObjectReader { try await store.reader(of: key) }
    func freeBytes() async throws(StoreFault) -> Int64? { free() }
    func checkWritable() async throws(StoreFault) { try await store.checkWritable() }
    func inventory() async throws(StoreFault) -> [InventoryEntry] { try await store.inventory() }
}

/// A catalog whose changes fail by chance; some of them although they were made.
final class FaultyCatalog: UploadCatalog {
    /// Where something else may happen.
    enum Moment: Hashable {
        /// Between the list of old uploads and whatever is done with it.
        case afterExpired
        case beforeEnding
        case beforeRecording
        case beforeCompleting
        /// It is done, and nobody was told.
        case afterCompleting
    }

    private struct State {
        var generator = SeededGenerator(seed: 0)
        var oneIn: UInt64 = 0
        var faultCount = 0
        var interludes: [Moment: @Sendable () async -> Void] = [:]
        var losesNextAnswer = false
    }

    private let catalog: any UploadCatalog
    private let state = Mutex(State())

    init(_ catalog: any UploadCatalog) { self.catalog = catalog }

    /// From now on one call in so many fails; none for 0.
    func fail(oneIn: UInt64, seed: UInt64) {
        state.withLock { state in
            state.oneIn = oneIn
            state.generator = SeededGenerator(seed: seed)
        }
    }

    /// The next part is recorded, but the answer is an error.
    func loseNextAnswer() { state.withLock { $0.losesNextAnswer = true } }

    /// What happens at a moment, each time.
    func at(_ moment: Moment, _ body: @escaping @Sendable () async -> Void) {
        state.withLock { $0.interludes[moment] = body }
    }

    private func reach(_ moment: Moment) async { await state.withLock { $0.interludes[moment] }?() }

    var faultCount: Int { state.withLock { $0.faultCount } }

    private func change<Value>(_ body: () async throws(CatalogFault) -> Value) async throws(CatalogFault) -> Value {
        let (fails, isMade) = state.withLock { state -> (Bool, Bool) in
            guard state.oneIn > 0, state.generator.next() % state.oneIn == 0 else { return (false, false) }
            state.faultCount += 1
            return (true, state.generator.next() % 2 == 0)
        }
        guard fails else { return try await body() }
        guard isMade else { throw CatalogFault(.busy, "by plan") }
        _ = try await body()
        throw CatalogFault(.failed, "by plan, although it was done")
    }

    func create(_ upload: UploadRecord, within admission: Admission) async throws(CatalogFault) -> CreateOutcome {
        try await change { () throws(CatalogFault) in try await catalog.create(upload, within: admission) }
    }

    func claim(
        _ id: FileID, on terms: ClaimTerms, now: Timestamp, expiresAt: Timestamp, within admission: Admission
    ) async throws(CatalogFault) -> ClaimOutcome {
        try await change { () throws(CatalogFault) in
            try await catalog.claim(id, on: terms, now: now, expiresAt: expiresAt, within: admission)
        }
    }

    func append(_ growth: Growth, to id: FileID, expiresAt: Timestamp, within quota: TenantQuota?)
        async throws(CatalogFault) -> AppendOutcome
    {
        try await change { () throws(CatalogFault) in
            try await catalog.append(growth, to: id, expiresAt: expiresAt, within: quota)
        }
    }

    func place(_ places: [FileID: Int64], in home: FileID) async throws(CatalogFault) -> Set<FileID> {
        try await change { () throws(CatalogFault) in try await catalog.place(places, in: home) }
    }

    func joining(after cursor: UploadCursor?, limit: Int) async throws(CatalogFault) -> [UploadRecord] {
        try await catalog.joining(after: cursor, limit: limit)
    }

    func record(
        _ part: StoredPart, of id: FileID, learning layout: PartLayout, detectedType: MediaType?,
        expiresAt: Timestamp, within quota: TenantQuota?
    ) async throws(CatalogFault) -> RecordOutcome {
        await reach(.beforeRecording)
        let outcome = try await change { () throws(CatalogFault) in
            try await catalog.record(
                part, of: id, learning: layout, detectedType: detectedType, expiresAt: expiresAt, within: quota)
        }
        let isLost = state.withLock { state in
            defer { state.losesNextAnswer = false }
            return state.losesNextAnswer
        }
        if isLost { throw CatalogFault(.failed, "the answer was lost") }
        return outcome
    }

    func complete(_ id: FileID, with completion: Completion, announcing handoffs: [Handoff])
        async throws(CatalogFault) -> TransitionOutcome
    {
        await reach(.beforeCompleting)
        let outcome = try await change { () throws(CatalogFault) in
            try await catalog.complete(id, with: completion, announcing: handoffs)
        }
        await reach(.afterCompleting)
        return outcome
    }

    func end(_ id: FileID, as final: UploadState, now: Timestamp) async throws(CatalogFault) -> TransitionOutcome {
        await reach(.beforeEnding)
        return try await change { () throws(CatalogFault) in try await catalog.end(id, as: final, now: now) }
    }

    func endInterruptedStreams(now: Timestamp) async throws(CatalogFault) -> [UploadRecord] {
        try await catalog.endInterruptedStreams(now: now)
    }

    func withdraw(_ id: FileID, now: Timestamp, announcing handoffs: [Handoff]) async throws(CatalogFault)
        -> TransitionOutcome
    {
        try await change { () throws(CatalogFault) in
            try await catalog.withdraw(id, now: now, announcing: handoffs)
        }
    }

    func expired(before now: Timestamp, limit: Int) async throws(CatalogFault) -> [UploadRecord] {
        let found = try await catalog.expired(before: now, limit: limit)
        await reach(.afterExpired)
        return found
    }

    func upload(_ id: FileID) async throws(CatalogFault) -> UploadRecord? {
        try await change { () throws(CatalogFault) in try await catalog.upload(id) }
    }

    func upload(_ reference: UploadReference, of tenant: TenantID) async throws(CatalogFault) -> UploadRecord? {
        try await change { () throws(CatalogFault) in try await catalog.upload(reference, of: tenant) }
    }

    func parts(of id: FileID) async throws(CatalogFault) -> [StoredPart] {
        try await change { () throws(CatalogFault) in try await catalog.parts(of: id) }
    }

    func upload(_ reference: UploadReference, of tenant: TenantID, near number: Int) async throws(CatalogFault)
        -> PartSurroundings?
    {
        try await change { () throws(CatalogFault) in try await catalog.upload(reference, of: tenant, near: number) }
    }

    func uploads(of tenant: TenantID?, in states: Set<UploadState>, after cursor: UploadCursor?, limit: Int)
        async throws(CatalogFault) -> [UploadRecord]
    {
        try await catalog.uploads(of: tenant, in: states, after: cursor, limit: limit)
    }

    func forgetEnded(before moment: Timestamp, limit: Int) async throws(CatalogFault) -> Int {
        try await catalog.forgetEnded(before: moment, limit: limit)
    }

    func endStrayCopies(completedBefore moment: Timestamp, now: Timestamp) async throws(CatalogFault) -> Int {
        try await change { () throws(CatalogFault) in
            try await catalog.endStrayCopies(completedBefore: moment, now: now)
        }
    }

    func references() async throws(CatalogFault) -> [ObjectReference] { try await catalog.references() }
    func checkWritable() async throws(CatalogFault) { try await catalog.checkWritable() }

    func usage(of tenant: TenantID) async throws(CatalogFault) -> TenantUsage {
        try await change { () throws(CatalogFault) in try await catalog.usage(of: tenant) }
    }

    func countedUsages() async throws(CatalogFault) -> [CountedUsage] { try await catalog.countedUsages() }

    func recountUsages() async throws(CatalogFault) -> Int { try await catalog.recountUsages() }

    func reserve(_ id: FileID, atLeast leastBytes: Int64, wanting wantedBytes: Int64, within quota: TenantQuota)
        async throws(CatalogFault) -> ReserveOutcome
    {
        try await change { () throws(CatalogFault) in
            try await catalog.reserve(id, atLeast: leastBytes, wanting: wantedBytes, within: quota)
        }
    }

    func reserveReceived() async throws(CatalogFault) { try await catalog.reserveReceived() }
}
