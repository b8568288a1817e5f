import ArgumentParser
import Foundation
import Logging
import Sluice

/// `sluice serve`
struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Run the gateway.")

    // The options are one table, shared with the environment and the YAML file, so they are read by that.
    @Argument(parsing: .captureForPassthrough) var options: [String] = []

    func run() async throws {
        if options.contains(where: { $0 == "--help" || $0 == "-h" }) {
            print(Self.help)
            return
        }
        let configuration: SluiceConfiguration
        do {
            configuration = try await SluiceConfiguration(
                arguments: options, environment: ProcessInfo.processInfo.environment)
        } catch {
            throw ValidationError("\(error)")
        }
        let logger = Logging.start(level: configuration.logLevel)
        let gateway: Gateway
        do {
            gateway = try await build(configuration, logger: logger) { port in
                logger.notice(
                    "listening",
                    metadata: [
                        "sluice.address": "\(configuration.host):\(port)",
                        "sluice.url": "\(configuration.publicURL)",
                    ])
            }
        } catch let fault as StartFault {
            throw Failure(fault.description)
        }
        if let path = gateway.initialKeyPath {
            logger.notice("made the first API key", metadata: ["sluice.keyFile": "\(path)"])
        }
        do {
            try await gateway.run()
        } catch {
            throw Failure("The gateway stopped: \(error)")
        }
    }

    private static var help: String {
        """
        OVERVIEW: Run the gateway.

        USAGE: sluice serve [options]

        Every option is also an environment variable (named below) and a key of the YAML
        file; the command line wins, then the environment, then the file.

        OPTIONS:
          --config FILE
              A YAML file with any of the options below as keys. [SLUICE_CONFIG]
        \(Setting.help)
          -h, --help
              Show this help.
        """
    }
}
