package import NIOCore
package import UploadModel

/// A file to be pulled from a URL that a client names, and the limits within which that is done.
package struct DownloadOrder: Sendable {
    /// At most 2,048 bytes; http or https, without user name and password.
    package var url: String
    package var addresses: AddressRule
    package var maximumBytes: Int64
    package var maximumRedirects = 5
    /// Of all attempts together, from the moment a thread is free for the first.
    package var totalTimeoutSeconds = 300
    /// For finding the host, connecting and TLS, of each connection.
    package var connectTimeoutSeconds = 10
    /// Slower than this for ``slownessSeconds`` counts as broken off. Waiting for the sink does not count.
    package var minimumBytesPerSecond = 1_024
    package var slownessSeconds = 30
    /// The first attempt included. Further ones are made only where they can go on with the same file.
    package var maximumAttempts = 5
    /// Before the second attempt; doubled before every further one.
    package var backOffMilliseconds = 250

    /// - Parameter addresses: where the URL, and what it redirects to, may lead.
    package init(url: String, addresses: AddressRule, maximumBytes: Int64) {
        self.url = url
        self.addresses = addresses
        self.maximumBytes = maximumBytes
    }
}

/// What a download brings. Used by one task at a time.
package protocol TransferSink: Sendable {
    /// Comes once, before the bytes. A fault ends the download and comes out of it unchanged, here and below.
    func began(_ head: TransferHead) async throws(UploadFault)

    /// Takes bytes, in order and none twice; no more are fetched than fit in a small buffer until it returns.
    ///
    /// When the download fails later, what came before stays with the sink.
    func receive(_ bytes: ByteBuffer) async throws(UploadFault)
}

/// What a server says of the file that it is going to send. Nothing of it is to be trusted.
package struct TransferHead: Hashable, Sendable {
    package let contentType: String?
    /// In bytes; `nil` when the server does not say.
    package let lengthBytes: Int64?
    /// As the server wrote it, with its quotes (RFC 9110 section 8.8.3).
    package let entityTag: String?
    package let lastModified: String?
    /// After all redirects. May hold secrets in its query: for the log at most.
    package let effectiveURL: String
    /// A name for the file, from the server or the path; any text, to be checked before use.
    package let nameHint: String?
}

package struct DownloadSummary: Hashable, Sendable {
    package let receivedBytes: Int64
    package let attempts: Int
}
