/// Bounds on connections and on what a request may be. Every limit has its unit in its name.
package struct GatewayLimits: Hashable, Sendable {
    /// Connections at once; more wait in the kernel's queue.
    package var maximumConnections: Int = 16_384
    /// All header fields of one request together, the target included in its own right.
    package var maximumHeadBytes: Int = 32 << 10
    package var maximumHeaderFields: Int = 100
    /// From the opening of a connection to the end of its first head.
    package var headTimeoutSeconds: Int64 = 20
    /// From an answer to the end of the next head on the same connection.
    package var idleTimeoutSeconds: Int64 = 75
    /// The longest silence inside a body, and the longest stall of a client that reads.
    package var bodyIdleTimeoutSeconds: Int64 = 60
    /// A body that stays slower than this is given up; counted only while we wait for the client.
    package var minimumBodyBytesPerSecond: Int64 = 64
    /// An answer of which its client takes less than this is cut off.
    package var minimumDownloadBytesPerSecond: Int64 = 64
    /// What is read and thrown away of a body that was refused, so that its client sees the answer.
    package var refusedDrainBytes: Int = 16 << 20
    package var refusedDrainSeconds: Int64 = 8
    /// Text fields of a form, all together.
    package var maximumFormFieldBytes: Int = 256 << 10

    /// A file that comes to the gallery in one call; larger ones go to an upload URL.
    package var maximumGalleryBytes: Int64 = 30 << 20

    /// Of one key in the long run, and at once after a second's pause; 0 for no limit.
    package var maximumRequestsPerSecondAndKey: Int = 0
    /// The same of one network address: of an IPv6 client the network that it has, a /64.
    package var maximumRequestsPerSecondAndAddress: Int = 0

    package init() {}
}
