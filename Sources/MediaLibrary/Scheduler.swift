package import Logging
import ServiceLifecycle
import UploadModel

/// Makes scheduled items due when their moment comes, and deletes files whose time is over. The catalog remembers which
/// are due, so that a restart neither forgets one nor tells of one twice.
package struct Scheduler: Service {
    private let library: MediaLibrary
    /// `nil` keeps files for ever.
    private let fileLifetimeSeconds: Int64?
    private let logger: Logger

    /// Between two looks; a moment is met at most this late.
    private static let interval = Duration.milliseconds(500)

    package init(library: MediaLibrary, fileLifetimeSeconds: Int64?, logger: Logger) {
        self.library = library
        self.fileLifetimeSeconds = fileLifetimeSeconds
        self.logger = logger
    }

    package func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                await turn("items became due", { () throws(UploadFault) in try await library.makeDue() })
                if let fileLifetimeSeconds {
                    await turn("old files deleted") { () throws(UploadFault) in
                        try await library.deleteFiles(olderThanSeconds: fileLifetimeSeconds)
                    }
                }
                try? await Task.sleep(for: Self.interval)
            }
        }
    }

    private func turn(_ what: Logger.Message, _ work: () async throws(UploadFault) -> Int) async {
        do throws(UploadFault) {
            let count = try await work()
            if count > 0 { logger.info(what, metadata: ["sluice.count": "\(count)"]) }
        } catch {
            logger.warning(
                "the schedule could not be followed", metadata: ["sluice.fault": "\(error.cause ?? error.detail)"])
        }
    }
}
