import HTTPTypes
import Testing
import UploadModel
import UploadProtocols

@Suite struct SignedPutHeadTests {
    static let crc = "crc32c=:yZRlqg==:"
    static let sha = "sha-256=:\(Samples.sha256Base64):"

    static func head(_ fields: HTTPFields, granted: String = "video/mp4") throws -> Result<SignedPutHead, UploadFault> {
        let request = HTTPRequest(
            method: .put, scheme: "https", authority: "up.example.com", path: "/upload/x", headerFields: fields)
        let type = try #require(MediaType(granted))
        return Result { () throws(UploadFault) in try SignedPutHead(request, granted: type) }
    }

    @Test(arguments: [
        "video/mp4", "Video/MP4", "video/mp4;codecs=\"avc1, mp4a\"", "video/mp4 ; a=b; c=d", "VIDEO/mp4;",
        " video/mp4 ",
    ])
    func takesTheGrantedType(type: String) throws {
        let head = try Self.head([.contentType: type]).get()
        #expect(head.expected.isEmpty)
        #expect(head.wanted.isEmpty)
    }

    @Test(arguments: [
        nil, "", "video/quicktime", "application/mp4", "video/mp", "video/mp45", "video", "mp4", "video/mp4, video/mp4",
        "video/*", "*/*", "application/octet-stream", "video/mp4 x", ";video/mp4",
    ])
    func refusesAnotherType(type: String?) throws {
        var fields: HTTPFields = [:]
        fields[.contentType] = type
        let head = try Self.head(fields)
        let fault = try fault { () throws(UploadFault) in try head.get() }
        #expect(fault.code == .contentTypeMismatch)
        #expect(fault.status.code == 415)
        #expect(fault.detail.contains("Content-Type: video/mp4."))
    }

    @Test func refusesTwoTypes() throws {
        var fields: HTTPFields = [.contentType: "video/mp4"]
        fields.append(HTTPField(name: .contentType, value: "video/mp4"))
        let head = try Self.head(fields)
        #expect(try fault { () throws(UploadFault) in try head.get() }.code == .contentTypeMismatch)
    }

    @Test(arguments: [
        ("identity", true), ("Identity", true), ("gzip", false), ("identity, gzip", false), ("br", false), ("x", false),
    ])
    func takesBytesAsTheyAre(encoding: String, isTaken: Bool) throws {
        let head = try Self.head([.contentType: "video/mp4", .contentEncoding: encoding])
        if isTaken {
            #expect(try head.get().expected.isEmpty)
        } else {
            let fault = try fault { () throws(UploadFault) in try head.get() }
            #expect(fault.code == .contentTypeMismatch)
            #expect(fault.detail.contains("Content-Encoding"))
        }
    }

    @Test func readsDigests() throws {
        let head = try Self.head([
            .contentType: "video/mp4", .reprDigest: Self.sha, .contentDigest: "\(Self.crc), new=:AA==:",
        ]).get()
        #expect(head.expected.mapValues(\.hex) == [.crc32c: "c99465aa", .sha256: Samples.sha256Hex])
        let both = try Self.head([.contentType: "video/mp4", .reprDigest: Self.crc, .contentDigest: Self.crc]).get()
        #expect(both.expected.mapValues(\.hex) == [.crc32c: "c99465aa"])
    }

    @Test func refusesDigestsThatContradict() throws {
        let head = try Self.head([
            .contentType: "video/mp4", .reprDigest: Self.crc, .contentDigest: "crc32c=:AAAAAA==:",
        ])
        let fault = try fault { () throws(UploadFault) in try head.get() }
        #expect(fault.code == .digestMismatch)
    }

    @Test(arguments: [HTTPField.Name.reprDigest, .contentDigest])
    func refusesBrokenDigests(name: HTTPField.Name) throws {
        for value in ["crc32c", "crc32c=yZRlqg==", "sha-256=:yZRlqg==:", "crc32c=:!!!!:", "é"] {
            let head = try Self.head([.contentType: "video/mp4", name: value])
            let fault = try fault { () throws(UploadFault) in try head.get() }
            #expect(fault.code == .invalidRequest, "\(value)")
            #expect(fault.fields.map(\.field) == [name.rawName])
            #expect(fault.detail.hasPrefix("\(name.rawName): "))
        }
    }

    @Test func readsWishes() throws {
        let head = try Self.head([
            .contentType: "video/mp4", .wantReprDigest: "sha-256=10, md5=0", .wantContentDigest: "crc32c=1",
        ]).get()
        #expect(head.wanted == [.sha256, .crc32c])
        let broken = try Self.head([.contentType: "video/mp4", .wantReprDigest: "((("]).get()
        #expect(broken.wanted.isEmpty)
    }

    @Test func answersWithChecksums() throws {
        let sha = try #require(Digest(.sha256, hex: Samples.sha256Hex))
        let reply = SignedPutHead.reply(
            try Samples.complete(), digests: [.crc32c: Digest(Samples.crc), .sha256: sha])
        #expect(reply.status == .ok)
        #expect(reply.body.isEmpty)
        #expect(
            reply.fields == [
                .eTag: "\"c99465aa-3e8\"", .reprDigest: "\(Self.crc), \(Self.sha)", .cacheControl: "no-store",
            ])
    }

    @Test func tagsCompleteFilesOnly() throws {
        #expect(EntityTag(of: try Samples.open()) == nil)
        let tag = try #require(EntityTag(of: try Samples.complete(sizeBytes: 255)))
        #expect(tag.description == "\"c99465aa-ff\"")
        #expect(!tag.isWeak)
    }
}
