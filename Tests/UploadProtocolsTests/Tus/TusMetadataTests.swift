import Testing
import UploadModel

@testable import UploadProtocols

/// `Upload-Metadata` of the creation extension.
@Suite struct TusMetadataTests {
    @Test(
        arguments: [
            ("", nil, nil), ("   ", nil, nil), ("filename Zm9vLm1wNA==", "foo.mp4", nil),
            ("filename Zm9vLm1wNA==,filetype dmlkZW8vbXA0,is_confidential", "foo.mp4", "video/mp4"),
            ("name Zm9vLm1wNA==, type dmlkZW8vbXA0", "foo.mp4", "video/mp4"),
            // As Uppy sends both.
            ("name Zg==,filename Zm9vLm1wNA==", "foo.mp4", nil), ("filename ,name Zg==", "f", nil),
            ("filename w6kubXA0", "é.mp4", nil), ("filename Zm9v", "foo", nil), ("filename Zm8", "fo", nil),
        ] as [(String, String?, String?)])
    func isRead(text: String, name: String?, type: String?) throws {
        let metadata = try TusMetadata(text)
        #expect(metadata.text == text)
        #expect(try metadata.word("filename", "name") == name)
        #expect(try metadata.word("filetype", "type") == type)
    }

    /// "Upload-Metadata": keys are not empty, have no blank and no comma, and differ; values are base64.
    @Test(arguments: [
        ",", "a YQ==,", ",a YQ==", "a YQ==,,b YQ==", "a YQ== YQ==", "a YQ==,a Yg==", "a,a", "a Y", "a Y*==", "a -_==",
        "a YQ=", "é YQ==", "a YQ==;b YQ==", " , ",
    ])
    func isRefused(text: String) throws {
        let refused = try fault { () throws(UploadFault) in try TusMetadata(text) }
        #expect(refused.code == .invalidRequest)
        #expect(refused.fields.map(\.field) == ["Upload-Metadata"])
    }

    @Test func aNameMustBeText() throws {
        let metadata = try TusMetadata("filename /w==,other /w==")
        #expect(throws: UploadFault.self) { try metadata.word("filename") }
        #expect(try metadata.word("else") == nil)
    }

    @Test func isKeptAsItCame() throws {
        let text = "b YQ==,a,filename w6kubXA0, odd /w=="
        let kept = try TusKeepsake(metadata: TusMetadata(text), concat: "final;/files/x").text(limits: UploadLimits())
        #expect(
            try Wire(text: try #require(kept)) == [
                "tus": ["Upload-Metadata": .text(text), "Upload-Concat": "final;/files/x"],
                "values": ["a": "", "b": "a", "filename": "é.mp4"],
            ])
        var upload = try Samples.open()
        upload.metadataJSON = kept
        #expect(TusKeepsake(of: upload)?.tus.metadata == text)
        #expect(TusKeepsake(of: upload)?.tus.concat == "final;/files/x")
        #expect(try TusKeepsake(metadata: TusMetadata(""), concat: nil).text(limits: UploadLimits()) == nil)
    }

    /// What another dialect keeps may look like it, and is no field.
    @Test(arguments: [
        nil, "{}", #"{"tus":1}"#, #"{"tus":{"Upload-Metadata":"a\r\nSet-Cookie: b"},"values":{}}"#,
        #"{"tus":{"Upload-Concat":"é"},"values":{}}"#, "nonsense",
    ])
    func othersAreLeftAlone(json: String?) throws {
        var upload = try Samples.open()
        upload.metadataJSON = json
        #expect(TusKeepsake(of: upload) == nil)
    }

    @Test func isBounded() throws {
        var limits = UploadLimits()
        limits.maximumMetadataBytes = 200
        let long = "a " + String(repeating: "YWJj", count: 30)
        #expect(throws: UploadFault.self) {
            try TusKeepsake(metadata: TusMetadata(long), concat: nil).text(limits: limits)
        }
        // The list of what is joined is no metadata.
        let list = "final;" + String(repeating: "/files/x ", count: 100)
        #expect(try TusKeepsake(metadata: TusMetadata("a"), concat: list).text(limits: limits) != nil)
    }
}
