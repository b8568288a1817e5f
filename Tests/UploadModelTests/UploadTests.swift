import Testing

@testable import UploadModel

@Suite struct UploadTests {
    /// Names are stored; one that changes makes old catalogs unreadable.
    @Test(arguments: [
        ("granted", true), ("receiving", true), ("complete", false), ("failed", false), ("aborted", false),
        ("expired", false),
    ])
    func `a state`(name: String, isOpen: Bool) throws {
        #expect(try #require(UploadState(rawValue: name)).isOpen == isOpen)
    }

    @Test func `there are six states`() { #expect(UploadState.allCases.count == 6) }

    @Test(
        arguments: [
            (nil, nil, "application/octet-stream"),
            (nil, "image/png", "image/png"),
            ("video/mp4", nil, "video/mp4"),
            ("video/mp4", "video/quicktime", "video/mp4"),
        ] as [(String?, String?, String)])
    func `the type a file is served as`(declared: String?, detected: String?, served: String) throws {
        let record = UploadRecord(
            fileID: .random(), tenant: .default, fileName: try #require(FileName("clip.mov")),
            declaredType: declared.flatMap(MediaType.init), detectedType: detected.flatMap(MediaType.init),
            layout: PartLayout(), maximumBytes: 1, state: .receiving, createdAt: Timestamp(milliseconds: 0),
            expiresAt: Timestamp(milliseconds: 0))
        #expect(record.mediaType.text == served)
    }

    @Test func `a byte range ends behind its last byte`() {
        #expect(ByteRange(start: 3, length: 4).end == 7)
        #expect(ByteRange(start: .max, length: 0).end == .max)
        #expect(ByteRange(start: 0, length: .max).end == .max)
    }

    @Test(arguments: Platform.allCases, MediaKind.allCases)
    func `YouTube takes videos only`(platform: Platform, kind: MediaKind) {
        #expect(platform.takes(kind) == !(platform == .youtube && kind == .image))
    }

    @Test(
        arguments: [
            (.image, nil, "Untitled Image"), (.video, nil, "Untitled Video"), (.image, "", "Untitled Image"),
            (.video, " ", " "), (.video, "Launch", "Launch"),
        ] as [(MediaKind, String?, String)])
    func `the title of a media item`(kind: MediaKind, title: String?, shown: String) {
        let now = Timestamp(milliseconds: 0)
        let item = MediaItem(
            id: .random(now: now), tenant: .default, fileID: .random(),
            request: MediaItemRequest(kind: kind, title: title, platforms: []), status: .pending, createdAt: now,
            updatedAt: now)
        #expect(item.title == shown)
    }
}
