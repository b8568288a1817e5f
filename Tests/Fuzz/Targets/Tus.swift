import HTTPTypes
import UploadModel

@testable import UploadProtocols

/// Heads of tus: what is taken is kept as it came, and means one thing.
enum Tus {
    static func check(_ bytes: [UInt8]) throws {
        var input = FuzzInput(bytes)
        let method = input.choice(of: [HTTPRequest.Method.post, .patch])
        let isInChunks = input.choice(below: 2) == 1
        let lines = input.lines(7)
        var head = HTTPRequest(method: method, scheme: nil, authority: nil, path: "/files")
        let names: [HTTPField.Name] = [
            .tusMetadata, .tusConcat, .tusLength, .tusDeferLength, .tusOffset, .tusChecksum, .trailer,
        ]
        for (name, line) in zip(names, lines) where !line.isEmpty { head.headerFields[name] = line }
        head.headerFields[.contentType] = TusProtocol.bytesType
        if isInChunks { head.headerFields[.transferEncoding] = "chunked" }
        try checkCreation(head, isInChunks: isInChunks)
        try checkAppend(head)
    }

    private static func checkCreation(_ head: HTTPRequest, isInChunks: Bool) throws {
        let limits = UploadLimits()
        guard let creation = try? TusCreation(head, formats: .known, limits: limits) else { return }
        try claim(creation.sizeBytes ?? 0 >= 0, "a file of \(creation.sizeBytes ?? 0) bytes")
        try claim((creation.append != nil) == isInChunks, "the body is not as it is framed")
        if case .final(let ids) = creation.concat {
            try claim((1...UploadRecord.maximumJoinCount).contains(ids.count), "made of \(ids.count) others")
            try claim(creation.sizeBytes == nil && creation.append == nil, "a final upload with bytes of its own")
        }
        if creation.concat == .partial { try claim(creation.declaredType == nil, "a piece with a type") }
        // An upload gives back what was said of it.
        var upload = Uploads.file(creation.fileName, sizeBytes: 1)
        upload.metadataJSON = creation.metadataJSON
        upload.way = creation.concat == nil ? .sequential : creation.concat == .partial ? .partial : .joined
        let fields = TusReplies.standing(upload).fields
        let metadata = head.headerFields[.tusMetadata]
        let said = metadata.flatMap { text in text.allSatisfy { $0 == " " } ? nil : text }
        try claim(fields[.tusMetadata] == said, "\(said ?? "nothing") came back otherwise")
        try claim(fields[.tusConcat] == head.headerFields[.tusConcat], "its pieces came back otherwise")
    }

    private static func checkAppend(_ head: HTTPRequest) throws {
        guard let append = try? TusAppend(head) else { return }
        try claim(append.offset >= 0 && append.sizeBytes ?? 0 >= 0, "bytes for \(append.offset)")
        try claim(append.checksum.isAnnounced == !append.checksum.digests.isEmpty, "a digest that nobody computes")
        guard let expected = try? append.checksum.expected(trailers: head.headerFields) else { return }
        try claim(append.checksum.digests.isSuperset(of: expected.keys), "a digest that nobody computes")
        for (algorithm, digest) in expected {
            try claim(digest.algorithm == algorithm, "\(digest) stands for \(algorithm)")
        }
    }
}
