// swift-tools-version: 6.3
//
// The parsers under libFuzzer and the address sanitizer. `Scripts/fuzz` builds and runs this.
//
// `Targets` says what must hold for every input. The tests of the product compile the same files, without sanitizers,
// and run the corpus through them.
//
// The product's rooms are compiled here once more from their own files (`Product` is a link to `Sources`), because only
// what is instrumented is fuzzed with sense, and because they speak `package` access. Of rooms that need half the product
// only the files with parsers are taken.

import PackageDescription

let features: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .enableUpcomingFeature("InferIsolatedConformances"),
    .treatAllWarnings(as: .error),
]
let sanitizers = ["-sanitize=fuzzer,address"]
/// Coverage of the product alone: what the properties themselves do is of no interest.
let product: [SwiftSetting] = features + [.unsafeFlags(sanitizers + ["-enable-testing"])]

let nioCore: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")
let nioHTTP1: Target.Dependency = .product(name: "NIOHTTP1", package: "swift-nio")
let httpTypes: Target.Dependency = .product(name: "HTTPTypes", package: "swift-http-types")

let package = Package(
    name: "sluice-fuzz",
    platforms: [.macOS(.v15)],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-http-structured-headers", from: "1.7.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.0"),
    ],
    targets: [
        .target(name: "UploadModel", path: "Product/UploadModel", swiftSettings: product),
        .target(name: "CCurl", path: "Product/CCurl", linkerSettings: [.linkedLibrary("curl")]),
        .systemLibrary(
            name: "CMagic", path: "Product/CMagic", pkgConfig: "libmagic", providers: [.apt(["libmagic-dev"])]),
        .target(
            name: "UploadGrants", dependencies: ["UploadModel", .product(name: "Crypto", package: "swift-crypto")],
            path: "Product/UploadGrants", swiftSettings: product),
        .target(
            name: "UploadProtocols",
            dependencies: [
                "UploadModel", httpTypes,
                .product(name: "RawStructuredFieldValues", package: "swift-http-structured-headers"),
            ],
            path: "Product/UploadProtocols", swiftSettings: product),
        .target(
            name: "MediaInspection", dependencies: ["UploadModel", "CMagic"], path: "Product/MediaInspection",
            exclude: ["Examination"], swiftSettings: product),
        .target(
            name: "MediaLibrary", dependencies: ["UploadModel", "CCurl"], path: "Product/MediaLibrary/Transfers",
            sources: [
                "AddressRule.swift", "AnswerHead.swift", "FetchURL.swift", "NameHint.swift", "TransferFault.swift",
            ],
            swiftSettings: product),
        .target(
            name: "GatewayHTTP", dependencies: ["UploadProtocols", nioCore, nioHTTP1], path: "Product/GatewayHTTP",
            exclude: ["OpenAPI"],
            sources: ["GatewayLimits.swift", "Connection/HeadGate.swift", "Connection/RequestDecoder.swift"],
            swiftSettings: product),

        .target(
            name: "Fuzz",
            dependencies: [
                "UploadModel", "UploadGrants", "UploadProtocols", "MediaInspection", "MediaLibrary", "GatewayHTTP",
                nioCore, nioHTTP1, .product(name: "NIOEmbedded", package: "swift-nio"), httpTypes,
            ],
            path: "Targets", exclude: ["CorpusTests.swift"],
            swiftSettings: features + [.unsafeFlags(["-sanitize=address"])]),
        .systemLibrary(name: "CFuzzer", path: "CFuzzer"),
        .executableTarget(
            name: "FuzzRunner", dependencies: ["Fuzz", "CFuzzer"], path: "Runner", swiftSettings: features,
            linkerSettings: [.unsafeFlags(sanitizers + ["-use-ld=lld"])]),
    ]
)
