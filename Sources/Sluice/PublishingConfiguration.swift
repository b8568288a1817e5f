package import MediaLibrary
import UploadModel

/// What is told to whom, what is fetched from where, and what is looked into.
package struct PublishingConfiguration: Sendable {
    package var endpoints: [HandoffEndpoint] = []
    /// Asked before an item is accepted.
    package var verifier: (url: String, secret: WebhookSecret)?
    package var handoffTimeoutSeconds = 15
    package var retryPlan = RetryPlan()
    package var examinesMedia = true
    package var maximumImagePixels = 100_000_000
    /// `nil` keeps files for ever.
    package var fileLifetimeSeconds: Int64?
    package var pullAddresses = AddressRule()
    package var pullLimits = ForeignFetcher.Limits()
    package var pullThreads = 16

    package init() {}

    init(_ reader: SettingsReader) throws(StartFault) {
        let names = try reader.list("finalize-endpoints")
        for name in names {
            let endpoint = try Self.endpoint(name, reader)
            guard !endpoints.contains(where: { $0.name == endpoint.name }) else {
                throw StartFault("finalize-endpoints: \(name) stands there twice.")
            }
            endpoints.append(endpoint)
        }
        if let stranger = reader.namedEndpoints.subtracting(names).min() {
            throw StartFault("finalize-\(stranger)-…: finalize-endpoints does not name \(stranger).")
        }
        verifier = try Self.verifier(reader)
        handoffTimeoutSeconds = try reader.number("handoff-timeout-seconds")
        retryPlan.firstDelayMilliseconds = Int64(try reader.number("handoff-retry-milliseconds"))
        retryPlan.maximumAttempts = try reader.number("handoff-attempts")
        examinesMedia = try reader.flag("examine-media")
        maximumImagePixels = try reader.number("max-image-pixels")
        let lifetime = try reader.number("file-lifetime-seconds")
        fileLifetimeSeconds = lifetime == 0 ? nil : Int64(lifetime)
        pullAddresses = AddressRule(
            allowing: try reader.ranges("pull-allow"), denying: try reader.ranges("pull-deny"))
        pullLimits.maximumBytes = Int64(try reader.number("pull-max-bytes"))
        pullLimits.totalSeconds = try reader.number("pull-timeout-seconds")
        pullThreads = try reader.number("pull-threads")
    }

    private static func endpoint(_ text: String, _ reader: SettingsReader) throws(StartFault) -> HandoffEndpoint {
        guard let name = EndpointName(text), text != "verify" else {
            throw StartFault(
                "finalize-endpoints: \"\(text)\" is not a name of 1 to \(EndpointName.maximumCharacters) lower-case "
                    + "letters and digits other than verify.")
        }
        let url = try url("finalize-\(text)-url", reader)
        guard let url else { throw StartFault("finalize-\(text)-url: the address of the endpoint is needed.") }
        let secret = try secret("finalize-\(text)-secret", reader)
        var kinds: Set<HandoffKind> = []
        for event in try reader.list("finalize-\(text)-events") where event != "all" {
            guard let kind = HandoffKind(rawValue: event) else {
                let allowed = HandoffKind.allCases.map(\.rawValue).joined(separator: ", ")
                throw StartFault("finalize-\(text)-events: \"\(event)\" is not one of \(allowed), all.")
            }
            kinds.insert(kind)
        }
        return HandoffEndpoint(
            name: name, url: url, secret: secret, kinds: kinds.isEmpty ? Set(HandoffKind.allCases) : kinds)
    }

    private static func verifier(_ reader: SettingsReader) throws(StartFault) -> (String, WebhookSecret)? {
        guard let url = try url("finalize-verify-url", reader) else {
            guard try reader.optionalText("finalize-verify-secret").isEmpty else {
                throw StartFault("finalize-verify-secret: there is no finalize-verify-url that it could be for.")
            }
            return nil
        }
        return (url, try secret("finalize-verify-secret", reader))
    }

    private static func url(_ name: String, _ reader: SettingsReader) throws(StartFault) -> String? {
        let text = try reader.optionalText(name)
        guard !text.isEmpty else { return nil }
        guard FetchURL.isUsable(text) else {
            // Not repeated: what is wrong with it may be a password in it.
            throw StartFault("\(name): the value is not an http:// or https:// address without user and password.")
        }
        return text
    }

    /// The value itself is never told: it is a secret even when it is wrong.
    private static func secret(_ name: String, _ reader: SettingsReader) throws(StartFault) -> WebhookSecret {
        guard let secret = WebhookSecret(try reader.optionalText(name)) else {
            throw StartFault(
                "\(name): whsec_ and base64 of \(WebhookSecret.allowedBytes.lowerBound) to "
                    + "\(WebhookSecret.allowedBytes.upperBound) bytes is needed; make one with: "
                    + "echo whsec_$(openssl rand -base64 32)")
        }
        return secret
    }
}
