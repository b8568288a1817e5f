import UploadModel

/// Sends one signed message as Standard Webhooks prescribes, and says what became of it.
package struct WebhookSender: Sendable {
    private let http: OutgoingHTTP
    private let timeoutMilliseconds: Int

    /// Nobody needs more of an answer than a message for people.
    private static let maximumAnswerBytes = 8 << 10

    /// - Parameter timeoutMilliseconds: from the connection's beginning to the answer's end.
    package init(http: OutgoingHTTP, timeoutMilliseconds: Int) {
        self.http = http
        self.timeoutMilliseconds = timeoutMilliseconds
    }

    enum Outcome: Sendable, CustomStringConvertible {
        case answered(WebhookAnswer)
        case unreachable(TransferFault)

        /// For the log and for `sluice handoffs list`.
        var description: String {
            switch self {
            case .answered(let answer): "answered \(answer.status)"
            case .unreachable(let fault): fault.cause ?? fault.detail
            }
        }

        var retryAfterSeconds: Int64? {
            if case .answered(let answer) = self { answer.retryAfterSeconds } else { nil }
        }
    }

    /// - Parameter id: `webhook-id`, the same in every attempt.
    func send(id: String, body: [UInt8], to url: String, secret: WebhookSecret, now: Timestamp) async -> Outcome {
        let seconds = now.milliseconds / 1000
        var request = OutgoingRequest(
            .post(body), url: url,
            fields: [
                HeaderField("Content-Type", "application/json"), HeaderField("webhook-id", id),
                HeaderField("webhook-timestamp", String(seconds)),
                HeaderField("webhook-signature", secret.signature(id: id, seconds: seconds, body: body)),
            ],
            addresses: .anywhere)
        request.maximumAnswerBytes = Self.maximumAnswerBytes
        request.totalTimeoutMilliseconds = timeoutMilliseconds
        do throws(TransferFault) {
            let answer = try await http.exchange(request)
            return .answered(
                WebhookAnswer(
                    status: answer.status, body: answer.body,
                    retryAfterSeconds: answer.fields.value("Retry-After").flatMap { Int64($0) }.map { max(0, $0) }))
        } catch {
            return .unreachable(error)
        }
    }
}

/// What an endpoint answered.
struct WebhookAnswer: Sendable {
    let status: Int
    let body: [UInt8]
    let retryAfterSeconds: Int64?

    var isAccepted: Bool { (200...299).contains(status) }
}
