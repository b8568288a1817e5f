import CPlatform
package import UploadModel

/// Computes a CRC-32C (Castagnoli, RFC 9260 appendix B) as bytes come.
///
/// A value type of four bytes: a copy is a checkpoint, and a hasher may go on from a checksum that was written
/// down earlier. Takes no time worth saving: with the machine's instruction about 8 bytes in a cycle.
package struct CRC32CHasher: Hashable, Sendable {
    /// Of all bytes taken so far; ``UploadModel/CRC32C/empty`` before the first.
    package private(set) var value: CRC32C

    package init() {
        self.value = .empty
    }

    /// Goes on after the bytes that gave `checksum`.
    package init(resuming checksum: CRC32C) {
        self.value = checksum
    }

    /// Takes bytes; any length, also none, and any alignment.
    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        value = CRC32C(sluice_crc32c(value.value, bytes.baseAddress, bytes.count))
    }

    /// Copies all of `source` to the start of `target` and takes exactly the bytes that arrived there, each read
    /// once, so that the checksum is true of the copy even if somebody writes to the source meanwhile.
    ///
    /// - Precondition: `target` is at least as long as `source`, and the two do not overlap.
    package mutating func copy(_ source: UnsafeRawBufferPointer, to target: UnsafeMutableRawBufferPointer) {
        precondition(target.count >= source.count, "The target is shorter than the source: slice the source first.")
        value = CRC32C(sluice_copy_crc32c(value.value, target.baseAddress, source.baseAddress, source.count))
    }

    /// Whether the machine's own instruction is used; tables do the work elsewhere, at about a tenth of the speed.
    package static var isAccelerated: Bool {
        sluice_crc32c_is_accelerated()
    }
}

/// The ways of machines without the instruction, kept reachable so that they are tested on machines that have it.
package enum PortableCRC32C {
    /// The checksum of the bytes that gave `checksum`, followed by `bytes`.
    package static func update(_ checksum: CRC32C, _ bytes: UnsafeRawBufferPointer) -> CRC32C {
        CRC32C(sluice_crc32c_portable(checksum.value, bytes.baseAddress, bytes.count))
    }

    /// The same, and copies all of `source` to the start of `target`.
    ///
    /// - Precondition: `target` is at least as long as `source`, and the two do not overlap.
    package static func copy(
        _ checksum: CRC32C, _ source: UnsafeRawBufferPointer, to target: UnsafeMutableRawBufferPointer
    ) -> CRC32C {
        precondition(target.count >= source.count, "The target is shorter than the source: slice the source first.")
        return CRC32C(
            sluice_copy_crc32c_portable(checksum.value, target.baseAddress, source.baseAddress, source.count))
    }
}
