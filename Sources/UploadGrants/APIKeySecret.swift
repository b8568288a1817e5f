import Crypto
import UploadModel

/// The text of an API key, known only to its owner.
package struct APIKeySecret: Sendable {
    /// What every key begins with, so that scanners recognise a leaked one.
    package static let prefix = "sluice_"
    /// Longer text is no key and is not hashed.
    package static let maximumBytes = 256

    package let text: String

    /// A fresh key: 256 random bits in hexadecimal.
    package static func random() -> APIKeySecret {
        let bytes = SymmetricKey(size: .bits256).withUnsafeBytes { Array($0) }
        return APIKeySecret(text: prefix + hex(bytes))
    }

    package init(text: String) { self.text = text }

    /// What the catalog keeps and is asked for: equal hashes are found by an index, which tells nothing about
    /// keys that are near.
    package var hashHex: String { Self.hex(Array(SHA256.hash(data: Array(text.utf8)))) }

    private static func hex(_ bytes: [UInt8]) -> String {
        UploadModel.Digest(.sha256, bytes: bytes)?.hex ?? ""
    }
}
