import MediaLibrary

/// What speaks to other servers: with those that the operator names, and with those that clients name.
struct Outgoing: Sendable {
    let sender: WebhookSender
    let verifier: Verifier?
    let fetcher: ForeignFetcher
    private let named: OutgoingHTTP
    private let foreign: OutgoingHTTP
    /// Questions to the verifier hold up a client each, so they wait for no hand-off.
    private let asked: OutgoingHTTP

    init(_ configuration: PublishingConfiguration) {
        named = OutgoingHTTP(threads: max(1, configuration.endpoints.count) * HandoffDeliverer.lanesPerEndpoint)
        foreign = OutgoingHTTP(threads: configuration.pullThreads)
        asked = OutgoingHTTP(threads: Verifier.maximumAtOnce)
        let timeoutMilliseconds = configuration.handoffTimeoutSeconds * 1000
        sender = WebhookSender(http: named, timeoutMilliseconds: timeoutMilliseconds)
        let asking = WebhookSender(http: asked, timeoutMilliseconds: timeoutMilliseconds)
        verifier = configuration.verifier.map { Verifier(url: $0.url, secret: $0.secret, sender: asking) }
        fetcher = ForeignFetcher(
            http: foreign, addresses: configuration.pullAddresses,
            limits: configuration.pullLimits, threads: configuration.pullThreads)
    }

    /// Ends what still runs.
    func shutDown() async {
        await named.shutDown()
        await asked.shutDown()
        await foreign.shutDown()
    }
}
