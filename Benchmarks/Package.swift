// swift-tools-version: 6.2

import PackageDescription

/// What every target is compiled with, as in the package that is measured.
let strict: [SwiftSetting] = [
    .strictMemorySafety(),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
]

/// Programs that measure. They are no part of the package itself, so that whoever uses it does not build them.
let package = Package(
    name: "benchmarks",
    dependencies: [.package(name: "tunstack", path: "..")],
    targets: [
        .systemLibrary(name: "CWait"),
        .target(name: "BenchmarkSupport", swiftSettings: strict),
        .executableTarget(
            name: "core-services",
            dependencies: [
                "CWait",
                .product(name: "TunstackLinux", package: "tunstack"),
                .product(name: "TunstackCore", package: "tunstack"),
                .product(name: "TunstackWire", package: "tunstack"),
            ],
            path: "Sources/CoreServices", swiftSettings: strict),
        .executableTarget(
            name: "idle-connections",
            dependencies: [
                "BenchmarkSupport",
                .product(name: "TunstackCore", package: "tunstack"),
                .product(name: "TunstackWire", package: "tunstack"),
            ],
            path: "Sources/IdleConnections", swiftSettings: strict),
        // Looks inside the core: build it with `-Xswiftc -enable-testing`, as `scripts/bench micro` does.
        .executableTarget(
            name: "microbench",
            dependencies: [
                "BenchmarkSupport",
                .product(name: "TunstackCore", package: "tunstack"),
                .product(name: "TunstackWire", package: "tunstack"),
            ],
            path: "Sources/Microbench", swiftSettings: strict),
    ]
)
