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
    /// The post it belongs to; `nil` for an item that a client made of its own upload, and which then owns the file.
    package var postID: MediaItemID?
    package var request: MediaItemRequest
    /// What was asked for at first, when it was edited since.
    package var original: MediaItemRequest?
    package var status: MediaItemStatus
    /// When its moment came; `nil` while it has not, and for an item that was ready from the beginning.
    package var dueAt: Timestamp?
    /// What the publisher reported.
    package var results: [Platform: PlatformResult]
    package var createdAt: Timestamp
    package var updatedAt: Timestamp
    /// Counts its changes, so that of two at once one is made and the other sees it.
    package var revision: Int64

    package init(
        id: MediaItemID, tenant: TenantID, fileID: FileID, postID: MediaItemID? = nil, request: MediaItemRequest,
        original: MediaItemRequest? = nil, status: MediaItemStatus, dueAt: Timestamp? = nil,
        results: [Platform: PlatformResult] = [:], createdAt: Timestamp, updatedAt: Timestamp, revision: Int64 = 0
    ) {
        self.id = id
        self.tenant = tenant
        self.fileID = fileID
        self.postID = postID
        self.request = request
        self.original = original
        self.status = status
        self.dueAt = dueAt
        self.results = results
        self.createdAt = createdAt
        self.updatedAt = updatedAt
        self.revision = revision
    }

    /// The given title, or the documented default.
    package var title: String {
        if let title = request.title, !title.isEmpty { return title }
        return request.kind == .image ? "Untitled Image" : "Untitled Video"
    }

    /// The item as it was when it was made: what a repetition of the request that made it is answered with.
    package var asMade: MediaItem {
        var made = self
        made.request = original ?? request
        made.original = nil
        made.status = made.request.initialStatus
        made.dueAt = nil
        made.results = [:]
        made.updatedAt = createdAt
        made.revision = 0
        return made
    }
}

extension MediaItem {
    /// How far a platform has come: what was reported, else what follows from the request.
    package func platformStatus(_ platform: Platform) -> PlatformStatus {
        if let result = results[platform] { return result.status }
        if request.isDraft { return .idle }
        return request.isManual(platform) ? .manual : .pending
    }
}

extension MediaItemRequest {
    /// Whether the client asked not to publish on a platform by itself. The settings are canonical JSON, in which no
    /// text can hold an unescaped quotation mark, so this is a member and nothing else.
    package func isManual(_ platform: Platform) -> Bool {
        settingsJSON[platform]?.contains("\"autoPublish\":false") ?? false
    }

    /// The status of an item when it is made. Without a moment it is scheduled for now.
    package var initialStatus: MediaItemStatus { isDraft ? .draft : .scheduled }
}
