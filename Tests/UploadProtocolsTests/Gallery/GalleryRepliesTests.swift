import HTTPTypes
import Testing
import UploadModel
import UploadProtocols

@Suite struct GalleryRepliesTests {
    @Test func showsTheGallery() throws {
        let png = try Samples.complete(name: "b c.png", type: "image/png", sizeBytes: 5_368_709_120)
        let reply = GalleryReplies.gallery(
            [(upload: png, description: "Second"), (upload: try Samples.open(), description: nil)],
            next: "1707818400000.\(Samples.idText)", lifetimeSeconds: 60, address: Samples.address)
        #expect(reply.status == .ok)
        #expect(
            reply.fields[.link]
                == "<https://up.example.com/api/media?cursor=1707818400000.\(Samples.idText)>; rel=\"next\"")
        #expect(
            try Wire(reply) == [
                [
                    "id": .text(Samples.idText), "fileName": "b c.png", "description": "Second", "size": "5368709120",
                    "timeCreated": "2024-02-13T10:01:00.000Z", "contentType": "image/png",
                    "expiresAt": "2024-02-13T10:02:00.000Z",
                    "url": .text("https://up.example.com/media/\(Samples.idText)/b%20c.png"),
                ],
                [
                    "id": .text(Samples.idText), "fileName": "test.mov", "description": "", "size": "0",
                    "timeCreated": "2024-02-13T10:00:00.000Z", "contentType": "video/quicktime",
                    "expiresAt": "2024-02-13T10:01:00.000Z",
                    "url": .text("https://up.example.com/media/\(Samples.idText)/test.mov"),
                ],
            ])
    }

    @Test func endsTheGallery() throws {
        let reply = GalleryReplies.gallery([], next: nil, lifetimeSeconds: nil, address: Samples.address)
        #expect(reply.text == "[]")
        #expect(reply.fields[.link] == nil)
    }

    @Test func saysThatFilesAreKept() throws {
        let reply = GalleryReplies.gallery(
            [(upload: try Samples.complete(), description: nil)], next: nil, lifetimeSeconds: nil,
            address: Samples.address)
        #expect(reply.text.contains(#""expiresAt":null"#))
    }

    @Test func answersAnUpload() throws {
        var upload = try Samples.complete(name: "a.png", type: "image/png", sizeBytes: 10)
        upload.description = "Best"
        let copy = try Samples.complete(name: "a_1080x1080.png", type: "image/png", sizeBytes: 5)
        let whole = try Wire(
            GalleryReplies.uploaded(upload, copy: copy, copyMessage: "unused", address: Samples.address))
        let resized: Wire = [
            "id": .text(Samples.idText), "fileName": "a_1080x1080.png", "size": "5",
            "url": .text("https://up.example.com/media/\(Samples.idText)/a_1080x1080.png"),
        ]
        #expect(
            whole == [
                "id": .text(Samples.idText), "fileName": "a.png", "description": "Best", "size": "10",
                "contentType": "image/png", "resized": resized,
                "url": .text("https://up.example.com/media/\(Samples.idText)/a.png"),
            ])
        let without = try Wire(
            GalleryReplies.uploaded(upload, copy: nil, copyMessage: "Damaged.", address: Samples.address))
        #expect(without["resized"] == nil)
        #expect(without["resizedMessage"] == "Damaged.")
    }

    @Test(arguments: [(nil, "success"), (Samples.moment.adding(seconds: 60), "scheduled")])
    func answersAPost(moment: Timestamp?, status: String) throws {
        let item = try MediaRepliesTests.item(
            MediaItemRequest(kind: .image, platforms: [.instagram, .tiktok], scheduledAt: moment), status: .scheduled)
        let post = Post(
            id: try #require(MediaItemID("65cb3f2000000000000000cd")), tenant: .default, text: "Hi",
            scheduledAt: moment, createdAt: Samples.moment, items: [item.id])
        let body = try Wire(
            GalleryReplies.posted(
                post, [(item: item, upload: try Samples.complete())], address: Samples.address))
        #expect(body["status"] == .text(status))
        #expect(body["id"] == "65cb3f2000000000000000cd")
        #expect(body["scheduleDate"] == moment.map { .text($0.description) })
        #expect(body["errors"] == [])
        guard case .list(let ids)? = body["postIds"] else { return #expect(Bool(false), "no postIds") }
        #expect(ids.map { $0["platform"] } == ["instagram", "tiktok"])
        #expect(ids.allSatisfy { $0["id"] == .text(item.id.text) && $0["status"] == "pending" })
    }
}
