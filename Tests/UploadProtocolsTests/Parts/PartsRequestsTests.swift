import Testing
import UploadModel
import UploadProtocols

@Suite struct PartsAnnouncementTests {
    static func read(_ json: String, limits: UploadLimits = UploadLimits()) throws(UploadFault) -> PartsAnnouncement {
        try PartsAnnouncement(json: Array(json.utf8), formats: .known, limits: limits)
    }

    /// A body with one more member.
    static func body(_ member: String) -> String { #"{"fileName":"a.mov",\#(member)}"# }

    @Test func readsEveryMember() throws {
        let json = """
            {"fileName": "a.mov", "contentType": "mov", "size": 1099511627776, "partSize": 8388608,
             "sha256": "\(Samples.sha256Hex)", "metadata": {"b": [1, true, null], "a": "x/y"}, "unknown": {}}
            """
        let announcement = try Self.read(json)
        #expect(announcement.file.fileName.text == "a.mov")
        #expect(announcement.file.format.mediaType.text == "video/quicktime")
        #expect(announcement.sizeBytes == 1_099_511_627_776)
        #expect(announcement.partBytes == 8_388_608)
        #expect(announcement.sha256?.hex == Samples.sha256Hex)
        #expect(announcement.metadataJSON == #"{"a":"x/y","b":[1,true,null]}"#)
    }

    @Test(arguments: [
        #"{"fileName":"a.mov"}"#, #" { "fileName" : "a.mov" } "#,
        #"{"fileName":"a.mov","contentType":null,"size":null,"partSize":null,"sha256":null,"metadata":null}"#,
        #"{"fileName":"a.mov","contentType":""}"#, "\u{FEFF}{\"fileName\":\"a.mov\"}",
    ])
    func asksForANameOnly(json: String) throws {
        let announcement = try Self.read(json)
        #expect(announcement.file.format.mediaType.text == "video/quicktime")
        #expect(announcement.sizeBytes == nil)
        #expect(announcement.partBytes == nil)
        #expect(announcement.sha256 == nil)
        #expect(announcement.metadataJSON == nil)
    }

    @Test(arguments: [("0", 0 as Int64), ("1e3", 1000), ("5.0", 5), ("9223372036854775807", .max)])
    func readsNumbers(text: String, value: Int64) throws {
        #expect(try Self.read(Self.body(#""size":\#(text)"#)).sizeBytes == value)
        #expect(try Self.read(Self.body(#""partSize":\#(text)"#)).partBytes == value)
    }

    static let wrong: [(member: String, field: String)] =
        ["\"5\"", "true", "[]", "{}", "1.5", "9223372036854775808", "1e30", "-9223372036854775809", "01"].flatMap {
            [("\"size\":\($0)", "size"), ("\"partSize\":\($0)", "partSize")]
        }
        + [("\"size\":-1", "size"), ("\"size\":-9223372036854775808", "size")]
        + [
            "5", "true", "[]", "{}", "\"\"", "\"e3b0\"", "\"\(Samples.sha256Hex)0\"",
            "\"\(Samples.sha256Hex.dropLast())g\"",
        ]
        .map { ("\"sha256\":\($0)", "sha256") }
        + ["\"yZRlqg==\"", "\"\(Samples.sha256Base64)=\"", "\"sha-256=:\(Samples.sha256Base64):\""]
        .map { ("\"sha256\":\($0)", "sha256") }
        + ["5", "true", "[]", "\"a\"", "[{}]"].map { ("\"metadata\":\($0)", "metadata") }
        + ["5", "true", "[]", "{}", "\"exe\"", "\"mp4\""].map { ("\"contentType\":\($0)", "contentType") }

    @Test(arguments: wrong.indices)
    func refusesAWrongMember(index: Int) throws {
        let (member, field) = Self.wrong[index]
        let fault = try fault { () throws(UploadFault) in try Self.read(Self.body(member)) }
        #expect(fault.code == .invalidRequest)
        // A type that the extension contradicts is told at the name.
        #expect(fault.fields.map(\.field) == [member.contains("mp4") ? "fileName" : field], "\(member)")
        #expect(fault.detail == fault.fields.first?.message)
        #expect(fault.detail.contains(field) || member.contains("mp4"))
    }

    @Test(arguments: [
        "{}", #"{"fileName":null}"#, #"{"fileName":""}"#, #"{"fileName":5}"#, #"{"fileName":["a.mov"]}"#,
        #"{"fileName":"a/b.mov"}"#, #"{"fileName":"a\u0000.mov"}"#, #"{"filename":"a.mov"}"#, #"{"FileName":"a.mov"}"#,
    ])
    func refusesAWrongName(json: String) throws {
        let fault = try fault { () throws(UploadFault) in try Self.read(json) }
        #expect(fault.code == .invalidRequest)
        #expect(fault.fields.map(\.field) == ["fileName"])
    }

    @Test(arguments: [
        "", " ", "null", "[]", "[{\"fileName\":\"a.mov\"}]", "\"a.mov\"", "5", "true", "{", "}",
        "{\"fileName\":\"a.mov\"",
        "{fileName:\"a.mov\"}", "{'fileName':'a.mov'}", "{\"fileName\":\"a.mov\"}x",
        "{\"fileName\":\"a.mov\"}{}", "fileName=a.mov", "{\"fileName\":\"\\ud800.mov\"}", "{\"fileName\":\"a\n.mov\"}",
        "{\"fileName\":\"a.mov\",\"size\":NaN}", "\u{0}",
    ])
    func refusesWhatIsNoObject(json: String) throws {
        let fault = try fault { () throws(UploadFault) in try Self.read(json) }
        #expect(fault.code == .invalidRequest)
        #expect(fault.fields.map(\.field) == ["body"], "\(fault)")
    }

    @Test(arguments: [[0xFF, 0xFE], [0x7B, 0x22, 0xC3, 0x28, 0x22, 0x7D], [0x80]] as [[UInt8]])
    func refusesWhatIsNoText(json: [UInt8]) throws {
        let fault = try fault { () throws(UploadFault) in
            try PartsAnnouncement(json: json, formats: .known, limits: UploadLimits())
        }
        #expect(fault.code == .invalidRequest)
    }

    /// JSON between systems is UTF-8 (RFC 8259 section 8.1); other encodings would pass the bound on nesting, which
    /// counts bytes.
    @Test func refusesOtherEncodings() throws {
        let text = #"{"fileName":"a.mov","metadata":{"∀":1}}"#
        let little = text.utf16.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8(truncatingIfNeeded: $0 >> 8)] }
        let big = text.utf16.flatMap { [UInt8(truncatingIfNeeded: $0 >> 8), UInt8(truncatingIfNeeded: $0)] }
        let wide = text.unicodeScalars.flatMap { scalar in
            [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: scalar.value >> $0) }
        }
        for json in [little, big, [0xFF, 0xFE] + little, [0xFE, 0xFF] + big, wide, [0, 0, 0xFE, 0xFF] + wide] {
            let fault = try fault { () throws(UploadFault) in
                try PartsAnnouncement(json: json, formats: .known, limits: UploadLimits())
            }
            #expect(fault.code == .invalidRequest)
            #expect(fault.fields.map(\.field) == ["body"])
        }
    }

    @Test(arguments: [
        Samples.sha256Hex, Samples.sha256Hex.uppercased(), Samples.sha256Base64,
        String(Samples.sha256Base64.dropLast()),
    ])
    func readsBothSpellingsOfADigest(text: String) throws {
        let digest = try Self.read(Self.body(#""sha256":"\#(text)""#)).sha256
        #expect(digest?.algorithm == .sha256)
        #expect(digest?.hex == Samples.sha256Hex)
    }

    @Test func takesOneOfTwoMembersOfAName() throws {
        let announcement = try Self.read(#"{"fileName":"a.mov","size":1,"size":2,"fileName":"b.mov"}"#)
        #expect([1, 2].contains(announcement.sizeBytes))
        #expect(["a.mov", "b.mov"].contains(announcement.file.fileName.text))
    }
}

@Suite struct PartsMetadataTests {
    static func metadata(_ json: String, most: Int = 1000) throws(UploadFault) -> String? {
        var limits = UploadLimits()
        limits.maximumMetadataBytes = most
        return try PartsAnnouncementTests.read(PartsAnnouncementTests.body(#""metadata":\#(json)"#), limits: limits)
            .metadataJSON
    }

    @Test(arguments: [
        ("{}", "{}"), (#"{ "b" : 1 , "a" : [ ] }"#, #"{"a":[],"b":1}"#), (#"{"a":1.5,"b":-2}"#, #"{"a":1.5,"b":-2}"#),
        (#"{"a":true,"b":false,"c":null}"#, #"{"a":true,"b":false,"c":null}"#), (#"{"a":"\u20AC"}"#, #"{"a":"€"}"#),
        (#"{"a":"1","b":1}"#, #"{"a":"1","b":1}"#), (#"{"":""}"#, #"{"":""}"#), (#"{"a":"\""}"#, #"{"a":"\""}"#),
        (#"{"a":9223372036854775807}"#, #"{"a":9223372036854775807}"#), (#"{"a":0,"b":1}"#, #"{"a":0,"b":1}"#),
        (#"{"a":{"c":{},"b":[[{}]]}}"#, #"{"a":{"b":[[{}]],"c":{}}}"#),
    ])
    func isKeptInOneSpelling(given: String, kept: String) throws {
        #expect(try Self.metadata(given) == kept)
        #expect(try Self.metadata(kept) == kept)
    }

    @Test func hasALimitInBytes() throws {
        // {"a":""} has 8 bytes.
        #expect(try Self.metadata(#"{"a":"\#(String(repeating: "x", count: 12))"}"#, most: 20) != nil)
        #expect(try Self.metadata(#"{   "a"  :  "\#(String(repeating: "é", count: 6))"  }"#, most: 20) != nil)
        for text in [String(repeating: "x", count: 13), String(repeating: "é", count: 7)] {
            let fault = try fault { () throws(UploadFault) in try Self.metadata(#"{"a":"\#(text)"}"#, most: 20) }
            #expect(fault.code == .invalidRequest)
            #expect(fault.fields.map(\.field) == ["metadata"])
            #expect(fault.detail == "metadata may have at most 20 bytes as JSON.")
        }
    }

    /// A body with this many levels, the body itself and `metadata` counted.
    static func nested(_ levels: Int, _ open: String, _ close: String, inside: String) -> String {
        let inner = levels - 2
        return PartsAnnouncementTests.body(
            #""metadata":{"a":\#(String(repeating: open, count: inner))\#(inside)\#(String(repeating: close, count: inner))}"#
        )
    }

    @Test(arguments: [3, 20, 32])
    func mayBeNested(levels: Int) throws {
        for (open, close) in [("[", "]"), (#"{"a":"#, "}")] {
            let announcement = try PartsAnnouncementTests.read(Self.nested(levels, open, close, inside: "1"))
            #expect(announcement.metadataJSON?.contains("1") == true)
        }
    }

    @Test(arguments: [33, 34, 500, 10_000])
    func mayNotBeNestedDeeper(levels: Int) throws {
        for (open, close) in [("[", "]"), (#"{"a":"#, "}")] {
            let fault = try fault { () throws(UploadFault) in
                try PartsAnnouncementTests.read(Self.nested(levels, open, close, inside: "1"))
            }
            #expect(fault.code == .invalidRequest)
            #expect(fault.fields.map(\.field) == ["body"])
            #expect(fault.detail.contains("32 levels"))
        }
    }

    @Test func isNotNestedByBracketsInText() throws {
        let brackets = String(repeating: #"[{\"\\"#, count: 50)
        #expect(try Self.metadata(#"{"a":"\#(brackets)","b":["\\",{}]}"#) != nil)
        // Side by side is not one in another.
        #expect(try Self.metadata(#"{"a":[\#(Array(repeating: "[{}]", count: 50).joined(separator: ","))]}"#) != nil)
        // A text that ends in a backslash ends all the same.
        let deep = Self.nested(33, "[", "]", inside: #""\\""#)
        #expect(try fault { () throws(UploadFault) in try PartsAnnouncementTests.read(deep) }.code == .invalidRequest)
        let behind = PartsAnnouncementTests.body(
            #""metadata":{"a":"\\","b":\#(String(repeating: "[", count: 31))\#(String(repeating: "]", count: 31))}"#)
        #expect(try fault { () throws(UploadFault) in try PartsAnnouncementTests.read(behind) }.code == .invalidRequest)
    }

    @Test(arguments: ["1e400", "-1e400"])
    func refusesNumbersThatNothingHolds(number: String) throws {
        let fault = try fault { () throws(UploadFault) in try Self.metadata(#"{"a":\#(number)}"#) }
        #expect(fault.code == .invalidRequest)
    }
}

@Suite struct UploadListQueryTests {
    static let accepted: [(query: String, states: Set<UploadState>, cursor: String?)] = [
        ("", [.granted, .receiving], nil), ("state=", [.granted, .receiving], nil),
        ("state", [.granted, .receiving], nil),
        ("state=complete", [.complete], nil), ("state=failed,aborted", [.failed, .aborted], nil),
        ("state=failed%2Cexpired&cursor=1.x", [.failed, .expired], "1.x"), ("cursor=", [.granted, .receiving], nil),
        ("cursor=a%20b", [.granted, .receiving], "a b"), ("limit=5&x", [.granted, .receiving], nil),
        ("state=granted,granted", [.granted], nil),
        (
            "state=granted,receiving,complete,failed,aborted,expired",
            [.granted, .receiving, .complete, .failed, .aborted, .expired], nil
        ),
    ]

    @Test(arguments: accepted.indices)
    func accepts(index: Int) throws {
        let (query, states, cursor) = Self.accepted[index]
        let read = try UploadListQuery(query: query)
        #expect(read.states == states)
        #expect(read.cursor == cursor)
    }

    @Test(arguments: [
        "state=open", "state=Complete", "state=complete,", "state=,", "state=,complete", "state=complete, failed",
        "state=complete;failed",
    ])
    func refusesUnknownStates(query: String) throws {
        let fault = try fault { () throws(UploadFault) in try UploadListQuery(query: query) }
        #expect(fault.code == .invalidRequest)
        #expect(fault.fields.map(\.field) == ["state"])
        for state in UploadState.allCases { #expect(fault.detail.contains(state.rawValue)) }
    }

    @Test(arguments: ["state=%", "cursor=%FF", "%zz"])
    func refusesBrokenEscapes(query: String) throws {
        #expect(try fault { () throws(UploadFault) in try UploadListQuery(query: query) }.code == .invalidRequest)
    }
}

@Suite struct ListCursorTests {
    @Test(arguments: [0, 1, 1_707_818_400_123, -5, .max, .min] as [Int64])
    func readsWhatItWrites(milliseconds: Int64) throws {
        var upload = try Samples.open()
        upload.createdAt = Timestamp(milliseconds: milliseconds)
        let text = ListCursor.text(upload)
        #expect(text == "\(milliseconds).\(Samples.idText)")
        // It stands in URLs as it is.
        #expect(PercentCoding.encode(text) == text)
        let place = try ListCursor.parse(text)
        #expect(place.createdAt == upload.createdAt)
        #expect(place.fileID == upload.fileID)
    }

    @Test(arguments: [
        "", ".", "1", "1.", ".\(Samples.idText)", Samples.idText, "x.\(Samples.idText)", "1.\(Samples.idText)x",
        "1.short", "1 .\(Samples.idText)", "1.0.\(Samples.idText)", "9223372036854775808.\(Samples.idText)",
        "+1.\(Samples.idText)", "01.\(Samples.idText)", "-0.\(Samples.idText)", ".1.\(Samples.idText)",
        "1..\(Samples.idText)", "1.\(Samples.idText).", "1.\(Samples.idText.dropLast())/",
    ])
    func refuses(text: String) throws {
        let fault = try fault { () throws(UploadFault) in try ListCursor.parse(text) }
        #expect(fault.code == .invalidRequest)
        #expect(fault.fields.map(\.field) == ["cursor"])
    }
}
