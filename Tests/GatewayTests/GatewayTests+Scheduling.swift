import Foundation
import Testing

extension GatewayTests {
    /// Items that wait for their moment.
    @Suite struct Scheduling {
        /// A gateway of a suite is one; those that are killed come in pairs.
        @Suite(.gateway) struct Moments {
            private func schedule(_ seconds: Double, _ more: [String] = []) async throws -> Scheduled {
                try await Scheduled.make(on: try RunningGateway.shared, inSeconds: seconds, more)
            }

            @Test func `an item becomes due at its moment and not before`() async throws {
                let gateway = try RunningGateway.shared
                let item = try await schedule(2)
                #expect(item.made["status"] == "scheduled")
                #expect(item.made["scheduledAt"].string == item.moment.moment)
                try await eventually("the item is due") {
                    let shown = try await gateway.shown(item.path)
                    if Date() < item.moment { #expect(shown["status"] == "scheduled", "too early") }
                    if shown["status"] == "scheduled" { #expect(!shown.keys.contains("dueAt")) }
                    return shown["status"] != "scheduled"
                }
                try await item.expectDue(on: gateway)
            }

            /// An item that is changed before its moment.
            private func schedule(
                _ seconds: Double, _ more: [String] = [], thenChange change: JSON
            ) async throws -> Scheduled {
                let item = try await schedule(seconds, more)
                let edited = try await RunningGateway.shared.change(item.path, change)
                #expect(edited.status == 200, "\(edited.account)")
                #expect(try edited.json["data"]["dueAt"] == .null)
                return item
            }

            @Test func `a moment can be moved, and a draft has none`() async throws {
                let gateway = try RunningGateway.shared
                let draft = try await schedule(2, ["isDraft=true"])
                #expect(draft.made["status"] == "draft")
                #expect(draft.made["scheduledAt"] == .null)
                let later: JSON = "2099-02-13T10:00:00.000Z"
                let quiet: [(item: Scheduled, status: JSON, moment: JSON)] = [
                    (draft, "draft", .null),
                    (try await schedule(2, thenChange: ["scheduledAt": later]), "scheduled", later),
                    (try await schedule(2, thenChange: ["isDraft": true]), "draft", .null),
                    (
                        try await schedule(2, ["isDraft=true"], thenChange: ["isDraft": false, "scheduledAt": later]),
                        "scheduled", later
                    ),
                    (
                        try await schedule(2, ["isDraft=true"], thenChange: ["scheduledAt": later, "title": "A"]),
                        "draft", .null
                    ),
                ]
                let witness = try await schedule(2)
                let moment: JSON = .text(witness.moment.moment)
                let sooner = try await schedule(3600, thenChange: ["scheduledAt": moment])
                for path in [witness.path, sooner.path] {
                    try await eventually("an item is due") {
                        try await gateway.shown(path)["status"] != "scheduled"
                    }
                    try await Scheduled(made: witness.made, moment: witness.moment, path: path).expectDue(on: gateway)
                }
                // The moment that these once had is over, and nothing came of it.
                for (item, status, moment) in quiet {
                    #expect(item.moment <= witness.moment)
                    let shown = try await gateway.shown(item.path)
                    #expect(shown["status"] == status)
                    #expect(shown["scheduledAt"] == moment)
                    #expect(!shown.keys.contains("dueAt"))
                }
            }

            @Test func `an early report does not take the moment away`() async throws {
                let gateway = try RunningGateway.shared
                let both = ["platforms=[\"tiktok\",\"pinterest\"]"]
                let begun = try await schedule(2, both)
                let done = try await schedule(2, both)
                let reports = [(begun, "tiktok"), (done, "tiktok"), (done, "pinterest")]
                for (item, platform) in reports {
                    let answer = try await gateway.report(item.path, platform, ["status": "published"])
                    #expect(answer.status == 200, "\(answer.account)")
                    let isDone = platform == "pinterest"
                    #expect(try answer.json["data"]["status"] == (isDone ? "completed" : "scheduled"))
                }
                try await eventually("the item is due") {
                    try await gateway.shown(begun.path)["status"] != "scheduled"
                }
                let shown = try await gateway.shown(begun.path)
                #expect(shown["status"] == "processing")
                #expect(shown["tiktok"] == ["status": "published"])
                let due = try Date(moment: try #require(shown["dueAt"].string))
                #expect(due >= begun.moment)
                // Nothing is left to be done of the other.
                #expect(try await gateway.shown(done.path)["status"] == "completed")
            }

            @Test func `a moment that is dropped is now`() async throws {
                let gateway = try RunningGateway.shared
                let item = try await schedule(3600)
                let dropped = try await gateway.change(item.path, ["scheduledAt": .null]).json["data"]
                #expect(dropped["status"] == "pending")
                #expect(!dropped.keys.contains("scheduledAt"))
                #expect(dropped["dueAt"].string != nil)
                #expect(dropped["dueAt"] == dropped["updatedAt"])
                #expect(try await gateway.change(item.path, ["title": "Late"]).code == "not_editable")
            }

            @Test(arguments: [
                "2001-01-01T00:00:00Z", "2099-02-13T10:00:00", "2099-02-13", "2099-02-13 10:00", "tomorrow",
                "2099-02-30T10:00:00Z", "2099-02-13T24:30:00Z", "4102444800", "2099-02-13T10:00:00+25:00",
            ])
            func `what is past, or no moment of the whole world, is refused`(text: String) async throws {
                let gateway = try RunningGateway.shared
                let file = "file=@\(try Samples.shared.png)"
                let made = try await gateway.finalize(
                    "images", [file, "platforms=tiktok", "scheduledAt=\(text)"])
                let item = try await schedule(3600)
                let edited = try await gateway.change(item.path, ["scheduledAt": .text(text)])
                for answer in [made, edited] {
                    #expect(answer.status == 400, "\(answer.account)")
                    #expect(try answer.json["errors"].entries.map { $0["field"] } == ["scheduledAt"])
                }
                #expect(try await gateway.shown(item.path)["scheduledAt"].string == item.moment.moment)
            }

            @Test(arguments: [
                ("2099-02-13T10:00:00Z", "2099-02-13T10:00:00.000Z"),
                ("2099-02-13T10:00:00.5Z", "2099-02-13T10:00:00.500Z"),
                ("2099-02-13T10:00:00.000Z", "2099-02-13T10:00:00.000Z"),
                ("2099-02-13T10:00:00+02:00", "2099-02-13T08:00:00.000Z"),
                ("2099-02-13T22:30:00-05:30", "2099-02-14T04:00:00.000Z"),
            ])
            func `a moment is told as one of UTC`(text: String, told: String) async throws {
                let gateway = try RunningGateway.shared
                let item = try await gateway.newItem(
                    "images", ["file=@\(try Samples.shared.png)", "platforms=tiktok", "scheduledAt=\(text)"])
                #expect(item["scheduledAt"].string == told)
            }
        }

        @Test func `a moment that passes while nobody is there is met once`() async throws {
            let first = try await RunningGateway.start()
            let ahead = try await Scheduled.make(on: first, inSeconds: 3600)
            let draft = try await Scheduled.make(on: first, inSeconds: 1.5, ["isDraft=true"])
            let missed = try await Scheduled.make(on: first, inSeconds: 1.5)
            let before = try await first.shown(missed.path)
            try await first.kill()
            #expect(before["status"] == "scheduled", "killed before the moment")
            try await eventually("the moment passes") {
                try await first.expectSound()
                return Date() > missed.moment
            }
            let second = try await RunningGateway.start(folder: first.folder)
            try await eventually("the item is due") {
                try await second.shown(missed.path)["status"] != "scheduled"
            }
            try await missed.expectDue(on: second)
            let due = try await second.shown(missed.path)
            try await second.kill()
            let third = try await RunningGateway.start(folder: first.folder)
            // Another item that becomes due here shows that somebody looks.
            let witness = try await Scheduled.make(on: third, inSeconds: 0.5)
            try await eventually("the item is due") {
                try await third.shown(witness.path)["status"] != "scheduled"
            }
            let after = try await third.shown(missed.path)
            for member in ["status", "dueAt", "updatedAt", "scheduledAt"] {
                #expect(after[member] == due[member], "\(member)")
            }
            #expect(try await third.shown(ahead.path)["status"] == "scheduled")
            #expect(try await third.shown(draft.path)["status"] == "draft")
            #expect(try await third.stop() == 0)
            try await third.expectSound()
        }
    }
}

/// An item that was told when it is due.
struct Scheduled: Sendable {
    let made: JSON
    let moment: Date
    let path: String

    static func make(
        on gateway: RunningGateway, inSeconds seconds: Double, _ more: [String] = []
    ) async throws -> Scheduled {
        // Moments have whole milliseconds on the wire.
        let moment = try Date(moment: Date(timeIntervalSinceNow: seconds).moment)
        let item = try await gateway.newItem(
            "images",
            ["file=@\(try Samples.shared.png)", "scheduledAt=\(moment.moment)"]
                + (more.contains { $0.hasPrefix("platforms=") } ? [] : ["platforms=tiktok"]) + more)
        return Scheduled(made: item, moment: moment, path: try gateway.itemPath("images", item))
    }

    /// It is due, since its moment or a little later.
    func expectDue(on gateway: RunningGateway, _ location: SourceLocation = #_sourceLocation) async throws {
        let shown = try await gateway.shown(path)
        #expect(shown["status"] == "pending", sourceLocation: location)
        #expect(shown["tiktok"] == ["status": "pending"], sourceLocation: location)
        #expect(shown["scheduledAt"].string == moment.moment, sourceLocation: location)
        let due = try Date(moment: try #require(shown["dueAt"].string, sourceLocation: location))
        #expect(due >= moment, "\(due.moment), scheduled for \(moment.moment)", sourceLocation: location)
        #expect(due.timeIntervalSince(moment) < 10, "\(due.moment)", sourceLocation: location)
    }
}
