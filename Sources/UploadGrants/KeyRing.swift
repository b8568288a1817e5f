import Crypto
package import UploadModel

/// Why a signed target is not accepted.
package enum SignatureFault: Error, Hashable, Sendable {
    /// Not signed by a key of the ring, or changed since.
    case invalid
    /// It names a key that this ring does not hold; the ring may be out of date.
    case unknownKey(GrantKeyID)
}

/// Signs request targets and checks them: HMAC-SHA-256 over the method and the target *as text*, so that no
/// character of a link can change, not even to another spelling of the same thing.
///
/// Holds several keys: the newest that is not retired signs, all of them check. A key is rotated by adding a new
/// one; links of the old one stay good until they expire.
package struct KeyRing: Sendable {
    private let signing: (id: GrantKeyID, key: SymmetricKey)
    private let keys: [GrantKeyID: SymmetricKey]

    /// What separates the signed text from its signature.
    private static let signatureMark = "&sig="
    private static let keyMark = "&kid="
    /// 32 bytes in base64url without padding.
    private static let signatureCharacters = 43

    /// `nil` when no key may sign.
    package init?(_ records: [GrantKeyRecord]) {
        let usable = records.filter { $0.retiredAt == nil }
        guard let newest = usable.max(by: { ($0.createdAt, $0.id.text) < ($1.createdAt, $1.id.text) }) else {
            return nil
        }
        signing = (newest.id, SymmetricKey(data: newest.secret))
        keys = Dictionary(
            records.map { ($0.id, SymmetricKey(data: $0.secret)) }, uniquingKeysWith: { first, _ in first })
    }

    /// A fresh key for a ring.
    package static func newKey(now: Timestamp) -> GrantKeyRecord {
        let secret = SymmetricKey(size: .bits256).withUnsafeBytes { Array($0) }
        return GrantKeyRecord(id: .random(), secret: secret, createdAt: now)
    }

    /// The target with key id and signature added.
    ///
    /// - Parameter target: path and query, in exactly the spelling that clients will send.
    package func sign(method: String, target: String) -> String {
        let text = target + Self.keyMark + signing.id.text
        return text + Self.signatureMark + Self.signature(method, text, key: signing.key)
    }

    /// The target without its signature, if it holds. Takes the same time wherever the first difference is.
    package func verify(method: String, signedTarget: String) throws(SignatureFault) -> Substring {
        let bytes = signedTarget.utf8
        let tail = Self.signatureMark.utf8.count + Self.signatureCharacters
        let keyed = Self.keyMark.utf8.count + GrantKeyID.characterCount
        guard bytes.count > tail + keyed else { throw .invalid }
        let markStart = bytes.index(bytes.endIndex, offsetBy: -tail)
        let signatureStart = bytes.index(markStart, offsetBy: Self.signatureMark.utf8.count)
        guard signedTarget[markStart..<signatureStart] == Self.signatureMark else { throw .invalid }
        let text = signedTarget[..<markStart]
        let keyStart = bytes.index(markStart, offsetBy: -GrantKeyID.characterCount)
        let keyMarkStart = bytes.index(markStart, offsetBy: -keyed)
        guard signedTarget[keyMarkStart..<keyStart] == Self.keyMark,
            let keyID = GrantKeyID(String(signedTarget[keyStart..<markStart]))
        else { throw .invalid }
        guard let key = keys[keyID] else { throw .unknownKey(keyID) }
        let expected = Self.signature(method, String(text), key: key)
        guard Self.areEqual(expected.utf8, signedTarget[signatureStart...].utf8) else { throw .invalid }
        return text
    }

    private static func signature(_ method: String, _ target: String, key: SymmetricKey) -> String {
        var mac = HMAC<SHA256>(key: key)
        mac.update(data: Array(method.utf8))
        mac.update(data: [UInt8(ascii: "\n")])
        mac.update(data: Array(target.utf8))
        return base64URL(Array(mac.finalize()))
    }

    /// Compares the texts themselves: two base64 texts can stand for the same bytes, and only one is the signature.
    private static func areEqual(_ left: some Collection<UInt8>, _ right: some Collection<UInt8>) -> Bool {
        guard left.count == right.count else { return false }
        var difference: UInt8 = 0
        for (one, other) in zip(left, right) { difference |= one ^ other }
        return difference == 0
    }

    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

    private static func base64URL(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        text.reserveCapacity(signatureCharacters)
        var buffer: UInt32 = 0
        var bits = 0
        for byte in bytes {
            buffer = buffer << 8 | UInt32(byte)
            bits += 8
            while bits >= 6 {
                bits -= 6
                text.append(alphabet[Int(buffer >> UInt32(bits) & 63)])
            }
        }
        if bits > 0 { text.append(alphabet[Int(buffer << UInt32(6 - bits) & 63)]) }
        return String(decoding: text, as: UTF8.self)
    }
}
