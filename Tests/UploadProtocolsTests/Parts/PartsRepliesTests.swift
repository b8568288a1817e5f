import HTTPTypes
import Testing
import UploadModel
import UploadProtocols

@Suite struct PartsRepliesTests {
    static let accessURL = "https://up.example.com/media/\(Samples.idText)/test.mov"

    @Test func answersAnAnnouncement() throws {
        let reply = PartsReplies.created(
            try Samples.open(), uploadURL: "https://up.example.com/upload/x?sig=y", address: Samples.address)
        #expect(reply.status == .created)
        #expect(reply.fields[.location] == "https://up.example.com/api/v1/uploads/\(Samples.idText)")
        #expect(
            try Wire(reply) == [
                "fileId": .text(Samples.idText), "partSize": 100, "partCount": 10,
                "expiresAt": "2024-02-13T11:00:00.000Z", "uploadUrl": "https://up.example.com/upload/x?sig=y",
                "accessUrl": .text(Self.accessURL),
            ])
    }

    @Test func leavesOutWhatIsNotKnownYet() throws {
        let open = try Samples.open(type: nil, layout: PartLayout(partSizeBytes: 100))
        #expect(
            try Wire(PartsReplies.created(open, uploadURL: "u", address: Samples.address)).keys
                == ["accessUrl", "expiresAt", "fileId", "partSize", "uploadUrl"])
        let bare = try Samples.open(type: nil, layout: PartLayout())
        #expect(
            try Wire(PartsReplies.status(bare, parts: [], missing: [], address: Samples.address)) == [
                "fileId": .text(Samples.idText), "state": "granted", "fileName": "test.mov", "receivedBytes": 0,
                "parts": [], "missing": [], "createdAt": "2024-02-13T10:00:00.000Z",
                "expiresAt": "2024-02-13T11:00:00.000Z", "accessUrl": .text(Self.accessURL),
            ])
    }

    @Test(arguments: [(0 as UInt32, "crc32c=:AAAAAA==:"), (0xC994_65AA, "crc32c=:yZRlqg==:")])
    func acknowledgesAPart(crc: UInt32, field: String) {
        let reply = PartsReplies.stored(CRC32C(crc))
        #expect(reply.status.code == 204)
        #expect(reply.fields == [.contentDigest: field])
        #expect(reply.body.isEmpty)
    }

    @Test func tellsWhereAnUploadStands() throws {
        var upload = try Samples.open()
        upload.state = .receiving
        upload.receivedBytes = 200
        let parts = [2, 10].map { number in
            StoredPart(
                number: number, range: ByteRange(start: Int64(number - 1) * 100, length: 100), crc32c: Samples.crc,
                token: PieceToken("secret"))
        }
        let reply = PartsReplies.status(upload, parts: parts, missing: [1...1, 3...9], address: Samples.address)
        #expect(reply.status == .ok)
        #expect(
            try Wire(reply) == [
                "fileId": .text(Samples.idText), "state": "receiving", "fileName": "test.mov",
                "contentType": "video/quicktime", "size": 1000, "receivedBytes": 200, "partSize": 100, "partCount": 10,
                "parts": [
                    ["number": 2, "size": 100, "crc32c": "c99465aa"],
                    ["number": 10, "size": 100, "crc32c": "c99465aa"],
                ],
                "missing": [[1, 1], [3, 9]], "createdAt": "2024-02-13T10:00:00.000Z",
                "expiresAt": "2024-02-13T11:00:00.000Z", "accessUrl": .text(Self.accessURL),
            ])
    }

    @Test(arguments: UploadState.allCases)
    func namesTheState(state: UploadState) throws {
        var upload = try Samples.open()
        upload.state = state
        let reply = PartsReplies.status(upload, parts: [], missing: [], address: Samples.address)
        #expect(try Wire(reply)["state"] == .text(state.rawValue))
        #expect(["granted", "receiving", "complete", "failed", "aborted", "expired"].contains(state.rawValue))
    }

    @Test func showsTheTypeThatTheBytesHave() throws {
        var upload = try Samples.open(name: "blob", type: nil)
        upload.detectedType = MediaType("image/png")
        let body = try Wire(PartsReplies.status(upload, parts: [], missing: [], address: Samples.address))
        #expect(body["contentType"] == "image/png")
        #expect(body["fileName"] == "blob.png")
    }

    @Test(arguments: [true, false])
    func answersCompletion(withSHA256: Bool) throws {
        let reply = PartsReplies.completed(try Samples.complete(withSHA256: withSHA256), address: Samples.address)
        #expect(reply.status == .ok)
        #expect(reply.fields[.eTag] == "\"c99465aa-3e8\"")
        let digest: Wire =
            withSHA256
            ? ["crc32c": "c99465aa", "sha256": .text(Samples.sha256Hex)] : ["crc32c": "c99465aa"]
        #expect(
            try Wire(reply) == [
                "fileId": .text(Samples.idText), "size": 1000, "contentType": "video/quicktime", "digest": digest,
                "accessUrl": .text(Self.accessURL),
            ])
        let again = PartsReplies.completed(try Samples.complete(withSHA256: withSHA256), address: Samples.address)
        #expect(again.body == reply.body)
        let status = PartsReplies.status(
            try Samples.complete(withSHA256: withSHA256), parts: [], missing: [], address: Samples.address)
        #expect(try Wire(status)["digest"] == digest)
    }

    @Test func listsUploads() throws {
        let uploads = [try Samples.open(), try Samples.open(name: "b.mov", layout: PartLayout())]
        let body = try Wire(PartsReplies.list(uploads, next: "1.x", address: Samples.address))
        #expect(body.keys == ["nextCursor", "uploads"])
        #expect(body["nextCursor"] == "1.x")
        guard case .list(let shown) = body["uploads"] else {
            Issue.record("uploads is no list")
            return
        }
        #expect(
            shown.map(\.keys) == [
                [
                    "accessUrl", "contentType", "createdAt", "expiresAt", "fileId", "fileName", "partCount", "partSize",
                    "receivedBytes", "size", "state",
                ],
                ["accessUrl", "contentType", "createdAt", "expiresAt", "fileId", "fileName", "receivedBytes", "state"],
            ])
        #expect(shown.map { $0["fileName"] } == ["test.mov", "b.mov"])
    }

    @Test func endsLists() throws {
        let reply = PartsReplies.list([], next: nil, address: Samples.address)
        #expect(reply.text == #"{"uploads":[]}"#)
    }
}
