import ArgumentParser
import Sluice
import UploadEngine
import UploadModel
import UploadStore

/// `sluice sweep`
struct Sweep: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "End uploads that are too old, free leftovers of a crash and put quotas right, once.")

    @OptionGroup var data: DataOptions

    func run() async throws {
        try await data.withWorkshop { workshop in
            do throws(UploadFault) {
                let report = try await workshop.engine.sweep(orphanAgeSeconds: Reaper.orphanAgeSeconds)
                print(
                    "\(report.expiredUploads) uploads expired, \(report.forgottenRecords) records forgotten, "
                        + "\(report.freedOrphans) leftovers freed, \(report.recountedTenants) tenants recounted")
            } catch {
                throw Failure(error.cause ?? error.detail)
            }
        }
    }
}

/// `sluice check`
struct Check: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Compare catalog and disk; status 1 when something that was acknowledged is missing.")

    @OptionGroup var data: DataOptions

    func run() async throws {
        try await data.withWorkshop { workshop in
            let report: Consistency
            do throws(UploadFault) {
                report = try await workshop.engine.check()
            } catch {
                throw Failure(error.cause ?? error.detail)
            }
            for id in report.lost { print("lost: the bytes of file \(id) are not there, or not all") }
            for id in report.unstaged { print("lost: the staged bytes of upload \(id) are not there") }
            for id in report.lostPieces { print("lost: a part of upload \(id) is not there") }
            for usage in report.miscounted {
                print(
                    "miscounted: tenant \(usage.tenant) has \(Self.text(usage.counted)), but is counted with "
                        + Self.text(usage.kept))
            }
            for orphan in report.orphans { print("leftover: \(orphan.kind.rawValue) \(orphan.key)") }
            print(
                "\(report.comparedUploads) uploads compared, "
                    + (report.isSound ? "all sound" : "NOT SOUND") + ", \(report.orphans.count) leftovers")
            if !report.isSound { throw ExitCode(1) }
        }
    }

    private static func text(_ usage: TenantUsage) -> String {
        "\(usage.storedBytes) bytes, \(usage.openBytes) of them in open uploads"
    }
}
