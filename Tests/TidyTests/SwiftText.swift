/// A Swift source seen in two ways, each with the line breaks and columns of the original.
///
/// It knows comments (nested ones too), strings (several lines, raw, with interpolations) and `#/…/#` regular
/// expressions. A bare `/…/` with a quote in it may hide the rest of its own line, no more. Good enough for C too.
struct SwiftText {
    /// Without comments and without the contents of strings; code inside an interpolation stays.
    let code: [String]
    /// Without comments only.
    let uncommented: [String]

    init(_ text: String) {
        var scanner = Scanner(bytes: Array(text.utf8))
        scanner.scanCode(insideInterpolation: false)
        code = Self.lines(scanner.code)
        uncommented = Self.lines(scanner.uncommented)
    }

    private static func lines(_ bytes: [UInt8]) -> [String] {
        String(decoding: bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }
}

/// Walks over the bytes once and overwrites with spaces what a view does not show.
private struct Scanner {
    let bytes: [UInt8]
    var code: [UInt8]
    var uncommented: [UInt8]
    private var at = 0

    init(bytes: [UInt8]) {
        self.bytes = bytes
        self.code = bytes
        self.uncommented = bytes
    }

    private func starts(_ text: StaticString, at index: Int) -> Bool {
        guard index + text.utf8CodeUnitCount <= bytes.count else { return false }
        return (0..<text.utf8CodeUnitCount).allSatisfy { bytes[index + $0] == text.utf8Start[$0] }
    }

    private func hashes(at index: Int) -> Int {
        bytes[index...].prefix { $0 == UInt8(ascii: "#") }.count
    }

    /// Steps over `count` bytes that no code view shows, line breaks excepted.
    private mutating func skip(_ count: Int, comment: Bool) {
        let end = min(at + count, bytes.count)
        while at < end {
            if bytes[at] != UInt8(ascii: "\n") {
                code[at] = UInt8(ascii: " ")
                if comment { uncommented[at] = UInt8(ascii: " ") }
            }
            at += 1
        }
    }

    /// Ends at the end of the text, or at the parenthesis that closes an interpolation.
    mutating func scanCode(insideInterpolation: Bool) {
        var depth = 0
        while at < bytes.count {
            if starts("//", at: at) {
                skip(bytes[at...].prefix { $0 != UInt8(ascii: "\n") }.count, comment: true)
            } else if starts("/*", at: at) {
                skipBlockComment()
            } else if bytes[at] == UInt8(ascii: "\"") {
                scanString(hashes: 0)
            } else if bytes[at] == UInt8(ascii: "#") {
                let count = hashes(at: at)
                if starts("\"", at: at + count) {
                    at += count
                    scanString(hashes: count)
                } else if starts("/", at: at + count) {
                    at += count + 1
                    while at < bytes.count, !closes("/", hashes: count) { skip(1, comment: false) }
                    at += 1
                } else {
                    at += count
                }
            } else {
                if bytes[at] == UInt8(ascii: "(") { depth += 1 }
                if bytes[at] == UInt8(ascii: ")") {
                    if insideInterpolation && depth == 0 { return }
                    depth -= 1
                }
                at += 1
            }
        }
    }

    private mutating func skipBlockComment() {
        var depth = 0
        repeat {
            if starts("/*", at: at) {
                depth += 1
                skip(2, comment: true)
            } else if starts("*/", at: at) {
                depth -= 1
                skip(2, comment: true)
            } else {
                skip(1, comment: true)
            }
        } while depth > 0 && at < bytes.count
    }

    private func closes(_ delimiter: StaticString, hashes count: Int) -> Bool {
        starts(delimiter, at: at)
            && (count == 0
                || at + delimiter.utf8CodeUnitCount < bytes.count
                    && hashes(at: at + delimiter.utf8CodeUnitCount) >= count)
    }

    /// Begins at the opening quote. A string of one line that is not closed ends with its line.
    private mutating func scanString(hashes count: Int) {
        let delimiter: StaticString = starts("\"\"\"", at: at) ? "\"\"\"" : "\""
        at += delimiter.utf8CodeUnitCount
        while at < bytes.count {
            if closes(delimiter, hashes: count) {
                at += delimiter.utf8CodeUnitCount + count
                return
            }
            if bytes[at] == UInt8(ascii: "\n") && delimiter.utf8CodeUnitCount == 1 { return }
            let isEscape = bytes[at] == UInt8(ascii: "\\") && at + 1 < bytes.count && hashes(at: at + 1) >= count
            if isEscape && starts("(", at: at + 1 + count) {
                skip(2 + count, comment: false)
                scanCode(insideInterpolation: true)
                skip(1, comment: false)
            } else {
                skip(isEscape ? 2 + count : 1, comment: false)
            }
        }
    }
}
