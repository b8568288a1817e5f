import Testing
import UploadModel
import UploadStore

@testable import UploadEngine

extension Bench {
    func begin(
        _ way: UploadWay, sizeBytes: Int? = nil, joins: [FileID] = [],
        digests: [DigestAlgorithm: Digest] = [:]
    ) async throws -> UploadRecord {
        try await engine.begin(
            UploadEngine.Announcement(
                tenant: .default, fileName: .sample, declaredType: nil, sizeBytes: sizeBytes.map(Int64.init), way: way,
                joins: joins, digests: digests))
    }
}

extension UploadEngine {
    /// - Parameter offset: where the upload stands, if `nil`.
    @discardableResult
    func append(
        _ bytes: some Collection<UInt8>, to upload: UploadRecord, at offset: Int? = nil, sizeBytes: Int? = nil,
        endsFile: Bool = false, completesWhenFull: Bool = false, isDeclared: Bool = true,
        expecting digests: [DigestAlgorithm: Digest] = [:], announcing fileDigests: [DigestAlgorithm: Digest] = [:],
        wanting wantedOfFile: Set<DigestAlgorithm> = []
    ) async throws -> AppendUpload.Outcome {
        let offer = AppendOffer(
            offset: offset.map(Int64.init) ?? upload.receivedBytes,
            declaredBytes: isDeclared ? Int64(bytes.count) : nil,
            sizeBytes: sizeBytes.map(Int64.init), endsFile: endsFile, completesWhenFull: completesWhenFull,
            isWholeOrNothing: !digests.isEmpty, digests: Set(digests.keys), fileDigests: fileDigests,
            wantedOfFile: wantedOfFile)
        let append = try await openAppend(upload, offer)
        return try await append.send(bytes) { try await append.finish(expecting: digests) }
    }
}
