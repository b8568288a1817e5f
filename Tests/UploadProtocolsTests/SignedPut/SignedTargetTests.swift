import Testing
import UploadModel
import UploadProtocols

@Suite struct SignedTargetTests {
    static let names = [
        "test.mov", "a b.mov", " .mov", "a+b.mov", "100%.mov", "%41.mov", "%.mov", "\"q\" 'q'.mov", "a&size=1.mov",
        "a?b#c;d=e,f.mov", "é.mov", "e\u{301}.mov", "日本語.mov", "😀👩‍👩‍👧.mov", "\u{301}.mov", "\u{FEFF}a.mov", "~-._.mov",
        "…mov", "a.", String(repeating: "é", count: 127),
    ]

    static func isUnreserved(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "-._~".utf8.contains(byte)
        }
    }

    @Test(arguments: names, [nil, 0, 1, 1_099_511_627_776] as [Int64?])
    func readsWhatItWrites(name: String, size: Int64?) throws {
        var upload = try Samples.open(name: name, layout: PartLayout(sizeBytes: size))
        upload.maximumBytes = 1 << 40
        upload.tenant = try #require(TenantID("te-n_ant"))
        let target = SignedTarget(upload, expiresAt: Samples.moment.adding(seconds: 7))
        // What a signature covers must pass through clients and proxies without another spelling.
        let marks = "/?&=%".utf8
        #expect(target.text.utf8.allSatisfy { Self.isUnreserved($0) || marks.contains($0) })
        for tail in ["", "&kid=abcdefgh"] {
            let text = target.text + tail
            let read = try #require(SignedTarget(verified: text[...]))
            #expect(read == target)
            #expect(Array(read.fileName.text.utf8) == Array(name.utf8))
            #expect(read.text == target.text)
            #expect(read.sizeBytes == size)
            #expect(read.tenant.text == "te-n_ant")
            #expect(read.expiresAt == Samples.moment.adding(seconds: 7))
        }
    }

    @Test func standsInOneSpelling() throws {
        let target = SignedTarget(try Samples.open(name: "a b.mov"), expiresAt: Samples.moment)
        let text =
            "/upload/\(Samples.idText)/a%20b.mov?type=video%2Fquicktime&size=1000&max=5000&exp=1707818400"
            + "&tenant=default"
        #expect(target.text == text)
        #expect(GrantedProtocol.put.signedMethod == "PUT")
    }

    @Test func cutsMilliseconds() throws {
        let late = Timestamp(milliseconds: Samples.moment.milliseconds + 999)
        let target = SignedTarget(try Samples.open(), expiresAt: late)
        #expect(target.expiresAt == Samples.moment)
        #expect(target == SignedTarget(verified: target.text[...]))
    }

    static let head = "/upload/\(Samples.idText)"
    static let query = "type=video%2Fmp4&size=5&max=9&exp=1707818400&tenant=default"

    @Test func readsTheTextThatForeignTextsDifferFrom() {
        let text = "\(Self.head)/a.mp4?\(Self.query)"
        #expect(SignedTarget(verified: text[...])?.sizeBytes == 5)
    }

    static let foreign: [String] =
        [
            "", "?", "/", "/upload/", "/upload/?", "\(head)", "\(head)/a.mp4", "\(head)?\(query)", "\(head)/?\(query)",
            "\(head)/a.mp4/?\(query)", "\(head)/a/b.mp4?\(query)", "/upload//a.mp4?\(query)",
            "//upload/\(Samples.idText)/a.mp4?\(query)", "/files/\(Samples.idText)/a.mp4?\(query)",
            "/upload/short/a.mp4?\(query)", "\(head)x/a.mp4?\(query)", "\(head)/%2E%2E?\(query)", "\(head)/..?\(query)",
            "\(head)/a%2Fb.mp4?\(query)", "\(head)/a%00.mp4?\(query)", "\(head)/%zz?\(query)", "\(head)/%FF?\(query)",
            // The same values in another spelling.
            "\(head)/%61.mp4?\(query)", "\(head)/a+b.mp4?\(query)", "\(head)/a%2bb.mp4?\(query)", "\(head)/ü?\(query)",
            "https://up.example.com\(head)/a.mp4?\(query)",
        ]
        + [
            "", "type=video%2Fmp4", "x=1&\(query)", "\(query)x!",
            "type=video/mp4&size=5&max=9&exp=1707818400&tenant=default",
            "type=video&size=5&max=9&exp=1707818400&tenant=default",
            "type=video%2Fmp4&size=&max=9&exp=1707818400&tenant=default",
            "type=video%2Fmp4&size=x&max=9&exp=1707818400&tenant=default",
            "type=video%2Fmp4&size=05&max=9&exp=1707818400&tenant=default",
            "type=video%2Fmp4&size=5&size=6&max=9&exp=1707818400&tenant=default",
            "type=video%2Fmp4&max=9&size=5&exp=1707818400&tenant=default",
            "type=video%2Fmp4&size=5&max=&exp=1707818400&tenant=default",
            "type=video%2Fmp4&size=5&max=%2B9&exp=1707818400&tenant=default",
            "type=video%2Fmp4&size=5&max=9&exp=soon&tenant=default",
            "type=video%2Fmp4&size=5&max=9&exp=99999999999999999999&tenant=default",
            "type=video%2Fmp4&size=5&max=9&exp=9223372036854775807&tenant=default",
            "type=video%2Fmp4&size=5&max=9&exp=1707818400", "type=video%2Fmp4&size=5&max=9&exp=1707818400&tenant=",
            "type=video%2Fmp4&size=5&max=9&exp=1707818400&tenant=a%20b",
            "type=video%2Fmp4&size=5&exp=1707818400&tenant=default",
            "size=5&max=9&exp=1707818400&tenant=default",
        ].map { "\(head)/a.mp4?\($0)" }

    @Test(arguments: foreign)
    func readsNothingElse(text: String) {
        #expect(SignedTarget(verified: text[...]) == nil)
    }
}
