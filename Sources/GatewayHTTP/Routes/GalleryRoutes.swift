import HTTPTypes
import Hummingbird
import MediaLibrary
import UploadEngine
import UploadModel
import UploadProtocols
import UploadStore

extension GatewayServices {
    /// `GET /api/media`
    func showGallery(_ exchange: Exchange) async throws(UploadFault) -> Answer {
        let tenant = try exchange.requiredTenant()
        let text = try exchange.queryPairs().first { $0.name == "cursor" && !$0.value.isEmpty }?.value
        let page = UploadListQuery.pageSize
        let entries = try await library.gallery(of: tenant, after: try cursor(text), limit: page + 1)
        let shown = Array(entries.prefix(page))
        let next = entries.count > page ? shown.last.map { ListCursor.text($0.upload) } : nil
        return .reply(
            GalleryReplies.gallery(
                shown.map { ($0.upload, $0.description) }, next: next, lifetimeSeconds: fileLifetimeSeconds,
                address: address(of: exchange)))
    }

    /// The file that a URL reads, if it is one of those that this gateway hands out.
    private func ownFile(_ url: String, _ exchange: Exchange) -> FileID? {
        address.fileID(ofAccessURL: url) ?? address(of: exchange).fileID(ofAccessURL: url)
    }

    /// `POST /api/media/urlExists`
    func urlExists(_ exchange: Exchange) async throws(UploadFault) -> Answer {
        let tenant = try exchange.requiredTenant()
        let json = try await exchange.body.collect(maximumBytes: MediaURLQuestion.maximumBodyBytes)
        let question = try MediaURLQuestion(json: json)
        if let id = ownFile(question.url, exchange) {
            let upload = try await library.readable(id, by: tenant)
            return .reply(GalleryReplies.exists(question.url, contentType: upload.mediaType.text))
        }
        let type = try await library.foreignType(question.url, for: tenant)
        return .reply(GalleryReplies.exists(question.url, contentType: type ?? UploadModel.MediaType.octetStream.text))
    }

    /// `GET /api/media/meta?id=…` or `?mediaUrl=…`
    func showMeta(_ exchange: Exchange) async throws(UploadFault) -> Answer {
        let pairs = try exchange.queryPairs()
        func value(_ name: String) -> String? { pairs.first { $0.name == name && !$0.value.isEmpty }?.value }
        let id = value("id") ?? value("mediaUrl").map { ownFile($0, exchange)?.text ?? "" }
        guard let id else {
            throw UploadFault(
                .invalidRequest, "id or mediaUrl is needed: which file you mean.",
                fields: [FieldFault(field: "id", message: "needed, or mediaUrl")])
        }
        return try await showMeta(exchange, of: id)
    }

    /// `GET /api/media/{id}`
    func showMeta(_ exchange: Exchange, of id: String) async throws(UploadFault) -> Answer {
        let upload = try await library.file(id, of: exchange.requiredTenant())
        let looked = try await library.looked(at: upload)
        let description = try await library.description(of: upload)
        return .reply(
            GalleryReplies.meta(
                upload, description: description, examination: looked.examination, copy: looked.copy,
                address: address(of: exchange)))
    }

    /// `DELETE /api/media/{id}`
    func deleteFile(_ exchange: Exchange, _ parameters: Parameters) async throws(UploadFault) -> Answer {
        let id = try parameters.text("id")
        try await library.deleteFile(id, of: exchange.requiredTenant())
        return .reply(GalleryReplies.deleted(id))
    }

    /// `POST /api/post`
    func post(_ exchange: Exchange) async throws(UploadFault) -> Answer {
        let tenant = try exchange.requiredTenant()
        let key = try Self.idempotencyKey(exchange.head)
        let json = try await exchange.body.collect(maximumBytes: PostOrder.maximumBodyBytes)
        let (order, isDue) = try Self.order(json, now: engine.now)
        let request = PostRequest(
            text: order.text, platforms: order.platforms,
            media: order.mediaURLs.map { url in
                ownFile(url, exchange).map { .own($0) } ?? .foreign(url)
            },
            scheduledAt: order.scheduledAt, isVideo: order.isVideo, settingsJSON: order.settingsJSON)
        let made = try await library.publish(request, of: tenant, isDue: isDue, idempotencyKey: key)
        return .reply(
            GalleryReplies.posted(made.post, made.items.map { ($0.item, $0.upload) }, address: address(of: exchange)))
    }

    /// The order, and the fault of one that is right but for a moment that has passed.
    private static func order(_ json: [UInt8], now: Timestamp) throws(UploadFault) -> (PostOrder, isDue: UploadFault?) {
        do throws(UploadFault) {
            return (try PostOrder(json: json, now: now), nil)
        } catch {
            let longAgo = Timestamp(milliseconds: 0)
            guard let order = try? PostOrder(json: json, now: longAgo) else { throw error }
            return (order, error)
        }
    }
}
