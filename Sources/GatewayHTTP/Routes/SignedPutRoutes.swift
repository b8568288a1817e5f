import HTTPTypes
import UploadEngine
import UploadModel
import UploadProtocols

extension GatewayServices {
    /// `GET /api/media/uploadUrl`
    func grant(_ exchange: Exchange) async throws(UploadFault) -> Answer {
        let tenant = try exchange.requiredTenant()
        let order = try GrantOrder(query: exchange.query, formats: formats, limits: engine.limits)
        let upload = try await engine.grant(
            tenant: tenant, fileName: order.file.fileName, declaredType: order.file.format.mediaType,
            sizeBytes: order.sizeBytes, maximumBytes: order.maximumBytes, lifetimeSeconds: order.lifetimeSeconds)
        let url = try await uploadURL(upload, expiresAt: upload.expiresAt, for: exchange)
        return .reply(GrantOrder.reply(upload, uploadURL: url, address: address(of: exchange)))
    }

    /// No link lives longer than an hour (contract, "Signed upload URLs"); what ends later was signed by a clock that ran
    /// ahead by more than a minute, and would be good for as long as it ran ahead.
    private static let longestLinkSeconds: Int64 = 3600 + 60

    /// `PUT` of a signed URL: signature, then expiry, before anything is looked up; then the claim, from which on
    /// the link is spent; then the rest of the head; then the bytes.
    func putSigned(_ exchange: Exchange) async throws(UploadFault) -> Answer {
        guard
            let verified = try await grantKeys.verify(exchange.target, method: SignedTarget.method),
            let target = SignedTarget(verified: verified)
        else {
            throw UploadFault(.linkInvalid, "This link was changed or never issued here; ask for a new one.")
        }
        let now = engine.now
        guard now < target.expiresAt else {
            throw UploadFault(.linkExpired, "This link has expired; ask for a new one.")
        }
        guard target.expiresAt <= now.adding(seconds: Self.longestLinkSeconds) else {
            throw UploadFault(.linkInvalid, "This link was issued by a clock that was wrong; ask for a new one.")
        }
        exchange.tenant = target.tenant
        // A body that is larger than the link allows needs no room: it is refused for its size, and the link is used.
        let needed = exchange.body.declaredBytes.map { $0 > target.maximumBytes ? 0 : $0 }
        let upload = try await engine.claim(target.fileID, declaredBytes: needed)
        let head: SignedPutHead
        do throws(UploadFault) {
            head = try SignedPutHead(exchange.head, granted: target.mediaType)
        } catch {
            await engine.fail(upload)
            throw error
        }
        let digests = head.wanted.union(head.expected.keys)
        let stream = try await engine.openStream(upload, declaredBytes: exchange.body.declaredBytes, digests: digests)
        try await BodyPump(exchange: exchange).run(into: stream)
        let outcome = try await stream.finish(expecting: head.expected)
        return .reply(SignedPutHead.reply(outcome.upload, digests: outcome.digests))
    }
}
