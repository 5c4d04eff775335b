import Foundation
package import SystemPackage

/// How a runtime's root file system is made: `image.json` in the runtime's directory.
package struct RuntimeRecipe: Codable, Sendable, Equatable {
    /// A wheel from PyPI, taken exactly as published.
    package struct Wheel: Codable, Sendable, Equatable {
        package var name: String
        package var version: String
        /// In hex; pip refuses any other file.
        var sha256: String

        package init(name: String, version: String, sha256: String) {
            self.name = name
            self.version = version
            self.sha256 = sha256
        }
    }

    /// A wheel of which only some files are taken: it brings a program, not Python modules.
    package struct PickedWheel: Codable, Sendable, Equatable {
        var name: String
        var version: String
        var sha256: String
        /// Files of the wheel and their place in the image, absolute. They keep their execute permission.
        package var files: [String: String]

        package init(name: String, version: String, sha256: String, files: [String: String]) {
            self.name = name
            self.version = version
            self.sha256 = sha256
            self.files = files
        }

        var wheel: Wheel { Wheel(name: name, version: version, sha256: sha256) }
    }

    package struct Python: Codable, Sendable, Equatable {
        /// `3.11`: the interpreter is `/usr/bin/python3.11`.
        var version: String
        /// With everything they need: dependencies are not resolved. They go to `/var/runtime`.
        package var wheels: [Wheel]

        package init(version: String, wheels: [Wheel]) {
            self.version = version
            self.wheels = wheels
        }
    }

    static let currentFormat = 1

    package var formatVersion: Int
    /// As INIT_START names it.
    package var runtimeVersion: String
    /// Debian's release, for example `bookworm`. The kernel comes from it, too, unless ``kernelSuite`` names another.
    package var suite: String
    package var kernelSuite: String?
    /// Debian packages; what they depend on comes along. Nothing of them is run.
    package var packages: [String]
    /// The package or wheel whose version is the language's: what users call the version of the runtime.
    package var release: String?
    /// Locales that are compiled from the package `locales`, for example `en_US.UTF-8`. `C.UTF-8` is always there.
    package var locales: [String]?
    package var python: Python?
    package var wheels: [PickedWheel]?
    /// Files of the runtime's directory and their place in the image, absolute.
    package var files: [String: String]?
    /// Symbolic links, absolute, and what they say.
    package var links: [String: String]?
    /// Where the certificate authorities go in the form Java reads.
    package var javaTrustStore: String?
    /// What the packages bring and no function needs, absolute.
    package var remove: [String]?

    package init(
        formatVersion: Int, runtimeVersion: String, suite: String, packages: [String], python: Python? = nil,
        wheels: [PickedWheel]? = nil, files: [String: String]? = nil, links: [String: String]? = nil,
        javaTrustStore: String? = nil, remove: [String]? = nil
    ) {
        self.formatVersion = formatVersion
        self.runtimeVersion = runtimeVersion
        self.suite = suite
        self.packages = packages
        self.python = python
        self.wheels = wheels
        self.files = files
        self.links = links
        self.javaTrustStore = javaTrustStore
        self.remove = remove
    }

    /// The version of what ``release`` names, without what Debian adds to it: `3.11.2`.
    ///
    /// - Parameter debianPackages: `name_version_architecture`.
    package func releaseVersion(among debianPackages: [String]) -> String? {
        guard let release else { return nil }
        if let wheel = (wheels ?? []).first(where: { $0.name == release }) { return wheel.version }
        guard let package = debianPackages.first(where: { $0.hasPrefix("\(release)_") }) else { return nil }
        let version = package.dropFirst(release.count + 1).prefix { $0 != "_" }
        let upstream = version.split(separator: ":").last ?? version
        return String(upstream.prefix { $0.isNumber || $0 == "." })
    }

    package static func load(from path: FilePath) throws(ImageError) -> RuntimeRecipe {
        let bytes = try Files.read(path)
        do {
            let recipe = try JSONDecoder().decode(RuntimeRecipe.self, from: Data(bytes))
            try recipe.validate()
            return recipe
        } catch let error as Unusable {
            throw .invalidRecipe(path, reason: error.reason)
        } catch {
            throw .invalidRecipe(path, reason: "\(error)")
        }
    }

    package struct Unusable: Error, Equatable { var reason: String }

    /// What could make a tool do something else than meant: every name becomes an argument or a path.
    package func validate() throws(Unusable) {
        guard formatVersion == RuntimeRecipe.currentFormat else {
            throw Unusable(reason: "it has format \(formatVersion), this is for format \(RuntimeRecipe.currentFormat)")
        }
        for name in [suite, kernelSuite ?? suite] + packages where !name.isWord(besides: "+-.") {
            throw Unusable(reason: "'\(name)' is no Debian name")
        }
        for name in locales ?? [] where !name.isWord(besides: "_.-") || name.split(separator: ".").count != 2 {
            throw Unusable(reason: "'\(name)' is no locale and character set, like en_US.UTF-8")
        }
        if let python, !python.version.isWord(besides: ".") {
            throw Unusable(reason: "'\(python.version)' is no Python version")
        }
        for wheel in (python?.wheels ?? []) + (wheels ?? []).map(\.wheel) {
            guard wheel.name.isWord(besides: "-_."), wheel.version.isWord(besides: "+.!") else {
                throw Unusable(reason: "'\(wheel.name)' '\(wheel.version)' is no wheel's name and version")
            }
            guard wheel.sha256.count == 64, wheel.sha256.isWord(besides: "") else {
                throw Unusable(reason: "'\(wheel.sha256)' is no SHA-256 of \(wheel.name)")
            }
        }
        try validatePaths()
    }

    private func validatePaths() throws(Unusable) {
        let picked = (wheels ?? []).map(\.files)
        var inImage = Array((files ?? [:]).values) + picked.flatMap(\.values)
        inImage += Array((links ?? [:]).keys)
        inImage += remove ?? []
        if let javaTrustStore { inImage.append(javaTrustStore) }
        for path in inImage where !RuntimeRecipe.isPlainAbsolute(path) {
            throw Unusable(reason: "'\(path)' is no absolute path without '..'")
        }
        for name in (files ?? [:]).keys where !RuntimeRecipe.isPlainAbsolute("/" + name) {
            throw Unusable(reason: "'\(name)' leads out of the runtime's directory")
        }
        for name in picked.flatMap(\.keys) where !RuntimeRecipe.isPlainAbsolute("/" + name) {
            throw Unusable(reason: "'\(name)' leads out of the wheel")
        }
    }

    private static func isPlainAbsolute(_ text: String) -> Bool {
        let path = FilePath(text)
        return path.isAbsolute && !path.components.isEmpty && path.components.allSatisfy { $0.kind == .regular }
    }
}

extension String {
    /// Whether this is ASCII letters, digits and `extra`, beginning with a letter or digit.
    fileprivate func isWord(besides extra: String) -> Bool {
        guard let first, first.isASCII, first.isLetter || first.isNumber else { return false }
        return allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || extra.contains($0)) }
    }
}

/// How a runtime is started: `bootstrap.json` in the runtime's directory.
package struct RuntimeBootstrap: Codable, Sendable, Equatable {
    /// The argument vector, with ``BaseImage/handlerPlaceholder`` where the handler goes.
    var command: [String]
    package var environment: [String: String]
    /// Nil for a runtime whose command reads such variables itself, or that has none.
    var launcher: BaseImage.Launcher?
    /// Nil for a runtime that cannot be booted without a function.
    var seed: BaseImage.Seed?
    /// The directory of the image that packages can be added to; nil for a runtime that has none.
    var packages: String?

    package static func load(from path: FilePath) throws(ImageError) -> RuntimeBootstrap {
        let bytes = try Files.read(path)
        let bootstrap: RuntimeBootstrap
        do {
            bootstrap = try JSONDecoder().decode(RuntimeBootstrap.self, from: Data(bytes))
        } catch {
            throw .invalidRecipe(path, reason: "\(error)")
        }
        let launch = bootstrap.launcher.map { [$0.program] }
        for command in [bootstrap.command, bootstrap.seed?.command, launch].compactMap(\.self)
        where command.first?.hasPrefix("/") != true {
            throw .invalidRecipe(path, reason: "'command' does not begin with an absolute path")
        }
        return bootstrap
    }
}
