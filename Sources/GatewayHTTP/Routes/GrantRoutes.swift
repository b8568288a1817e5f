import UploadEngine
import UploadModel
import UploadProtocols

extension GatewayServices {
    /// `GET /api/media/uploadUrl`
    func grant(_ exchange: Exchange) async throws(UploadFault) -> Answer {
        let order = try GrantOrder(query: exchange.query, formats: formats, limits: engine.limits)
        let upload = try await grant(order, exchange)
        let url = try await uploadURL(upload, expiresAt: upload.expiresAt, for: exchange)
        return .reply(GrantOrder.reply(upload, uploadURL: url, address: address(of: exchange)))
    }

    /// `POST /api/v1/grants`
    func grantProtocol(_ exchange: Exchange) async throws(UploadFault) -> Answer {
        let json = try await exchange.body.collect(maximumBytes: GrantRequest.maximumBodyBytes)
        let request = try GrantRequest(json: json, formats: formats, limits: engine.limits)
        let upload = try await grant(request.order, exchange)
        let url = try await uploadURL(upload, expiresAt: upload.expiresAt, over: request.way, for: exchange)
        return .reply(request.reply(upload, uploadURL: url, address: address(of: exchange)))
    }

    private func grant(_ order: GrantOrder, _ exchange: Exchange) async throws(UploadFault) -> UploadRecord {
        try await engine.grant(
            tenant: exchange.requiredTenant(), fileName: order.file.fileName,
            declaredType: order.file.format.mediaType, sizeBytes: order.sizeBytes, maximumBytes: order.maximumBytes,
            lifetimeSeconds: order.lifetimeSeconds)
    }
}
