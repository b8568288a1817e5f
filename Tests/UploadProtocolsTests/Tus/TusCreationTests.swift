import HTTPTypes
import Testing
import UploadModel

@testable import UploadProtocols

/// The creation extension of tus 1.0 and those that build on it.
@Suite struct TusCreationTests {
    @Test func aLengthIsEnough() throws {
        let creation = try TusHeads.creation([("Upload-Length", "100")])
        #expect(creation.sizeBytes == 100)
        #expect(creation.concat == nil)
        #expect(creation.append == nil)
        #expect(creation.fileName.text == "upload")
        #expect(creation.declaredType == nil)
        #expect(creation.metadataJSON == nil)
        // As tuspy sends it: nothing to say, said in a field.
        #expect(try TusHeads.creation([("Upload-Length", "100"), ("Upload-Metadata", "")]) == creation)
    }

    /// creation-defer-length: 1, and nothing else; creation: one of the two, and 413 for too much.
    @Test(
        arguments: [
            ([], 400), ([("Upload-Length", "-1")], 400), ([("Upload-Length", "")], 400),
            ([("Upload-Length", "1e3")], 400),
            ([("Upload-Length", "1"), ("Upload-Length", "2")], 400), ([("Upload-Defer-Length", "0")], 400),
            ([("Upload-Defer-Length", "true")], 400), ([("Upload-Defer-Length", "")], 400),
            ([("Upload-Length", "1"), ("Upload-Defer-Length", "1")], 400),
            ([("Upload-Length", "1"), ("Upload-Concat", "")], 400),
            ([("Upload-Length", "1"), ("Upload-Concat", "Partial")], 400),
            ([("Upload-Length", "1"), ("Upload-Concat", "partial;x")], 400), ([("Upload-Concat", "partial")], 400),
            // concatenation: a final upload has no length of its own, and no bytes.
            ([("Upload-Concat", "final;/files/a"), ("Upload-Length", "5")], 400),
            ([("Upload-Concat", "final;/files/a"), ("Upload-Defer-Length", "1")], 400),
            ([("Upload-Concat", "final;/files/a"), ("Content-Length", "5"), TusHeads.bytes], 400),
            ([("Upload-Concat", "final;")], 400), ([("Upload-Concat", "final; ")], 400),
            ([("Upload-Concat", "final")], 400), ([("Upload-Concat", "final;a")], 400),
            ([("Upload-Concat", "final;/files/")], 400), ([("Upload-Concat", "final;/files")], 400),
            ([("Upload-Concat", "final;/other/a")], 400), ([("Upload-Concat", "final;ftp://h/files/a")], 400),
            ([("Upload-Concat", "final;/files/%ZZ")], 400), ([("Upload-Concat", "final;/files/é")], 400),
            ([("Upload-Concat", "final;http://h")], 400),
            // creation-with-upload.
            ([("Upload-Length", "9"), ("Content-Length", "5")], 415),
            ([("Upload-Length", "9"), ("Content-Length", "5"), ("Content-Type", "video/mp4")], 415),
            ([("Upload-Length", "9"), ("Transfer-Encoding", "chunked")], 415),
            ([("Upload-Length", "4"), ("Content-Length", "5"), TusHeads.bytes], 413),
            ([("Upload-Length", "9"), ("Upload-Metadata", "a,a")], 400),
        ] as [([(String, String)], Int)])
    func whatIsNoCreation(fields: [(String, String)], status: Int) throws {
        let refused = try fault { () throws(UploadFault) in try TusHeads.creation(fields) }
        #expect(refused.reply(.tus, requestID: "r").status.code == status)
    }

    @Test func aLengthMayComeLater() throws {
        let creation = try TusHeads.creation([("Upload-Defer-Length", "1")])
        #expect(creation.sizeBytes == nil)
    }

    /// Refused by the engine, for its size.
    @Test func aLengthBeyondAllBoundsIsTheLargest() throws {
        #expect(try TusHeads.creation([("Upload-Length", String(repeating: "9", count: 40))]).sizeBytes == .max)
    }

    @Test func theBodyMayBeTheBeginning() throws {
        for framing in [("Content-Length", "5"), ("Transfer-Encoding", "chunked")] {
            let creation = try TusHeads.creation([
                ("Upload-Length", "9"), framing, TusHeads.bytes, ("Upload-Checksum", "crc32 NSRBwg=="),
            ])
            #expect(creation.append?.offset == 0)
            #expect(creation.append?.checksum.digests == [.crc32])
        }
        // Of no bytes no type has to be told.
        #expect(try TusHeads.creation([("Upload-Length", "9"), ("Content-Length", "0")]).append == nil)
    }

    struct Naming: Sendable {
        let metadata: String
        let name: String?
        let type: String?
    }

    /// Name and type obey the rules of the other dialects; `nil` for a name that is refused.
    @Test(arguments: [
        Naming(metadata: "filename Y2xpcC5tcDQ=", name: "clip.mp4", type: "video/mp4"),
        Naming(metadata: "filename Y2xpcA==,filetype dmlkZW8vcXVpY2t0aW1l", name: "clip", type: "video/quicktime"),
        Naming(metadata: "filetype aW1hZ2UvcG5n", name: "upload", type: "image/png"),
        // Neither is told: the bytes will.
        Naming(metadata: "filename Y2xpcA==", name: "clip", type: nil),
        Naming(metadata: "caption aGk=", name: "upload", type: nil),
        // What browsers call what they do not know (`application/octet-stream`) is nothing told.
        Naming(
            metadata: "filename Y2xpcC5ta3Y=,filetype YXBwbGljYXRpb24vb2N0ZXQtc3RyZWFt", name: "clip.mkv",
            type: "video/x-matroska"),
        // `notes.txt`; `clip.mp4` as `image/png`; `clip.mp4` as `text/plain`; `a/b`.
        Naming(metadata: "filename bm90ZXMudHh0", name: nil, type: nil),
        Naming(metadata: "filename Y2xpcC5tcDQ=,filetype aW1hZ2UvcG5n", name: nil, type: nil),
        Naming(metadata: "filename Y2xpcC5tcDQ=,filetype dGV4dC9wbGFpbg==", name: nil, type: nil),
        Naming(metadata: "filename YS9i", name: nil, type: nil),
    ])
    func isNamedByItsMetadata(row: Naming) throws {
        let fields = [("Upload-Length", "9"), ("Upload-Metadata", row.metadata)]
        guard let name = row.name else {
            let refused = try fault { () throws(UploadFault) in try TusHeads.creation(fields) }
            return #expect(refused.code == .invalidRequest)
        }
        let creation = try TusHeads.creation(fields)
        #expect(creation.fileName.text == name)
        #expect(creation.declaredType?.text == row.type)
    }

    /// concatenation.
    @Test func piecesAreOfNoType() throws {
        let creation = try TusHeads.creation([
            ("Upload-Length", "9"), ("Upload-Concat", "partial"), ("Upload-Metadata", "filename bm90ZXMudHh0"),
        ])
        #expect(creation.concat == .partial)
        #expect(creation.declaredType == nil)
        #expect(creation.metadataJSON != nil)
    }

    @Test(arguments: [
        ("final;/files/a /files/b", ["a", "b"]), ("final;/files/a", ["a"]), ("final;/files/a  /files/a ", ["a", "a"]),
        ("final;http://up.example.com/files/a https://other:8080/below/files/b?x=y#z", ["a", "b"]),
        ("final;/files/a%2Db", ["a-b"]),
    ])
    func aFinalUploadNamesItsPieces(field: String, ids: [String]) throws {
        let creation = try TusHeads.creation([("Upload-Concat", field)])
        #expect(creation.concat == .final(ids))
        #expect(creation.sizeBytes == nil)
    }

    @Test func piecesAreCounted() throws {
        let most = String(repeating: "/files/a ", count: UploadRecord.maximumJoinCount)
        #expect(try TusConcat("final;" + most) != .partial)
        #expect(throws: UploadFault.self) { try TusConcat("final;/files/a " + most) }
    }
}
