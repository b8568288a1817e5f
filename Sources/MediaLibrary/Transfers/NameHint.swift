/// A name for a file, guessed from what its server says.
enum NameHint {
    /// The name in a `Content-Disposition` field (RFC 6266), or else the last segment of the path.
    static func of(disposition: String?, path: String) -> String? {
        disposition.flatMap(name(in:)) ?? segment(of: path)
    }

    /// The last segment, decoded; `nil` when it is empty or no UTF-8.
    static func segment(of path: String) -> String? {
        guard let last = path.split(separator: "/", omittingEmptySubsequences: false).last, !last.isEmpty,
            let bytes = decoded(last.utf8)
        else { return nil }
        return String(validating: bytes, as: UTF8.self)
    }

    /// `filename*` (RFC 8187) before `filename`; `nil` when there is neither, or no text in it.
    static func name(in disposition: String) -> String? {
        let parameters = parameters(of: disposition)
        let extended = parameters.first { $0.name == "filename*" }.flatMap { extendedValue($0.value) }
        let name = extended ?? parameters.first { $0.name == "filename" }?.value
        return name.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// Names in lower case, values without their quotes.
    private static func parameters(of field: String) -> [(name: String, value: String)] {
        var parameters: [(name: String, value: String)] = []
        var rest = field[...].drop { $0 != ";" }
        while rest.first == ";" {
            rest = rest.dropFirst()
            let name = rest.prefix { $0 != "=" && $0 != ";" }
            rest = rest[name.endIndex...]
            guard rest.first == "=" else { continue }
            rest = rest.dropFirst().drop { $0 == " " || $0 == "\t" }
            let value: String
            if rest.first == "\"" {
                value = quoted(&rest)
                rest = rest.drop { $0 != ";" }
            } else {
                let token = rest.prefix { $0 != ";" }
                value = token.withoutBlanks
                rest = rest[token.endIndex...]
            }
            parameters.append((name.withoutBlanks.lowercased(), value))
        }
        return parameters
    }

    /// Takes a quoted string (RFC 9110 section 5.6.4) from the front; one that is not closed ends with the field.
    private static func quoted(_ rest: inout Substring) -> String {
        rest = rest.dropFirst()
        var value = ""
        while let character = rest.popFirst(), character != "\"" {
            if character == "\\", let escaped = rest.popFirst() {
                value.append(escaped)
            } else {
                value.append(character)
            }
        }
        return value
    }

    private static func extendedValue(_ value: String) -> String? {
        let parts = value.split(separator: "'", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, let bytes = decoded(parts[2].utf8) else { return nil }
        switch parts[0].lowercased() {
        case "utf-8": return String(validating: bytes, as: UTF8.self)
        case "iso-8859-1": return String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) }))
        default: return nil
        }
    }

    /// Percent-encoding undone (RFC 3986 section 2.1); `nil` when a sign has no two digits after it.
    private static func decoded(_ text: Substring.UTF8View) -> [UInt8]? {
        var bytes: [UInt8] = []
        var rest = text[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = rest.popFirst().flatMap(digit), let low = rest.popFirst().flatMap(digit) else {
                return nil
            }
            bytes.append(high << 4 | low)
        }
        return bytes
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x41 + 10
        case 0x61...0x66: byte - 0x61 + 10
        default: nil
        }
    }
}
