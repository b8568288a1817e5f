/// Why text is no base64.
enum Base64Fault: Error, Hashable, Sendable {
    /// A byte of neither alphabet.
    case foreignByte(UInt8)
    /// A `=` where none may stand, too few of them, or digits behind them.
    case paddingMisplaced
    /// One digit stands alone at the end.
    case cutShort
}

/// Decodes base64 (RFC 4648 sections 4 and 5) as it arrives.
///
/// Tolerated: both alphabets, also mixed; padding left out; line ends and tabs anywhere; unused bits that are set, as
/// ``Base64`` does. A space is refused: it is what a form makes of a `+`, and passing over it would break the file.
struct Base64Decoder: Sendable {
    /// Of what is handed out at once, but for the last. Whole groups of three fill it.
    static let batchBytes = 48 << 10

    private static let blank: UInt8 = 64
    private static let padding: UInt8 = 65
    private static let foreign: UInt8 = 66

    /// What each byte stands for: a digit, or one of the marks above.
    private static let meanings: [UInt8] = {
        var meanings = [UInt8](repeating: foreign, count: 256)
        let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789".utf8)
        for (value, letter) in letters.enumerated() { meanings[Int(letter)] = UInt8(value) }
        for byte in "+-".utf8 { meanings[Int(byte)] = 62 }
        for byte in "/_".utf8 { meanings[Int(byte)] = 63 }
        for byte in "\r\n\t".utf8 { meanings[Int(byte)] = blank }
        meanings[Int(UInt8(ascii: "="))] = padding
        return meanings
    }()

    private var output: [UInt8] = []
    private var filledBytes = 0
    /// Digits of the group that is not whole yet.
    private var bits: UInt32 = 0
    private var digitCount = 0
    private var paddingCount = 0

    /// Decodes on.
    ///
    /// - Parameter position: where to read on; on a fault, where it is.
    /// - Returns: a full batch; `nil` when the input is read to its end.
    mutating func decode(
        _ input: UnsafeRawBufferPointer, from position: inout Int
    ) throws(Base64Fault) -> [UInt8]? {
        while position < input.count {
            // Padding comes only behind digits of a group, so here is none.
            if digitCount == 0 { decodeGroups(input, from: &position) }
            if position < input.count, filledBytes < Self.batchBytes {
                try decode(input[position])
                position += 1
            }
            if filledBytes == Self.batchBytes { return takeOutput() }
        }
        return nil
    }

    /// The input is over.
    ///
    /// - Returns: what is decoded and was not handed out yet; `nil` for nothing.
    mutating func finish() throws(Base64Fault) -> [UInt8]? {
        guard digitCount != 1 else { throw .cutShort }
        guard paddingCount == 0 || paddingCount == 4 - digitCount else { throw .paddingMisplaced }
        if digitCount >= 2 { write(bits << (6 * UInt32(4 - digitCount)), byteCount: digitCount - 1) }
        (bits, digitCount, paddingCount) = (0, 0, 0)
        return filledBytes == 0 ? nil : takeOutput()
    }

    /// Whole groups of four digits, up to the first byte that is no digit or the end of the batch.
    private mutating func decodeGroups(_ input: UnsafeRawBufferPointer, from position: inout Int) {
        prepareOutput()
        var source = position
        var target = filledBytes
        output.withUnsafeMutableBufferPointer { output in
            Self.meanings.withUnsafeBufferPointer { meanings in
                while input.count - source >= 4, target < output.count {
                    let first = meanings[Int(input[source])]
                    let second = meanings[Int(input[source + 1])]
                    let third = meanings[Int(input[source + 2])]
                    let fourth = meanings[Int(input[source + 3])]
                    guard first | second | third | fourth < Self.blank else { break }
                    output[target] = first << 2 | second >> 4
                    output[target + 1] = second << 4 | third >> 2
                    output[target + 2] = third << 6 | fourth
                    source += 4
                    target += 3
                }
            }
        }
        position = source
        filledBytes = target
    }

    private mutating func decode(_ byte: UInt8) throws(Base64Fault) {
        let meaning = Self.meanings[Int(byte)]
        switch meaning {
        case Self.blank: return
        case Self.padding:
            guard digitCount >= 2, paddingCount < 4 - digitCount else { throw .paddingMisplaced }
            paddingCount += 1
        case Self.foreign: throw .foreignByte(byte)
        default:
            guard paddingCount == 0 else { throw .paddingMisplaced }
            bits = bits << 6 | UInt32(meaning)
            digitCount += 1
            guard digitCount == 4 else { return }
            write(bits, byteCount: 3)
            (bits, digitCount) = (0, 0)
        }
    }

    /// Writes the first bytes of a group of 24 bits.
    private mutating func write(_ group: UInt32, byteCount: Int) {
        prepareOutput()
        for place in 0..<byteCount {
            output[filledBytes] = UInt8(truncatingIfNeeded: group >> UInt32(16 - 8 * place))
            filledBytes += 1
        }
    }

    private mutating func prepareOutput() {
        if output.isEmpty { output = [UInt8](repeating: 0, count: Self.batchBytes) }
    }

    private mutating func takeOutput() -> [UInt8] {
        var batch: [UInt8] = []
        swap(&batch, &output)
        batch.removeLast(batch.count - filledBytes)
        filledBytes = 0
        return batch
    }
}
