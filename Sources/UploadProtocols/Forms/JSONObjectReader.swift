/// Reads one JSON object (RFC 8259) as it arrives and tells its members one by one.
///
/// A value: a copy reads on from the same place. After a fault, every further call throws that fault again. Of one
/// member the text may be streamed: it is told piece by piece and never held. Nested values are checked against the
/// grammar and told by their place; nothing of them is held, nor is their text checked to be UTF-8.
///
/// Tolerated: a byte order mark before the object (section 8.1 leaves that to parsers). Refused, though the grammar
/// lets them pass: members of the object that stand twice, and escapes that are no characters.
struct JSONObjectReader: Sendable {
    enum Token: Hashable, Sendable {
        case text(name: String, String)
        case flag(name: String, Bool)
        /// As it was written.
        case number(name: String, String)
        case null(name: String)
        /// An array or an object: offsets into the whole body.
        case nested(name: String, Range<Int>)
        /// The streamed member's text begins.
        case streamBegan
        /// Bytes of it as they stand: offsets into the bytes of this feed. Never empty.
        case streamRun(Range<Int>)
        /// A character of it that was escaped.
        case streamScalar(Unicode.Scalar)
        case streamEnded
    }

    private enum State: Equatable {
        case start
        /// Inside the mark, so many bytes of it seen.
        case byteOrderMark(Int)
        /// Before a value; in an array that was just opened its end may come instead.
        case value(mayEnd: Bool)
        case name(mayEnd: Bool)
        case colon
        /// Behind a value.
        case comma
        case text
        case escape
        /// Inside `\u`, so many digits seen.
        case digits(Int)
        case word(JSONWord, matched: Int)
        case number(JSONNumberPart)
        case done
        case failed(JSONFault)
    }

    private enum TextRole { case name, value, streamed, nestedName, nestedValue }

    /// What a member costs besides its text, so that many empty ones are not free.
    static let memberCostBytes = 64
    private static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]

    private let streamedName: String?
    private let maximumTextBytes: Int
    private var state = State.start
    /// The current text; what it is once it ends.
    private var role = TextRole.name
    /// The current name, text or number, when it is the object's own and not streamed.
    private var kept: [UInt8] = []
    private var keptBytes = 0
    /// The member whose value is read.
    private var name = ""
    private var names: Set<String> = []
    /// The first half of a surrogate pair; what follows must be the other.
    private var highSurrogate: UInt32?
    private var digits: UInt32 = 0
    private var depth = 0
    /// A bit for each open level, the innermost lowest: 1 is an object.
    private var levels: UInt64 = 0
    private var nestedStart = 0
    /// Bytes of earlier feeds.
    private var earlierBytes = 0

    /// - Parameters:
    ///   - streaming: the member whose text is streamed; a value of another kind is told as usual.
    ///   - maximumTextBytes: what names, texts and numbers of the object's members may have together, at
    ///     ``memberCostBytes`` more for each member.
    init(streaming streamedName: String? = nil, maximumTextBytes: Int) {
        self.streamedName = streamedName
        self.maximumTextBytes = maximumTextBytes
    }

    /// The next token of a feed.
    ///
    /// - Parameter position: where to read on in `bytes`, 0 for a new feed.
    /// - Returns: `nil` when the feed is read to its end; the next call begins another.
    mutating func next(_ bytes: UnsafeRawBufferPointer, _ position: inout Int) throws(JSONFault) -> Token? {
        do throws(JSONFault) {
            while position < bytes.count {
                switch state {
                case .text:
                    if let token = try readText(bytes, &position) { return token }
                case .number(let part):
                    if let token = try readNumber(bytes[position], part, &position) { return token }
                default:
                    if let token = try read(bytes[position], at: earlierBytes + position) {
                        position += 1
                        return token
                    }
                    position += 1
                }
            }
        } catch {
            state = .failed(error)
            throw error
        }
        earlierBytes += bytes.count
        return nil
    }

    /// The input is over; a fault when the object is not.
    mutating func end() throws(JSONFault) {
        switch state {
        case .done: return
        case .failed(let fault): throw fault
        default:
            state = .failed(.endedEarly)
            throw .endedEarly
        }
    }

    private mutating func read(_ byte: UInt8, at offset: Int) throws(JSONFault) -> Token? {
        switch state {
        case .escape: return try readEscape(byte, at: offset)
        case .digits(let count): return try readDigit(byte, count, at: offset)
        case .word(let word, let matched): return try readWord(byte, word, matched, at: offset)
        case .failed(let fault): throw fault
        case .byteOrderMark(let count):
            guard byte == Self.byteOrderMark[count] else { throw .notAnObject }
            state = count == 2 ? .start : .byteOrderMark(count + 1)
            return nil
        case .start where offset == 0 && byte == Self.byteOrderMark[0]:
            state = .byteOrderMark(1)
            return nil
        default: break
        }
        if byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { return nil }
        switch (state, byte) {
        case (.start, UInt8(ascii: "{")): try open(isObject: true, at: offset)
        case (.start, _): throw .notAnObject
        case (.done, _): throw .trailingByte(offsetBytes: offset)
        case (.name, UInt8(ascii: "\"")): begin(depth == 1 ? .name : .nestedName)
        case (.name(mayEnd: true), UInt8(ascii: "}")), (.value(mayEnd: true), UInt8(ascii: "]")):
            return close(at: offset)
        case (.colon, UInt8(ascii: ":")): state = .value(mayEnd: false)
        case (.comma, UInt8(ascii: ",")): state = isInObject ? .name(mayEnd: false) : .value(mayEnd: false)
        case (.comma, UInt8(ascii: "}")) where isInObject, (.comma, UInt8(ascii: "]")) where !isInObject:
            return close(at: offset)
        case (.value, _): return try beginValue(byte, at: offset)
        default: throw .unexpectedByte(byte, offsetBytes: offset)
        }
        return nil
    }

    // MARK: Levels

    private var isInObject: Bool { levels & 1 == 1 }

    private mutating func open(isObject: Bool, at offset: Int) throws(JSONFault) {
        guard depth < JSONText.maximumDepth else { throw .tooDeep(limitLevels: JSONText.maximumDepth) }
        if depth == 1 { nestedStart = offset }
        depth += 1
        levels = levels << 1 | (isObject ? 1 : 0)
        state = isObject ? .name(mayEnd: true) : .value(mayEnd: true)
    }

    private mutating func close(at offset: Int) -> Token? {
        depth -= 1
        levels >>= 1
        state = depth == 0 ? .done : .comma
        return depth == 1 ? .nested(name: name, nestedStart..<(offset + 1)) : nil
    }

    private mutating func beginValue(_ byte: UInt8, at offset: Int) throws(JSONFault) -> Token? {
        switch byte {
        case UInt8(ascii: "\""):
            guard depth == 1 else {
                begin(.nestedValue)
                return nil
            }
            let isStreamed = name == streamedName
            begin(isStreamed ? .streamed : .value)
            return isStreamed ? .streamBegan : nil
        case UInt8(ascii: "{"): try open(isObject: true, at: offset)
        case UInt8(ascii: "["): try open(isObject: false, at: offset)
        default:
            if let part = JSONNumberPart(first: byte) {
                kept.removeAll(keepingCapacity: true)
                if depth == 1 { try keep(byte) }
                state = .number(part)
            } else if let word = JSONWord.allCases.first(where: { $0.rawValue.utf8.first == byte }) {
                state = .word(word, matched: 1)
            } else {
                throw .unexpectedByte(byte, offsetBytes: offset)
            }
        }
        return nil
    }

    // MARK: Text

    private mutating func begin(_ role: TextRole) {
        kept.removeAll(keepingCapacity: true)
        self.role = role
        state = .text
    }

    /// Reads up to what is not plain text, or that.
    private mutating func readText(
        _ bytes: UnsafeRawBufferPointer, _ position: inout Int
    ) throws(JSONFault) -> Token? {
        let start = position
        position = endOfPlainText(bytes, from: start)
        if position > start {
            try expectNoSurrogate(at: earlierBytes + start)
            switch role {
            case .streamed: return .streamRun(start..<position)
            case .name, .value:
                try charge(position - start)
                kept.append(contentsOf: bytes[start..<position])
            case .nestedName, .nestedValue: break
            }
        }
        guard position < bytes.count else { return nil }
        let offset = earlierBytes + position
        switch bytes[position] {
        case UInt8(ascii: "\\"): state = .escape
        case UInt8(ascii: "\""):
            try expectNoSurrogate(at: offset)
            position += 1
            return try endText()
        default: throw .controlCharacter(offsetBytes: offset)
        }
        position += 1
        return nil
    }

    private mutating func endText() throws(JSONFault) -> Token? {
        state = .comma
        switch role {
        case .name:
            guard let text = String(validating: kept, as: UTF8.self) else { throw .notUTF8(member: nil) }
            try charge(Self.memberCostBytes)
            guard names.insert(text).inserted else { throw .memberRepeated(name: text) }
            name = text
            state = .colon
        case .value:
            guard let text = String(validating: kept, as: UTF8.self) else { throw .notUTF8(member: name) }
            return .text(name: name, text)
        case .streamed: return .streamEnded
        case .nestedName: state = .colon
        case .nestedValue: break
        }
        return nil
    }

    private mutating func readEscape(_ byte: UInt8, at offset: Int) throws(JSONFault) -> Token? {
        if byte == UInt8(ascii: "u") {
            digits = 0
            state = .digits(0)
            return nil
        }
        try expectNoSurrogate(at: offset)
        let scalar: Unicode.Scalar
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): scalar = Unicode.Scalar(byte)
        case UInt8(ascii: "n"): scalar = "\n"
        case UInt8(ascii: "r"): scalar = "\r"
        case UInt8(ascii: "t"): scalar = "\t"
        case UInt8(ascii: "b"): scalar = "\u{8}"
        case UInt8(ascii: "f"): scalar = "\u{C}"
        default: throw .escapeMalformed(offsetBytes: offset)
        }
        return try put(scalar)
    }

    private mutating func readDigit(_ byte: UInt8, _ count: Int, at offset: Int) throws(JSONFault) -> Token? {
        guard let digit = hexDigitValue(byte) else { throw .escapeMalformed(offsetBytes: offset) }
        digits = digits << 4 | UInt32(digit)
        guard count == 3 else {
            state = .digits(count + 1)
            return nil
        }
        if digits & 0xFC00 == 0xDC00, let high = highSurrogate {
            highSurrogate = nil
            digits = 0x1_0000 + (high & 0x3FF) << 10 + digits & 0x3FF
        }
        try expectNoSurrogate(at: offset)
        if digits & 0xFFFF_FC00 == 0xD800 {
            highSurrogate = digits
            state = .text
            return nil
        }
        guard let scalar = Unicode.Scalar(digits) else { throw .surrogateAlone(offsetBytes: offset) }
        return try put(scalar)
    }

    private mutating func put(_ scalar: Unicode.Scalar) throws(JSONFault) -> Token? {
        state = .text
        switch role {
        case .streamed: return .streamScalar(scalar)
        case .name, .value: for byte in UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter { try keep(byte) }
        case .nestedName, .nestedValue: break
        }
        return nil
    }

    private func expectNoSurrogate(at offset: Int) throws(JSONFault) {
        if highSurrogate != nil { throw .surrogateAlone(offsetBytes: offset) }
    }

    private mutating func keep(_ byte: UInt8) throws(JSONFault) {
        try charge(1)
        kept.append(byte)
    }

    private mutating func charge(_ byteCount: Int) throws(JSONFault) {
        keptBytes += byteCount
        guard keptBytes <= maximumTextBytes else { throw .textTooLong(limitBytes: maximumTextBytes) }
    }

    // MARK: Words and numbers

    private mutating func readWord(
        _ byte: UInt8, _ word: JSONWord, _ matched: Int, at offset: Int
    ) throws(JSONFault) -> Token? {
        let rest = word.rawValue.utf8.dropFirst(matched)
        guard byte == rest.first else { throw .unexpectedByte(byte, offsetBytes: offset) }
        guard rest.count == 1 else {
            state = .word(word, matched: matched + 1)
            return nil
        }
        state = .comma
        guard depth == 1 else { return nil }
        switch word {
        case .yes: return .flag(name: name, true)
        case .no: return .flag(name: name, false)
        case .null: return .null(name: name)
        }
    }

    /// A number ends with the byte behind it, which is read again.
    private mutating func readNumber(
        _ byte: UInt8, _ part: JSONNumberPart, _ position: inout Int
    ) throws(JSONFault) -> Token? {
        if let next = part.followed(by: byte) {
            if depth == 1 { try keep(byte) }
            state = .number(next)
            position += 1
            return nil
        }
        guard part.mayEnd else { throw .unexpectedByte(byte, offsetBytes: earlierBytes + position) }
        state = .comma
        return depth == 1 ? .number(name: name, String(decoding: kept, as: UTF8.self)) : nil
    }
}

/// The first quote, backslash or control character from `start` on, or the end of the bytes. Looks at 8 at a time.
private func endOfPlainText(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Int {
    let ones: UInt64 = 0x0101_0101_0101_0101
    let highs: UInt64 = 0x8080_8080_8080_8080
    var position = start
    while bytes.count - position >= 8 {
        let word = bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self)
        let quote = word ^ (ones &* 0x22)
        let backslash = word ^ (ones &* 0x5C)
        // Subtracting carries into the highest bit of a byte that is too small, and perhaps of others behind it: so
        // no mark at all is exact, and which byte is marked is not.
        let marks =
            (quote &- ones) & ~quote | (backslash &- ones) & ~backslash | (word &- (ones &* 0x20)) & ~word
        if marks & highs != 0 { break }
        position += 8
    }
    while position < bytes.count {
        let byte = bytes[position]
        if byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { break }
        position += 1
    }
    return position
}
