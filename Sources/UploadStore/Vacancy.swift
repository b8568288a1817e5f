/// Memory that the next bytes of a piece may be put into.
// Sendable: on loan from one piece writer to the task that feeds it, and used by nobody else until the writer is
// told what was put in, or is ended.
package struct Vacancy: @unchecked Sendable {
    package let address: UnsafeMutableRawPointer
    /// At least one.
    package let byteCount: Int

    package init(address: UnsafeMutableRawPointer, byteCount: Int) {
        precondition(byteCount > 0, "a vacancy has room")
        self.address = address
        self.byteCount = byteCount
    }
}

/// A piece writer into whose memory bytes can be received, so that nothing copies them on their way to the store.
package protocol FillablePieceWriter: PieceWriter {
    /// Lends memory for the next bytes; returns when there is some. Asking again before ``filled(_:)`` lends the
    /// same. Never larger than the piece still may grow.
    ///
    /// - Parameter expecting: how many bytes are there, where more would take long; `nil` where it would not. Memory
    ///   that waits for bytes is memory that nobody else has.
    /// - Returns: `nil` when there is none to lend now; bytes can be appended all the same.
    func vacancy(expecting byteCount: Int?) async throws(StoreFault) -> Vacancy?

    /// That many bytes were put at the beginning of what was lent last, which is given back with this.
    func filled(_ byteCount: Int) async throws(StoreFault)
}
