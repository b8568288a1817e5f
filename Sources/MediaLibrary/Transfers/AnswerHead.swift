/// A field of the head of a message.
package struct HeaderField: Hashable, Sendable {
    package let name: String
    package let value: String

    package init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }

    /// Whether name and value can be sent as they are (RFC 9110 sections 5.1 and 5.5).
    var isSendable: Bool {
        let marks = Array("!#$%&'*+-.^_`|~".utf8)
        return !name.isEmpty
            && name.utf8.allSatisfy { byte in
                (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
                    || marks.contains(byte)
            }
            && value.utf8.allSatisfy { $0 == 0x09 || ($0 >= 0x20 && $0 != 0x7F) }
    }
}

extension [HeaderField] {
    /// The values of all fields of a name, in their order. Names differ in more than case.
    package func values(_ name: String) -> [String] {
        let name = name.lowercased()
        return filter { $0.name.lowercased() == name }.map(\.value)
    }

    /// The value of the first field of a name.
    package func value(_ name: String) -> String? { values(name).first }
}

/// The head of a final answer, one that is not 1xx.
struct AnswerHead: Hashable, Sendable {
    enum Length: Hashable, Sendable {
        case unknown
        case bytes(Int64)
        /// No number, or several that differ (RFC 9110 section 8.6).
        case unusable
    }

    let status: Int
    let fields: [HeaderField]

    /// How long the body is going to be (RFC 9112 section 6.3).
    var length: Length {
        guard fields.value("Transfer-Encoding") == nil else { return .unknown }
        let values = Set(fields.values("Content-Length").flatMap { $0.split(separator: ",").map(\.withoutBlanks) })
        guard let value = values.first else { return .unknown }
        guard values.count == 1, value.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let bytes = Int64(value)
        else { return .unusable }
        return .bytes(bytes)
    }

    /// Where the answer sends us (RFC 9110 section 15.4); `nil` when it is no redirect.
    var redirect: String? {
        [301, 302, 303, 307, 308].contains(status) ? fields.value("Location") : nil
    }

    /// The codings that were applied though none was asked for, if undoing them would be needed to get the file.
    var isEncoded: Bool {
        let codings = fields.values("Content-Encoding").flatMap {
            $0.split(separator: ",").map { $0.withoutBlanks.lowercased() }
        }
        return codings.contains { ["gzip", "x-gzip", "deflate", "compress", "x-compress", "br", "zstd"].contains($0) }
    }
}

/// Puts the head of an answer together from its lines.
struct HeadReader {
    /// Of all heads and trailers of one answer, interim ones too, with their line breaks.
    static let maximumBytes = 65_536

    enum Step: Hashable, Sendable {
        case more
        case head(AnswerHead)
        case tooLarge
        case unusable
    }

    private var takenBytes = 0
    private var status: Int?
    private var fields: [HeaderField] = []
    private var isDone = false

    /// Takes one line with its break. Lines after the final head are trailers, which nobody wants.
    mutating func take(_ line: some Collection<UInt8>) -> Step {
        takenBytes += line.count
        guard takenBytes <= Self.maximumBytes else { return .tooLarge }
        guard !isDone else { return .more }
        let bytes = Array(line)
        let text = Self.text(bytes.prefix(bytes.count - bytes.reversed().prefix { $0 == 0x0A || $0 == 0x0D }.count))
        guard let status else { return begin(text) }
        if text.isEmpty {
            guard status >= 200 else {
                self.status = nil
                fields = []
                return .more
            }
            isDone = true
            return .head(AnswerHead(status: status, fields: fields))
        }
        return takeField(text)
    }

    private mutating func begin(_ text: String) -> Step {
        let parts = text.split(separator: " ", maxSplits: 2)
        guard parts.count >= 2, parts[0].hasPrefix("HTTP/"), let code = Int(parts[1]), (100...999).contains(code)
        else { return .unusable }
        status = code
        return .more
    }

    private mutating func takeField(_ text: String) -> Step {
        if text.first == " " || text.first == "\t" {
            // A folded line (RFC 9112 section 5.2) goes on with the value before.
            guard let last = fields.popLast() else { return .unusable }
            fields.append(HeaderField(last.name, last.value + " " + text[...].withoutBlanks))
            return .more
        }
        guard let colon = text.firstIndex(of: ":") else { return .unusable }
        fields.append(HeaderField(String(text[..<colon]), text[text.index(after: colon)...].withoutBlanks))
        return .more
    }

    /// UTF-8, or else ISO-8859-1, which RFC 9110 section 5.5 says fields once were in.
    private static func text(_ bytes: ArraySlice<UInt8>) -> String {
        String(validating: bytes, as: UTF8.self)
            ?? String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) }))
    }
}

extension Substring {
    /// Without spaces and tabs at both ends (RFC 9110 section 5.6.3).
    var withoutBlanks: String {
        func isBlank(_ character: Character) -> Bool { character == " " || character == "\t" }
        return String(drop(while: isBlank).reversed().drop(while: isBlank).reversed())
    }
}
