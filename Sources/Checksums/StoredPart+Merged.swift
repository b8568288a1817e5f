package import UploadModel

extension StoredPart {
    /// This piece with the one that follows it, as one; `nil` where they are no neighbours, or do not both stand at
    /// their final place.
    package func merged(with later: StoredPart) -> StoredPart? {
        guard token == .inPlace, later.token == .inPlace, range.end == later.range.start else { return nil }
        return StoredPart(
            number: number, range: ByteRange(start: range.start, length: range.length + later.range.length),
            crc32c: crc32c.combined(with: later.crc32c, lengthBytes: later.range.length), token: .inPlace)
    }
}
