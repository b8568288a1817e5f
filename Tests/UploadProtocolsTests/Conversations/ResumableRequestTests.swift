import HTTPTypes
import Testing
import UploadModel

@testable import UploadProtocols

/// Heads of requests, version by version.
@Suite struct ResumableRequestTests {
    static func fields(_ interop: Int?, _ more: HTTPFields) -> HTTPFields {
        var fields = more
        fields[.uploadDraftInteropVersion] = interop.map { String($0) }
        return fields
    }

    static let partial: HTTPFields = [.contentType: "application/partial-upload"]

    struct Append: Sendable {
        let interop: Int?
        let fields: HTTPFields
        /// Offset and whether it ends the file; `nil` where it is refused.
        let read: (offset: Int64, endsFile: Bool)?
        var status = 400
    }

    static let appends: [Append] = [
        // -01, "Upload Appending Procedure": where the field is left out, the file ends.
        Append(interop: 3, fields: [.uploadOffset: "5"], read: (5, true)),
        Append(interop: 3, fields: [.uploadOffset: "5", .uploadIncomplete: "?1"], read: (5, false)),
        Append(interop: 3, fields: [.uploadOffset: "5", .uploadIncomplete: "?0"], read: (5, true)),
        Append(interop: 3, fields: [.uploadIncomplete: "?0"], read: nil),
        // -03: complete only if the field says so.
        Append(interop: 5, fields: [.uploadOffset: "5"], read: (5, false)),
        Append(interop: 5, fields: [.uploadOffset: "5", .uploadComplete: "?1"], read: (5, true)),
        Append(
            interop: 5, fields: [.uploadOffset: "5", .uploadComplete: "?0", .contentType: "video/mp4"], read: (5, false)
        ),
        // -04 on, "Upload Append": the media type, and both fields.
        Append(
            interop: 6,
            fields: [.contentType: "application/partial-upload", .uploadOffset: "5", .uploadComplete: "?1"],
            read: (5, true)),
        Append(interop: 6, fields: [.uploadOffset: "5", .uploadComplete: "?1"], read: nil, status: 415),
        Append(
            interop: 6, fields: [.contentType: "video/mp4", .uploadOffset: "5", .uploadComplete: "?1"], read: nil,
            status: 415),
        Append(interop: 6, fields: [.contentType: "application/partial-upload", .uploadOffset: "5"], read: nil),
        Append(
            interop: 8,
            fields: [.contentType: "Application/Partial-Upload; a=b", .uploadOffset: "0", .uploadComplete: "?0"],
            read: (0, false)),
        Append(
            interop: 9,
            fields: [.contentType: "application/partial-upload", .uploadOffset: "5", .uploadComplete: "?0"],
            read: (5, false)),
        Append(
            interop: nil,
            fields: [.contentType: "application/partial-upload", .uploadOffset: "5", .uploadComplete: "?1"],
            read: (5, true)),
        Append(
            interop: nil,
            fields: [.contentType: "application/partial-upload", .uploadOffset: "-5", .uploadComplete: "?1"],
            read: nil),
        Append(
            interop: nil,
            fields: [.contentType: "application/partial-upload", .uploadOffset: "5", .uploadComplete: "1"],
            read: nil),
    ]

    @Test(arguments: appends.indices)
    func readsAppends(index: Int) throws {
        let row = Self.appends[index]
        let head = ResumableVersionTests.head(Self.fields(row.interop, row.fields), .patch)
        guard let read = row.read else {
            let fault = try fault { () throws(UploadFault) in try ResumableAppend(head) }
            #expect(Int(fault.status.code) == row.status)
            return
        }
        let append = try ResumableAppend(head)
        #expect(append.offset == read.offset)
        #expect(append.endsFile == read.endsFile)
    }

    struct Creation: Sendable {
        let fields: HTTPFields
        let declared: Int64?
        /// What is known of the length.
        let known: Int64?
        var isRefused = false
    }

    /// "Length": `Upload-Length`, or `Content-Length` where the file ends with the content, and both agree.
    @Test(arguments: [
        Creation(fields: [.uploadComplete: "?1"], declared: 10, known: 10),
        Creation(fields: [.uploadComplete: "?1"], declared: nil, known: nil),
        Creation(fields: [.uploadComplete: "?1", .uploadLength: "10"], declared: 10, known: 10),
        Creation(fields: [.uploadComplete: "?1", .uploadLength: "10"], declared: nil, known: 10),
        Creation(fields: [.uploadComplete: "?1", .uploadLength: "11"], declared: 10, known: 11, isRefused: true),
        Creation(fields: [.uploadComplete: "?1", .uploadLength: "ten"], declared: 10, known: 10),
        Creation(fields: [.uploadComplete: "?0"], declared: 10, known: nil),
        Creation(fields: [.uploadComplete: "?0", .uploadLength: "11"], declared: 10, known: 11),
        Creation(fields: [.uploadComplete: "?0", .uploadLength: "0"], declared: 0, known: 0),
        Creation(fields: [:], declared: 10, known: 10),
    ])
    func knowsLengths(row: Creation) throws {
        let head = ResumableVersionTests.head(row.fields)
        #expect(ResumableCreation.knownBytes(head, declaredBytes: row.declared) == row.known)
        guard !row.isRefused else {
            let fault = try fault { () throws(UploadFault) in
                try ResumableCreation(head, declaredBytes: row.declared)
            }
            #expect(fault.code == .inconsistentLength)
            return
        }
        let creation = try ResumableCreation(head, declaredBytes: row.declared)
        #expect(creation.knownBytes(declaredBytes: row.declared) == row.known)
    }

    @Test func refusesCodedBytes() throws {
        let head = ResumableVersionTests.head([.uploadComplete: "?1", .contentEncoding: "gzip"])
        let fault = try fault { () throws(UploadFault) in try ResumableCreation(head, declaredBytes: 1) }
        #expect(fault.code == .contentTypeMismatch)
    }

    struct Question: Sendable {
        let interop: Int?
        let isRefused: Bool
    }

    /// -01 and -03, "Offset Retrieving" and "Cancellation": 400 for fields that have no place there.
    @Test(arguments: [
        Question(interop: 3, isRefused: true), Question(interop: 5, isRefused: true),
        Question(interop: 6, isRefused: false), Question(interop: 9, isRefused: false),
        Question(interop: nil, isRefused: false),
    ])
    func minds(question: Question) throws {
        for name in [HTTPField.Name.uploadOffset, .uploadComplete] {
            let head = ResumableVersionTests.head(Self.fields(question.interop, [name: "0"]), .head)
            let version = ResumableVersion(of: head)
            if question.isRefused {
                let fault = try fault { () throws(UploadFault) in try ResumableQuestion.check(head, version) }
                #expect(fault.status.code == 400)
            } else {
                try ResumableQuestion.check(head, version)
            }
        }
    }

    struct Late: Sendable {
        let interop: Int?
        let offset: Int64
        let declared: Int64?
        let end: String
        /// `nil` for the final answer.
        let refusal: UploadFault.Code?
    }

    /// "Upload Append", of an upload that is complete with 100 bytes.
    @Test(arguments: [
        // -12: the final answer may be sent again; a repetition is what ends where the file does.
        Late(interop: 9, offset: 60, declared: 40, end: "?1", refusal: nil),
        Late(interop: nil, offset: 60, declared: 40, end: "?1", refusal: nil),
        Late(interop: 9, offset: 100, declared: 0, end: "?1", refusal: nil),
        Late(interop: 9, offset: 0, declared: 100, end: "?1", refusal: nil),
        Late(interop: 9, offset: 60, declared: 41, end: "?1", refusal: .inconsistentLength),
        Late(interop: 9, offset: 60, declared: nil, end: "?1", refusal: .inconsistentLength),
        Late(interop: 9, offset: 60, declared: 40, end: "?0", refusal: .inconsistentLength),
        Late(interop: 9, offset: 100, declared: 0, end: "?0", refusal: .alreadyComplete),
        Late(interop: 9, offset: 999_999_999_999_999, declared: .max, end: "?1", refusal: .inconsistentLength),
        // -06 to -11: it must be refused, bytes as an inconsistent length.
        Late(interop: 8, offset: 60, declared: 40, end: "?1", refusal: .inconsistentLength),
        Late(interop: 7, offset: 100, declared: 0, end: "?1", refusal: .alreadyComplete),
        // -04 and -05: it must be refused.
        Late(interop: 6, offset: 60, declared: 40, end: "?1", refusal: .alreadyComplete),
        // Earlier drafts say nothing.
        Late(interop: 5, offset: 60, declared: 40, end: "?1", refusal: nil),
        Late(interop: 5, offset: 60, declared: 40, end: "?0", refusal: .alreadyComplete),
    ])
    func answersWhatComesLate(late: Late) throws {
        var fields = Self.fields(late.interop, Self.partial)
        fields[.uploadOffset] = String(late.offset)
        fields[.uploadComplete] = late.end
        let append = try ResumableAppend(ResumableVersionTests.head(fields, .patch))
        switch append.afterEnd(of: 100, declaredBytes: late.declared) {
        case .finalAnswer: #expect(late.refusal == nil)
        case .refuse(let fault): #expect(fault.code == late.refusal)
        }
    }

    @Test func tellsWhatIsNew() throws {
        let md5 = "md5=:1B2M2Y8AsgTpgAmY7PhCfg==:"
        func isKnown(_ fields: HTTPFields, _ change: (inout UploadRecord) -> Void = { _ in }) throws -> Bool {
            var upload = try Samples.complete()
            upload.layout.sizeBytes = nil
            change(&upload)
            var head = ResumableVersionTests.head(fields)
            head.headerFields[.uploadComplete] = "?0"
            return ResumableContent(try ResumableCreation(head, declaredBytes: 0)).tellsNothingNew(of: upload)
        }
        let other = try #require(Digest(.md5, hex: String(repeating: "0", count: 32)))
        let told = try DigestField.parse(md5)
        #expect(try isKnown([:]))
        #expect(try isKnown([:]) { $0.layout.sizeBytes = 5 })
        #expect(try isKnown([.uploadLength: "5"]) { $0.layout.sizeBytes = 5 })
        #expect(try !isKnown([.uploadLength: "5"]) { $0.layout.sizeBytes = 6 })
        #expect(try !isKnown([.uploadLength: "5"]))
        #expect(try !isKnown([.reprDigest: md5]))
        #expect(try !isKnown([.reprDigest: md5]) { $0.expectedDigests = [.md5: other] })
        #expect(try isKnown([.reprDigest: md5]) { $0.expectedDigests = told })
    }

    @Test func keepsDigestsApart() throws {
        let sha = "sha-256=:\(Samples.sha256Base64):"
        let head = ResumableVersionTests.head([
            .uploadComplete: "?1", .reprDigest: "\(sha), crc32c=:yZRlqg==:",
            .contentDigest: "md5=:1B2M2Y8AsgTpgAmY7PhCfg==:",
            .wantReprDigest: "sha-512=10", .wantContentDigest: "crc32c=1",
        ])
        let creation = try ResumableCreation(head, declaredBytes: 10)
        #expect(Set(creation.digests.file.keys) == [.sha256, .crc32c])
        #expect(Set(creation.digests.content.keys) == [.md5])
        #expect(creation.digests.wantedOfFile == [.sha512])
        let whole = ResumableContent(creation)
        #expect(whole.computed == [.md5, .crc32c], "what came of it stays when it breaks off")
        var plain = head
        plain.headerFields[.uploadComplete] = nil
        let ordinary = ResumableContent(try ResumableCreation(plain, declaredBytes: 10))
        #expect(ordinary.computed == [.md5, .crc32c, .sha256, .sha512], "it comes as a whole or not at all")
        #expect(
            whole.contentDigest([
                .crc32c: Digest(Samples.crc), .md5: try #require(Digest(.md5, hex: String(repeating: "0", count: 32))),
            ]) == "crc32c=:yZRlqg==:")
    }
}
