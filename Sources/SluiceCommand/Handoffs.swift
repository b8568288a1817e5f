import ArgumentParser
import Sluice
import UploadModel
import UploadStore

/// `sluice handoffs`
struct Handoffs: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Look at the events that no endpoint has accepted yet, and send those again that were given up.",
        subcommands: [List.self, Retry.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List events that wait or were given up, oldest first.")

        @OptionGroup var data: DataOptions

        @Flag(help: "Only those that were given up.")
        var dead = false

        func run() async throws {
            try await data.withWorkshop { workshop in
                var last: Int64?
                var rows: [[String]] = []
                while true {
                    let page = try await workshop.catalog.handoffs(
                        in: dead ? .dead : nil, after: last, limit: 500)
                    rows += page.map(Self.cells)
                    guard let end = page.last else { break }
                    last = end.sequence
                }
                print(
                    Table.text(
                        ["ID", "ENDPOINT", "EVENT", "FILE", "STATE", "ATTEMPTS", "NEXT", "LAST FAILURE"], rows))
            }
        }

        private static func cells(_ queued: QueuedHandoff) -> [String] {
            let handoff = queued.handoff
            return [
                handoff.id.text, handoff.endpoint.text, handoff.kind.rawValue, handoff.fileID.text,
                queued.state.rawValue, "\(queued.attempts)",
                queued.state == .dead ? "-" : queued.nextAttemptAt.description, queued.lastFault ?? "-",
            ]
        }
    }

    struct Retry: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Send an event again at once; it gets all its attempts anew.")

        @OptionGroup var data: DataOptions

        @Argument(help: "The id of an event.")
        var id: String?

        @Flag(help: "Every event that was given up.")
        var all = false

        func validate() throws {
            guard (id == nil) == all else { throw ValidationError("Name an event, or --all.") }
        }

        func run() async throws {
            var event: HandoffID?
            if let id {
                event = HandoffID(id)
                guard event != nil else { throw Failure("\(id) is not the id of an event.") }
            }
            try await data.withWorkshop { workshop in
                let count = try await workshop.catalog.retryHandoffs(event, now: .now)
                guard count > 0 || all else { throw Failure("There is no such event; it may have been accepted.") }
                print("\(count)")
            }
        }
    }
}
