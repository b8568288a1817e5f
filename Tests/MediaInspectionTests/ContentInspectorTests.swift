import Testing
import UploadModel

@testable import MediaInspection

@Suite struct ContentInspectorTests {
    let inspector: ContentInspector

    init() throws { inspector = try ContentInspector(accepting: .known) }

    /// Which declarations, other than its own, a real file of a type satisfies.
    private static let alsoGoesBy: [MediaType: Set<MediaType>] = [
        type("video/mp4"): [type("video/x-m4v")],
        type("video/x-m4v"): [type("video/mp4")],
        type("video/webm"): [type("video/x-matroska")],
        // ffmpeg lists isom and avc1 besides the 3GPP brand.
        type("video/3gpp"): [type("video/mp4"), type("video/x-m4v")],
    ]

    @Test(arguments: SampleFile.allCases)
    func `a real file is recognised`(sample: SampleFile) throws {
        let front = try sample.front()
        let expected = sample.expected
        let isAccepted = MediaFormatTable.known.format(of: expected) != nil
        #expect(
            inspector.verdict(on: front, declared: nil)
                == (isAccepted ? .matches(expected) : .unknown(found: expected)))
        #expect(inspector.verdict(on: front, declared: expected) == .matches(expected))
    }

    @Test func `every accepted type has a real file`() {
        let covered = Set(SampleFile.allCases.map(\.expected))
        for format in MediaFormatTable.known.formats {
            #expect(covered.contains(format.mediaType), "\(format.mediaType)")
        }
    }

    @Test(arguments: SampleFile.allCases, MediaFormatTable.known.formats.map(\.mediaType))
    func `a real file against every declared type`(sample: SampleFile, declared: MediaType) throws {
        let expected = sample.expected
        let fits = declared == expected || Self.alsoGoesBy[expected, default: []].contains(declared)
        #expect(
            inspector.verdict(on: try sample.front(), declared: declared)
                == (fits ? .matches(declared) : .contradicts(found: expected)))
    }

    @Test(arguments: SampleFile.allCases)
    func `a prefix of any length is never taken for another accepted format`(sample: SampleFile) throws {
        let front = try sample.front()
        for length in Array(0...64) + Array(stride(from: 65, through: front.count, by: 41)) {
            let prefix = Array(front.prefix(length))
            if case .matches(let found) = inspector.verdict(on: prefix, declared: nil) {
                #expect(found == sample.expected, "\(length) bytes")
            }
            for format in MediaFormatTable.known.formats {
                guard case .matches = inspector.verdict(on: prefix, declared: format.mediaType) else { continue }
                let names = Self.alsoGoesBy[sample.expected, default: []].union([sample.expected])
                #expect(names.contains(format.mediaType), "\(length) bytes declared \(format.mediaType)")
            }
        }
    }

    @Test func `no bytes are nothing that was declared`() {
        #expect(inspector.verdict(on: [], declared: nil) == .unknown(found: type("application/x-empty")))
        #expect(
            inspector.verdict(on: [], declared: type("video/mp4"))
                == .contradicts(found: type("application/x-empty")))
    }

    @Test func `a synonym stands for its format`() throws {
        for format in MediaFormatTable.known.formats {
            guard let sample = SampleFile.allCases.first(where: { $0.expected == format.mediaType }) else { continue }
            for synonym in format.synonyms {
                #expect(inspector.verdict(on: try sample.front(), declared: synonym) == .matches(format.mediaType))
            }
        }
    }

    @Test func `a known format that is not accepted is unknown, unless it was declared`() throws {
        let images = try #require(MediaFormatTable.known.selecting(["png", "jpg"]))
        let strict = try ContentInspector(accepting: images)
        #expect(strict.verdict(on: try SampleFile.png.front(), declared: nil) == .matches(type("image/png")))
        #expect(strict.verdict(on: try SampleFile.gif.front(), declared: nil) == .unknown(found: type("image/gif")))
        #expect(
            strict.verdict(on: try SampleFile.gif.front(), declared: type("image/gif")) == .matches(type("image/gif")))
    }

    @Test func `bytes beyond the prefix are not looked at`() throws {
        // A packet that lost its sync byte makes the stream unrecognisable, but only where it is looked at.
        let front = try SampleFile.transportStream.front()
        for (lost, isSeen) in [(188 * 4, true), (188 * 8, false)] {
            var broken = front
            broken[lost] = 0
            let verdict = inspector.verdict(on: broken, declared: type("video/mp2t"))
            #expect((verdict != .matches(type("video/mp2t"))) == isSeen, "sync byte at \(lost)")
        }
        #expect(inspector.prefixBytes <= 4096)
    }

    private static let refused: [RefusedFile] = [
        RefusedFile("<!DOCTYPE html><html><head><title>x</title></head><body></body></html>", ["text/html"]),
        RefusedFile("%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\n", ["application/pdf"]),
        RefusedFile("just some words, nothing else\n", ["text/plain"]),
        RefusedFile("#!/bin/sh\necho hello\n", ["text/x-shellscript"]),
        RefusedFile("<?xml version=\"1.0\"?><svg xmlns=\"http://www.w3.org/2000/svg\"/>", ["image/svg+xml"]),
        RefusedFile("RIFF....WAVEfmt \u{10}\0\0\0\u{1}\0\u{1}\0", ["audio/x-wav"]),
        RefusedFile(
            [0x50, 0x4B, 3, 4, 20, 0, 0, 0, 8, 0] + zeros(16) + [5, 0, 0, 0] + Array("a.txt".utf8) + zeros(20),
            ["application/zip"]),
        RefusedFile([0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3] + zeros(60), ["application/gzip"]),
        RefusedFile(
            portableExecutable, ["application/x-dosexec", "application/vnd.microsoft.portable-executable"]),
        RefusedFile([0xFF, 0xFB, 0x90, 0x64] + zeros(60), ["audio/mpeg"]),
        RefusedFile([0x49, 0x49, 0x2A, 0, 8, 0, 0, 0] + zeros(40), ["image/tiff"]),
        RefusedFile(zeros(600), ["application/octet-stream"]),
    ]

    private static func zeros(_ count: Int) -> [UInt8] { [UInt8](repeating: 0, count: count) }

    /// The two headers that a Windows program begins with.
    private static let portableExecutable: [UInt8] = {
        var bytes = [UInt8](repeating: 0, count: 512)
        bytes.replaceSubrange(0..<2, with: Array("MZ".utf8))
        bytes[0x18] = 0x40
        bytes[0x3C] = 0x80
        bytes.replaceSubrange(0x80..<0x84, with: [0x50, 0x45, 0, 0])
        bytes.replaceSubrange(0x84..<0x86, with: [0x64, 0x86])
        bytes.replaceSubrange(0x98..<0x9A, with: [0x0B, 0x02])
        return bytes
    }()

    @Test(arguments: refused)
    func `what is no media has a name`(file: RefusedFile) {
        guard case .contradicts(let found) = inspector.verdict(on: file.content, declared: type("video/mp4")) else {
            Issue.record("\(file) was taken for video/mp4")
            return
        }
        #expect(file.names.contains(found.text), "found \(found)")
        #expect(inspector.verdict(on: file.content, declared: nil) == .unknown(found: found))
    }

    @Test(arguments: ["GIF88a and more", "RIFF....WEBP"])
    func `libmagic alone makes nothing an accepted format`(content: String) throws {
        let named = try #require(try MagicDatabase().mediaType(of: Array(content.utf8)))
        #expect(MediaFormatTable.known.format(of: named) != nil, "\(named) proves nothing")
        #expect(inspector.verdict(on: Array(content.utf8), declared: nil) == .unknown(found: .octetStream))
        #expect(inspector.verdict(on: Array(content.utf8), declared: named) == .contradicts(found: .octetStream))
    }
}

/// What no gateway accepts, and what it is called; more than one name where versions of libmagic differ.
struct RefusedFile: Sendable, CustomStringConvertible {
    let content: [UInt8]
    let names: [String]

    init(_ content: [UInt8], _ names: [String]) {
        self.content = content
        self.names = names
    }

    init(_ content: String, _ names: [String]) { self.init(Array(content.utf8), names) }

    var description: String { names[0] }
}
