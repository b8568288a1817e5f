package import UploadModel

/// Why the rules do not allow something. An action like any other; the engine puts it into words.
package enum Refusal: Hashable, Sendable {
    /// The upload ended; this is how.
    case ended(UploadState)
    /// Only the one-shot link may begin this upload.
    case notStarted
    /// The one-shot link was used, or parts have come already.
    case linkUsed
    /// The upload is a file already.
    case complete
    case partNumber(allowed: ClosedRange<Int>)
    /// A part has another length than its place asks for.
    case partLength(expectedBytes: Int64, gotBytes: Int64)
    /// A part is longer than the upload's parts are.
    case partTooLong(maximumBytes: Int64)
    /// A part without bytes where the file is not empty.
    case emptyPart
    /// Where the last part goes is known only after another part told the part size.
    case partSizeUnknown
    /// Another number of parts was announced before.
    case partCount(announced: Int)
    /// The file would be larger than it may.
    case tooLarge(maximumBytes: Int64)
    /// The file has another size than was announced.
    case size(announcedBytes: Int64, gotBytes: Int64)
    /// Bytes came for another place than the next.
    case offset(expectedBytes: Int64, providedBytes: Int64)
    /// The file's length was told before, and was another.
    case length(announcedBytes: Int64, toldBytes: Int64)
    /// By this algorithm the file was announced with another digest before.
    case digest(DigestAlgorithm)
    /// The upload takes its bytes this way, and no other.
    case way(UploadWay)
    /// The file is not whole: so many of its bytes are here.
    case short(announcedBytes: Int64?, gotBytes: Int64)
    /// Parts are missing; closed ranges of their numbers.
    case missing([ClosedRange<Int>])
}
