import HTTPTypes
package import UploadModel

/// Answers of `/api/v1/media/{images|videos}`.
package enum MediaReplies {
    private struct Made: Encodable {
        let success = true
        let message = "Upload successful"
        let data: [MadeItem]
    }

    /// 201; the same item always gives the same bytes, whatever became of it since.
    package static func finalized(_ item: MediaItem, upload: UploadRecord, address: PublicAddress) -> Reply {
        .json(.created, Made(data: [MadeItem(item.asMade, upload: upload, address: address)]))
    }

    private struct Shown: Encodable {
        let success = true
        let message: String?
        let data: ItemBody
    }

    /// The status of an item.
    ///
    /// - Parameters:
    ///   - examination: what is known of its file; `nil` where nobody looks.
    ///   - copy: the resized copy of an image.
    ///   - message: what was done, if something was.
    package static func item(
        _ item: MediaItem, upload: UploadRecord, examination: Examination?, copy: UploadRecord?,
        message: String? = nil, address: PublicAddress
    ) -> Reply {
        let body = ItemBody(
            made: MadeItem(item, upload: upload, address: address), item: item,
            media: examination.map(MediaFactsBody.init), resizedUrl: copy.map(address.accessURL))
        return .json(.ok, Shown(message: message, data: body))
    }

    private struct Listed: Encodable {
        let success = true
        let data: [ItemBody]
        let nextCursor: Nullable<String>
    }

    /// A page of items, newest first.
    ///
    /// - Parameters:
    ///   - next: the cursor of the next page.
    ///   - path: of the list, for the address of the next page (RFC 8288).
    ///   - query: what was asked for, and is asked for again on the next page; `nil` for everything.
    package static func items(
        _ items: [(item: MediaItem, upload: UploadRecord, examination: Examination?)], next: String?, path: String,
        query: ItemListQuery? = nil,
        address: PublicAddress
    ) -> Reply {
        let bodies = items.map { item, upload, examination in
            ItemBody(
                made: MadeItem(item, upload: upload, address: address), item: item,
                media: examination.map(MediaFactsBody.init), resizedUrl: nil)
        }
        var reply = Reply.json(.ok, Listed(data: bodies, nextCursor: Nullable(next)))
        if let next {
            let members = query?.query(after: next) ?? "cursor=\(next)"
            reply.fields[.link] = "<\(address.base)\(path)?\(members)>; rel=\"next\""
        }
        return reply
    }

    private struct Deleted: Encodable {
        let success = true
        let message = "Media deleted"
        let data: DeletedItem
    }

    private struct DeletedItem: Encodable {
        let id: String
    }

    package static func deleted(_ id: String) -> Reply { .json(.ok, Deleted(data: DeletedItem(id: id))) }
}

/// An item as the call that makes it answers.
private struct MadeItem: Encodable {
    let id: String
    let title: String
    let description: String?
    let status: String
    let platforms: [String]
    let scheduledAt: String?
    let isDraft: Bool
    let fileId: String
    let accessUrl: String
    let createdAt: String
    let updatedAt: String

    init(_ item: MediaItem, upload: UploadRecord, address: PublicAddress) {
        id = item.id.text
        title = item.title
        description = item.request.description
        status = item.status.rawValue
        platforms = item.request.platforms.map(\.rawValue)
        scheduledAt = item.request.scheduledAt?.description
        isDraft = item.request.isDraft
        fileId = upload.fileID.text
        accessUrl = address.accessURL(upload)
        createdAt = item.createdAt.description
        updatedAt = item.updatedAt.description
    }
}

/// An item as its status call answers: as it was made, and what became of it; under the name of each platform how far
/// that has come.
private struct ItemBody: Encodable {
    let made: MadeItem
    let item: MediaItem
    let media: MediaFactsBody?
    let resizedUrl: String?

    private struct Name: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }

        init(_ name: String) { stringValue = name }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    func encode(to encoder: any Encoder) throws {
        try made.encode(to: encoder)
        var container = encoder.container(keyedBy: Name.self)
        try container.encodeIfPresent(item.postID?.text, forKey: Name("postId"))
        try container.encodeIfPresent(item.dueAt?.description, forKey: Name("dueAt"))
        try container.encodeIfPresent(media, forKey: Name("media"))
        try container.encodeIfPresent(resizedUrl, forKey: Name("resizedUrl"))
        for platform in item.request.platforms {
            let result = item.results[platform]
            var body: [String: String] = ["status": item.platformStatus(platform).rawValue]
            body[platform.remoteIDKey] = result?.remoteID
            body["url"] = result?.url
            body["message"] = result?.message
            try container.encode(body, forKey: Name(platform.rawValue))
        }
    }
}
