import HTTPTypes
import Testing
import UploadModel

@testable import UploadProtocols

/// Answers of tus 1.0, each with the section that asks for its fields.
@Suite struct TusRepliesTests {
    private static let expiry = "Tue, 13 Feb 2024 11:00:00 GMT"

    private static func open(_ change: (inout UploadRecord) -> Void = { _ in }) throws -> UploadRecord {
        var upload = try Samples.open(layout: PartLayout(sizeBytes: 1000))
        upload.way = .sequential
        upload.state = .receiving
        upload.receivedBytes = 70
        change(&upload)
        return upload
    }

    private static func names(_ reply: Reply) -> Set<String> { Set(reply.fields.map { $0.name.canonicalName }) }
    private static let always: Set<String> = ["tus-resumable", "cache-control"]

    /// Core protocol, "OPTIONS" and the extensions' announcements.
    @Test func whatItCan() {
        var limits = UploadLimits()
        limits.maximumUploadBytes = 4096
        let reply = TusReplies.abilities(limits: limits)
        #expect(reply.status.code == 204)
        #expect(reply.fields[.tusVersion] == "1.0.0")
        #expect(reply.fields[.tusMaxSize] == "4096")
        #expect(reply.fields[.tusChecksumAlgorithm] == "sha1,sha256,sha512,md5,crc32,crc32c")
        #expect(
            reply.fields[.tusExtension]
                == "creation,creation-with-upload,creation-defer-length,expiration,checksum,checksum-trailer,"
                + "termination,concatenation,concatenation-unfinished")
    }

    @Test func whatALinkCan() {
        let reply = TusReplies.abilities(limits: UploadLimits(), grantedBytes: 1000)
        #expect(reply.fields[.tusMaxSize] == "1000")
        #expect(
            reply.fields[.tusExtension]
                == "creation,creation-with-upload,creation-defer-length,expiration,checksum,checksum-trailer,termination"
        )
    }

    /// creation, "POST"; creation-with-upload; expiration.
    @Test func whatWasCreated() throws {
        let upload = try Self.open { $0.receivedBytes = 0 }
        let url = "https://up.example.com/files/\(Samples.idText)?tenant=a&kid=b&sig=c"
        let reply = TusReplies.created(upload, tookBytes: false, location: url)
        #expect(reply.status.code == 201)
        #expect(reply.fields[.location] == url)
        #expect(reply.fields[.tusExpires] == Self.expiry)
        #expect(Self.names(reply) == Self.always.union(["location", "upload-expires"]))
        let begun = TusReplies.created(try Self.open(), tookBytes: true, location: url)
        #expect(begun.fields[.tusOffset] == "70")
    }

    /// Core protocol, "PATCH"; expiration: on every answer while it will expire.
    @Test func whatWasStored() throws {
        let reply = TusReplies.stored(try Self.open())
        #expect(reply.status.code == 204)
        #expect(reply.fields[.tusOffset] == "70")
        #expect(reply.fields[.tusExpires] == Self.expiry)
        #expect(reply.body.isEmpty)
        let done = TusReplies.stored(try Samples.complete())
        #expect(done.fields[.tusOffset] == "1000")
        #expect(done.fields[.tusExpires] == nil)
    }

    /// Core protocol, "HEAD": offset and length, and nobody may keep it.
    @Test func whereItStands() throws {
        let reply = TusReplies.standing(try Self.open())
        #expect(reply.status.code == 200)
        #expect(reply.fields[.tusOffset] == "70")
        #expect(reply.fields[.tusLength] == "1000")
        #expect(reply.fields[.cacheControl] == "no-store")
        #expect(Self.names(reply) == Self.always.union(["upload-offset", "upload-length", "upload-expires"]))
        let fresh = TusReplies.standing(try Self.open { $0.receivedBytes = 0 })
        #expect(fresh.fields[.tusOffset] == "0", "always, even if it is 0")
        let done = TusReplies.standing(try Samples.complete())
        #expect(done.fields[.tusOffset] == "1000")
        #expect(done.fields[.tusExpires] == nil)
    }

    /// creation-defer-length: 1 until the length is known.
    @Test func aLengthThatIsNotKnown() throws {
        let reply = TusReplies.standing(try Self.open { $0.layout.sizeBytes = nil })
        #expect(reply.fields[.tusDeferLength] == "1")
        #expect(reply.fields[.tusLength] == nil)
    }

    /// creation, "HEAD": metadata as it came.
    @Test func whatItsClientSaid() throws {
        let text = "filename Y2xpcC5tcDQ=, empty,other /w=="
        let kept = try TusKeepsake(metadata: TusMetadata(text), concat: nil).text(limits: UploadLimits())
        let reply = TusReplies.standing(try Self.open { $0.metadataJSON = kept })
        #expect(reply.fields[.tusMetadata] == text)
        #expect(reply.fields[.tusConcat] == nil)
    }

    /// concatenation, "HEAD": what it is made of as it came; no offset before it is made.
    @Test func whatIsJoined() throws {
        let list = "final;/files/a http://up.example.com/files/b"
        let kept = try TusKeepsake(metadata: TusMetadata(""), concat: list).text(limits: UploadLimits())
        var upload = try Self.open {
            $0.way = .joined
            $0.metadataJSON = kept
            $0.layout.sizeBytes = nil
        }
        let joining = TusReplies.standing(upload)
        #expect(joining.fields[.tusConcat] == list)
        #expect(joining.fields[.tusOffset] == nil)
        #expect(joining.fields[.tusLength] == nil && joining.fields[.tusDeferLength] == nil)
        upload.layout.sizeBytes = 1000
        #expect(TusReplies.standing(upload).fields[.tusLength] == "1000")
        upload.state = .complete
        upload.receivedBytes = 1000
        let done = TusReplies.standing(upload)
        #expect(done.fields[.tusOffset] == "1000" && done.fields[.tusLength] == "1000")
        #expect(done.fields[.tusConcat] == list)
        let piece = try TusKeepsake(metadata: TusMetadata(""), concat: "partial").text(limits: UploadLimits())
        let partial = try Self.open {
            $0.way = .partial
            $0.metadataJSON = piece
        }
        #expect(TusReplies.standing(partial).fields[.tusConcat] == "partial")
        #expect(TusReplies.standing(partial).fields[.tusOffset] == "70")
    }

    /// termination.
    @Test func whatWasEnded() { #expect(TusReplies.ended().status.code == 204) }

    @Test(arguments: UploadFault.Code.allCases)
    func everyErrorIsALineOfText(code: UploadFault.Code) throws {
        let fault = UploadFault(code, "Two\r\nlines", cause: "/var/secret", retryAfterSeconds: 7)
        let reply = fault.reply(.tus, requestID: "r-1")
        #expect(reply.text == "\(code.rawValue): Two lines\n")
        #expect(reply.fields[.contentType] == "text/plain; charset=utf-8")
        #expect(reply.fields[.tusResumable] == "1.0.0")
        #expect(reply.fields[.cacheControl] == "no-store")
        #expect(reply.fields[.retryAfter] == "7")
        #expect((reply.fields[.tusVersion] != nil) == (code == .unsupportedVersion))
        // Of errors nobody may think that they tell where an upload stands.
        #expect(reply.fields[.tusOffset] == nil)
        // Some clients wait for an upload that is "locked"; here a newer request takes over instead.
        #expect(reply.status.code != 423)
        switch code {
        case .digestMismatch: #expect(reply.status.code == 460)
        case .wayMismatch: #expect(reply.status.code == 403)
        default: #expect(reply.status == fault.status)
        }
    }
}
