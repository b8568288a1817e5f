import ArgumentParser
import Sluice
import UploadGrants
import UploadModel
import UploadStore

/// `sluice keys`
struct Keys: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make, list and revoke API keys; rotate the key that signs upload URLs.",
        subcommands: [Create.self, List.self, Revoke.self, Rotate.self])

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Make a key and print it, once.")

        @OptionGroup var data: DataOptions
        @Option(help: "What the key is for, 1 to 100 characters.") var name: String
        @Option(help: "Whose uploads it reaches.") var tenant: String = TenantID.default.text

        func run() async throws {
            guard let tenant = TenantID(tenant) else {
                throw ValidationError("--tenant takes 1 to \(TenantID.maximumCharacters) letters, digits, - and _.")
            }
            guard (1...100).contains(name.count) else { throw ValidationError("--name takes 1 to 100 characters.") }
            try await data.withWorkshop { workshop in
                let secret = APIKeySecret.random()
                try await workshop.catalog.add(
                    APIKeyRecord(
                        id: .random(), tenant: tenant, name: name, hashHex: secret.hashHex, createdAt: .now))
                print(secret.text)
            }
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List keys by id; the keys themselves are not kept.")

        @OptionGroup var data: DataOptions

        func run() async throws {
            try await data.withWorkshop { workshop in
                let rows = try await workshop.catalog.apiKeys().map { key in
                    [
                        key.id.text, key.tenant.text, key.name, key.createdAt.description,
                        key.revokedAt.map { "revoked \($0)" } ?? "active",
                    ]
                }
                print(Table.text(["ID", "TENANT", "NAME", "CREATED", "STATE"], rows))
            }
        }
    }

    struct Revoke: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Revoke a key; it is refused from now on.")

        @OptionGroup var data: DataOptions
        @Argument(help: "The key's id, from keys list.") var id: String

        func run() async throws {
            guard let id = APIKeyID(id) else {
                throw ValidationError("\(id) is no key id; sluice keys list shows them.")
            }
            try await data.withWorkshop { workshop in
                guard try await workshop.catalog.revoke(id, now: .now) else {
                    throw Failure("There is no active key \(id).")
                }
                print("revoked \(id)")
            }
        }
    }

    struct Rotate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "rotate-signing",
            abstract: "Make a new key for signing upload URLs; links that are out stay good until they expire.")

        @Flag(help: "Forget the keys before it: every link that is out is void at once.")
        var revoke = false

        @OptionGroup var data: DataOptions

        func run() async throws {
            try await data.withWorkshop { workshop in
                let key = KeyRing.newKey(now: .now)
                try await workshop.catalog.rotate(to: key, revokingOthers: revoke)
                print("signing with \(key.id)")
            }
        }
    }
}
