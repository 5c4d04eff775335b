/// The runtime names of the AWS API.
package enum Runtimes {
    /// Those with which a function can be created on AWS, in the order in which AWS's error message lists them.
    package static let current = [
        "nodejs20.x", "python3.14", "provided.al2023", "python3.12", "python3.13", "nodejs24.x", "nodejs22.x", "java25",
        "python3.10", "python3.11", "java21", "ruby3.3", "ruby3.4", "ruby3.2", "python3.8", "python3.9", "java17",
        "nodejs16.x", "dotnet10", "dotnet8", "java11", "dotnet6", "nodejs18.x", "provided.al2", "java8.al2",
    ]

    /// Those that AWS knows and takes no more.
    package static let retired = [
        "dotnetcore1.0", "dotnetcore2.0", "dotnetcore2.1", "dotnetcore3.1", "go1.x", "java8", "nodejs", "nodejs4.3",
        "nodejs4.3-edge", "nodejs6.10", "nodejs8.10", "nodejs10.x", "nodejs12.x", "nodejs14.x", "provided", "python2.7",
        "python3.6", "python3.7", "ruby2.5", "ruby2.7",
    ]

    /// Those that layers can be published and listed for, in the order in which AWS's error message lists them.
    package static let listed = [
        "ruby3.5", "ruby2.6", "dotnetcore1.0", "python3.7", "nodejs8.10", "nasa", "ruby2.7", "python2.7-greengrass",
        "dotnetcore2.0", "python3.8", "java21", "dotnet6", "dotnetcore2.1", "python3.9", "java11", "nodejs6.10",
        "provided",
        "dotnetcore3.1", "dotnet8", "java25", "java17", "nodejs", "nodejs4.3", "java8.al2", "go1.x", "dotnet10",
        "nodejs20.x", "go1.9", "byol", "nodejs10.x", "provided.al2023", "nodejs22.x", "python3.10", "java8",
        "nodejs12.x",
        "python3.11", "nodejs24.x", "nodejs8.x", "python3.12", "nodejs14.x", "nodejs8.9", "nodejs26.x", "python3.13",
        "python3.14", "nodejs16.x", "python3.15", "provided.al2", "nodejs4.3-edge", "nodejs18.x", "ruby3.2",
        "python3.4",
        "ruby3.3", "ruby3.4", "ruby2.5", "python3.6", "python2.7",
    ]
}

/// Base images have names of their own where AWS's tell an operating system or a series of releases.
extension Runtimes {
    private static let imageNames = [
        "nodejs20.x": "nodejs20", "nodejs22.x": "nodejs22", "nodejs24.x": "nodejs24", oldestProvided: "provided",
        "provided.al2023": "provided",
    ]

    /// The base image that serves functions of a runtime. Functions of older servers may have an image's own name.
    package static func image(for runtime: String) -> String { imageNames[runtime] ?? runtime }

    /// AWS's names under which functions can be created where there are recipes for these base images.
    package static func names(servedBy images: [String]) -> [String] {
        current.filter { images.contains(image(for: $0)) }.sorted()
    }

    /// Why there is no recipe for a runtime; nil where that is not known, or there is one.
    package static func absence(of runtime: String) -> String? {
        switch runtime {
        case "python3.12": "no release of Debian has Python 3.12"
        case "python3.14":
            "Debian has Python 3.14 only in its unstable suite, from which no two builds are alike"
        case _ where runtime.hasPrefix("dotnet"): "Debian has no .NET"
        default: nil
        }
    }

    /// The one whose operating system is older than those of all others.
    package static let oldestProvided = "provided.al2"

    /// Whether the function brings its own runtime, an executable `bootstrap` in its code.
    package static func isProvided(_ runtime: String) -> Bool { image(for: runtime) == "provided" }
}
