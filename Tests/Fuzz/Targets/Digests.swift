import HTTPTypes
import UploadModel

@testable import UploadProtocols

/// Structured fields with digests: what is read is written and read as the same.
enum Digests {
    static func check(_ bytes: [UInt8]) throws {
        let input = FuzzInput(bytes)
        let lines = input.lines(2)
        for line in lines { try checkField(line) }
        var request = HTTPRequest(method: .put, scheme: nil, authority: nil, path: "/")
        for (name, line) in zip([HTTPField.Name.reprDigest, .contentDigest], lines) where !line.isEmpty {
            request.headerFields[name] = line
        }
        if let expected = try? BodyDigests.expected(request, names: [.reprDigest, .contentDigest]) {
            for line in lines.compactMap({ try? DigestField.parse($0) }) {
                for (algorithm, digest) in line { try claim(expected[algorithm] == digest, "\(digest) is lost") }
            }
        }
    }

    private static func checkField(_ field: String) throws {
        let wanted = DigestField.wanted(field)
        try claim(wanted.allSatisfy { field.contains($0.rawValue) }, "\(wanted) of \(field)")
        guard let digests = try? DigestField.parse(field) else { return }
        for (algorithm, digest) in digests {
            let isWhole = digest.algorithm == algorithm && digest.bytes.count == algorithm.byteCount
            try claim(isWhole, "\(digest) stands for \(algorithm)")
            try claim(Digest(algorithm, hex: digest.hex) == digest, "\(digest.hex) is another digest")
        }
        let text = DigestField.serialize(digests.values)
        guard !digests.isEmpty else { return try claim(text.isEmpty, "nothing is written as \(text)") }
        try claim(try DigestField.parse(text) == digests, "\(text) is read as something else")
    }
}
