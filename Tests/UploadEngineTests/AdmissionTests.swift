import NIOCore
import Testing
import UploadModel
import UploadStore
import UploadStoreTesting

@testable import UploadEngine

@Suite struct AdmissionTests {
    @Test func aTenantHasSoManyOpenUploadsAndNoMore() async throws {
        let bench = Bench(limits: { $0.maximumOpenUploadsPerTenant = 3 })
        let begun = try await withThrowingTaskGroup(of: UploadRecord?.self) { group in
            for _ in 0..<20 {
                group.addTask {
                    do { return try await bench.begin(sizeBytes: 10) } catch let fault as UploadFault {
                        #expect(fault.code == .tooManyUploads && fault.retryAfterSeconds != nil)
                        return nil
                    }
                }
            }
            return try await group.reduce(into: [UploadRecord]()) { if let one = $1 { $0.append(one) } }
        }
        #expect(begun.count == 3)
        #expect(try await bench.store.inventory().count == 3)
        // A link is counted when it is used, and stays unused when there is no place.
        let link = try await bench.grant()
        await expectFault(.tooManyUploads) { _ = try await bench.engine.claim(link.fileID) }
        await expectFault(.tooManyUploads) {
            _ = try await bench.engine.openDirect(
                tenant: .default, fileName: .sample, declaredType: nil, limitBytes: nil)
        }
        await expectFault(.tooManyUploads) {
            try await bench.engine.send(
                sample(5),
                as: ChunkDescription(
                    tenant: .default, reference: "one-more", number: 1, count: 2, fileName: .sample),
                isFileFirst: true)
        }
        #expect(try await bench.store.inventory().count == 3)
        try await bench.engine.abort(begun[0])
        try await bench.engine.stream(sample(5), into: bench.engine.claim(link.fileID))
        _ = try await bench.begin(sizeBytes: 10)
        await expectFault(.tooManyUploads) { _ = try await bench.begin(sizeBytes: 10) }
        try await bench.expectTidy()
    }

    /// Free bytes, the size of the upload, and whether it is let in over a reserve of 1000 bytes.
    @Test(arguments: [
        (free: Int64?.none, size: Int64?.some(1 << 36), isAdmitted: true), (2000, 1000, true), (2000, 1001, false),
        (2000, nil, true), (1000, nil, true), (999, nil, false), (1000, 0, true), (0, 0, false), (0, 1 << 36, false),
    ])
    func theReserveOfTheDiskIsKept(_ free: Int64?, _ size: Int64?, _ isAdmitted: Bool) async throws {
        let bench = Bench(
            limits: { $0.freeDiskReserveBytes = 1000 },
            wrap: { store in ShapedStore(store: store, free: { free }) })
        func expect(_ body: () async throws -> Void) async throws {
            if isAdmitted { try await body() } else { await expectFault(.insufficientStorage) { try await body() } }
        }
        try await expect { _ = try await bench.begin(sizeBytes: size.map { Int($0) }) }
        guard size == nil else { return }
        let link = try await bench.grant()
        try await expect { _ = try await bench.engine.claim(link.fileID) }
        #expect(try await bench.standing(link).state == (isAdmitted ? .receiving : .granted))
        try await expect { await (try await bench.engine.openSpooledChunk(of: .default)).abandon() }
        try await expect {
            let stream = try await bench.engine.openDirect(
                tenant: .default, fileName: .sample, declaredType: nil, limitBytes: nil)
            await stream.abandon()
        }
        try await bench.expectTidy()
    }

    @Test func aStreamThatIsTooLargeForTheDiskIsRefusedBeforeItsFirstByte() async throws {
        let bench = Bench(
            limits: { $0.freeDiskReserveBytes = 1000 }, wrap: { ShapedStore(store: $0, free: { 5000 }) })
        let upload = try await bench.engine.claim(bench.grant().fileID)
        await expectFault(.insufficientStorage) {
            _ = try await bench.engine.openStream(upload, declaredBytes: 4001, digests: [])
        }
        #expect(try await bench.standing(upload).state == .failed)
        #expect(try await bench.store.inventory() == [])
        try await bench.expectTidy()
    }

    @Test func partSizesAreBoundedByTheLimitsAndTheStore() async throws {
        let bench = Bench(limits: {
            $0.minimumPartBytes = 10
            $0.maximumPartBytes = 100
            $0.maximumPartCount = 5
            $0.maximumUploadBytes = 450
        })
        for (size, part) in [(100, 9), (100, 101), (400, 79)] {
            let fault = await expectFault(.invalidRequest) {
                _ = try await bench.begin(sizeBytes: size, partBytes: part)
            }
            #expect(fault?.fields.map(\.field) == ["partSize"])
        }
        await expectFault(.tooLarge) { _ = try await bench.begin(sizeBytes: 451) }
        await expectFault(.tooLarge) { _ = try await bench.grant(sizeBytes: 451) }
        let upload = try await bench.begin(partBytes: 100)
        for number in 1...4 { try await bench.engine.send(sample(100), as: number, of: upload) }
        await expectFault(.tooLarge) { try await bench.engine.send(sample(51), as: 5, of: upload, isDeclared: false) }
        await expectFault(.tooLarge) { try await bench.engine.send(sample(51), as: 5, of: upload) }
        await expectFault(.invalidPart) { try await bench.engine.send(sample(1), as: 6, of: upload) }
        try await bench.engine.send(sample(50), as: 5, of: upload)
        #expect(try await bench.content(of: bench.engine.complete(upload)).count == 450)
        try await bench.expectTidy()
    }
}
