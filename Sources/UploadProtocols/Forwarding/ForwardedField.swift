package import UploadModel

/// What one proxy says of the request that it passed on.
package struct ForwardedHop: Hashable, Sendable {
    /// Who sent the request to it; `nil` where it does not say, or hides it.
    package var sender: IPAddress?
    /// `http` or `https`.
    package var scheme: String?
    /// Whom it was sent to, as the sender named it.
    package var host: String?

    package init(sender: IPAddress? = nil, scheme: String? = nil, host: String? = nil) {
        self.sender = sender
        self.scheme = scheme
        self.host = host
    }

    mutating func name(scheme text: String) {
        let scheme = text.lowercased()
        if scheme == "http" || scheme == "https" { self.scheme = scheme }
    }

    mutating func name(host text: String) {
        if !text.isEmpty, HostField.isValid(text) { host = text }
    }
}

/// `Forwarded` (RFC 7239), and an address as it and `X-Forwarded-For` have it.
package enum ForwardedField {
    /// Each proxy's word, the nearest one last; `nil` when it cannot be read as a whole.
    package static func parse(_ value: String) -> [ForwardedHop]? {
        var rest = Array(value.utf8)[...]
        var hops: [ForwardedHop] = []
        while true {
            guard let hop = element(&rest) else { return nil }
            hops.append(hop)
            guard let comma = rest.popFirst() else { return hops }
            guard comma == UInt8(ascii: ",") else { return nil }
        }
    }

    /// RFC 7239 section 4: pairs with semicolons between.
    private static func element(_ rest: inout ArraySlice<UInt8>) -> ForwardedHop? {
        var hop = ForwardedHop()
        var seen: Set<String> = []
        while true {
            skipBlanks(&rest)
            let name = token(&rest).lowercased()
            if !name.isEmpty {
                guard rest.popFirst() == UInt8(ascii: "="), let value = value(&rest), seen.insert(name).inserted else {
                    return nil
                }
                switch name {
                case "for": hop.sender = address(value)
                case "proto": hop.name(scheme: value)
                case "host": hop.name(host: value)
                default: break
                }
            }
            skipBlanks(&rest)
            guard rest.first == UInt8(ascii: ";") else { return hop }
            rest.removeFirst()
        }
    }

    private static func skipBlanks(_ rest: inout ArraySlice<UInt8>) {
        rest = rest.drop { $0 == 0x20 || $0 == 0x09 }
    }

    /// RFC 9110 section 5.6.2.
    private static func token(_ rest: inout ArraySlice<UInt8>) -> String {
        let bytes = rest.prefix { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                true
            default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
            }
        }
        rest = rest.dropFirst(bytes.count)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// A token, or a quoted string (RFC 9110 section 5.6.4). What is no token and yet stands without quotes, as an address
    /// with a port often does, is taken as far as it can be nothing else.
    private static func value(_ rest: inout ArraySlice<UInt8>) -> String? {
        guard rest.first == UInt8(ascii: "\"") else {
            let bytes = rest.prefix { $0 > 0x20 && !",;\"".utf8.contains($0) }
            rest = rest.dropFirst(bytes.count)
            return bytes.isEmpty ? nil : String(decoding: bytes, as: UTF8.self)
        }
        rest.removeFirst()
        var bytes: [UInt8] = []
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "\""): return String(decoding: bytes, as: UTF8.self)
            case UInt8(ascii: "\\"):
                guard let escaped = rest.popFirst() else { return nil }
                bytes.append(escaped)
            default: bytes.append(byte)
            }
        }
        return nil
    }

    /// The address of RFC 7239 section 6, without its port; an IPv6 address may stand without brackets.
    ///
    /// - Returns: `nil` for `unknown`, for a hidden name, and for what is no address.
    package static func address(_ text: String) -> IPAddress? {
        if let address = IPAddress(text) { return address }
        guard HostField.isValid(text) else { return nil }
        if text.hasPrefix("[") {
            return IPAddress(String(text.dropFirst().prefix { $0 != "]" }))
        }
        return IPAddress(String(text.prefix { $0 != ":" }))
    }
}
