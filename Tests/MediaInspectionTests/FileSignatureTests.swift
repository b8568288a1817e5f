import Testing
import UploadModel

@testable import MediaInspection

@Suite struct FileSignatureTests {
    private static let pngHead: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]

    private static let heads: [(bytes: [UInt8], found: String?)] = [
        ([0xFF, 0xD8, 0xFF], "image/jpeg"),
        ([0xFF, 0xD8], nil),
        ([0xFF, 0xD8, 0x00, 0xFF], nil),
        (pngHead + [0, 0, 0, 13] + Array("IHDR".utf8), "image/png"),
        (pngHead + [0, 0, 0, 13] + Array("IHD".utf8), nil),
        (pngHead + [0, 0, 0, 14] + Array("IHDR".utf8), nil),
        (pngHead + [0, 0, 0, 13] + Array("IDAT".utf8), nil),
        (Array("GIF87a".utf8), "image/gif"),
        (Array("GIF89a".utf8), "image/gif"),
        (Array("GIF88a".utf8), nil),
        (Array("RIFF....AVI LIST".utf8), "video/x-msvideo"),
        (Array("RIFF....AVI".utf8), nil),
        (Array("RIFX....AVI LIST".utf8), nil),
        (Array("RIFF....WEBPVP8 ".utf8), "image/webp"),
        (Array("RIFF....WEBPVP8L".utf8), "image/webp"),
        (Array("RIFF....WEBPVP8X".utf8), "image/webp"),
        (Array("RIFF....WEBPVP9 ".utf8), nil),
        (Array("RIFF....WEBP".utf8), nil),
        (Array("RIFF....WAVEfmt ".utf8), nil),
        ([0, 0, 1, 0xBA, 0x21, 0, 1], "video/mpeg"),
        ([0, 0, 1, 0xBA, 0x44, 0, 4], "video/mpeg"),
        ([0, 0, 1, 0xBA, 0x80, 0, 4], nil),
        ([0, 0, 1, 0xBA], nil),
        ([0, 0, 1, 0xB3, 0x04, 0, 0x40, 0x13], "video/mpeg"),
        ([0, 0, 1, 0xB3, 0, 0, 0x40, 0x13], nil),
        ([0, 0, 1, 0xB3, 0x04, 0, 0, 0x13], nil),
        ([0, 0, 1, 0xB3, 0x04, 0, 0x40], nil),
        ([0, 0, 1, 0xB8, 0x04, 0, 0x40, 0x13], nil),
    ]

    @Test(arguments: heads)
    func `a head is told by its bytes`(bytes: [UInt8], found: String?) {
        let finding = FileSignature.finding(in: FilePrefix(bytes, limit: 1024))
        #expect(finding?.type == found.map(type))
    }

    @Test(arguments: [
        (step: 188, first: 0, count: 377, isStream: true), (step: 188, first: 0, count: 376, isStream: false),
        (step: 192, first: 4, count: 389, isStream: true), (step: 192, first: 4, count: 388, isStream: false),
        (step: 188, first: 0, count: 1024, isStream: true), (step: 192, first: 4, count: 1024, isStream: true),
        (step: 187, first: 0, count: 1024, isStream: false), (step: 188, first: 1, count: 1024, isStream: false),
    ])
    func `a transport stream shows three packets`(step: Int, first: Int, count: Int, isStream: Bool) {
        var bytes = [UInt8](repeating: 0xAA, count: count)
        for start in stride(from: first, to: count, by: step) { bytes[start] = 0x47 }
        let finding = FileSignature.finding(in: FilePrefix(bytes, limit: 1024))
        #expect(finding?.type == (isStream ? type("video/mp2t") : nil))
    }
}
