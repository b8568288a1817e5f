import HTTPTypes
import Testing
import UploadModel
import UploadProtocols

@Suite struct FileRepliesTests {
    static let tag = "\"c99465aa-3e8\""
    static let modified = "Tue, 13 Feb 2024 10:01:00 GMT"

    static func reply(
        _ fields: HTTPFields = [:], method: HTTPRequest.Method = .get, upload: UploadRecord? = nil
    ) throws -> FileReply {
        let request = HTTPRequest(
            method: method, scheme: "https", authority: "up.example.com", path: "/media/x", headerFields: fields)
        return FileReply(request, upload: try upload ?? Samples.complete())
    }

    @Test func sendsTheWholeFile() throws {
        let reply = try Self.reply()
        #expect(reply.head.status == .ok)
        #expect(reply.body == ByteRange(start: 0, length: 1000))
        #expect(
            reply.head.headerFields == [
                .eTag: Self.tag, .acceptRanges: "bytes", .lastModified: Self.modified,
                .cacheControl: "private, max-age=31536000, immutable", .xContentTypeOptions: "nosniff",
                .contentSecurityPolicy: "sandbox", .crossOriginResourcePolicy: "cross-origin",
                .contentDisposition: "inline; filename=\"test.mov\"; filename*=UTF-8''test.mov",
                .reprDigest: "crc32c=:yZRlqg==:", .contentType: "video/quicktime", .contentLength: "1000",
            ])
    }

    @Test func knowsItsOwnDateAgain() throws {
        #expect(try Self.reply([.ifModifiedSince: Self.modified]).head.status == .notModified)
        #expect(try Self.reply([.ifModifiedSince: "Tue, 13 Feb 2024 10:01:01 GMT"]).head.status == .ok)
        // A tag that does not match outweighs a date that does.
        #expect(try Self.reply([.ifModifiedSince: Self.modified, .ifNoneMatch: "\"x\""]).head.status == .ok)
    }

    @Test(
        arguments: [
            (nil, 200, ByteRange(start: 0, length: 1000), nil),
            ("bytes=0-0", 206, ByteRange(start: 0, length: 1), "bytes 0-0/1000"),
            ("bytes=990-", 206, ByteRange(start: 990, length: 10), "bytes 990-999/1000"),
            ("bytes=-5", 206, ByteRange(start: 995, length: 5), "bytes 995-999/1000"),
            ("bytes=0-", 206, ByteRange(start: 0, length: 1000), "bytes 0-999/1000"),
            ("bytes=500-5000", 206, ByteRange(start: 500, length: 500), "bytes 500-999/1000"),
            ("bytes=1000-", 416, nil, "bytes */1000"), ("bytes=-0", 416, nil, "bytes */1000"),
            ("bytes=0-1,5-6", 200, ByteRange(start: 0, length: 1000), nil),
            ("bytes=5-1", 200, ByteRange(start: 0, length: 1000), nil),
            ("lines=1-2", 200, ByteRange(start: 0, length: 1000), nil),
        ] as [(String?, Int, ByteRange?, String?)])
    func sendsRanges(range: String?, status: Int, body: ByteRange?, contentRange: String?) throws {
        var fields: HTTPFields = [:]
        fields[.range] = range
        let reply = try Self.reply(fields)
        #expect(reply.head.status.code == status)
        #expect(reply.body == body)
        #expect(reply.head.headerFields[.contentRange] == contentRange)
        #expect(reply.head.headerFields[.contentLength] == String(body?.length ?? 0))
        #expect(reply.head.headerFields[.contentType] == (status == 416 ? nil : "video/quicktime"))
        #expect(reply.head.headerFields[.eTag] == Self.tag)
        // Range is not defined for HEAD: it answers for the whole file and sends none of it.
        let head = try Self.reply(fields, method: .head)
        #expect(head.head == (try Self.reply()).head)
        #expect(head.body == nil)
    }

    /// Values of the conditions, and whether each holds for the file.
    static let ifMatch: [(String?, Bool)] = [
        (nil, true), ("*", true), (tag, true), ("\"x\", \(tag)", true), ("\"x\"", false), ("W/\(tag)", false),
        ("broken", false),
    ]
    static let ifNoneMatch: [(String?, Bool)] = [
        (nil, true), ("\"x\"", true), ("broken", true), ("*", false), (tag, false), ("W/\(tag), \"x\"", false),
    ]
    static let ifRange: [(String?, Bool)] = [
        (nil, true), (tag, true), (modified, true), ("W/\(tag)", false), ("\"x\"", false),
        ("Tue, 13 Feb 2024 10:01:01 GMT", false), ("broken", false),
    ]
    static let ranges: [(String?, Int)] = [(nil, 200), ("bytes=1-2", 206), ("bytes=1000-", 416), ("bytes=2-1", 200)]

    /// RFC 9110 section 13.2.2: If-Match, then If-None-Match, then Range with If-Range.
    @Test(arguments: [HTTPRequest.Method.get, .head])
    func evaluatesConditionsInOrder(method: HTTPRequest.Method) throws {
        let upload = try Samples.complete()
        for (match, matches) in Self.ifMatch {
            for (noneMatch, noneMatches) in Self.ifNoneMatch {
                for (condition, holds) in Self.ifRange {
                    for (range, rangeStatus) in Self.ranges {
                        var fields: HTTPFields = [:]
                        fields[.ifMatch] = match
                        fields[.ifNoneMatch] = noneMatch
                        fields[.ifRange] = condition
                        fields[.range] = range
                        let reply = try Self.reply(fields, method: method, upload: upload)
                        let served = method == .get && holds ? rangeStatus : 200
                        let status = !matches ? 412 : !noneMatches ? 304 : served
                        #expect(reply.head.status.code == status, "\(method) \(fields)")
                        #expect((reply.body != nil) == (method == .get && (200...206).contains(status)))
                        #expect(reply.head.headerFields[.eTag] == Self.tag)
                        #expect((reply.head.headerFields[.contentLength] == nil) == [304, 412].contains(status))
                        #expect((reply.head.headerFields[.contentRange] != nil) == [206, 416].contains(status))
                    }
                }
            }
        }
    }

    /// Whatever is answered, nothing of it may run in this origin.
    @Test(
        arguments: [
            [:], [.range: "bytes=0-1"], [.range: "bytes=5000-"], [.ifNoneMatch: "*"], [.ifMatch: "\"x\""],
        ] as [HTTPFields])
    func sandboxesEveryAnswer(fields: HTTPFields) throws {
        for type in ["video/quicktime", "text/html", "image/svg+xml", nil] {
            for method in [HTTPRequest.Method.get, .head] {
                let upload = try Samples.complete(name: "a", type: type)
                let given = try Self.reply(fields, method: method, upload: upload).head.headerFields
                #expect(given[.xContentTypeOptions] == "nosniff")
                #expect(given[.contentSecurityPolicy] == "sandbox")
                #expect(given[.crossOriginResourcePolicy] == "cross-origin")
                let disposition = try #require(given[.contentDisposition])
                #expect(disposition.hasPrefix(type == "video/quicktime" ? "inline; " : "attachment; "))
            }
        }
    }

    static let dispositions: [(name: String, type: String?, value: String)] =
        MediaFormatTable.known.formats.map { format in
            let name = "a.\(format.extensions[0])"
            return (name, format.mediaType.text, "inline; filename=\"\(name)\"; filename*=UTF-8''\(name)")
        } + [
            ("a.jpg", "image/jpg", "inline; filename=\"a.jpg\"; filename*=UTF-8''a.jpg"),
            ("a.html", "text/html", "attachment; filename=\"a.html\"; filename*=UTF-8''a.html"),
            ("a.svg", "image/svg+xml", "attachment; filename=\"a.svg\"; filename*=UTF-8''a.svg"),
            ("a.pdf", "application/pdf", "attachment; filename=\"a.pdf\"; filename*=UTF-8''a.pdf"),
            ("a.mov", nil, "attachment; filename=\"a.mov\"; filename*=UTF-8''a.mov"),
            ("é \"x\".mov", "video/quicktime", "inline; filename=\"_ _x_.mov\"; filename*=UTF-8''%C3%A9%20%22x%22.mov"),
        ]

    @Test(arguments: dispositions.indices)
    func showsMediaAndSavesTheRest(index: Int) throws {
        let (name, type, value) = Self.dispositions[index]
        let reply = try Self.reply(upload: Samples.complete(name: name, type: type))
        #expect(reply.head.headerFields[.contentDisposition] == value)
        #expect(reply.head.headerFields[.contentType] == type ?? "application/octet-stream")
    }

    @Test func servesDetectedTypes() throws {
        var upload = try Samples.complete(name: "blob", type: nil)
        upload.detectedType = MediaType("image/png")
        let fields = try Self.reply(upload: upload).head.headerFields
        #expect(fields[.contentType] == "image/png")
        #expect(fields[.contentDisposition] == "inline; filename=\"blob.png\"; filename*=UTF-8''blob.png")
    }

    @Test(arguments: [nil, "bytes=-5"])
    func sendsEmptyFiles(range: String?) throws {
        var fields: HTTPFields = [:]
        fields[.range] = range
        let reply = try Self.reply(fields, upload: Samples.complete(sizeBytes: 0))
        #expect(reply.head.status == .ok)
        #expect(reply.body == nil)
        #expect(reply.head.headerFields[.contentLength] == "0")
        #expect(reply.head.headerFields[.contentRange] == nil)
    }

    @Test func hasNoRangeOfAnEmptyFile() throws {
        let reply = try Self.reply([.range: "bytes=0-"], upload: Samples.complete(sizeBytes: 0))
        #expect(reply.head.status.code == 416)
        #expect(reply.body == nil)
        #expect(reply.head.headerFields[.contentRange] == "bytes */0")
    }
}
