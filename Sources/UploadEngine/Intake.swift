package import NIOCore
package import UploadModel
import UploadRules
package import UploadStore

/// Something that takes the bytes of a request body.
package protocol ByteReceiver: Sendable {
    /// Takes bytes; returns when there is room for more. Throws as soon as the bytes cannot be right.
    func receive(_ bytes: ByteBuffer) async throws(UploadFault)

    /// Whether ``vacancy(expecting:)`` may have memory to lend: whether nobody has to look at the next bytes first.
    var lendsMemory: Bool { get }

    /// Memory that the next bytes may be put into instead, told with ``filled(_:)``; `nil` when there is none: now, or
    /// because somebody has to look at the bytes before they are stored.
    ///
    /// - Parameter expecting: how many bytes are there, where more would take long; `nil` where it would not.
    func vacancy(expecting byteCount: Int?) async throws(UploadFault) -> Vacancy?

    /// That many bytes were put at the beginning of what ``vacancy(expecting:)`` lent last. Throws as ``receive(_:)`` does.
    func filled(_ byteCount: Int) async throws(UploadFault)

    /// Returns when a newer request wants the place, or when the calling task is cancelled.
    func revoked() async

    /// Forgets what was taken. Called instead of finishing; safe to call after it, when it changes nothing.
    func abandon() async
}

/// Counts, looks at and writes the bytes of one piece.
// Sendable: used by one task at a time, as ByteReceiver's callers do.
final class Intake: @unchecked Sendable {
    private let writer: any PieceWriter
    private let fillable: (any FillablePieceWriter)?
    private let sizing: PieceSizing
    private let checker: any ContentChecking
    /// Whether the first byte of the piece is the first of the file.
    private let isFileStart: Bool
    private let declaredType: MediaType?
    /// What a length other than the expected is called: of a part it is the part that is wrong, of a file the file.
    private let lengthFault: (tooMany: UploadFault.Code, tooFew: UploadFault.Code)
    private var prefix: [UInt8] = []
    private var isJudged: Bool
    private var isEnded = false
    private var hasFailed = false
    private(set) var receivedBytes: Int64 = 0

    var isOfUnknownLength: Bool {
        if case .atMost = sizing { return true }
        return false
    }

    private(set) var detectedType: MediaType?

    init(
        writer: any PieceWriter, sizing: PieceSizing, checker: any ContentChecking, isFileStart: Bool,
        declaredType: MediaType?, digests: Set<DigestAlgorithm>, isWholeFile: Bool
    ) {
        lengthFault = isWholeFile ? (.tooLarge, .lengthMismatch) : (.invalidPart, .invalidPart)
        self.writer = writer
        fillable = writer as? any FillablePieceWriter
        self.sizing = sizing
        self.checker = checker
        self.isFileStart = isFileStart
        self.declaredType = declaredType
        isJudged = !isFileStart
        if !digests.isEmpty { writer.compute(digests) }
    }

    func receive(_ bytes: ByteBuffer) async throws(UploadFault) {
        receivedBytes += Int64(bytes.readableBytes)
        switch sizing {
        case .exactly(let expected) where receivedBytes > expected:
            throw UploadFault(lengthFault.tooMany, "More bytes came than the \(expected) that belong here.")
        case .atMost(let most) where receivedBytes > most:
            throw UploadFault(.tooLarge, "More than \(most) bytes came, the most allowed here.")
        default: break
        }
        if !isJudged {
            prefix.append(contentsOf: bytes.readableBytesView.prefix(checker.prefixBytes - prefix.count))
            if prefix.count >= checker.prefixBytes { try judge() }
        }
        try await writing { () throws(StoreFault) in try await writer.append(bytes) }
    }

    /// Whether what came can still be made durable: the writer has not ended, and has taken everything.
    var isSound: Bool { !isEnded && !hasFailed }

    private func writing<Value>(_ body: () async throws(StoreFault) -> Value) async throws(UploadFault) -> Value {
        do throws(StoreFault) {
            return try await body()
        } catch {
            hasFailed = true
            throw UploadFault(error)
        }
    }

    var lendsMemory: Bool {
        guard fillable != nil, isJudged, case .exactly(let expected) = sizing else { return false }
        return receivedBytes < expected
    }

    func vacancy(expecting byteCount: Int?) async throws(UploadFault) -> Vacancy? {
        guard let fillable, lendsMemory else { return nil }
        return try await writing { () throws(StoreFault) in try await fillable.vacancy(expecting: byteCount) }
    }

    func filled(_ byteCount: Int) async throws(UploadFault) {
        guard let fillable else { return }
        receivedBytes += Int64(byteCount)
        try await writing { () throws(StoreFault) in try await fillable.filled(byteCount) }
    }

    /// All bytes came; they are durable when this returns.
    ///
    /// - Parameter isWholeFile: whether nothing follows, so that a short beginning is all there is to look at.
    func seal(isWholeFile: Bool) async throws(UploadFault) -> PieceReceipt {
        if case .exactly(let expected) = sizing, receivedBytes != expected {
            throw UploadFault(lengthFault.tooFew, "\(expected) bytes belong here; \(receivedBytes) came.")
        }
        if !isJudged, isWholeFile { try judge() }
        // Whatever it answers, the writer has ended then and must not be ended again.
        isEnded = true
        return try await translating { () throws(StoreFault) in try await writer.finish() }
    }

    /// Makes durable what came, be it less than was expected. Only while it ``isSound``.
    func sealWhatCame() async throws(UploadFault) -> PieceReceipt {
        isEnded = true
        return try await translating { () throws(StoreFault) in try await writer.finish() }
    }

    func abandon() async {
        guard !isEnded else { return }
        isEnded = true
        await writer.abandon()
    }

    private func judge() throws(UploadFault) {
        isJudged = true
        detectedType = try Self.judge(prefix, declared: declaredType, checker: checker)
        // The beginning is kept: a form may name its file, and so its type, after the bytes.
    }

    var isOfNoKnownType: Bool { isJudged && isFileStart && detectedType == nil }

    func settledType() throws(UploadFault) -> MediaType? {
        if !isJudged { try judge() }
        return detectedType
    }

    /// Looks once more at the beginning of a whole file whose type was declared, perhaps again, after its bytes.
    func judgeAgain(declared: MediaType) throws(UploadFault) {
        detectedType = try Self.judge(prefix, declared: declared, checker: checker)
        isJudged = true
    }

    /// The type to remember: `nil` when nothing was declared and the bytes are no accepted format.
    static func judge(_ prefix: [UInt8], declared: MediaType?, checker: any ContentChecking)
        throws(UploadFault) -> MediaType?
    {
        switch checker.verdict(on: prefix, declared: declared) {
        case .matches(let type): return type
        case .unknown: return nil
        case .contradicts(let found):
            throw UploadFault(
                .contentMismatch,
                "The bytes are \(found), not \(declared?.text ?? "an accepted format"); send a file of the type you declared."
            )
        }
    }
}
