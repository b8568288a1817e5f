import Testing
import UploadModel
import UploadStore

@testable import UploadEngine

@Suite struct FreshUploadsTests {
    private func upload(
        _ layout: PartLayout = PartLayout(partSizeBytes: 10, partCount: 10_000, sizeBytes: 100_000)
    ) throws -> UploadRecord {
        UploadRecord(
            fileID: .random(), tenant: .default, fileName: try .sample, declaredType: nil, layout: layout,
            maximumBytes: 100_000, state: .receiving, createdAt: Timestamp(milliseconds: 1),
            expiresAt: Timestamp(milliseconds: 2))
    }

    private func isKnown(_ upload: UploadRecord, to fresh: FreshUploads, part number: Int = 1) -> Bool {
        fresh.surroundings(of: number, in: upload.fileID, of: upload.tenant) != nil
    }

    @Test func aPartIsKnownNotToBeThereUntilItIsRecorded() throws {
        let fresh = FreshUploads()
        let (upload, other) = (try upload(), try upload())
        fresh.began(upload)
        fresh.began(other)
        let expected = PartSurroundings(upload: upload, parts: [])
        #expect(fresh.surroundings(of: 7, in: upload.fileID, of: .default) == expected)
        fresh.recorded(7, of: upload.fileID)
        #expect(!isKnown(upload, to: fresh, part: 7))
        for number in [6, 8] {
            #expect(fresh.surroundings(of: number, in: upload.fileID, of: .default) == expected)
        }
        #expect(isKnown(other, to: fresh, part: 7))
    }

    @Test func anotherTenantLearnsNothing() throws {
        let fresh = FreshUploads()
        let upload = try upload()
        fresh.began(upload)
        #expect(fresh.surroundings(of: 1, in: upload.fileID, of: try #require(TenantID("other"))) == nil)
        #expect(fresh.surroundings(of: 1, in: .random(), of: .default) == nil)
        #expect(isKnown(upload, to: fresh))
    }

    /// What parts of an upload are depends on others as long as one of these is open.
    @Test(arguments: [
        PartLayout(), PartLayout(partSizeBytes: 10), PartLayout(partCount: 2), PartLayout(sizeBytes: 20),
        PartLayout(partSizeBytes: 10, partCount: 2), PartLayout(partSizeBytes: 10, sizeBytes: 20),
        PartLayout(partCount: 2, sizeBytes: 20),
    ])
    func whatIsStillToBeLearnedIsNotKept(_ layout: PartLayout) throws {
        let fresh = FreshUploads()
        let upload = try upload(layout)
        fresh.began(upload)
        #expect(!isKnown(upload, to: fresh))
    }

    @Test func whatIsForgottenStaysForgotten() throws {
        let fresh = FreshUploads()
        let (upload, other) = (try upload(), try upload())
        fresh.began(upload)
        fresh.began(other)
        fresh.forget(upload.fileID)
        #expect(!isKnown(upload, to: fresh))
        // A part that was under way is recorded after it.
        fresh.recorded(1, of: upload.fileID)
        #expect(!isKnown(upload, to: fresh, part: 2))
        #expect(isKnown(other, to: fresh))
        fresh.forget(upload.fileID)
    }

    @Test func theOldestAreForgottenFirst() throws {
        let fresh = FreshUploads()
        let uploads = try (0..<FreshUploads.maximumCount + 10).map { _ in try upload() }
        for upload in uploads { fresh.began(upload) }
        let known = uploads.map { isKnown($0, to: fresh) }
        #expect(known == uploads.indices.map { $0 >= 10 })
    }

    /// Uploads that end are no reason to forget one that takes long.
    @Test func whatWasForgottenTakesNobodysPlace() throws {
        let fresh = FreshUploads()
        let old = try upload()
        fresh.began(old)
        for _ in 0..<3 * FreshUploads.maximumCount {
            let upload = try upload()
            fresh.began(upload)
            fresh.forget(upload.fileID)
        }
        let others = try (1..<FreshUploads.maximumCount).map { _ in try upload() }
        for other in others { fresh.began(other) }
        #expect(isKnown(old, to: fresh))
        // It still is the oldest.
        let last = try upload()
        fresh.began(last)
        #expect(!isKnown(old, to: fresh))
        #expect((others + [last]).allSatisfy { isKnown($0, to: fresh) })
    }

    @Test func anUploadWhosePartsComeScatteredIsForgotten() throws {
        let fresh = FreshUploads()
        let (scattered, inOrder) = (try upload(), try upload())
        fresh.began(scattered)
        fresh.began(inOrder)
        for number in 0..<FreshUploads.maximumRanges {
            #expect(isKnown(scattered, to: fresh, part: 2))
            fresh.recorded(1 + 2 * number, of: scattered.fileID)
        }
        #expect(isKnown(scattered, to: fresh, part: 2))
        fresh.recorded(3 * FreshUploads.maximumRanges, of: scattered.fileID)
        #expect(!isKnown(scattered, to: fresh, part: 2))
        for number in 1...9999 { fresh.recorded(number, of: inOrder.fileID) }
        #expect(isKnown(inOrder, to: fresh, part: 10_000))
        #expect(!isKnown(inOrder, to: fresh, part: 9999))
    }
}
