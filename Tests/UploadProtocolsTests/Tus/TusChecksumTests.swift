import HTTPTypes
import Testing
import UploadModel

@testable import UploadProtocols

/// The checksum and checksum-trailer extensions of tus 1.0.
@Suite struct TusChecksumTests {
    private static func checksum(_ fields: [(String, String)]) throws(UploadFault) -> TusChecksum {
        try TusChecksum(TusHeads.head(.patch, fields))
    }

    @Test(arguments: TusHeads.abc.indices)
    func everyAlgorithmIsRead(index: Int) throws {
        let (name, base64, algorithm) = TusHeads.abc[index]
        let checksum = try Self.checksum([("Upload-Checksum", "\(name) \(base64)")])
        #expect(checksum.isAnnounced)
        #expect(checksum.digests == [algorithm])
        let expected = try checksum.expected(trailers: nil)
        #expect(Set(expected.keys) == [algorithm])
        #expect(expected[algorithm]?.bytes == Base64.decode(base64))
    }

    /// "Upload-Checksum": 400 for what the server does not know.
    @Test(arguments: [
        "", "sha1", "sha1 ", "sha3 qZk+NkcGgWq6PiVxeFDCbJzQ2J0=", "SHA1 qZk+NkcGgWq6PiVxeFDCbJzQ2J0=",
        "sha-256 ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=", "sha1 qZk", "sha1 %%%%", "md5 NSRBwg==",
        "sha1 qZk+NkcGgWq6PiVxeFDCbJzQ2J0= more", "crc32 NSRBwg==, crc32c Nks/tw==",
    ])
    func whatIsNoChecksum(text: String) throws {
        let refused = try fault { () throws(UploadFault) in try Self.checksum([("Upload-Checksum", text)]) }
        #expect(refused.code == .invalidRequest)
        #expect(refused.reply(.tus, requestID: "r").status.code == 400)
    }

    @Test func nothingIsAskedForWithoutOne() throws {
        let none = try Self.checksum([("Trailer", "Expires"), ("Transfer-Encoding", "chunked")])
        #expect(!none.isAnnounced)
        #expect(none.digests.isEmpty)
        // One that nobody announced is none.
        let trailers: HTTPFields = [.tusChecksum: "crc32 NSRBwg=="]
        #expect(try none.expected(trailers: trailers).isEmpty)
    }

    private static let chunked = [("Transfer-Encoding", "chunked"), ("Trailer", "Expires,\t upload-checksum")]

    /// checksum-trailer: the digest follows the bytes.
    @Test func aTrailerBringsIt() throws {
        let checksum = try Self.checksum(Self.chunked)
        #expect(checksum.isAnnounced)
        #expect(checksum.digests == [.sha1, .sha256, .sha512, .md5, .crc32, .crc32c])
        let expected = try checksum.expected(trailers: [.tusChecksum: "crc32 NSRBwg=="])
        #expect(expected == [.crc32: try #require(Digest(.crc32, bytes: [0x35, 0x24, 0x41, 0xC2]))])
    }

    @Test(arguments: [nil, "", "crc32 NSRBw", "none NSRBwg=="])
    func anAnnouncedTrailerMustCome(text: String?) throws {
        let checksum = try Self.checksum(Self.chunked)
        var trailers: HTTPFields = [:]
        trailers[.tusChecksum] = text
        #expect(throws: UploadFault.self) { try checksum.expected(trailers: trailers) }
        #expect(throws: UploadFault.self) { try checksum.expected(trailers: nil) }
    }

    @Test func bothMustHold() throws {
        let checksum = try Self.checksum(Self.chunked + [("Upload-Checksum", "crc32c Nks/tw==")])
        #expect(try checksum.expected(trailers: [.tusChecksum: "crc32 NSRBwg=="]).count == 2)
        let other = try fault { () throws(UploadFault) in
            try checksum.expected(trailers: [.tusChecksum: "crc32c NSRBwg=="])
        }
        #expect(other.code == .digestMismatch)
    }

    /// RFC 9112 section 7.1.2.
    @Test func onlyABodyInChunksHasTrailers() {
        #expect(throws: UploadFault.self) {
            try Self.checksum([("Trailer", "Upload-Checksum"), ("Content-Length", "3")])
        }
    }
}
