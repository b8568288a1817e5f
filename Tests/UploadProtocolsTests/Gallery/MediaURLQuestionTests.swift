import Testing
import UploadModel
import UploadProtocols

@Suite struct MediaURLQuestionTests {
    static func read(_ json: String) throws(UploadFault) -> MediaURLQuestion {
        try MediaURLQuestion(json: Array(json.utf8))
    }

    @Test(arguments: [
        "https://a.example/b.png", "http://a.example", "HTTP://user@a.example:80/%20?q#f", "https://[::1]/ü",
        "https://a.example/" + String(repeating: "x", count: 2_030),
    ])
    func reads(url: String) throws {
        #expect(try Self.read(#"{"x":1,"mediaUrl":"\#(url)"}"#).url == url)
        let escaped = url.split(separator: "/", omittingEmptySubsequences: false).joined(separator: "\\/")
        #expect(try Self.read(#"{"mediaUrl":"\#(escaped)"}"#).url == url)
    }

    @Test(arguments: [
        "{}", #"{"mediaUrl":null}"#, #"{"mediaUrl":5}"#, #"{"mediaUrl":["https://a.example"]}"#, #"{"mediaUrl":""}"#,
        #"{"mediaUrl":"a.example"}"#, #"{"mediaUrl":"file:///etc/x"}"#, #"{"mediaUrl":"https://"}"#,
        #"{"mediaUrl":"https:///x"}"#, #"{"mediaUrl":"https://a.example/ x"}"#,
        #"{"mediaUrl":"https://a.example\u0000"}"#,
        #"{"mediaUrl":"https://a.example\u007f"}"#, #"{"mediaUrl":"https://a.example/\u00a0"}"#,
        #"{"mediaUrl":"https://a.example/<b>"}"#, #"{"mediaUrl":"https://a.example\\@b"}"#,
        #"{"mediaUrl":"https://a.example/\#(String(repeating: "x", count: 2_031))"}"#,
    ])
    func refuses(json: String) throws {
        let fault = try fault { () throws(UploadFault) in try Self.read(json) }
        #expect(fault.code == .invalidRequest)
        #expect(fault.fields.map(\.field) == ["mediaUrl"])
        #expect(fault.detail == "mediaUrl: \(fault.fields.first?.message ?? "")")
    }

    @Test(arguments: ["", "[]", "\"https://a.example\"", "{"])
    func refusesWhatIsNoObject(json: String) throws {
        #expect(try fault { () throws(UploadFault) in try Self.read(json) }.fields.map(\.field) == ["body"])
    }
}
