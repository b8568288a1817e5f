import NIOCore
import Synchronization
package import UploadModel
package import UploadStore

/// Which calls of a byte store fail, and how.
package struct FaultPlan: Sendable {
    /// What may fail. Ending a piece by abandoning it never does.
    package enum Call: String, Hashable, Sendable, CaseIterable {
        case prepare, writer, append, finish, spool, settle, copy, publish, discard, forget, reader, read, digest
        case freeBytes, checkWritable, inventory
    }

    /// Whether the store has done its work when the error is answered: after a time-out nobody knows.
    package enum Moment: Hashable, Sendable, CaseIterable {
        case before
        case after
    }

    package struct Fault: Hashable, Sendable {
        package let code: StoreFault.Code
        package let moment: Moment

        package init(_ code: StoreFault.Code, _ moment: Moment = .before) {
            self.code = code
            self.moment = moment
        }
    }

    private enum Choice: Sendable {
        case counted([Call: [Int: Fault]])
        case random(SeededGenerator, calls: Set<Call>, oneIn: UInt64, faults: [Fault])
    }

    private var choice: Choice
    private var counts: [Call: Int] = [:]

    /// - Parameter faults: for each call which of its uses fail, counted from 1.
    package init(_ faults: [Call: [Int: Fault]]) { choice = .counted(faults) }

    /// Each of the chosen calls fails once in so many times, by chance; the same seed gives the same faults to the
    /// same calls.
    package init(
        seed: UInt64, calls: Set<Call> = Set(Call.allCases), oneIn: UInt64,
        faults: [Fault] = [Fault(.failed), Fault(.failed, .after), Fault(.full)]
    ) {
        precondition(oneIn > 0 && !faults.isEmpty, "a plan names how often and how calls fail")
        choice = .random(SeededGenerator(seed: seed), calls: calls, oneIn: oneIn, faults: faults)
    }

    /// What becomes of the next use of a call.
    mutating func next(_ call: Call) -> Fault? {
        counts[call, default: 0] += 1
        switch choice {
        case .counted(let faults):
            return faults[call]?[counts[call, default: 0]]
        case .random(var generator, let calls, let oneIn, let faults):
            guard calls.contains(call) else { return nil }
            let fault = generator.next(upperBound: oneIn) == 0 ? faults.randomElement(using: &generator) : nil
            choice = .random(generator, calls: calls, oneIn: oneIn, faults: faults)
            return fault
        }
    }
}

/// A byte store whose calls fail by a plan; what does not fail is the other store's work.
package struct FaultyByteStore: ByteStore {
    private let store: any ByteStore
    private let faults: Faults

    package init(_ store: any ByteStore, plan: FaultPlan) {
        self.store = store
        self.faults = Faults(plan)
    }

    /// Replaces the plan, and with it the counts of calls.
    package func follow(_ plan: FaultPlan) { faults.follow(plan) }

    /// How many calls were made to fail.
    package var faultCount: Int { faults.count }

    package var needs: StoreNeeds { store.needs }

    package func prepare(_ key: ObjectKey, sizeBytes: Int64?) async throws(StoreFault) {
        try await faults.around(.prepare) { () throws(StoreFault) in
            try await store.prepare(key, sizeBytes: sizeBytes)
        }
    }

    package func writer(
        of key: ObjectKey, piece: PiecePlace, sizing: PieceSizing
    ) async throws(StoreFault) -> any PieceWriter {
        try faults.check(.writer)
        return FaultyPieceWriter(try await store.writer(of: key, piece: piece, sizing: sizing), faults)
    }

    package func spool(sizing: PieceSizing) async throws(StoreFault) -> any PieceWriter {
        try faults.check(.spool)
        return FaultyPieceWriter(try await store.spool(sizing: sizing), faults)
    }

    package func settle(
        _ spooled: PieceToken, in key: ObjectKey, at place: PiecePlace, lengthBytes: Int64
    ) async throws(StoreFault) -> PieceToken {
        try await faults.around(.settle) { () throws(StoreFault) in
            try await store.settle(spooled, in: key, at: place, lengthBytes: lengthBytes)
        }
    }

    package func merged(_ earlier: StoredPart, _ later: StoredPart) -> StoredPart? { store.merged(earlier, later) }

    package func copy(
        _ range: ByteRange, of source: ObjectKey, into key: ObjectKey, at place: PiecePlace
    ) async throws(StoreFault) -> PieceToken {
        try await faults.around(.copy) { () throws(StoreFault) in
            try await store.copy(range, of: source, into: key, at: place)
        }
    }

    package func publish(_ key: ObjectKey, pieces: [StoredPart]) async throws(StoreFault) -> ObjectReceipt {
        try await faults.around(.publish) { () throws(StoreFault) in try await store.publish(key, pieces: pieces) }
    }

    package func discard(_ key: ObjectKey, spooled: [PieceToken]) async throws(StoreFault) {
        try await faults.around(.discard) { () throws(StoreFault) in try await store.discard(key, spooled: spooled) }
    }

    package func forget(_ spooled: [PieceToken]) async throws(StoreFault) {
        try await faults.around(.forget) { () throws(StoreFault) in try await store.forget(spooled) }
    }

    package func reader(of key: ObjectKey) async throws(StoreFault) -> any ObjectReader {
        try faults.check(.reader)
        return FaultyObjectReader(try await store.reader(of: key), faults)
    }

    package func freeBytes() async throws(StoreFault) -> Int64? {
        try await faults.around(.freeBytes) { () throws(StoreFault) in try await store.freeBytes() }
    }

    package func checkWritable() async throws(StoreFault) {
        try await faults.around(.checkWritable) { () throws(StoreFault) in try await store.checkWritable() }
    }

    package func inventory() async throws(StoreFault) -> [InventoryEntry] {
        try await faults.around(.inventory) { () throws(StoreFault) in try await store.inventory() }
    }
}

/// The plan, shared by a store and the writers and readers it gave.
private final class Faults: Sendable {
    private let state: Mutex<(plan: FaultPlan, count: Int)>

    init(_ plan: FaultPlan) { state = Mutex((plan, 0)) }

    var count: Int { state.withLock { $0.count } }

    func follow(_ plan: FaultPlan) { state.withLock { $0.plan = plan } }

    func next(_ call: FaultPlan.Call) -> FaultPlan.Fault? {
        state.withLock { state in
            let fault = state.plan.next(call)
            if fault != nil { state.count += 1 }
            return fault
        }
    }

    /// For calls that leave nothing behind: it makes no difference when they fail.
    func check(_ call: FaultPlan.Call) throws(StoreFault) {
        if let fault = next(call) { throw StoreFault(fault.code, "\(call.rawValue): by plan") }
    }

    func around<Value>(
        _ call: FaultPlan.Call, _ body: () async throws(StoreFault) -> Value
    ) async throws(StoreFault) -> Value {
        guard let fault = next(call) else { return try await body() }
        if fault.moment == .after { _ = try await body() }
        throw StoreFault(fault.code, "\(call.rawValue): by plan")
    }
}

private final class FaultyPieceWriter: PieceWriter {
    private let writer: any PieceWriter
    private let faults: Faults

    init(_ writer: any PieceWriter, _ faults: Faults) {
        self.writer = writer
        self.faults = faults
    }

    func compute(_ digests: Set<DigestAlgorithm>) { writer.compute(digests) }

    func append(_ bytes: ByteBuffer) async throws(StoreFault) {
        try faults.check(.append)
        try await writer.append(bytes)
    }

    func finish() async throws(StoreFault) -> PieceReceipt {
        guard let fault = faults.next(.finish) else { return try await writer.finish() }
        switch fault.moment {
        case .before: await writer.abandon()
        case .after: _ = try await writer.finish()
        }
        throw StoreFault(fault.code, "finish: by plan")
    }

    func abandon() async { await writer.abandon() }
}

private final class FaultyObjectReader: ObjectReader {
    private let reader: any ObjectReader
    private let faults: Faults

    init(_ reader: any ObjectReader, _ faults: Faults) {
        self.reader = reader
        self.faults = faults
    }

    var sizeBytes: Int64 { reader.sizeBytes }

    func read(_ range: ByteRange) async throws(StoreFault) -> ByteBuffer {
        try faults.check(.read)
        return try await reader.read(range)
    }

    func digests(_ algorithms: Set<DigestAlgorithm>) async throws(StoreFault) -> [DigestAlgorithm: Digest] {
        try faults.check(.digest)
        return try await reader.digests(algorithms)
    }
}
