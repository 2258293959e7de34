// swift-tools-version: 6.2

import PackageDescription

/// What every target of ours is compiled with: Swift 6 mode comes from the tools version.
let strict: [SwiftSetting] = [
    .strictMemorySafety(),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
]

let package = Package(
    name: "tunstack",
    products: [
        .executable(name: "tunstack", targets: ["TunstackCLI"]),
        .library(name: "Tunstack", targets: ["Tunstack"]),
        .library(name: "TunstackCore", targets: ["TunstackCore"]),
        .library(name: "TunstackLinux", targets: ["TunstackLinux"]),
        .library(name: "TunstackWire", targets: ["TunstackWire"]),
        .library(name: "TunstackSimulator", targets: ["TunstackSimulator"]),
        .library(name: "TunstackPacketdrill", type: .dynamic, targets: ["TunstackPacketdrill"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0")
    ],
    targets: [
        .systemLibrary(name: "CLinuxTun"),
        .target(name: "TunstackWire", swiftSettings: strict),
        .target(name: "TunstackCore", dependencies: ["TunstackWire"], swiftSettings: strict),
        .target(
            name: "TunstackLinux", dependencies: ["TunstackCore", "TunstackWire", "CLinuxTun"], swiftSettings: strict),
        .target(
            name: "Tunstack", dependencies: ["TunstackLinux", "TunstackCore", "TunstackWire"], swiftSettings: strict),
        .target(name: "TunstackSimulator", dependencies: ["TunstackCore", "TunstackWire"], swiftSettings: strict),
        .target(name: "TunstackPacketdrill", dependencies: ["TunstackCore", "TunstackWire"], swiftSettings: strict),
        .executableTarget(
            name: "TunstackCLI",
            dependencies: [
                "Tunstack", "TunstackLinux", "TunstackSimulator", "TunstackCore", "TunstackWire",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: strict),

        .target(name: "TestSupport", path: "Tests/TestSupport", swiftSettings: strict),
        .target(
            name: "NetworkTestSupport", dependencies: ["TunstackLinux"], path: "Tests/NetworkTestSupport",
            swiftSettings: strict),
        .testTarget(name: "TunstackWireTests", dependencies: ["TunstackWire", "TestSupport"], swiftSettings: strict),
        .target(name: "AllocationCounter", path: "Tests/AllocationCounter"),
        .testTarget(
            name: "TunstackCoreTests",
            dependencies: ["TunstackCore", "TunstackWire", "TestSupport", "AllocationCounter"],
            swiftSettings: strict),
        .testTarget(
            name: "TunstackLinuxTests",
            dependencies: [
                "TunstackLinux", "TunstackCore", "TunstackWire", "CLinuxTun", "TestSupport", "NetworkTestSupport",
            ],
            swiftSettings: strict),
        .testTarget(
            name: "TunstackTests", dependencies: ["Tunstack", "TestSupport", "NetworkTestSupport"],
            swiftSettings: strict),
        .testTarget(
            name: "TunstackCLITests",
            dependencies: [
                "TunstackCLI", "Tunstack", "TunstackCore", "TestSupport",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: strict),
        .testTarget(
            name: "TunstackPacketdrillTests",
            dependencies: ["TunstackPacketdrill", "TunstackCore", "TunstackWire", "TestSupport"],
            swiftSettings: strict),
        .testTarget(
            name: "TunstackSimulatorTests",
            dependencies: ["TunstackSimulator", "TunstackCore", "TunstackWire", "TestSupport"],
            exclude: ["Regressions", "Fuzzing/parser", "Fuzzing/stack", "Fuzzing/network"], swiftSettings: strict),
    ]
)
