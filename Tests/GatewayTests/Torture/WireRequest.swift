import Foundation

/// A request as the clients of the crash harness send it.
struct WireRequest: Sendable {
    var method: String
    var path: String
    /// Whole lines: `Name: value`.
    var fields: [String] = []
    var body = Data()
    /// Whether the body goes without its length, in chunks.
    var isChunked = false

    /// For messages of failed expectations.
    var account: String { "\(method) \(path.prefix(120)) with \(body.count) bytes" }

    static func get(_ path: String) -> WireRequest { WireRequest(method: "GET", path: path) }

    static func delete(_ path: String) -> WireRequest { WireRequest(method: "DELETE", path: path) }

    static func json(_ method: String, _ path: String, _ value: JSON) throws -> WireRequest {
        WireRequest(
            method: method, path: path, fields: ["Content-Type: application/json"],
            body: Data(try value.encoded.utf8))
    }

    /// A file inside a form.
    struct FormFile: Sendable {
        let name: String
        let type: String
        let bytes: Data
        /// Whether it stands before the fields.
        let isFirst: Bool
    }

    static func form(_ path: String, _ fields: [(name: String, value: String)], file: FormFile? = nil) -> WireRequest {
        let boundary = "boundary-of-the-crash-harness"
        var body = Data()
        func add(_ disposition: String, _ type: String?, _ bytes: Data) {
            body += Data("--\(boundary)\r\nContent-Disposition: form-data; \(disposition)\r\n".utf8)
            if let type { body += Data("Content-Type: \(type)\r\n".utf8) }
            body += Data("\r\n".utf8) + bytes + Data("\r\n".utf8)
        }
        func addFile() {
            guard let file else { return }
            add("name=\"file\"; filename=\"\(file.name)\"", file.type, file.bytes)
        }
        if file?.isFirst == true { addFile() }
        for field in fields { add("name=\"\(field.name)\"", nil, Data(field.value.utf8)) }
        if file?.isFirst == false { addFile() }
        body += Data("--\(boundary)--\r\n".utf8)
        return WireRequest(
            method: "POST", path: path, fields: ["Content-Type: multipart/form-data; boundary=\(boundary)"], body: body)
    }

    /// Everything that goes over the wire.
    func bytes(key: String) -> Data {
        let framing = isChunked ? "Transfer-Encoding: chunked" : "Content-Length: \(body.count)"
        let lines = ["\(method) \(path) HTTP/1.1", "Host: sluice.test", "X-API-Key: \(key)", framing] + fields
        let head = Data((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8)
        guard isChunked else { return head + body }
        var all = head
        for start in stride(from: 0, to: body.count, by: 30_000) {
            let piece = body[start..<min(start + 30_000, body.count)]
            all += Data("\(String(piece.count, radix: 16))\r\n".utf8) + piece + Data("\r\n".utf8)
        }
        return all + Data("0\r\n\r\n".utf8)
    }
}

/// A promise that the gateway did not keep.
struct BrokenPromise: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

/// No answer came: whatever was asked for may have been done, or not.
struct Silence: Error {}

/// What the gateway's answers say, as far as the harness looks at it.
enum Told {
    struct Part: Decodable {
        let number: Int
        let size: Int
        let crc32c: String
    }

    struct Upload: Decodable {
        let fileId: String
        let fileName: String
        let state: String
        let receivedBytes: Int
        let accessUrl: String
        let parts: [Part]?
        let missing: [[Int]]?
    }

    struct Begun: Decodable {
        let fileId: String
        let uploadUrl: String
        let accessUrl: String
    }

    struct Uploads: Decodable {
        let uploads: [Upload]
        let nextCursor: String?
    }

    struct File: Decodable {
        let id: String
        let fileName: String
        let url: String
    }

    struct GalleryFile: Decodable {
        let id: String
        let url: String
    }

    struct Completed: Decodable {
        struct Digest: Decodable { let crc32c: String }

        let fileId: String
        let size: Int
        let digest: Digest
        let accessUrl: String
    }

    struct Item: Decodable {
        let id: String
        let fileId: String
        let accessUrl: String
    }

    struct Made: Decodable { let data: [Item] }

    struct Items: Decodable {
        let data: [Item]
        let nextCursor: String?
    }

    struct ChunkTaken: Decodable {
        struct Data: Decodable { let completed: Bool }

        let data: Data
    }

    struct ChunkStatus: Decodable {
        struct Data: Decodable {
            let exists: Bool
            let currentSize: Int
        }

        let data: Data
    }

    struct Refusal: Decodable {
        let code: String
        let missing: [[Int]]?
    }
}

extension RawAnswer {
    func told<Value: Decodable>(_ type: Value.Type) throws -> Value {
        do {
            return try JSONDecoder().decode(type, from: body)
        } catch {
            throw BrokenPromise("not to be read as \(type): \(account)")
        }
    }

    /// The value of a header field.
    subscript(_ name: String) -> String? {
        head.split(separator: "\r\n").first { $0.lowercased().hasPrefix(name.lowercased() + ":") }
            .map { $0.dropFirst(name.count + 1).trimmingCharacters(in: .whitespaces) }
    }
}
