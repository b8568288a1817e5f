import Testing

@testable import MediaLibrary

@Suite struct NameHintTests {
    @Test(
        arguments: [
            ("attachment; filename=a.mp4", "a.mp4"), ("attachment; filename=\"a b.mp4\"", "a b.mp4"),
            ("inline;FileName = \"a\\\"b.mp4\" ; x=y", "a\"b.mp4"), ("attachment; filename=\"a;b.mp4\"", "a;b.mp4"),
            ("attachment; filename=\"old.mp4\"; filename*=UTF-8''%e2%82%ac%20neu.mp4", "\u{20ac} neu.mp4"),
            ("attachment; filename*=iso-8859-1'en'%A3.mp4; filename=x", "\u{a3}.mp4"),
            ("attachment; filename*=UTF-8''%ff; filename=x", "x"), ("attachment; filename*=KOI8-R''a; filename=x", "x"),
            ("attachment; filename*=UTF-8''a%2; filename=x", "x"), ("attachment; filename*=nonsense", nil),
            ("attachment", nil), ("attachment; filename=", nil), ("attachment; filename=\"\"", nil), ("", nil),
            ("filename=a.mp4", nil), ("attachment; filename=\"a.mp4", "a.mp4"), ("attachment; x; filename=a", "a"),
            ("attachment; filename=\"../../a\"", "../../a"), (";;;===", nil),
        ] as [(String, String?)])
    func `the name in a disposition`(field: String, name: String?) {
        #expect(NameHint.name(in: field) == name)
    }

    @Test(
        arguments: [
            ("/", nil), ("/a.mp4", "a.mp4"), ("/a/b%20c.mp4", "b c.mp4"), ("/a/", nil), ("/%e2%82%ac", "\u{20ac}"),
            ("/%ff", nil), ("/a%2", nil), ("/a%zz", nil), ("/a%2Fb", "a/b"), ("/%2e%2e", ".."),
        ] as [(String, String?)])
    func `the name in a path`(path: String, name: String?) {
        #expect(NameHint.of(disposition: nil, path: path) == name)
        #expect(NameHint.of(disposition: "inline", path: path) == name)
        #expect(NameHint.of(disposition: "inline; filename=x", path: path) == "x")
    }
}
