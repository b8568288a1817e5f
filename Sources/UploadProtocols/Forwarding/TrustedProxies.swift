package import HTTPTypes
package import UploadModel

/// Where a request began, and whom it was sent to there.
package struct RequestOrigin: Hashable, Sendable {
    /// `nil` where even the peer of the connection is not known.
    package let client: IPAddress?
    /// Scheme and authority; `nil` where nobody who is trusted told them.
    package let base: String?
}

/// The proxies whose word about a request is taken: `Forwarded` (RFC 7239) and the older `X-Forwarded-For`,
/// `X-Forwarded-Proto` and `X-Forwarded-Host`. From everybody else those fields are only text.
package struct TrustedProxies: Hashable, Sendable {
    private let ranges: [AddressRange]

    package static let none = TrustedProxies([])

    package init(_ ranges: [AddressRange]) { self.ranges = ranges }

    /// Whether nobody is trusted.
    package var isEmpty: Bool { ranges.isEmpty }

    package func trusts(_ address: IPAddress) -> Bool {
        let inner = address.embedded.map(IPAddress.v4)
        return ranges.contains { range in range.contains(address) || inner.map(range.contains) == true }
    }

    /// Walks from the nearest proxy outwards for as long as the next one is trusted too. Whatever stands beyond the first
    /// that is not was written by that one, and anybody can write anything.
    ///
    /// - Parameter peer: the other end of the connection.
    package func origin(of head: HTTPRequest, peer: IPAddress?) -> RequestOrigin {
        guard !ranges.isEmpty, let peer, trusts(peer) else { return RequestOrigin(client: peer, base: nil) }
        var client = peer
        var scheme: String?
        var host: String?
        for hop in Self.hops(head).reversed() {
            scheme = hop.scheme ?? scheme
            host = hop.host ?? host
            guard let sender = hop.sender else { break }
            client = sender
            guard trusts(sender) else { break }
        }
        guard scheme != nil || host != nil, let authority = host ?? head.authority, !authority.isEmpty else {
            return RequestOrigin(client: client, base: nil)
        }
        return RequestOrigin(client: client, base: "\(scheme ?? "http")://\(authority)")
    }

    /// The older fields first: nearly every proxy writes those and passes on a `Forwarded` that its client made up.
    private static func hops(_ head: HTTPRequest) -> [ForwardedHop] {
        func list(_ name: HTTPField.Name) -> [String] {
            (head.headerFields[name] ?? "").split(separator: ",").map { entry in
                String(entry.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
            }
        }
        let senders = list(.forwardedFor)
        let schemes = list(.forwardedProto)
        let hosts = list(.forwardedHost)
        let count = max(senders.count, schemes.count, hosts.count)
        guard count > 0 else { return head.headerFields[.forwarded].flatMap(ForwardedField.parse) ?? [] }
        // The last of each list is the nearest proxy's.
        return (0..<count).reversed().map { distance in
            func entry(_ list: [String]) -> String? { list.dropLast(distance).last }
            var hop = ForwardedHop(sender: entry(senders).flatMap(ForwardedField.address))
            if let scheme = entry(schemes) { hop.name(scheme: scheme) }
            if let host = entry(hosts) { hop.name(host: host) }
            return hop
        }
    }
}

extension HTTPField.Name {
    static let forwarded = known("Forwarded")
    static let forwardedFor = known("X-Forwarded-For")
    static let forwardedProto = known("X-Forwarded-Proto")
    static let forwardedHost = known("X-Forwarded-Host")
}
