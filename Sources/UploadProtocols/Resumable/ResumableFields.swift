package import HTTPTypes
import RawStructuredFieldValues

extension HTTPField.Name {
    package static let uploadComplete = known("Upload-Complete")
    package static let uploadIncomplete = known("Upload-Incomplete")
    package static let uploadOffset = known("Upload-Offset")
    package static let uploadLength = known("Upload-Length")
    package static let uploadLimit = known("Upload-Limit")
    package static let uploadDraftInteropVersion = known("Upload-Draft-Interop-Version")
    package static let acceptPatch = known("Accept-Patch")
}

/// Items of structured fields (RFC 9651 section 3.3). A value that is none, or of another type, is as good as no field
/// at all (draft, "Upload-Offset", "Upload-Complete", "Upload-Length").
enum StructuredItem {
    /// The largest integer that a structured field can carry.
    static let largestInteger: Int64 = 999_999_999_999_999

    static func integer(_ value: String?) -> Int64? {
        guard case .integer(let integer) = bareItem(value) else { return nil }
        return integer
    }

    /// Offsets and lengths, in bytes.
    static func byteCount(_ value: String?) -> Int64? { integer(value).flatMap { $0 < 0 ? nil : $0 } }

    static func boolean(_ value: String?) -> Bool? {
        guard case .bool(let flag) = bareItem(value) else { return nil }
        return flag
    }

    static func text(_ flag: Bool) -> String { flag ? "?1" : "?0" }

    private static func bareItem(_ value: String?) -> RFC9651BareItem? {
        guard let value else { return nil }
        var parser = StructuredFieldValueParser(Array(value.utf8))
        return (try? parser.parseItemFieldValue())?.rfc9651BareItem
    }
}
