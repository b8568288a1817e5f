import Testing

@testable import UploadModel

@Suite struct FileNameTests {
    @Test(arguments: [
        "a", "clip.mov", " ", "...", "a b", ".hidden", "-rf", "\u{E9}t\u{E9}.png", "\u{1F3AC}.mp4", "a:b*c?.mov", "%2F",
        "\u{A0}", String(repeating: "x", count: 255), String(repeating: "\u{E9}", count: 127) + "x",
    ])
    func `a name`(text: String) {
        #expect(FileName(text)?.text == text)
        #expect(FileName(text)?.description == text)
    }

    @Test(arguments: [
        "", ".", "..", "/", "a/b", "../a", "a\\b", "a\0", "a\nb", "a\r\nb", "\t", "\u{1F}",
        "\u{7F}", "\u{80}", "\u{9F}",
        String(repeating: "x", count: 256), String(repeating: "\u{E9}", count: 128),
        "a/\u{301}b", "\n\u{301}",
    ])
    func `no name`(text: String) {
        #expect(FileName(text) == nil)
    }

    @Test(
        arguments: [
            ("clip.mov", "mov"), ("clip.MOV", "mov"), ("a.b.Png", "png"), ("clip", nil), ("clip.", nil), (".mov", nil),
            ("..mov", "mov"), ("...", nil), ("a.mov ", "mov "), ("a.\u{C9}", "\u{E9}"), ("\u{1F3AC}.mp4", "mp4"),
        ] as [(String, String?)])
    func `its extension`(text: String, wanted: String?) throws {
        #expect(try #require(FileName(text)).fileExtension == wanted)
    }
}
