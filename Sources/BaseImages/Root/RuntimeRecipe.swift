import Foundation
internal import SystemPackage

/// How a runtime's root file system is made: `image.json` in the runtime's directory.
struct RuntimeRecipe: Codable, Sendable, Equatable {
    /// A wheel from PyPI, taken exactly as published.
    struct Wheel: Codable, Sendable, Equatable {
        var name: String
        var version: String
        /// In hex; pip refuses any other file.
        var sha256: String
    }

    /// A wheel of which only some files are taken: it brings a program, not Python modules.
    struct PickedWheel: Codable, Sendable, Equatable {
        var name: String
        var version: String
        var sha256: String
        /// Files of the wheel and their place in the image, absolute. They keep their execute permission.
        var files: [String: String]

        var wheel: Wheel { Wheel(name: name, version: version, sha256: sha256) }
    }

    struct Python: Codable, Sendable, Equatable {
        /// `3.11`: the interpreter is `/usr/bin/python3.11`.
        var version: String
        /// With everything they need: dependencies are not resolved. They go to `/var/runtime`.
        var wheels: [Wheel]
    }

    static let currentFormat = 1

    var formatVersion: Int
    /// As INIT_START names it.
    var runtimeVersion: String
    /// Debian's release, for example `bookworm`. The kernel comes from it, too.
    var suite: String
    /// Debian packages; what they depend on comes along. Nothing of them is run.
    var packages: [String]
    var python: Python?
    var wheels: [PickedWheel]?
    /// Files of the runtime's directory and their place in the image, absolute.
    var files: [String: String]?
    /// Symbolic links, absolute, and what they say.
    var links: [String: String]?
    /// Where the certificate authorities go in the form Java reads.
    var javaTrustStore: String?
    /// What the packages bring and no function needs, absolute.
    var remove: [String]?

    static func load(from path: FilePath) throws(ImageError) -> RuntimeRecipe {
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

    struct Unusable: Error, Equatable { var reason: String }

    /// What could make a tool do something else than meant: every name becomes an argument or a path.
    func validate() throws(Unusable) {
        guard formatVersion == RuntimeRecipe.currentFormat else {
            throw Unusable(reason: "it has format \(formatVersion), this is for format \(RuntimeRecipe.currentFormat)")
        }
        for name in [suite] + packages where !name.isWord(besides: "+-.") {
            throw Unusable(reason: "'\(name)' is no Debian name")
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
struct RuntimeBootstrap: Codable, Sendable, Equatable {
    /// The argument vector, with ``BaseImage/handlerPlaceholder`` where the handler goes.
    var command: [String]
    var environment: [String: String]
    /// Nil for a runtime that cannot be booted without a function.
    var seed: BaseImage.Seed?

    static func load(from path: FilePath) throws(ImageError) -> RuntimeBootstrap {
        let bytes = try Files.read(path)
        let bootstrap: RuntimeBootstrap
        do {
            bootstrap = try JSONDecoder().decode(RuntimeBootstrap.self, from: Data(bytes))
        } catch {
            throw .invalidRecipe(path, reason: "\(error)")
        }
        for command in [bootstrap.command, bootstrap.seed?.command].compactMap(\.self)
        where command.first?.hasPrefix("/") != true {
            throw .invalidRecipe(path, reason: "'command' does not begin with an absolute path")
        }
        return bootstrap
    }
}
