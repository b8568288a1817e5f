/// The words of RFC 8259 section 3.
enum JSONWord: String, CaseIterable, Sendable {
    case yes = "true"
    case no = "false"
    case null = "null"
}

/// How far a number has come in the grammar of RFC 8259 section 6.
enum JSONNumberPart: Sendable {
    case minus
    /// A zero in front, which no digit follows.
    case zero
    case integer
    case point
    case fraction
    case exponentMark
    case exponentSign
    case exponent

    /// `nil` when no number begins with this byte.
    init?(first byte: UInt8) {
        switch byte {
        case UInt8(ascii: "-"): self = .minus
        case UInt8(ascii: "0"): self = .zero
        case UInt8(ascii: "1")...UInt8(ascii: "9"): self = .integer
        default: return nil
        }
    }

    /// `nil` when the number does not go on with this byte.
    func followed(by byte: UInt8) -> JSONNumberPart? {
        let isDigit = (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
        switch self {
        case .minus: return isDigit ? JSONNumberPart(first: byte) : nil
        case .zero, .integer:
            switch byte {
            case UInt8(ascii: "."): return .point
            case UInt8(ascii: "e"), UInt8(ascii: "E"): return .exponentMark
            default: return isDigit && self == .integer ? .integer : nil
            }
        case .point: return isDigit ? .fraction : nil
        case .fraction:
            if byte == UInt8(ascii: "e") || byte == UInt8(ascii: "E") { return .exponentMark }
            return isDigit ? .fraction : nil
        case .exponentMark:
            if byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-") { return .exponentSign }
            return isDigit ? .exponent : nil
        case .exponentSign, .exponent: return isDigit ? .exponent : nil
        }
    }

    /// Whether what was read so far is a number.
    var mayEnd: Bool { self == .zero || self == .integer || self == .fraction || self == .exponent }
}

/// Of a digit in `\u`; `nil` when it is none.
func hexDigitValue(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
}
