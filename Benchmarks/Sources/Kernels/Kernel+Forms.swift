import UploadModel
import UploadProtocols

extension Kernel {
    /// Forms and the JSON that stands in their place.
    static let forms: [Kernel] = [multipart, multipartLines, mediaItem]

    private static let boundary = "------------------------d74496d66958873e"
    /// As much as one read from a socket brings.
    private static let feedBytes = 64 << 10

    private static let multipart = Kernel(
        "multipart", "form with a file of 1 MiB of random bytes, fed in pieces of 64 KiB", iterations: 2
    ) { try scanning(file: Sample.bytes(1 << 20, seed: 2)) }

    private static let multipartLines = Kernel(
        "multipart-lines", "the same with 64 KiB of short lines, where every line end may begin a boundary",
        iterations: 2
    ) { try scanning(file: Array(String(repeating: "a line of some text\r\n", count: 3120).utf8)) }

    private static func scanning(file: [UInt8]) throws -> Work {
        let parser = try made(
            MultipartParser(contentType: "multipart/form-data; boundary=\(boundary)"), "a parser")
        let form = form(around: file)
        return { iterations in
            for _ in 0..<iterations {
                var parser = parser
                var eventCount = 0
                for start in stride(from: 0, to: form.count, by: feedBytes) {
                    let feed = form[start..<min(start + feedBytes, form.count)]
                    eventCount += try self.feed(feed, to: &parser)
                }
                try parser.end()
                guard eventCount > 4 else { throw KernelFault("the form was not read") }
            }
        }
    }

    private static func feed(_ bytes: ArraySlice<UInt8>, to parser: inout MultipartParser) throws -> Int {
        var events: [MultipartEvent] = []
        try bytes.withUnsafeBytes { raw in try parser.feed(raw, &events) }
        consume(events)
        return events.count
    }

    private static func form(around file: [UInt8]) -> [UInt8] {
        let opening = """
            --\(boundary)\r
            Content-Disposition: form-data; name="title"\r
            \r
            A title\r
            --\(boundary)\r
            Content-Disposition: form-data; name="file"; filename="holiday.mov"\r
            Content-Type: video/quicktime\r
            \r

            """
        return Array(opening.utf8) + file + Array("\r\n--\(boundary)--\r\n".utf8)
    }

    private static let mediaItem = Kernel(
        "media-item", "JSON that makes a media item of a file, for two platforms", iterations: 50
    ) {
        let text = """
            {"title": "A title", "description": "Some words about it.", "platforms": ["tiktok", "youtube"],
             "isDraft": false, "youtubeTitle": "T", "scheduledAt": "2030-01-31T18:00:00Z",
             "tiktok": {"caption": "\\u00fc", "disableDuet": true}, "fileId": "abcdefghijklmnopqrstuvwxy-_"}
            """
        let json = Array(text.utf8)
        return { iterations in
            for _ in 0..<iterations {
                let fields = try JSONForm.fields(of: json).fields
                consume(try MediaItemForm.request(from: fields, kind: .video, now: Sample.moment))
            }
        }
    }
}
