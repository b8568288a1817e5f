import Foundation
import Testing

extension GatewayTests {
    /// Events whose moment comes while the gateway is being killed, and those of drafts.
    @Suite struct HandoffMoments {
        @Test func `a moment is told once whatever happens around it`() async throws {
            let samples = try Samples.shared
            let seed = UInt64.random(in: 0 ... .max)
            var random = SeededRandom(seed: seed)
            let receiver = try Receiver()
            let endpoints = [ToldEndpoint(url: receiver.url)]
            var gateway = try await RunningGateway.telling(endpoints)
            let files = try await gateway.uploaded(samples.mp4, times: 8)
            // From soon on, four of them in a second.
            let first = Date().addingTimeInterval(1.5)
            let moments = files.indices.map { first.addingTimeInterval(Double($0) * 0.25) }
            for (file, moment) in zip(files, moments) {
                _ = try await gateway.item(["fileId=\(file)", "scheduledAt=\(moment.moment)"])
            }
            for moment in moments.dropLast(2).enumerated().filter({ $0.offset.isMultiple(of: 2) }).map(\.element) {
                // Before, at and shortly after the moment, and while it is being told of.
                try await receiver.listens(until: moment.addingTimeInterval(.random(in: -0.1...0.6, using: &random)))
                try await gateway.kill()
                gateway = try await RunningGateway.telling(endpoints, folder: gateway.folder)
            }
            try await receiver.hears("every moment, seed \(seed)") { heard in
                files.allSatisfy { heard.of($0).kinds.contains("media.due") }
            }
            // Whatever is told twice has been told before this.
            let last = try await gateway.uploaded(samples.mp4)
            let heard = try await receiver.hears("the last event") { !$0.of(last).isEmpty }
            for (file, moment) in zip(files, moments) {
                let events = heard.of(file).distinct
                #expect(events.kinds == ["upload.completed", "media.finalized", "media.due"], "seed \(seed)")
                let due = heard.of(file).filter { $0.kind == "media.due" }
                #expect(due.allSatisfy { $0.receivedAt >= moment }, "seed \(seed): never early")
                #expect(Set(due.map(\.body)).count == 1, "seed \(seed)")
                let told = try #require(due.first?.data["item"])
                #expect(told["scheduledAt"].string == moment.moment && told["ready"] == true)
                let id = try #require(told["id"].string)
                #expect(try await gateway.get("/api/v1/media/videos/\(id)").json["data"]["status"] == "pending")
            }
            try await gateway.expectGoodEnd()
        }

        @Test func `a schedule can be moved and dropped and a draft waits for ever`() async throws {
            let samples = try Samples.shared
            let receiver = try Receiver()
            let gateway = try await RunningGateway.telling([ToldEndpoint(url: receiver.url)])
            func item(_ fields: String...) async throws -> String {
                let made = try await gateway.item(["file=@\(samples.png)"] + fields, of: "images")
                return try #require(made["id"].string)
            }
            let far = Date().addingTimeInterval(86_400).moment
            let draft = try await item("isDraft=true", "scheduledAt=\(Date().addingTimeInterval(1).moment)")
            let moved = try await item("scheduledAt=\(far)")
            let dropped = try await item("scheduledAt=\(far)")
            let waiting = try await item("scheduledAt=\(Date().addingTimeInterval(1).moment)")
            let delayed = try await item("scheduledAt=\(Date().addingTimeInterval(2).moment)")
            let soon = Date().addingTimeInterval(2.5).moment
            let changes: [(String, JSON)] = [(delayed, .text(far)), (dropped, .null), (moved, .text(soon))]
            for (id, moment) in changes {
                let edited = try await gateway.edit(id, ["scheduledAt": moment], of: "images")
                try #require(edited.status == 200, "\(edited.account)")
            }
            func due(_ heard: [Receiver.Request]) -> [String?] {
                heard.filter { $0.kind == "media.due" }.map { $0.data["item"]["id"].string }
            }
            // The last of them is the one that was moved behind all others.
            let heard = try await receiver.hears("three moments") { heard in
                heard.filter { $0.kind == "media.due" }.count >= 3
            }
            #expect(due(heard) == [dropped, waiting, moved])
            let released = try await gateway.edit(draft, ["isDraft": "false"], of: "images")
            try #require(released.status == 200, "\(released.account)")
            let all = try await receiver.hears("the draft's release") { heard in
                heard.filter { $0.kind == "media.due" }.count >= 4
            }
            #expect(due(all) == [dropped, waiting, moved, draft])
            try await gateway.expectGoodEnd()
        }
    }
}
