import Foundation
import MediaInspection
import Testing
import UploadModel

/// What holds for images and videos alike.
@Suite struct MediaExaminerTests {
    @Test func `all tools are here`() {
        #expect(MediaExaminer().missingTools == [], "install the Debian packages ffmpeg and libvips-tools")
    }

    @Test(arguments: [[], ["relative", ""], ["/nonexistent"]])
    func `missing tools are named and refused`(searchPath: [String]) async throws {
        let shop = try Workshop()
        let examiner = MediaExaminer(searchPath: searchPath)
        #expect(examiner.missingTools == ["ffprobe", "vips", "vipsheader", "sh", "nice"])
        let file = try shop.write([1], as: "a")
        for claimed in ["image/jpeg", "video/mp4"] {
            let fault = try await fault { () throws(ExaminationFault) in
                try await examiner.facts(ofFileAt: file, type: type(claimed))
            }
            #expect(fault.code == .toolMissing)
        }
        let fault = try await fault { () throws(ExaminationFault) in
            try await examiner.copy(ofFileAt: file, type: type("image/png"), to: shop.path("copy.png"))
        }
        #expect(fault.code == .toolMissing)
    }

    @Test(arguments: [
        ("image/jpeg", "image/jpeg"), ("image/pjpeg", "image/jpeg"), ("image/png", "image/png"),
        ("image/gif", "image/gif"), ("image/webp", "image/webp"), ("image/heic", "image/jpeg"),
        ("image/heif", "image/jpeg"), ("image/avif", "image/jpeg"), ("image/svg+xml", nil), ("video/mp4", nil),
        ("text/html", nil),
    ])
    func `the type of a copy`(original: String, copy: String?) {
        #expect(MediaExaminer.copyType(of: type(original)) == copy.map { type($0) })
    }

    @Test func `every known format is examined`() async throws {
        let shop = try Workshop()
        let file = try shop.write([], as: "a")
        for format in MediaFormatTable.known.formats {
            let fault = try await fault { () throws(ExaminationFault) in
                try await MediaExaminer().facts(ofFileAt: file, type: format.mediaType)
            }
            #expect(fault.message.contains("cannot be read as \(format.mediaType)"))
            #expect((MediaExaminer.copyType(of: format.mediaType) != nil) == (format.kind == .image))
        }
    }

    @Test(arguments: ["image/svg+xml", "application/pdf", "text/plain"])
    func `other types are not handed to any decoder`(claimed: String) async throws {
        let shop = try Workshop()
        let file = try shop.write(Array("hello".utf8), as: "a")
        let looked = try await fault { () throws(ExaminationFault) in
            try await MediaExaminer().facts(ofFileAt: file, type: type(claimed))
        }
        #expect(looked.code == .unreadable)
        #expect(looked.message == "Files of the type \(claimed) are not examined.")
        let copied = try await fault { () throws(ExaminationFault) in
            try await MediaExaminer().copy(ofFileAt: file, type: type(claimed), to: shop.path("copy.jpg"))
        }
        #expect(copied.message == "Files of the type \(claimed) are not resized.")
    }

    @Test(arguments: ["relative", "", "/a[fail_on=none]", "/a[", "/a]", "/a\nb", "http://localhost/a"])
    func `a path that could mean more than a file is refused`(path: String) async throws {
        for claimed in ["image/jpeg", "video/mp4"] {
            let fault = try await fault { () throws(ExaminationFault) in
                try await MediaExaminer().facts(ofFileAt: path, type: type(claimed))
            }
            #expect(fault.code == .failed)
            #expect(fault.message == "This server keeps its files where they cannot be examined.")
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `no time is a limit`() async throws {
        let shop = try Workshop()
        let file = try shop.convert(["-size", "30x20", "xc:red"], "a.jpg")
        let examiner = MediaExaminer(limits: ExaminationLimits { $0.wallMilliseconds = 1 })
        let fault = try await fault { () throws(ExaminationFault) in
            try await examiner.facts(ofFileAt: file, type: type("image/jpeg"))
        }
        #expect(fault.code == .limit)
        #expect(fault.message == "Reading the file took longer than 1 ms.")
    }
}
