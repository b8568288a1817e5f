/// A field value with parameters, as `Content-Type` and `Content-Disposition` have them:
/// `form-data; name="file"; filename="a b.png"`.
struct ParameterizedValue: Equatable {
    struct Parameter: Equatable {
        /// Lower case.
        let name: String
        /// Unquoted; see ``ParameterizedValue/init(_:)`` for what is unescaped.
        let value: String
    }

    /// What comes before the first semicolon, lower case.
    let essence: String
    /// In their order, repeated ones included.
    let parameters: [Parameter]

    /// `nil` when a parameter is not of the form `name=token` or `name="quoted"`.
    ///
    /// In quoted text a backslash escapes only a quote or a backslash (RFC 9110 section 5.6.4 lets it escape more):
    /// browsers send a file name's own backslashes as they are.
    init?(_ text: String) {
        var reader = Reader(rest: Array(text.utf8)[...])
        guard let essence = reader.takeText(until: ";"), !essence.isEmpty else { return nil }
        var parameters: [Parameter] = []
        while reader.take(";") {
            reader.skipBlanks()
            // Empty parameters are grammar errors that RFC 9110 section 5.6.6 lets pass.
            if reader.rest.isEmpty || reader.rest.first == UInt8(ascii: ";") { continue }
            guard let name = reader.takeText(until: "="), !name.isEmpty, name.utf8.allSatisfy(isToken),
                reader.take("=")
            else { return nil }
            reader.skipBlanks()
            guard let value = reader.takeValue() else { return nil }
            reader.skipBlanks()
            guard reader.rest.isEmpty || reader.rest.first == UInt8(ascii: ";") else { return nil }
            parameters.append(Parameter(name: name.lowercased(), value: value))
        }
        self.essence = essence.lowercased()
        self.parameters = parameters
    }

    /// ext-value of RFC 8187 section 3.2.1: `UTF-8'language'percent-encoded`; UTF-8 only.
    static func decodingExtended(_ text: String) -> String? {
        let pieces = text.split(separator: "'", maxSplits: 2, omittingEmptySubsequences: false)
        guard pieces.count == 3, pieces[0].lowercased() == "utf-8" else { return nil }
        return PercentCoding.decodePathSegment(String(pieces[2]))
    }

    /// The value of the first parameter of this name.
    subscript(name: String) -> String? { parameters.first { $0.name == name }?.value }
}

/// tchar of RFC 9110 section 5.6.2.
func isToken(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"):
        true
    default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
    }
}

private struct Reader {
    var rest: ArraySlice<UInt8>

    mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard rest.first == UInt8(ascii: character) else { return false }
        rest.removeFirst()
        return true
    }

    mutating func skipBlanks() {
        rest = rest.drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
    }

    /// Text up to `end` or the end of input, blanks around it dropped.
    mutating func takeText(until end: Unicode.Scalar) -> String? {
        skipBlanks()
        let text = rest.prefix { $0 != UInt8(ascii: end) }
        rest = rest.dropFirst(text.count)
        let last = text.lastIndex { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\t") }
        guard let last else { return "" }
        return String(validating: text[...last], as: UTF8.self)
    }

    /// A token or quoted text.
    mutating func takeValue() -> String? {
        guard take("\"") else {
            // Wider than a token: senders leave boundaries and names with `/`, `:` or non-ASCII letters unquoted.
            let value = rest.prefix { $0 > 0x20 && $0 != UInt8(ascii: ";") && $0 != UInt8(ascii: "\"") }
            rest = rest.dropFirst(value.count)
            return value.isEmpty ? nil : String(validating: value, as: UTF8.self)
        }
        var value: [UInt8] = []
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "\""): return String(validating: value, as: UTF8.self)
            case UInt8(ascii: "\\") where rest.first == UInt8(ascii: "\"") || rest.first == UInt8(ascii: "\\"):
                value.append(rest.removeFirst())
            default: value.append(byte)
            }
        }
        return nil
    }
}
