/// The name that a client gives a file: shown to people, never used as a path.
package struct FileName: Hashable, Sendable, CustomStringConvertible {
    /// In UTF-8 bytes; what common file systems take.
    package static let maximumBytes = 255

    package let text: String

    /// `nil` when empty, too long, `.` or `..`, or holding a path separator or a control character.
    package init?(_ text: String) {
        guard (1...Self.maximumBytes).contains(text.utf8.count), text != ".", text != ".." else { return nil }
        guard
            text.unicodeScalars.allSatisfy({
                $0.value >= 0x20 && !(0x7F...0x9F).contains($0.value) && $0 != "/" && $0 != "\\"
            })
        else { return nil }
        self.text = text
    }

    /// The lower-cased letters after the last dot; `nil` when there is no dot or nothing on one side of it.
    package var fileExtension: String? {
        guard let dot = text.lastIndex(of: "."), dot != text.startIndex else { return nil }
        let after = text[text.index(after: dot)...]
        return after.isEmpty ? nil : after.lowercased()
    }

    package var description: String { text }
}
