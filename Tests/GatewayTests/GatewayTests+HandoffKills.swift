import Foundation
import Testing

extension GatewayTests {
    /// `kill -9` between a change and the telling of it: what was acknowledged is told of, and nothing else.
    ///
    /// `SLUICE_TEST_KILLS` says how often; 25 times without it. `SLUICE_TEST_SEED` repeats a run.
    @Suite struct HandoffKills {
        @Test func `no kill loses an event`() async throws {
            let seed = RunSettings.seed
            let rounds = RunSettings.kills(otherwise: 25)
            let start = Date()
            RunSettings.tell("hand-offs begin with seed \(seed)")
            var random = SeededRandom(seed: seed)
            // A quarter of all attempts fails, whatever they are about.
            let receiver = try Receiver { request in
                var random = SeededRandom(seed: seed &+ UInt64(request.number))
                return [.status(500), .hangUp].randomElement(using: &random).flatMap { failure in
                    Int.random(in: 0..<4, using: &random) == 0 ? failure : nil
                } ?? .status(204)
            }
            let options = ["--examine-media", "false", "--handoff-attempts", "1000"]
            let folder = try Scratch.newFolder("kills")
            let png = try Scratch.file("dot.png")
            try await Command.succeed("convert", ["-size", "16x16", "plasma:red-blue", png])
            var ledger = HandoffLedger(png: png)
            for _ in 0..<rounds {
                let gateway = try await RunningGateway.telling(
                    [ToldEndpoint(url: receiver.url)], folder: folder, options)
                for _ in 0..<Int.random(in: 1...4, using: &random) {
                    let step = try await ledger.nextStep(on: gateway, &random)
                    try ledger.settle(step, try await Curl.run(step.arguments))
                }
                let step = try await ledger.nextStep(on: gateway, &random)
                let isUnderWay = Bool.random(using: &random)
                let running = isUnderWay ? try Curl.start(step.arguments, readsInput: false) : nil
                try await receiver.listens(until: Date().addingTimeInterval(.random(in: 0...0.08, using: &random)))
                try await gateway.kill()
                if let running { try ledger.settle(step, try await running.answer()) }
            }
            let gateway = try await RunningGateway.telling(
                [ToldEndpoint(url: receiver.url)], folder: folder, options)
            try await eventually("everything is told, seed \(seed)") { try await gateway.handoffs() == [] }
            let heard = receiver.heard
            ledger.expectTold(heard, seed: seed)
            try await ledger.expectReal(heard, on: gateway, seed: seed)
            try await gateway.expectGoodEnd()
            RunSettings.tell(
                "hand-offs: seed \(seed), \(rounds) kills, \(heard.count) attempts to tell, "
                    + "\(Int(Date().timeIntervalSince(start))) s")
        }
    }
}

/// What was asked of a gateway that is killed again and again, and what must follow of it.
private struct HandoffLedger {
    struct Track {
        let fileID: String
        var itemID: String?
        var isDraft = false
        /// The events of what was acknowledged, in order.
        var sure: [String] = []
        /// The events of what was under way when the gateway was killed; it may have come as far as any of them.
        var open: [String] = []

        var isUsable: Bool { open.isEmpty && sure.contains("upload.completed") && !sure.contains("media.deleted") }
    }

    enum Change {
        /// A file of its own, of which nobody knows before it is acknowledged.
        case form(isDraft: Bool)
        case put, finalize, release, delete

        var kinds: [String] {
            switch self {
            case .form: ["upload.completed", "media.finalized"]
            case .put: ["upload.completed"]
            case .finalize: ["media.finalized"]
            case .release: ["media.due"]
            case .delete: ["media.deleted"]
            }
        }
    }

    struct Step {
        let change: Change
        let fileID: String
        /// For curl.
        let arguments: [String]
    }

    let png: String
    private var tracks: [String: Track] = [:]
    private var order: [String] = []
    /// Forms that were under way when the gateway was killed.
    private var openForms = 0

    init(png: String) { self.png = png }

    // MARK: Asking

    mutating func nextStep(on gateway: RunningGateway, _ random: inout SeededRandom) async throws -> Step {
        let usable = order.compactMap { tracks[$0] }.filter(\.isUsable)
        let items = "\(gateway.base)/api/v1/media/images"
        func form(_ fields: [String]) -> [String] { fields.flatMap { ["-F", $0] } }
        func keyed(_ method: String, _ url: String, _ more: [String] = []) -> [String] {
            ["-X", method, "-H", "X-API-Key: \(gateway.key)"] + more + [url]
        }
        switch Int.random(in: 0..<6, using: &random) {
        case 0:
            if let track = usable.filter({ $0.itemID == nil }).randomElement(using: &random) {
                let fields = form(["platforms=tiktok", "fileId=\(track.fileID)"])
                return Step(change: .finalize, fileID: track.fileID, arguments: keyed("POST", items, fields))
            }
        case 1:
            let drafts = usable.filter { $0.isDraft && !$0.sure.contains("media.due") }
            if let track = drafts.randomElement(using: &random), let id = track.itemID {
                let body = ["-H", "Content-Type: application/json", "--data-binary", #"{"isDraft":false}"#]
                let arguments = keyed("PATCH", "\(items)/\(id)", body)
                return Step(change: .release, fileID: track.fileID, arguments: arguments)
            }
        case 2:
            if let track = usable.randomElement(using: &random) {
                let byItem = Bool.random(using: &random) ? track.itemID.map { "\(items)/\($0)" } : nil
                let url = byItem ?? "\(gateway.base)/api/media/\(track.fileID)"
                return Step(change: .delete, fileID: track.fileID, arguments: keyed("DELETE", url))
            }
        case 3:
            let link = try await gateway.link("fileName=a.png")
            order.append(link.fileID)
            tracks[link.fileID] = Track(fileID: link.fileID)
            let arguments = ["-H", "Content-Type: image/png", "-T", png, link.uploadURL]
            return Step(change: .put, fileID: link.fileID, arguments: arguments)
        default: break
        }
        let isDraft = Bool.random(using: &random)
        let fields = form(["platforms=tiktok", "isDraft=\(isDraft)", "file=@\(png)"])
        return Step(change: .form(isDraft: isDraft), fileID: "", arguments: keyed("POST", items, fields))
    }

    /// Writes down what became of a step.
    mutating func settle(_ step: Step, _ answer: CurlAnswer) throws {
        // A head says enough, but only a body tells what was made of a form.
        guard answer.status / 100 == 2, answer.exitCode == 0 || !step.fileID.isEmpty else {
            try #require(answer.exitCode != 0 && answer.status < 300, "\(step.change): \(answer.account)")
            if step.fileID.isEmpty { openForms += 1 } else { tracks[step.fileID]?.open = step.change.kinds }
            return
        }
        var fileID = step.fileID
        switch step.change {
        case .form(let isDraft):
            let item = try answer.json["data"][0]
            fileID = try #require(item["fileId"].string)
            order.append(fileID)
            tracks[fileID] = Track(fileID: fileID, itemID: item["id"].string, isDraft: isDraft)
        case .finalize: tracks[fileID]?.itemID = try? answer.json["data"][0]["id"].string
        case .put, .release, .delete: break
        }
        tracks[fileID]?.sure += step.change.kinds
    }

    // MARK: Comparing

    /// For every acknowledged change its event, in order; of what was under way, as much as it came to.
    func expectTold(_ heard: [Receiver.Request], seed: UInt64) {
        for id in order {
            guard let track = tracks[id] else { continue }
            let events = heard.of(id)
            let kinds = events.distinct.kinds
            let possible = (0...track.open.count).map { track.sure + track.open.prefix($0) }
            #expect(possible.contains(kinds), "seed \(seed): \(track) was told as \(kinds)")
            #expect(events.accepted.distinct.kinds == kinds, "seed \(seed): \(id)")
            for event in events {
                let item = event.data["item"]["id"].string
                #expect(item == nil || track.itemID == nil || item == track.itemID, "seed \(seed): \(id)")
            }
        }
        let strangers = Set(heard.map(\.fileID)).subtracting(order)
        #expect(strangers.count <= openForms, "seed \(seed)")
        for id in strangers {
            let kinds = heard.of(id).distinct.kinds
            let all = Change.form(isDraft: false).kinds
            #expect(kinds == all || kinds == Array(all.prefix(1)), "seed \(seed): \(id) was told as \(kinds)")
        }
        for (id, attempts) in Dictionary(grouping: heard, by: \.id) {
            #expect(Set(attempts.map(\.body)).count == 1, "seed \(seed): event \(id)")
        }
    }

    /// What was told is so, and what is so was told.
    func expectReal(_ heard: [Receiver.Request], on gateway: RunningGateway, seed: UInt64) async throws {
        func told(_ kind: String) -> [Receiver.Request] { heard.filter { $0.kind == kind } }
        func items(_ events: [Receiver.Request]) -> Set<String> {
            Set(events.compactMap { $0.data["item"]["id"].string })
        }
        let deleted = told("media.deleted")
        let files = try await entries("/api/media", on: gateway) { $0 }
        let fileIDs = Set(files.compactMap { $0["id"].string })
        let completed = Set(told("upload.completed").map(\.fileID))
        #expect(fileIDs == completed.subtracting(deleted.map(\.fileID)), "seed \(seed)")
        let shown = try await entries("/api/v1/media/images", on: gateway) { $0["data"] }
        let itemIDs = Set(shown.compactMap { $0["id"].string })
        #expect(itemIDs == items(told("media.finalized")).subtracting(items(deleted)), "seed \(seed)")
        let released = Set(shown.filter { $0["status"] == "pending" }.compactMap { $0["id"].string })
        #expect(released == items(told("media.due")).intersection(itemIDs), "seed \(seed)")
        let bytes = try Scratch.bytes(png)
        for url in files.prefix(20).compactMap({ $0["url"].string }) {
            #expect(try await gateway.bytes(url) == bytes, "seed \(seed)")
        }
    }

    /// All pages of a list.
    private func entries(
        _ path: String, on gateway: RunningGateway, _ list: (JSON) -> JSON
    ) async throws -> [JSON] {
        var entries: [JSON] = []
        var next: String? = path
        while let path = next {
            let answer = try await gateway.get(path)
            try #require(answer.status == 200, "\(answer.account)")
            entries += list(try answer.json).entries
            next = answer["Link"].flatMap { field in
                field.split(separator: ">").first.map { String($0.dropFirst(1 + gateway.base.count)) }
            }
        }
        return entries
    }
}
