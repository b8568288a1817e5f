/// What was found in the bytes of a form, in their order.
package enum MultipartEvent: Hashable, Sendable {
    /// The headers of a part are read; its bytes follow.
    case partBegan(MultipartPartHead)
    /// Bytes of the part: offsets into the bytes of the feed that gave this event. Never empty.
    case bytes(Range<Int>)
    /// Bytes of the part that came with earlier feeds, were held back because a boundary could have
    /// begun with them, and turned out to be data. At most the boundary's length and 5.
    case carried([UInt8])
    case partEnded
    /// The final boundary was read; whatever follows is ignored.
    case finished
}

/// Reads `multipart/form-data` (RFC 7578, RFC 2046 section 5.1) as it arrives, without holding or copying bodies.
///
/// A value: a copy reads on from the same place. However the input is cut into feeds, the events are the same, except
/// that runs of ``MultipartEvent/bytes(_:)`` and ``MultipartEvent/carried(_:)`` are cut differently. After a fault,
/// every further call throws that fault again.
///
/// Tolerated: a bounded preamble, a bounded epilogue, blanks after a boundary, folded header lines, a part
/// without the line break before an ensuing boundary (RFC 2046 lets an empty part leave it out).
/// Refused: lines that end with LF alone. A boundary's text that runs on (`--boundaryX`) is data.
package struct MultipartParser: Sendable {
    private enum State: Equatable {
        /// Before the first boundary.
        case preamble
        /// Behind a boundary's text, up to its line end.
        case boundaryLine(sawCarriageReturn: Bool)
        case head
        case body
        case epilogue
        case failed(MultipartFault)
    }

    /// What one more byte makes of a possible boundary.
    private enum Verdict {
        case undecided
        /// No boundary: what seemed to be one is data, and the byte may begin another.
        case data
        /// A boundary between parts; the byte already belongs to the rest of its line.
        case boundary
        /// The final boundary, with this byte.
        case finalBoundary
        /// A boundary whose line ends with LF alone.
        case bareLineFeed
    }

    private let limits: MultipartLimits
    /// CR LF, two dashes, the boundary, and one dash more: the longest text that can still turn out to be data.
    private let pattern: [UInt8]
    private var state = State.preamble
    /// How many bytes of `pattern` the latest bytes are. The start of the input counts as a line start, hence 2.
    private var matched = 2
    /// How many of the `matched` bytes are no bytes of the part: the line end before its first byte.
    private var borrowed = 2
    /// Bytes of the preamble or the epilogue, or of padding after the current boundary.
    private var skippedBytes = 0
    private var head: [UInt8] = []
    /// Where the current header line begins in `head`.
    private var headLineStart = 0
    private var partCount = 0

    /// - Parameter boundary: the text from `Content-Type`; `nil` when it is not 1 to 70 characters of RFC 2046's set.
    package init?(boundary: String, limits: MultipartLimits = MultipartLimits()) {
        guard Self.isBoundary(boundary) else { return nil }
        self.limits = limits
        self.pattern = Array("\r\n--\(boundary)-".utf8)
    }

    /// - Parameter contentType: the request's `Content-Type`; `nil` when it is not `multipart/form-data` with
    ///   exactly one valid boundary.
    package init?(contentType: String, limits: MultipartLimits = MultipartLimits()) {
        guard let value = ParameterizedValue(contentType), value.essence == "multipart/form-data" else { return nil }
        let boundaries = value.parameters.filter { $0.name == "boundary" }
        guard boundaries.count == 1, let boundary = boundaries.first?.value else { return nil }
        self.init(boundary: boundary, limits: limits)
    }

    /// bchars of RFC 2046 section 5.1.1; a space may not come last.
    private static func isBoundary(_ text: String) -> Bool {
        guard (1...70).contains(text.utf8.count), text.utf8.last != UInt8(ascii: " ") else { return false }
        return text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                true
            default: "'()+_,-./:=? ".utf8.contains(byte)
            }
        }
    }

    /// Reads on.
    ///
    /// - Parameters:
    ///   - bytes: what arrived; may be empty. Not kept.
    ///   - events: what was found is appended; on a fault, what was found before it.
    package mutating func feed(
        _ bytes: UnsafeRawBufferPointer, _ events: inout [MultipartEvent]
    ) throws(MultipartFault) {
        var position = 0
        do throws(MultipartFault) {
            while position < bytes.count {
                switch state {
                case .preamble: position = try readPreamble(bytes, from: position, &events)
                case .body: position = try scan(bytes, position..<bytes.count, &events)
                case .boundaryLine(let sawCarriageReturn):
                    try readBoundaryLine(bytes[position], sawCarriageReturn: sawCarriageReturn)
                    position += 1
                case .head: position = try readHead(bytes, from: position, &events)
                case .epilogue:
                    skippedBytes += bytes.count - position
                    guard skippedBytes <= limits.maximumEpilogueBytes else {
                        throw .epilogueTooLong(limitBytes: limits.maximumEpilogueBytes)
                    }
                    return
                case .failed(let fault): throw fault
                }
            }
        } catch {
            state = .failed(error)
            throw error
        }
    }

    /// The input is over; a fault when the form is not.
    package mutating func end() throws(MultipartFault) {
        switch state {
        case .epilogue: return
        case .failed(let fault): throw fault
        case .preamble: state = .failed(.boundaryNeverCame)
        case .boundaryLine, .head, .body: state = .failed(.endedEarly)
        }
        try end()
    }

    // MARK: Boundaries

    /// Searches the preamble for the first boundary, in no more bytes than the limit lets it.
    private mutating func readPreamble(
        _ bytes: UnsafeRawBufferPointer, from start: Int, _ events: inout [MultipartEvent]
    ) throws(MultipartFault) -> Int {
        let allowed = limits.maximumPreambleBytes - skippedBytes
        let end = start + min(allowed, bytes.count - start)
        let position = try scan(bytes, start..<end, &events)
        skippedBytes += position - start
        if state == .preamble, position < bytes.count {
            throw .preambleTooLong(limitBytes: limits.maximumPreambleBytes)
        }
        if state != .preamble { skippedBytes = 0 }
        return position
    }

    /// Searches for the next boundary; reports the data before it when in a body.
    ///
    /// CR stands only at the start of `pattern`, so after a mismatch nothing before the mismatching byte can begin
    /// a boundary and no byte is looked at twice.
    private mutating func scan(
        _ bytes: UnsafeRawBufferPointer, _ range: Range<Int>, _ events: inout [MultipartEvent]
    ) throws(MultipartFault) -> Int {
        let inBody = state == .body
        var held = matched - borrowed
        /// Where the possible boundary begins, in so far as it begins in these bytes.
        var candidate = range.lowerBound
        var position = range.lowerBound
        while position < range.upperBound {
            if matched == 0 {
                candidate = firstLineEnd(in: bytes, position..<range.upperBound)
                position = candidate
                guard candidate < range.upperBound else { break }
                matched = 1
                position += 1
                continue
            }
            switch verdict(on: bytes[position]) {
            case .undecided:
                position += 1
            case .data:
                if inBody, held > 0 { events.append(.carried(Array(pattern[borrowed..<(borrowed + held)]))) }
                (matched, borrowed, held) = (0, 0, 0)
            case .boundary:
                endPart(data: range.lowerBound..<candidate, inBody: inBody, &events)
                state = .boundaryLine(sawCarriageReturn: false)
                return position
            case .finalBoundary:
                endPart(data: range.lowerBound..<candidate, inBody: inBody, &events)
                events.append(.finished)
                state = .epilogue
                skippedBytes = 0
                return position + 1
            case .bareLineFeed:
                // The part's bytes before it were found, and had they come by themselves, they would be told by now.
                if inBody, range.lowerBound < candidate { events.append(.bytes(range.lowerBound..<candidate)) }
                throw .bareLineFeed
            }
        }
        let dataEnd = matched == 0 ? range.upperBound : candidate
        if inBody, range.lowerBound < dataEnd { events.append(.bytes(range.lowerBound..<dataEnd)) }
        return position
    }

    private mutating func endPart(data: Range<Int>, inBody: Bool, _ events: inout [MultipartEvent]) {
        (matched, borrowed) = (0, 0)
        guard inBody else { return }
        if !data.isEmpty { events.append(.bytes(data)) }
        events.append(.partEnded)
    }

    private mutating func verdict(on byte: UInt8) -> Verdict {
        let delimiterBytes = pattern.count - 1
        if matched == delimiterBytes {
            switch byte {
            case UInt8(ascii: "\r"), UInt8(ascii: " "), UInt8(ascii: "\t"): return .boundary
            case UInt8(ascii: "\n"): return .bareLineFeed
            default: break
            }
        }
        if matched == pattern.count { return byte == UInt8(ascii: "-") ? .finalBoundary : .data }
        guard byte == pattern[matched] else { return .data }
        matched += 1
        return .undecided
    }

    /// The rest of a boundary's line: transport padding (RFC 2046 section 5.1.1) and the line end.
    private mutating func readBoundaryLine(_ byte: UInt8, sawCarriageReturn: Bool) throws(MultipartFault) {
        if sawCarriageReturn {
            guard byte == UInt8(ascii: "\n") else { throw .bareCarriageReturn }
            guard partCount < limits.maximumParts else { throw .tooManyParts(limit: limits.maximumParts) }
            partCount += 1
            skippedBytes = 0
            state = .head
            return
        }
        switch byte {
        case UInt8(ascii: "\r"):
            state = .boundaryLine(sawCarriageReturn: true)
        case UInt8(ascii: " "), UInt8(ascii: "\t"):
            skippedBytes += 1
            guard skippedBytes <= limits.maximumPartHeaderBytes else {
                throw .partHeaderTooLarge(limitBytes: limits.maximumPartHeaderBytes)
            }
        case UInt8(ascii: "\n"): throw .bareLineFeed
        default: throw .boundaryLineMalformed
        }
    }

    // MARK: Part headers

    /// Gathers a part's header lines up to the empty line and reads them.
    private mutating func readHead(
        _ bytes: UnsafeRawBufferPointer, from start: Int, _ events: inout [MultipartEvent]
    ) throws(MultipartFault) -> Int {
        var position = start
        while position < bytes.count {
            let byte = bytes[position]
            let follows = head.last == UInt8(ascii: "\r")
            if byte == UInt8(ascii: "\n"), !follows { throw .bareLineFeed }
            if byte != UInt8(ascii: "\n"), follows { throw .bareCarriageReturn }
            guard head.count < limits.maximumPartHeaderBytes else {
                throw .partHeaderTooLarge(limitBytes: limits.maximumPartHeaderBytes)
            }
            head.append(byte)
            position += 1
            guard byte == UInt8(ascii: "\n") else { continue }
            guard head.count - headLineStart == 2 else {
                headLineStart = head.count
                continue
            }
            let part = try MultipartPartHead(lines: head.dropLast(2), maximumLines: limits.maximumHeadersPerPart)
            events.append(.partBegan(part))
            head.removeAll(keepingCapacity: true)
            headLineStart = 0
            // The empty line's end may be the one that begins a boundary, when the part has no bytes.
            (matched, borrowed) = (2, 2)
            state = .body
            return position
        }
        return position
    }
}

/// The first CR in `range` that LF follows or that comes last, or the end of the range.
///
/// Looks at 64 bytes at a time. A CR alone is passed over here: in media one byte of 256 is a CR.
private func firstLineEnd(in bytes: UnsafeRawBufferPointer, _ range: Range<Int>) -> Int {
    let returns = SIMD8<UInt64>(repeating: 0x0D0D_0D0D_0D0D_0D0D)
    let feeds = SIMD8<UInt64>(repeating: 0x0A0A_0A0A_0A0A_0A0A)
    let lows = SIMD8<UInt64>(repeating: 0x7F7F_7F7F_7F7F_7F7F)
    var position = range.lowerBound
    while range.upperBound - position > 64 {
        let here = bytes.loadUnaligned(fromByteOffset: position, as: SIMD8<UInt64>.self) ^ returns
        let next = bytes.loadUnaligned(fromByteOffset: position + 1, as: SIMD8<UInt64>.self) ^ feeds
        // A byte is zero in both where CR LF stands. Adding 0x7F to its low 7 bits carries into the highest bit
        // unless they are zero; no carry leaves the byte, so every mark is exact.
        let either = here | next
        let marks = ~(((either & lows) &+ lows) | either | lows)
        let four = marks.lowHalf | marks.highHalf
        let two = four.lowHalf | four.highHalf
        if two.x | two.y != 0 {
            for lane in 0..<8 where marks[lane] != 0 {
                return position + lane * 8 + marks[lane].littleEndian.trailingZeroBitCount / 8
            }
        }
        position += 64
    }
    while position < range.upperBound {
        let isLast = position + 1 == range.upperBound
        if bytes[position] == UInt8(ascii: "\r"), isLast || bytes[position + 1] == UInt8(ascii: "\n") { break }
        position += 1
    }
    return position
}
