package import UploadModel
import UploadStore

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Writes the events: which there are for a change, for whom, and what they say.
package struct HandoffComposer: CompletionFollowing {
    private let endpoints: [HandoffEndpoint]
    private let formats: MediaFormatTable
    private let examinesFiles: Bool
    private let accessURL: @Sendable (UploadRecord) -> String

    /// - Parameters:
    ///   - formats: those of which facts can be found out.
    ///   - examinesFiles: whether they are.
    ///   - accessURL: where a file is read.
    package init(
        endpoints: [HandoffEndpoint], formats: MediaFormatTable, examinesFiles: Bool,
        accessURL: @escaping @Sendable (UploadRecord) -> String
    ) {
        self.endpoints = endpoints
        self.formats = formats
        self.examinesFiles = examinesFiles
        self.accessURL = accessURL
    }

    // MARK: Files

    package func handoffs(completing upload: UploadRecord) -> [Handoff] {
        // A copy is the gateway's own doing.
        guard upload.originalID == nil else { return [] }
        return event(.uploadCompleted, upload, nil, at: upload.completedAt ?? upload.createdAt)
    }

    package func handoffs(withdrawing upload: UploadRecord, now: Timestamp) -> [Handoff] {
        guard upload.originalID == nil else { return [] }
        return event(.mediaDeleted, upload, nil, at: now)
    }

    package func wantsExamination(of upload: UploadRecord) -> Bool {
        examinesFiles && upload.originalID == nil && formats.format(of: upload.mediaType) != nil
    }

    // MARK: Items

    func handoffs(finalizing item: MediaItem, _ upload: UploadRecord) -> [Handoff] {
        event(.mediaFinalized, upload, item, at: item.createdAt)
    }

    func handoffs(due item: MediaItem, _ upload: UploadRecord) -> [Handoff] {
        event(.mediaDue, upload, item, at: item.dueAt ?? item.updatedAt)
    }

    func handoffs(deleting item: MediaItem?, _ upload: UploadRecord, now: Timestamp) -> [Handoff] {
        event(.mediaDeleted, upload, item, at: now)
    }

    /// What is asked of the verifier; no event, and never in the outbox.
    func verification(of item: MediaItem, _ upload: UploadRecord, now: Timestamp) -> [UInt8] {
        Array(body("finalize.verify", upload, item, at: now).utf8)
    }

    private func event(
        _ kind: HandoffKind, _ upload: UploadRecord, _ item: MediaItem?, at moment: Timestamp
    ) -> [Handoff] {
        let told = endpoints.filter { $0.kinds.contains(kind) }
        guard !told.isEmpty else { return [] }
        let id = HandoffID.random()
        let body = body(kind.rawValue, upload, item, at: moment)
        return told.map {
            Handoff(
                id: id, endpoint: $0.name, kind: kind, fileID: upload.fileID, tenant: upload.tenant,
                createdAt: moment, body: body)
        }
    }

    private func body(
        _ type: String, _ upload: UploadRecord, _ item: MediaItem?, at moment: Timestamp
    ) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let event = EventBody(
            type: type, timestamp: moment.description,
            data: EventData(
                upload, item, accessURL: accessURL(upload),
                ready: type == HandoffKind.mediaDue.rawValue
                    || type == HandoffKind.mediaFinalized.rawValue && item?.isForNow == true))
        guard let data = try? encoder.encode(event) else {
            preconditionFailure("an event of texts and whole numbers can be written as JSON")
        }
        return String(decoding: data, as: UTF8.self)
    }
}

/// Standard Webhooks: type, timestamp, data.
private struct EventBody: Encodable {
    let type: String
    let timestamp: String
    let data: EventData
}

private struct EventData: Encodable {
    let tenant: String
    let fileId: String
    let fileName: String
    let contentType: String
    let size: Int64
    let digest: [String: String]
    let accessUrl: String
    let description: String?
    let metadata: JSONValue?
    let item: EventItem?

    init(_ upload: UploadRecord, _ item: MediaItem?, accessURL: String, ready: Bool) {
        tenant = upload.tenant.text
        fileId = upload.fileID.text
        fileName = upload.servedName.text
        contentType = upload.mediaType.text
        size = upload.receivedBytes
        var digests: [String: String] = [:]
        digests["crc32c"] = upload.crc32c.map { Digest($0).hex }
        digests["sha256"] = upload.sha256?.hex
        digest = digests
        accessUrl = accessURL
        description = upload.description
        metadata = upload.metadataJSON.flatMap(JSONValue.init(text:))
        self.item = item.map { EventItem($0, ready: ready) }
    }
}

private struct EventItem: Encodable {
    let id: String
    let kind: String
    let postId: String?
    let title: String
    let description: String?
    let platforms: [String]
    let settings: [String: JSONValue]
    let status: String
    /// Whether the worker is to begin now.
    let ready: Bool
    let isDraft: Bool
    let scheduledAt: String?
    let dueAt: String?
    let createdAt: String

    init(_ item: MediaItem, ready: Bool) {
        id = item.id.text
        kind = item.request.kind.rawValue
        postId = item.postID?.text
        title = item.title
        description = item.request.description
        platforms = item.request.platforms.map(\.rawValue)
        var settings: [String: JSONValue] = [:]
        for (platform, text) in item.request.settingsJSON {
            settings[platform.rawValue] = JSONValue(text: text)
        }
        self.settings = settings
        status = item.status.rawValue
        self.ready = ready
        isDraft = item.request.isDraft
        scheduledAt = item.request.scheduledAt?.description
        dueAt = item.dueAt?.description
        createdAt = item.createdAt.description
    }
}

extension MediaItem {
    /// Neither a draft nor waiting for a moment: to be published as soon as it is known.
    fileprivate var isForNow: Bool { status == .scheduled && request.scheduledAt == nil }
}
