package import Logging
import ServiceLifecycle
import UploadModel

/// Makes scheduled items due when their moment comes, and deletes files whose time is over. The catalog remembers which are, so that a restart neither
/// forgets one nor tells of one twice.
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
                do throws(UploadFault) {
                    let count = try await library.makeDue()
                    if count > 0 { logger.info("items became due", metadata: ["sluice.due": "\(count)"]) }
                    if let fileLifetimeSeconds {
                        let old = try await library.deleteFiles(olderThanSeconds: fileLifetimeSeconds)
                        if old > 0 { logger.info("old files deleted", metadata: ["sluice.files": "\(old)"]) }
                    }
                } catch {
                    logger.warning(
                        "due items could not be told of", metadata: ["sluice.fault": "\(error.cause ?? error.detail)"])
                }
                try? await Task.sleep(for: Self.interval)
            }
        }
    }
}
