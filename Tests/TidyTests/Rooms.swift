/// A row of the room table: a target and what it may import. CONTRIBUTING.md shows the same table to people.
struct Room: Sendable, CustomStringConvertible {
    let layer: Int
    let name: String
    let mayImport: Set<String>

    init(_ layer: Int, _ name: String, _ mayImport: Set<String>) {
        self.layer = layer
        self.name = name
        self.mayImport = mayImport
    }

    var description: String { name }

    /// Parts of the standard library; every room may name them.
    static let standardModules: Set<String> = [
        "Swift", "Synchronization", "RegexBuilder", "_Concurrency", "_StringProcessing",
    ]

    /// Foundation for what has nothing to do with state: the words and the machines do without.
    static let foundationModules: Set<String> = ["Foundation", "FoundationEssentials"]
    var mayUseFoundation: Bool { layer >= 1 && name != "UploadRules" }

    /// The C library: only where files, processes and terminals are.
    static let systemModules: Set<String> = ["Glibc", "Musl", "Darwin"]
    var mayUseSystem: Bool { ["DiskStore", "SQLiteCatalog", "MemoryStore", "Sluice", "SluiceCommand"].contains(name) }

    /// Everything that a file of this room may import.
    var allowed: Set<String> {
        var allowed = mayImport.union(Self.standardModules)
        if mayUseFoundation { allowed.formUnion(Self.foundationModules) }
        if mayUseSystem { allowed.formUnion(Self.systemModules) }
        return allowed
    }

    /// Lowest layer first.
    static let table: [Room] = [
        Room(0, "UploadModel", []),
        Room(0, "CPlatform", []),
        Room(0, "CMagic", []),
        Room(0, "CCurl", []),
        Room(1, "UploadRules", ["UploadModel"]),
        Room(1, "UploadGrants", ["UploadModel", "Crypto"]),
        Room(1, "UploadProtocols", ["UploadModel", "HTTPTypes", "RawStructuredFieldValues"]),
        Room(1, "Checksums", ["UploadModel", "CPlatform", "Crypto"]),
        Room(2, "UploadStore", ["UploadModel", "NIOCore"]),
        Room(3, "DiskStore", ["UploadModel", "UploadStore", "Checksums", "CPlatform", "NIOCore", "NIOPosix"]),
        Room(3, "SQLiteCatalog", ["UploadModel", "UploadStore", "GRDB", "GRDBSQLite"]),
        Room(3, "MemoryStore", ["UploadModel", "UploadStore", "Checksums", "NIOCore"]),
        Room(
            3, "UploadEngine",
            ["UploadModel", "UploadRules", "UploadStore", "NIOCore", "Logging", "ServiceLifecycle"]),
        Room(3, "MediaInspection", ["UploadModel", "CMagic", "Subprocess"]),
        Room(3, "UploadStoreTesting", ["UploadModel", "UploadStore", "NIOCore"]),
        Room(
            4, "MediaLibrary",
            [
                "UploadModel", "UploadRules", "UploadEngine", "UploadStore", "MediaInspection", "CCurl", "Crypto",
                "NIOCore", "NIOPosix", "Logging", "ServiceLifecycle",
            ]),
        Room(
            5, "GatewayHTTP",
            [
                "UploadModel", "CPlatform", "UploadProtocols", "UploadGrants", "UploadStore", "UploadEngine",
                "MediaLibrary", "NIOCore", "DequeModule", "NIOHTTP1", "NIOHTTPTypes", "NIOHTTPTypesHTTP1", "HTTPTypes",
                "HummingbirdCore", "Hummingbird", "Logging", "ServiceLifecycle",
            ]),
        Room(
            6, "Sluice",
            [
                "UploadModel", "UploadStore", "UploadGrants", "UploadProtocols", "UploadEngine", "MediaInspection",
                "MediaLibrary", "DiskStore", "SQLiteCatalog", "GatewayHTTP", "NIOPosix", "Logging",
                "ServiceLifecycle", "UnixSignals", "Configuration", "SystemPackage",
            ]),
        Room(
            6, "SluiceCommand",
            [
                "Sluice", "UploadModel", "UploadStore", "UploadGrants", "UploadEngine", "Logging", "ArgumentParser",
            ]),
    ]

    static func named(_ name: String) -> Room? { table.first { $0.name == name } }
}
