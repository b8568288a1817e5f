import Testing

@testable import MediaInspection

/// The line that vipsheader writes.
@Suite struct ImageHeaderTests {
    @Test func `a line is read`() throws {
        let header = try #require(
            ImageHeader("/d/a.jpg: 3000x2000 uchar, 3 bands, srgb, jpegload\n", path: "/d/a.jpg"))
        #expect(header.width == 3000)
        #expect(header.height == 2000)
        #expect(header.pixels == 6_000_000)
        #expect(header.traits == ["3 bands", "srgb", "jpegload"])
    }

    @Test(arguments: [
        "", "/d/a.jpg", "/d/a.jpg: ", "/d/a.jpg: 3000 uchar", "/d/a.jpg: 0x5 uchar, jpegload", "/d/a.jpg: -3x5 uchar",
        "/d/a.jpg: 3000x2000x2 uchar", "/d/a.jpg: 99999999999x2 uchar", "/d/b.jpg: 3000x2000 uchar",
    ])
    func `another form is none`(line: String) {
        #expect(ImageHeader(line, path: "/d/a.jpg") == nil)
    }
}
