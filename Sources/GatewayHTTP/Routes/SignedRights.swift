import UploadEngine
import UploadModel
import UploadProtocols

extension GatewayServices {
    // MARK: The right to begin

    /// A fresh signed URL for an upload.
    func uploadURL(
        _ upload: UploadRecord, expiresAt: Timestamp, over way: GrantedProtocol = .put, for exchange: Exchange
    ) async throws(UploadFault) -> String {
        let target = SignedTarget(upload, expiresAt: expiresAt, for: way)
        return address(of: exchange).uploadURL(try await grantKeys.sign(target.text, method: way.signedMethod))
    }

    /// No link lives longer than an hour (contract, "Signed upload URLs"); what ends later was signed by a clock that ran
    /// ahead by more than a minute, and would be good for as long as it ran ahead.
    private static let longestLinkSeconds: Int64 = 3600 + 60

    /// What the signed URL of a request grants: its signature, then its expiry, before anything is looked up.
    ///
    /// - Throws: `link_invalid`, `link_expired`.
    func grantedTarget(of exchange: Exchange, for way: GrantedProtocol) async throws(UploadFault) -> SignedTarget {
        let target = try await signedTarget(of: exchange, for: way)
        let now = engine.now
        guard now < target.expiresAt else {
            throw Self.linkExpired
        }
        guard target.expiresAt <= now.adding(seconds: Self.longestLinkSeconds) else {
            throw UploadFault(.linkInvalid, "This link was issued by a clock that was wrong; ask for a new one.")
        }
        return target
    }

    /// The same of a URL that may have expired: what it began goes on.
    func signedTarget(of exchange: Exchange, for way: GrantedProtocol) async throws(UploadFault) -> SignedTarget {
        guard let verified = try await grantKeys.verify(exchange.target, method: way.signedMethod),
            let target = SignedTarget(verified: verified, for: way)
        else { throw Self.linkInvalid }
        exchange.tenant = target.tenant
        return target
    }

    // MARK: The right to go on

    /// Where an upload goes on.
    ///
    /// - Parameter isSigned: whether the URL is the right by itself: for who has no key.
    func goOnURL(
        _ upload: UploadRecord, over way: GrantedProtocol, isSigned: Bool, for exchange: Exchange
    ) async throws(UploadFault) -> String {
        let target = SignedUpload(upload, over: way)
        let address = address(of: exchange)
        guard isSigned else { return address.uploadURL(target.path) }
        return address.uploadURL(try await grantKeys.sign(target.text, method: SignedUpload.signedMethod))
    }

    /// Whose upload a request is about: that of its URL's signature, or else of its key.
    ///
    /// - Throws: `link_invalid` for a signature that does not hold, before anything is looked up; `unauthorized` where
    ///   there is neither.
    func tenantOrSigned(_ exchange: Exchange) async throws(UploadFault) -> TenantID {
        guard SignedUpload.isSigned(query: exchange.query) else { return try await tenant(of: exchange.head) }
        guard let verified = try await grantKeys.verify(exchange.target, method: SignedUpload.signedMethod),
            let target = SignedUpload(verified: verified)
        else { throw Self.linkInvalid }
        return target.tenant
    }

    static let linkExpired = UploadFault(.linkExpired, "This link has expired; ask for a new one.")

    private static let linkInvalid = UploadFault(
        .linkInvalid, "This link was changed or never issued here; ask for a new one.")
}
