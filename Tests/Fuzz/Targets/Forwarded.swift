import HTTPTypes
import UploadModel

@testable import UploadProtocols

/// What proxies say: nothing but a scheme, a host and an address comes out, and only of proxies that are trusted.
enum Forwarded {
    private static let trusted = TrustedProxies([AddressRange(.v4(0x0A00_0000), 8)])

    static func check(_ bytes: [UInt8]) throws {
        let lines = FuzzInput(bytes).lines(4)
        var head = HTTPRequest(method: .get, scheme: nil, authority: "inner", path: "/")
        let names: [HTTPField.Name] = [.forwarded, .forwardedFor, .forwardedProto, .forwardedHost]
        for (name, line) in zip(names, lines) where !line.isEmpty { head.headerFields[name] = line }
        let stranger = IPAddress.v4(0x0808_0808)
        let alone = trusted.origin(of: head, peer: stranger)
        try claim(alone == RequestOrigin(client: stranger, base: nil), "\(alone) by the word of a stranger")
        let origin = trusted.origin(of: head, peer: .v4(0x0A00_0001))
        try claim(origin.client != nil, "nobody sent it")
        if let base = origin.base { try checkBase(base) }
        for hop in ForwardedField.parse(lines[0]) ?? [] {
            try claim(hop.host.map { !$0.isEmpty && HostField.isValid($0) } ?? true, "\(hop) has no host")
            try claim(["http", "https", nil].contains(hop.scheme), "\(hop) has no scheme")
        }
        if let address = ForwardedField.address(lines[1]) {
            try claim(ForwardedField.address(address.description) == address, "\(address) is read as another")
        }
    }

    private static func checkBase(_ base: String) throws {
        guard let scheme = ["http://", "https://"].first(where: base.hasPrefix) else {
            throw Violation(description: "\(base) has no scheme")
        }
        let host = String(base.dropFirst(scheme.count))
        try claim(!host.isEmpty && HostField.isValid(host), "\(base) has no host")
        try claim(PublicAddress(base: base).base == base, "\(base) is another address")
    }
}
