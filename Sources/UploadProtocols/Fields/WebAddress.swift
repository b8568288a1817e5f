/// The text of a URL that a client names: a file elsewhere, a published post.
enum WebAddress {
    /// What is wrong with it, at a glance: whether it may be fetched is decided by who fetches it.
    static func objection(to text: String, maximumBytes: Int) -> String? {
        let count = text.utf8.count
        guard count <= maximumBytes else {
            return "\(FormFields.quoted(text)) has \(count) bytes; at most \(maximumBytes) are allowed."
        }
        let lower = text.lowercased()
        guard let scheme = ["http://", "https://"].first(where: lower.hasPrefix) else {
            return "\(FormFields.quoted(text)) is not an http or https URL."
        }
        let rest = text.utf8.dropFirst(scheme.utf8.count)
        let authority = rest.prefix { !"/?#".utf8.contains($0) }
        guard !authority.isEmpty else { return "\(FormFields.quoted(text)) names no host." }
        // Readers of URLs differ in what they make of these (RFC 3986 lets none of them stand).
        let isPlain = text.unicodeScalars.allSatisfy {
            $0.value > 0x20 && !(0x7F...0xA0).contains($0.value) && $0 != "\\" && $0 != "\"" && $0 != "<" && $0 != ">"
        }
        return isPlain
            ? nil : "\(FormFields.quoted(text)) holds a space or another character that must be percent-encoded."
    }
}
