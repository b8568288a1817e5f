import Foundation
import Testing

/// An upload that was created by tus.
struct TusUpload: Sendable {
    /// As `Location` had it.
    let url: String
    let path: String

    init(_ created: CurlAnswer, of gateway: RunningGateway) throws {
        url = try #require(created["Location"], "\(created.account)")
        path = String(url.dropFirst(gateway.base.count))
        try #require(url.hasPrefix(gateway.base + "/files/"), "\(url)")
    }

    var id: String { String(path.dropFirst("/files/".count).prefix { $0 != "?" }) }
}

/// tus 1.0 as its clients speak it.
extension RunningGateway {
    /// A request of tus with the version that is spoken.
    ///
    /// - Parameters:
    ///   - fields: as on the wire, `Upload-Offset: 0`.
    ///   - body: bytes of the upload, with their type.
    func tus(
        _ method: String, _ path: String, _ fields: [String] = [], body: Data? = nil, key: String? = nil
    ) async throws -> CurlAnswer {
        var arguments = (["Tus-Resumable: 1.0.0"] + fields).flatMap { ["-H", $0] }
        var files: [String] = []
        defer { Scratch.remove(files) }
        if let body {
            let file = try Scratch.file("bytes", holding: body)
            files.append(file)
            arguments += ["-H", "Content-Type: application/offset+octet-stream", "--data-binary", "@\(file)"]
        }
        return try await call(method, path, key: key ?? self.key, arguments)
    }

    /// Creates an upload, which must be taken.
    func createdTus(_ fields: [String], body: Data? = nil, key: String? = nil) async throws -> TusUpload {
        let answer = try await tus("POST", "/files", fields, body: body, key: key)
        try #require(answer.status == 201, "\(answer.account)")
        return try TusUpload(answer, of: self)
    }

    /// Creates an upload of an mp4.
    func createdTus(film bytes: Int) async throws -> TusUpload {
        try await createdTus(["Upload-Length: \(bytes)", "Upload-Metadata: \(Tus.film)"])
    }

    /// Where an upload stands.
    func tusOffset(_ upload: TusUpload, key: String? = nil) async throws -> Int {
        let answer = try await tus("HEAD", upload.path, key: key)
        try #require(answer.status == 200, "\(answer.account)")
        return try #require(answer["Upload-Offset"].flatMap { Int($0) })
    }

    func tusPatch(
        _ upload: TusUpload, at offset: Int, _ bytes: Data, _ fields: [String] = [], key: String? = nil
    ) async throws -> CurlAnswer {
        try await tus("PATCH", upload.path, ["Upload-Offset: \(offset)"] + fields, body: bytes, key: key)
    }

    /// The head of a PATCH for a bare connection.
    func tusPatchHead(_ upload: TusUpload, at offset: Int, _ framing: String...) -> String {
        let fields =
            [
                "Host: a", "X-API-Key: \(key)", "Tus-Resumable: 1.0.0", "Upload-Offset: \(offset)",
                "Content-Type: application/offset+octet-stream",
            ] + framing
        return "PATCH \(upload.path) HTTP/1.1\r\n\(fields.joined(separator: "\r\n"))\r\n\r\n"
    }

    /// The file that an upload became.
    func tusBytes(_ upload: TusUpload) async throws -> Data? {
        try await bytes(try #require(try await status(upload.id)["accessUrl"].string))
    }

    enum Tus {
        /// `filename film.mp4`, `filetype video/mp4`
        static let film = "filename ZmlsbS5tcDQ=,filetype dmlkZW8vbXA0"
    }
}
