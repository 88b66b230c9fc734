// swift-tools-version: 6.2
import PackageDescription

/// The gate sets this; a newer compiler's warnings then do not keep users from building.
let strict: [SwiftSetting] =
    Context.environment["GOGOTRADE_WARNINGS_AS_ERRORS"] == "1" ? [.treatAllWarnings(as: .error)] : []

let settings: [SwiftSetting] =
    [
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    ] + strict

let log = Target.Dependency.product(name: "Logging", package: "swift-log")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let nioWebSocket = Target.Dependency.product(name: "NIOWebSocket", package: "swift-nio")

/// One target per room of the house (CONTRIBUTING.md, "Layout"); imports point downwards only.
func room(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: settings)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(name: name, dependencies: dependencies, swiftSettings: settings)
}

let package = Package(
    name: "gogotrade",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "gogotrade", targets: ["gogotrade"])
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-configuration", from: "1.4.0", traits: []),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        // Pure: values and bytes in, values out.
        room("MarketModel", []),
        room("MarketCalendar", ["MarketModel"]),
        room("KiteProtocol", ["MarketModel"]),
        room("Candles", ["MarketModel", "MarketCalendar"]),

        // Clients.
        .systemLibrary(name: "CLibpq", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .target(name: "CPosix"),
        room("PostgresClient", ["CLibpq", "CPosix", log]),
        room("RedisClient", [log, nioCore, nioPosix]),

        // Stores.
        room("MarketStore", ["MarketModel", "PostgresClient", log]),
        room("LiveMarket", ["MarketModel", "KiteProtocol", "RedisClient", log, nioCore]),

        // Walks.
        room(
            "Feeds",
            [
                "MarketModel", "MarketCalendar", "KiteProtocol", "LiveMarket", log, lifecycle, nioCore, nioPosix,
                nioHTTP1, nioWebSocket,
            ]
        ),
        room(
            "Recorder",
            [
                "MarketModel", "MarketCalendar", "KiteProtocol", "Candles", "LiveMarket", "MarketStore",
                "PostgresClient", "RedisClient", log, lifecycle, nioCore,
            ]
        ),
        room(
            "Gateway",
            [
                "MarketModel", "LiveMarket", "MarketStore", "PostgresClient", "RedisClient", log, lifecycle, nioCore,
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
            ]
        ),
        room("LocalEngine", ["CPosix", "PostgresClient", "RedisClient", log]),
        .executableTarget(
            name: "gogotrade",
            dependencies: [
                "MarketModel", "MarketCalendar", "KiteProtocol", "Candles", "PostgresClient", "RedisClient",
                "MarketStore", "LiveMarket", "Feeds", "Recorder", "Gateway", "LocalEngine", log, lifecycle,
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Configuration", package: "swift-configuration"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            swiftSettings: settings
        ),

        // Measurements: scripts/bench.
        .executableTarget(
            name: "gogotrade-bench",
            dependencies: [
                "MarketModel", "KiteProtocol", "PostgresClient", "RedisClient", "MarketStore", "LiveMarket", "Feeds",
                "LocalEngine", log, lifecycle,
            ],
            path: "Benchmarks",
            swiftSettings: settings
        ),

        // Tests.
        room(
            "GoGoTradeTestSupport",
            ["MarketModel", "PostgresClient", "RedisClient", "MarketStore", "LocalEngine", log, nioCore]
        ),
        tests("MarketModelTests", ["MarketModel", "MarketCalendar"]),
        tests("KiteProtocolTests", ["MarketModel", "KiteProtocol"]),
        tests(
            "CandlesTests",
            ["MarketModel", "MarketCalendar", "Candles", "Feeds", "KiteProtocol", "GoGoTradeTestSupport"]
        ),
        tests("PostgresClientTests", ["PostgresClient", "LocalEngine", "GoGoTradeTestSupport", log]),
        tests(
            "RedisClientTests",
            [
                "RedisClient", "GoGoTradeTestSupport", log, nioCore, nioPosix,
                .product(name: "NIOEmbedded", package: "swift-nio"),
            ]
        ),
        tests("MarketStoreTests", ["MarketModel", "MarketStore", "PostgresClient", "GoGoTradeTestSupport", log]),
        tests("LocalEngineTests", ["LocalEngine", "PostgresClient", "RedisClient", "GoGoTradeTestSupport", log]),
        tests(
            "FeedsTests",
            [
                "MarketModel", "MarketCalendar", "KiteProtocol", "LiveMarket", "RedisClient", "Feeds",
                "GoGoTradeTestSupport", log, lifecycle, nioCore, nioPosix, nioWebSocket,
            ]
        ),
        tests(
            "GatewayTests",
            [
                "MarketModel", "KiteProtocol", "LiveMarket", "MarketStore", "PostgresClient", "RedisClient",
                "LocalEngine",
                "Gateway", "GoGoTradeTestSupport", log, lifecycle, nioCore,
            ]
        ),
        tests(
            "EndToEndTests",
            [
                "MarketModel", "MarketCalendar", "MarketStore", "PostgresClient", "KiteProtocol", "Feeds",
                "LocalEngine",
                "GoGoTradeTestSupport", log, "gogotrade",
            ]
        ),
    ],
    swiftLanguageModes: [.v6]
)
