import Foundation

/// W13: how soon a client goes on whose first connection still holds its upload.
///
/// The first connection sends a part of its body, and then either nothing more, as one does that the network has
/// forgotten, or as fast as it can. On a second connection the client asks how far it has come and sends the next piece
/// from there: what is timed is the first call, and both together. Or it ends the upload.
struct TakeoverWorkload: Workload {
    let name = WorkloadName.w13
    let place = Place.disk
    let sizes: Sizes
    let peers: Set<PeerName> = [.tusd]

    private static let fileBytes = Sizes.gibibyte
    private static let pieceBytes = 64 << 10

    enum Call: String, CaseIterable {
        case head = "HEAD"
        case headAndPatch = "HEAD and PATCH"
        case delete = "DELETE"
    }

    static func variant(_ dialect: AppendDialect, _ hold: Holder.Hold, _ call: Call) -> String {
        "\(dialect.rawValue), \(hold.rawValue), \(call.rawValue)"
    }

    var title: String {
        "\(sizes.takeoverCount) times each: a connection in the middle of a PATCH, silent or flowing, and how long until "
            + "another one has a true offset, has its next \(Sizes.label(Int64(Self.pieceBytes))) accepted there, or has "
            + "ended the upload"
    }

    func neededBytes(servers: Int, rounds: Int) -> Int64 { 4 * Self.fileBytes }

    func run(on stage: Stage, into samples: inout [Sample]) throws {
        for server in stage.servers.compactMap({ $0 as? any AppendServer }) {
            for dialect in server.appendDialects {
                for hold in Holder.Hold.allCases {
                    samples += try measure(server, dialect, hold)
                }
            }
        }
    }

    private func measure(
        _ server: any AppendServer, _ dialect: AppendDialect, _ hold: Holder.Hold
    ) throws -> [Sample] {
        var times: [Call: [Double]] = [:]
        for _ in 0..<sizes.takeoverCount {
            let (head, both) = try goOn(server, dialect, hold)
            times[.head, default: []].append(head)
            times[.headAndPatch, default: []].append(both)
            times[.delete, default: []].append(try end(server, dialect, hold))
        }
        try server.clear()
        return Call.allCases.map { call in
            let taken = times[call] ?? []
            let variant = Self.variant(dialect, hold, call)
            var sample = Sample(Series(workload: name, place: place, variant: variant), server, round: 1)
            sample.requests = taken.count
            sample.seconds = taken.reduce(0, +) / 1000
            sample.milliseconds = Latency(of: taken)
            sample.callMilliseconds = taken
            Log.say("  \(server.name) \(variant): \(Report.number(sample.milliseconds.p50)) ms")
            return sample
        }
    }

    /// - Returns: milliseconds until the offset is known, and until the next piece has been taken there.
    private func goOn(
        _ server: any AppendServer, _ dialect: AppendDialect, _ hold: Holder.Hold
    ) throws -> (head: Double, both: Double) {
        let (target, holder, connection) = try begin(server, dialect, hold)
        defer { holder.end() }
        let start = ContinuousClock.now
        let answer = try connection.request(
            "HEAD", target, headers: dialect.questionHeaders + server.appendAuthorization)
        let headMilliseconds = start.elapsedSeconds * 1000
        guard [200, 204].contains(answer.status), let offset = answer.headers["upload-offset"].flatMap({ Int64($0) })
        else { throw BenchError("\(server.name) told no offset: \(answer.status)") }
        let piece = server.appending(
            dialect, target, offset: offset, bytes: Int64(Self.pieceBytes), of: Self.fileBytes)
        let appended = try connection.request(
            piece.method, piece.target, headers: piece.headers, body: String(repeating: "x", count: Self.pieceBytes))
        let bothMilliseconds = start.elapsedSeconds * 1000
        guard [200, 201, 204].contains(appended.status) else {
            throw BenchError("\(server.name) did not go on where it had said, at \(offset): \(appended.status)")
        }
        guard holder.mayHaveSent(offset) else {
            throw BenchError("\(server.name) told of \(offset) bytes (\(hold.rawValue)), which is not what came.")
        }
        // Room for all of the file is reserved for each.
        try delete(target, dialect, on: server, over: connection)
        return (headMilliseconds, bothMilliseconds)
    }

    /// - Returns: milliseconds until the upload has ended.
    private func end(_ server: any AppendServer, _ dialect: AppendDialect, _ hold: Holder.Hold) throws -> Double {
        let (target, holder, connection) = try begin(server, dialect, hold)
        defer { holder.end() }
        let start = ContinuousClock.now
        try delete(target, dialect, on: server, over: connection)
        return start.elapsedSeconds * 1000
    }

    private func delete(
        _ target: String, _ dialect: AppendDialect, on server: any AppendServer, over connection: Connection
    ) throws {
        let answer = try connection.request(
            "DELETE", target, headers: dialect.questionHeaders + server.appendAuthorization)
        guard answer.status == 204 else { throw BenchError("\(server.name) did not end an upload: \(answer.status)") }
    }

    /// A new upload that a connection holds, and another connection to go on.
    private func begin(
        _ server: any AppendServer, _ dialect: AppendDialect, _ hold: Holder.Hold
    ) throws -> (target: String, holder: Holder, connection: Connection) {
        let target = try server.begin(dialect, bytes: Self.fileBytes)
        let request = server.appending(dialect, target, offset: 0, of: Self.fileBytes)
        return (target, try Holder(hold, request, at: server.port), try Connection(port: server.port))
    }
}
