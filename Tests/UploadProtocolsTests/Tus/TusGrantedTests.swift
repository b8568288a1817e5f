import HTTPTypes
import Testing
import UploadModel

@testable import UploadProtocols

/// Creations through a granted URL.
@Suite struct TusGrantedTests {
    /// For an mp4 of at most 5000 bytes.
    private static func target(sizeBytes: Int64? = nil) throws -> SignedTarget {
        let upload = try Samples.open(
            name: "film.mp4", type: "video/mp4", layout: PartLayout(sizeBytes: sizeBytes))
        return SignedTarget(upload, expiresAt: upload.expiresAt, for: .tus)
    }

    private static func creation(_ fields: [(String, String)], sizeBytes: Int64? = nil) throws -> TusCreation {
        try TusCreation(
            TusHeads.head(.post, fields), granted: try target(sizeBytes: sizeBytes), formats: .known,
            limits: UploadLimits())
    }

    @Test func nameAndTypeAreTheGrants() throws {
        let text = "filename b3RoZXIubW92,filetype YXBwbGljYXRpb24vbXA0,x eQ=="
        let creation = try Self.creation([("Upload-Length", "5000"), ("Upload-Metadata", text)])
        #expect(creation.fileName.text == "film.mp4")
        #expect(creation.declaredType?.text == "video/mp4")
        #expect(creation.sizeBytes == 5000)
        #expect(creation.concat == nil)
        #expect(creation.append == nil)
        #expect(creation.metadataJSON?.contains(text) == true)
    }

    @Test func aSizeThatIsGrantedIsKnown() throws {
        #expect(try Self.creation([("Upload-Defer-Length", "1")], sizeBytes: 7).sizeBytes == 7)
        #expect(try Self.creation([("Upload-Length", "7")], sizeBytes: 7).sizeBytes == 7)
        #expect(try Self.creation([("Upload-Defer-Length", "1")]).sizeBytes == nil)
        #expect(try Self.creation([("Upload-Length", "0")]).sizeBytes == 0)
    }

    /// `filetype` of the metadata, or nothing said that could contradict.
    @Test(arguments: ["", "YXBwbGljYXRpb24vb2N0ZXQtc3RyZWFt", "dmlkZW8vbXA0", "YXBwbGljYXRpb24vbXA0", "bXA0"])
    func aTypeThatAgrees(base64: String) throws {
        let creation = try Self.creation([("Upload-Length", "1"), ("Upload-Metadata", "filetype \(base64)")])
        #expect(creation.declaredType?.text == "video/mp4")
    }

    static let refusals: [(fields: [(String, String)], sizeBytes: Int64?, code: UploadFault.Code)] = [
        ([], nil, .invalidRequest),
        ([("Upload-Length", "5001")], nil, .tooLarge),
        ([("Upload-Length", "99999999999999999999")], nil, .tooLarge),
        ([("Upload-Length", "6")], 7, .inconsistentLength),
        ([("Upload-Length", "8")], 7, .inconsistentLength),
        // image/png; words that are no type.
        ([("Upload-Length", "1"), ("Upload-Metadata", "filetype aW1hZ2UvcG5n")], nil, .contentTypeMismatch),
        ([("Upload-Length", "1"), ("Upload-Metadata", "type eA==")], nil, .contentTypeMismatch),
        ([("Upload-Length", "1"), ("Upload-Metadata", "filetype !")], nil, .invalidRequest),
        ([("Upload-Length", "1"), ("Upload-Concat", "partial")], nil, .invalidRequest),
        ([("Upload-Concat", "final;/files/a")], nil, .invalidRequest),
        ([("Upload-Length", "5"), ("Content-Length", "6"), TusHeads.bytes], nil, .tooLarge),
        ([("Upload-Defer-Length", "1"), ("Content-Length", "5001"), TusHeads.bytes], nil, .tooLarge),
        ([("Upload-Defer-Length", "1"), ("Content-Length", "8"), TusHeads.bytes], 7, .tooLarge),
        ([("Upload-Length", "5"), ("Content-Length", "5")], nil, .contentTypeMismatch),
    ]

    @Test(arguments: refusals.indices)
    func whatTheGrantIsAgainst(row: Int) throws {
        let (fields, sizeBytes, code) = Self.refusals[row]
        let fault = #expect(throws: UploadFault.self) { try Self.creation(fields, sizeBytes: sizeBytes) }
        #expect(fault?.code == code, "\(fields): \(fault?.detail ?? "")")
    }
}
