import Crypto

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The key that an endpoint checks signatures with, as Standard Webhooks writes it: `whsec_` and base64.
package struct WebhookSecret: Hashable, Sendable, CustomStringConvertible, CustomDebugStringConvertible,
    CustomReflectable
{
    /// Standard Webhooks: between 24 and 64 bytes.
    package static let allowedBytes = 24...64

    private let bytes: [UInt8]

    /// A secret is nobody's to print, not even as a part of something else.
    package var description: String { "whsec_(hidden)" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: []) }

    /// `nil` when it is not base64 of ``allowedBytes``; the prefix may be missing.
    package init?(_ text: String) {
        let prefix = "whsec_"
        let base64 = text.hasPrefix(prefix) ? String(text.dropFirst(prefix.count)) : text
        guard let data = Data(base64Encoded: base64), Self.allowedBytes.contains(data.count) else { return nil }
        bytes = Array(data)
    }

    /// The value of `webhook-signature`: `v1,` and HMAC-SHA256 over id, time and body with points between.
    ///
    /// - Parameter seconds: of `webhook-timestamp`, since 1970.
    func signature(id: String, seconds: Int64, body: [UInt8]) -> String {
        var code = HMAC<SHA256>(key: SymmetricKey(data: bytes))
        code.update(data: Array("\(id).\(seconds).".utf8))
        code.update(data: body)
        return "v1," + Data(code.finalize()).base64EncodedString()
    }
}
