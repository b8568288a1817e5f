import UploadModel

/// What stands before the bytes of a data URI (RFC 2397): `data:image/png;base64,`.
struct DataURIHead: Hashable, Sendable {
    /// `nil` when it names none.
    let mediaType: MediaType?

    static let scheme = Array("data:".utf8)

    /// Whether text that begins so can still be a data URI. Case does not matter.
    static func mayBegin(with text: [UInt8]) -> Bool {
        zip(text, scheme).allSatisfy { byte, expected in
            byte == expected || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) && byte | 0x20 == expected
        }
    }

    /// - Parameter text: from `data:` up to the comma, without it.
    init(_ text: [UInt8]) throws(GalleryUploadFault) {
        // The grammar of media types has nothing but visible ASCII, and spaces between parameters.
        guard text.count >= Self.scheme.count, text.allSatisfy({ (0x20...0x7E).contains($0) }) else {
            throw .dataURIMalformed
        }
        let head = trimmingBlanks(String(decoding: text.dropFirst(Self.scheme.count), as: UTF8.self)[...])
        let parts = head.split(separator: ";", omittingEmptySubsequences: false)
        guard parts.count > 1, let last = parts.last, trimmingBlanks(last).lowercased() == "base64" else {
            throw .dataURINotBase64
        }
        let essence = trimmingBlanks(parts[0])
        mediaType = MediaType(essence)
        guard mediaType != nil || essence.isEmpty else { throw .dataURIMalformed }
    }
}
