// swift-tools-version: 6.3
//
// What must be fast is measured here, apart from the product, so that nobody who builds the gateway builds this.
//
// - `load`, `limits`, `bench`: the gateway and its peers under the same load. `Scripts/bench` runs them.
// - `Kernels` and what runs them: what a piece of the product costs by itself. `Scripts/micro` counts and times it.
//
// The product's pure rooms are compiled here once more from their own files (`Product` is a link to `../Sources`). They
// speak `package` access, which ends at the border of a package; as a dependency they would be out of reach, unless the
// compiler were told the name of the folder that this repository lies in. And so only what is measured is built: a
// minute, where the whole gateway takes six. Their rows are those of the product's manifest.
//
// Why each outside package is here:
// - swift-http-types, swift-http-structured-headers, swift-crypto: the rooms' own. In one exact version each, because
//   what is counted is counted through them: a new one comes with new thresholds.
// - benchmark (ordo-one): times. Its traits are off, since its way of counting allocations reads 0 on some machines.

import PackageDescription

let settings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .enableUpcomingFeature("InferIsolatedConformances"),
    .treatAllWarnings(as: .error),
]

let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let httpTypes: Target.Dependency = .product(name: "HTTPTypes", package: "swift-http-types")

let package = Package(
    name: "sluice-benchmarks",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "kernels", targets: ["KernelRunner"]),
        .executable(name: "micro", targets: ["MicroReport"]),
        .library(name: "CountingMalloc", type: .dynamic, targets: ["CountingMalloc"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-http-types", exact: "1.8.0"),
        .package(url: "https://github.com/apple/swift-http-structured-headers", exact: "1.7.0"),
        .package(url: "https://github.com/apple/swift-crypto", exact: "4.5.2"),
        .package(url: "https://github.com/ordo-one/benchmark", from: "1.38.1", traits: []),
    ],
    targets: [
        .executableTarget(
            name: "load", cSettings: [.unsafeFlags(["-Wall", "-Wextra", "-Werror"])],
            linkerSettings: [.linkedLibrary("curl")]),
        .executableTarget(name: "limits", cSettings: [.unsafeFlags(["-Wall", "-Wextra", "-Werror"])]),
        .executableTarget(name: "bench", swiftSettings: [.treatAllWarnings(as: .error)]),

        // The product's rooms that are measured, lowest layer first.
        .target(name: "UploadModel", path: "Product/UploadModel", swiftSettings: settings),
        .target(name: "CPlatform", path: "Product/CPlatform"),
        .target(
            name: "UploadRules", dependencies: ["UploadModel"], path: "Product/UploadRules", swiftSettings: settings),
        .target(
            name: "UploadGrants", dependencies: ["UploadModel", crypto], path: "Product/UploadGrants",
            swiftSettings: settings),
        .target(
            name: "UploadProtocols",
            dependencies: [
                "UploadModel", httpTypes,
                .product(name: "RawStructuredFieldValues", package: "swift-http-structured-headers"),
            ],
            path: "Product/UploadProtocols", swiftSettings: settings),
        .target(
            name: "Checksums", dependencies: ["UploadModel", "CPlatform", crypto], path: "Product/Checksums",
            swiftSettings: settings),

        // What is done with them.
        .target(
            name: "Kernels",
            dependencies: ["UploadModel", "UploadRules", "UploadGrants", "UploadProtocols", "Checksums", httpTypes],
            swiftSettings: settings),
        // Without debug information, which valgrind may be too old to read. Its target is not called `kernels`, because
        // that is `Kernels` on file systems that ignore case.
        .executableTarget(
            name: "KernelRunner", dependencies: ["Kernels"], swiftSettings: settings,
            linkerSettings: [.unsafeFlags(["-Xlinker", "--strip-debug"], .when(platforms: [.linux]))]),
        .executableTarget(name: "MicroReport", swiftSettings: settings),
        .target(name: "CountingMalloc", cSettings: [.unsafeFlags(["-Wall", "-Wextra", "-Werror"])]),
        .executableTarget(
            name: "Micro", dependencies: ["Kernels", .product(name: "Benchmark", package: "benchmark")],
            path: "Benchmarks/Micro", swiftSettings: settings,
            plugins: [.plugin(name: "BenchmarkPlugin", package: "benchmark")]),
    ]
)
