import ArgumentParser
import Sluice
import UploadEngine
import UploadModel
import UploadStore

/// `sluice uploads`
struct Uploads: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Look at uploads and give them up.", subcommands: [List.self, Show.self, Abort.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List uploads, newest first.")

        @OptionGroup var data: DataOptions
        @Option(help: "Only this tenant's.") var tenant: String?
        @Option(
            help:
                "Only in this state; by default open ones. One of granted, receiving, complete, failed, aborted, expired."
        )
        var state: String?
        @Option(help: "At most this many.") var limit: Int = 100

        func run() async throws {
            var states: Set<UploadState> = [.granted, .receiving]
            if let state {
                guard let known = UploadState(rawValue: state) else {
                    throw ValidationError(
                        "--state takes \(UploadState.allCases.map(\.rawValue).joined(separator: ", ")).")
                }
                states = [known]
            }
            let owner = tenant.flatMap(TenantID.init)
            if tenant != nil, owner == nil { throw ValidationError("--tenant is no tenant's name.") }
            try await data.withWorkshop { workshop in
                let uploads = try await workshop.catalog.uploads(
                    of: owner, in: states, after: nil, limit: max(1, min(limit, 10_000)))
                let rows = uploads.map { upload in
                    [
                        upload.fileID.text, upload.tenant.text, upload.state.rawValue,
                        "\(upload.receivedBytes)/\(upload.layout.sizeBytes.map(String.init) ?? "?")",
                        upload.createdAt.description, upload.fileName.text,
                    ]
                }
                print(Table.text(["FILE ID", "TENANT", "STATE", "BYTES", "CREATED", "NAME"], rows))
            }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show one upload.")

        @OptionGroup var data: DataOptions
        @Argument(help: "Its fileId.") var id: String

        func run() async throws {
            try await data.withWorkshop { workshop in
                let upload = try await workshop.upload(id)
                let status = try await workshop.engine.status(of: upload)
                print(Uploads.describe(status))
            }
        }
    }

    struct Abort: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Give an open upload up and free its bytes.")

        @OptionGroup var data: DataOptions
        @Argument(help: "Its fileId.") var id: String

        func run() async throws {
            try await data.withWorkshop { workshop in
                let upload = try await workshop.upload(id)
                do throws(UploadFault) {
                    try await workshop.engine.abort(upload)
                } catch {
                    throw Failure(error.detail)
                }
                print("aborted \(id)")
            }
        }
    }

    fileprivate static func describe(_ status: UploadEngine.Status) -> String {
        let upload = status.upload
        let missing = status.missing.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }
        let rows: [(String, String?)] = [
            ("fileId", upload.fileID.text), ("tenant", upload.tenant.text), ("alias", upload.alias?.text),
            ("state", upload.state.rawValue), ("name", upload.fileName.text), ("type", upload.mediaType.text),
            ("size", upload.layout.sizeBytes.map { "\($0) bytes" }), ("received", "\(upload.receivedBytes) bytes"),
            ("part size", upload.layout.partSizeBytes.map { "\($0) bytes" }),
            ("parts", upload.layout.partCount.map { "\(status.parts.count) of \($0)" }),
            ("missing", missing.isEmpty ? nil : missing.joined(separator: ", ")),
            ("crc32c", upload.crc32c.map { Digest($0).hex }), ("sha-256", upload.sha256?.hex),
            ("created", upload.createdAt.description), ("expires", upload.expiresAt.description),
            ("completed", upload.completedAt?.description),
        ]
        return rows.compactMap { name, value in
            value.map { name + String(repeating: " ", count: 11 - name.count) + $0 }
        }.joined(separator: "\n")
    }
}

extension Workshop {
    /// The upload of any tenant by its `fileId`.
    fileprivate func upload(_ text: String) async throws -> UploadRecord {
        guard let id = FileID(text) else { throw Failure("\(text) is no fileId.") }
        let found = try await catalog.upload(id)
        guard let found else { throw Failure("There is no upload \(text).") }
        return found
    }
}
