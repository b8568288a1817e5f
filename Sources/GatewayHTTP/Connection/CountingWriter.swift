import HTTPTypes
import HummingbirdCore
import NIOCore
import NIOHTTPTypes
import UploadModel
import UploadStore

/// Counts what was sent.
// Sendable: never leaves the task of its request.
final class SentBytes: @unchecked Sendable {
    var bytes: Int64 = 0
}

/// A writer that sends files without reading them.
protocol FileBodyWriter {
    func write(_ file: any FileObjectReader, _ range: ByteRange) async throws
}

/// Sends the body of an answer to its connection and counts it; files without reading them.
struct CountingWriter: ResponseBodyWriter, FileBodyWriter {
    let outbound: GatewayChannel.Outbound
    let counter: SentBytes
    let lane: NIOLoopBound<BodyLane>

    func write(_ file: any FileObjectReader, _ range: ByteRange) async throws {
        let handle = NIOFileHandle(_deprecatedTakingOwnershipOfDescriptor: file.descriptor)
        // The descriptor stays the reader's.
        defer { _ = try? handle.takeDescriptorOwnership() }
        var rest = range
        while rest.length > 0 {
            let ready = try await file.makeReady(rest)
            try await lane.value.send(
                FileRegion(fileHandle: handle, readerIndex: Int(ready.start), endIndex: Int(ready.end)))
            counter.bytes += ready.length
            rest = ByteRange(start: ready.end, length: rest.end - ready.end)
        }
    }

    mutating func write(_ buffer: ByteBuffer) async throws {
        counter.bytes += Int64(buffer.readableBytes)
        try await outbound.write(.body(buffer))
    }

    consuming func finish(_ trailingHeaders: HTTPFields?) async throws {
        try await outbound.write(.end(trailingHeaders))
    }
}
