package import UploadModel

/// Where the application behind the gateway is told of files and items.
package struct HandoffEndpoint: Hashable, Sendable {
    package var name: EndpointName
    /// `http` or `https`; its address may be a private one, because the operator named it.
    package var url: String
    package var secret: WebhookSecret
    /// What it wants to be told of.
    package var kinds: Set<HandoffKind>

    package init(name: EndpointName, url: String, secret: WebhookSecret, kinds: Set<HandoffKind>) {
        self.name = name
        self.url = url
        self.secret = secret
        self.kinds = kinds
    }
}

/// When a hand-off that was not accepted is tried again.
package struct RetryPlan: Hashable, Sendable {
    /// After the first failure; doubled with each further one.
    package var firstDelayMilliseconds: Int64 = 250
    package var maximumDelayMilliseconds: Int64 = 3_600_000
    /// After so many failures a hand-off is a dead letter. With the defaults that is some 15 hours.
    package var maximumAttempts: Int = 30

    package init() {}

    /// When to try again after a number of failures; `nil` to give up.
    ///
    /// - Parameter jitter: 0 to 1, drawn anew each time, so that what failed together does not come back together.
    func delayMilliseconds(afterFailures failures: Int, jitter: Double) -> Int64? {
        guard failures < maximumAttempts else { return nil }
        let doublings = min(max(failures - 1, 0), 40)
        let (grown, overflow) = firstDelayMilliseconds.multipliedReportingOverflow(by: 1 << Int64(doublings))
        let full = overflow ? maximumDelayMilliseconds : min(grown, maximumDelayMilliseconds)
        return Int64(Double(full) * (0.5 + 0.5 * min(max(jitter, 0), 1)))
    }
}
