/// Text that is safe in a URL path without escaping: letters, digits, `-` and `_`.
private func isURLSafe(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
        true
    default: false
    }
}

/// The URL-safe alphabet of RFC 4648 section 5, without padding.
private let base64URLAlphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

/// `characters` random characters, from the system's cryptographic generator: 6 bits each, the first a little less,
/// because it is a letter or a digit, so that no id looks like an option on a command line.
private func randomText(characters: Int) -> String {
    var generator = SystemRandomNumberGenerator()
    return String(unsafeUninitializedCapacity: characters) { buffer in
        for index in 0..<characters {
            // The last two of the alphabet are the marks.
            let choices = index == 0 ? base64URLAlphabet.dropLast(2) : base64URLAlphabet[...]
            buffer[index] = choices.randomElement(using: &generator) ?? base64URLAlphabet[0]
        }
        return characters
    }
}

/// The name of an upload from its first moment and of the file that it becomes.
///
/// Made by the server, more than 161 random bits, URL-safe, never reused.
package struct FileID: Hashable, Sendable, CustomStringConvertible {
    /// 27 characters of 6 bits.
    package static let characterCount = 27

    package let text: String

    /// Takes an identifier that came from outside; `nil` when it cannot be one that ``random()`` made.
    package init?(_ text: String) {
        guard text.utf8.count == Self.characterCount, text.utf8.allSatisfy(isURLSafe) else { return nil }
        self.text = text
    }

    private init(unchecked text: String) { self.text = text }

    /// A fresh identifier.
    package static func random() -> FileID { FileID(unchecked: randomText(characters: characterCount)) }

    package var description: String { text }
}

/// Where a byte store keeps an object. Fresh for every object, never shown to a client.
package struct ObjectKey: Hashable, Sendable, CustomStringConvertible {
    package static let characterCount = 27

    package let text: String

    /// Takes a key from a catalog or from a directory listing; `nil` when it is not one.
    package init?(_ text: String) {
        guard text.utf8.count == Self.characterCount, text.utf8.allSatisfy(isURLSafe) else { return nil }
        self.text = text
    }

    private init(unchecked text: String) { self.text = text }

    package static func random() -> ObjectKey { ObjectKey(unchecked: randomText(characters: characterCount)) }

    package var description: String { text }
}

/// The owner behind an API key: 1 to 64 URL-safe characters.
package struct TenantID: Hashable, Sendable, CustomStringConvertible {
    package static let maximumCharacters = 64

    package let text: String

    package init?(_ text: String) {
        guard (1...Self.maximumCharacters).contains(text.utf8.count), text.utf8.allSatisfy(isURLSafe) else {
            return nil
        }
        self.text = text
    }

    private init(unchecked text: String) { self.text = text }

    /// The tenant of keys that are made without naming one.
    package static let `default` = TenantID(unchecked: "default")

    package var description: String { text }
}

/// An id that a client chose for an upload (the chunks API). It names the upload only inside its tenant.
package struct UploadAlias: Hashable, Sendable, CustomStringConvertible {
    /// In UTF-8 bytes.
    package static let maximumBytes = 200

    package let text: String

    /// `nil` when empty, longer than ``maximumBytes``, or holding a control character.
    package init?(_ text: String) {
        guard (1...Self.maximumBytes).contains(text.utf8.count) else { return nil }
        guard text.unicodeScalars.allSatisfy({ $0.value >= 0x20 && !(0x7F...0x9F).contains($0.value) }) else {
            return nil
        }
        self.text = text
    }

    package var description: String { text }
}

/// What a tenant may call an upload: the server's id or the tenant's own alias.
package enum UploadReference: Hashable, Sendable {
    case fileID(FileID)
    case alias(UploadAlias)

    /// Reads an id from a path or a form: text of the form of a ``FileID`` may still be an alias that
    /// a client chose, so both readings are offered, most exact first.
    package static func readings(of text: String) -> [UploadReference] {
        var readings: [UploadReference] = []
        if let id = FileID(text) { readings.append(.fileID(id)) }
        if let alias = UploadAlias(text) { readings.append(.alias(alias)) }
        return readings
    }
}

/// The public name of an API key, printed in lists; not the secret.
package struct APIKeyID: Hashable, Sendable, CustomStringConvertible {
    package static let characterCount = 12

    package let text: String

    package init?(_ text: String) {
        guard text.utf8.count == Self.characterCount, text.utf8.allSatisfy(isURLSafe) else { return nil }
        self.text = text
    }

    private init(unchecked text: String) { self.text = text }

    package static func random() -> APIKeyID { APIKeyID(unchecked: randomText(characters: characterCount)) }

    package var description: String { text }
}

/// The name of a key that signs upload URLs, carried by each URL.
package struct GrantKeyID: Hashable, Sendable, CustomStringConvertible {
    package static let characterCount = 8

    package let text: String

    package init?(_ text: String) {
        guard text.utf8.count == Self.characterCount, text.utf8.allSatisfy(isURLSafe) else { return nil }
        self.text = text
    }

    private init(unchecked text: String) { self.text = text }

    package static func random() -> GrantKeyID { GrantKeyID(unchecked: randomText(characters: characterCount)) }

    package var description: String { text }
}

/// The name of a media item: 24 lower-case hexadecimal digits, as the publishing API has it.
package struct MediaItemID: Hashable, Sendable, CustomStringConvertible {
    package static let characterCount = 24

    package let text: String

    package init?(_ text: String) {
        guard text.utf8.count == Self.characterCount else { return nil }
        guard
            text.utf8.allSatisfy({
                (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
                    || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0)
            })
        else { return nil }
        self.text = text
    }

    /// 8 digits of seconds since 1970, then 64 random bits: ids sort by age.
    package static func random(now: Timestamp) -> MediaItemID {
        var generator = SystemRandomNumberGenerator()
        let seconds = UInt32(truncatingIfNeeded: now.milliseconds / 1000)
        let head = String(seconds, radix: 16)
        let tail = String(generator.next(), radix: 16)
        let text =
            String(repeating: "0", count: 8 - head.count) + head + String(repeating: "0", count: 16 - tail.count) + tail
        return MediaItemID(unchecked: text)
    }

    private init(unchecked text: String) { self.text = text }

    package var description: String { text }
}
