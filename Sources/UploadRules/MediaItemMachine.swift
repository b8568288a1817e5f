package import UploadModel

/// What may become of a media item, and when: edited by its client, due by the clock, reported on by the publisher.
package struct MediaItemMachine: Hashable, Sendable {
    package let item: MediaItem

    package init(_ item: MediaItem) { self.item = item }

    package enum EditAction: Hashable, Sendable {
        /// - `becomesDue`: its moment came with this very change: a draft was released, or a schedule dropped.
        case store(MediaItem, becomesDue: Bool)
        /// It is on its way to the platforms, or there.
        case refuse(MediaItemStatus)
        /// It was handed on to be published now.
        case refuseMoment
    }

    /// The client asks for something else; possible while the item is a draft or scheduled. The moment of an item that
    /// was for now from the beginning cannot be moved any more: it was handed on when it was made.
    package func edited(to request: MediaItemRequest, now: Timestamp) -> EditAction {
        guard item.status == .draft || item.status == .scheduled else { return .refuse(item.status) }
        let wasWaiting = item.request.isDraft || item.request.scheduledAt != nil
        if !wasWaiting, request.isDraft || request.scheduledAt != nil { return .refuseMoment }
        var edited = item
        edited.original = item.original ?? item.request
        edited.request = request
        edited.updatedAt = now
        edited.status = request.initialStatus
        let becomesDue = wasWaiting && !request.isDraft && request.scheduledAt == nil
        if becomesDue {
            edited.status = .pending
            edited.dueAt = now
        }
        return .store(edited, becomesDue: becomesDue)
    }

    /// The item as it is once its moment has come; `nil` while it has not, and for drafts, for ever.
    package func timePassed(now: Timestamp) -> MediaItem? {
        guard item.status == .scheduled, let moment = item.request.scheduledAt, moment <= now else { return nil }
        var due = item
        due.status = item.results.isEmpty ? .pending : Self.status(of: item)
        due.dueAt = now
        due.updatedAt = now
        return due
    }

    package enum ReportAction: Hashable, Sendable {
        case store(MediaItem)
        /// The item is not for this platform.
        case refuseOtherPlatform
        /// Nobody was told to publish a draft.
        case refuseDraft
    }

    /// The publisher says how far a platform has come; the status of the whole follows from all of them.
    package func reported(_ result: PlatformResult, for platform: Platform, now: Timestamp) -> ReportAction {
        guard item.request.platforms.contains(platform) else { return .refuseOtherPlatform }
        guard item.status != .draft else { return .refuseDraft }
        var reported = item
        reported.results[platform] = result
        let status = Self.status(of: reported)
        // Whoever reports early does not take the item's moment from it, unless all is done already.
        let isWaiting = item.status == .scheduled && item.request.scheduledAt != nil
        if !isWaiting || status == .completed || status == .failed { reported.status = status }
        reported.updatedAt = now
        return .store(reported)
    }

    /// Of an item whose publisher has begun.
    private static func status(of item: MediaItem) -> MediaItemStatus {
        let all = item.request.platforms.map { item.platformStatus($0) }
        if all.allSatisfy(\.isFinal) { return all.contains(.failed) ? .failed : .completed }
        return all.allSatisfy { $0 == .pending || $0 == .idle || $0 == .manual } ? .pending : .processing
    }
}
