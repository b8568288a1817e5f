import Testing

@testable import UploadModel

@Suite struct MediaTypeTests {
    @Test(arguments: [
        ("video/mp4", "video/mp4"), ("VIDEO/Mp4", "video/mp4"), (" video/mp4\t", "video/mp4"),
        ("video/mp4; codecs=\"avc1, mp4a\"", "video/mp4"), ("video/mp4 ;", "video/mp4"), ("video/mp4;;", "video/mp4"),
        ("image/svg+xml", "image/svg+xml"), ("application/vnd.apple.mpegurl", "application/vnd.apple.mpegurl"),
        ("x/!#$%&'*+-.^_`|~", "x/!#$%&'*+-.^_`|~"), ("a/b", "a/b"),
        ("a/" + String(repeating: "b", count: 125), "a/" + String(repeating: "b", count: 125)),
    ])
    func `a media type`(text: String, type: String) {
        #expect(MediaType(text)?.text == type)
        #expect(MediaType(text)?.description == type)
    }

    @Test(arguments: [
        "", " ", ";", "video", "video/", "/mp4", "/", "video//mp4", "video/mp4/x", "video /mp4", "video/ mp4",
        "video/mp 4", "video/mp4, image/png", "video/\u{E9}", "video/mp4\n", "video/mp4\0", "video/(mp4)", "video/m:p",
        "video/m=p", "video/\"mp4\"", "*/*x y", "; video/mp4", "a/" + String(repeating: "b", count: 126), "video/m[p",
        "video/m@p", "\u{301}video/mp4", "video/x-matros\u{212A}a",
    ])
    func `no media type`(text: String) {
        #expect(MediaType(text) == nil)
    }

    @Test func `the type of what is unknown can be read`() {
        #expect(MediaType("application/octet-stream") == .octetStream)
    }

    /// Every byte, in the middle of a subtype: the tchar of RFC 9110 section 5.6.2 and nothing else.
    @Test func `the characters of a type`() {
        let symbols = Set("!#$%&'*+-.^_`|~".unicodeScalars)
        for value in UInt8.min...0x7F {
            let scalar = UnicodeScalar(value)
            let isToken =
                ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar) || ("0"..."9").contains(scalar)
                || symbols.contains(scalar)
            let text = "video/m\(Character(scalar))p"
            let wanted = scalar == ";" ? "video/m" : isToken ? text.lowercased() : nil
            #expect(MediaType(text)?.text == wanted, "byte \(value)")
        }
    }
}

@Suite struct MediaFormatTableTests {
    private static let known = MediaFormatTable.known

    @Test func `no name means two formats`() {
        let extensions = Self.known.formats.flatMap(\.extensions)
        #expect(Set(extensions).count == extensions.count)
        let types = Self.known.formats.flatMap { [$0.mediaType] + $0.synonyms }
        #expect(Set(types).count == types.count)
    }

    @Test(arguments: MediaFormatTable.known.formats.map(\.mediaType.text))
    func `every format is found by each of its names`(type: String) throws {
        let format = try #require(Self.known.formats.first { $0.mediaType.text == type })
        #expect(!format.extensions.isEmpty)
        #expect(type.hasPrefix(format.kind.rawValue + "/"))
        for name in format.extensions {
            #expect(name == name.lowercased() && !name.hasPrefix("."))
            #expect(Self.known.format(fileExtension: name) == format)
            #expect(Self.known.format(fileExtension: name.uppercased()) == format)
            #expect(Self.known.format(named: name.uppercased()) == format)
        }
        for synonym in [format.mediaType] + format.synonyms {
            #expect(Self.known.format(of: synonym) == format)
            #expect(Self.known.format(named: synonym.text.uppercased()) == format)
            #expect(Self.known.format(named: synonym.text + "; x=y") == format)
        }
    }

    @Test(
        arguments: [
            ("mov", "video/quicktime"), ("quicktime", "video/quicktime"), ("QuickTime", "video/quicktime"),
            ("jpg", "image/jpeg"), ("jpeg", "image/jpeg"), ("image/jpg", "image/jpeg"), ("png", "image/png"),
            ("mp4", "video/mp4"), ("heif", "image/heic"), ("mkv", "video/x-matroska"),
            ("video/vnd.avi", "video/x-msvideo"),
            ("exe", nil), ("", nil), ("/", nil), ("video/", nil), (".mov", nil), ("text/html", nil), ("mov ", nil),
        ] as [(String, String?)])
    func `what a client may write`(name: String, type: String?) {
        #expect(Self.known.format(named: name)?.mediaType.text == type)
    }

    @Test func `a selection`() throws {
        let selected = try #require(Self.known.selecting(["video/mp4", "jpg", "JPEG", "quicktime", "image/jpeg"]))
        #expect(selected.formats.map(\.mediaType.text) == ["video/mp4", "image/jpeg", "video/quicktime"])
        #expect(selected.format(named: "png") == nil)
        #expect(Self.known.selecting(["mp4", "exe"]) == nil)
        #expect(selected.selecting(["png"]) == nil)
        #expect(Self.known.selecting([])?.formats.isEmpty == true)
    }
}
