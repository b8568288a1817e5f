package import HTTPTypes

/// One version of Resumable Uploads for HTTP: what it calls things and what it asks for, as data. Chosen once for each
/// request; whoever holds one asks it and never for its number.
package struct ResumableVersion: Hashable, Sendable {
    /// The field that says whether the file ends with the request's content.
    package enum EndField: Hashable, Sendable {
        /// `Upload-Complete`: true where it ends.
        case complete
        /// `Upload-Incomplete`: false where it ends.
        case incomplete
    }

    /// What an append means that does not say whether it is the last.
    package enum Silence: Hashable, Sendable {
        case endsFile
        case goesOn
        case isRefused
    }

    /// Problem types (RFC 9457) that the version defines.
    package enum Problem: String, Hashable, Sendable {
        case mismatchingOffset = "mismatching-upload-offset"
        case completedUpload = "completed-upload"
        case inconsistentLength = "inconsistent-upload-length"

        package var type: String { "https://iana.org/assignments/http-problem-types#\(rawValue)" }
    }

    /// What an append gets that comes after the last one.
    package enum AfterEnd: Hashable, Sendable {
        /// The final answer once more, if it repeats the last append.
        case finalAnswer
        case refusal
    }

    /// `Upload-Draft-Interop-Version`, and what every interim answer carries; without it none is sent.
    package var interop: Int?
    package let endField: EndField
    package let silence: Silence
    /// Whether an append must be `application/partial-upload`.
    package let needsPartialType: Bool
    /// The lifetime's key in `Upload-Limit`; `nil` where the version has no such field.
    package let lifetimeKey: String?
    /// Whether progress is told in interim answers.
    package let tellsProgress: Bool
    /// Whether final answers carry `Upload-Offset`.
    package let answersOffset: Bool
    /// The status of an append after which more is to come.
    package let appendedStatus: HTTPResponse.Status
    /// Whether an ended upload is answered as one that never was.
    package let hidesEnded: Bool
    /// Whether a request that only asks, or cancels, must not say an offset or an end.
    package let refusesStrayFields: Bool
    /// Whether content that passes the known length ends the upload.
    package let excessEndsUpload: Bool
    package let afterEnd: AfterEnd
    /// Whether a refusal that no repetition can cure says that it is the last word.
    package let marksFinalRefusals: Bool
    package let problems: Set<Problem>

    /// draft-ietf-httpbis-resumable-upload-01.
    static let three = ResumableVersion(
        interop: 3, endField: .incomplete, silence: .endsFile, needsPartialType: false, lifetimeKey: nil,
        tellsProgress: false, answersOffset: true, appendedStatus: .created, hidesEnded: true,
        refusesStrayFields: true, excessEndsUpload: false, afterEnd: .finalAnswer, marksFinalRefusals: false,
        problems: [])

    /// draft -03.
    static let five = ResumableVersion(
        interop: 5, endField: .complete, silence: .goesOn, needsPartialType: false, lifetimeKey: nil,
        tellsProgress: true, answersOffset: true, appendedStatus: .created, hidesEnded: true,
        refusesStrayFields: true, excessEndsUpload: false, afterEnd: .finalAnswer, marksFinalRefusals: false,
        problems: [])

    /// drafts -04 and -05.
    static let six = ResumableVersion(
        interop: 6, endField: .complete, silence: .isRefused, needsPartialType: true, lifetimeKey: "expires",
        tellsProgress: true, answersOffset: true, appendedStatus: .noContent, hidesEnded: false,
        refusesStrayFields: false, excessEndsUpload: false, afterEnd: .refusal, marksFinalRefusals: false,
        problems: [.mismatchingOffset, .completedUpload])

    /// drafts -06 to -08.
    static let seven = later(7, .refusal, marksFinalRefusals: false, [.completedUpload])
    /// drafts -09 to -11.
    static let eight = later(8, .refusal, marksFinalRefusals: false, [.completedUpload])
    /// drafts -12 and later.
    static let nine = later(9, .finalAnswer, marksFinalRefusals: true, [])
    /// The RFC to come: as the last draft, and without its number. No number, no interim answer: clients that know
    /// nothing of this protocol send none either, and some of them take an interim answer for the final one.
    package static let unnumbered = later(nil, .finalAnswer, marksFinalRefusals: true, [])

    private static func later(
        _ interop: Int?, _ afterEnd: AfterEnd, marksFinalRefusals: Bool, _ problems: Set<Problem>
    ) -> ResumableVersion {
        ResumableVersion(
            interop: interop, endField: .complete, silence: .isRefused, needsPartialType: true,
            lifetimeKey: "max-age", tellsProgress: true, answersOffset: false, appendedStatus: .noContent,
            hidesEnded: false, refusesStrayFields: false, excessEndsUpload: true, afterEnd: afterEnd,
            marksFinalRefusals: marksFinalRefusals,
            problems: problems.union([.mismatchingOffset, .inconsistentLength]))
    }

    /// Every numbered version that is spoken here.
    package static let numbered = [three, five, six, seven, eight, nine]

    /// The version of a request: that of its number. A number that is not spoken here is as good as none.
    ///
    /// `Upload-Incomplete` without a number is taken for the first version's word, and nothing interim is sent.
    package init(of head: HTTPRequest) {
        if let number = StructuredItem.integer(head.headerFields[.uploadDraftInteropVersion]),
            let version = Self.numbered.first(where: { $0.interop.map(Int64.init) == number })
        {
            self = version
        } else if head.headerFields[.uploadIncomplete] != nil, head.headerFields[.uploadComplete] == nil {
            self = Self.three
            interop = nil
        } else {
            self = Self.unnumbered
        }
    }

    private init(
        interop: Int?, endField: EndField, silence: Silence, needsPartialType: Bool, lifetimeKey: String?,
        tellsProgress: Bool, answersOffset: Bool, appendedStatus: HTTPResponse.Status, hidesEnded: Bool,
        refusesStrayFields: Bool, excessEndsUpload: Bool, afterEnd: AfterEnd, marksFinalRefusals: Bool,
        problems: Set<Problem>
    ) {
        self.interop = interop
        self.endField = endField
        self.silence = silence
        self.needsPartialType = needsPartialType
        self.lifetimeKey = lifetimeKey
        self.tellsProgress = tellsProgress
        self.answersOffset = answersOffset
        self.appendedStatus = appendedStatus
        self.hidesEnded = hidesEnded
        self.refusesStrayFields = refusesStrayFields
        self.excessEndsUpload = excessEndsUpload
        self.afterEnd = afterEnd
        self.marksFinalRefusals = marksFinalRefusals
        self.problems = problems
    }

    /// Whether the file ends with a request's content; `nil` when the request does not say, or unreadably.
    func isEnd(_ fields: HTTPFields) -> Bool? {
        switch endField {
        case .complete: StructuredItem.boolean(fields[.uploadComplete])
        case .incomplete: StructuredItem.boolean(fields[.uploadIncomplete]).map(!)
        }
    }

    /// Tells whether the file has ended.
    func setEnd(_ isEnd: Bool, in fields: inout HTTPFields) {
        switch endField {
        case .complete: fields[.uploadComplete] = StructuredItem.text(isEnd)
        case .incomplete: fields[.uploadIncomplete] = StructuredItem.text(!isEnd)
        }
    }
}
