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

    static func fullBody(_ changes: [String: Wire] = [:]) -> Wire {
        let members: [String: Wire] = [
            "id": "65cb3f2000000000000000ab", "title": "A/B \"é\"", "description": "", "status": "scheduled",
            "platforms": ["youtube", "tiktok"], "scheduledAt": "2024-02-14T10:00:00.000Z", "isDraft": true,
            "fileId": .text(Samples.idText),
            "accessUrl": .text("https://up.example.com/media/\(Samples.idText)/test.mov"),
            "createdAt": "2024-02-13T10:00:00.000Z", "updatedAt": "2024-02-13T10:00:01.000Z",
        ]
        return .object(members.merging(changes) { _, new in new })
    }

    @Test func answersFinalizing() throws {
        var request = Self.full
        request.isDraft = false
        let item = try Self.item(request, status: .scheduled)
        let reply = MediaReplies.finalized(item, upload: try Samples.complete(), address: Samples.address)
        #expect(reply.status == .created)
        #expect(
            try Wire(reply) == [
                "success": true, "message": "Upload successful",
                "data": [Self.fullBody(["isDraft": false, "updatedAt": "2024-02-13T10:00:00.000Z"])],
            ])
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
        let reply = MediaReplies.item(
            item, upload: try Samples.complete(), examination: nil, copy: nil, address: Samples.address)
        #expect(reply.status == .ok)
        let platforms: [String: Wire] = ["youtube": ["status": "idle"], "tiktok": ["status": "idle"]]
        #expect(try Wire(reply) == ["success": true, "data": Self.fullBody(platforms)])
    }

    @Test(arguments: [(MediaKind.image, "Untitled Image"), (.video, "Untitled Video")])
    func namesTheUntitled(kind: MediaKind, title: String) throws {
        for given in [nil, ""] {
            let item = try Self.item(MediaItemRequest(kind: kind, title: given, platforms: [.instagram]))
            let body = try Wire(
                MediaReplies.item(
                    item, upload: try Samples.complete(), examination: nil, copy: nil, address: Samples.address))[
                    "data"]
            #expect(body?["title"] == .text(title))
            #expect(body?["isDraft"] == false)
            #expect(
                body?.keys == [
                    "accessUrl", "createdAt", "fileId", "id", "instagram", "isDraft", "platforms", "status", "title",
                    "updatedAt",
                ])
        }
    }

    @Test(arguments: MediaItemStatus.allCases)
    func namesTheStatus(status: MediaItemStatus) throws {
        let item = try Self.item(Self.full, status: status)
        let body = try Wire(
            MediaReplies.item(
                item, upload: try Samples.complete(), examination: nil, copy: nil, address: Samples.address))
        #expect(body["data"]?["status"] == .text(status.rawValue))
    }

    @Test func showsWhatBecameOfIt() throws {
        var item = try Self.item(
            MediaItemRequest(kind: .video, platforms: [.youtube, .pinterest, .linkedin]), status: .processing)
        item.results = [
            .youtube: PlatformResult(status: .published, remoteID: "v1", url: "https://youtu.be/v1"),
            .pinterest: PlatformResult(status: .failed, message: "No such board."),
        ]
        item.dueAt = Samples.moment
        item.postID = MediaItemID("65cb3f2000000000000000cd")
        let examination = Examination(
            fileID: item.fileID, state: .done,
            facts: MediaFacts(
                widthPixels: 1920, heightPixels: 1080, durationMilliseconds: 1500, videoCodec: "h264",
                framesPerThousandSeconds: 29970))
        let body = try Wire(
            MediaReplies.item(
                item, upload: try Samples.complete(), examination: examination, copy: try Samples.complete(),
                message: "Media updated", address: Samples.address))
        #expect(body["message"] == "Media updated")
        let data = try #require(body["data"])
        #expect(data["youtube"] == ["status": "published", "videoId": "v1", "url": "https://youtu.be/v1"])
        #expect(data["pinterest"] == ["status": "failed", "message": "No such board."])
        #expect(data["linkedin"] == ["status": "pending"])
        #expect(data["dueAt"] == "2024-02-13T10:00:00.000Z")
        #expect(data["postId"] == "65cb3f2000000000000000cd")
        #expect(
            data["media"] == [
                "state": "done", "width": 1920, "height": 1080, "duration": .number(1.5), "videoCodec": "h264",
                "frameRate": .number(29.97),
            ])
        #expect(data["resizedUrl"] == .text("https://up.example.com/media/\(Samples.idText)/test.mov"))
    }

    /// Whoever repeats the call that made the item gets the same bytes, whatever happened since.
    @Test func repeatsWhatItSaidFirst() throws {
        let item = try Self.item(MediaItemRequest(kind: .video, title: "A", platforms: [.tiktok]), status: .scheduled)
        let first = MediaReplies.finalized(item, upload: try Samples.complete(), address: Samples.address)
        var changed = item
        changed.original = item.request
        changed.request.title = "B"
        changed.status = .completed
        changed.results = [.tiktok: PlatformResult(status: .published)]
        changed.updatedAt = Samples.moment.adding(seconds: 100)
        changed.dueAt = changed.updatedAt
        changed.revision = 7
        #expect(
            MediaReplies.finalized(changed, upload: try Samples.complete(), address: Samples.address).body
                == first.body)
    }

    @Test func listsItems() throws {
        let item = try Self.item(MediaItemRequest(kind: .video, title: "A", platforms: [.tiktok]))
        let reply = MediaReplies.items(
            [(item: item, upload: try Samples.complete(), examination: nil)], next: "1.65cb3f2000000000000000ab",
            path: "/media/videos", address: Samples.address)
        let body = try Wire(reply)
        #expect(body["nextCursor"] == "1.65cb3f2000000000000000ab")
        #expect(
            reply.fields[.link]
                == "<https://up.example.com/media/videos?cursor=1.65cb3f2000000000000000ab>; rel=\"next\"")
        let last = MediaReplies.items([], next: nil, path: "/media/videos", address: Samples.address)
        #expect(last.text == #"{"data":[],"nextCursor":null,"success":true}"#)
        #expect(last.fields[.link] == nil)
    }
}
