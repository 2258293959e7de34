// swift-tools-version: 6.2

import PackageDescription

/// What every target is compiled with, as in the package that is tried.
let strict: [SwiftSetting] = [
    .strictMemorySafety(),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
]

/// What libFuzzer drives, and what compares the stack with the kernel. No part of the package itself, so that whoever
/// uses it does not build them; `scripts/fuzz` and `scripts/differential` do.
let package = Package(
    name: "tunstack-fuzzing",
    dependencies: [.package(name: "tunstack", path: "..")],
    targets: [
        .systemLibrary(name: "CLibFuzzer"),
        .executableTarget(
            name: "Fuzz",
            dependencies: [
                "CLibFuzzer", .product(name: "TunstackSimulator", package: "tunstack"),
                .product(name: "TunstackCore", package: "tunstack"),
                .product(name: "TunstackWire", package: "tunstack"),
            ],
            swiftSettings: strict),
        .executableTarget(
            name: "Differential",
            dependencies: [
                .product(name: "TunstackLinux", package: "tunstack"),
                .product(name: "TunstackSimulator", package: "tunstack"),
                .product(name: "TunstackCore", package: "tunstack"),
                .product(name: "TunstackWire", package: "tunstack"),
            ],
            swiftSettings: strict),
    ]
)
