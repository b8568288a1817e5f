import Foundation
import MediaInspection
import Testing
import UploadModel

/// libvips on real images, and on what claims to be some.
@Suite struct MediaExaminerImageTests {
    struct Sample: Sendable, CustomTestStringConvertible {
        let name: String
        let type: String
        let copyName: String
        let copyType: String

        init(_ name: String, _ type: String, _ copyName: String, _ copyType: String) {
            self.name = name
            self.type = type
            self.copyName = copyName
            self.copyType = copyType
        }

        var testDescription: String { name }
    }

    static let samples: [Sample] = [
        Sample("a.jpg", "image/jpeg", "copy.jpg", "image/jpeg"),
        Sample("a.png", "image/png", "copy.png", "image/png"),
        Sample("a.gif", "image/gif", "copy.gif", "image/gif"),
        Sample("a.webp", "image/webp", "copy.webp", "image/webp"),
        Sample("a.heic", "image/heic", "copy.jpg", "image/jpeg"),
        Sample("a.avif", "image/avif", "copy.jpg", "image/jpeg"),
    ]

    private func picture(_ size: String, _ name: String, in shop: Workshop) throws -> String {
        guard name.hasSuffix(".avif") else { return try shop.convert(["-size", size, "gradient:red-blue"], name) }
        let still = try shop.convert(["-size", size, "gradient:red-blue"], "still.png")
        return try shop.ffmpeg(
            ["-i", still, "-frames:v", "1", "-pix_fmt", "yuv420p", "-c:v", "libaom-av1", "-cpu-used", "8"], name)
    }

    @Test(arguments: samples)
    func `a large image is made to fit`(sample: Sample) async throws {
        let shop = try Workshop()
        let file = try picture("1500x1000", sample.name, in: shop)
        let examiner = MediaExaminer()
        let facts = try await examiner.facts(ofFileAt: file, type: type(sample.type))
        #expect(facts == MediaFacts(widthPixels: 1500, heightPixels: 1000))
        let output = shop.path(sample.copyName)
        let copy = try await examiner.copy(ofFileAt: file, type: type(sample.type), to: output)
        #expect(copy.mediaType == type(sample.copyType))
        #expect(copy.size == "1080x720")
        // The copy is what it is said to be, to our own rules too.
        let verdict = try ContentInspector(accepting: .known).verdict(on: try shop.bytes(of: output), declared: nil)
        #expect(verdict == .matches(type(sample.copyType)))
    }

    @Test(arguments: samples)
    func `a small image is not enlarged`(sample: Sample) async throws {
        let shop = try Workshop()
        let file = try picture("300x200", sample.name, in: shop)
        let copy = try await MediaExaminer().copy(
            ofFileAt: file, type: type(sample.type), to: shop.path(sample.copyName))
        #expect(copy.size == "300x200")
    }

    @Test(arguments: [
        ("3000x2000", "1080x720"), ("4000x1000", "1080x270"), ("1000x4000", "270x1080"), ("1080x1080", "1080x1080"),
    ])
    func `the longer side decides`(size: String, fitted: String) async throws {
        let shop = try Workshop()
        let file = try picture(size, "a.jpg", in: shop)
        let copy = try await MediaExaminer().copy(ofFileAt: file, type: type("image/jpeg"), to: shop.path("copy.jpg"))
        #expect(copy.size == fitted)
    }

    @Test(arguments: [(1, false), (3, false), (5, true), (6, true), (8, true), (9, false)])
    func `orientation is obeyed and metadata left out`(orientation: UInt8, isTurned: Bool) async throws {
        let shop = try Workshop()
        let plain = try shop.bytes(of: try picture("300x200", "plain.jpg", in: shop))
        let secret = "whereabouts"
        let file = try shop.write(
            HandmadeImage.jpeg(plain, orientation: orientation, secret: secret), as: "a.jpg")
        let facts = try await MediaExaminer().facts(ofFileAt: file, type: type("image/jpeg"))
        let expected = isTurned ? "200x300" : "300x200"
        #expect(facts.size == expected)
        let output = shop.path("copy.jpg")
        let copy = try await MediaExaminer().copy(ofFileAt: file, type: type("image/jpeg"), to: output)
        #expect(copy.size == expected)
        let again = try await MediaExaminer().facts(ofFileAt: output, type: type("image/jpeg"))
        #expect(again.size == expected)
        let bytes = Data(try shop.bytes(of: output))
        for trace in ["Exif", secret, "ns.adobe.com", "ICC_PROFILE"] {
            #expect(bytes.range(of: Data(trace.utf8)) == nil, "\(trace) is left")
        }
        #expect(Data(try shop.bytes(of: file)).range(of: Data(secret.utf8)) != nil)
    }

    @Test(arguments: samples.filter { ["a.jpg", "a.png", "a.gif"].contains($0.name) })
    func `comments are left out`(sample: Sample) async throws {
        let shop = try Workshop()
        let file = try shop.convert(["-size", "30x20", "xc:red", "-set", "comment", "whereabouts"], sample.name)
        #expect(Data(try shop.bytes(of: file)).range(of: Data("whereabouts".utf8)) != nil)
        let output = shop.path(sample.copyName)
        _ = try await MediaExaminer().copy(ofFileAt: file, type: type(sample.type), to: output)
        #expect(Data(try shop.bytes(of: output)).range(of: Data("whereabouts".utf8)) == nil)
    }

    @Test func `of a moving image the first frame is copied`() async throws {
        let shop = try Workshop()
        let file = try shop.convert(["-delay", "10", "-size", "30x20", "xc:red", "xc:blue", "xc:green"], "a.gif")
        let output = shop.path("copy.gif")
        let copy = try await MediaExaminer().copy(ofFileAt: file, type: type("image/gif"), to: output)
        #expect(copy.size == "30x20")
        #expect(try shop.bytes(of: output).count < shop.bytes(of: file).count)
    }

    @Test func `the copy is in sRGB, whatever the original was`() async throws {
        let shop = try Workshop()
        let file = try shop.convert(["-size", "300x200", "xc:red", "-colorspace", "CMYK"], "a.jpg")
        let output = shop.path("copy.jpg")
        _ = try await MediaExaminer().copy(ofFileAt: file, type: type("image/jpeg"), to: output)
        // The frame header (SOF0) names three components.
        let bytes = Data(try shop.bytes(of: output))
        let frame = try #require(bytes.range(of: Data([0xFF, 0xC0, 0x00, 0x11, 0x08])))
        #expect(bytes[frame.upperBound + 4] == 3)
    }

    @Test func `an image of too many pixels is refused before it is decoded`() async throws {
        let shop = try Workshop()
        let bomb = HandmadeImage.blackPNG(edge: 60_000)
        #expect(bomb.count < 500_000)
        let file = try shop.write(bomb, as: "a.png")
        // Decoding would need minutes.
        let examiner = MediaExaminer(limits: ExaminationLimits { $0.cpuSeconds = 2 })
        let facts = try await examiner.facts(ofFileAt: file, type: type("image/png"))
        #expect(facts == MediaFacts(widthPixels: 60_000, heightPixels: 60_000))
        let fault = try await fault { () throws(ExaminationFault) in
            try await examiner.copy(ofFileAt: file, type: type("image/png"), to: shop.path("copy.png"))
        }
        #expect(fault.code == .tooLarge)
        #expect(fault.message == "The image has 60000 x 60000 pixels; at most 100000000 are resized.")
        #expect(try shop.names() == ["a.png"])
    }

    @Test(arguments: [true, false])
    func `the image made by hand is a valid one`(interlaced: Bool) async throws {
        let shop = try Workshop()
        let file = try shop.write(HandmadeImage.blackPNG(edge: 2400, interlaced: interlaced), as: "a.png")
        let copy = try await MediaExaminer().copy(ofFileAt: file, type: type("image/png"), to: shop.path("copy.png"))
        #expect(copy.size == "1080x1080")
    }

    @Test(arguments: samples)
    func `an image that ends early is unreadable`(sample: Sample) async throws {
        let shop = try Workshop()
        let whole = try shop.bytes(of: try picture("600x400", sample.name, in: shop))
        let file = try shop.write(Array(whole.prefix(whole.count / 2)), as: "cut")
        let output = shop.path(sample.copyName)
        let fault = try await fault { () throws(ExaminationFault) in
            try await MediaExaminer().copy(ofFileAt: file, type: type(sample.type), to: output)
        }
        #expect(fault.code == .unreadable)
        #expect(!FileManager.default.fileExists(atPath: output))
        #expect(fault.cause?.contains(shop.folder) == false)
        if sample.name == "a.jpg" { #expect(fault.message == "The image ends early or is damaged.") }
    }

    static let drawing =
        #"<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="5"/></svg>"#

    @Test(
        arguments: samples,
        ["", "hello", "<!DOCTYPE html><html><body>hello</body></html>", drawing, "P3 1 1 255 0 0 0"])
    func `text is no image`(sample: Sample, text: String) async throws {
        let shop = try Workshop()
        let file = try shop.write(Array(text.utf8), as: sample.name)
        let fault = try await fault { () throws(ExaminationFault) in
            try await MediaExaminer().facts(ofFileAt: file, type: type(sample.type))
        }
        #expect(fault.code == .unreadable)
        #expect(fault.message.hasPrefix("The file cannot be read as \(sample.type)"))
    }

    @Test func `one format is not read as another`() async throws {
        let shop = try Workshop()
        let file = try picture("300x200", "a.png", in: shop)
        let examiner = MediaExaminer()
        for claimed in ["image/jpeg", "image/gif", "image/webp", "image/heic"] {
            let fault = try await fault { () throws(ExaminationFault) in
                try await examiner.facts(ofFileAt: file, type: type(claimed))
            }
            #expect(fault.code == .unreadable)
        }
        let fault = try await fault { () throws(ExaminationFault) in
            try await examiner.copy(ofFileAt: file, type: type("image/jpeg"), to: shop.path("copy.jpg"))
        }
        #expect(fault.code == .unreadable)
        #expect(try shop.names() == ["a.png"])
    }

    @Test func `memory is limited`() async throws {
        let shop = try Workshop()
        let file = try shop.write(HandmadeImage.blackPNG(edge: 10_000, interlaced: true), as: "a.png")
        let tight = MediaExaminer(limits: ExaminationLimits { $0.memoryBytes = 256 << 20 })
        let fault = try await fault { () throws(ExaminationFault) in
            try await tight.copy(ofFileAt: file, type: type("image/png"), to: shop.path("copy.png"))
        }
        #expect(fault.code == .limit)
        #expect(fault.message == "Reading the file takes more than 256 MiB of memory.")
        #expect(try shop.names() == ["a.png"])
        let copy = try await MediaExaminer().copy(ofFileAt: file, type: type("image/png"), to: shop.path("copy.png"))
        #expect(copy.widthPixels == 1080)
    }

    @Test func `the size of the copy is limited and nothing is left`() async throws {
        let shop = try Workshop()
        let file = try shop.convert(["-size", "1200x1200", "plasma:"], "a.png")
        let examiner = MediaExaminer(limits: ExaminationLimits { $0.copyBytes = 64 << 10 })
        let fault = try await fault { () throws(ExaminationFault) in
            try await examiner.copy(ofFileAt: file, type: type("image/png"), to: shop.path("copy.png"))
        }
        #expect(fault.code == .limit)
        #expect(fault.message == "The copy would have more than 65536 bytes.")
        #expect(try shop.names() == ["a.png"])
    }

    @Test func `a copy that cannot be written is the server's fault`() async throws {
        let shop = try Workshop()
        let file = try picture("300x200", "a.jpg", in: shop)
        for output in ["absent/copy.jpg", "a.jpg", "a[strip].jpg", "a\n.jpg"] {
            let fault = try await fault { () throws(ExaminationFault) in
                try await MediaExaminer().copy(ofFileAt: file, type: type("image/jpeg"), to: shop.path(output))
            }
            #expect(fault.code == .failed)
            #expect(!fault.message.contains(shop.folder))
        }
        #expect(try shop.names() == ["a.jpg"])
    }
}
