// swift-tools-version: 6.3
//
// The manifest is the architecture: targets stand lowest layer first, and a target depends on
// nothing that is not in its row of the room table (CONTRIBUTING.md, enforced by Tests/TidyTests).
//
// Why each outside package is here:
// - swift-nio, swift-nio-extras: sockets, HTTP/1.1 codec, thread pool; HTTP types on channels.
// - hummingbird: HummingbirdCore accepts connections, Hummingbird routes requests.
// - swift-http-types, swift-http-structured-headers: heads and structured fields (RFC 9651).
// - swift-crypto: HMAC for signed URLs, SHA-2, SHA-1 and MD5 for digests.
// - GRDB.swift: the SQLite catalog.
// - swift-configuration: options from the command line, the environment and a YAML file.
// - swift-argument-parser: the `sluice` command.
// - swift-service-lifecycle: signals, drain, everything long-lived in one group.
// - swift-log: structured logs.
// - swift-collections: queues.
// - swift-system: the path type that swift-configuration's file provider takes.
// - swift-subprocess: the decoders of untrusted media, in child processes with limits.

import PackageDescription

let settings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .enableUpcomingFeature("InferIsolatedConformances"),
    .treatAllWarnings(as: .error),
]

let nioCore: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")
let nioPosix: Target.Dependency = .product(name: "NIOPosix", package: "swift-nio")
let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let httpTypes: Target.Dependency = .product(name: "HTTPTypes", package: "swift-http-types")
let lifecycle: Target.Dependency = .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")

let package = Package(
    name: "sluice",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "sluice", targets: ["SluiceCommand"]),
        .library(name: "Sluice", targets: ["Sluice"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.0"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-http-structured-headers", from: "1.7.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.0"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(
            url: "https://github.com/apple/swift-configuration", from: "1.4.0",
            traits: [.defaults, "CommandLineArguments", "YAML"]),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-system", from: "1.8.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2", traits: []),
    ],
    targets: [
        // Layer 0: words and shims.
        .target(name: "UploadModel", swiftSettings: settings),
        .target(name: "CPlatform"),
        .target(name: "CCurl", linkerSettings: [.linkedLibrary("curl")]),
        .systemLibrary(name: "CMagic", pkgConfig: "libmagic", providers: [.apt(["libmagic-dev"])]),

        // Layer 1: pure rules and translators.
        .target(name: "UploadRules", dependencies: ["UploadModel"], swiftSettings: settings),
        .target(name: "UploadGrants", dependencies: ["UploadModel", crypto], swiftSettings: settings),
        .target(
            name: "UploadProtocols",
            dependencies: [
                "UploadModel", httpTypes,
                .product(name: "RawStructuredFieldValues", package: "swift-http-structured-headers"),
            ],
            swiftSettings: settings),
        .target(name: "Checksums", dependencies: ["UploadModel", "CPlatform", crypto], swiftSettings: settings),

        // Layer 2: the ports.
        .target(name: "UploadStore", dependencies: ["UploadModel", nioCore], swiftSettings: settings),

        // Layer 3: what implements and what drives the ports.
        .target(
            name: "DiskStore",
            dependencies: ["UploadModel", "UploadStore", "Checksums", "CPlatform", nioCore, nioPosix],
            swiftSettings: settings),
        .target(
            name: "SQLiteCatalog",
            dependencies: [
                "UploadModel", "UploadStore", .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "GRDBSQLite", package: "GRDB.swift"),
            ],
            swiftSettings: settings),
        .target(
            name: "MemoryStore", dependencies: ["UploadModel", "UploadStore", "Checksums", nioCore],
            swiftSettings: settings),
        .target(
            name: "UploadEngine",
            dependencies: ["UploadModel", "UploadRules", "UploadStore", nioCore, logging, lifecycle],
            swiftSettings: settings),
        .target(
            name: "MediaInspection",
            dependencies: [
                "UploadModel", "CMagic", .product(name: "Subprocess", package: "swift-subprocess"),
            ],
            swiftSettings: settings),
        .target(
            name: "UploadStoreTesting", dependencies: ["UploadModel", "UploadStore", nioCore], swiftSettings: settings),

        // Layer 4: media items.
        .target(
            name: "MediaLibrary",
            dependencies: [
                "UploadModel", "UploadRules", "UploadEngine", "UploadStore", "MediaInspection", "CCurl", crypto,
                nioCore,
                nioPosix, logging, lifecycle,
            ],
            swiftSettings: settings),

        // Layer 5: the edge.
        .target(
            name: "GatewayHTTP",
            dependencies: [
                "UploadModel", "CPlatform", "UploadProtocols", "UploadGrants", "UploadStore", "UploadEngine",
                "MediaLibrary",
                nioCore, logging, httpTypes, lifecycle,
                .product(name: "DequeModule", package: "swift-collections"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
                .product(name: "NIOHTTPTypesHTTP1", package: "swift-nio-extras"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "Hummingbird", package: "hummingbird"),
            ],
            resources: [.embedInCode("OpenAPI/openapi.yaml")],
            swiftSettings: settings),

        // Layer 6: the one place that wires, and the command line.
        .target(
            name: "Sluice",
            dependencies: [
                "GatewayHTTP", "SQLiteCatalog", "DiskStore", "MediaLibrary", "MediaInspection", "UploadEngine",
                "UploadGrants", "UploadProtocols", "UploadStore", "UploadModel", logging, lifecycle, nioPosix,
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
                .product(name: "Configuration", package: "swift-configuration"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            swiftSettings: settings),
        .executableTarget(
            name: "SluiceCommand",
            dependencies: [
                "Sluice", "UploadEngine", "UploadGrants", "UploadStore", "UploadModel", logging,
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: settings),

        // Tests mirror the targets; TidyTests holds the house rules.
        .testTarget(name: "UploadModelTests", dependencies: ["UploadModel"], swiftSettings: settings),
        .testTarget(name: "UploadRulesTests", dependencies: ["UploadModel", "UploadRules"], swiftSettings: settings),
        .testTarget(name: "UploadGrantsTests", dependencies: ["UploadModel", "UploadGrants"], swiftSettings: settings),
        .testTarget(
            name: "UploadProtocolsTests", dependencies: ["UploadModel", "UploadProtocols", httpTypes],
            swiftSettings: settings),
        .testTarget(
            name: "ChecksumsTests", dependencies: ["UploadModel", "Checksums", crypto], swiftSettings: settings),
        .testTarget(
            name: "StoreTests",
            dependencies: [
                "UploadModel", "UploadStore", "UploadStoreTesting", "DiskStore", "MemoryStore", "SQLiteCatalog",
                nioCore, nioPosix, .product(name: "GRDB", package: "GRDB.swift"),
            ],
            swiftSettings: settings),
        .testTarget(
            name: "UploadEngineTests",
            dependencies: [
                "UploadModel", "UploadEngine", "UploadStore", "UploadStoreTesting", "MemoryStore", "DiskStore",
                "Checksums",
                logging, nioCore,
            ],
            swiftSettings: settings),
        .testTarget(
            name: "MediaLibraryTests",
            dependencies: ["UploadModel", "MediaLibrary", "UploadStore", "MemoryStore", nioCore, nioPosix],
            swiftSettings: settings),
        .testTarget(
            name: "MediaInspectionTests", dependencies: ["UploadModel", "MediaInspection"], swiftSettings: settings),
        .testTarget(name: "GatewayHTTPTests", dependencies: ["GatewayHTTP"], swiftSettings: settings),
        .testTarget(
            name: "GatewayTests", dependencies: ["SluiceCommand"], exclude: ["OpenAPI", "PowerLoss/Probe"],
            swiftSettings: settings),
        // What Scripts/fuzz looks for, looked for in the corpus alone.
        .testTarget(
            name: "Fuzz",
            dependencies: [
                "UploadModel", "UploadGrants", "UploadProtocols", "MediaInspection", "MediaLibrary", "GatewayHTTP",
                nioCore, httpTypes, .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
            ],
            path: "Tests/Fuzz/Targets", swiftSettings: settings),
        .testTarget(name: "TidyTests", swiftSettings: settings),
    ]
)
