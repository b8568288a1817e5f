import ArgumentParser

/// The `sluice` command.
@main
struct SluiceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sluice", abstract: "Takes large media in over HTTP and hands each file on once.",
        subcommands: [Serve.self, Keys.self, Uploads.self, Handoffs.self, Sweep.self, Check.self])
}
