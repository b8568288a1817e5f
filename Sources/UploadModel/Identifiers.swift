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

/// An identifier that the server makes: random, URL-safe, of one length. The kind keeps those of one thing apart from
/// those of another.
package struct RandomID<Kind: RandomIDKind>: Hashable, Sendable, CustomStringConvertible {
    package static var characterCount: Int { Kind.characterCount }

    package let text: String

    /// Takes an identifier that came from outside; `nil` when it cannot be one that ``random()`` made.
    package init?(_ text: String) {
        guard text.utf8.count == Self.characterCount, text.utf8.allSatisfy(isURLSafe) else { return nil }
        self.text = text
    }

    private init(unchecked text: String) { self.text = text }

    /// A fresh identifier.
    package static func random() -> RandomID { RandomID(unchecked: randomText(characters: characterCount)) }

    package var description: String { text }
}

/// A kind of ``RandomID``.
package protocol RandomIDKind: Sendable {
    /// Of nearly 6 bits each.
    static var characterCount: Int { get }
}

/// The name of an upload from its first moment and of the file that it becomes: more than 161 random bits, never reused.
package typealias FileID = RandomID<FileIDKind>
package enum FileIDKind: RandomIDKind { package static let characterCount = 27 }

/// Where a byte store keeps an object. Fresh for every object, never shown to a client.
package typealias ObjectKey = RandomID<ObjectKeyKind>
package enum ObjectKeyKind: RandomIDKind { package static let characterCount = 27 }

/// The public name of an API key, printed in lists; not the secret.
package typealias APIKeyID = RandomID<APIKeyIDKind>
package enum APIKeyIDKind: RandomIDKind { package static let characterCount = 12 }

/// The name of a key that signs upload URLs, carried by each URL.
package typealias GrantKeyID = RandomID<GrantKeyIDKind>
package enum GrantKeyIDKind: RandomIDKind { package static let characterCount = 8 }

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
