// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .treatAllWarnings(as: .error),
]

let system: Target.Dependency = .product(name: "SystemPackage", package: "swift-system")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let nioCore: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")
let nioPosix: Target.Dependency = .product(name: "NIOPosix", package: "swift-nio")
let nioSSL: Target.Dependency = .product(name: "NIOSSL", package: "swift-nio-ssl")
let yaml: Target.Dependency = .product(name: "Yams", package: "Yams")
let heap: Target.Dependency = .product(name: "HeapModule", package: "swift-collections")
let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let subprocess: Target.Dependency = .product(name: "Subprocess", package: "swift-subprocess")
let hummingbird: Target.Dependency = .product(name: "Hummingbird", package: "hummingbird")
let hummingbirdTLS: Target.Dependency = .product(name: "HummingbirdTLS", package: "hummingbird")
let hummingbirdCore: Target.Dependency = .product(name: "HummingbirdCore", package: "hummingbird")
let lifecycle: Target.Dependency = .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let coreMetrics: Target.Dependency = .product(name: "CoreMetrics", package: "swift-metrics")
let httpTypes: Target.Dependency = .product(name: "HTTPTypes", package: "swift-http-types")
let nioHTTPTypes: Target.Dependency = .product(name: "NIOHTTPTypes", package: "swift-nio-extras")
let grdb: Target.Dependency = .product(name: "GRDB", package: "GRDB.swift")
let argumentParser: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let nioHTTP1: Target.Dependency = .product(name: "NIOHTTP1", package: "swift-nio")
let unixSignals: Target.Dependency = .product(name: "UnixSignals", package: "swift-service-lifecycle")
let tracing: Target.Dependency = .product(name: "Tracing", package: "swift-distributed-tracing")
let httpClient: Target.Dependency = .product(name: "AsyncHTTPClient", package: "async-http-client")

/// Swift's libraries as part of the executable. Those behind Foundation are named here, because modules that were compiled for
/// the dynamic library do not; nothing looks symbols of the executable up.
let staticSwift =
    ["-static-stdlib", "-Xlinker", "--no-export-dynamic"]
    + [
        "Foundation", "CoreFoundation", "FoundationInternationalization", "FoundationEssentials", "_FoundationICU",
        "_FoundationCShims", "_FoundationCollections",
    ].map { "-l\($0)" }

/// Tests see what is `package`: release builds leave out what `@testable import` needs, and everything here is built for release.
func library(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: settings)
}

/// An executable that needs nothing of the toolchain where it runs.
func executable(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .executableTarget(
        name: name, dependencies: dependencies, swiftSettings: settings, linkerSettings: [.unsafeFlags(staticSwift)])
}

/// Tests are compiled once and run once: what they test is optimised, they are not, which takes less than half as long.
func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(
        name: name, dependencies: dependencies, swiftSettings: settings + [.unsafeFlags(["-Onone"])])
}

let package = Package(
    name: "thaw",
    platforms: [.macOS(.v26)],
    products: [
        .executable(name: "thaw", targets: ["thaw"]),
        .executable(name: "thaw-lab", targets: ["thaw-lab"]),
        .executable(name: "ThawGuest", targets: ["ThawGuest"]),
        .executable(name: "ThawWorkshop", targets: ["ThawWorkshop"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-distributed-tracing", from: "1.7.3"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2"),
    ],
    targets: [
        // C: what Swift cannot import.
        .target(name: "CLinux"),
        .target(name: "CGuestBoot"),
        .target(name: "CProcessImage"),
        .target(name: "CSlotPrograms", cSettings: [.unsafeFlags(["-std=gnu23"])]),
        .systemLibrary(name: "CLibbpf", pkgConfig: "libbpf", providers: [.apt(["libbpf-dev"])]),
        .target(name: "CLibzip"),
        .target(name: "CLibarchive"),

        // Leaves.
        library("Basics", []),
        library("LinuxKit", ["Basics", "CLinux", heap, system]),
        library("FunctionModel", ["Basics"]),
        library("NetworkModel", ["Basics", "LinuxKit", system]),
        library("GuestProtocol", []),
        library("PrometheusMetrics", [coreMetrics]),
        library("Telemetry", ["Basics", "LinuxKit", logging, system, tracing]),
        library("RuntimeAPI", ["Basics", "GuestProtocol", "LinuxKit", system]),
        library("SigV4", ["Basics", crypto]),
        library("Authorization", ["SigV4", system]),
        library("OutgoingHTTP", [httpClient, nioCore, nioHTTP1, nioSSL]),

        // What a host keeps.
        library("FunctionStore", ["Basics", "FunctionModel", "LinuxKit", crypto, grdb, system]),
        library("Snapshots", ["Basics", "LinuxKit", crypto, system]),
        library("Workshop", ["Basics", "CLibarchive", "CLibzip", "LinuxKit", system]),
        library(
            "BaseImages", ["Basics", "GuestProtocol", "LinuxKit", "Workshop", crypto, logging, subprocess, system]),
        library(
            "ContainerImages",
            ["Basics", "LinuxKit", "OutgoingHTTP", "Workshop", crypto, httpClient, logging, nioCore, nioHTTP1, system]),
        library("SlotNetwork", ["Basics", "CLibbpf", "CSlotPrograms", "LinuxKit", "NetworkModel", logging, system]),

        // Isolation.
        library("Sandboxes", ["Basics", "GuestProtocol", "NetworkModel", "Snapshots", system]),
        library(
            "MicroVMEngine",
            [
                "Basics", "GuestProtocol", "LinuxKit", "NetworkModel", "Sandboxes", "SlotNetwork", "Snapshots",
                httpClient,
                logging, nioCore, nioHTTP1, nioPosix, system,
            ]),

        library("ProcessImages", ["CProcessImage", "LinuxKit", system]),
        library(
            "ProcessEngine",
            [
                "Basics", "CProcessImage", "GuestProtocol", "LinuxKit", "NetworkModel", "ProcessImages", "RuntimeAPI",
                "Sandboxes",
                "SlotNetwork", "Snapshots", "Workshop", crypto, logging, system,
            ]),

        // The service.
        library("AWSClients", ["OutgoingHTTP", "SigV4", httpClient, nioCore, nioHTTP1]),
        library(
            "Worker",
            [
                "AWSClients", "Basics", "BaseImages", "ContainerImages", "FunctionModel", "FunctionStore",
                "GuestProtocol",
                "LinuxKit",
                "NetworkModel",
                "Sandboxes",
                "Snapshots", "Telemetry", crypto, lifecycle, logging, system, tracing,
            ]),
        library(
            "LambdaAPI",
            [
                "Authorization", "Basics", "FunctionModel", "SigV4", "Telemetry", "Worker", httpTypes, hummingbird,
                hummingbirdCore, hummingbirdTLS, logging, nioCore, nioHTTPTypes, nioPosix, nioSSL, tracing,
            ]),

        // What is seen from outside.
        library(
            "Monitoring",
            [
                "Basics", "GuestProtocol", "LambdaAPI", "LinuxKit", "NetworkModel", "PrometheusMetrics", "Sandboxes",
                "SlotNetwork", "Snapshots", "Telemetry", "Worker", coreMetrics, hummingbird, logging, system, tracing,
            ]),

        // Runs in a jail, beside untrusted input. Not static: libzip is loaded.
        .executableTarget(
            name: "ThawWorkshop", dependencies: ["Workshop"], swiftSettings: settings,
            linkerSettings: [.unsafeFlags(["-static-stdlib", "-Xlinker", "--gc-sections"])]),

        // Runs in the guest.
        .executableTarget(
            name: "ThawGuest", dependencies: ["CGuestBoot", "GuestProtocol", "LinuxKit", "RuntimeAPI", system],
            swiftSettings: settings,
            linkerSettings: [.unsafeFlags(["-static-executable", "-Xlinker", "--gc-sections"])]),

        // What is run. Commands are libraries: their tests link Swift dynamically, as XCTest does.
        library(
            "ServerAssembly",
            [
                "AWSClients", "Authorization", "BaseImages", "Basics", "ContainerImages", "FunctionModel",
                "FunctionStore",
                "GuestProtocol", "LambdaAPI", "LinuxKit", "MicroVMEngine", "Monitoring",
                "NetworkModel", "ProcessEngine", "Sandboxes", "SigV4", "SlotNetwork", "Snapshots", "Telemetry",
                "Worker",
                lifecycle, logging,
                nioCore, system, unixSignals,
            ]),
        library("Terminal", []),
        library(
            "ThawCommand",
            [
                "AWSClients", "BaseImages", "CLibzip", "FunctionModel", "GuestProtocol", "LambdaAPI", "LinuxKit",
                "MicroVMEngine", "NetworkModel", "Sandboxes", "ServerAssembly", "SigV4",
                "SlotNetwork", "Snapshots", "Telemetry", "Terminal", "Worker", argumentParser, lifecycle, logging,
                nioCore, nioHTTP1,
                nioPosix, nioSSL, system, unixSignals, yaml,
            ]),
        library(
            "ThawLab",
            [
                "Basics", "BaseImages", "FunctionModel", "GuestProtocol", "LinuxKit", "MicroVMEngine", "NetworkModel",
                "Sandboxes",
                "ServerAssembly", "SlotNetwork", "Snapshots", "Terminal", "Worker", argumentParser,
                httpClient, lifecycle, logging, nioCore, nioHTTP1, system, unixSignals,
            ]),
        executable("thaw", ["ThawCommand", argumentParser]),
        executable("thaw-lab", ["ThawLab", argumentParser]),

        // Tests.
        tests("BasicsTests", ["Basics", "TestSupport"]),
        .target(
            name: "TestSupport", dependencies: ["Basics", "LinuxKit", system], path: "Tests/TestSupport",
            swiftSettings: settings),
        tests("LinuxKitTests", ["LinuxKit", "TestSupport", system]),
        tests("AWSClientsTests", ["AWSClients", "SigV4"]),
        tests("FunctionModelTests", ["FunctionModel"]),
        tests("GuestProtocolTests", ["GuestProtocol"]),
        tests("PrometheusMetricsTests", ["PrometheusMetrics", coreMetrics]),
        tests("TelemetryTests", ["Telemetry", "TestSupport", logging, system, tracing]),
        tests("SigV4Tests", ["SigV4"]),
        tests("AuthorizationTests", ["Authorization", "SigV4", system]),
        tests("RuntimeAPITests", ["GuestProtocol", "LinuxKit", "RuntimeAPI", "TestSupport", system]),
        // Not on ThawGuest itself, which is linked statically: the tests run its binary.
        tests("ThawGuestTests", ["GuestProtocol", "LinuxKit", "TestSupport", system]),
        tests("FunctionStoreTests", ["FunctionModel", "FunctionStore", "LinuxKit", "TestSupport", grdb, system]),
        tests("SnapshotsTests", ["Snapshots", "TestSupport", system]),
        tests("WorkshopTests", ["LinuxKit", "TestSupport", "Workshop", system]),
        tests("BaseImagesTests", ["BaseImages", "LinuxKit", "TestSupport", "Workshop", logging, system]),
        tests(
            "ContainerImagesTests",
            ["ContainerImages", "LinuxKit", "TestSupport", "Workshop", logging, nioCore, nioHTTP1, nioPosix, system]),
        tests("NetworkModelTests", ["LinuxKit", "NetworkModel", "TestSupport", system]),
        tests(
            "SlotNetworkTests",
            ["CLibbpf", "CSlotPrograms", "LinuxKit", "NetworkModel", "SlotNetwork", "TestSupport", logging, system]),
        tests(
            "MicroVMEngineTests",
            [
                "Basics", "GuestProtocol", "LinuxKit", "MicroVMEngine", "NetworkModel", "Sandboxes", "SlotNetwork",
                "Snapshots",
                "TestSupport", logging, nioPosix, system,
            ]),
        tests("ProcessImagesTests", ["CProcessImage", "LinuxKit", "ProcessImages", "TestSupport", system]),
        tests(
            "ProcessEngineTests",
            [
                "Basics", "CProcessImage", "GuestProtocol", "LinuxKit", "NetworkModel", "ProcessEngine", "RuntimeAPI",
                "Sandboxes",
                "SlotNetwork", "Snapshots", "TestSupport", "Workshop", logging, system,
            ]),
        tests(
            "WorkerTests",
            [
                "AWSClients", "Basics", "BaseImages", "ContainerImages", "FunctionModel", "FunctionStore",
                "GuestProtocol",
                "LinuxKit", "NetworkModel",
                "Sandboxes",
                "Snapshots", "Telemetry", "TestSupport", "Worker", logging, system,
            ]),
        tests(
            "LambdaAPITests",
            [
                "Authorization", "FunctionModel", "LambdaAPI", "SigV4", "Telemetry", "TestSupport", "Worker",
                httpTypes, hummingbird, logging, nioCore, system,
                .product(name: "HummingbirdTesting", package: "hummingbird"),
            ]),
        tests(
            "ServerAssemblyTests",
            [
                "Authorization", "Basics", "LinuxKit", "MicroVMEngine", "Sandboxes", "ServerAssembly", "TestSupport",
                logging, system,
            ]),
        tests(
            "ThawCommandTests",
            [
                "AWSClients", "LinuxKit", "ServerAssembly", "NetworkModel", "SigV4", "TestSupport", "ThawCommand",
                argumentParser, system,
            ]),
        tests(
            "ThawLabTests",
            [
                "Basics", "FunctionModel", "GuestProtocol", "Sandboxes", "ServerAssembly", "Snapshots", "Terminal",
                "ThawLab",
                argumentParser,
            ]),
        tests("MonitoringTests", ["FunctionModel", "LambdaAPI", "Monitoring", "PrometheusMetrics", "Worker"]),
    ],
    swiftLanguageModes: [.v6]
)

// Some tests alone, with only what they need: see scripts/test-sanitize.
if let names = Context.environment["THAW_TESTS"]?.split(separator: " ").map(String.init), !names.isEmpty {
    package.targets.removeAll { $0.type == .test && !names.contains($0.name) }
}
