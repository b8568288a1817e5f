import MediaLibrary
import NIOCore
import Synchronization
import UploadModel

/// Keeps what comes, and does more with it when the test says so.
final class GatheringSink: TransferSink {
    private let state = Mutex<(heads: [TransferHead], bytes: [UInt8])>(([], []))
    private let onBegin: @Sendable (TransferHead) async throws(UploadFault) -> Void
    private let onBytes: @Sendable (Int) async throws(UploadFault) -> Void

    /// - Parameter onBytes: gets how many bytes came until now.
    init(
        onBegin: @escaping @Sendable (TransferHead) async throws(UploadFault) -> Void = { _ in },
        onBytes: @escaping @Sendable (Int) async throws(UploadFault) -> Void = { _ in }
    ) {
        self.onBegin = onBegin
        self.onBytes = onBytes
    }

    var heads: [TransferHead] { state.withLock { $0.heads } }
    var bytes: [UInt8] { state.withLock { $0.bytes } }

    /// A comparison that does not try to show how a million bytes differ.
    func holds(_ expected: some Collection<UInt8>) -> Bool { bytes.elementsEqual(expected) }

    func began(_ head: TransferHead) async throws(UploadFault) {
        state.withLock { $0.heads.append(head) }
        try await onBegin(head)
    }

    func receive(_ bytes: ByteBuffer) async throws(UploadFault) {
        let count = state.withLock { state in
            state.bytes += bytes.readableBytesView
            return state.bytes.count
        }
        try await onBytes(count)
    }
}

/// A client that is shut down when the test has done with it.
func withClient<Value>(
    threads: Int = 4, _ body: (OutgoingHTTP) async throws -> Value
) async throws -> Value {
    let client = OutgoingHTTP(threads: threads)
    let outcome: Result<Value, any Error>
    do {
        outcome = .success(try await body(client))
    } catch {
        outcome = .failure(error)
    }
    await client.shutDown()
    return try outcome.get()
}

extension OutgoingHTTP {
    /// The fault that a download ends with; `nil` when it succeeds.
    func fault(of order: DownloadOrder, into sink: any TransferSink = GatheringSink()) async -> UploadFault? {
        do throws(UploadFault) {
            _ = try await download(order, into: sink)
            return nil
        } catch {
            return error
        }
    }
}

extension AddressRule {
    /// The Internet and what a test's servers listen on.
    static func loopback(_ ranges: String...) -> AddressRule {
        AddressRule(allowing: (ranges.isEmpty ? ["127.0.0.0/8", "::1"] : ranges).compactMap { AddressRange($0) })
    }
}

extension DownloadOrder {
    /// Small limits, so that what goes wrong ends soon.
    init(_ url: String, addresses: AddressRule = .loopback(), maximumBytes: Int64 = 64 * 1_024 * 1_024) {
        self.init(url: url, addresses: addresses, maximumBytes: maximumBytes)
        totalTimeoutSeconds = 60
        backOffMilliseconds = 1
    }
}

/// Bytes that look random and can be made again from the seed (a linear congruential generator), a block of them again
/// and again with its number in front: quick to make, and none is in its place when some are missing before it.
func patternBytes(_ count: Int, seed: UInt64) -> [UInt8] {
    var state = seed
    let block = (0..<1_021).map { _ in
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return UInt8(truncatingIfNeeded: state >> 56)
    }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count + block.count + 4)
    var number: UInt32 = 0
    while bytes.count < count {
        withUnsafeBytes(of: number.bigEndian) { bytes.append(contentsOf: $0) }
        bytes.append(contentsOf: block)
        number += 1
    }
    bytes.removeLast(bytes.count - count)
    return bytes
}
