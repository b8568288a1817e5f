import Foundation

/// The gateway itself.
final class Gateway: AppendServer {
    /// A signed link, as the gateway answers it.
    struct Link: Decodable {
        let fileId: String
        let uploadUrl: String
        let accessUrl: String
    }

    private struct Upload: Decodable { let fileId: String }
    private struct Completed: Decodable { let size: Int64 }

    let name = "sluice"
    let promise = "on the device, crc32c checked"
    let isDurable = true
    private(set) var port: UInt16 = 0
    private(set) var process: ChildProcess?
    private(set) var storage = ""
    private(set) var key = ""
    private let program: String
    private let options: [String]
    private let load: Load
    private var calls: Connection?
    /// Files that ``clear()`` deletes.
    private var stored: [String] = []

    init(_ options: Options, load: Load) {
        program = options.sluice
        self.options = options.gatewayOptions
        self.load = load
    }

    /// What differs from the defaults; the report shows it.
    static let settings = [
        "--log-level", "warning", "--max-parts", "1000000", "--max-open-uploads", "10000000",
        "--examine-media", "false",
    ]

    func start(in folder: String) throws {
        let data = folder + "/data"
        let log = folder + "/log"
        storage = data + "/files"
        port = try Connection.freePort()
        let arguments = ["serve", "--host", "127.0.0.1", "--port", "\(port)", "--data-dir", data]
        process = try ChildProcess(program, arguments + Self.settings + options, output: log, errors: log)
        try waitUntilReady(log)
        key = try String(contentsOfFile: data + "/initial-api-key", encoding: .utf8)
            .trimmingCharacters(in: .whitespacesAndNewlines)
        guard try call("GET", "/readyz").status == 200 else { throw BenchError("The gateway is not ready.") }
    }

    var authorization: (name: String, value: String) { ("X-API-Key", key) }

    /// One call, and what it answers; a connection that has ended since the last one is opened again.
    func call(_ method: String, _ target: String, body: String? = nil) throws -> Connection.Answer {
        let kept = calls
        let connection = try kept ?? Connection(port: port)
        calls = nil
        do {
            let answer = try connection.request(method, target, headers: [authorization], body: body)
            calls = connection
            return answer
        } catch  where kept != nil {
            return try call(method, target, body: body)
        }
    }

    private func decoded<Value: Decodable>(_ answer: Connection.Answer, expecting status: Int) throws -> Value {
        guard answer.status == status else {
            throw BenchError("The gateway answered \(answer.status): \(String(decoding: answer.body, as: UTF8.self))")
        }
        return try JSONDecoder().decode(Value.self, from: Data(answer.body))
    }

    // MARK: Signed links

    static let linkTarget = "/api/media/uploadUrl?fileName=bench.mp4&contentType=mp4"

    func linkRequest(bytes: Int64? = nil) -> Request {
        let size = bytes.map { "&size=\($0)" } ?? ""
        return Request(method: "GET", target: Self.linkTarget + size, headers: [authorization])
    }

    func links(_ count: Int, bytes: Int64) throws -> [Link] {
        try load.prepare(Array(repeating: linkRequest(bytes: bytes), count: count))
        let result = try load.run(on: port, connections: min(count, 64), keepsResponses: true)
        guard result.failures(expecting: [200]) == 0 else {
            throw BenchError("The gateway issued too few links: \(result.statuses)")
        }
        let decoder = JSONDecoder()
        return try load.responses().prefix(count).map { try decoder.decode(Link.self, from: Data($0.utf8)) }
    }

    /// The part of a URL that a request names.
    static func target(of url: String) throws -> String {
        guard let scheme = url.range(of: "://"), let path = url[scheme.upperBound...].firstIndex(of: "/") else {
            throw BenchError("\(url) is no URL.")
        }
        return String(url[path...])
    }

    func putRequest(_ link: Link, body: Request.Body) throws -> Request {
        Request(
            method: "PUT", target: try Self.target(of: link.uploadUrl), body: body,
            headers: [("Content-Type", "video/mp4")])
    }

    // MARK: Transfers

    func job(for transfer: Transfer, round: Int) throws -> Job {
        switch transfer.shape {
        case .files:
            let links = try links(transfer.count, bytes: transfer.bytes)
            stored += links.map(\.fileId)
            return Job(requests: try links.map { try putRequest($0, body: .generated(transfer.bytes)) })
        case .parts:
            let fileID = try create(bytes: transfer.totalBytes, partBytes: transfer.bytes)
            return Job(
                requests: partRequests(of: fileID, bytes: transfer.totalBytes, partBytes: transfer.bytes),
                finish: { try self.complete(fileID, bytes: transfer.totalBytes) })
        }
    }

    /// - Returns: the `fileId` of a new upload in parts.
    func create(bytes: Int64, partBytes: Int64) throws -> String {
        let body = #"{"fileName":"bench.mp4","contentType":"video/mp4","size":\#(bytes),"partSize":\#(partBytes)}"#
        let upload: Upload = try decoded(call("POST", "/api/v1/uploads", body: body), expecting: 201)
        stored.append(upload.fileId)
        return upload.fileId
    }

    func partRequests(of fileID: String, bytes: Int64, partBytes: Int64) -> [Request] {
        stride(from: 0, to: bytes, by: Int64.Stride(partBytes)).enumerated().map { index, offset in
            Request(
                method: "PUT", target: "/api/v1/uploads/\(fileID)/parts/\(index + 1)",
                body: .generated(min(partBytes, bytes - offset)), headers: [authorization])
        }
    }

    let appendDialects = AppendDialect.allCases
    var appendAuthorization: [(name: String, value: String)] { [authorization] }

    func keep(_ target: String) { stored += target.split(separator: "/").suffix(1).map(String.init) }

    func complete(_ fileID: String, bytes: Int64) throws {
        let completed: Completed = try decoded(call("POST", "/api/v1/uploads/\(fileID)/complete"), expecting: 200)
        guard completed.size == bytes else {
            throw BenchError("The gateway completed \(completed.size) bytes of \(bytes).")
        }
    }

    func clear() throws {
        for fileID in stored {
            let answer = try call("DELETE", "/api/media/\(fileID)")
            guard [200, 404].contains(answer.status) else {
                throw BenchError("The gateway did not delete a file: \(answer.status)")
            }
        }
        stored = []
    }
}
