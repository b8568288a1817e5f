import Foundation
import Testing

/// An upload of three pieces that began in one way, for others to go on with.
struct SharedUpload: Sendable {
    let gateway: RunningGateway
    let pieces: Pieces
    let id: String
    /// How many bytes of it are here.
    var hereBytes = 0
    /// Of a link that takes the whole file.
    var linkPath: String?
    /// Where it goes on without a key.
    var signedPath: String?
    /// Bytes of it are on their way over this connection, and the rest of the request.
    var running: (conversation: Conversation, rest: Data)?

    static func begin(_ beginning: Beginning, _ gateway: RunningGateway) async throws -> SharedUpload {
        let pieces = try Pieces(try Samples.shared.film(sizeBytes: 550_000), sizeBytes: 200_000)
        return switch beginning {
        case .emptyParts: try await parts(gateway, pieces, count: 0)
        case .parts: try await parts(gateway, pieces, count: 1)
        case .chunks: try await chunks(gateway, pieces)
        case .plainPut: try await plainPut(gateway, pieces)
        case .resumablePut: try await resumable(gateway, pieces, link: try await gateway.link("fileName=film.mp4"))
        case .resumableGrant:
            try await resumable(
                gateway, pieces,
                link: try await gateway.granted(["protocol": "resumable", "fileName": "film.mp4"]).link)
        case .resumable: try await resumable(gateway, pieces, link: nil)
        case .tus:
            try await tus(
                gateway, pieces, ["Upload-Defer-Length: 1", "Upload-Metadata: \(RunningGateway.Tus.film)"])
        case .tusGrant: try await tusGrant(gateway, pieces)
        case .tusPartial: try await tus(gateway, pieces, ["Upload-Length: 550000", "Upload-Concat: partial"])
        case .tusFinal: try await tusFinal(gateway, pieces)
        case .form: try await form(gateway, pieces)
        }
    }

    // MARK: Beginnings

    private static func parts(_ gateway: RunningGateway, _ pieces: Pieces, count: Int) async throws -> SharedUpload {
        let begun = try await gateway.begun(pieces)
        if count > 0 { try await gateway.putParts(begun.fileID, pieces, 1...count) }
        return SharedUpload(
            gateway: gateway, pieces: pieces, id: begun.fileID, hereBytes: count * pieces.sizeBytes,
            linkPath: GatewayTests.Isolation.path(of: begun.uploadURL))
    }

    private static func chunks(_ gateway: RunningGateway, _ pieces: Pieces) async throws -> SharedUpload {
        let alias = "shared-\(UUID().uuidString)"
        let answer = try await gateway.postChunk(pieces.paths[0], 0, of: pieces.paths.count, id: alias)
        try #require(answer.status == 200, "\(answer.account)")
        let id = try #require(try await gateway.status(alias)["fileId"].string)
        return SharedUpload(gateway: gateway, pieces: pieces, id: id, hereBytes: pieces.sizeBytes)
    }

    private static func plainPut(_ gateway: RunningGateway, _ pieces: Pieces) async throws -> SharedUpload {
        let link = try await gateway.link("fileName=film.mp4")
        let conversation = try gateway.conversation()
        try await conversation.send(gateway.linkHead(link, bytes: pieces.whole.count))
        try await conversation.send(pieces.bytes(1))
        return try await SharedUpload(
            gateway: gateway, pieces: pieces, id: link.fileID,
            linkPath: GatewayTests.Isolation.path(of: link.uploadURL),
            running: (conversation, pieces.whole.dropFirst(pieces.sizeBytes))
        ).received()
    }

    private static func resumable(
        _ gateway: RunningGateway, _ pieces: Pieces, link: Link?
    ) async throws -> SharedUpload {
        let client = ResumableClient(
            gateway: gateway, interop: 9, fields: link == nil ? ["X-API-Key: \(gateway.key)"] : [])
        let creation = try await client.exchange(
            link == nil ? "POST" : "PUT", link?.uploadURL ?? "/uploads?fileName=film.mp4",
            ["Content-Type: video/mp4", client.end(false)], body: pieces.bytes(1))
        try #require(creation.final.status == 201, "\(creation.account)")
        let path = GatewayTests.Isolation.path(of: try #require(creation.final["Location"]))
        let id = try #require(path.split(separator: "/").last?.split(separator: "?").first)
        return SharedUpload(
            gateway: gateway, pieces: pieces, id: String(id), hereBytes: pieces.sizeBytes,
            linkPath: link.map { GatewayTests.Isolation.path(of: $0.uploadURL) },
            signedPath: link == nil ? nil : path)
    }

    private static func tus(
        _ gateway: RunningGateway, _ pieces: Pieces, _ fields: [String]
    ) async throws -> SharedUpload {
        let upload = try await gateway.createdTus(fields, body: pieces.bytes(1))
        return SharedUpload(gateway: gateway, pieces: pieces, id: upload.id, hereBytes: pieces.sizeBytes)
    }

    private static func tusGrant(_ gateway: RunningGateway, _ pieces: Pieces) async throws -> SharedUpload {
        let link = try await gateway.granted(["protocol": "tus", "fileName": "film.mp4"]).link
        let created = try await gateway.tus(
            "POST", GatewayTests.Isolation.path(of: link.uploadURL), ["Upload-Defer-Length: 1"],
            body: pieces.bytes(1), key: "")
        return SharedUpload(
            gateway: gateway, pieces: pieces, id: link.fileID, hereBytes: pieces.sizeBytes,
            signedPath: try TusUpload(created, of: gateway).path)
    }

    /// Of two, of which one is not whole yet.
    private static func tusFinal(_ gateway: RunningGateway, _ pieces: Pieces) async throws -> SharedUpload {
        let first = try await gateway.createdTus(
            ["Upload-Length: 200000", "Upload-Concat: partial"], body: pieces.bytes(1))
        let second = try await gateway.createdTus(["Upload-Length: 350000", "Upload-Concat: partial"])
        let upload = try await gateway.createdTus(["Upload-Concat: final;\(first.path) \(second.path)"])
        return SharedUpload(gateway: gateway, pieces: pieces, id: upload.id)
    }

    private static func form(_ gateway: RunningGateway, _ pieces: Pieces) async throws -> SharedUpload {
        let boundary = "b0undary"
        let head = Data(
            """
            --\(boundary)\r
            Content-Disposition: form-data; name="file"; filename="film.mp4"\r
            Content-Type: video/mp4\r
            \r\n
            """.utf8)
        let tail = Data("\r\n--\(boundary)--\r\n".utf8)
        let known = Set(try await ids(gateway))
        let conversation = try gateway.conversation()
        try await conversation.send(
            "POST /api/media/upload HTTP/1.1\r\nHost: a\r\nX-API-Key: \(gateway.key)\r\n"
                + "Content-Type: multipart/form-data; boundary=\(boundary)\r\n"
                + "Content-Length: \(head.count + pieces.whole.count + tail.count)\r\n\r\n")
        try await conversation.send(head + pieces.bytes(1))
        var id: String?
        try await eventually("the form's file is an upload") {
            id = try await ids(gateway).first { !known.contains($0) }
            return id != nil
        }
        return SharedUpload(
            gateway: gateway, pieces: pieces, id: try #require(id),
            running: (conversation, pieces.whole.dropFirst(pieces.sizeBytes) + tail))
    }

    private static func ids(_ gateway: RunningGateway) async throws -> [String] {
        let list = try await gateway.get("/api/v1/uploads").json["uploads"]
        return list.entries.compactMap { $0["fileId"].string }
    }

    /// The link is claimed.
    private func received() async throws -> SharedUpload {
        try await eventually("the request has begun") {
            try await gateway.status(id)["state"] == "receiving"
        }
        return self
    }
}
