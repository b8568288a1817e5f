import HTTPTypes
import Hummingbird
import UploadEngine
import UploadModel
import UploadProtocols
import UploadStore

extension GatewayServices {
    /// `POST /api/v1/uploads`
    func beginParts(_ exchange: Exchange) async throws(UploadFault) -> Answer {
        let tenant = try exchange.requiredTenant()
        let json = try await exchange.body.collect(maximumBytes: PartsAnnouncement.maximumBodyBytes)
        let announcement = try PartsAnnouncement(json: json, formats: formats, limits: engine.limits)
        let upload = try await engine.begin(
            UploadEngine.Announcement(
                tenant: tenant, fileName: announcement.file.fileName,
                declaredType: announcement.file.format.mediaType, sizeBytes: announcement.sizeBytes,
                partBytes: announcement.partBytes, digests: announcement.sha256.map { [.sha256: $0] } ?? [:],
                metadataJSON: announcement.metadataJSON))
        let expiry = engine.now.adding(seconds: engine.limits.grantLifetimeSeconds)
        let url = try await uploadURL(upload, expiresAt: expiry, for: exchange)
        return .reply(PartsReplies.created(upload, uploadURL: url, address: address(of: exchange)))
    }

    /// `GET /api/v1/uploads`
    func listUploads(_ exchange: Exchange) async throws(UploadFault) -> Answer {
        let tenant = try exchange.requiredTenant()
        let query = try UploadListQuery(query: exchange.query)
        let page = UploadListQuery.pageSize
        let uploads = try await engine.list(
            of: tenant, in: query.states, after: try cursor(query.cursor), limit: page + 1)
        let shown = Array(uploads.prefix(page))
        let next = uploads.count > page ? shown.last.map(ListCursor.text) : nil
        return .reply(PartsReplies.list(shown, next: next, address: address(of: exchange)))
    }

    func cursor(_ text: String?) throws(UploadFault) -> UploadCursor? {
        guard let text else { return nil }
        let place = try ListCursor.parse(text)
        return UploadCursor(createdAt: place.createdAt, fileID: place.fileID)
    }

    /// `GET /api/v1/uploads/{fileId}`
    func uploadStatus(_ exchange: Exchange, _ parameters: Parameters) async throws(UploadFault) -> Answer {
        let upload = try await engine.upload(parameters.text("fileId"), of: exchange.requiredTenant())
        let status = try await engine.status(of: upload)
        return .reply(
            PartsReplies.status(
                status.upload, parts: status.parts, missing: status.missing, address: address(of: exchange)))
    }

    /// `DELETE /api/v1/uploads/{fileId}`
    func abortUpload(_ exchange: Exchange, _ parameters: Parameters) async throws(UploadFault) -> Answer {
        let upload = try await engine.upload(parameters.text("fileId"), of: exchange.requiredTenant())
        try await engine.abort(upload)
        return .reply(Reply(.noContent))
    }

    /// `PUT /api/v1/uploads/{fileId}/parts/{n}`
    func putPart(_ exchange: Exchange, _ parameters: Parameters) async throws(UploadFault) -> Answer {
        let tenant = try exchange.requiredTenant()
        let digits = try parameters.text("number")
        guard digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(digits) else {
            throw UploadFault(.invalidPart, "The part's number must be a whole number from 1 on.")
        }
        let expected = try BodyDigests.expected(exchange.head, names: [.contentDigest, .reprDigest])
        let part = try await engine.openPart(
            number, of: parameters.text("fileId"), tenant: tenant, declaredBytes: exchange.body.declaredBytes,
            digests: Set(expected.keys))
        try await BodyPump(exchange: exchange).run(into: part)
        let outcome = try await part.finish(expecting: expected)
        return .reply(PartsReplies.stored(outcome.crc32c))
    }

    /// `POST /api/v1/uploads/{fileId}/complete`
    func completeUpload(_ exchange: Exchange, _ parameters: Parameters) async throws(UploadFault) -> Answer {
        let upload = try await engine.upload(parameters.text("fileId"), of: exchange.requiredTenant())
        let complete = try await engine.complete(upload)
        return .reply(PartsReplies.completed(complete, address: address(of: exchange)))
    }
}
