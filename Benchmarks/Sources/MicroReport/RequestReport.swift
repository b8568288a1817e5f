import Foundation

/// A call as clients make it, over a connection that is kept.
enum RequestKind: String, CaseIterable {
    case health = "GET /healthz"
    case grant = "GET /api/media/uploadUrl"
    case signedPut = "the same, then a signed PUT of 4 KiB"
    case part = "PUT of a part of 64 KiB"

    private static let partBytes = 64 << 10

    /// Makes the call so many times. What has to be done before it is the same for every number up to `most`.
    func perform(_ times: Int, most: Int, on gateway: GatewayProcess) throws {
        let connection = try Connection(port: gateway.port)
        let key = ["X-API-Key": try gateway.key()]
        let query = "/api/media/uploadUrl?fileName=a.mov&contentType=mov&size=4096"
        switch self {
        case .health:
            for _ in 0..<times { try connection.call("GET", "/healthz", expecting: 200) }
        case .grant:
            for _ in 0..<times { try connection.call("GET", query, key, expecting: 200) }
        case .signedPut:
            for _ in 0..<times {
                let url = try connection.call("GET", query, key, expecting: 200).text("uploadUrl")
                guard let path = url.range(of: "/upload/") else { throw ReportFault("no target in \(url)") }
                try connection.call(
                    "PUT", String(url[path.lowerBound...]), ["Content-Type": "video/quicktime"],
                    body: Self.quickTime(4096), expecting: 200)
            }
        case .part:
            let announcement = """
                {"fileName":"a.mov","contentType":"mov","size":\((most + 1) * Self.partBytes),\
                "partSize":\(Self.partBytes)}
                """
            let id = try connection.call(
                "POST", "/api/v1/uploads", key, body: Array(announcement.utf8), expecting: 201
            ).text("fileId")
            let bytes = [UInt8](repeating: 7, count: Self.partBytes)
            for number in 2..<times + 2 {
                try connection.call("PUT", "/api/v1/uploads/\(id)/parts/\(number)", key, body: bytes, expecting: 204)
            }
        }
    }

    /// As much of a film as the gateway looks at.
    private static func quickTime(_ count: Int) -> [UInt8] {
        let opening: [UInt8] = [0, 0, 0, 20] + Array("ftypqt  ".utf8) + [0, 0, 2, 0] + Array("qt  ".utf8)
        return opening + [UInt8](repeating: 0, count: count - opening.count)
    }
}

/// What whole requests cost a real gateway, sockets, disk and catalog included. Its threads take turns as the machine
/// lets them, so this is told and not judged, and callgrind, which crashes on them, is left out.
struct RequestReport {
    let gateway: String
    let library: String
    let folder: URL

    private static let times = 1000

    func table() throws -> Table {
        var table = Table(header: ["request", "allocations", "bytes"])
        for kind in RequestKind.allCases {
            let once = try count(kind, Self.times)
            let twice = try count(kind, 2 * Self.times)
            func each(_ difference: Int) -> String { String(format: "%.1f", Double(difference) / Double(Self.times)) }
            table.add([kind.rawValue, each(twice.calls - once.calls), each(twice.bytes - once.bytes)])
        }
        return table
    }

    private func count(_ kind: RequestKind, _ times: Int) throws -> (calls: Int, bytes: Int) {
        let process = try GatewayProcess(gateway, counter: library, in: folder)
        try kind.perform(times, most: 2 * Self.times, on: process)
        return try process.stop()
    }
}
