import HTTPTypes
import Hummingbird
import UploadModel
import UploadProtocols
import UploadStore

/// How a request is answered.
enum Answer: Sendable {
    case reply(Reply)
    case file(FileReply, any ObjectReader)
}

/// One row of the table of routes. The table is data: tests walk it, and the router is made from it.
struct Route: Sendable {
    enum Access: Sendable {
        /// Whoever has a key; the exchange then knows the tenant.
        case key
        /// Whoever has a key, or a URL that is signed for one upload; the exchange then knows the tenant.
        case keyOrSignature
        /// The URL itself is the right, or nothing is told.
        case open
    }

    let method: HTTPRequest.Method
    let pattern: String
    let access: Access
    /// The form that its errors take.
    let dialect: ErrorDialect
    /// Whether it begins or feeds an upload, which a gateway that goes down refuses.
    let takesBytes: Bool
    /// Whether requests count towards the limit of an address; not those by which the gateway is watched.
    let isCounted: Bool
    let handler: @Sendable (Exchange, Parameters) async throws(UploadFault) -> Answer

    init(
        _ method: HTTPRequest.Method, _ pattern: String, access: Access = .key, dialect: ErrorDialect,
        takesBytes: Bool = false, isCounted: Bool = true,
        handler: @escaping @Sendable (Exchange, Parameters) async throws(UploadFault) -> Answer
    ) {
        self.method = method
        self.pattern = pattern
        self.access = access
        self.dialect = dialect
        self.takesBytes = takesBytes
        self.isCounted = isCounted
        self.handler = handler
    }
}

extension Exchange {
    /// The tenant of a route that asks for a key.
    func requiredTenant() throws(UploadFault) -> TenantID {
        guard let tenant else { throw UploadFault(.internalError, "This route has no tenant.") }
        return tenant
    }
}

extension Exchange {
    /// The query, decoded.
    func queryPairs() throws(UploadFault) -> [(name: String, value: String)] {
        guard let pairs = PercentCoding.parseQuery(query) else {
            throw UploadFault(.invalidRequest, "The query is not well-formed percent-encoding of UTF-8.")
        }
        return pairs
    }
}

extension Parameters {
    /// A path component, percent-decoded.
    ///
    /// - Throws: `not_found` for what cannot be decoded.
    func text(_ name: String) throws(UploadFault) -> String {
        guard let raw = get(name), let text = PercentCoding.decodePathSegment(raw) else { throw UploadFault.notFound }
        return text
    }
}
