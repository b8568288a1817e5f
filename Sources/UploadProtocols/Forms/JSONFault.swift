package import UploadModel

/// Why a body is no JSON object (RFC 8259) that the gateway reads. Offsets count the bytes of the body, from 0.
package enum JSONFault: Error, Hashable, Sendable {
    /// The body begins with something else than an object.
    case notAnObject
    case unexpectedByte(UInt8, offsetBytes: Int)
    /// Text holds a control character that is not escaped (RFC 8259 section 7).
    case controlCharacter(offsetBytes: Int)
    case escapeMalformed(offsetBytes: Int)
    /// One half of a surrogate pair without the other: no character.
    case surrogateAlone(offsetBytes: Int)
    /// `nil`: a name itself.
    case notUTF8(member: String?)
    case tooDeep(limitLevels: Int)
    /// Names, texts and numbers of the object's members.
    case textTooLong(limitBytes: Int)
    case memberRepeated(name: String)
    /// Something else than blanks stands behind the object.
    case trailingByte(offsetBytes: Int)
    /// The body ended before its object did.
    case endedEarly

    /// One sentence for the client's developer.
    package var detail: String {
        switch self {
        case .notAnObject: "The body is not a JSON object."
        case .unexpectedByte(let byte, let offset):
            "The body is not JSON: \(Self.shown(byte)) may not stand at byte \(offset)."
        case .controlCharacter(let offset):
            "The body is not JSON: the control character at byte \(offset) must be escaped."
        case .escapeMalformed(let offset): "The body is not JSON: the escape at byte \(offset) is none."
        case .surrogateAlone(let offset):
            "The body holds half of a surrogate pair before byte \(offset), which is no character."
        case .notUTF8(let member?): "\(FormFields.quoted(member)) is not UTF-8."
        case .notUTF8(nil): "A member's name is not UTF-8."
        case .tooDeep(let levels): "The body is nested deeper than \(levels) levels."
        case .textTooLong(let bytes): "The text in the body has more than \(bytes) bytes."
        case .memberRepeated(let name): "\(FormFields.quoted(name)) stands in the body more than once."
        case .trailingByte(let offset): "Something follows the JSON object, at byte \(offset) of the body."
        case .endedEarly: "The body ended before its JSON object did; it is incomplete."
        }
    }

    /// The member that is to blame, if it is one.
    package var field: String? {
        switch self {
        case .notUTF8(let member): member
        case .memberRepeated(let name): name
        default: nil
        }
    }

    /// As the gateway answers it.
    package var uploadFault: UploadFault {
        if case .textTooLong = self { return UploadFault(.tooLarge, detail) }
        return UploadFault(
            .invalidRequest, detail, fields: [FieldFault(field: field ?? "body", message: detail)])
    }

    /// A byte for a message.
    static func shown(_ byte: UInt8) -> String {
        if (0x21...0x7E).contains(byte) { return "\"\(Character(Unicode.Scalar(byte)))\"" }
        let digits = String(byte, radix: 16, uppercase: true)
        return "the byte 0x" + (digits.count == 1 ? "0" : "") + digits
    }
}
