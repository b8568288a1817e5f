import Foundation
import Testing

/// An upload in order, one piece after the other.
extension PowerTrack {
    private var path: String { "/files/\(fileID)" }

    mutating func runSequential(_ gateway: RunningGateway, _ probe: DiskProbe) async throws {
        let size = pieces.whole.count
        for _ in 0..<8 where fileID == "" {
            let (step, answer) = try await step(probe) {
                try await gateway.tus(
                    "POST", "/files", ["Upload-Length: \(size)", "Upload-Metadata: \(RunningGateway.Tus.film)"])
            }
            guard step.requestID != nil else { continue }
            created = step
            fileID = try #require(answer["Location"]?.split(separator: "/").last.map(String.init))
            accessPath = "/media/\(fileID)/film.mp4"
        }
        guard fileID != "" else { return }
        var offset: Int? = 0
        // A disk whose syncs fail makes some requests in vain.
        for _ in 0..<pieces.paths.count * 4 where completions.last?.requestID == nil {
            if let start = offset {
                offset = try await append(from: start, on: gateway, probe)
            } else {
                offset = try await ask(on: gateway, probe)
            }
        }
    }

    /// - Returns: where it goes on; `nil` when that must be asked.
    private mutating func append(from start: Int, on gateway: RunningGateway, _ probe: DiskProbe) async throws -> Int? {
        let number = start / pieces.sizeBytes
        let end = min((number + 1) * pieces.sizeBytes, pieces.whole.count)
        let (path, bytes) = (path, pieces.whole[start..<end])
        let (step, _) = try await step(probe) {
            try await gateway.tus("PATCH", path, ["Upload-Offset: \(start)"], body: bytes)
        }
        versions[number].append(Version(step: step, isOther: false))
        reaches.append(Reach(step: step, offset: end))
        if end == pieces.whole.count { completions.append(step) }
        return step.requestID == nil ? nil : end
    }

    private mutating func ask(on gateway: RunningGateway, _ probe: DiskProbe) async throws -> Int? {
        let path = path
        let (step, answer) = try await step(probe) { try await gateway.tus("HEAD", path) }
        guard step.requestID != nil else { return nil }
        let offset = try #require(answer["Upload-Offset"].flatMap { Int($0) })
        reaches.append(Reach(step: step, offset: offset))
        #expect(offset <= (reaches.map(\.offset).max() ?? 0), "\(alias): more than was sent")
        // All of it is told of a complete file only.
        if offset == pieces.whole.count { completions.append(step) }
        return offset
    }

    /// Asks how far it has come and sends the rest.
    func goOnInOrder(on gateway: RunningGateway, cutAt cut: Int, _ name: String) async throws {
        let sure = reaches.filter { $0.step.acknowledgedAt <= cut }.map(\.offset).max() ?? 0
        let most = reaches.filter { $0.step.begunAt < cut }.map(\.offset).max() ?? 0
        let answer = try await gateway.tus("HEAD", path)
        let offset = try #require(answer["Upload-Offset"].flatMap { Int($0) }, "\(name): \(answer.account)")
        #expect((sure...max(sure, most)).contains(offset), "\(name): \(offset) bytes are told, \(sure) to \(most) sent")
        if offset < pieces.whole.count {
            let rest = pieces.whole[offset...]
            let taken = try await gateway.tus("PATCH", path, ["Upload-Offset: \(offset)"], body: rest)
            #expect(taken.status == 204, "\(name): \(taken.account)")
        }
        #expect(try await gateway.bytes(gateway.base + accessPath) == pieces.whole, "\(name)")
    }
}
