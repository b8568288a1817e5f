package import UploadModel

/// A reader of an object that is an open file of this machine, so that the kernel can send it without anybody reading it.
package protocol FileObjectReader: ObjectReader {
    /// Open for as long as the reader lives.
    var descriptor: CInt { get }

    /// Sees to it that the beginning of a range can be sent without waiting for the disk; answers how much of it.
    ///
    /// - Parameter range: lies inside the object and is not empty.
    func makeReady(_ range: ByteRange) async throws(StoreFault) -> ByteRange
}
