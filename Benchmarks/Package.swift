// swift-tools-version: 6.2
// A package of its own, so that what Muster is measured beside never becomes a dependency of it.
// docs/benchmarks.md tells what is measured, and how.

import PackageDescription

let package = Package(
    name: "benchmarks",
    platforms: [.macOS(.v15)],
    dependencies: [
        .package(name: "muster", path: ".."),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
        .package(
            url: "https://github.com/hummingbird-project/hummingbird", exact: "2.28.1"),
    ],
    targets: [
        // Parts of Muster, each without the rest.
        .executableTarget(
            name: "BenchServer", dependencies: [parts, logging], path: "BenchServer",
            packageAccess: false, swiftSettings: strict + asPartOfMuster),
        .executableTarget(
            name: "PartsBench", dependencies: [parts], path: "PartsBench",
            packageAccess: false, swiftSettings: strict + asPartOfMuster),
        .executableTarget(
            name: "StoreBench", dependencies: [parts, logging], path: "StoreBench",
            packageAccess: false, swiftSettings: strict + asPartOfMuster),

        // Posts pages faster than any server takes them.
        .executableTarget(
            name: "PageLoad", path: "PageLoad", cSettings: [.define("_GNU_SOURCE")]),

        // Peers.
        .executableTarget(
            name: "HummingbirdPeer",
            dependencies: [.product(name: "Hummingbird", package: "hummingbird")],
            path: "HummingbirdPeer", swiftSettings: strict),
        .executableTarget(
            name: "NIOPeer",
            dependencies: [
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ], path: "NIOPeer", swiftSettings: strict),
    ]
)

var parts: Target.Dependency { .product(name: "MusterParts", package: "muster") }
var logging: Target.Dependency { .product(name: "Logging", package: "swift-log") }

/// Muster's declarations are `package`, not `public`, and the compiler knows its package by the
/// directory it is in.
var asPartOfMuster: [SwiftSetting] {
    let directories = Context.packageDirectory.split(separator: "/")
    let directory = directories.dropLast().last?.lowercased() ?? "muster"
    let name = directory.map { $0.isLetter || $0.isNumber ? $0 : "_" }
    return [.unsafeFlags(["-package-name", String(name)])]
}

var strict: [SwiftSetting] {
    [
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .treatAllWarnings(as: .error),
    ]
}
