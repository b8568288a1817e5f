/// What the headers of a form's part say (RFC 7578 section 4.2).
package struct MultipartPartHead: Hashable, Sendable {
    /// The field's name.
    package let name: String
    /// What the client calls the file, as it was sent: a path may stand in it. Empty when a browser's file
    /// field was left empty; `nil` for a field that is no file.
    package let fileName: String?
    /// The part's `Content-Type` as it was sent.
    package let contentType: String?

    package init(name: String, fileName: String? = nil, contentType: String? = nil) {
        self.name = name
        self.fileName = fileName
        self.contentType = contentType
    }

    /// The file name without what comes before its last slash or backslash: a path on the sender's machine
    /// means nothing here (RFC 7578 section 4.2).
    package var fileNameWithoutPath: String? {
        fileName.map(ContentDisposition.withoutPath)
    }

    /// Reads header lines, each ending with CR LF, without the empty line.
    init(lines: ArraySlice<UInt8>, maximumLines: Int) throws(MultipartFault) {
        var disposition: String?
        var contentType: String?
        var transferEncoding: String?
        for line in try Self.unfolded(lines, maximumLines: maximumLines) {
            guard let text = String(validating: line, as: UTF8.self), let colon = text.utf8.firstIndex(of: 0x3A),
                colon != text.startIndex, text.utf8[..<colon].allSatisfy(isToken)
            else { throw .headerLineMalformed }
            let value = trimmingBlanks(text[text.utf8.index(after: colon)...])
            switch text[..<colon].lowercased() {
            case "content-disposition":
                guard disposition == nil else { throw .duplicateHeader(name: "Content-Disposition") }
                disposition = value
            case "content-type":
                guard contentType == nil else { throw .duplicateHeader(name: "Content-Type") }
                contentType = value
            case "content-transfer-encoding":
                transferEncoding = value.lowercased()
            default: break  // RFC 7578 section 4.8: other fields are ignored.
            }
        }
        // RFC 7578 section 4.7 deprecates it; an encoded body taken as it comes would be a broken file.
        if let transferEncoding, !["binary", "8bit", "7bit"].contains(transferEncoding) {
            throw .transferEncodingUnsupported
        }
        guard let disposition else { throw .dispositionMissing }
        guard let value = ParameterizedValue(disposition), value.essence == "form-data" else {
            throw .dispositionMalformed
        }
        guard let name = value["name"] else { throw .nameMissing }
        self.name = Self.decodingBrowserEscapes(name)
        self.fileName = try Self.fileName(of: value)
        self.contentType = contentType
    }

    /// `filename*` where it is given and readable, though RFC 7578 section 4.2 asks senders not to use it:
    /// it is the one that says which characters it means.
    private static func fileName(of disposition: ParameterizedValue) throws(MultipartFault) -> String? {
        let plain = disposition["filename"].map(decodingBrowserEscapes)
        guard let extended = disposition["filename*"] else { return plain }
        if let decoded = ParameterizedValue.decodingExtended(extended) { return decoded }
        guard let plain else { throw .dispositionMalformed }
        return plain
    }

    /// Browsers write a quote, CR and LF as `%22`, `%0D` and `%0A` and leave every other percent sign as it is
    /// (HTML, "multipart/form-data encoding algorithm").
    private static func decodingBrowserEscapes(_ text: String) -> String {
        guard text.utf8.contains(UInt8(ascii: "%")) else { return text }
        var rest = Array(text.utf8)[...]
        var decoded: [UInt8] = []
        decoded.reserveCapacity(rest.count)
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                decoded.append(byte)
                continue
            }
            let replacement: UInt8? =
                switch String(decoding: rest.prefix(2), as: UTF8.self).lowercased() {
                case "22": UInt8(ascii: "\"")
                case "0d": UInt8(ascii: "\r")
                case "0a": UInt8(ascii: "\n")
                default: nil
                }
            if replacement != nil { rest = rest.dropFirst(2) }
            decoded.append(replacement ?? byte)
        }
        return String(decoding: decoded, as: UTF8.self)
    }

    /// Header lines without their line ends; a line that begins with a blank continues the one before it.
    private static func unfolded(
        _ block: ArraySlice<UInt8>, maximumLines: Int
    ) throws(MultipartFault) -> [[UInt8]] {
        var lines: [[UInt8]] = []
        var count = 0
        for piece in block.split(separator: UInt8(ascii: "\n")) {
            count += 1
            guard count <= maximumLines else { throw .tooManyHeaders(limit: maximumLines) }
            let line = Array(piece.dropLast())
            guard let first = line.first, first == UInt8(ascii: " ") || first == UInt8(ascii: "\t") else {
                lines.append(line)
                continue
            }
            guard !lines.isEmpty else { throw .headerLineMalformed }
            lines[lines.count - 1] += line
        }
        return lines
    }
}

/// The text without spaces and tabs at its ends.
func trimmingBlanks(_ text: Substring) -> String {
    let start = text.drop { $0 == " " || $0 == "\t" }
    guard let last = start.lastIndex(where: { $0 != " " && $0 != "\t" }) else { return "" }
    return String(start[...last])
}
