import Testing
import UploadModel
import UploadProtocols

@Suite struct PlatformSettingsTests {
    /// The settings of one platform that a form with these fields asks for.
    static func settings(
        _ platform: Platform, _ fields: [(name: String, value: String)]
    ) throws -> String? {
        let all = fields + [("platforms", platform.rawValue)]
        return try MediaItemForm.request(from: all, kind: .video, now: nil).settingsJSON[platform]
    }

    /// Flat key, nested key, a good value as the flat field has it and as JSON, a bad flat value.
    static let keys: [(platform: Platform, flat: String, nested: String, value: String, json: String, bad: String?)] = [
        (.instagram, "instagramCaption", "caption", "Hi", "\"Hi\"", String(repeating: "x", count: 2_201)),
        (.instagram, "instagramAutoPublish", "autoPublish", "true", "true", "si"),
        (.instagram, "selectedInstagramAccounts", "accounts", "[\"a\"]", "[\"a\"]", "[1]"),
        (.tiktok, "tiktokCaption", "caption", "Hi", "\"Hi\"", String(repeating: "x", count: 4_001)),
        (.tiktok, "tiktokPrivacy", "privacy", "SELF_ONLY", "\"SELF_ONLY\"", "self_only"),
        (.tiktok, "tiktokAutoPublish", "autoPublish", "0", "false", "no"),
        (.tiktok, "selectedTiktokAccounts", "accounts", "a,b", "[\"a\",\"b\"]", "[\"\"]"),
        (.tiktok, "tiktokDisableComment", "disableComment", "1", "true", "x"),
        (.tiktok, "tiktokDisableDuet", "disableDuet", "false", "false", "x"),
        (.tiktok, "tiktokDisableStitch", "disableStitch", "TRUE", "true", "x"),
        (.linkedin, "linkedinComment", "comment", "Hi", "\"Hi\"", String(repeating: "x", count: 3_001)),
        (.linkedin, "linkedinAutoPublish", "autoPublish", "true", "true", "x"),
        (.linkedin, "selectedLinkedinAccounts", "accounts", "[\"a\"]", "[\"a\"]", "{}\u{1}"),
        (.pinterest, "pinterestTitle", "title", "Hi", "\"Hi\"", String(repeating: "x", count: 101)),
        (.pinterest, "pinterestDescription", "description", "Hi", "\"Hi\"", "a\u{7}b"),
        (.pinterest, "pinterestAutoPublish", "autoPublish", "true", "true", "x"),
        (.pinterest, "selectedPinterestAccounts", "accounts", "[\"a\"]", "[\"a\"]", "[\"a\""),
        (.youtube, "youtubeTitle", "title", "Hi", "\"Hi\"", String(repeating: "x", count: 101)),
        (.youtube, "youtubeDescription", "description", "Hi", "\"Hi\"", String(repeating: "x", count: 5_001)),
        (.youtube, "youtubePrivacy", "privacy", "unlisted", "\"unlisted\"", "hidden"),
        (.youtube, "youtubeAutoPublish", "autoPublish", "true", "true", "x"),
        (.youtube, "selectedYoutubeChannels", "channels", "[\"a\"]", "[\"a\"]", "[null]"),
    ]

    @Test(arguments: keys.indices)
    func flatAndNestedMeanTheSame(index: Int) throws {
        let (platform, flat, nested, value, json, bad) = Self.keys[index]
        let expected = "{\"\(nested)\":\(json)}"
        #expect(try Self.settings(platform, [(flat, value)]) == expected)
        #expect(try Self.settings(platform, [(platform.rawValue, " { \"\(nested)\" : \(json) } ")]) == expected)
        // Of another platform: checked, not kept.
        let other: Platform = platform == .tiktok ? .linkedin : .tiktok
        #expect(try Self.settings(other, [(flat, value)]) == nil)
        if let bad {
            #expect(throws: FormFault.self) { try Self.settings(platform, [(flat, bad)]) }
            #expect(throws: FormFault.self) { try Self.settings(other, [(flat, bad)]) }
        }
        #expect(throws: FormFault.self) { try Self.settings(platform, [(platform.rawValue, "{\"\(nested)\":7}")]) }
        #expect(throws: FormFault.self) { try Self.settings(platform, [(platform.rawValue, "{\"\(nested)\":{}}")]) }
    }

    @Test func nestedWins() throws {
        let fields = [
            ("tiktokCaption", "flat"), ("tiktokDisableDuet", "true"), ("tiktok", "{\"caption\":\"nested\"}"),
        ]
        #expect(try Self.settings(.tiktok, fields) == "{\"caption\":\"nested\",\"disableDuet\":true}")
        #expect(
            try Self.settings(.tiktok, [("tiktokCaption", "flat"), ("tiktok", "{\"caption\":null}")])
                == "{\"caption\":\"flat\"}")
    }

    @Test func nothingSetIsNoSettings() throws {
        #expect(try Self.settings(.tiktok, [("tiktok", "{}")]) == nil)
        #expect(try Self.settings(.tiktok, [("tiktok", " ")]) == nil)
        #expect(try Self.settings(.tiktok, [("tiktokCaption", ""), ("selectedTiktokAccounts", "")]) == nil)
    }

    @Test func equalSettingsAreEqualText() throws {
        let first = try Self.settings(.tiktok, [("tiktok", "{\"privacy\":\"SELF_ONLY\",\"caption\":\"\\u00fc\\/\"}")])
        let second = try Self.settings(.tiktok, [("tiktok", "{ \"caption\":\"ü/\",\n\"privacy\":\"SELF_ONLY\" }")])
        #expect(first == "{\"caption\":\"ü/\",\"privacy\":\"SELF_ONLY\"}")
        #expect(first == second)
    }

    @Test func repeatedFieldsMakeAList() throws {
        let fields = [("selectedTiktokAccounts[]", "a"), ("selectedTiktokAccounts[]", "b")]
        #expect(try Self.settings(.tiktok, fields) == "{\"accounts\":[\"a\",\"b\"]}")
        #expect(throws: FormFault.self) {
            try Self.settings(.tiktok, [("tiktokCaption", "a"), ("tiktokCaption", "b")])
        }
    }

    @Test func listsHaveLimits() throws {
        let hundred = (0..<100).map(String.init).joined(separator: ",")
        #expect(try Self.settings(.tiktok, [("selectedTiktokAccounts", hundred)]) != nil)
        #expect(throws: FormFault.self) { try Self.settings(.tiktok, [("selectedTiktokAccounts", hundred + ",x")]) }
    }
}
