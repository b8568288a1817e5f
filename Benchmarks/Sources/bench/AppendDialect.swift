/// How an upload is sent in order, in one request or in several.
enum AppendDialect: String, CaseIterable {
    case tus
    case resumable

    /// The request that begins an upload and brings none of its bytes.
    func creation(bytes: Int64) -> Request {
        switch self {
        case .tus:
            Request(
                method: "POST", target: "/files/",
                headers: [
                    version, ("Upload-Length", "\(bytes)"),
                    ("Upload-Metadata", "filename YmVuY2gubXA0,filetype dmlkZW8vbXA0"),
                ])
        case .resumable:
            Request(
                method: "POST", target: "/uploads",
                headers: [("Upload-Complete", "?0"), ("Upload-Length", "\(bytes)"), ("Content-Type", "video/mp4")])
        }
    }

    /// The request that brings the bytes from an offset on.
    func append(_ target: String, offset: Int64, bytes: Int64, of total: Int64) -> Request {
        var request = Request(
            method: "PATCH", target: target, body: .generated(bytes), headers: [("Upload-Offset", "\(offset)")])
        switch self {
        case .tus: request.headers += [version, ("Content-Type", "application/offset+octet-stream")]
        case .resumable:
            request.headers += [
                ("Upload-Complete", offset + bytes == total ? "?1" : "?0"),
                ("Content-Type", "application/partial-upload"),
            ]
        }
        return request
    }

    /// Of the requests that ask how far it has come, or end it.
    var questionHeaders: [(name: String, value: String)] { self == .tus ? [version] : [] }

    private var version: (name: String, value: String) { ("Tus-Resumable", "1.0.0") }
}

/// A server that takes uploads in order.
protocol AppendServer: Server {
    var appendDialects: [AppendDialect] { get }
    /// What every request carries.
    var appendAuthorization: [(name: String, value: String)] { get }
    /// Learns of an upload that ``Server/clear()`` is to delete.
    func keep(_ target: String)
}

extension AppendServer {
    /// - Returns: where the bytes of a new upload go.
    func begin(_ dialect: AppendDialect, bytes: Int64) throws -> String {
        let creation = dialect.creation(bytes: bytes)
        let answer = try Connection(port: port).request(
            creation.method, creation.target, headers: creation.headers + appendAuthorization, body: "")
        guard answer.status == 201, let location = answer.headers["location"] else {
            throw BenchError("\(name) made no upload: \(answer.status) \(String(decoding: answer.body, as: UTF8.self))")
        }
        let target = location.hasPrefix("/") ? location : try Gateway.target(of: location)
        keep(target)
        return target
    }

    /// The request that brings bytes from an offset on; all that are left unless told otherwise.
    func appending(
        _ dialect: AppendDialect, _ target: String, offset: Int64, bytes: Int64? = nil, of total: Int64
    ) -> Request {
        var request = dialect.append(target, offset: offset, bytes: bytes ?? total - offset, of: total)
        request.headers += appendAuthorization
        return request
    }

    /// All requests of an upload in pieces of one size.
    func job(_ dialect: AppendDialect, bytes total: Int64, pieceBytes: Int64) throws -> Job {
        let target = try begin(dialect, bytes: total)
        let offsets = stride(from: 0, to: total, by: Int64.Stride(pieceBytes))
        return Job(
            requests: offsets.map { offset in
                appending(dialect, target, offset: offset, bytes: min(pieceBytes, total - offset), of: total)
            })
    }
}
