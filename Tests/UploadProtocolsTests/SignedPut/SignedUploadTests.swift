import Testing
import UploadModel
import UploadProtocols

@Suite struct SignedUploadTests {
    @Test(arguments: GrantedProtocol.allCases)
    func readsWhatItWrites(way: GrantedProtocol) throws {
        let target = SignedUpload(try Samples.open(), over: way)
        #expect(target.text == "\(way.pathPrefix)\(Samples.idText)?tenant=default")
        #expect(target.path == "\(way.pathPrefix)\(Samples.idText)")
        for tail in ["", "&kid=abcdefgh"] {
            #expect(SignedUpload(verified: (target.text + tail)[...]) == target)
        }
    }

    static let head = "/uploads/\(Samples.idText)"

    @Test(arguments: [
        "", "?", head, "\(head)?", "\(head)?tenant=", "\(head)?tenant=a%20b", "\(head)?x=1&tenant=default",
        "\(head)?tenant=defaultx!", "\(head)x?tenant=default", "\(head)/a.mp4?tenant=default",
        "/uploads/?tenant=default",
        "/upload\(Samples.idText)?tenant=default", "//uploads/\(Samples.idText)?tenant=default",
        "/other/\(Samples.idText)?tenant=default", "/uploads/%61bcdefghijklmnopqrstuvwxy-_?tenant=default",
    ])
    func readsNothingElse(text: String) { #expect(SignedUpload(verified: text[...]) == nil) }

    /// No URL of one kind is read as one of another, whatever was signed.
    @Test func kindsAreKeptApart() throws {
        let upload = try Samples.open()
        for way in GrantedProtocol.allCases {
            let text = SignedTarget(upload, expiresAt: Samples.moment, for: way).text
            #expect(SignedUpload(verified: text[...]) == nil)
            for other in GrantedProtocol.allCases {
                #expect((SignedTarget(verified: text[...], for: other) != nil) == (way == other))
            }
            #expect(way.signedMethod != SignedUpload.signedMethod)
        }
    }

    @Test(arguments: [
        ("tenant=a&kid=b&sig=c", true), ("sig=", true), ("", false), ("tenant=a", false), ("design=1", false),
        ("a=sig=1", false),
    ])
    func knowsSignatures(query: String, isSigned: Bool) { #expect(SignedUpload.isSigned(query: query) == isSigned) }
}
