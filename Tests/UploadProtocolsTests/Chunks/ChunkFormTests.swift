import HTTPTypes
import Testing
import UploadModel
import UploadProtocols

@Suite struct ChunkFormTests {
    static func form(_ fields: [(String, String)]) throws(UploadFault) -> ChunkForm {
        var form = ChunkForm()
        for (name, value) in fields { try form.take(name, value) }
        return form
    }

    static let fields = [("chunkIndex", "2"), ("totalChunks", "5"), ("fileId", "video-1")]

    @Test(arguments: [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]])
    func takesAnyOrder(order: [Int]) throws {
        var form = ChunkForm()
        for place in order {
            #expect(!form.isComplete)
            try form.take(Self.fields[place].0, Self.fields[place].1)
        }
        #expect(form.isComplete)
        let chunk = try form.chunk()
        #expect(chunk.reference == "video-1")
        #expect(chunk.index == 2)
        #expect(chunk.count == 5)
    }

    @Test func knowsItsFields() {
        for name in ["chunkIndex", "totalChunks", "fileId"] { #expect(ChunkForm.isField(name)) }
        for name in ["file", "chunkindex", "fileID", "", "total"] { #expect(!ChunkForm.isField(name)) }
    }

    @Test(arguments: ["chunkIndex", "totalChunks", "fileId"])
    func refusesAFieldTwice(name: String) throws {
        for value in ["2", "video-1"] {
            let fault = try fault { () throws(UploadFault) in try Self.form(Self.fields + [(name, value)]) }
            #expect(fault.code == .invalidRequest)
            #expect(fault.fields.map(\.field) == [name])
        }
    }

    @Test(arguments: [
        ("0", "1", 0, 1), ("007", "10", 7, 10), ("9223372036854775806", "9223372036854775807", .max - 1, .max),
    ])
    func takesNumbers(index: String, count: String, wantedIndex: Int, wantedCount: Int) throws {
        let chunk = try Self.form([("chunkIndex", index), ("totalChunks", count), ("fileId", "é x/…")]).chunk()
        #expect(chunk.index == wantedIndex)
        #expect(chunk.count == wantedCount)
        #expect(chunk.reference == "é x/…")
    }

    static let refused: [(index: String?, count: String?, reference: String?, fields: [String])] = [
        (nil, "5", "a", ["chunkIndex"]), ("0", nil, "a", ["totalChunks"]), ("0", "5", nil, ["fileId"]),
        (nil, nil, nil, ["fileId", "chunkIndex", "totalChunks"]), ("0", "5", "", ["fileId"]),
        ("", "", "", ["fileId", "chunkIndex", "totalChunks"]), ("-1", "5", "a", ["chunkIndex"]),
        ("0", "0", "a", ["totalChunks"]), ("0", "-5", "a", ["totalChunks"]), ("1.0", "5", "a", ["chunkIndex"]),
        ("1e0", "5", "a", ["chunkIndex"]), ("0x1", "5", "a", ["chunkIndex"]), (" 1", "5", "a", ["chunkIndex"]),
        ("1 ", "5", "a", ["chunkIndex"]), ("١", "5", "a", ["chunkIndex"]), ("one", "5", "a", ["chunkIndex"]),
        ("1\n", "5", "a", ["chunkIndex"]), ("9223372036854775808", "5", "a", ["chunkIndex"]),
        ("0", "99999999999999999999999", "a", ["totalChunks"]), ("5", "5", "a", ["chunkIndex"]),
        ("9223372036854775807", "9223372036854775807", "a", ["chunkIndex"]),
        ("-1", "0", "a", ["chunkIndex", "totalChunks"]),
    ]

    @Test(arguments: refused.indices)
    func refuses(index: Int) throws {
        let row = Self.refused[index]
        let given = [("chunkIndex", row.index), ("totalChunks", row.count), ("fileId", row.reference)]
        let form = try Self.form(given.compactMap { name, value in value.map { (name, $0) } })
        let fault = try fault { () throws(UploadFault) in try form.chunk() }
        #expect(fault.code == .invalidRequest)
        #expect(fault.fields.map(\.field) == row.fields)
        for field in fault.fields { #expect(fault.detail.contains(field.message)) }
    }
}

@Suite struct ChunkRepliesTests {
    @Test func acknowledgesAChunk() throws {
        let reply = ChunkReplies.received(index: 0)
        #expect(reply.status == .ok)
        #expect(
            reply.text == #"{"data":{"chunkIndex":0,"completed":false},"message":"Chunk received","success":true}"#)
        #expect(
            try Wire(reply) == [
                "success": true, "data": ["completed": false, "chunkIndex": 0], "message": "Chunk received",
            ])
    }

    @Test func acknowledgesTheChunkThatCompletes() throws {
        let reply = ChunkReplies.completed(reference: "vidéo/1")
        #expect(reply.status == .ok)
        #expect(
            reply.text == #"{"data":{"completed":true,"fileId":"vidéo/1"},"message":"Upload complete","success":true}"#)
        #expect(
            try Wire(reply) == [
                "success": true, "data": ["completed": true, "fileId": "vidéo/1"], "message": "Upload complete",
            ])
    }

    @Test(arguments: [(true, 5_368_709_120 as Int64), (false, 0), (true, 0)])
    func tellsWhereAnUploadStands(exists: Bool, size: Int64) throws {
        let reply = ChunkReplies.status(reference: "a\"b", exists: exists, prefixBytes: size)
        #expect(reply.status == .ok)
        #expect(
            reply.text
                == #"{"data":{"currentSize":\#(size),"exists":\#(exists),"fileId":"a\"b"},"success":true}"#)
        #expect(
            try Wire(reply) == [
                "success": true, "data": ["exists": .flag(exists), "currentSize": .integer(size), "fileId": "a\"b"],
            ])
    }
}
