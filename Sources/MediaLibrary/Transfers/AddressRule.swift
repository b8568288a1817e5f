package import UploadModel

/// Which addresses a transfer may connect to.
///
/// It is asked with the address of each connection just before that is made, whatever name, redirect or spelling led
/// there. Ports are not judged: what listens on a public address is public on all of them.
package struct AddressRule: Hashable, Sendable {
    private let isUnlimited: Bool
    private let allowed: [AddressRange]
    private let denied: [AddressRange]

    /// Every address that the Internet can reach and that is not this machine's own, and the ranges that the operator
    /// allows besides; never those that he denies.
    package init(allowing ranges: [AddressRange] = [], denying denied: [AddressRange] = []) {
        isUnlimited = false
        allowed = ranges
        self.denied = denied
    }

    private init(isUnlimited: Bool) {
        self.isUnlimited = isUnlimited
        allowed = []
        denied = []
    }

    /// For endpoints that the operator names; never for a URL that comes from a client.
    package static let anywhere = AddressRule(isUnlimited: true)

    /// - Parameter scope: the interface that an IPv6 address belongs to, 0 for none. An address that means another
    ///   host on another interface is never global, and refused even inside an allowed range.
    /// - Parameter isOwn: whether it is an address of this machine, behind whatever guards it from outside.
    package func permits(_ address: IPAddress, scope: UInt32 = 0, isOwn: Bool = false) -> Bool {
        if isUnlimited { return true }
        guard scope == 0 else { return false }
        let inner = address.embedded.map(IPAddress.v4)
        func isIn(_ ranges: [AddressRange]) -> Bool {
            ranges.contains { range in range.contains(address) || inner.map(range.contains) == true }
        }
        if isIn(denied) { return false }
        if isIn(allowed) { return true }
        if isOwn { return false }
        switch inner ?? address {
        case .v4: return !Self.special4.contains { $0.contains(inner ?? address) }
        case .v6:
            return Self.unicast6.contains(address) && !Self.special6.contains { $0.contains(address) }
        }
    }

    /// IANA IPv4 Special-Purpose Address Registry (RFC 6890 and what updates it), multicast, and the reserved rest.
    /// The few global addresses inside 192.0.0.0/24 serve protocols, no files.
    private static let special4: [AddressRange] = [
        range(0, 0, 0, 0, 8),  // this network
        range(10, 0, 0, 0, 8),  // private use
        range(100, 64, 0, 0, 10),  // shared between a carrier and its customers
        range(127, 0, 0, 0, 8),  // loopback
        range(168, 63, 129, 16, 32),  // what one cloud tells its machines, at an address that looks public
        range(169, 254, 0, 0, 16),  // link-local, and what clouds tell their machines
        range(172, 16, 0, 0, 12),  // private use
        range(192, 0, 0, 0, 24),  // protocol assignments
        range(192, 0, 2, 0, 24),  // documentation
        range(192, 88, 99, 0, 24),  // 6to4 relays, withdrawn
        range(192, 168, 0, 0, 16),  // private use
        range(198, 18, 0, 0, 15),  // benchmarks
        range(198, 51, 100, 0, 24),  // documentation
        range(203, 0, 113, 0, 24),  // documentation
        range(224, 0, 0, 0, 4),  // multicast
        range(240, 0, 0, 0, 4),  // reserved, and the broadcast
    ]

    /// All that is assigned as global unicast (RFC 4291 section 2.4); what lies outside is not for us.
    private static let unicast6 = AddressRange(.v6(0x2000 << 112), 3)

    /// IANA IPv6 Special-Purpose Address Registry, as far as it lies inside ``unicast6``.
    private static let special6: [AddressRange] = [
        AddressRange(.v6(0x2001 << 112), 23),  // protocol assignments, Teredo among them
        AddressRange(.v6(0x2001_0DB8 << 96), 32),  // documentation
        AddressRange(.v6(0x2002 << 112), 16),  // 6to4: leads to an IPv4 address of the sender's choice
        AddressRange(.v6(0x3FFF << 112), 20),  // documentation
    ]

    private static func range(_ a: UInt32, _ b: UInt32, _ c: UInt32, _ d: UInt32, _ bits: Int) -> AddressRange {
        AddressRange(.v4(a << 24 | b << 16 | c << 8 | d), bits)
    }
}
