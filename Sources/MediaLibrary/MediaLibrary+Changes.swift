package import UploadModel
import Logging
import UploadEngine
import UploadRules
import UploadStore

extension MediaLibrary {
    /// Of two changes at once one is made and the other looks again; so often at most.
    private static let maximumTries = 20

    private static let tooMuchGoingOn = UploadFault(
        .unavailable, "This item is being changed by many at once; try again.", retryAfterSeconds: 1)

    /// Changes what a client asks of an item, while it is a draft or waits for its moment.
    ///
    /// - Parameter change: the request that the item is to have, made of the one it has.
    /// - Throws: `not_found`, `not_editable`; what `change` or the verifier says.
    package func edit(
        _ id: String, kind: MediaKind, of tenant: TenantID,
        _ change: (MediaItemRequest) throws(UploadFault) -> MediaItemRequest
    ) async throws(UploadFault) -> Finalized {
        for _ in 0..<Self.maximumTries {
            let found = try await item(id, kind: kind, of: tenant)
            let now = engine.now
            let action = MediaItemMachine(found.item).edited(to: try change(found.item.request), now: now)
            let edited: MediaItem
            let becomesDue: Bool
            switch action {
            case .store(let item, let isDue): (edited, becomesDue) = (item, isDue)
            case .refuse(let status):
                throw UploadFault(
                    .notEditable, "This item is \(status.rawValue); only a draft or a scheduled item can be edited.")
            case .refuseMoment:
                throw UploadFault(
                    .notEditable,
                    "This item had no scheduledAt and was handed on at once; its moment cannot be moved any more.")
            }
            try await verifier?.check(edited, found.upload, composer, now: now)
            let handoffs = becomesDue ? composer.handoffs(due: edited, found.upload) : []
            if let stored = try await store(edited, announcing: handoffs) {
                return Finalized(item: stored, upload: found.upload)
            }
        }
        throw Self.tooMuchGoingOn
    }

    /// Takes the publisher's word on a platform.
    ///
    /// - Throws: `not_found` for an item that is not there or not for this platform; `not_editable` for a draft.
    package func report(
        _ result: PlatformResult, for platform: Platform, on id: String, kind: MediaKind, of tenant: TenantID
    ) async throws(UploadFault) -> Finalized {
        for _ in 0..<Self.maximumTries {
            let found = try await item(id, kind: kind, of: tenant)
            let reported: MediaItem
            switch MediaItemMachine(found.item).reported(result, for: platform, now: engine.now) {
            case .store(let item): reported = item
            case .refuseOtherPlatform:
                throw UploadFault(.notFound, "This item is not for \(platform.rawValue).")
            case .refuseDraft:
                throw UploadFault(.notEditable, "This item is a draft; nothing of it is being published.")
            }
            if let stored = try await store(reported, announcing: []) {
                return Finalized(item: stored, upload: found.upload)
            }
        }
        throw Self.tooMuchGoingOn
    }

    /// `nil` when somebody else was first.
    private func store(_ item: MediaItem, announcing handoffs: [Handoff]) async throws(UploadFault) -> MediaItem? {
        let outcome = try await reading { () throws(CatalogFault) in
            try await catalog.update(item, announcing: handoffs)
        }
        switch outcome {
        case .done(let stored): return stored
        case .changed: return nil
        case .unknown: throw Self.noItem
        }
    }

    /// Deletes an item, and its file if that was the item's own and is in no post.
    package func delete(_ id: String, kind: MediaKind, of tenant: TenantID) async throws(UploadFault) {
        for _ in 0..<Self.maximumTries {
            let found = try await item(id, kind: kind, of: tenant)
            let now = engine.now
            let handoffs = composer.handoffs(deleting: found.item, found.upload, now: now)
            let outcome = try await reading { () throws(CatalogFault) in
                try await catalog.delete(found.item, now: now, announcing: handoffs)
            }
            switch outcome {
            case .done(let ended): return await engine.free(ended)
            case .changed: continue
            case .unknown: throw Self.noItem
            }
        }
        throw Self.tooMuchGoingOn
    }

    /// Deletes a complete file with everything that was made of it.
    ///
    /// - Throws: `not_found`, also for a file that is not complete.
    package func deleteFile(_ text: String, of tenant: TenantID) async throws(UploadFault) {
        for _ in 0..<Self.maximumTries {
            let upload = try await file(text, of: tenant)
            let items = try await reading { () throws(CatalogFault) in try await catalog.items(of: upload.fileID) }
            if try await delete(upload, with: items) { return }
        }
        throw Self.tooMuchGoingOn
    }

    /// Whether it was deleted; not when its items changed meanwhile.
    private func delete(_ upload: UploadRecord, with items: [MediaItem]) async throws(UploadFault) -> Bool {
        let now = engine.now
        let subjects: [MediaItem?] = items.isEmpty ? [nil] : items
        let handoffs = subjects.flatMap { composer.handoffs(deleting: $0, upload, now: now) }
        let outcome = try await reading { () throws(CatalogFault) in
            try await catalog.delete(
                upload.fileID, of: upload.tenant, items: items.map(\.id), now: now, announcing: handoffs)
        }
        switch outcome {
        case .done(let ended):
            await engine.free(ended)
            return true
        case .changed: return false
        case .unknown: throw UploadFault.notFound
        }
    }

    /// A tenant's complete file.
    ///
    /// - Throws: `not_found`, also for one that is not complete and for copies.
    package func file(_ text: String, of tenant: TenantID) async throws(UploadFault) -> UploadRecord {
        let upload = try await engine.upload(text, of: tenant)
        guard upload.state == .complete, upload.originalID == nil else { throw UploadFault.notFound }
        return upload
    }

    /// Lets items whose moment has come become due, and tells of each once; answers how many.
    func makeDue() async throws(UploadFault) -> Int {
        let batch = 100
        var count = 0
        while !Task.isCancelled {
            let now = engine.now
            let items = try await reading { () throws(CatalogFault) in try await catalog.due(at: now, limit: batch) }
            var made = 0
            for item in items where !Task.isCancelled {
                guard let due = MediaItemMachine(item).timePassed(now: now) else { continue }
                if await makeDue(due) { made += 1 }
            }
            count += made
            // Those that could not be made due stay in the list; a batch of nothing else would never end.
            if items.count < batch || made == 0 { break }
        }
        return count
    }

    /// Whether it was done; what stands in the way of one item is no matter of the others.
    private func makeDue(_ due: MediaItem) async -> Bool {
        do throws(UploadFault) {
            let upload = try await file(of: due)
            // Whoever edited it in this moment was first; the next look decides again.
            return try await store(due, announcing: composer.handoffs(due: due, upload)) != nil
        } catch {
            // Deleted in this moment.
            if error.code == .notFound { return false }
            engine.logger.warning(
                "an item could not be made due",
                metadata: ["sluice.item": "\(due.id)", "sluice.fault": "\(error.cause ?? error.detail)"])
            return false
        }
    }
}
