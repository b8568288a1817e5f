package import UploadModel

/// What a `Range` field asks of a file of known size.
package enum RangeOutcome: Hashable, Sendable {
    /// The whole file, status 200: no range, or one that is ignored.
    case full
    /// These bytes, status 206. Never empty.
    case partial(ByteRange)
    /// Nothing of what is asked exists: status 416.
    case unsatisfiable
}

/// `Range` and `Content-Range` (RFC 9110 section 14).
package enum RangeField {
    /// Reads `bytes=first-last`, `bytes=first-` or `bytes=-suffix` against a size in bytes.
    ///
    /// Several ranges, another unit and malformed values are ignored, as RFC 9110 section 14.2 allows.
    package static func evaluate(_ value: String?, sizeBytes: Int64) -> RangeOutcome {
        guard let value, let equals = value.firstIndex(of: "="),
            trimmingBlanks(value[..<equals]).lowercased() == "bytes"
        else { return .full }
        // A recipient takes a list with empty elements (RFC 9110 section 5.6.1.2).
        let specs = value[value.index(after: equals)...].split(separator: ",").map(trimmingBlanks)
            .filter { !$0.isEmpty }
        guard specs.count == 1, let spec = specs.first, let dash = spec.firstIndex(of: "-") else { return .full }
        let left = spec[..<dash]
        let right = spec[spec.index(after: dash)...]
        if left.isEmpty {
            guard let suffix = number(right) else { return .full }
            if suffix == 0 { return .unsatisfiable }
            // The last bytes of an empty file are that file, and no Content-Range can say so.
            if sizeBytes == 0 { return .full }
            let length = min(suffix, sizeBytes)
            return .partial(ByteRange(start: sizeBytes - length, length: length))
        }
        guard let first = number(left) else { return .full }
        var last = Int64.max
        if !right.isEmpty {
            guard let given = number(right), given >= first else { return .full }
            last = given
        }
        guard first < sizeBytes else { return .unsatisfiable }
        return .partial(ByteRange(start: first, length: min(last, sizeBytes - 1) - first + 1))
    }

    /// `bytes 0-9/100`.
    ///
    /// - Precondition: the range is not empty and lies inside the file.
    package static func contentRange(_ range: ByteRange, sizeBytes: Int64) -> String {
        precondition(range.length > 0 && range.end <= sizeBytes, "Content-Range cannot tell \(range) of \(sizeBytes)")
        return "bytes \(range.start)-\(range.end - 1)/\(sizeBytes)"
    }

    /// `bytes */100`, for an answer with status 416.
    package static func unsatisfiedContentRange(sizeBytes: Int64) -> String { "bytes */\(sizeBytes)" }

    /// Digits only; what does not fit is larger than every file and is taken as the largest number.
    private static func number(_ text: Substring) -> Int64? {
        guard !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return Int64(text) ?? .max
    }
}
