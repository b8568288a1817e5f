import HTTPTypes
import Testing
import UploadModel
import UploadProtocols

@Suite struct MediaRepliesTests {
    static func item(_ request: MediaItemRequest, status: MediaItemStatus = .pending) throws -> MediaItem {
        MediaItem(
            id: try #require(MediaItemID("65cb3f2000000000000000ab")), tenant: .default,
            fileID: try #require(FileID(Samples.idText)), request: request, status: status,
            createdAt: Samples.moment, updatedAt: Samples.moment.adding(seconds: 1))
    }

    static let full = MediaItemRequest(
        kind: .video, title: "A/B \"é\"", description: "", platforms: [.youtube, .tiktok],
        scheduledAt: Samples.moment.adding(seconds: 86_400), isDraft: true,
        settingsJSON: [.youtube: #"{"privacy":"secret"}"#])

    static let fullBody: Wire = [
        "id": "65cb3f2000000000000000ab", "title": "A/B \"é\"", "description": "", "status": "scheduled",
        "platforms": ["youtube", "tiktok"], "scheduledAt": "2024-02-14T10:00:00.000Z", "isDraft": true,
        "fileId": .text(Samples.idText), "accessUrl": .text("https://up.example.com/media/\(Samples.idText)/test.mov"),
        "createdAt": "2024-02-13T10:00:00.000Z", "updatedAt": "2024-02-13T10:00:01.000Z",
    ]

    @Test func answersFinalizing() throws {
        let item = try Self.item(Self.full, status: .scheduled)
        let reply = MediaReplies.finalized(item, upload: try Samples.complete(), address: Samples.address)
        #expect(reply.status == .created)
        #expect(
            try Wire(reply) == ["success": true, "message": "Upload successful", "data": [Self.fullBody]])
    }

    @Test func repliesWithTheSameBytes() throws {
        let item = try Self.item(Self.full, status: .scheduled)
        let first = MediaReplies.finalized(item, upload: try Samples.complete(), address: Samples.address)
        for _ in 0..<20 {
            let again = MediaReplies.finalized(
                try Self.item(Self.full, status: .scheduled), upload: try Samples.complete(), address: Samples.address)
            #expect(again.body == first.body)
            #expect(again == first)
        }
    }

    @Test func showsOneItem() throws {
        let item = try Self.item(Self.full, status: .scheduled)
        let reply = MediaReplies.item(item, upload: try Samples.complete(), address: Samples.address)
        #expect(reply.status == .ok)
        #expect(try Wire(reply) == ["success": true, "data": Self.fullBody])
    }

    @Test(arguments: [(MediaKind.image, "Untitled Image"), (.video, "Untitled Video")])
    func namesTheUntitled(kind: MediaKind, title: String) throws {
        for given in [nil, ""] {
            let item = try Self.item(MediaItemRequest(kind: kind, title: given, platforms: [.instagram]))
            let body = try Wire(
                MediaReplies.item(item, upload: try Samples.complete(), address: Samples.address))["data"]
            #expect(body?["title"] == .text(title))
            #expect(body?["isDraft"] == false)
            #expect(
                body?.keys == [
                    "accessUrl", "createdAt", "fileId", "id", "isDraft", "platforms", "status", "title", "updatedAt",
                ])
        }
    }

    @Test(arguments: MediaItemStatus.allCases)
    func namesTheStatus(status: MediaItemStatus) throws {
        let item = try Self.item(Self.full, status: status)
        let body = try Wire(MediaReplies.item(item, upload: try Samples.complete(), address: Samples.address))
        #expect(body["data"]?["status"] == .text(status.rawValue))
    }

    @Test func showsTheGallery() throws {
        let png = try Samples.complete(name: "b c.png", type: "image/png", sizeBytes: 5_368_709_120)
        let reply = MediaReplies.gallery(
            [(upload: png, description: "Second"), (upload: try Samples.open(), description: nil)],
            next: "1707818400000.\(Samples.idText)", address: Samples.address)
        #expect(reply.status == .ok)
        #expect(
            reply.fields[.link]
                == "<https://up.example.com/api/media?cursor=1707818400000.\(Samples.idText)>; rel=\"next\"")
        #expect(
            try Wire(reply) == [
                [
                    "id": .text(Samples.idText), "fileName": "b c.png", "description": "Second", "size": "5368709120",
                    "timeCreated": "2024-02-13T10:01:00.000Z", "contentType": "image/png",
                    "url": .text("https://up.example.com/media/\(Samples.idText)/b%20c.png"),
                ],
                [
                    "id": .text(Samples.idText), "fileName": "test.mov", "description": "", "size": "0",
                    "timeCreated": "2024-02-13T10:00:00.000Z", "contentType": "video/quicktime",
                    "url": .text("https://up.example.com/media/\(Samples.idText)/test.mov"),
                ],
            ])
    }

    @Test func endsTheGallery() throws {
        let reply = MediaReplies.gallery([], next: nil, address: Samples.address)
        #expect(reply.text == "[]")
        #expect(reply.fields[.link] == nil)
    }
}
