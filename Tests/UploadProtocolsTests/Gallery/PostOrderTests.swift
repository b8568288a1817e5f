import Testing
import UploadModel
import UploadProtocols

@Suite struct PostOrderTests {
    static let now = Timestamp(milliseconds: 1_800_000_000_000)  // 2027-01-15T08:00:00Z

    static func read(_ json: String) throws(UploadFault) -> PostOrder {
        try PostOrder(json: Array(json.utf8), now: now)
    }

    /// A good order with these members instead of its own, or besides.
    static func order(_ members: [String: String]) -> String {
        let all = ["post": "\"Hi\"", "platforms": "[\"tiktok\"]", "mediaUrls": "[\"https://a.example/b.mp4\"]"]
            .merging(members) { $1 }
        let texts = all.filter { !$0.value.isEmpty }.sorted { $0.key < $1.key }.map { "\"\($0.key)\":\($0.value)" }
        return "{\(texts.joined(separator: ","))}"
    }

    static func faults(_ json: String) -> [FieldFault] {
        do throws(UploadFault) {
            _ = try read(json)
            return []
        } catch {
            return error.fields
        }
    }

    @Test func readsEveryMember() throws {
        let order = try Self.read(
            """
            {"post": "Look at \\u00fc!", "platforms": ["instagram", "youtube", "instagram"],
             "mediaUrls": ["https://up.example.com/media/x/a.mov", "http://b.example:8080/c?d=e#f"],
             "scheduleDate": "2027-01-15T09:00:00Z", "isVideo": true, "unknown": {"a": [1]}, "shortenLinks": false,
             "instagram": {"accounts": ["one"], "autoPublish": false}, "youtube": {"title": "T"}}
            """)
        #expect(order.text == "Look at ü!")
        #expect(order.platforms == [.instagram, .youtube])
        #expect(order.mediaURLs == ["https://up.example.com/media/x/a.mov", "http://b.example:8080/c?d=e#f"])
        #expect(order.scheduledAt == Timestamp(milliseconds: 1_800_003_600_000))
        #expect(order.isVideo)
        #expect(
            order.settingsJSON == [
                .instagram: #"{"accounts":["one"],"autoPublish":false,"caption":"Look at ü!"}"#,
                .youtube: #"{"description":"Look at ü!","title":"T"}"#,
            ])
    }

    @Test func asksForLittle() throws {
        let order = try Self.read(#"{"post":"","platforms":["linkedin"],"mediaUrls":"HTTPS://a.example"}"#)
        #expect(order.text.isEmpty)
        #expect(order.platforms == [.linkedin])
        #expect(order.mediaURLs == ["HTTPS://a.example"])
        #expect(order.scheduledAt == nil)
        #expect(!order.isVideo)
        #expect(order.settingsJSON.isEmpty)
        let absent = Self.order(["scheduleDate": "null", "isVideo": "null", "tiktok": "null"])
        #expect(try Self.read(absent).settingsJSON == [.tiktok: #"{"caption":"Hi"}"#])
        #expect(try Self.read(Self.order(["scheduleDate": "\" \""])).scheduledAt == nil)
    }

    static let wrong: [(member: String, values: [String])] = [
        (
            "post",
            ["", "null", "5", "true", "[\"a\"]", "{}", "\"\\u0001\"", "\"\(String(repeating: "x", count: 10_001))\""]
        ),
        (
            "platforms",
            ["", "null", "[]", "\"tiktok\"", "[1]", "[null]", "{}", "5", "[\"myspace\"]", "[\"TikTok\"]", "[\"\"]"]
        ),
        (
            "mediaUrls",
            [
                "", "null", "[]", "\"\"", "[\"\"]", "[1]", "5", "{}", "[[\"https://a.example\"]]", "[\"a.example/b\"]",
                "[\"ftp://a.example/b\"]", "[\"https:///b\"]", "[\"https://?b\"]", "[\"https:a.example\"]",
                "[\"https://a.example/a b\"]", "[\"https://a.example/\\n\"]", "[\"https://a.example\\\\b\"]",
                "[\" https://a.example\"]", "[\"https://a.example/\(String(repeating: "x", count: 2_031))\"]",
                "[" + Array(repeating: "\"https://a.example\"", count: 21).joined(separator: ",") + "]",
            ]
        ),
        (
            "scheduleDate",
            ["5", "[]", "\"tomorrow\"", "\"2030-01-31\"", "\"2027-01-15T08:00:00Z\"", "\"2020-01-31T18:00:00Z\""]
        ),
        ("isVideo", ["\"true\"", "1", "[]"]),
        ("tiktok", ["true", "5", "[]", "\"x\""]),
        ("pinterest", ["false"]),
    ]

    @Test(arguments: wrong.indices)
    func refusesAWrongMember(index: Int) throws {
        let (member, values) = Self.wrong[index]
        for value in values {
            let json = Self.order([member: value])
            let fault = try fault { () throws(UploadFault) in try Self.read(json) }
            #expect(fault.code == .invalidRequest)
            #expect(fault.fields.map(\.field) == [member], "\(value.prefix(60))")
            #expect(fault.detail == "\(member): \(fault.fields.first?.message ?? "")")
        }
    }

    @Test func limitsAreInclusive() throws {
        let longest = "\"\(String(repeating: "ü", count: 10_000))\""
        // No platform takes so long a text: each has one of its own here.
        let order = Self.order(["post": longest, "tiktok": #"{"caption":"short"}"#])
        #expect(try Self.read(order).text.unicodeScalars.count == 10_000)
        let url = "https://a.example/" + String(repeating: "x", count: 2_030)
        #expect(url.utf8.count == 2_048)
        let urls = "[" + Array(repeating: "\"\(url)\"", count: 20).joined(separator: ",") + "]"
        #expect(try Self.read(Self.order(["mediaUrls": urls])).mediaURLs.count == 20)
        #expect(try Self.read(Self.order(["scheduleDate": "\"2027-01-15T08:00:00.001Z\""])).scheduledAt != nil)
    }

    @Test func aPostWithoutMediaIsTold() throws {
        let without = Self.faults(Self.order(["mediaUrls": ""]))
        #expect(without.map(\.field) == ["mediaUrls"])
        #expect(without.first?.message.contains("without media") == true)
        #expect(Self.faults(Self.order(["mediaUrls": "", "post": "\"\""])).map(\.field) == ["post", "mediaUrls"])
    }

    @Test func everythingIsToldAtOnce() throws {
        let json = Self.order([
            "post": "5", "platforms": "[\"myspace\",\"tiktok\",\"orkut\",\"myspace\"]",
            "mediaUrls": "[\"x\",\"https://a.example\",\"y\"]", "scheduleDate": "\"x\"", "isVideo": "\"x\"",
            "instagram": #"{"caption":1,"what":2}"#,
        ])
        let fault = try fault { () throws(UploadFault) in try Self.read(json) }
        #expect(
            fault.fields.map(\.field) == [
                "post", "platforms", "platforms", "mediaUrls", "mediaUrls", "scheduleDate", "isVideo",
                "instagram.caption", "instagram",
            ])
        for field in fault.fields { #expect(fault.detail.contains("\(field.field): \(field.message)")) }
        let many = "[" + (0..<500).map { "\"p\($0)\"" }.joined(separator: ",") + "]"
        #expect(Self.faults(Self.order(["platforms": many])).count == MediaItemForm.maximumFaults)
    }

    @Test(arguments: ["", "[]", "\"x\"", "{\"post\":", "{} {}", "{\"post\":\"a\",\"post\":\"b\"}"])
    func refusesWhatIsNoObject(json: String) throws {
        let fault = try fault { () throws(UploadFault) in try Self.read(json) }
        #expect(fault.code == .invalidRequest)
        #expect(fault.fields.map(\.field) == [json.contains("\"a\"") ? "post" : "body"])
    }

    static let places: [(platform: Platform, key: String, tooManyCharacters: Int)] = [
        (.instagram, "caption", 2_201), (.tiktok, "caption", 4_001), (.linkedin, "comment", 3_001),
        (.pinterest, "description", 801), (.youtube, "description", 5_001),
    ]

    @Test(arguments: places.indices)
    func theTextFillsItsPlace(index: Int) throws {
        let (platform, key, tooMany) = Self.places[index]
        let name = platform.rawValue
        func settings(_ json: String, text: String = "Hi") throws -> String? {
            let order = Self.order(["platforms": "[\"\(name)\"]", name: json, "post": "\"\(text)\""])
            return try Self.read(order).settingsJSON[platform]
        }
        #expect(try settings("") == "{\"\(key)\":\"Hi\"}")
        #expect(try settings("{}") == "{\"\(key)\":\"Hi\"}")
        #expect(try settings("{\"\(key)\":null}") == "{\"\(key)\":\"Hi\"}")
        #expect(try settings("{\"profileId\":\"p\"}") == "{\"\(key)\":\"Hi\",\"profileId\":\"p\"}")
        #expect(try settings("{\"\(key)\":\"own\"}") == "{\"\(key)\":\"own\"}")
        #expect(try settings("{\"\(key)\":\"\"}") == "{\"\(key)\":\"\"}")
        #expect(try settings("", text: "") == nil)
        // A list between commas would not be one text.
        #expect(try settings("", text: "[a], b") == "{\"\(key)\":\"[a], b\"}")

        let long = String(repeating: "x", count: tooMany)
        let faults = Self.faults(Self.order(["platforms": "[\"\(name)\"]", "post": "\"\(long)\""]))
        #expect(faults.map(\.field) == ["post"])
        #expect(faults.first?.message.contains(name) == true)
        #expect(try settings("{\"\(key)\":\"own\"}", text: long) == "{\"\(key)\":\"own\"}")
        // A platform that is not asked for has no say.
        let other: Platform = platform == .tiktok ? .youtube : .tiktok
        if tooMany < 4_000 {
            let order = Self.order(["platforms": "[\"\(other.rawValue)\"]", "post": "\"\(long)\""])
            #expect(try Self.read(order).settingsJSON[platform] == nil)
        }
    }

    @Test func settingsOfOthersAreCheckedAndDropped() throws {
        #expect(try Self.read(Self.order(["youtube": #"{"title":"T"}"#])).settingsJSON[.youtube] == nil)
        #expect(Self.faults(Self.order(["youtube": #"{"titel":"T"}"#])).map(\.field) == ["youtube"])
    }
}
