import HTTPTypes
import UploadModel
import UploadProtocols

extension Kernel {
    /// From what was done to the head and the body of the answer.
    static let replies: [Kernel] = [fault, storedPart, createdUpload, fileRange]

    private static let fault = Kernel("reply-fault", "fault with two wrong fields, as JSON", iterations: 100) {
        let fields = [
            FieldFault(field: "size", message: "size is larger than maxSize."),
            FieldFault(field: "fileName", message: "The extension .mov contradicts the type image/png; use .png."),
        ]
        let fault = UploadFault(.invalidRequest, "Two fields are wrong.", fields: fields)
        return { iterations in
            for _ in 0..<iterations { consume(responseHead(of: fault.reply(.problem, requestID: Sample.requestID))) }
        }
    }

    private static let storedPart = Kernel("reply-part", "answer to a part that is stored", iterations: 500) {
        { iterations in
            for _ in 0..<iterations { consume(responseHead(of: PartsReplies.stored(Sample.checksum))) }
        }
    }

    private static let createdUpload = Kernel("reply-upload", "answer to an announced upload, as JSON", iterations: 100)
    {
        let upload = try Sample.upload(PartLayout(partSizeBytes: 8 << 20, partCount: 512, sizeBytes: 4 << 30))
        return { iterations in
            for _ in 0..<iterations {
                consume(
                    responseHead(of: PartsReplies.created(upload, uploadURL: "https://a.test", address: Sample.address))
                )
            }
        }
    }

    private static let fileRange = Kernel("reply-range", "head of a range of a finished file", iterations: 100) {
        let upload = try Sample.complete(sizeBytes: 4 << 30)
        let head = Sample.head(
            .get, "/media/abcdefghijklmnopqrstuvwxy-_/holiday.mov",
            [(.range, "bytes=1048576-2097151"), (.ifNoneMatch, "\"00000000-1\"")])
        return { iterations in
            for _ in 0..<iterations { consume(FileReply(head, upload: upload)) }
        }
    }

    /// What the gateway adds to every reply before it goes out.
    static func responseHead(of reply: Reply) -> HTTPResponse {
        var fields = reply.fields
        fields[.requestID] = Sample.requestID
        fields[.date] = HTTPDate.text(Sample.moment)
        if reply.status.code != 204 { fields[.contentLength] = String(reply.body.count) }
        return HTTPResponse(status: reply.status, headerFields: fields)
    }
}
