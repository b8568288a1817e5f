import Testing

@testable import MediaLibrary

@Suite struct FetchURLTests {
    @Test(arguments: [
        ("http://example.org", "http://example.org/", "http://example.org:80", "/"),
        ("HTTPS://Example.org/a%20b?c#d", "https://Example.org/a%20b?c#d", "https://example.org:443", "/a%20b"),
        ("http://example.org:8080/x/../y", "http://example.org:8080/y", "http://example.org:8080", "/y"),
        ("http://[2001:db8::1]:1/", "http://[2001:db8::1]:1/", "http://[2001:db8::1]:1", "/"),
        ("http://ex%61mple.org/", "http://example.org/", "http://example.org:80", "/"),
        ("http://127.1/", "http://127.0.0.1/", "http://127.0.0.1:80", "/"),
        ("http://example.org/\u{e9}", "http://example.org/%c3%a9", "http://example.org:80", "/%c3%a9"),
    ])
    func `a URL that may be asked`(text: String, asked: String, origin: String, path: String) throws {
        let url = try FetchURL(text)
        #expect(url.text == asked)
        #expect(url.origin == origin)
        #expect(url.path == path)
    }

    @Test(arguments: [
        "", " ", "example.org", "//example.org/", "/a", "file:///etc/hosts", "ftp://example.org/",
        "gopher://example.org:70/_x",
        "dict://example.org/", "javascript:alert(1)", "data:,a", "http://", "http://user@example.org/",
        "http://user:secret@example.org/", "http://@example.org/", "http://:@example.org/", "http://example.org:99999/",
        "http://example.org:x/", "http://exa mple.org/", "http://example.org/a b", "http://example.org/\r\nHost: other",
        "http://example.org/\u{0}", "http://example.org/\u{7f}", "http://exam%7Fple.org/",
        "https://%38/", "http://127.%31/", "http://[::1", "http://[fe80::1%25eth0]/",
        "http://[fe80::1%251]/", "unix:///run/socket", "http://example.org/" + String(repeating: "a", count: 2_048),
    ])
    func `a URL that may not`(text: String) {
        let fault = #expect(throws: TransferFault.self) { _ = try FetchURL(text) }
        #expect(fault?.code == .refused)
        #expect(fault?.detail.contains("secret") == false)
    }

    @Test(
        arguments: [
            ("/c", "http://example.org/c"), ("c", "http://example.org/a/c"), ("//other.org/c", "http://other.org/c"),
            ("?q", "http://example.org/a/b?q"), ("../c d", "http://example.org/c%20d"),
            ("https://other.org:1/", "https://other.org:1/"),
            ("file:///etc/hosts", nil), ("FILE:///etc/hosts", nil), ("gopher://127.0.0.1:6379/_x", nil),
            ("http://user:secret@other.org/", nil), ("//user@other.org/", nil), ("", nil),
            ("http://other.org/\u{1}", nil),
            ("http://other.org/" + String(repeating: "a", count: 8_192), nil),
        ] as [(String, String?)])
    func `what a redirect leads to`(location: String, expected: String?) throws {
        let base = try FetchURL("http://example.org/a/b")
        #expect((try? base.following(location))?.text == expected)
    }
}
