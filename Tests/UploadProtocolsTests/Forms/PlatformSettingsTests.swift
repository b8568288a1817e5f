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
