import Testing
import UploadModel
import UploadProtocols

@Suite struct PublicAddressTests {
    @Test(arguments: [
        ("https://up.example.com", "https://up.example.com"), ("https://up.example.com/", "https://up.example.com"),
        ("https://up.example.com/a//", "https://up.example.com/a"), ("http://[::1]:8080", "http://[::1]:8080"),
        ("/", ""), ("", ""),
    ])
    func endsWithoutASlash(given: String, base: String) throws {
        let address = PublicAddress(base: given)
        #expect(address.base == base)
        #expect(address.uploadURL("/upload/x?y") == base + "/upload/x?y")
        #expect(try address.accessURL(Samples.open()) == base + "/media/\(Samples.idText)/test.mov")
    }

    @Test(arguments: [
        ("a b.mov", "a%20b.mov"), ("100%.mov", "100%25.mov"), ("a+b.mov", "a%2Bb.mov"), ("a?b#c.mov", "a%3Fb%23c.mov"),
        ("é.mov", "%C3%A9.mov"), ("e\u{301}.mov", "e%CC%81.mov"), ("😀.mov", "%F0%9F%98%80.mov"),
        ("\"'<>.mov", "%22%27%3C%3E.mov"),
    ])
    func escapesFileNames(name: String, segment: String) throws {
        let url = try Samples.address.accessURL(Samples.open(name: name))
        #expect(url == "https://up.example.com/media/\(Samples.idText)/\(segment)")
        #expect(PercentCoding.decodePathSegment(segment).map { Array($0.utf8) } == Array(name.utf8))
    }

    @Test func servesUndeclaredTypesByTheirExtension() throws {
        var upload = try Samples.open(name: "blob", type: nil)
        #expect(Samples.address.accessURL(upload).hasSuffix("/blob"))
        upload.detectedType = MediaType("image/png")
        #expect(Samples.address.accessURL(upload).hasSuffix("/blob.png"))
    }

    @Test func namesUploads() throws {
        let id = try #require(FileID(Samples.idText))
        #expect(PublicAddress.uploadPath(id) == "/api/v1/uploads/\(Samples.idText)")
    }
}
