import HTTPTypes
import UploadModel

@testable import UploadProtocols

/// Heads of Resumable Uploads: what cannot be read is as good as absent, and what is read stands within its bounds.
enum Resumable {
    private static let names: [HTTPField.Name] = [
        .uploadDraftInteropVersion, .uploadComplete, .uploadIncomplete, .uploadOffset, .uploadLength, .contentDigest,
        .wantReprDigest,
    ]

    static func check(_ bytes: [UInt8]) throws {
        var input = FuzzInput(bytes)
        let method = input.choice(of: [HTTPRequest.Method.post, .patch])
        let declared = input.choice(of: [nil, 0, 70, Int64.max])
        let lines = input.lines(names.count)
        var head = HTTPRequest(method: method, scheme: nil, authority: nil, path: "/uploads")
        for (name, line) in zip(names, lines) where !line.isEmpty { head.headerFields[name] = line }
        head.headerFields[.contentType] = ResumableAppend.mediaType
        let version = ResumableVersion(of: head)
        if let number = version.interop {
            try claim([3, 5, 6, 7, 8, 9].contains(number), "version \(number) is spoken")
        }
        try checkCreation(head, version, declared)
        try checkAppend(head, version, declared)
    }

    private static func checkCreation(_ head: HTTPRequest, _ version: ResumableVersion, _ declared: Int64?) throws {
        let isAsked = ResumableCreation.isAsked(head)
        guard let creation = try? ResumableCreation(head, declaredBytes: declared) else { return }
        try claim(creation.version == version, "two versions of one head")
        try claim((creation.end != nil) == isAsked, "asked for and not heard")
        try checkLength(creation.sizeBytes)
        if creation.end == true, let size = creation.sizeBytes, let declared {
            try claim(size == declared, "\(size) and \(declared) bytes for one file")
        }
        let known = creation.knownBytes(declaredBytes: declared)
        try claim(known == creation.sizeBytes || creation.end != false, "\(known ?? 0) bytes of who knows what")
    }

    private static func checkAppend(_ head: HTTPRequest, _ version: ResumableVersion, _ declared: Int64?) throws {
        guard let append = try? ResumableAppend(head) else { return }
        try checkLength(append.offset)
        try checkLength(append.sizeBytes)
        try claim(head.headerFields[.uploadOffset] != nil, "an offset that nobody sent")
        for length in [0, append.offset, Int64.max] {
            guard case .finalAnswer = append.afterEnd(of: length, declaredBytes: declared) else { continue }
            let (end, overflow) = append.offset.addingReportingOverflow(declared ?? 0)
            try claim(append.endsFile && !overflow && end == length, "the answer of other bytes")
        }
    }

    /// RFC 9651 section 3.3.1.
    private static func checkLength(_ bytes: Int64?) throws {
        guard let bytes else { return }
        try claim((0...999_999_999_999_999).contains(bytes), "\(bytes) bytes")
    }
}
