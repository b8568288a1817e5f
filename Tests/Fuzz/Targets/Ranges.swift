import HTTPTypes
import UploadModel

@testable import UploadProtocols

/// Range and condition fields: every answer lies inside its file and says so.
enum Ranges {
    static func check(_ bytes: [UInt8]) throws {
        var input = FuzzInput(bytes)
        let sizeBytes = input.integer() & .max
        let method = input.choice(of: [HTTPRequest.Method.get, .head])
        let lines = input.lines(5)
        try checkField(lines[0], sizeBytes)
        try checkTags(lines[2])
        guard let name = FileName("a b.mov") else { return }
        let upload = Uploads.file(name, sizeBytes: sizeBytes)
        var request = HTTPRequest(method: method, scheme: nil, authority: nil, path: "/")
        let names: [HTTPField.Name] = [.range, .ifRange, .ifNoneMatch, .ifMatch, .ifModifiedSince]
        for (name, line) in zip(names, lines) where !line.isEmpty { request.headerFields[name] = line }
        try checkReply(FileReply(request, upload: upload), request, upload)
    }

    private static func checkField(_ field: String, _ sizeBytes: Int64) throws {
        guard case .partial(let range) = RangeField.evaluate(field, sizeBytes: sizeBytes) else { return }
        try claim(range.length > 0 && range.end <= sizeBytes, "\(range) is not in \(sizeBytes) bytes")
        let exact = "bytes=\(range.start)-\(range.end - 1)"
        try claim(RangeField.evaluate(exact, sizeBytes: sizeBytes) == .partial(range), "\(exact) is another range")
        let tail = RangeField.evaluate("bytes=\(range.start)-", sizeBytes: sizeBytes)
        let rest = ByteRange(start: range.start, length: sizeBytes - range.start)
        try claim(tail == .partial(rest), "\(tail) is not the rest")
    }

    private static func checkTags(_ field: String) throws {
        guard case .tags(let tags) = EntityTagList(field) else { return }
        for tag in tags {
            try claim(EntityTag(tag.description) == tag, "\(tag) is read as another tag")
            try claim(Precondition.ifNoneMatch(field, current: tag) == false, "\(tag) is not found in its list")
            try claim(
                Precondition.ifMatch(field, current: tag) == !tag.isWeak || tags.count > 1, "\(tag) matches wrongly")
        }
    }

    private static func checkReply(_ reply: FileReply, _ request: HTTPRequest, _ upload: UploadRecord) throws {
        let size = upload.receivedBytes
        let fields = reply.head.headerFields
        let length = fields[.contentLength].flatMap { Int64($0) }
        switch reply.head.status {
        case .ok: try claim(length == size, "200 with \(String(describing: length)) bytes")
        case .partialContent:
            guard let range = reply.body else { throw Violation(description: "206 without bytes") }
            try claim(range.length > 0 && range.end <= size, "\(range) is not in \(size) bytes")
            try claim(length == range.length, "206 with a length of \(String(describing: length))")
            let told = RangeField.contentRange(range, sizeBytes: size)
            try claim(fields[.contentRange] == told, "206 with \(String(describing: fields[.contentRange]))")
        case .rangeNotSatisfiable:
            try claim(fields[.contentRange] == "bytes */\(size)" && length == 0, "416 with \(fields)")
        case .notModified, .preconditionFailed: try claim(length == nil, "\(reply.head.status) with a length")
        default: throw Violation(description: "status \(reply.head.status)")
        }
        let mayHaveBody = [.ok, .partialContent].contains(reply.head.status) && request.method == .get
        try claim(reply.body == nil || mayHaveBody, "\(reply.head.status) with bytes")
        if request.method == .head { try claim(reply.head.status != .partialContent, "HEAD has no ranges") }
    }
}
