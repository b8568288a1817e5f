import HTTPTypes
package import UploadModel

/// Answers of `/api/v1/media/{images|videos}`.
package enum MediaReplies {
    private struct Item: Encodable {
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

    private struct Made: Encodable {
        let success = true
        let message = "Upload successful"
        let data: [Item]
    }

    private struct Shown: Encodable {
        let success = true
        let data: Item
    }

    /// 201; the same item always gives the same bytes.
    package static func finalized(_ item: MediaItem, upload: UploadRecord, address: PublicAddress) -> Reply {
        .json(.created, Made(data: [Item(item, upload: upload, address: address)]))
    }

    package static func item(_ item: MediaItem, upload: UploadRecord, address: PublicAddress) -> Reply {
        .json(.ok, Shown(data: Item(item, upload: upload, address: address)))
    }

    private struct Entry: Encodable {
        let id: String
        let fileName: String
        let description: String
        let size: String
        let timeCreated: String
        let url: String
        let contentType: String
    }

    /// The gallery: a plain array, newest first, sizes as strings, as the publishing API has it. The cursor of the
    /// next page stands in `Link` (RFC 8288), where old clients do not stumble over it.
    package static func gallery(
        _ entries: [(upload: UploadRecord, description: String?)], next: String?, address: PublicAddress
    ) -> Reply {
        var reply = Reply.json(
            .ok,
            entries.map { entry in
                Entry(
                    id: entry.upload.fileID.text, fileName: entry.upload.servedName.text,
                    description: entry.description ?? "", size: String(entry.upload.receivedBytes),
                    timeCreated: (entry.upload.completedAt ?? entry.upload.createdAt).description,
                    url: address.accessURL(entry.upload), contentType: entry.upload.mediaType.text)
            })
        if let next {
            reply.fields[.link] = "<\(address.base)/api/media?cursor=\(next)>; rel=\"next\""
        }
        return reply
    }
}
