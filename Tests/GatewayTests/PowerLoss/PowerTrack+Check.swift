import Foundation
import Testing

extension PowerTrack {
    /// What had been asked when the power was cut, and what had been acknowledged.
    private struct Progress {
        let isSure: Bool
        let isPossible: Bool

        init(_ steps: [Step], at cut: Int) {
            isSure = steps.contains { $0.acknowledgedAt <= cut }
            isPossible = steps.contains { $0.begunAt < cut }
        }
    }

    /// Asks a gateway that was started on what a power cut left, and goes on with what was not finished.
    func check(on gateway: RunningGateway, cutAt cut: Int, _ name: String) async throws {
        guard let created, created.acknowledgedAt <= cut else { return }
        let ending = Progress(endings, at: cut)
        let access = gateway.base + accessPath
        if ending.isPossible {
            if ending.isSure { #expect(try await gateway.bytes(access) == nil, "\(name): what was deleted is back") }
            return
        }
        let completion = Progress(completions, at: cut)
        let bytes = try await gateway.bytes(access)
        if let bytes {
            #expect(completion.isPossible, "\(name): a file is visible before it is complete")
            try expectContent(bytes, at: cut, name)
        } else {
            #expect(!completion.isSure, "\(name): a complete file is gone")
            if !completion.isSure { try await goOn(on: gateway, cutAt: cut, name) }
        }
        if way == .link, let link {
            let again = try await use(link, on: gateway)
            #expect(again.status == 409, "\(name): a used link is taken again: \(again.account)")
        }
        for step in finalizations where step.acknowledgedAt <= cut && way != .form {
            let again = try await finalize(on: gateway)
            #expect(again.status == 201, "\(name): \(again.account)")
            #expect(again.body == step.body, "\(name): a finalized item answers otherwise")
        }
    }

    /// Sends what is missing; the file must be the one that the client sent.
    private func goOn(on gateway: RunningGateway, cutAt cut: Int, _ name: String) async throws {
        switch way {
        case .form: break
        case .link:
            guard let link else { return }
            let answer = try await use(link, on: gateway)
            // One that was used before the cut may be spent.
            let isUsed = Progress(completions, at: cut).isPossible
            #expect(answer.status == 200 || (isUsed && answer.status == 409), "\(name): \(answer.account)")
            if answer.status == 200 {
                #expect(try await gateway.bytes(gateway.base + accessPath) == pieces.whole, "\(name)")
            }
        case .sequential: try await goOnInOrder(on: gateway, cutAt: cut, name)
        case .parts, .chunks:
            let status = try await gateway.status(fileID)
            let here = status["parts"].entries.compactMap { $0["number"].integer }.sorted()
            for (index, versions) in versions.enumerated() {
                let part = Progress(versions.map(\.step), at: cut)
                let isHere = here.contains(index + 1)
                #expect(isHere || !part.isSure, "\(name): acknowledged part \(index + 1) is gone")
                #expect(!isHere || part.isPossible, "\(name): part \(index + 1) was never sent")
            }
            let missing = (1...pieces.paths.count).filter { !here.contains($0) }
            if way == .parts {
                #expect(GatewayTests.Parts.numbers(status["missing"]) == missing, "\(name)")
                try await gateway.putParts(fileID, pieces, missing)
                let done = try await gateway.complete(fileID)
                #expect(done.status == 200, "\(name): \(done.account)")
            } else {
                try await goOnWithChunks(missing, on: gateway, name)
            }
            let bytes = try #require(try await gateway.bytes(gateway.base + accessPath), "\(name): it is not complete")
            try expectContent(bytes, at: cut, name)
        }
    }

    private func goOnWithChunks(_ missing: [Int], on gateway: RunningGateway, _ name: String) async throws {
        let count = pieces.paths.count
        // All may be here and the file not complete; the repetition of any chunk completes it then.
        for number in missing.isEmpty ? [1] : missing {
            let answer = try await gateway.postChunk(pieces.paths[number - 1], number - 1, of: count, id: alias)
            #expect(answer.status == 200, "\(name): \(answer.account)")
        }
    }

    /// Every part is what was acknowledged last, or what was under way when the power was cut.
    private func expectContent(
        _ bytes: Data, at cut: Int, _ name: String, _ location: SourceLocation = #_sourceLocation
    ) throws {
        guard bytes.count == pieces.whole.count else {
            Issue.record("\(name): \(bytes.count) bytes of \(pieces.whole.count)", sourceLocation: location)
            return
        }
        for (index, all) in versions.enumerated() {
            let begun = all.filter { $0.step.begunAt < cut }
            let last = begun.lastIndex { $0.step.acknowledgedAt <= cut }
            var allowed = begun[(last ?? 0)...].map(\.isOther)
            // What was not here was sent after the cut.
            if last == nil { allowed.append(false) }
            let range = (index * pieces.sizeBytes)..<min((index + 1) * pieces.sizeBytes, bytes.count)
            let isRight = Set(allowed).contains { bytes[range] == ($0 ? others : pieces).whole[range] }
            #expect(isRight, "\(name): the bytes of part \(index + 1) are not those sent", sourceLocation: location)
        }
    }
}
