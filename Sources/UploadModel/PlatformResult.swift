/// How far one platform has come with an item, in the publishing API's words.
package enum PlatformStatus: String, Hashable, Sendable, CaseIterable {
    case published
    case failed
    case processing
    /// Nobody has begun yet.
    case pending
    /// A draft's: nothing will happen by itself.
    case idle
    /// The client asked not to publish by itself.
    case manual

    /// Whether nothing more will come of it.
    package var isFinal: Bool { self == .published || self == .failed || self == .manual }
}

/// What the publisher reported of one platform.
package struct PlatformResult: Hashable, Sendable {
    /// Of ``remoteID`` and ``url``, in bytes.
    package static let maximumIDBytes = 200
    package static let maximumURLBytes = 2_048
    /// In Unicode scalars.
    package static let maximumMessageCharacters = 2_000

    package var status: PlatformStatus
    /// What the platform calls it: a video id, a media id, a URN, a pin id.
    package var remoteID: String?
    package var url: String?
    /// What went wrong, for people.
    package var message: String?

    package init(status: PlatformStatus, remoteID: String? = nil, url: String? = nil, message: String? = nil) {
        self.status = status
        self.remoteID = remoteID
        self.url = url
        self.message = message
    }
}

extension Platform {
    /// The key under which this platform's own id stands in a status answer.
    package var remoteIDKey: String {
        switch self {
        case .youtube, .tiktok: "videoId"
        case .instagram: "mediaId"
        case .linkedin: "urn"
        case .pinterest: "pinId"
        }
    }
}
