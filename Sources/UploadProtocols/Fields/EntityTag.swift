package import UploadModel

/// An entity tag (RFC 9110 section 8.8.3).
package struct EntityTag: Hashable, Sendable, CustomStringConvertible {
    /// What stands between the quotes.
    package let opaque: String
    package let isWeak: Bool

    /// `nil` when the text holds a quote, a space or a control character.
    package init?(opaque: String, isWeak: Bool = false) {
        guard opaque.utf8.allSatisfy(Self.isTagCharacter) else { return nil }
        self.opaque = opaque
        self.isWeak = isWeak
    }

    /// Reads one tag: `"abc"` or `W/"abc"`.
    package init?(_ text: String) {
        guard case .tags(let tags) = EntityTagList(text), tags.count == 1 else { return nil }
        self = tags[0]
    }

    /// As a field carries it.
    package var description: String { (isWeak ? "W/" : "") + "\"\(opaque)\"" }

    /// Byte for byte the same (RFC 9110 section 8.8.3.2).
    package func matchesStrongly(_ other: EntityTag) -> Bool {
        !isWeak && !other.isWeak && opaque == other.opaque
    }

    /// The same in meaning.
    package func matchesWeakly(_ other: EntityTag) -> Bool { opaque == other.opaque }

    /// etagc of RFC 9110 section 8.8.3.
    static func isTagCharacter(_ byte: UInt8) -> Bool { byte == 0x21 || byte >= 0x23 && byte != 0x7F }
}

/// What `If-Match` and `If-None-Match` carry.
enum EntityTagList: Equatable {
    case any
    case tags([EntityTag])

    /// `nil` when it is neither `*` nor a list of tags.
    init?(_ text: String) {
        var rest = Array(text.utf8)[...]
        func isBlank(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }
        if trimmingBlanks(text[...]) == "*" {
            self = .any
            return
        }
        var tags: [EntityTag] = []
        while true {
            rest = rest.drop { isBlank($0) || $0 == UInt8(ascii: ",") }
            guard !rest.isEmpty else { break }
            let isWeak = rest.starts(with: "W/".utf8)
            if isWeak { rest = rest.dropFirst(2) }
            guard rest.popFirst() == UInt8(ascii: "\"") else { return nil }
            let opaque = rest.prefix(while: EntityTag.isTagCharacter)
            rest = rest.dropFirst(opaque.count)
            guard rest.popFirst() == UInt8(ascii: "\""),
                let tag = String(validating: opaque, as: UTF8.self).flatMap({ EntityTag(opaque: $0, isWeak: isWeak) })
            else { return nil }
            tags.append(tag)
            rest = rest.drop(while: isBlank)
            guard rest.isEmpty || rest.first == UInt8(ascii: ",") else { return nil }
        }
        guard !tags.isEmpty else { return nil }
        self = .tags(tags)
    }
}

/// Conditional requests (RFC 9110 section 13.1).
package enum Precondition {
    /// Whether `If-Match` lets the request proceed; strong comparison. `false`: status 412.
    ///
    /// - Parameters:
    ///   - field: the field's value; `nil` when there is none, which lets everything proceed.
    ///   - current: the tag of what exists now; `nil` when nothing exists.
    package static func ifMatch(_ field: String?, current: EntityTag?) -> Bool {
        guard let field else { return true }
        guard let current else { return false }
        switch EntityTagList(field) {
        case .any: return true
        case .tags(let tags): return tags.contains { $0.matchesStrongly(current) }
        // A condition that cannot be read cannot hold.
        case nil: return false
        }
    }

    /// Whether `If-None-Match` lets the request proceed; weak comparison. `false`: status 304 for GET and HEAD,
    /// else 412. Parameters as for ``ifMatch(_:current:)``; a malformed value is ignored.
    package static func ifNoneMatch(_ field: String?, current: EntityTag?) -> Bool {
        guard let field, let current else { return true }
        switch EntityTagList(field) {
        case .any: return false
        case .tags(let tags): return !tags.contains { $0.matchesWeakly(current) }
        case nil: return true
        }
    }

    /// Whether `If-Range` lets the `Range` field count; if not, the whole file is sent.
    ///
    /// A tag is compared strongly, a date must be exactly the one that was sent (RFC 9110 section 13.1.5).
    package static func ifRange(_ field: String?, current: EntityTag?, lastModified: Timestamp? = nil) -> Bool {
        guard let field else { return true }
        if let tag = EntityTag(field) { return current.map(tag.matchesStrongly) ?? false }
        guard let lastModified else { return false }
        return trimmingBlanks(field[...]) == HTTPDate.text(lastModified)
    }
}
