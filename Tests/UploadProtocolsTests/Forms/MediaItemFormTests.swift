import Testing
import UploadModel
import UploadProtocols

@Suite struct MediaItemFormTests {
    static let now = Timestamp(milliseconds: 1_800_000_000_000)  // 2027-01-15T08:00:00Z

    typealias Fields = [(name: String, value: String)]

    static func request(_ fields: Fields, _ kind: MediaKind = .video) throws(FormFault) -> MediaItemRequest {
        try MediaItemForm.request(from: fields, kind: kind, now: now)
    }

    /// The fields that are named in the faults of a form.
    static func faults(_ fields: Fields, _ kind: MediaKind = .video) -> [FieldFault] {
        do throws(FormFault) {
            _ = try request(fields, kind)
            return []
        } catch {
            return error.fields
        }
    }

    @Test func readsTheDocumentedExample() throws {
        let request = try Self.request(
            [
                ("platforms", "[\"instagram\", \"pinterest\"]"),
                (
                    "instagram",
                    "{\"caption\": \"Stunning view! #nature\", \"autoPublish\": true, \"accounts\": [\"YOUR_ID\"]}"
                ),
                ("pinterest", "{\"title\": \"a/b \\\"c\\\"\\nü\\u20ac\"}"),
                ("title", "A title"), ("description", "Text\nwith lines"), ("fileId", "ignored"), ("other", "ignored"),
            ], .image)
        #expect(
            request
                == MediaItemRequest(
                    kind: .image, title: "A title", description: "Text\nwith lines",
                    platforms: [.instagram, .pinterest],
                    settingsJSON: [
                        .instagram:
                            "{\"accounts\":[\"YOUR_ID\"],\"autoPublish\":true,\"caption\":\"Stunning view! #nature\"}",
                        .pinterest: "{\"title\":\"a/b \\\"c\\\"\\nü€\"}",
                    ]))
    }

    static let platformForms: [(fields: Fields, platforms: [Platform])] = [
        ([("platforms", "[\"tiktok\",\"youtube\",\"tiktok\"]")], [.tiktok, .youtube]),
        ([("platforms", "tiktok"), ("platforms", "linkedin")], [.tiktok, .linkedin]),
        ([("platforms[]", "tiktok"), ("platforms[]", "linkedin")], [.tiktok, .linkedin]),
        ([("platforms", " tiktok , linkedin,")], [.tiktok, .linkedin]),
        ([("platforms", "[\"pinterest\"]"), ("platforms[]", "tiktok,youtube")], [.pinterest, .tiktok, .youtube]),
    ]

    @Test(arguments: platformForms.indices)
    func readsPlatforms(index: Int) throws {
        let (fields, platforms) = Self.platformForms[index]
        #expect(try Self.request(fields).platforms == platforms)
    }

    @Test(arguments: ["", "[]", "[", "{}", "[1]", "myspace", "[\"tiktok\",\"\"]", "Tiktok", ",", "\"tiktok\"", "null"])
    func refusesPlatforms(value: String) {
        #expect(Self.faults([("platforms", value)]).map(\.field) == ["platforms"])
    }

    @Test func platformsAreRequiredOfDraftsToo() {
        #expect(Self.faults([("isDraft", "true")]).map(\.field) == ["platforms"])
    }

    @Test func youtubeTakesNoImages() {
        let faults = Self.faults([("platforms", "youtube,tiktok,youtube")], .image)
        #expect(faults.map(\.field) == ["platforms"])
        #expect(
            faults.first?.message
                == "\"youtube\" does not take images; allowed: instagram, tiktok, linkedin, pinterest.")
    }

    static let schedules: [(value: String, isDraft: String?, scheduledAt: Int64?, isFault: Bool)] = [
        ("2027-01-15T08:00:00.001Z", nil, 1_800_000_000_001, false),
        (" 2027-01-15T10:00:01+02:00 ", nil, 1_800_000_001_000, false),
        ("2027-01-15T08:00:00Z", nil, nil, true),
        ("2027-01-15T09:59:59+02:00", nil, nil, true),
        ("2030-01-01T00:00:00", nil, nil, true),
        ("2030-02-30T00:00:00Z", nil, nil, true),
        ("tomorrow", nil, nil, true),
        ("", nil, nil, false),
        // A draft wins.
        ("2030-01-01T00:00:00Z", "true", nil, false),
        ("2030-01-01T00:00:00Z", "0", 1_893_456_000_000, false),
        ("tomorrow", "true", nil, true),
    ]

    @Test(arguments: schedules.indices)
    func readsSchedules(index: Int) throws {
        let (value, isDraft, scheduledAt, isFault) = Self.schedules[index]
        let fields = [("platforms", "tiktok"), ("scheduledAt", value)] + (isDraft.map { [("isDraft", $0)] } ?? [])
        if isFault {
            #expect(Self.faults(fields).map(\.field) == ["scheduledAt"])
        } else {
            let request = try Self.request(fields)
            #expect(request.scheduledAt?.milliseconds == scheduledAt)
            #expect(request.isDraft == (isDraft == "true"))
        }
    }

    @Test func aRepetitionMayNameAPastMoment() throws {
        let fields = [("platforms", "tiktok"), ("scheduledAt", "2020-01-01T00:00:00Z")]
        let request = try MediaItemForm.request(from: fields, kind: .video, now: nil)
        #expect(request.scheduledAt?.milliseconds == 1_577_836_800_000)
    }

    @Test(arguments: [
        ("true", true), ("false", false), ("1", true), ("0", false), ("True", true), ("", false), ("yes", nil),
        ("2", nil), ("truefalse", nil),
    ])
    func readsDrafts(value: String, isDraft: Bool?) throws {
        let fields = [("platforms", "tiktok"), ("isDraft", value)]
        if let isDraft {
            #expect(try Self.request(fields).isDraft == isDraft)
        } else {
            #expect(Self.faults(fields).map(\.field) == ["isDraft"])
        }
    }

    @Test func textsHaveLimits() throws {
        let longest: Fields = [
            ("platforms", "tiktok"), ("title", String(repeating: "ü", count: 255)),
            ("description", String(repeating: "€", count: 10_000)),
        ]
        #expect(try Self.request(longest).title?.count == 255)
        let tooLong = longest.map { ($0.name, $0.name == "platforms" ? $0.value : $0.value + "x") }
        #expect(Self.faults(tooLong).map(\.field) == ["title", "description"])
        #expect(Self.faults(tooLong).allSatisfy { $0.message.utf8.count < 300 })
        #expect(Self.faults([("platforms", "tiktok"), ("title", "a\0b")]).map(\.field) == ["title"])
        #expect(try Self.request([("platforms", "tiktok"), ("title", "")]).title == nil)
    }

    @Test func tellsAllFaultsAtOnce() {
        let faults = Self.faults([
            ("title", "a"), ("title", "b"), ("scheduledAt", "soon"), ("isDraft", "maybe"), ("platforms", "myspace"),
            ("tiktok", "{\"privacy\":\"ALL\",\"autoPublish\":\"yes\",\"colour\":1}"), ("tiktokPrivacy", "NONE"),
            ("instagram", "not json"), ("youtubePrivacy", "secret"), ("linkedinAutoPublish", "on"),
            ("pinterest", "[1]"), ("selectedPinterestAccounts", "[1]"), ("youtube", "{}"), ("youtube", "{}"),
        ])
        #expect(
            faults.map(\.field) == [
                "title", "platforms", "scheduledAt", "isDraft", "youtubePrivacy", "youtube", "instagram",
                "tiktokPrivacy", "tiktok.autoPublish", "tiktok", "tiktok.privacy", "linkedinAutoPublish",
                "selectedPinterestAccounts", "pinterest",
            ])
        #expect(faults.contains { $0.message.contains("PUBLIC_TO_EVERYONE, MUTUAL_FOLLOW_FRIENDS, SELF_ONLY") })
        #expect(faults.contains { $0.message.contains("\"colour\" is not a setting of tiktok") })
    }

    @Test func faultsAreBounded() {
        let names = (0..<5_000).map { "p\($0)" }.joined(separator: ",")
        #expect(Self.faults([("platforms", names)]).count == MediaItemForm.maximumFaults)
    }
}
