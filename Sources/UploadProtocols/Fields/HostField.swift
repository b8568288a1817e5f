/// `Host` (RFC 9110 section 7.2), and whatever else names a host and a port.
package enum HostField {
    /// Whether a text is `uri-host [ ":" port ]`, or nothing. What stands inside is not judged further: nobody looks it
    /// up here.
    package static func isValid(_ text: String) -> Bool {
        var rest = Substring(text).utf8
        let isLiteral = rest.first == UInt8(ascii: "[")
        if isLiteral {
            rest.removeFirst()
            let inside = rest.prefix { $0 != UInt8(ascii: "]") }
            guard !inside.isEmpty, inside.allSatisfy({ $0 == UInt8(ascii: ":") || isOfName($0) }) else { return false }
            rest = rest.dropFirst(inside.count)
            guard rest.popFirst() != nil else { return false }
        } else {
            while let byte = rest.first, byte != UInt8(ascii: ":") {
                rest.removeFirst()
                guard byte != UInt8(ascii: "%") else {
                    guard let high = rest.popFirst(), let low = rest.popFirst(), isHex(high), isHex(low) else {
                        return false
                    }
                    continue
                }
                guard isOfName(byte) else { return false }
            }
        }
        guard let colon = rest.popFirst() else { return true }
        return colon == UInt8(ascii: ":") && rest.allSatisfy { (0x30...0x39).contains($0) }
    }

    /// unreserved and sub-delims of RFC 3986.
    private static func isOfName(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."):
            true
        default: "_~!$&'()*+,;=".utf8.contains(byte)
        }
    }

    private static func isHex(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x46, 0x61...0x66: true
        default: false
        }
    }
}
