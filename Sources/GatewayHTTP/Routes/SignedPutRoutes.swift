import HTTPTypes
import UploadEngine
import UploadModel
import UploadProtocols

extension GatewayServices {
    /// The request that a signed URL is for: signature, then expiry, before anything is looked up; then the claim, from
    /// which on the link is spent; then the rest of the head; then the bytes.
    func putSigned(_ exchange: Exchange, _ way: GrantedProtocol) async throws(UploadFault) -> Answer {
        let target = try await grantedTarget(of: exchange, for: way)
        if ResumableCreation.isAsked(exchange.head) { return try await createSigned(exchange, target) }
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
