import Testing
import UploadModel
import UploadProtocols

@Suite struct TextCodingTests {
    @Test(arguments: [
        ("a%20b", "a b", "a b"), ("a+b", "a+b", "a b"), ("%2B%2b", "++", "++"), ("%E2%82%AC", "€", "€"), ("", "", ""),
        ("a%2Fb", "a/b", "a/b"), ("%25%32%30", "%20", "%20"), ("ü", "ü", "ü"),
    ])
    func decodes(text: String, segment: String, component: String) {
        #expect(PercentCoding.decodePathSegment(text) == segment)
        #expect(PercentCoding.decodeQueryComponent(text) == component)
    }

    @Test(arguments: ["%", "%2", "a%zz", "%+1", "%FF", "%C3", "%C0%AF", "%ED%A0%80", "% 20", "%-1"])
    func refuses(text: String) {
        #expect(PercentCoding.decodePathSegment(text) == nil)
        #expect(PercentCoding.decodeQueryComponent(text) == nil)
        #expect(PercentCoding.parseQuery("a=1&b=\(text)") == nil)
        #expect(PercentCoding.parseQuery("\(text)=1") == nil)
    }

    @Test func encodesAllButUnreserved() {
        #expect(PercentCoding.encode("aZ09-._~") == "aZ09-._~")
        #expect(PercentCoding.encode("a b/c?d=e&f+g%€") == "a%20b%2Fc%3Fd%3De%26f%2Bg%25%E2%82%AC")
        for scalar in (UInt8.min...UInt8.max).map(Unicode.Scalar.init) {
            let text = String(Character(scalar))
            #expect(PercentCoding.decodePathSegment(PercentCoding.encode(text)) == text)
            #expect(PercentCoding.decodeQueryComponent(PercentCoding.encode(text)) == text)
        }
    }

    static let queries: [(raw: String, pairs: [[String]])] = [
        ("", []), ("a=1", [["a", "1"]]), ("a=1&b=2&a=3", [["a", "1"], ["b", "2"], ["a", "3"]]),
        ("a", [["a", ""]]), ("a=&&=b&", [["a", ""], ["", "b"]]), ("a=b=c", [["a", "b=c"]]),
        ("file+Name=a%20b+c.mov", [["file Name", "a b c.mov"]]), ("a%3Db%26=1", [["a=b&", "1"]]),
    ]

    @Test(arguments: queries.indices)
    func readsQueries(index: Int) {
        let (raw, pairs) = Self.queries[index]
        #expect(PercentCoding.parseQuery(raw)?.map { [$0.name, $0.value] } == pairs)
    }

    @Test(arguments: [
        ("test.mov", "attachment; filename=\"test.mov\"; filename*=UTF-8''test.mov"),
        ("a b;c=d.png", "attachment; filename=\"a b;c=d.png\"; filename*=UTF-8''a%20b%3Bc%3Dd.png"),
        ("say \"hi\".png", "attachment; filename=\"say _hi_.png\"; filename*=UTF-8''say%20%22hi%22.png"),
        ("100%41.png", "attachment; filename=\"100_41.png\"; filename*=UTF-8''100%2541.png"),
        ("€ü.mp4", "attachment; filename=\"__.mp4\"; filename*=UTF-8''%E2%82%AC%C3%BC.mp4"),
        ("it's(1)*.mp4", "attachment; filename=\"it's(1)*.mp4\"; filename*=UTF-8''it%27s%281%29%2A.mp4"),
    ])
    func writesContentDisposition(name: String, value: String) throws {
        let fileName = try #require(FileName(name))
        #expect(ContentDisposition.attachment.fieldValue(fileName) == value)
        #expect(ContentDisposition.inline.fieldValue(fileName) == "inline" + value.dropFirst(10))
    }

    @Test(arguments: [
        (784_111_777_000, "Sun, 06 Nov 1994 08:49:37 GMT"), (784_111_777_999, "Sun, 06 Nov 1994 08:49:37 GMT"),
        (0, "Thu, 01 Jan 1970 00:00:00 GMT"), (1_709_164_800_000, "Thu, 29 Feb 2024 00:00:00 GMT"),
        (-1, "Wed, 31 Dec 1969 23:59:59 GMT"), (1_800_000_000_000, "Fri, 15 Jan 2027 08:00:00 GMT"),
    ])
    func writesDates(milliseconds: Int64, text: String) {
        #expect(HTTPDate.text(Timestamp(milliseconds: milliseconds)) == text)
    }
}
