import Testing
import UploadModel
import UploadProtocols

@Suite struct JSONFormTests {
    static func fields(_ json: String) throws(UploadFault) -> (lines: [String], nulls: Set<String>) {
        let read = try JSONForm.fields(of: Array(json.utf8))
        return (read.fields.map { "\($0.name)=\($0.value)" }, read.nulls)
    }

    static let bodies: [(json: String, lines: [String], nulls: Set<String>)] = [
        ("{}", [], []),
        (
            #"{"title":"A \"t\"\n\u00fc","description":"","isDraft":true,"x":false}"#,
            ["title=A \"t\"\nü", "description=", "isDraft=true", "x=false"], []
        ),
        (#"{"a":1,"b":-0.50E+7,"c":12345678901234567890123}"#, ["a=1", "b=-0.50E+7", "c=12345678901234567890123"], []),
        (
            #" {"platforms" : [ "tiktok", "ü" ] ,"tiktok":{"caption":null,"accounts":["]"]},"z":{}} "#,
            [#"platforms=[ "tiktok", "ü" ]"#, #"tiktok={"caption":null,"accounts":["]"]}"#, "z={}"], []
        ),
        (#"{"scheduledAt":null,"title":null,"tiktok":"{}"}"#, ["tiktok={}"], ["scheduledAt", "title"]),
        (#"{"selectedTiktokAccounts":["a"]}"#, [#"selectedTiktokAccounts=["a"]"#], []),
    ]

    @Test(arguments: bodies.indices)
    func readsMembers(index: Int) throws {
        let (json, lines, nulls) = Self.bodies[index]
        let read = try Self.fields(json)
        #expect(read.lines == lines)
        #expect(read.nulls == nulls)
    }

    @Test func aMediaItemIsReadFromIt() throws {
        let json = """
            {"title": "A title", "platforms": ["tiktok", "youtube"], "isDraft": false, "youtubeTitle": "T",
             "scheduledAt": "2030-01-31T18:00:00Z", "tiktok": {"caption": "\\u00fc", "disableDuet": true}}
            """
        let fields = try JSONForm.fields(of: Array(json.utf8)).fields
        let request = try MediaItemForm.request(from: fields, kind: .video, now: Samples.moment)
        #expect(request.title == "A title")
        #expect(request.platforms == [.tiktok, .youtube])
        #expect(request.scheduledAt == Timestamp(rfc3339: "2030-01-31T18:00:00Z"))
        #expect(request.settingsJSON == [.tiktok: #"{"caption":"ü","disableDuet":true}"#, .youtube: #"{"title":"T"}"#])
    }

    static let refused: [(json: String, fields: [String])] = [
        ("", ["body"]), ("[]", ["body"]), ("\"a\"", ["body"]), ("null", ["body"]), ("{", ["body"]), ("{} x", ["body"]),
        ("{\"a\":\"\\ud800\"}", ["body"]), ("{\"a\":1,\"a\":2}", ["a"]),
        // As fields these would be texts.
        (#"{"title":["a"],"description":{},"tiktokCaption":[],"x":[]}"#, ["title", "description", "tiktokCaption"]),
    ]

    @Test(arguments: refused.indices)
    func refuses(index: Int) throws {
        let (json, fields) = Self.refused[index]
        let fault = try fault { () throws(UploadFault) in try JSONForm.fields(of: Array(json.utf8)) }
        #expect(fault.code == .invalidRequest)
        #expect(fault.fields.map(\.field) == fields)
        #expect(!fault.detail.isEmpty)
    }

    @Test func nestedTextIsUTF8() throws {
        let json = Array(#"{"a":[""#.utf8) + [0xFF] + Array(#""]}"#.utf8)
        let fault = try fault { () throws(UploadFault) in try JSONForm.fields(of: json) }
        #expect(fault.fields.map(\.field) == ["a"])
    }

    @Test func nestingHasALimit() throws {
        let deepest = "{\"a\":" + String(repeating: "[", count: 31) + String(repeating: "]", count: 31) + "}"
        #expect(try Self.fields(deepest).lines.count == 1)
        let deeper = "{\"a\":" + String(repeating: "[", count: 32) + String(repeating: "]", count: 32) + "}"
        #expect(try fault { () throws(UploadFault) in try Self.fields(deeper) }.fields.map(\.field) == ["body"])
    }
}
