// swift-tools-version: 6.2
// The map of the project: which target may know which. docs/architecture.md tells why.

import PackageDescription

let package = Package(
    name: "muster",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "muster", targets: ["muster"]),
        // For Benchmarks/, a package of its own, to measure them one by one.
        .library(
            name: "MusterParts",
            targets: [
                "Audiences", "HTTPWire", "JSON", "Platform", "HTTPTransport", "Routing",
                "Mixpanel", "SQLiteStore",
            ]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/apple/swift-configuration", exact: "1.4.0"),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", exact: "2.13.0"),
        .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
        .package(
            url: "https://github.com/swift-server/swift-service-lifecycle", exact: "2.13.0"),
    ],
    targets: [
        // Level 0: four things that know nothing of each other.
        .target(name: "Audiences", swiftSettings: strict),
        .target(name: "HTTPWire", swiftSettings: strict),
        .target(name: "JSON", swiftSettings: strict),
        .target(name: "Platform", dependencies: ["CEpoll", "COpenSSL"], swiftSettings: strict),

        // Level 1.
        .target(
            name: "HTTPTransport", dependencies: ["HTTPWire", "Platform", logging],
            swiftSettings: strict),
        .target(
            name: "Routing", dependencies: ["HTTPWire", "CZlib", logging, metrics],
            swiftSettings: strict),
        .target(
            name: "Mixpanel", dependencies: ["HTTPWire", "JSON", "Audiences"],
            swiftSettings: strict),
        .target(
            name: "SQLiteStore",
            dependencies: [
                "Audiences", "CSQLite", logging, metrics,
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "GRDBSQLite", package: "GRDB.swift"),
            ],
            swiftSettings: strict),

        // Level 2.
        .target(
            name: "Endpoints",
            dependencies: [
                "Routing", "Mixpanel", "HTTPWire", "JSON", "Audiences", logging, metrics,
            ],
            swiftSettings: strict),

        // Level 3.
        .executableTarget(
            name: "muster",
            dependencies: [
                "Endpoints", "Routing", "Mixpanel", "HTTPTransport", "SQLiteStore",
                "HTTPWire", "JSON", "Audiences", "Platform", logging, metrics,
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Configuration", package: "swift-configuration"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            swiftSettings: strict),

        // C fences: a module map and a shim each.
        .target(name: "CEpoll"),
        .target(name: "CSQLite"),
        .systemLibrary(
            name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),

        // Tests, and what several of them need.
        .target(
            name: "TestSupport", dependencies: ["HTTPWire", "Audiences", logging],
            path: "Tests/TestSupport", swiftSettings: strict),
        // A disk that fails on command, under SQLite.
        .target(name: "FaultVFS", path: "Tests/FaultVFS"),
        .testTarget(name: "ArchitectureTests", swiftSettings: strict),
        .testTarget(
            name: "AudiencesTests", dependencies: ["Audiences", "TestSupport"],
            swiftSettings: strict),
        .testTarget(
            name: "HTTPWireTests", dependencies: ["HTTPWire"], resources: [.copy("Corpus")],
            swiftSettings: strict),
        .testTarget(name: "JSONTests", dependencies: ["JSON"], swiftSettings: strict),
        .testTarget(
            name: "PlatformTests", dependencies: ["Platform", "TestSupport"],
            swiftSettings: strict),
        .testTarget(
            name: "HTTPTransportTests",
            dependencies: ["HTTPTransport", "HTTPWire", "Platform", "TestSupport"],
            swiftSettings: strict),
        .testTarget(
            name: "RoutingTests",
            dependencies: [
                "Routing", "HTTPWire", "CZlib", "TestSupport", logging, metricsTestKit,
            ],
            swiftSettings: strict),
        .testTarget(
            name: "MixpanelTests",
            dependencies: ["Mixpanel", "Audiences", "HTTPWire", "TestSupport", "JSON"],
            resources: [.copy("Fixtures")], swiftSettings: strict),
        .testTarget(
            name: "SQLiteStoreTests",
            dependencies: [
                "Audiences", "SQLiteStore", "TestSupport", "FaultVFS", logging, metricsTestKit,
                .product(name: "GRDB", package: "GRDB.swift"),
            ],
            swiftSettings: strict),
        .testTarget(
            name: "EndpointsTests",
            dependencies: [
                "Endpoints", "Routing", "Mixpanel", "HTTPWire", "JSON", "Audiences",
                "TestSupport", logging, metricsTestKit,
            ],
            swiftSettings: strict),
        .testTarget(
            name: "MusterTests",
            dependencies: [
                "muster", "Mixpanel", "Audiences", "HTTPTransport", "Endpoints", "Routing",
                "HTTPWire", "JSON", "Platform", "SQLiteStore", "TestSupport", logging, metrics,
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Configuration", package: "swift-configuration"),
            ],
            swiftSettings: strict),
        // Starts the built binary, so it depends on that and on nothing inside it but the words
        // of the model that the binary is compared with.
        .testTarget(
            name: "EndToEndTests",
            dependencies: ["muster", "Audiences", "Platform", "TestSupport"],
            swiftSettings: strict),
    ]
)

var strict: [SwiftSetting] {
    [
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .treatAllWarnings(as: .error),
    ]
}

var logging: Target.Dependency { .product(name: "Logging", package: "swift-log") }
var metrics: Target.Dependency { .product(name: "CoreMetrics", package: "swift-metrics") }
var metricsTestKit: Target.Dependency {
    .product(name: "MetricsTestKit", package: "swift-metrics")
}
