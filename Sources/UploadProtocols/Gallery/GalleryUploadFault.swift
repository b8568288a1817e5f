package import UploadModel

/// Why the body of `POST /api/media/upload` holds no file that the gateway can take.
package enum GalleryUploadFault: Error, Hashable, Sendable {
    /// The body is no JSON object, or its text is too long.
    case json(JSONFault)
    case fileMissing
    /// `file` is a number, a list or something else that is no text.
    case fileNotText
    /// `fileName` or `description` is an array or an object.
    case fieldNotText(name: String)
    /// More than this came after `data:` begins, and no comma.
    case dataURITooLong(limitBytes: Int)
    /// What stands between `data:` and the comma is no media type.
    case dataURIMalformed
    /// A data URI whose bytes are percent-encoded.
    case dataURINotBase64
    /// Offsets count the bytes of the text of `file`, unescaped, from 0.
    case notBase64(UInt8, offsetBytes: Int)
    /// A `=` where none may stand, or digits behind it.
    case paddingMisplaced(offsetBytes: Int)
    /// The text of `file` ends inside a group of digits.
    case base64CutShort

    /// One sentence for the client's developer.
    package var detail: String {
        switch self {
        case .json(let fault): fault.detail
        case .fileMissing: "file is needed: the file's bytes in base64, with or without data:…;base64, before them."
        case .fileNotText: "file must be text: the file's bytes in base64."
        case .fieldNotText(let name): "\(name) must be text."
        case .dataURITooLong(let bytes): "The first \(bytes) bytes of file's data: URI hold no comma."
        case .dataURIMalformed:
            "What stands before the comma of file's data: URI must be a media type and ;base64, as in "
                + "data:image/png;base64,"
        case .dataURINotBase64:
            "The data: URI in file is not base64; encode the bytes in base64 and end its head with ;base64,"
        case .notBase64(UInt8(ascii: " "), let offset):
            "file has a space at offset \(offset), which base64 has not; perhaps it was a + once."
        case .notBase64(let byte, let offset):
            "file is not base64: \(JSONFault.shown(byte)) stands at offset \(offset) of its text."
        case .paddingMisplaced(let offset):
            "file is not base64: at offset \(offset) of its text, = may not stand or something follows it."
        case .base64CutShort: "The base64 of file is incomplete: it ends inside a group of four digits."
        }
    }

    /// The member that is to blame, if it is one.
    package var field: String? {
        switch self {
        case .json(let fault): fault.field
        case .fieldNotText(let name): name
        default: "file"
        }
    }

    /// As the gateway answers it.
    package var uploadFault: UploadFault {
        if case .json(let fault) = self { return fault.uploadFault }
        return UploadFault(
            .invalidRequest, detail, fields: field.map { [FieldFault(field: $0, message: detail)] } ?? [])
    }
}
