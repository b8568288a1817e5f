/// An internet address, without a port.
package enum IPAddress: Hashable, Sendable {
    case v4(UInt32)
    case v6(UInt128)

    /// Reads dotted decimal without leading zeros (RFC 3986 section 3.2.2), or the text forms of RFC 4291 section 2.2
    /// without brackets and without a zone; `nil` for anything else.
    package init?(_ text: String) {
        if text.contains(":") {
            guard let bits = Self.bits6(text) else { return nil }
            self = .v6(bits)
        } else {
            guard let bits = Self.bits4(text) else { return nil }
            self = .v4(bits)
        }
    }

    /// The IPv4 address inside an IPv6 address that is only another spelling of it or is translated to it:
    /// `::ffff:0:0/96` (RFC 4291 section 2.5.5.2) and `64:ff9b::/96` (RFC 6052 section 2.1).
    package var embedded: UInt32? {
        guard case .v6(let bits) = self else { return nil }
        switch bits >> 32 {
        case 0xFFFF, 0x0064_FF9B << 64: return UInt32(truncatingIfNeeded: bits)
        default: return nil
        }
    }

    private static func bits4(_ text: some StringProtocol) -> UInt32? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var bits: UInt32 = 0
        for part in parts {
            guard (1...3).contains(part.utf8.count), part.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
                part == "0" || !part.hasPrefix("0"), let byte = UInt8(part)
            else { return nil }
            bits = bits << 8 | UInt32(byte)
        }
        return bits
    }

    private static func bits6(_ text: String) -> UInt128? {
        let halves = text.ranges(of: "::")
        guard halves.count <= 1 else { return nil }
        guard let gap = halves.first else {
            guard let groups = groups(text[...]), groups.count == 8 else { return nil }
            return join(groups)
        }
        guard let head = groups(text[..<gap.lowerBound]), let tail = groups(text[gap.upperBound...]),
            // Only the very end may be dotted.
            head.count + tail.count <= 7, !text[..<gap.lowerBound].contains(".")
        else { return nil }
        return join(head + Array(repeating: 0, count: 8 - head.count - tail.count) + tail)
    }

    private static func join(_ groups: [UInt16]) -> UInt128 {
        groups.reduce(0) { $0 << 16 | UInt128($1) }
    }

    private static func groups(_ text: Substring) -> [UInt16]? {
        if text.isEmpty { return [] }
        var parts = text.split(separator: ":", omittingEmptySubsequences: false)
        var tail: [UInt16] = []
        if let last = parts.last, last.contains(".") {
            guard let bits = bits4(last) else { return nil }
            tail = [UInt16(bits >> 16), UInt16(truncatingIfNeeded: bits)]
            parts.removeLast()
        }
        var groups: [UInt16] = []
        for part in parts {
            // The initialiser would take a sign too.
            guard (1...4).contains(part.utf8.count), part.first != "+", part.first != "-",
                let group = UInt16(part, radix: 16)
            else { return nil }
            groups.append(group)
        }
        return groups + tail
    }
}

extension IPAddress: CustomStringConvertible {
    /// Dotted decimal, or eight groups of hexadecimal digits.
    package var description: String {
        switch self {
        case .v4(let bits):
            [24, 16, 8, 0].map { String(bits >> $0 & 0xFF) }.joined(separator: ".")
        case .v6(let bits):
            (0..<8).map { String(bits >> (112 - 16 * UInt128($0)) & 0xFFFF, radix: 16) }.joined(separator: ":")
        }
    }
}

/// All addresses that begin with the same bits.
package struct AddressRange: Hashable, Sendable {
    private let first: IPAddress
    /// 0 to 32 for IPv4, 0 to 128 for IPv6.
    private let prefixBits: Int

    /// Reads `10.0.0.0/8`, `fd00::/8` (RFC 4632 section 3.1, RFC 4291 section 2.3), or one address.
    ///
    /// `nil` when it is neither, or when bits after the prefix are set: that would rather be a slip of the pen.
    package init?(_ text: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let part = parts.first, let address = IPAddress(String(part)) else { return nil }
        var bits = Self.width(of: address)
        if parts.count == 2 {
            guard parts[1].utf8.allSatisfy({ (0x30...0x39).contains($0) }), parts[1].utf8.count <= 3,
                let given = Int(parts[1]), given <= bits
            else { return nil }
            bits = given
        }
        self.init(address, bits)
        guard first == address else { return nil }
    }

    package init(_ address: IPAddress, _ prefixBits: Int) {
        first = Self.prefix(of: address, bits: prefixBits)
        self.prefixBits = prefixBits
    }

    package func contains(_ address: IPAddress) -> Bool {
        Self.prefix(of: address, bits: prefixBits) == first
    }

    private static func width(of address: IPAddress) -> Int {
        switch address {
        case .v4: 32
        case .v6: 128
        }
    }

    private static func prefix(of address: IPAddress, bits: Int) -> IPAddress {
        switch address {
        // Shifts by the whole width give 0, and so a prefix of no bits.
        case .v4(let value): .v4(value & (UInt32.max << max(0, 32 - bits)))
        case .v6(let value): .v6(value & (UInt128.max << max(0, 128 - bits)))
        }
    }
}
