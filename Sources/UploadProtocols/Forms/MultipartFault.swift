/// How much a form may ask of its reader. Bodies of parts have no limit here: their reader sets one.
package struct MultipartLimits: Hashable, Sendable {
    /// Bytes up to where the first boundary is recognized, its own text and the byte behind it included.
    package var maximumPreambleBytes: Int = 8 << 10
    /// Bytes behind the last boundary, which say nothing.
    package var maximumEpilogueBytes: Int = 8 << 10
    /// Bytes of one part's header lines, their line ends and the empty line included; also of the padding
    /// after one boundary.
    package var maximumPartHeaderBytes: Int = 8 << 10
    /// Header lines of one part.
    package var maximumHeadersPerPart: Int = 16
    /// Parts of one form.
    package var maximumParts: Int = 1_000

    package init() {}
}

/// Why a body is no `multipart/form-data` (RFC 7578) that the gateway reads.
package enum MultipartFault: Error, Hashable, Sendable {
    /// More than this many bytes came before the first boundary.
    case preambleTooLong(limitBytes: Int)
    case epilogueTooLong(limitBytes: Int)
    /// A line ends with a line feed alone.
    case bareLineFeed
    /// A carriage return stands where only a line end may.
    case bareCarriageReturn
    /// A boundary is followed by padding and then by something else than a line end.
    case boundaryLineMalformed
    case partHeaderTooLarge(limitBytes: Int)
    case tooManyHeaders(limit: Int)
    case tooManyParts(limit: Int)
    /// A header line has no colon, no valid name or no valid UTF-8.
    case headerLineMalformed
    case duplicateHeader(name: String)
    case dispositionMissing
    /// Its `Content-Disposition` is not `form-data` or cannot be read.
    case dispositionMalformed
    case nameMissing
    /// The part says that its bytes are encoded; they would be stored as they came.
    case transferEncodingUnsupported
    /// The body ended before its first boundary.
    case boundaryNeverCame
    /// The body ended inside a part or before the final boundary.
    case endedEarly

    /// One sentence for the client's developer.
    package var detail: String {
        switch self {
        case .epilogueTooLong(let bytes): "More than \(bytes) bytes come after the last boundary."
        case .preambleTooLong(let bytes):
            "The first \(bytes) bytes of the form hold no boundary; it must be the one named in Content-Type."
        case .bareLineFeed:
            "A line of the form ends with LF alone; multipart/form-data needs CR LF."
        case .bareCarriageReturn:
            "A line of the form holds a CR that no LF follows; multipart/form-data needs CR LF."
        case .boundaryLineMalformed:
            "After a boundary comes neither a line end nor \"--\"."
        case .partHeaderTooLarge(let bytes):
            "The headers of a part take more than \(bytes) bytes."
        case .tooManyHeaders(let limit):
            "A part has more than \(limit) header lines."
        case .tooManyParts(let limit):
            "The form has more than \(limit) parts."
        case .headerLineMalformed:
            "A header line of a part is not of the form \"Name: value\" in UTF-8."
        case .duplicateHeader(let name):
            "A part has more than one \(name) header."
        case .dispositionMissing:
            "A part has no Content-Disposition header; each needs form-data with a name."
        case .dispositionMalformed:
            "The Content-Disposition of a part is not a readable form-data with parameters."
        case .nameMissing:
            "The Content-Disposition of a part has no name, so its field cannot be told."
        case .transferEncodingUnsupported:
            "A part has a Content-Transfer-Encoding other than binary, 8bit or 7bit; send its bytes as they are."
        case .boundaryNeverCame:
            "The form ended without a boundary; it must be the one named in Content-Type."
        case .endedEarly:
            "The form ended before its final boundary; it is incomplete."
        }
    }
}
