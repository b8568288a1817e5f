import HTTPTypes
import Testing
import UploadModel

@testable import UploadProtocols

/// Which version a request speaks, and what each calls things. Sections are those of
/// draft-ietf-httpbis-resumable-upload-NN.
@Suite struct ResumableVersionTests {
    static func head(_ fields: HTTPFields, _ method: HTTPRequest.Method = .post) -> HTTPRequest {
        HTTPRequest(
            method: method, scheme: "https", authority: "up.example.com", path: "/uploads", headerFields: fields)
    }

    struct Choice: Sendable {
        let fields: HTTPFields
        /// The number of the interim answers.
        let interop: Int?
        /// Whether the file ends with the request.
        let end: Bool?
        let endField: ResumableVersion.EndField
    }

    /// "Draft Version Identification" of every draft: no interim answer where the number is missing or another.
    @Test(arguments: [
        Choice(
            fields: [.uploadDraftInteropVersion: "3", .uploadIncomplete: "?0"], interop: 3, end: true,
            endField: .incomplete),
        Choice(
            fields: [.uploadDraftInteropVersion: "3", .uploadIncomplete: "?1"], interop: 3, end: false,
            endField: .incomplete),
        // Each version has its own word, and only that one counts.
        Choice(
            fields: [.uploadDraftInteropVersion: "3", .uploadComplete: "?1"], interop: 3, end: nil,
            endField: .incomplete),
        Choice(
            fields: [.uploadDraftInteropVersion: "5", .uploadIncomplete: "?1"], interop: 5, end: nil,
            endField: .complete),
        Choice(
            fields: [.uploadDraftInteropVersion: "5", .uploadComplete: "?1"], interop: 5, end: true,
            endField: .complete),
        Choice(
            fields: [.uploadDraftInteropVersion: "6", .uploadComplete: "?0"], interop: 6, end: false,
            endField: .complete),
        Choice(
            fields: [.uploadDraftInteropVersion: "7", .uploadComplete: "?1"], interop: 7, end: true,
            endField: .complete),
        Choice(
            fields: [.uploadDraftInteropVersion: "8", .uploadComplete: "?1"], interop: 8, end: true,
            endField: .complete),
        Choice(
            fields: [.uploadDraftInteropVersion: "9", .uploadComplete: "?1"], interop: 9, end: true,
            endField: .complete),
        Choice(fields: [.uploadComplete: "?1"], interop: nil, end: true, endField: .complete),
        Choice(fields: [.uploadIncomplete: "?1"], interop: nil, end: false, endField: .incomplete),
        Choice(fields: [.uploadIncomplete: "?1", .uploadComplete: "?1"], interop: nil, end: true, endField: .complete),
        Choice(fields: [:], interop: nil, end: nil, endField: .complete),
        // Numbers that nobody here speaks, and no numbers.
        Choice(
            fields: [.uploadDraftInteropVersion: "4", .uploadComplete: "?1"], interop: nil, end: true,
            endField: .complete),
        Choice(
            fields: [.uploadDraftInteropVersion: "10", .uploadComplete: "?1"], interop: nil, end: true,
            endField: .complete),
        Choice(
            fields: [.uploadDraftInteropVersion: "9.0", .uploadComplete: "?1"], interop: nil, end: true,
            endField: .complete),
        Choice(
            fields: [.uploadDraftInteropVersion: "\"9\"", .uploadComplete: "?1"], interop: nil, end: true,
            endField: .complete),
        Choice(
            fields: [.uploadDraftInteropVersion: "9, 8", .uploadComplete: "?1"], interop: nil, end: true,
            endField: .complete),
        Choice(
            fields: [.uploadDraftInteropVersion: "-9", .uploadComplete: "?1"], interop: nil, end: true,
            endField: .complete),
    ])
    func isChosenByItsNumber(choice: Choice) {
        let version = ResumableVersion(of: Self.head(choice.fields))
        #expect(version.interop == choice.interop)
        #expect(version.endField == choice.endField)
        #expect(version.isEnd(choice.fields) == choice.end)
        #expect(ResumableCreation.isAsked(Self.head(choice.fields)) == (choice.end != nil))
    }

    /// RFC 9651 section 3.3, and "Other values MUST cause the entire header field to be ignored" (-08, "Upload-Offset" and
    /// others).
    @Test(
        arguments: [
            ("0", 0), ("7", 7), ("007", 7), (" 7 ", 7), ("999999999999999", 999_999_999_999_999), ("7;a=b", 7),
            ("-1", nil), ("1000000000000000", nil), ("1.0", nil), ("1e3", nil), ("+1", nil), ("?1", nil),
            ("\"1\"", nil),
            ("1, 2", nil), ("1 2", nil), ("", nil), ("0x1", nil), ("\u{661}", nil), (nil, nil),
        ] as [(String?, Int64?)])
    func readsByteCounts(value: String?, bytes: Int64?) { #expect(StructuredItem.byteCount(value) == bytes) }

    @Test(
        arguments: [
            ("?1", true), ("?0", false), (" ?1", true), ("?1;x", true), ("1", nil), ("true", nil), ("?2", nil),
            ("?", nil),
            ("?1, ?1", nil), ("", nil), (nil, nil),
        ] as [(String?, Bool?)])
    func readsBooleans(value: String?, flag: Bool?) { #expect(StructuredItem.boolean(value) == flag) }

    struct Limit: Sendable {
        let interop: Int?
        let value: String?
    }

    /// `Upload-Limit` came with -04; -06 made `expires` `max-age`.
    @Test(arguments: [
        Limit(interop: 3, value: nil), Limit(interop: 5, value: nil),
        Limit(interop: 6, value: "max-size=5000, min-size=0, expires=3600"),
        Limit(interop: 7, value: "max-size=5000, min-size=0, max-age=3600"),
        Limit(interop: 8, value: "max-size=5000, min-size=0, max-age=3600"),
        Limit(interop: 9, value: "max-size=5000, min-size=0, max-age=3600"),
        Limit(interop: nil, value: "max-size=5000, min-size=0, max-age=3600"),
    ])
    func tellsItsLimits(limit: Limit) throws {
        let limits = ResumableLimits(try Samples.open(), now: Samples.moment)
        #expect(limits.fieldValue(Self.version(limit.interop)) == limit.value)
    }

    @Test func tellsLimitsThatAreTrue() throws {
        var limits = UploadLimits()
        limits.maximumUploadBytes = 1 << 60
        limits.uploadLifetimeSeconds = 60
        #expect(
            ResumableLimits(limits).fieldValue(.nine) == "max-size=999999999999999, min-size=0, max-age=60",
            "no field can carry more")
        #expect(ResumableLimits(limits, maximumBytes: 7).maximumBytes == 7)
        limits.maximumStoredBytesPerTenant = 100
        #expect(ResumableLimits(limits, maximumBytes: 700).maximumBytes == 100, "a tenant's bound is one")
        let upload = try Samples.open()
        #expect(ResumableLimits(upload, now: upload.expiresAt.adding(seconds: 5)).lifetimeSeconds == 0)
        let late = Timestamp(milliseconds: Samples.moment.milliseconds + 1)
        #expect(ResumableLimits(upload, now: late).lifetimeSeconds == 3599, "whole seconds that are left")
    }

    static func version(_ interop: Int?) -> ResumableVersion {
        ResumableVersion.numbered.first { $0.interop == interop } ?? .unnumbered
    }

    /// Every row against the change log of the drafts.
    @Test func rowsDifferWhereTheDraftsDo() {
        let rows = ResumableVersion.numbered
        #expect(rows.map(\.interop) == [3, 5, 6, 7, 8, 9])
        // -03: progress in interim answers.
        #expect(rows.map(\.tellsProgress) == [false, true, true, true, true, true])
        // -04: PATCH with application/partial-upload.
        #expect(rows.map(\.needsPartialType) == [false, false, true, true, true, true])
        // -01 and -03, "Upload Append": 201 while more is to come, and 404 for an upload that is not active.
        #expect(rows.map(\.appendedStatus.code) == [201, 201, 204, 204, 204, 204])
        #expect(rows.map(\.hidesEnded) == [true, true, false, false, false, false])
        // -06: Upload-Complete in answers to appends, no more Upload-Offset; too many bytes end the upload.
        #expect(rows.map(\.answersOffset) == [true, true, true, false, false, false])
        #expect(rows.map(\.excessEndsUpload) == [false, false, false, true, true, true])
        // -12: the final answer may be replayed, and completed-upload is gone.
        #expect(rows.map(\.afterEnd) == [.finalAnswer, .finalAnswer, .refusal, .refusal, .refusal, .finalAnswer])
        #expect(rows.map { $0.problems.contains(.completedUpload) } == [false, false, true, true, true, false])
        #expect(rows.map { $0.problems.contains(.inconsistentLength) } == [false, false, false, true, true, true])
        #expect(rows.map { $0.problems.contains(.mismatchingOffset) } == [false, false, true, true, true, true])
        // The RFC drops the number alone.
        var last = ResumableVersion.nine
        last.interop = nil
        #expect(last == .unnumbered)
    }
}
