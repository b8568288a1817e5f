/// A text with media for some platforms: what the gallery API calls a post. Each of its files becomes a media item of
/// its own, and a file may be in any number of posts.
package struct Post: Hashable, Sendable {
    package var id: MediaItemID
    package var tenant: TenantID
    package var text: String
    package var scheduledAt: Timestamp?
    package var createdAt: Timestamp
    /// In the order of the post.
    package var items: [MediaItemID]

    package init(
        id: MediaItemID, tenant: TenantID, text: String, scheduledAt: Timestamp?, createdAt: Timestamp,
        items: [MediaItemID]
    ) {
        self.id = id
        self.tenant = tenant
        self.text = text
        self.scheduledAt = scheduledAt
        self.createdAt = createdAt
        self.items = items
    }
}
