import NIOCore
import Testing
import UploadModel
import UploadStore
import UploadStoreTesting

@testable import UploadEngine

/// What other programs over the same store and catalog do to an upload, and what a refused completion left behind.
extension FreshPartTests {
    /// Its file lives on in the descriptors of whoever writes to it.
    @Test(arguments: [false, true])
    func whatAnotherProgramAbortedIsGoneAlsoWhileItIsWrittenTo(_ isOnDisk: Bool) async throws {
        try await withTwo(onDisk: isOnDisk) { bench, other in
            let upload = try await begin(3 * Self.partBytes, parts: 3, on: bench)
            try await bench.engine.send(sample(Self.partBytes), as: 1, of: upload.fileID)
            let held = try await bench.engine.openPart(
                2, of: upload.fileID.text, tenant: .default, declaredBytes: Int64(Self.partBytes), digests: [])
            try await held.receive(ByteBuffer(bytes: sample(100)))
            try await other.abort(upload)
            #expect(bench.engine.isFresh(upload, part: 3))
            for number in [3, 3, 1] {
                await expectFault(.uploadGone, "part \(number)") {
                    try await bench.engine.send(sample(Self.partBytes), as: number, of: upload.fileID)
                }
            }
            #expect(!bench.engine.isFresh(upload, part: 3))
            await held.abandon()
            #expect(try await bench.store.inventory() == [])
            try await bench.expectTidy()
        }
    }

    /// As when an old program still drains while its successor serves the same folder.
    @Test(arguments: [false, true])
    func whatAnotherProgramCompletedIsNeverWrittenTo(_ isOnDisk: Bool) async throws {
        try await withTwo(onDisk: isOnDisk) { bench, other in
            let bytes = sample(2 * Self.partBytes)
            let upload = try await begin(bytes.count, parts: 2, on: bench)
            try await bench.engine.send(slice(bytes, part: 1, of: Self.partBytes), as: 1, of: upload.fileID)
            try await other.send(slice(bytes, part: 2, of: Self.partBytes), as: 2, of: upload.fileID)
            let complete = try await other.complete(upload)
            #expect(bench.engine.isFresh(upload, part: 2))
            await expectFault(.alreadyComplete) {
                try await bench.engine.send(sample(Self.partBytes, seed: 9), as: 2, of: upload.fileID)
            }
            let isSame = try await bench.content(of: complete) == bytes
            #expect(isSame)
            try await bench.expectTidy()
        }
    }

    /// A completion that was refused has read the file already, and knows how long it was then.
    @Test func aFileThatWasTooShortIsMendedByOneMorePart() async throws {
        try await withTwo(onDisk: true) { bench, _ in
            let bytes = sample(3 * Self.partBytes)
            let upload = try await bench.begin(partBytes: Self.partBytes, sha256: try digest(.sha256, of: bytes))
            for number in 1...3 {
                try await bench.engine.send(
                    slice(bytes, part: number, of: Self.partBytes), as: number, of: upload.fileID)
                guard number < 3 else { break }
                await expectFault(.digestMismatch) { _ = try await bench.engine.complete(upload) }
            }
            let isSame = try await bench.content(of: bench.engine.complete(upload)) == bytes
            #expect(isSame)
            try await bench.expectTidy()
        }
    }
}
