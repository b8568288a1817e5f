/// A small request with a small answer.
package struct OutgoingRequest: Sendable {
    package enum Method: Hashable, Sendable {
        case get
        case head
        case post([UInt8])
    }

    package var method: Method
    /// At most 2,048 bytes; http or https, without user name and password.
    package var url: String
    /// Sent as they are, besides what HTTP needs.
    package var fields: [HeaderField]
    package var addresses: AddressRule
    /// Of the body of the answer; what comes beyond is left out.
    package var maximumAnswerBytes = 65_536
    /// From the moment a thread is free.
    package var totalTimeoutMilliseconds = 15_000
    package var connectTimeoutMilliseconds = 5_000
    /// How many redirects are followed by `get` and `head`. A `post` is never repeated elsewhere.
    package var maximumRedirects = 0

    /// - Parameter addresses: where the URL may lead; ``AddressRule/anywhere`` only for one that the operator names.
    package init(_ method: Method, url: String, fields: [HeaderField] = [], addresses: AddressRule) {
        self.method = method
        self.url = url
        self.fields = fields
        self.addresses = addresses
    }
}

/// What a server answered, whatever its status; redirects too, unless they were followed.
package struct OutgoingAnswer: Sendable {
    package let status: Int
    package let fields: [HeaderField]
    package let body: [UInt8]
    /// Whether the body was longer than was wanted: only its beginning is here.
    package let isBodyCut: Bool
    /// After all redirects.
    package let effectiveURL: String
}
