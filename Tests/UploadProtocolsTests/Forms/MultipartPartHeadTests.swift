import Testing
import UploadProtocols

@Suite struct MultipartPartHeadTests {
    static let heads: [(lines: String, head: MultipartPartHead)] = [
        ("Content-Disposition: form-data; name=\"a\"", MultipartPartHead(name: "a")),
        ("content-disposition:form-data;name=a", MultipartPartHead(name: "a")),
        ("CONTENT-DISPOSITION: Form-Data ; NAME = \"a\" ;", MultipartPartHead(name: "a")),
        (
            "Content-Disposition: form-data; name=\"file\"; filename=\"a b.png\"\r\nContent-Type: image/png",
            MultipartPartHead(name: "file", fileName: "a b.png", contentType: "image/png")
        ),
        (
            "Content-Type: text/plain; charset=utf-8 \r\nX-Other: y\r\nContent-Disposition: form-data; name=\"a\"",
            MultipartPartHead(name: "a", contentType: "text/plain; charset=utf-8")
        ),
        // An empty file field of a browser.
        (
            "Content-Disposition: form-data; name=\"file\"; filename=\"\"\r\nContent-Type: application/octet-stream",
            MultipartPartHead(name: "file", fileName: "", contentType: "application/octet-stream")
        ),
        // What browsers escape, and what they do not.
        (
            "Content-Disposition: form-data; name=\"a%22b\"; filename=\"%0D%0a%22%41%.png\"",
            MultipartPartHead(name: "a\"b", fileName: "\r\n\"%41%.png")
        ),
        // Backslashes: before quotes and themselves they escape, elsewhere they stand for themselves.
        (
            "Content-Disposition: form-data; name=\"a\"; filename=\"say \\\"hi\\\" \\\\ C:\\dir\\x;y.png\"",
            MultipartPartHead(name: "a", fileName: "say \"hi\" \\ C:\\dir\\x;y.png")
        ),
        (
            "Content-Disposition: form-data; name=\"größe\"; filename=\"日本.mp4\"",
            MultipartPartHead(name: "größe", fileName: "日本.mp4")
        ),
        (
            "Content-Disposition: form-data; name=a; filename=\"x.png\"; filename*=UTF-8''%e2%82%ac%20rates.png",
            MultipartPartHead(name: "a", fileName: "€ rates.png")
        ),
        (
            "Content-Disposition: form-data; name=a; filename*=utf-8'en'it's%20me.png; filename=x.png",
            MultipartPartHead(name: "a", fileName: "it's me.png")
        ),
        (
            "Content-Disposition: form-data; name=a; filename=x.png; filename*=UTF-8''%ff%2",
            MultipartPartHead(name: "a", fileName: "x.png")
        ),
        (
            "Content-Disposition: form-data; name=a; filename=x.png; filename*=ISO-8859-1''%e4",
            MultipartPartHead(name: "a", fileName: "x.png")
        ),
        (
            "Content-Disposition: form-data;\r\n name=\"a\";\r\n\tfilename=x.png",
            MultipartPartHead(name: "a", fileName: "x.png")
        ),
        (
            "Content-Disposition: form-data; name=a\r\nContent-Transfer-Encoding: Binary",
            MultipartPartHead(name: "a")
        ),
    ]

    @Test(arguments: heads.indices)
    func readsHeaders(index: Int) throws {
        let (lines, head) = Self.heads[index]
        let form = try ReadForm(Array("--b0undary\r\n\(lines)\r\n\r\n1\r\n--b0undary--".utf8))
        #expect(form.fault == nil)
        #expect(form.parts.map(\.head) == [head])
    }

    @Test func refusesNamesThatAreNoUTF8() throws {
        let start = Array("--b0undary\r\nContent-Disposition: form-data; name=\"a".utf8)
        let form = try ReadForm(start + [0xFF] + Array("\"\r\n\r\n1\r\n--b0undary--".utf8))
        #expect(form.fault == .headerLineMalformed)
    }

    @Test(arguments: [
        ("a.png", "a.png"), ("C:\\dir\\a.png", "a.png"), ("../../etc/passwd", "passwd"), ("dir/", ""), ("", ""),
        ("a/\u{301}b", "\u{301}b"),
    ])
    func dropsPaths(sent: String, kept: String) {
        #expect(MultipartPartHead(name: "f", fileName: sent).fileNameWithoutPath == kept)
    }

    @Test func noFileNoName() {
        #expect(MultipartPartHead(name: "f").fileNameWithoutPath == nil)
    }
}
