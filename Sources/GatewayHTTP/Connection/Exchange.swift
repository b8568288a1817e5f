import HTTPTypes
import Logging
import NIOCore
import UploadModel
import UploadProtocols
import UploadStore

/// One request and what is known of it while it is answered.
// Sendable: used by the task of its request; only `supersede()` is called from another.
final class Exchange: @unchecked Sendable {
    let head: HTTPRequest
    let body: RequestBodySource
    let requestID: String
    /// Path as it came, without the query.
    let path: String
    /// Query as it came, without the question mark.
    let query: String
    /// Whom the key belongs to, once it was checked.
    var tenant: TenantID?
    /// The pattern of the route, for the log: paths may hold ids, patterns do not.
    var route = Exchange.noRoute
    static let noRoute = "-"
    /// Names no request.
    let connectionLogger: Logger
    /// How a refusal is told, once the request is known to speak Resumable Uploads.
    var refusal: ResumableRefusal?
    let interim: InterimAnswers
    private let connection: GatewayConnection
    private let proxies: TrustedProxies
    private let began = ContinuousClock.now
    let arrivedAt: Timestamp

    init(
        head: HTTPRequest, body: RequestBodySource, connection: GatewayConnection, proxies: TrustedProxies,
        arrivedAt: Timestamp, logger: Logger
    ) {
        self.head = head
        self.body = body
        self.connection = connection
        self.proxies = proxies
        interim = InterimAnswers(connection.channel)
        requestID = Self.newRequestID()
        self.arrivedAt = arrivedAt
        target = Self.originForm(head.path ?? "/") ?? "/"
        let mark = target.firstIndex(of: "?") ?? target.endIndex
        path = String(target[..<mark])
        query = mark == target.endIndex ? "" : String(target[target.index(after: mark)...])
        connectionLogger = logger
    }

    /// Names the request in every line. Made where something is to be said: most requests have nothing to say.
    var logger: Logger {
        var logger = connectionLogger
        logger[metadataKey: "sluice.request"] = "\(requestID)"
        return logger
    }

    /// Path and query as they came, without the scheme and host of an absolute form: what signatures cover.
    let target: String

    /// RFC 9112 section 3.2.2: a server takes the absolute form too; `nil` for what is neither.
    static func originForm(_ target: String) -> String? {
        if target.hasPrefix("/") { return target }
        for scheme in ["http://", "https://"] where target.lowercased().hasPrefix(scheme) {
            let rest = target.dropFirst(scheme.count)
            guard let slash = rest.firstIndex(where: { $0 == "/" || $0 == "?" }) else { return "/" }
            return rest[slash] == "/" ? String(rest[slash...]) : "/" + rest[slash...]
        }
        return nil
    }

    var lane: NIOLoopBound<BodyLane> { connection.lane }

    /// Where the request began: at the other end of the connection, or before the proxies that are trusted.
    private(set) lazy var origin = proxies.origin(of: head, peer: peer.flatMap { IPAddress($0) })

    /// Whether a trusted proxy passed the request on.
    var isFromProxy: Bool { peer.flatMap { IPAddress($0) }.map(proxies.trusts) ?? false }

    /// The address at the other end of the connection.
    private var peer: String? { connection.channel.remoteAddress?.ipAddress }

    /// The client's address; of an IPv6 address the first 64 bits, because the others are the client's to choose.
    var clientNetwork: String {
        switch origin.client {
        case nil: return "-"
        case .v4(let bits): return IPAddress.v4(bits).description
        case .v6(let bits):
            // An IPv4 client of a socket that takes both (RFC 4291 section 2.5.5.2).
            if let inner = origin.client?.embedded { return IPAddress.v4(inner).description }
            return IPAddress.v6((bits >> 64) << 64).description
        }
    }

    /// A newer request wants the place of this one's bytes: reading its body ends, at once where it waits.
    func supersede() {
        body.superseded.set()
        let connection = connection
        connection.channel.eventLoop.execute { connection.connectionGuard.value.wakeReader() }
    }

    /// - Parameter error: why the answer did not reach its end, if it did not.
    func logAccess(_ status: HTTPResponse.Status, sentBytes: Int64, brokenBy error: (any Error)?) {
        // A file that cannot be read is our fault, a client that goes away is nobody's.
        let isOurs = status.code >= 500 || error is StoreFault
        let level: Logger.Level = isOurs ? .warning : .info
        guard connectionLogger.logLevel <= level else { return }
        let elapsed = ContinuousClock.now - began
        let milliseconds = elapsed.components.seconds * 1000 + elapsed.components.attoseconds / 1_000_000_000_000_000
        var metadata: Logger.Metadata = [
            "http.method": "\(head.method)",
            "http.route": "\(route)",
            "http.status": "\(status.code)",
            "http.receivedBytes": "\(body.receivedBytes)",
            "http.sentBytes": "\(sentBytes)",
            "http.milliseconds": "\(milliseconds)",
            "client.address": "\((proxies.isEmpty ? peer : origin.client?.description) ?? "-")",
            "sluice.tenant": "\(tenant?.text ?? "-")",
        ]
        if let error { metadata["http.brokenBy"] = "\(error)" }
        logger.log(level: level, "request", metadata: metadata)
    }

    static func newRequestID() -> String {
        let text = String(UInt64.random(in: .min ... .max), radix: 16)
        return String(repeating: "0", count: 16 - text.count) + text
    }

    static let headTooLarge = UploadFault(.headTooLarge, "The request's head is larger than this server takes.")
    static let malformed = UploadFault(.invalidRequest, "This is not a well-formed HTTP/1.1 request.")
}
