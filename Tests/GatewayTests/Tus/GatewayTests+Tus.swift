import Foundation
import Testing

extension GatewayTests {
    /// tus 1.0 over real sockets: core protocol, creation, metadata, deferred length, termination, override.
    @Suite(.gateway) struct Tus {
        /// One request and what it is answered, of an upload of 10 bytes of which 4 are here.
        struct Row: Sendable, CustomTestStringConvertible {
            let say: String
            let method: String
            /// `ID` stands for the upload.
            let path: String
            var fields: [String] = []
            var version: String? = "1.0.0"
            var body: String?
            var key: String?
            let status: Int
            /// Fields of the answer; an empty value for one that must not be there.
            var answer: [String: String] = [:]

            var testDescription: String { say }
        }

        private static let bytes = "Content-Type: application/offset+octet-stream"

        static let rows: [Row] = [
            Row(
                say: "OPTIONS needs no version and no key", method: "OPTIONS", path: "/files/", version: nil, key: "",
                status: 204,
                answer: [
                    "Tus-Version": "1.0.0", "Tus-Resumable": "1.0.0", "Tus-Max-Size": "137438953472",
                    "Tus-Checksum-Algorithm": "sha1,sha256,sha512,md5,crc32,crc32c",
                    "Tus-Extension": "creation,creation-with-upload,creation-defer-length,expiration,checksum,"
                        + "checksum-trailer,termination,concatenation,concatenation-unfinished",
                ]),
            Row(
                say: "HEAD tells where it stands", method: "HEAD", path: "/files/ID", status: 200,
                answer: [
                    "Upload-Offset": "4", "Upload-Length": "10", "Cache-Control": "no-store", "Tus-Resumable": "1.0.0",
                ]),
            Row(
                say: "a version that is not spoken", method: "HEAD", path: "/files/ID", version: "0.2.2", status: 412,
                answer: ["Tus-Version": "1.0.0", "Tus-Resumable": "1.0.0", "Upload-Offset": ""]),
            Row(
                say: "no version", method: "PATCH", path: "/files/ID", fields: ["Upload-Offset: 4", bytes],
                version: nil, body: "abc", status: 412, answer: ["Tus-Version": "1.0.0"]),
            Row(
                say: "no key", method: "HEAD", path: "/files/ID", key: "", status: 401,
                answer: ["WWW-Authenticate": "Bearer", "Tus-Resumable": "1.0.0", "Upload-Offset": ""]),
            Row(
                say: "no upload", method: "HEAD", path: "/files/AAAAAAAAAAAAAAAAAAAAAAAAAAA", status: 404,
                answer: ["Upload-Offset": "", "Tus-Resumable": "1.0.0"]),
            Row(
                say: "no upload to write to", method: "PATCH", path: "/files/AAAAAAAAAAAAAAAAAAAAAAAAAAA",
                fields: ["Upload-Offset: 0", bytes], body: "abc", status: 404),
            Row(
                say: "another type of body", method: "PATCH", path: "/files/ID",
                fields: ["Upload-Offset: 4", "Content-Type: application/octet-stream"], body: "abc", status: 415),
            Row(say: "no offset", method: "PATCH", path: "/files/ID", fields: [bytes], body: "abc", status: 400),
            Row(
                say: "an offset before", method: "PATCH", path: "/files/ID", fields: ["Upload-Offset: 3", bytes],
                body: "abc", status: 409),
            Row(
                say: "an offset behind", method: "PATCH", path: "/files/ID", fields: ["Upload-Offset: 5", bytes],
                body: "abc", status: 409),
            Row(
                say: "more bytes than the file has", method: "PATCH", path: "/files/ID",
                fields: ["Upload-Offset: 4", bytes], body: "abcdefg", status: 413),
            Row(
                say: "another length", method: "PATCH", path: "/files/ID",
                fields: ["Upload-Offset: 4", "Upload-Length: 11", bytes], body: "abc", status: 400),
            Row(
                say: "an algorithm that is not known", method: "PATCH", path: "/files/ID",
                fields: ["Upload-Offset: 4", "Upload-Checksum: sha3 qZk=", bytes], body: "abc", status: 400),
            Row(
                say: "a checksum of other bytes", method: "PATCH", path: "/files/ID",
                fields: ["Upload-Offset: 4", "Upload-Checksum: sha1 qZk+NkcGgWq6PiVxeFDCbJzQ2J0=", bytes], body: "abd",
                status: 460),
            Row(say: "a creation without a length", method: "POST", path: "/files", status: 400),
            Row(
                say: "a creation with two", method: "POST", path: "/files",
                fields: ["Upload-Length: 1", "Upload-Defer-Length: 1"], status: 400),
            Row(
                say: "a creation that is too large", method: "POST", path: "/files",
                fields: ["Upload-Length: 137438953473"], status: 413),
            Row(
                say: "metadata that are none", method: "POST", path: "/files",
                fields: ["Upload-Length: 1", "Upload-Metadata: a,a"], status: 400),
            Row(
                say: "a type that is not taken", method: "POST", path: "/files",
                fields: ["Upload-Length: 1", "Upload-Metadata: filename bm90ZXMudHh0"], status: 400),
            Row(
                say: "GET is not spoken", method: "GET", path: "/files/ID", status: 405,
                answer: ["Allow": "DELETE, HEAD, OPTIONS, PATCH", "Tus-Resumable": "1.0.0"]),
            Row(
                say: "below are only links", method: "DELETE", path: "/files/ID/more", status: 405,
                answer: ["Allow": "HEAD, OPTIONS, POST", "Tus-Resumable": "1.0.0"]),
            Row(
                say: "and nothing below them", method: "HEAD", path: "/files/ID/more/yet", status: 404,
                answer: ["Tus-Resumable": "1.0.0"]),
            Row(
                say: "an override of no method", method: "POST", path: "/files/ID",
                fields: ["X-HTTP-Method-Override: GRAB"], status: 405),
            Row(
                say: "HEAD in the guise of POST", method: "POST", path: "/files/ID",
                fields: ["X-HTTP-Method-Override: HEAD"], status: 200, answer: ["Upload-Offset": "4"]),
            Row(
                say: "the next bytes, in the guise of POST", method: "POST", path: "/files/ID",
                fields: ["X-HTTP-Method-Override: PATCH", "Upload-Offset: 4", bytes], body: "abc", status: 204,
                answer: ["Upload-Offset": "7", "Tus-Resumable": "1.0.0"]),
            Row(
                say: "the next bytes", method: "PATCH", path: "/files/ID", fields: ["Upload-Offset: 4", bytes],
                body: "abcdef", status: 204, answer: ["Upload-Offset": "10", "Tus-Resumable": "1.0.0"]),
            Row(say: "its end", method: "DELETE", path: "/files/ID", status: 204, answer: ["Tus-Resumable": "1.0.0"]),
        ]

        @Test(arguments: rows)
        func `what is asked is answered as the specification says`(row: Row) async throws {
            let gateway = try RunningGateway.shared
            let upload = try await gateway.createdTus(["Upload-Length: 10"], body: Data("0123".utf8))
            var fields = row.fields
            if let version = row.version { fields.append("Tus-Resumable: \(version)") }
            let answer = try await gateway.call(
                row.method, row.path.replacing("ID", with: upload.id), key: row.key ?? gateway.key,
                fields.flatMap { ["-H", $0] } + (row.body.map { ["--data-binary", $0] } ?? []))
            #expect(answer.status == row.status, "\(answer.account)")
            #expect(answer.exitCode == 0, "\(answer.account)")
            for (name, value) in row.answer {
                #expect(answer[name] ?? "" == value, "\(name)")
            }
            guard !(200..<300).contains(row.status) else { return }
            if row.method != "HEAD" {
                #expect(answer["Content-Type"]?.hasPrefix("text/plain") == true)
                #expect(answer.text.hasSuffix("\n") && answer.text.dropLast().allSatisfy { !$0.isNewline })
            }
            // Whatever was refused changed nothing.
            #expect(try await gateway.tusOffset(upload) == 4)
        }

        @Test func `a file comes in pieces and is a file`() async throws {
            let gateway = try RunningGateway.shared
            let whole = try Scratch.bytes(try Samples.shared.film(sizeBytes: 2_345_678))
            let created = try await gateway.tus(
                "POST", "/files/", ["Upload-Length: \(whole.count)", "Upload-Metadata: \(RunningGateway.Tus.film)"])
            #expect(created.status == 201, "\(created.account)")
            #expect(created["Upload-Offset"] == nil)
            let upload = try TusUpload(created, of: gateway)
            let expiry = try #require(created["Upload-Expires"])
            #expect(expiry.wholeMatch(of: /\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT/) != nil)
            for (start, end) in [(0, 1), (1, 700_000), (700_000, 700_000), (700_000, whole.count)] {
                let answer = try await gateway.tusPatch(upload, at: start, whole[start..<end])
                #expect(answer.status == 204, "\(answer.account)")
                #expect(answer["Upload-Offset"] == "\(end)")
                #expect((answer["Upload-Expires"] == nil) == (end == whole.count))
                #expect(try await gateway.tusOffset(upload) == end)
            }
            #expect(try await gateway.tusBytes(upload) == whole)
            let status = try await gateway.status(upload.id)
            #expect(status["state"] == "complete")
            #expect(status["contentType"] == "video/mp4")
            #expect(status["fileName"] == "film.mp4")
            #expect(status["digest"]["crc32c"].string == Checksums.hex(Checksums.crc32c(whole)))
            let item = try await gateway.finalize("videos", ["fileId=\(upload.id)", "platforms=youtube"])
            #expect(item.status == 201, "\(item.account)")
        }

        @Test func `metadata come back as they went`() async throws {
            let gateway = try RunningGateway.shared
            let text = "filename w6kubXA0,empty, odd /w==,filetype dmlkZW8vbXA0"
            let upload = try await gateway.createdTus(["Upload-Length: 9", "Upload-Metadata: \(text)"])
            #expect(try await gateway.tus("HEAD", upload.path)["Upload-Metadata"] == text)
            #expect(try await gateway.status(upload.id)["fileName"] == "é.mp4")
            let silent = try await gateway.createdTus(["Upload-Length: 9", "Upload-Metadata;"])
            #expect(try await gateway.tus("HEAD", silent.path)["Upload-Metadata"] == nil)
        }

        /// creation-defer-length.
        @Test func `a length may come later, once`() async throws {
            let gateway = try RunningGateway.shared
            let whole = try Scratch.bytes(try Samples.shared.film(sizeBytes: 300_000))
            let upload = try await gateway.createdTus([
                "Upload-Defer-Length: 1", "Upload-Metadata: \(RunningGateway.Tus.film)",
            ])
            let fresh = try await gateway.tus("HEAD", upload.path)
            #expect(fresh["Upload-Defer-Length"] == "1")
            #expect(fresh["Upload-Length"] == nil)
            #expect(try await gateway.tusPatch(upload, at: 0, whole[..<100_000]).status == 204)
            let known = try await gateway.tusPatch(
                upload, at: 100_000, whole[100_000..<200_000], ["Upload-Length: 300000"])
            #expect(known.status == 204, "\(known.account)")
            let standing = try await gateway.tus("HEAD", upload.path)
            #expect(standing["Upload-Length"] == "300000")
            #expect(standing["Upload-Defer-Length"] == nil)
            let other = try await gateway.tusPatch(upload, at: 200_000, whole[200_000...], ["Upload-Length: 300001"])
            #expect(other.status == 400, "\(other.account)")
            #expect(try await gateway.tusPatch(upload, at: 200_000, whole[200_000...]).status == 204)
            #expect(try await gateway.tusBytes(upload) == whole)
        }

        /// creation-defer-length, as tus-js-client ends a stream: the length comes when all bytes are here.
        @Test func `a length may come last, and alone`() async throws {
            let gateway = try RunningGateway.shared
            let upload = try await gateway.createdTus(["Upload-Defer-Length: 1"], body: Data("abc".utf8))
            let early = try await gateway.tusPatch(upload, at: 3, Data(), ["Upload-Length: 2"])
            #expect(early.status == 400, "\(early.account)")
            #expect(try await gateway.status(upload.id)["state"] == "receiving")
            let last = try await gateway.tusPatch(upload, at: 3, Data(), ["Upload-Length: 3"])
            #expect(last.status == 204, "\(last.account)")
            #expect(last["Upload-Offset"] == "3")
            #expect(try await gateway.tusBytes(upload) == Data("abc".utf8))
        }

        /// creation-with-upload.
        @Test func `the body of a creation is the beginning`() async throws {
            let gateway = try RunningGateway.shared
            let whole = try Scratch.bytes(try Samples.shared.film(sizeBytes: 300_000))
            let fields = ["Upload-Length: 300000", "Upload-Metadata: \(RunningGateway.Tus.film)"]
            let all = try await gateway.tus("POST", "/files", fields + ["Expect: 100-continue"], body: whole)
            #expect(all.status == 201, "\(all.account)")
            #expect(all.heads.first?.status == 100)
            #expect(all["Upload-Offset"] == "300000")
            #expect(all["Upload-Expires"] == nil)
            #expect(try await gateway.tusBytes(TusUpload(all, of: gateway)) == whole)
            let some = try await gateway.tus("POST", "/files", fields, body: whole[..<1000])
            #expect(some["Upload-Offset"] == "1000")
            let upload = try TusUpload(some, of: gateway)
            #expect(try await gateway.tusPatch(upload, at: 1000, whole[1000...]).status == 204)
            #expect(try await gateway.tusBytes(upload) == whole)
        }

        @Test func `a creation that fails leaves nothing`() async throws {
            let gateway = try RunningGateway.shared
            let key = try await gateway.newKey(tenant: "nothing-left")
            let fields = ["Upload-Length: 3"]
            let wrong = try await gateway.tus(
                "POST", "/files", fields + ["Upload-Checksum: crc32 AAAAAA=="], body: Data("abc".utf8), key: key)
            #expect(wrong.status == 460, "\(wrong.account)")
            let long = try await gateway.tus("POST", "/files", fields, body: Data("abcd".utf8), key: key)
            #expect(long.status == 413, "\(long.account)")
            let picture = try Scratch.bytes(try Samples.shared.png)
            let lie = try await gateway.tus(
                "POST", "/files", ["Upload-Length: \(picture.count)", "Upload-Metadata: \(RunningGateway.Tus.film)"],
                body: picture, key: key)
            #expect(lie.status == 415, "\(lie.account)")
            let open = try await gateway.call("GET", "/api/v1/uploads", key: key)
            #expect(try open.json["uploads"] == [])
        }

        /// creation: nothing more has to come.
        @Test func `an empty file is complete at once`() async throws {
            let gateway = try RunningGateway.shared
            let upload = try await gateway.createdTus(["Upload-Length: 0"])
            #expect(try await gateway.tusOffset(upload) == 0)
            #expect(try await gateway.status(upload.id)["state"] == "complete")
            #expect(try await gateway.tusBytes(upload) == Data())
        }

        @Test func `bytes of another type end it`() async throws {
            let gateway = try RunningGateway.shared
            let picture = try Scratch.bytes(try Samples.shared.png)
            let upload = try await gateway.createdTus(film: picture.count)
            let answer = try await gateway.tusPatch(upload, at: 0, picture)
            #expect(answer.status == 415, "\(answer.account)")
            let gone = try await gateway.tus("HEAD", upload.path)
            #expect(gone.status == 410, "\(gone.account)")
            #expect(gone["Upload-Offset"] == nil)
        }

        /// Where neither name nor type is told.
        @Test func `bytes tell the type`() async throws {
            let gateway = try RunningGateway.shared
            let picture = try Scratch.bytes(try Samples.shared.png)
            let upload = try await gateway.createdTus(["Upload-Length: \(picture.count)"])
            #expect(try await gateway.tusPatch(upload, at: 0, picture).status == 204)
            let status = try await gateway.status(upload.id)
            #expect(status["contentType"] == "image/png")
            #expect(status["fileName"] == "upload.png")
        }

        /// termination, of an upload and of the file that it became.
        @Test func `what is ended is gone`() async throws {
            let gateway = try RunningGateway.shared
            let part = try await gateway.createdTus(["Upload-Length: 10"], body: Data("abc".utf8))
            let whole = try await gateway.createdTus(["Upload-Length: 3"], body: Data("abc".utf8))
            for upload in [part, whole] {
                let ended = try await gateway.tus("POST", upload.path, ["X-HTTP-Method-Override: DELETE"])
                #expect(ended.status == 204, "\(ended.account)")
                for answer in [
                    try await gateway.tus("HEAD", upload.path), try await gateway.tus("DELETE", upload.path),
                    try await gateway.tusPatch(upload, at: 3, Data("def".utf8)),
                ] {
                    #expect(answer.status == 410, "\(answer.account)")
                    #expect(answer["Upload-Offset"] == nil)
                }
            }
        }

        /// termination: also of what becomes a file in the same moment.
        @Test func `what is about to be complete is ended`() async throws {
            let gateway = try RunningGateway.shared
            let pieces = try Pieces(try Samples.shared.mp4, sizeBytes: 1 << 20)
            let begun = try await gateway.begun(pieces)
            try await gateway.putParts(begun.fileID, pieces, [1])
            // Nothing can be recorded before both have been asked for.
            let holder = try await CatalogHolder.start("\(gateway.folder)/catalog.sqlite")
            async let completion = gateway.complete(begun.fileID)
            for _ in 0..<10 { _ = try await gateway.status(begun.fileID) }
            async let end = gateway.tus("DELETE", "/files/\(begun.fileID)")
            for _ in 0..<10 { _ = try await gateway.status(begun.fileID) }
            try await holder.letGo()
            let (last, ended) = (try await completion, try await end)
            #expect([200, 410].contains(last.status), "\(last.account)")
            #expect(ended.status == 204, "\(ended.account)")
            #expect(try await gateway.tus("HEAD", "/files/\(begun.fileID)").status == 410)
            #expect(try await gateway.bytes(begun.accessURL) == nil)
        }

        @Test func `another tenant's upload is none`() async throws {
            let gateway = try RunningGateway.shared
            let stranger = try await gateway.newKey(tenant: "tus-stranger")
            let upload = try await gateway.createdTus(["Upload-Length: 10"], body: Data("abc".utf8))
            let piece = try await gateway.createdTus(["Upload-Length: 3", "Upload-Concat: partial"])
            let none = "/files/AAAAAAAAAAAAAAAAAAAAAAAAAAA"
            for path in [upload.path, none] {
                for (method, fields, body) in [
                    ("HEAD", [], nil), ("PATCH", ["Upload-Offset: 3"], Data("d".utf8)), ("DELETE", [], nil),
                ] as [(String, [String], Data?)] {
                    let answer = try await gateway.tus(method, path, fields, body: body, key: stranger)
                    #expect(answer.status == 404, "\(method) \(answer.account)")
                    #expect(answer["Upload-Offset"] == nil)
                }
            }
            for path in [piece.path, none] {
                let joined = try await gateway.tus("POST", "/files", ["Upload-Concat: final;\(path)"], key: stranger)
                #expect(joined.status == 404, "\(joined.account)")
            }
            #expect(try await gateway.tusOffset(upload) == 3)
        }

        @Test func `an upload in parts has no offset that is taken next`() async throws {
            let gateway = try RunningGateway.shared
            let pieces = try Pieces(try Samples.shared.film(sizeBytes: 500_000), sizeBytes: 200_000)
            let begun = try await gateway.begun(pieces)
            try await gateway.putParts(begun.fileID, pieces, [1, 3])
            let standing = try await gateway.tus("HEAD", "/files/\(begun.fileID)")
            #expect(standing.status == 403, "\(standing.account)")
            #expect(standing["Upload-Offset"] == nil)
            let refused = try await gateway.tus(
                "PATCH", "/files/\(begun.fileID)", ["Upload-Offset: 200000"], body: pieces.bytes(2))
            #expect(refused.status == 403, "\(refused.account)")
            try await gateway.putParts(begun.fileID, pieces, [2])
            #expect(try await gateway.complete(begun.fileID).status == 200)
            #expect(try await gateway.tus("HEAD", "/files/\(begun.fileID)")["Upload-Offset"] == "500000")
        }
    }
}
