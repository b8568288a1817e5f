import HTTPTypes
package import MediaLibrary
package import UploadEngine
import UploadGrants
package import UploadModel
package import UploadProtocols
package import UploadStore

/// What the routes work with; made once, where everything is wired.
package struct GatewayServices: Sendable {
    package let engine: UploadEngine
    package let library: MediaLibrary
    package let keys: any KeyCatalog
    package let grantKeys: GrantKeys
    package let formats: MediaFormatTable
    /// Where clients reach the gateway, as far as nobody knows better: see ``address(of:)``.
    package let address: PublicAddress
    /// Whether the operator named that address.
    package let isAddressFixed: Bool
    package let proxies: TrustedProxies
    package let limits: GatewayLimits
    package let crossOrigin: CrossOriginPolicy
    package let drain: DrainSwitch
    /// How long finished files are kept; `nil` for ever.
    package let fileLifetimeSeconds: Int64?
    let readiness = Readiness()
    private let knownKeys = KeyCache()
    private let keyRate: RateLimit?
    private let addressRate: RateLimit?

    package init(
        engine: UploadEngine, library: MediaLibrary, keys: any KeyCatalog, grantKeys: GrantKeys,
        formats: MediaFormatTable, address: PublicAddress, isAddressFixed: Bool, proxies: TrustedProxies,
        limits: GatewayLimits, crossOrigin: CrossOriginPolicy, drain: DrainSwitch, fileLifetimeSeconds: Int64?
    ) {
        self.engine = engine
        self.library = library
        self.keys = keys
        self.grantKeys = grantKeys
        self.formats = formats
        self.address = address
        self.isAddressFixed = isAddressFixed
        self.proxies = proxies
        self.limits = limits
        self.crossOrigin = crossOrigin
        keyRate = RateLimit(requestsPerSecond: limits.maximumRequestsPerSecondAndKey)
        addressRate = RateLimit(requestsPerSecond: limits.maximumRequestsPerSecondAndAddress)
        self.drain = drain
        self.fileLifetimeSeconds = fileLifetimeSeconds
    }

    /// Whose key a request carries (contract, "Authentication").
    ///
    /// - Throws: `unauthorized`, the same for a missing, unknown and revoked key; `rate_limited` for one that asks too
    ///   often.
    func tenant(of head: HTTPRequest) async throws(UploadFault) -> TenantID {
        guard let text = Self.key(in: head), text.utf8.count <= APIKeySecret.maximumBytes else {
            throw Self.unauthorized
        }
        let hashHex = APIKeySecret(text: text).hashHex
        let (now, keyChanges) = (ContinuousClock.now, keys.keyChangeCount)
        if let tenant = knownKeys.tenant(hashHex, keyChanges: keyChanges, now: now) {
            try Self.refuse(keyRate?.admit(hashHex, now: now), "This key")
            return tenant
        }
        let record: APIKeyRecord?
        do throws(CatalogFault) {
            record = try await keys.apiKey(hashHex: hashHex)
        } catch {
            throw UploadFault(error)
        }
        guard let record, record.revokedAt == nil else { throw Self.unauthorized }
        knownKeys.keep(hashHex, record.tenant, keyChanges: keyChanges, askedAt: now)
        try Self.refuse(keyRate?.admit(hashHex, now: now), "This key")
        return record.tenant
    }

    /// Counts a request of a network address.
    ///
    /// - Throws: `rate_limited` when there were too many.
    func admit(_ exchange: Exchange) throws(UploadFault) {
        guard let addressRate else { return }
        try Self.refuse(addressRate.admit(exchange.clientNetwork, now: .now), "Your address")
    }

    private static func refuse(_ wait: Duration?, _ who: String) throws(UploadFault) {
        guard let wait else { return }
        throw UploadFault(
            .rateLimited, "\(who) sends requests faster than is allowed; wait, then go on more slowly.",
            retryAfterSeconds: max(1, wait.components.seconds + (wait.components.attoseconds > 0 ? 1 : 0)))
    }

    private static let unauthorized = UploadFault(
        .unauthorized, "Send a valid API key as X-API-Key or as Authorization: Bearer.")

    /// RFC 9110 section 11.1: the scheme's case does not matter.
    private static func key(in head: HTTPRequest) -> String? {
        if let key = head.headerFields[.apiKey], !key.isEmpty { return key }
        guard let field = head.headerFields[.authorization] else { return nil }
        let words = field.split(separator: " ", maxSplits: 1)
        guard words.count == 2, words[0].lowercased() == "bearer" else { return nil }
        let key = words[1].drop { $0 == " " }
        return key.isEmpty ? nil : String(key)
    }

    func refuseWhileDraining() throws(UploadFault) {
        if drain.isDraining {
            throw UploadFault(.unavailable, "The gateway is restarting; try again.", retryAfterSeconds: 5)
        }
    }

    /// Where the client of a request reaches the gateway: the address that the operator named, or else what trusted
    /// proxies say, or else where it listens.
    func address(of exchange: Exchange) -> PublicAddress {
        guard !isAddressFixed, !proxies.isEmpty, let base = exchange.origin.base else { return address }
        return PublicAddress(base: base)
    }
}
