package import HTTPTypes

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// An answer, ready to be written: status, fields, and a body that is small and whole.
package struct Reply: Hashable, Sendable {
    package var status: HTTPResponse.Status
    package var fields: HTTPFields
    package var body: [UInt8]

    package init(_ status: HTTPResponse.Status, fields: HTTPFields = [:], body: [UInt8] = []) {
        self.status = status
        self.fields = fields
        self.body = body
    }

    /// A JSON body with sorted keys, so that the same answer always has the same bytes.
    package static func json(
        _ status: HTTPResponse.Status, _ value: some Encodable, mediaType: String = "application/json",
        fields: HTTPFields = [:]
    ) -> Reply {
        var reply = Reply(status, fields: fields, body: JSONText.encode(value))
        reply.fields[.contentType] = mediaType
        // Answers tell what stands now; nobody may keep them.
        reply.fields[.cacheControl] = "no-store"
        return reply
    }
}

/// JSON text, of answers and of requests.
enum JSONText {
    /// Nesting that a client's JSON may have: its decoding costs the square of the depth.
    static let maximumDepth = 32

    /// Whether brackets are nested no deeper than ``maximumDepth``. Says nothing else about the text.
    ///
    /// Text in UTF-16 or UTF-32 is refused: JSON is UTF-8 (RFC 8259 section 8.1), decoders take the others all the
    /// same, and brackets and quotes cannot be counted in their bytes.
    static func isShallow(_ text: some Sequence<UInt8>) -> Bool {
        var depth = 0
        var isInString = false
        var isEscaped = false
        for byte in text {
            // In UTF-8 no JSON has these; every other encoding has one, in its mark or beside its first bracket.
            if byte == 0 || byte >= 0xFE { return false }
            if isInString {
                if isEscaped {
                    isEscaped = false
                } else if byte == UInt8(ascii: "\\") {
                    isEscaped = true
                } else if byte == UInt8(ascii: "\"") {
                    isInString = false
                }
                continue
            }
            switch byte {
            case UInt8(ascii: "\""): isInString = true
            case UInt8(ascii: "["), UInt8(ascii: "{"):
                depth += 1
                if depth > maximumDepth { return false }
            case UInt8(ascii: "]"), UInt8(ascii: "}"): depth -= 1
            default: break
            }
        }
        return true
    }

    static func encode(_ value: some Encodable) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(value) else {
            preconditionFailure("\(type(of: value)) holds a value that JSON cannot carry")
        }
        return Array(data)
    }
}

extension HTTPField.Name {
    /// RFC 9530 section 3.
    package static let reprDigest = known("Repr-Digest")
    /// RFC 9530 section 2.
    package static let contentDigest = known("Content-Digest")
    package static let wantReprDigest = known("Want-Repr-Digest")
    package static let wantContentDigest = known("Want-Content-Digest")
    package static let apiKey = known("X-API-Key")
    package static let requestID = known("X-Request-Id")
    package static let link = known("Link")
    package static let idempotencyKey = known("Idempotency-Key")

    static func known(_ name: String) -> Self {
        guard let name = Self(name) else { preconditionFailure("\(name) is no field name") }
        return name
    }
}
