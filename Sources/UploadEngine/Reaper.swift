package import Logging
import ServiceLifecycle
import UploadModel

/// Ends old uploads and frees leftovers, again and again.
package struct Reaper: Service {
    private let engine: UploadEngine
    private let interval: Duration
    private let sweepInterval: Duration
    private let logger: Logger

    /// Leftovers younger than this may belong to a request that is just beginning.
    package static let orphanAgeSeconds: Int64 = 3600

    /// - Parameters:
    ///   - interval: between looks for old uploads.
    ///   - sweepInterval: between full comparisons of catalog and store.
    package init(engine: UploadEngine, interval: Duration, sweepInterval: Duration, logger: Logger) {
        self.engine = engine
        self.interval = interval
        self.sweepInterval = sweepInterval
        self.logger = logger
    }

    package func run() async throws {
        await cancelWhenGracefulShutdown {
            var nextSweep = ContinuousClock.now
            while !Task.isCancelled {
                let isSweep = ContinuousClock.now >= nextSweep
                if isSweep { nextSweep = ContinuousClock.now + sweepInterval }
                await turn(isSweep: isSweep)
                try? await Task.sleep(for: interval)
            }
        }
    }

    private func turn(isSweep: Bool) async {
        do throws(UploadFault) {
            if isSweep {
                let report = try await engine.sweep(orphanAgeSeconds: Self.orphanAgeSeconds)
                guard report != UploadEngine.SweepReport() else { return }
                logger.info(
                    "swept",
                    metadata: [
                        "sluice.expired": "\(report.expiredUploads)",
                        "sluice.forgotten": "\(report.forgottenRecords)",
                        "sluice.orphans": "\(report.freedOrphans)",
                        "sluice.recounted": "\(report.recountedTenants)",
                    ])
            } else {
                let count = try await engine.expireOld()
                if count > 0 { logger.info("uploads expired", metadata: ["sluice.expired": "\(count)"]) }
            }
        } catch {
            logger.warning("sweep failed", metadata: ["sluice.fault": "\(error.cause ?? error.detail)"])
        }
    }
}
