import HTTPTypes
import Logging
import NIOCore
import Synchronization
import UploadModel
import UploadProtocols

/// One request and what is known of it while it is answered.
// Sendable: used by the one task of its connection; only `interrupt()` is called from another.
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
    let logger: Logger
    private let channel: any Channel
    private let began = ContinuousClock.now
    let arrivedAt: Timestamp

    init(
        head: HTTPRequest, body: RequestBodySource, channel: any Channel, arrivedAt: Timestamp, logger: Logger
    ) {
        self.head = head
        self.body = body
        self.channel = channel
        requestID = Self.newRequestID()
        self.arrivedAt = arrivedAt
        let target = head.path ?? "/"
        let mark = target.firstIndex(of: "?") ?? target.endIndex
        path = String(target[..<mark])
        query = mark == target.endIndex ? "" : String(target[target.index(after: mark)...])
        var logger = logger
        logger[metadataKey: "sluice.request"] = "\(requestID)"
        self.logger = logger
    }

    /// The target as it came: what signatures cover.
    var target: String { head.path ?? "/" }

    /// The body will not be waited for any longer: a read that is going on ends with an error.
    func interrupt() { channel.close(mode: .input, promise: nil) }

    func logAccess(_ status: HTTPResponse.Status, sentBytes: Int64) {
        let elapsed = ContinuousClock.now - began
        let milliseconds = elapsed.components.seconds * 1000 + elapsed.components.attoseconds / 1_000_000_000_000_000
        logger.log(
            level: status.code >= 500 ? .warning : .info, "request",
            metadata: [
                "http.method": "\(head.method)",
                "http.route": "\(route)",
                "http.status": "\(status.code)",
                "http.receivedBytes": "\(body.receivedBytes)",
                "http.sentBytes": "\(sentBytes)",
                "http.milliseconds": "\(milliseconds)",
                "client.address": "\(channel.remoteAddress?.ipAddress ?? "-")",
                "sluice.tenant": "\(tenant?.text ?? "-")",
            ])
    }

    private static func newRequestID() -> String {
        let text = String(UInt64.random(in: .min ... .max), radix: 16)
        return String(repeating: "0", count: 16 - text.count) + text
    }

    /// The answer to bytes that are no request.
    static func malformed(isTooLarge: Bool) -> Reply {
        let fault =
            isTooLarge
            ? UploadFault(.headTooLarge, "The request's head is larger than this server takes.")
            : UploadFault(.invalidRequest, "This is not a well-formed HTTP/1.1 request.")
        return fault.reply(.problem, requestID: newRequestID())
    }
}

/// Whether the gateway is going down and takes no new uploads.
package final class DrainSwitch: Sendable {
    private let draining = Atomic(false)

    package init() {}

    package var isDraining: Bool { draining.load(ordering: .relaxed) }

    package func startDraining() { draining.store(true, ordering: .relaxed) }
}
