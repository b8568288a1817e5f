/// A network that the application publishes to.
package enum Platform: String, Hashable, Sendable, CaseIterable {
    case youtube
    case instagram
    case tiktok
    case linkedin
    case pinterest

    /// Whether the platform takes this kind of media; YouTube takes videos only.
    package func takes(_ kind: MediaKind) -> Bool { self != .youtube || kind == .video }
}

/// Where a media item stands, in the publishing API's words.
package enum MediaItemStatus: String, Hashable, Sendable, CaseIterable {
    case pending
    case processing
    case completed
    case failed
    case draft
    case scheduled
}

/// What a client says when it turns a file into a media item.
package struct MediaItemRequest: Hashable, Sendable {
    package var kind: MediaKind
    package var title: String?
    package var description: String?
    package var platforms: [Platform]
    package var scheduledAt: Timestamp?
    package var isDraft: Bool
    /// Per platform, the client's settings: a canonical JSON object.
    package var settingsJSON: [Platform: String]

    package init(
        kind: MediaKind, title: String? = nil, description: String? = nil, platforms: [Platform],
        scheduledAt: Timestamp? = nil, isDraft: Bool = false, settingsJSON: [Platform: String] = [:]
    ) {
        self.kind = kind
        self.title = title
        self.description = description
        self.platforms = platforms
        self.scheduledAt = scheduledAt
        self.isDraft = isDraft
        self.settingsJSON = settingsJSON
    }
}

/// A finalized file: what the publishing API calls an image or a video.
package struct MediaItem: Hashable, Sendable {
    package var id: MediaItemID
    package var tenant: TenantID
    package var fileID: FileID
    package var request: MediaItemRequest
    package var status: MediaItemStatus
    package var createdAt: Timestamp
    package var updatedAt: Timestamp

    package init(
        id: MediaItemID, tenant: TenantID, fileID: FileID, request: MediaItemRequest, status: MediaItemStatus,
        createdAt: Timestamp, updatedAt: Timestamp
    ) {
        self.id = id
        self.tenant = tenant
        self.fileID = fileID
        self.request = request
        self.status = status
        self.createdAt = createdAt
        self.updatedAt = updatedAt
    }

    /// The given title, or the documented default.
    package var title: String {
        if let title = request.title, !title.isEmpty { return title }
        return request.kind == .image ? "Untitled Image" : "Untitled Video"
    }
}
