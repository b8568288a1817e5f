import HTTPTypes
import Testing
import UploadModel
import UploadProtocols

@Suite struct GrantOrderTests {
    static let limits: UploadLimits = {
        var limits = UploadLimits()
        limits.maximumUploadBytes = 1000
        limits.grantLifetimeSeconds = 600
        return limits
    }()

    static func order(_ query: String) throws(UploadFault) -> GrantOrder {
        try GrantOrder(query: query, formats: .known, limits: limits)
    }

    @Test func readsTheDocumentedCall() throws {
        let order = try GrantOrder(
            query: "fileName=test.mov&contentType=mov", formats: .known, limits: UploadLimits())
        #expect(order.file.fileName.text == "test.mov")
        #expect(order.file.format.mediaType.text == "video/quicktime")
        #expect(order.sizeBytes == nil)
        #expect(order.maximumBytes == nil)
        #expect(order.lifetimeSeconds == 3600)
    }

    static let accepted: [(query: String, size: Int64?, most: Int64?, lifetime: Int64)] = [
        ("", nil, nil, 600), ("&size=0", 0, nil, 600), ("&size=1000", 1000, nil, 600), ("&size=", nil, nil, 600),
        ("&maxSize=1", nil, 1, 600), ("&maxSize=1000", nil, 1000, 600), ("&maxSize", nil, nil, 600),
        ("&expiresIn=1", nil, nil, 1), ("&expiresIn=600", nil, nil, 600), ("&expiresIn=", nil, nil, 600),
        ("&size=7&maxSize=7&expiresIn=30", 7, 7, 30), ("&expiresIn=3%30", nil, nil, 30), ("&size=007", 7, nil, 600),
        ("&unknown=1&size=5", 5, nil, 600), ("&size=5&size=6", 5, nil, 600), ("&&size=5&", 5, nil, 600),
    ]

    @Test(arguments: accepted.indices)
    func accepts(index: Int) throws {
        let (query, size, most, lifetime) = Self.accepted[index]
        let order = try Self.order("fileName=a.mov" + query)
        #expect(order.sizeBytes == size)
        #expect(order.maximumBytes == most)
        #expect(order.lifetimeSeconds == lifetime)
    }

    static let refused: [(query: String, fields: [String])] = [
        ("size=-1", ["size"]), ("size=1001", ["size"]), ("size=1.0", ["size"]), ("size=1e2", ["size"]),
        ("size=+1", ["size"]), ("size=0x1", ["size"]), ("size=%D9%A1", ["size"]),
        ("size=99999999999999999999", ["size"]),
        ("size=many", ["size"]), ("maxSize=0", ["maxSize"]), ("maxSize=-1", ["maxSize"]), ("maxSize=1001", ["maxSize"]),
        ("maxSize=9223372036854775808", ["maxSize"]), ("maxSize=%20", ["maxSize"]), ("expiresIn=0", ["expiresIn"]),
        ("expiresIn=-1", ["expiresIn"]), ("expiresIn=601", ["expiresIn"]), ("expiresIn=1h", ["expiresIn"]),
        ("size=8&maxSize=7", ["size"]), ("size=x&maxSize=x&expiresIn=x", ["size", "maxSize", "expiresIn"]),
    ]

    @Test(arguments: refused.indices)
    func refuses(index: Int) throws {
        let (query, fields) = Self.refused[index]
        let fault = try fault { () throws(UploadFault) in try Self.order("fileName=a.mov&" + query) }
        #expect(fault.code == .invalidRequest)
        #expect(fault.fields.map(\.field) == fields)
        for field in fault.fields { #expect(fault.detail.contains(field.message)) }
    }

    @Test(arguments: [
        ("size=x&expiresIn=0", ["fileName", "size", "expiresIn"]),
        ("contentType=exe&maxSize=0", ["fileName", "contentType", "maxSize"]),
        ("fileName=a.mov&contentType=mp4&size=x", ["fileName", "size"]),
        ("fileName=a&size=x", ["contentType", "size"]), ("", ["fileName"]), ("fileName=", ["fileName"]),
        ("filename=a.mov", ["fileName"]),
    ])
    func tellsAllFaultsAtOnce(query: String, fields: [String]) throws {
        let fault = try fault { () throws(UploadFault) in try Self.order(query) }
        #expect(fault.code == .invalidRequest)
        #expect(fault.fields.map(\.field) == fields)
    }

    @Test(arguments: [
        ("fileName=my+test+%282%29.mov", "my test (2).mov"), ("fileName=a%2Bb.mov", "a+b.mov"),
        ("fileName=100%25.mov", "100%.mov"), ("fileName=%F0%9F%98%80.mov", "😀.mov"),
        ("file%4Eame=a%26b.mov", "a&b.mov"),
        ("fileName=a=b.mov", "a=b.mov"), ("fileName=%22q%22.mov", "\"q\".mov"),
    ])
    func decodesNames(query: String, name: String) throws {
        #expect(try Self.order(query + "&contentType=video%2Fquicktime").file.fileName.text == name)
    }

    @Test(arguments: ["fileName=%", "fileName=a.mov&x=%zz", "fileName=%FF.mov", "%C3=1&fileName=a.mov"])
    func refusesBrokenEscapes(query: String) throws {
        let fault = try fault { () throws(UploadFault) in try Self.order(query) }
        #expect(fault.code == .invalidRequest)
        #expect(fault.detail == "The query is not well-formed percent-encoding of UTF-8.")
    }

    @Test(arguments: ["a%2Fb.mov", "..", "a%00.mov", "a%0A.mov", "a%5Cb.mov"])
    func refusesPaths(name: String) throws {
        let fault = try fault { () throws(UploadFault) in try Self.order("contentType=mov&fileName=\(name)") }
        #expect(fault.fields.map(\.field) == ["fileName"])
    }

    @Test func answersWithTheLink() throws {
        let upload = try Samples.open(name: "my test.mov")
        let reply = GrantOrder.reply(upload, uploadURL: "https://up.example.com/upload/x?y=1", address: Samples.address)
        #expect(reply.status == .ok)
        #expect(
            try Wire(reply) == [
                "accessUrl": .text("https://up.example.com/media/\(Samples.idText)/my%20test.mov"),
                "contentType": "video/quicktime", "uploadUrl": "https://up.example.com/upload/x?y=1",
                "fileId": .text(Samples.idText), "expiresAt": "2024-02-13T11:00:00.000Z",
            ])
    }
}
