import Testing
import UploadModel
import UploadProtocols

@Suite struct PlatformReportTests {
    static func read(_ json: String, _ platform: Platform = .youtube) throws(UploadFault) -> PlatformResult {
        try PlatformReport(json: Array(json.utf8), platform: platform).result
    }

    static let keys: [(platform: Platform, key: String)] = [
        (.youtube, "videoId"), (.instagram, "mediaId"), (.tiktok, "videoId"), (.linkedin, "urn"), (.pinterest, "pinId"),
    ]

    @Test(arguments: keys.indices)
    func everyPlatformHasItsOwnKey(index: Int) throws {
        let (platform, key) = Self.keys[index]
        let expected = PlatformResult(status: .published, remoteID: "urn:li:share:7")
        #expect(try Self.read(#"{"status":"published","\#(key)":"urn:li:share:7"}"#, platform) == expected)
        #expect(try Self.read(#"{"status":"published","id":"urn:li:share:7"}"#, platform) == expected)
        #expect(
            try Self.read(#"{"id":"urn:li:share:7","status":"published","\#(key)":"urn:li:share:7"}"#, platform)
                == expected)
        for other in Set(Self.keys.map(\.key)).subtracting([key]) {
            let json = #"{"status":"published","\#(other)":"7"}"#
            let fault = try fault { () throws(UploadFault) in try Self.read(json, platform) }
            #expect(fault.fields.map(\.field) == [other])
            for allowed in ["status", key, "id", "url", "message"] { #expect(fault.detail.contains(allowed)) }
        }
    }

    @Test(arguments: PlatformStatus.allCases)
    func readsEveryStatus(status: PlatformStatus) throws {
        #expect(try Self.read(#"{"status":"\#(status.rawValue)"}"#) == PlatformResult(status: status))
    }

    @Test func readsEveryMember() throws {
        let json = #"{"status":"failed","videoId":"v","url":"https:\/\/y.example\/v","message":"Zu lang:\n\u00fc"}"#
        #expect(
            try Self.read(json)
                == PlatformResult(
                    status: .failed, remoteID: "v", url: "https://y.example/v", message: "Zu lang:\nü"))
        let absent = #"{"status":"idle","videoId":null,"id":null,"url":null,"message":null}"#
        #expect(try Self.read(absent) == PlatformResult(status: .idle))
        #expect(try Self.read(#"{"status":"idle","message":""}"#) == PlatformResult(status: .idle))
    }

    static let wrong: [(member: String, values: [String])] = [
        ("status", ["null", "5", "\"\"", "\"done\"", "\"Published\"", "[\"idle\"]"]),
        ("videoId", ["5", "\"\"", "\"a b\"", "\"a\\u0000\"", "\"\(String(repeating: "x", count: 201))\"", "[]"]),
        ("id", ["true", "\"\"", "\"\(String(repeating: "ü", count: 101))\""]),
        (
            "url",
            [
                "5", "\"\"", "\"x\"", "\"ftp://a.example\"",
                "\"https://a.example/\(String(repeating: "x", count: 2_031))\"",
            ]
        ),
        ("message", ["5", "{}", "\"\\u0007\"", "\"\(String(repeating: "x", count: 2_001))\""]),
        ("error", ["\"x\"", "null"]),
    ]

    @Test(arguments: wrong.indices)
    func refusesAWrongMember(index: Int) throws {
        let (member, values) = Self.wrong[index]
        for value in values {
            let status = member == "status" ? "" : #""status":"idle","#
            let fault = try fault { () throws(UploadFault) in try Self.read("{\(status)\"\(member)\":\(value)}") }
            #expect(fault.code == .invalidRequest)
            #expect(fault.fields.map(\.field) == [member], "\(value.prefix(60))")
            #expect(fault.detail == "\(member): \(fault.fields.first?.message ?? "")")
        }
    }

    @Test func limitsAreInclusive() throws {
        let id = String(repeating: "x", count: 200)
        let url = "https://a.example/" + String(repeating: "x", count: 2_030)
        let message = String(repeating: "ü", count: 2_000)
        let result = try Self.read(#"{"status":"idle","id":"\#(id)","url":"\#(url)","message":"\#(message)"}"#)
        #expect(result == PlatformResult(status: .idle, remoteID: id, url: url, message: message))
    }

    @Test func everythingIsToldAtOnce() throws {
        let json = #"{"videoId":"a","id":"b","pinId":"c","url":"x","message":1,"what":2}"#
        let fault = try fault { () throws(UploadFault) in try Self.read(json) }
        #expect(fault.fields.map(\.field) == ["pinId", "what", "status", "id", "url", "message"])
    }

    @Test(arguments: ["", "[]", "null", "{\"status\":\"idle\""])
    func refusesWhatIsNoObject(json: String) throws {
        #expect(try fault { () throws(UploadFault) in try Self.read(json) }.fields.map(\.field) == ["body"])
    }
}
