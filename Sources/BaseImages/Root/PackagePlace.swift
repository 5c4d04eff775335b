package import SystemPackage

/// Added packages and where the runtime finds them.
package struct PackagePlace: Sendable {
    let content: FilePath
    /// A directory of the image, absolute.
    let place: String

    package init(content: FilePath, place: String) {
        self.content = content
        self.place = place
    }

    /// What has the name of a package that is there takes its place; nothing takes that of the runtime itself.
    ///
    /// - Parameters:
    ///   - tree: the root file system.
    ///   - files: the runtime's own, absolute in the image.
    /// - Returns: the names that were added.
    @discardableResult
    package func install(
        in tree: FilePath, keeping files: [String], log: FilePath
    ) async throws(ImageError) -> [String] {
        let target = tree.appending(FilePath(place).components)
        let own = Set(files.compactMap { name(of: $0) })
        try Tree.make(target)
        let there = try Tree.names(in: target)
        let names = try Tree.names(in: content)
        for name in names {
            guard !own.contains(name) else {
                throw .unusablePackages(content, reason: "'\(name)' is a part of the runtime")
            }
            for other in there where other == name || PackagePlace.areVersions(name, other) {
                try Tree.remove(target.appending(other))
            }
        }
        try await Tool.cp.run(
            AddedPackages.copyArguments(from: content, to: target), step: "adding packages", log: log)
        return names
    }

    /// Whether both are the metadata of one project, as installers name them.
    private static func areVersions(_ one: String, _ other: String) -> Bool {
        guard one.hasSuffix(".dist-info"), other.hasSuffix(".dist-info") else { return false }
        return one.prefix { $0 != "-" }.lowercased() == other.prefix { $0 != "-" }.lowercased()
    }

    /// The name here that leads to a file of the image; nil when it is elsewhere.
    private func name(of file: String) -> String? {
        let (directory, path) = (FilePath(place), FilePath(file))
        guard path.starts(with: directory), path.components.count > directory.components.count else { return nil }
        return path.components.dropFirst(directory.components.count).first?.string
    }
}
