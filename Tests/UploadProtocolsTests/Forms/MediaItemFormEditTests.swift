import Testing
import UploadModel
import UploadProtocols

@Suite struct MediaItemFormEditTests {
    static let now = Timestamp(milliseconds: 1_700_000_000_000)
    static let standing = MediaItemRequest(
        kind: .image, title: "Title", description: "Words", platforms: [.instagram, .tiktok],
        scheduledAt: now.adding(seconds: 60),
        settingsJSON: [.instagram: #"{"autoPublish":true,"caption":"One"}"#, .tiktok: #"{"caption":"Two"}"#])

    static func edit(
        _ fields: [(name: String, value: String)], nulls: Set<String> = [],
        of request: MediaItemRequest = standing
    ) throws -> MediaItemRequest {
        try MediaItemForm.edit(request, by: fields, nulls: nulls, now: now)
    }

    @Test func whatIsNotNamedStays() throws {
        #expect(try Self.edit([]) == Self.standing)
        // A moment that stands may have come while the rest is edited.
        var late = Self.standing
        late.scheduledAt = Self.now.adding(seconds: -1)
        #expect(try Self.edit([("title", "B")], of: late).scheduledAt == late.scheduledAt)
    }

    @Test func changesWhatIsNamed() throws {
        let edited = try Self.edit([
            ("title", "B"), ("platforms", #"["instagram","pinterest"]"#), ("scheduledAt", "2030-01-01T00:00:00Z"),
            ("instagramCaption", "Flat"), ("pinterest", #"{"title":"Pin"}"#),
        ])
        #expect(edited.title == "B")
        #expect(edited.description == "Words")
        #expect(edited.platforms == [.instagram, .pinterest])
        #expect(edited.scheduledAt == Timestamp(rfc3339: "2030-01-01T00:00:00Z"))
        #expect(
            edited.settingsJSON == [
                .instagram: #"{"autoPublish":true,"caption":"Flat"}"#, .pinterest: #"{"title":"Pin"}"#,
            ])
    }

    @Test func nullTakesAway() throws {
        let edited = try Self.edit(
            [("instagram", #"{"caption":null}"#)], nulls: ["title", "description", "scheduledAt", "tiktok"])
        #expect(edited.title == nil)
        #expect(edited.description == nil)
        #expect(edited.scheduledAt == nil)
        #expect(edited.settingsJSON == [.instagram: #"{"autoPublish":true}"#])
        #expect(try Self.edit([], nulls: ["tiktokCaption"]).settingsJSON[.tiktok] == nil)
    }

    @Test func emptyTakesAwayToo() throws {
        let edited = try Self.edit([("title", ""), ("scheduledAt", "")])
        #expect(edited.title == nil)
        #expect(edited.scheduledAt == nil)
        #expect(edited.description == "Words")
    }

    @Test func aDraftHasNoMoment() throws {
        let draft = try Self.edit([("isDraft", "true")])
        #expect(draft.isDraft)
        #expect(draft.scheduledAt == nil)
        #expect(try !Self.edit([], nulls: ["isDraft"], of: draft).isDraft)
    }

    @Test func tellsAllFaultsAtOnce() {
        #expect {
            try Self.edit(
                [
                    ("title", String(repeating: "x", count: 256)), ("scheduledAt", "tomorrow"), ("isDraft", "maybe"),
                    ("tiktokPrivacy", "NOBODY"), ("instagram", "[]"),
                ], nulls: ["platforms"])
        } throws: { error in
            let fields = (error as? FormFault)?.fields.map(\.field) ?? []
            return Set(fields) == ["title", "platforms", "scheduledAt", "isDraft", "instagram", "tiktokPrivacy"]
        }
    }
}
