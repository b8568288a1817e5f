import HTTPTypes
import Testing
import UploadModel

@testable import UploadProtocols

/// Answers, version by version.
@Suite struct ResumableReplyTests {
    static let interops: [Int?] = [3, 5, 6, 7, 8, 9, nil]
    static let location = "https://up.example.com/uploads/\(Samples.idText)"

    static func limits() throws -> ResumableLimits { ResumableLimits(try Samples.open(), now: Samples.moment) }

    /// "Draft Version Identification": the same number in the answer, and none for who sent none.
    @Test(arguments: interops)
    func announces(interop: Int?) throws {
        let version = ResumableVersionTests.version(interop)
        let head = ResumableReplies.announcement(location: Self.location, limits: try Self.limits(), version)
        guard let interop else { return #expect(head == nil) }
        #expect(head?.status.code == 104)
        #expect(head?.status.reasonPhrase == "Upload Resumption Supported")
        #expect(head?.headerFields[.uploadDraftInteropVersion] == "\(interop)")
        #expect(head?.headerFields[.location] == Self.location)
        #expect((head?.headerFields[.uploadLimit] != nil) == (interop >= 6))
        #expect(head?.headerFields[.uploadOffset] == nil)
    }

    /// "Upload Append": progress never carries `Location`; -01 knows none.
    @Test(arguments: interops)
    func tellsProgress(interop: Int?) {
        let head = ResumableReplies.progress(5, ResumableVersionTests.version(interop))
        guard let interop, interop > 3 else { return #expect(head == nil) }
        #expect(head?.headerFields == [.uploadDraftInteropVersion: "\(interop)", .uploadOffset: "5"])
    }

    /// "Offset Retrieval": offset, completeness, the length if it is known, limits, and nobody may keep it.
    @Test(arguments: interops)
    func tellsTheOffset(interop: Int?) throws {
        let version = ResumableVersionTests.version(interop)
        var upload = try Samples.open(layout: PartLayout())
        upload.receivedBytes = 5
        let end: (HTTPField.Name, open: String, complete: String) =
            interop == 3 ? (.uploadIncomplete, "?1", "?0") : (.uploadComplete, "?0", "?1")
        var expected: HTTPFields = [end.0: end.open, .uploadOffset: "5", .cacheControl: "no-store"]
        expected[.uploadLimit] = try Self.limits().fieldValue(version)
        let open = ResumableReplies.offset(upload, limits: try Self.limits(), address: Samples.address, version)
        #expect(open.status == .noContent)
        #expect(open.fields == expected)

        let complete = ResumableReplies.offset(
            try Samples.complete(), limits: try Self.limits(), address: Samples.address, version)
        expected[end.0] = end.complete
        expected[.uploadOffset] = "1000"
        expected[.uploadLength] = "1000"
        expected[.eTag] = "\"c99465aa-3e8\""
        expected[.reprDigest] = "crc32c=:yZRlqg==:"
        expected[.contentLocation] = Samples.address.accessURL(try Samples.complete())
        #expect(complete.fields == expected)
    }

    /// "Upload Creation": 201 with `Location`; up to -05 with `Upload-Offset`.
    @Test(arguments: interops)
    func answersWhileMoreIsToCome(interop: Int?) throws {
        let version = ResumableVersionTests.version(interop)
        var upload = try Samples.open()
        upload.receivedBytes = 5
        let created = ResumableReplies.created(upload, location: Self.location, limits: try Self.limits(), version)
        #expect(created.status == .created)
        #expect(created.fields[.location] == Self.location)
        let appended = ResumableReplies.appended(upload, limits: try Self.limits(), version)
        #expect(appended.status.code == (interop == 3 || interop == 5 ? 201 : 204))
        for reply in [created, appended] {
            #expect(reply.fields[interop == 3 ? .uploadIncomplete : .uploadComplete] == (interop == 3 ? "?1" : "?0"))
            #expect(reply.fields[.uploadOffset] == ((interop ?? 10) <= 6 ? "5" : nil))
        }
        #expect(appended.fields[.location] == nil)
    }

    /// "Upload Append": the target's answer, and `Upload-Complete: ?1`.
    @Test(arguments: interops)
    func answersWithTheTargetsAnswer(interop: Int?) throws {
        let version = ResumableVersionTests.version(interop)
        let upload = try Samples.complete(withSHA256: true)
        let answer = PartsReplies.completed(upload, address: Samples.address)
        let reply = ResumableReplies.completed(answer, upload, version)
        #expect(reply.status == answer.status)
        #expect(reply.body == answer.body)
        #expect(reply.fields[.eTag] == answer.fields[.eTag])
        #expect(reply.fields[interop == 3 ? .uploadIncomplete : .uploadComplete] == (interop == 3 ? "?0" : "?1"))
        #expect(reply.fields[.reprDigest] == "crc32c=:yZRlqg==:, sha-256=:\(Samples.sha256Base64):")
        #expect(reply == ResumableReplies.completed(answer, upload, version), "the same again")
        #expect(ResumableReplies.ended(reply, location: Self.location).fields[.location] == Self.location)
    }

    struct Refusal: Sendable {
        let code: UploadFault.Code
        let interop: Int?
        let status: Int
        let type: String
        var end: String?
        var isTransfer = true
    }

    static let about = "about:blank"
    static func type(_ name: String) -> String { "https://iana.org/assignments/http-problem-types#\(name)" }

    /// "Problem Types" of each draft, and what says whether going on makes sense.
    @Test(arguments: [
        Refusal(code: .offsetMismatch, interop: 3, status: 409, type: about, end: "?1"),
        Refusal(code: .offsetMismatch, interop: 5, status: 409, type: about, end: "?0"),
        Refusal(code: .offsetMismatch, interop: 6, status: 409, type: type("mismatching-upload-offset"), end: "?0"),
        Refusal(code: .offsetMismatch, interop: nil, status: 409, type: type("mismatching-upload-offset"), end: "?0"),
        Refusal(code: .alreadyComplete, interop: 6, status: 400, type: type("completed-upload"), end: "?0"),
        Refusal(code: .alreadyComplete, interop: 8, status: 400, type: type("completed-upload"), end: "?0"),
        Refusal(code: .alreadyComplete, interop: 9, status: 400, type: about, end: "?0"),
        Refusal(code: .inconsistentLength, interop: 6, status: 400, type: about, end: "?0"),
        Refusal(
            code: .inconsistentLength, interop: 7, status: 400, type: type("inconsistent-upload-length"), end: "?0"),
        Refusal(
            code: .inconsistentLength, interop: 9, status: 400, type: type("inconsistent-upload-length"), end: "?0"),
        Refusal(code: .uploadGone, interop: 3, status: 404, type: about, end: "?1"),
        Refusal(code: .uploadGone, interop: 6, status: 410, type: about, end: "?0"),
        // -12: true is the last word, of early answers too.
        Refusal(code: .uploadGone, interop: 9, status: 410, type: about, end: "?1"),
        Refusal(code: .contentMismatch, interop: 9, status: 415, type: about, end: "?1"),
        Refusal(code: .contentMismatch, interop: 8, status: 415, type: about, end: "?0"),
        Refusal(code: .unavailable, interop: 9, status: 503, type: about, end: "?0"),
        Refusal(code: .uploadGone, interop: 9, status: 410, type: about, isTransfer: false),
    ])
    func refuses(row: Refusal) throws {
        var fault = UploadFault(row.code, "Why.")
        if row.code == .offsetMismatch { (fault.expectedOffset, fault.providedOffset) = (100, 200) }
        var refusal = ResumableRefusal(
            ResumableVersionTests.version(row.interop), isTransfer: row.isTransfer, limits: try Self.limits())
        refusal.location = Self.location
        let reply = fault.reply(.resumable(refusal), requestID: "r")
        #expect(Int(reply.status.code) == row.status)
        let body = try Wire(reply, mediaType: "application/problem+json")
        #expect(body["type"] == .text(row.type))
        #expect(body["status"] == .integer(Int64(row.status)))
        let end = row.interop == 3 ? HTTPField.Name.uploadIncomplete : .uploadComplete
        #expect(reply.fields[end] == row.end)
        #expect((reply.fields[.location] != nil) == row.isTransfer)
        let isMismatch = row.code == .offsetMismatch
        #expect(reply.fields[.uploadOffset] == (isMismatch ? "100" : nil))
        #expect(body["expected-offset"] == (isMismatch ? 100 : nil))
        #expect(body["provided-offset"] == (isMismatch ? 200 : nil))
    }

    /// "Limits": with every refusal of a size.
    @Test func tellsLimitsWithARefusal() throws {
        var refusal = ResumableRefusal(.nine, isTransfer: true, limits: try Self.limits())
        let fault = UploadFault(.tooLarge, "Too large.")
        let reply = fault.reply(.resumable(refusal), requestID: "r")
        #expect(reply.status.code == 413)
        #expect(reply.fields[.uploadLimit] == "max-size=5000, min-size=0, max-age=3600")
        #expect(reply.fields[.uploadComplete] == "?0")
        refusal.endsUpload = true
        #expect(fault.reply(.resumable(refusal), requestID: "r").fields[.uploadComplete] == "?1")
    }

    /// "Limits", discovery.
    @Test func tellsWhatMayBeUploaded() throws {
        let reply = ResumableReplies.discovery(try Self.limits(), .unnumbered)
        #expect(reply.status == .noContent)
        #expect(reply.fields[.uploadLimit] == "max-size=5000, min-size=0, max-age=3600")
        #expect(reply.fields[.acceptPatch] == "application/partial-upload")
    }
}
