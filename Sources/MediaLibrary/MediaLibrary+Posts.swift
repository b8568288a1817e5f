import UploadEngine
package import UploadModel
import UploadStore

/// What a client asks to be posted.
package struct PostRequest: Hashable, Sendable {
    package var text: String
    package var platforms: [Platform]
    package var media: [PostMedia]
    package var scheduledAt: Timestamp?
    /// Whether the client says that its media are videos.
    package var isVideo: Bool
    package var settingsJSON: [Platform: String]

    package init(
        text: String, platforms: [Platform], media: [PostMedia], scheduledAt: Timestamp?, isVideo: Bool,
        settingsJSON: [Platform: String]
    ) {
        self.text = text
        self.platforms = platforms
        self.media = media
        self.scheduledAt = scheduledAt
        self.isVideo = isVideo
        self.settingsJSON = settingsJSON
    }
}

/// Where the bytes of a post's medium are.
package enum PostMedia: Hashable, Sendable {
    /// A file of this gateway, used in place.
    case own(FileID)
    /// A URL of somebody else's, which is fetched first.
    case foreign(String)
}

extension MediaLibrary {
    /// A post with its items and their files, in order.
    package struct Published: Sendable {
        package let post: Post
        package let items: [Finalized]
    }

    /// Makes a post: fetches what is not here, checks everything, and records the post with an item for each file, all
    /// or nothing. What was fetched for a post that is not made goes again.
    ///
    /// - Parameters:
    ///   - isDue: the fault of a moment that has passed, which a repetition may name.
    ///   - idempotencyKey: with the same key and request the first post is answered again.
    package func publish(
        _ request: PostRequest, of tenant: TenantID, isDue: UploadFault?, idempotencyKey: String?
    ) async throws(UploadFault) -> Published {
        let fingerprint = Self.fingerprint(of: request)
        if let idempotencyKey {
            let standing = try await reading { () throws(CatalogFault) in
                try await catalog.post(idempotencyKey: idempotencyKey, of: tenant)
            }
            if let standing {
                guard standing.fingerprint == fingerprint else { throw Self.otherPost }
                return try await published(standing.post)
            }
        }
        if let isDue { throw isDue }
        var fetched: [String: UploadRecord] = [:]
        do throws(UploadFault) {
            // What is here is looked at before anything is fetched for nothing.
            for case .own(let id) in request.media { _ = try await ownFile(id, of: tenant) }
            let deadline = ContinuousClock.now + .seconds(fetcher.totalSeconds)
            var uploads: [UploadRecord] = []
            for medium in request.media {
                uploads.append(try await upload(for: medium, of: tenant, until: deadline, &fetched))
            }
            return try await record(request, uploads, of: tenant, fingerprint, idempotencyKey)
        } catch {
            for upload in fetched.values { await engine.withdraw(upload) }
            throw error
        }
    }

    private static let otherPost = UploadFault(
        .alreadyFinalized, "This Idempotency-Key was used for another post; a repetition must be the same request.")

    private func upload(
        for medium: PostMedia, of tenant: TenantID, until deadline: ContinuousClock.Instant,
        _ fetched: inout [String: UploadRecord]
    ) async throws(UploadFault) -> UploadRecord {
        switch medium {
        case .own(let id): return try await ownFile(id, of: tenant)
        case .foreign(let url):
            if let known = fetched[url] { return known }
            let upload = try await fetcher.fetch(url, into: engine, accepting: formats, of: tenant, until: deadline)
            fetched[url] = upload
            return upload
        }
    }

    private func ownFile(_ id: FileID, of tenant: TenantID) async throws(UploadFault) -> UploadRecord {
        let upload = try await engine.upload(id.text, of: tenant)
        switch upload.state {
        case .complete: return upload
        case .granted, .receiving:
            throw UploadFault(.notComplete, "A file of mediaUrls is not complete; finish its upload, then post.")
        case .failed, .aborted, .expired:
            throw UploadFault(.uploadGone, "A file of mediaUrls is gone (\(upload.state.rawValue)).")
        }
    }

    private func record(
        _ request: PostRequest, _ uploads: [UploadRecord], of tenant: TenantID, _ fingerprint: String,
        _ idempotencyKey: String?
    ) async throws(UploadFault) -> Published {
        let now = engine.now
        var post = Post(
            id: .random(now: now), tenant: tenant, text: request.text, scheduledAt: request.scheduledAt,
            createdAt: now, items: [])
        var made: [Finalized] = []
        for upload in uploads {
            let item = try item(of: post, upload, request)
            try await verifier?.check(item, upload, composer, now: now)
            made.append(Finalized(item: item, upload: upload))
        }
        post.items = made.map(\.item.id)
        let handoffs = made.flatMap { composer.handoffs(finalizing: $0.item, $0.upload) }
        let outcome = try await reading { () throws(CatalogFault) in
            try await catalog.add(
                post, items: made.map(\.item), fingerprint: fingerprint, idempotencyKey: idempotencyKey,
                announcing: handoffs)
        }
        switch outcome {
        case .made(let post): return Published(post: post, items: made)
        case .replayed(let post):
            // Another request with the same key was faster; what this one fetched is not needed.
            for upload in uploads where !request.media.contains(.own(upload.fileID)) {
                await engine.withdraw(upload)
            }
            return try await published(post)
        case .conflict: throw Self.otherPost
        case .notComplete:
            throw UploadFault(.notComplete, "A file of mediaUrls is not there any more.")
        }
    }

    private func item(
        of post: Post, _ upload: UploadRecord, _ request: PostRequest
    ) throws(UploadFault) -> MediaItem {
        guard let kind = formats.format(of: upload.mediaType)?.kind else {
            throw UploadFault(
                .unsupportedMediaType, "A file of mediaUrls is \(upload.mediaType), which is not accepted.")
        }
        if request.isVideo, kind != .video {
            throw UploadFault(.unsupportedMediaType, "isVideo is true, but a file of mediaUrls is \(upload.mediaType).")
        }
        for platform in request.platforms where !platform.takes(kind) {
            let message = "\"\(platform.rawValue)\" does not take \(kind.rawValue)s."
            throw UploadFault(
                .invalidRequest, "platforms: \(message)", fields: [FieldFault(field: "platforms", message: message)])
        }
        let wanted = MediaItemRequest(
            kind: kind, description: request.text.isEmpty ? nil : request.text, platforms: request.platforms,
            scheduledAt: request.scheduledAt, settingsJSON: request.settingsJSON)
        return MediaItem(
            id: .random(now: post.createdAt), tenant: post.tenant, fileID: upload.fileID, postID: post.id,
            request: wanted, status: wanted.initialStatus, createdAt: post.createdAt, updatedAt: post.createdAt)
    }

    /// A post as it is answered again: the items that are still there, as they were made.
    private func published(_ post: Post) async throws(UploadFault) -> Published {
        var items: [Finalized] = []
        for id in post.items {
            let item = try await reading { () throws(CatalogFault) in
                try await catalog.item(id, kind: nil, of: post.tenant)
            }
            guard let item else { continue }
            items.append(Finalized(item: item.asMade, upload: try await file(of: item)))
        }
        return Published(post: post, items: items)
    }

    private static func fingerprint(of request: PostRequest) -> String {
        var digest = Fingerprint()
        digest.add(request.text)
        digest.add(request.platforms.map(\.rawValue).joined(separator: ","))
        for medium in request.media {
            switch medium {
            case .own(let id): digest.add("own:\(id)")
            case .foreign(let url): digest.add("foreign:\(url)")
            }
        }
        digest.add(request.scheduledAt.map { String($0.milliseconds) })
        digest.add(String(request.isVideo))
        for platform in Platform.allCases { digest.add(request.settingsJSON[platform]) }
        return digest.hex
    }
}
