internal import LinuxKit
internal import SystemPackage

/// Puts a runtime's root file system together, in a directory that is ours alone.
package struct RootBuilder: Sendable {
    let recipe: RuntimeRecipe
    /// The runtime's directory, for the files that the recipe names.
    let source: FilePath
    let added: PackagePlace?
    let workspace: FilePath
    let progress: ImageStore.Progress

    /// What a built root consists of.
    struct Result: Sendable {
        var image: FilePath
        /// `name_version_architecture`, sorted.
        var debianPackages: [String]
    }

    private var log: FilePath { workspace.appending("log") }

    func build() async throws(ImageError) -> Result {
        let tree = RootTree(path: workspace.appending("tree"))
        progress("unpacking \(recipe.packages.count) Debian packages and what they need (\(recipe.suite))")
        let packages = try await DebianTree(suite: recipe.suite, log: log).unpack(recipe.packages, into: tree.path)

        let builder = self
        try await BlockingThread.run { () throws(ImageError) in try builder.furnish(tree) }
        if let locales = recipe.locales { try await compile(locales, in: tree) }
        if let python = recipe.python {
            progress("installing \(python.wheels.count) wheels from PyPI")
            try await PythonPackages(python: python, workspace: workspace, log: log).install(into: tree)
        }
        if let added {
            progress("adding packages")
            let names = try await added.install(
                in: tree.path, keeping: Array((recipe.files ?? [:]).values), log: log)
            if let python = recipe.python {
                try await PythonPackages(python: python, workspace: workspace, log: log).compile(added: names, in: tree)
            }
        }
        if let wheels = recipe.wheels {
            progress("taking files out of \(wheels.count) wheels from PyPI")
            try await WheelFiles(wheels: wheels, workspace: workspace, log: log).install(into: tree)
        }
        try await BlockingThread.run { () throws(ImageError) in try tree.dropPrivilegeBits() }
        try await Tool.ldconfig.run(["-r", tree.path.string], step: "caching library paths", log: log)
        // ldconfig's notes for its next run, with times and inode numbers.
        try Tree.remove(tree.inside("/var/cache"))

        progress("making the file system")
        let image = workspace.appending("root.erofs")
        try await ReadOnlyImage.make(image, from: tree.path, log: log)
        return Result(image: image, debianPackages: packages)
    }

    /// With the image's own localedef, whose library they are for.
    private func compile(_ locales: [String], in tree: RootTree) async throws(ImageError) {
        progress("compiling \(locales.count) locales")
        for locale in locales {
            let parts = locale.split(separator: ".").map(String.init)
            guard let name = parts.first, let characters = parts.last else { continue }
            // Under this name setlocale(3) finds it, however the character set is spelt.
            let place = "/usr/lib/locale/\(name).\(characters.lowercased().filter { $0.isLetter || $0.isNumber })"
            try await Tool.chroot.run(
                [
                    tree.path.string, "/usr/bin/localedef", "--no-archive", "--no-hard-links", "-i", name, "-f",
                    characters,
                    place,
                ], step: "compiling the locale \(locale)", log: log, environment: .image)
        }
        try Tree.remove(tree.inside("/usr/share/i18n"))
    }

    private func furnish(_ tree: RootTree) throws(ImageError) {
        try tree.removeUnneeded(and: recipe.remove ?? [])
        try tree.configure()
        try tree.installAuthorities(javaTrustStore: recipe.javaTrustStore)
        for (place, target) in (recipe.links ?? [:]).sorted(by: { $0.key < $1.key }) {
            try tree.putLink(at: place, to: target)
        }
        for (name, place) in (recipe.files ?? [:]).sorted(by: { $0.key < $1.key }) {
            let file = source.appending(FilePath(name).components)
            let isExecutable = FileInfo(following: file)?.isExecutable == true
            try tree.put(try Files.read(file), at: place, executable: isExecutable)
        }
    }
}

/// Unpacks Debian packages into a directory: fetched and verified by apt, with their dependencies, none of them run.
struct DebianTree {
    let suite: String
    let log: FilePath

    /// Brings `/bin` and friends into their modern shape, links into `/usr`.
    private static let mergedUsr: FilePath = "/usr/share/mmdebstrap/hooks/merged-usr"

    /// - Returns: what was unpacked, `name_version_architecture`, sorted.
    func unpack(_ packages: [String], into tree: FilePath) async throws(ImageError) -> [String] {
        guard FileInfo(following: DebianTree.mergedUsr)?.isDirectory == true else {
            throw .toolMissing("mmdebstrap", package: "mmdebstrap")
        }
        try await Tool.mmdebstrap.run(
            [
                "--variant=extract", "--mode=root", "--architectures=amd64", "--skip=cleanup/apt/cache",
                "--hook-dir=\(DebianTree.mergedUsr)", "--include=\(packages.joined(separator: ","))", suite,
                tree.string,
            ], step: "unpacking Debian packages", log: log)
        let archives = tree.appending("var/cache/apt/archives")
        return try Tree.names(in: archives)
            .compactMap { $0.hasSuffix(".deb") ? String($0.dropLast(4)).replacing("%3a", with: ":") : nil }
            .sorted()
    }
}
