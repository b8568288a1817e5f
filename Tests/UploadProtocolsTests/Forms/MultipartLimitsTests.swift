import Testing
import UploadProtocols

@Suite struct MultipartLimitsTests {
    @Test func tenThousandPartsAreTooMany() throws {
        let document = String(repeating: formField("a", "1"), count: 10_000) + "--b0undary--"
        let form = try ReadForm(Array(document.utf8))
        #expect(form.fault == .tooManyParts(limit: 1_000))
        #expect(form.parts.count == 1_000)
    }

    @Test func partsUpToTheLimitAreRead() throws {
        var limits = MultipartLimits()
        limits.maximumParts = 3
        let three = String(repeating: formField("a", "1"), count: 3)
        #expect(try ReadForm(Array((three + "--b0undary--").utf8), limits: limits).fault == nil)
        let four = try ReadForm(Array((three + formField("a", "1") + "--b0undary--").utf8), limits: limits)
        #expect(four.fault == .tooManyParts(limit: 3))
    }

    @Test(arguments: [0, 1, 100])
    func headersUpToTheLimitAreRead(spareBytes: Int) throws {
        let start = "--b0undary\r\n"
        let lines = "Content-Disposition: form-data; name=a\r\nX: "
        let limit = MultipartLimits().maximumPartHeaderBytes
        let filler = String(repeating: "x", count: limit - lines.utf8.count - 4 - spareBytes)
        let fits = Array((start + lines + filler + "\r\n\r\n1\r\n--b0undary--").utf8)
        #expect(try ReadForm(fits).fields == ["a=1"])
        let tooLong = Array((start + lines + filler + String(repeating: "x", count: spareBytes + 1) + "\r\n\r\n1").utf8)
        #expect(try ReadForm(tooLong).fault == .partHeaderTooLarge(limitBytes: limit))
        #expect(try ReadForm(tooLong, cuts: Array(1..<tooLong.count)).fault == .partHeaderTooLarge(limitBytes: limit))
    }

    @Test func aHeaderWithoutEndIsRefusedEarly() throws {
        var parser = try #require(MultipartParser(boundary: "b"))
        var events: [MultipartEvent] = []
        let block = [UInt8](repeating: UInt8(ascii: "x"), count: 4096)
        try Array("--b\r\n".utf8).withUnsafeBytes { try parser.feed($0, &events) }
        try block.withUnsafeBytes { try parser.feed($0, &events) }
        try block.withUnsafeBytes { try parser.feed($0, &events) }
        #expect(throws: MultipartFault.partHeaderTooLarge(limitBytes: 8192)) {
            try block.withUnsafeBytes { try parser.feed($0, &events) }
        }
    }

    @Test func headerLinesUpToTheLimitAreRead() throws {
        func document(_ others: Int) -> [UInt8] {
            let lines = (0..<others).map { "X-\($0): y\r\n" }.joined()
            let disposition = "Content-Disposition: form-data; name=a\r\n"
            return Array(("--b0undary\r\n" + lines + disposition + "\r\n1\r\n--b0undary--").utf8)
        }
        #expect(try ReadForm(document(15)).fields == ["a=1"])
        #expect(try ReadForm(document(16)).fault == .tooManyHeaders(limit: 16))
    }

    @Test(arguments: [0, 1, 2, 5])
    func preambleUpToTheLimitIsSkipped(overBytes: Int) throws {
        var limits = MultipartLimits()
        limits.maximumPreambleBytes = 64
        // A boundary is recognized with the byte behind it: 13 bytes with its line start.
        let preamble = String(repeating: "p", count: 64 - 13 + overBytes) + "\r\n"
        let document = Array((preamble + formField("a", "1") + "--b0undary--").utf8)
        let expected: MultipartFault? = overBytes == 0 ? nil : .preambleTooLong(limitBytes: 64)
        for cut in 0...document.count {
            #expect(try ReadForm(document, cuts: [cut], limits: limits).fault == expected, "cut at \(cut)")
        }
    }

    @Test func paddingIsBounded() throws {
        let limit = MultipartLimits().maximumPartHeaderBytes
        let document = Array(("--b0undary" + String(repeating: " ", count: limit + 1) + "\r\n").utf8)
        #expect(try ReadForm(document).fault == .partHeaderTooLarge(limitBytes: limit))
    }

    static let contentTypes: [(value: String, isAccepted: Bool)] = [
        ("multipart/form-data; boundary=abc", true),
        ("Multipart/Form-Data;BOUNDARY=\"a b'()+_,-./:=?\"", true),
        ("multipart/form-data; charset=utf-8; boundary=----WebKitFormBoundaryABC", true),
        ("multipart/form-data; boundary=a:b", true),
        ("multipart/form-data; boundary=" + String(repeating: "x", count: 70), true),
        ("multipart/form-data; boundary=" + String(repeating: "x", count: 71), false),
        ("multipart/form-data", false),
        ("multipart/form-data; boundary=", false),
        ("multipart/form-data; boundary=\"\"", false),
        ("multipart/form-data; boundary=\"a \"", false),
        ("multipart/form-data; boundary=a b", false),
        ("multipart/form-data; boundary=\"a", false),
        ("multipart/form-data; boundary=a; boundary=a", false),
        ("multipart/form-data; boundary=a*b", false),
        ("multipart/form-data; boundary=\"a\r\nb\"", false),
        ("multipart/mixed; boundary=abc", false),
        ("text/plain", false),
        ("", false),
    ]

    @Test(arguments: contentTypes)
    func boundaryOfContentType(value: String, isAccepted: Bool) {
        #expect((MultipartParser(contentType: value) != nil) == isAccepted)
    }
}
