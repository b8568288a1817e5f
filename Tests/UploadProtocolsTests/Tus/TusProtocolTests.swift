import HTTPTypes
import Testing
import UploadModel

@testable import UploadProtocols

/// What tus 1.0 says of every request: core protocol.
@Suite struct TusProtocolTests {
    @Test func theSpokenVersionPasses() throws {
        try TusProtocol.checkVersion(TusHeads.head(.patch, [("Tus-Resumable", "1.0.0")]))
    }

    /// "Tus-Resumable": another version is answered with 412 and those that are spoken, and not processed.
    @Test(arguments: [nil, "", "0.2.2", "1.0", "1.0.0, 1.0.0", "2.0.0"])
    func anotherVersionIsRefused(version: String?) throws {
        let head = TusHeads.head(.patch, version.map { [("Tus-Resumable", $0)] } ?? [])
        let refused = try fault { () throws(UploadFault) in try TusProtocol.checkVersion(head) }
        let reply = refused.reply(.tus, requestID: "r")
        #expect(reply.status.code == 412)
        #expect(reply.fields[.tusVersion] == "1.0.0")
    }

    struct Override: Sendable {
        let path: String
        let name: String?
        let method: HTTPRequest.Method?
    }

    /// "X-HTTP-Method-Override": the method is the one named, whatever the request's own.
    @Test(arguments: [
        Override(path: "/files/x", name: "PATCH", method: .patch),
        Override(path: "/files/x", name: "DELETE", method: .delete),
        Override(path: "/files/x", name: "HEAD", method: .head),
        Override(path: "/files", name: "POST", method: .post), Override(path: "/files/", name: "POST", method: .post),
        Override(path: "/files/x", name: nil, method: nil),
        // No method that any path has.
        Override(path: "/files/x", name: "", method: .trace), Override(path: "/files/x", name: "A B", method: .trace),
        // Elsewhere it is only a field.
        Override(path: "/", name: "PATCH", method: nil), Override(path: "/filesystem", name: "PATCH", method: nil),
        Override(path: "/api/v1/uploads/x", name: "DELETE", method: nil),
    ])
    func aFieldNamesTheMethod(row: Override) {
        let fields = row.name.map { [("X-HTTP-Method-Override", $0)] } ?? []
        for method in [HTTPRequest.Method.post, .get] {
            let head = TusHeads.head(method, fields, path: row.path)
            #expect(TusProtocol.method(of: head, path: row.path) == row.method)
        }
    }

    /// "PATCH": the body is bytes, and the offset is told.
    @Test(
        arguments: [
            ([], 415), ([("Content-Type", "application/octet-stream")], 415), ([TusHeads.bytes], 400),
            ([TusHeads.bytes, ("Upload-Offset", "")], 400), ([TusHeads.bytes, ("Upload-Offset", "-1")], 400),
            ([TusHeads.bytes, ("Upload-Offset", "+1")], 400), ([TusHeads.bytes, ("Upload-Offset", "0x1")], 400),
            ([TusHeads.bytes, ("Upload-Offset", "1.0")], 400), ([TusHeads.bytes, ("Upload-Offset", "٣")], 400),
            ([TusHeads.bytes, ("Upload-Offset", "0"), ("Upload-Offset", "0")], 400),
            ([TusHeads.bytes, ("Upload-Offset", "0"), ("Upload-Length", "ten")], 400),
            ([TusHeads.bytes, ("Upload-Offset", "0"), ("Content-Encoding", "gzip")], 415),
        ] as [([(String, String)], Int)])
    func whatIsNoAppend(fields: [(String, String)], status: Int) throws {
        let refused = try fault { () throws(UploadFault) in try TusAppend(TusHeads.head(.patch, fields)) }
        #expect(refused.reply(.tus, requestID: "r").status.code == status)
    }

    @Test func anAppendIsRead() throws {
        let plain = try TusAppend(TusHeads.head(.patch, [TusHeads.bytes, ("Upload-Offset", "70")]))
        #expect(plain.offset == 70)
        #expect(plain.sizeBytes == nil)
        #expect(!plain.checksum.isAnnounced)
        // creation-defer-length: the length comes with some PATCH.
        let last = try TusAppend(
            TusHeads.head(.patch, [TusHeads.bytes, ("Upload-Offset", "0070"), ("Upload-Length", "100")]))
        #expect(last.offset == 70)
        #expect(last.sizeBytes == 100)
        // More than 64 bits: an offset that no upload has, a length that none may have.
        let huge = String(repeating: "9", count: 30)
        #expect(try TusAppend(TusHeads.head(.patch, [TusHeads.bytes, ("Upload-Offset", huge)])).offset == .max)
    }
}
