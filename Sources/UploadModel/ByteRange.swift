/// Bytes `start ..< start + length` of a file, in bytes.
package struct ByteRange: Hashable, Sendable {
    package let start: Int64
    package let length: Int64

    package init(start: Int64, length: Int64) {
        precondition(start >= 0 && length >= 0 && start <= Int64.max - length, "a byte range lies in 0...Int64.max")
        self.start = start
        self.length = length
    }

    /// The first byte after the range.
    package var end: Int64 { start + length }
}
