import HTTPTypes
package import UploadModel

/// Answers of `/api/media` and `/api/post`.
package enum GalleryReplies {
    private struct Copy: Encodable {
        let id: String
        let url: String
        let fileName: String
        let size: String
    }

    private struct Entry: Encodable {
        let id: String
        let fileName: String
        let description: String
        let size: String
        let timeCreated: String
        let url: String
        let contentType: String
        let expiresAt: Nullable<String>
    }

    /// The gallery: a plain array, newest first, sizes as strings, as the publishing API has it. The cursor of the
    /// next page stands in `Link` (RFC 8288), where old clients do not stumble over it.
    ///
    /// - Parameter lifetimeSeconds: how long files are kept; `nil` for ever, and `expiresAt` is then `null`.
    package static func gallery(
        _ entries: [(upload: UploadRecord, description: String?)], next: String?, lifetimeSeconds: Int64?,
        address: PublicAddress
    ) -> Reply {
        var reply = Reply.json(
            .ok,
            entries.map { entry in
                let upload = entry.upload
                let since = upload.completedAt ?? upload.createdAt
                return Entry(
                    id: upload.fileID.text, fileName: upload.servedName.text, description: entry.description ?? "",
                    size: String(upload.receivedBytes), timeCreated: since.description,
                    url: address.accessURL(upload), contentType: upload.mediaType.text,
                    expiresAt: Nullable(lifetimeSeconds.map { since.adding(seconds: $0).description }))
            })
        if let next { reply.fields[.link] = "<\(address.base)/api/media?cursor=\(next)>; rel=\"next\"" }
        return reply
    }

    private struct Uploaded: Encodable {
        let id: String
        let url: String
        let fileName: String
        let description: String
        let contentType: String
        let size: String
        /// The copy of an image that fits 1080 x 1080.
        let resized: Copy?
        /// Why there is no copy of an image.
        let resizedMessage: String?
    }

    /// 200: the file is here.
    package static func uploaded(
        _ upload: UploadRecord, copy: UploadRecord?, copyMessage: String?, address: PublicAddress
    ) -> Reply {
        .json(
            .ok,
            Uploaded(
                id: upload.fileID.text, url: address.accessURL(upload), fileName: upload.servedName.text,
                description: upload.description ?? "", contentType: upload.mediaType.text,
                size: String(upload.receivedBytes), resized: copy.map { Self.copy($0, address) },
                resizedMessage: copy == nil ? copyMessage : nil))
    }

    private static func copy(_ copy: UploadRecord, _ address: PublicAddress) -> Copy {
        Copy(
            id: copy.fileID.text, url: address.accessURL(copy), fileName: copy.servedName.text,
            size: String(copy.receivedBytes))
    }

    private struct Meta: Encodable {
        let status = "success"
        let id: String
        let url: String
        let fileName: String
        let description: String
        let contentType: String
        let size: String
        let timeCreated: String
        let digest: [String: String]
        let media: MediaFactsBody?
        let resized: Copy?
    }

    /// Everything that is known of a file.
    package static func meta(
        _ upload: UploadRecord, description: String?, examination: Examination?, copy: UploadRecord?,
        address: PublicAddress
    ) -> Reply {
        var digest: [String: String] = [:]
        digest["crc32c"] = upload.crc32c.map { Digest($0).hex }
        digest["sha256"] = upload.sha256?.hex
        return .json(
            .ok,
            Meta(
                id: upload.fileID.text, url: address.accessURL(upload), fileName: upload.servedName.text,
                description: description ?? "", contentType: upload.mediaType.text,
                size: String(upload.receivedBytes),
                timeCreated: (upload.completedAt ?? upload.createdAt).description, digest: digest,
                media: examination.map(MediaFactsBody.init), resized: copy.map { Self.copy($0, address) }))
    }

    private struct Exists: Encodable {
        let status = "success"
        let contentType: String
        let mediaUrl: String
    }

    package static func exists(_ url: String, contentType: String) -> Reply {
        .json(.ok, Exists(contentType: contentType, mediaUrl: url))
    }

    private struct Deleted: Encodable {
        let status = "success"
        let id: String
    }

    package static func deleted(_ id: String) -> Reply { .json(.ok, Deleted(id: id)) }

    private struct Posted: Encodable {
        let status: String
        let id: String
        let post: String
        let scheduleDate: String?
        let postIds: [PostID]
        let errors: [String] = []
    }

    private struct PostID: Encodable {
        let id: String
        let platform: String
        let status: String
        let mediaUrl: String
        let kind: String
    }

    /// 200: the post was taken. `postIds` has an entry for each file and platform; its `id` is the media item's.
    package static func posted(
        _ post: Post, _ items: [(item: MediaItem, upload: UploadRecord)], address: PublicAddress
    ) -> Reply {
        let ids = items.flatMap { item, upload in
            item.request.platforms.map { platform in
                PostID(
                    id: item.id.text, platform: platform.rawValue, status: item.platformStatus(platform).rawValue,
                    mediaUrl: address.accessURL(upload), kind: item.request.kind.rawValue)
            }
        }
        return .json(
            .ok,
            Posted(
                status: post.scheduledAt == nil ? "success" : "scheduled", id: post.id.text, post: post.text,
                scheduleDate: post.scheduledAt?.description, postIds: ids))
    }
}

/// Facts of a file as answers have them.
struct MediaFactsBody: Encodable {
    let state: String
    let width: Int?
    let height: Int?
    /// In seconds.
    let duration: Double?
    let videoCodec: String?
    let audioCodec: String?
    /// Per second.
    let frameRate: Double?
    let message: String?

    init(_ examination: Examination) {
        let facts = examination.facts
        state = examination.state.rawValue
        width = facts.widthPixels
        height = facts.heightPixels
        duration = facts.durationMilliseconds.map { Double($0) / 1000 }
        videoCodec = facts.videoCodec
        audioCodec = facts.audioCodec
        frameRate = facts.framesPerThousandSeconds.map { Double($0) / 1000 }
        message = examination.message
    }
}

/// A member that is written as `null` when there is nothing, where clients look for its name.
struct Nullable<Value: Encodable>: Encodable {
    let value: Value?

    init(_ value: Value?) { self.value = value }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        if let value { try container.encode(value) } else { try container.encodeNil() }
    }
}
