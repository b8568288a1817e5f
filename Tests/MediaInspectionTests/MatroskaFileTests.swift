import Testing
import UploadModel

@testable import MediaInspection

@Suite struct MatroskaFileTests {
    private static let magic: [UInt8] = [0x1A, 0x45, 0xDF, 0xA3]

    /// A document type element of up to 126 bytes.
    private static func documentType(_ text: String) -> [UInt8] {
        [0x42, 0x82, 0x80 | UInt8(text.utf8.count)] + Array(text.utf8)
    }

    /// A header with its length in one byte.
    private static func header(_ content: [UInt8]) -> [UInt8] { magic + [0x80 | UInt8(content.count)] + content }

    private static let version: [UInt8] = [0x42, 0x86, 0x81, 1]
    private static let void: [UInt8] = [0xEC, 0x83, 1, 2, 3]
    private static let checksum: [UInt8] = [0xBF, 0x84, 1, 2, 3, 4]

    private static let headers: [(bytes: [UInt8], names: [String])] = [
        (header(documentType("webm")), ["video/webm", "video/x-matroska"]),
        (header(documentType("matroska")), ["video/x-matroska"]),
        (header(checksum + version + void + documentType("webm")), ["video/webm", "video/x-matroska"]),
        (header(documentType("webm\0\0")), ["video/webm", "video/x-matroska"]),
        // Lengths of eight bytes, one of them unknown.
        (magic + [1, 0, 0, 0, 0, 0, 0, 11, 0x42, 0x82, 1, 0, 0, 0, 0, 0, 0, 4] + Array("webm".utf8), octets),
        (magic + [1, 0, 0, 0, 0, 0, 0, 14, 0x42, 0x82, 1, 0, 0, 0, 0, 0, 0, 4] + Array("webm".utf8), webm),
        (magic + [0xFF] + documentType("matroska"), ["video/x-matroska"]),
        // The header says that it is longer than what is there.
        (magic + [0x10, 0xFF, 0xFF, 0xFF] + documentType("webm"), webm),
        (header(documentType("other")), octets),
        (header(documentType("webmx")), octets),
        (header(documentType("")), octets),
        (header(version), octets),
        (header([]), octets),
        (magic, octets),
        // The document type stands behind the end of the header.
        (header(version) + documentType("webm"), octets),
        // The first child, or the document type itself, ends outside.
        (header([0x42, 0x86, 0xFE, 1] + documentType("webm")), octets),
        (header([0x42, 0x86, 0xFF, 1] + documentType("webm")), octets),
        (header([0x42, 0x82, 0x88] + Array("webm".utf8)), octets),
        (header([0x42, 0x82, 0xFF] + Array("webm".utf8)), octets),
        (header([0xEC, 1, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFE] + documentType("webm")), octets),
        // An identifier or a length that starts with no marker.
        (header([0x00] + documentType("webm")), octets),
        (magic + [0] + documentType("webm"), octets),
    ]
    private static let webm = ["video/webm", "video/x-matroska"]
    private static let octets = ["application/octet-stream"]

    @Test(arguments: headers)
    func `the document type gives the names`(bytes: [UInt8], names: [String]) throws {
        let file = try #require(MatroskaFile(FilePrefix(bytes, limit: 1024)))
        #expect(file.finding.names == names.map(type))
    }

    @Test func `anything else is no EBML`() {
        let others: [[UInt8]] = [[], [0x1A], [0x1A, 0x45, 0xDF], [0x1A, 0x45, 0xDF, 0xA4, 0x80], [0] + Self.magic]
        for bytes in others {
            #expect(MatroskaFile(FilePrefix(bytes, limit: 1024))?.finding == nil)
        }
    }
}
