internal import LinuxKit
package import SystemPackage

/// Packages that are added to runtimes on this host.
extension ImageStore {
    /// Adds the content of `directories` to the packages of a runtime, in place of what was added before; nothing when there are
    /// none. Of images that are built from now on.
    package func setPackages(of runtime: String, to directories: [FilePath]) async throws(ImageError) {
        let place = try place(of: runtime)
        guard !directories.isEmpty else { return try Tree.remove(addedPackages(runtime).directory) }
        guard place != nil else {
            throw .unusablePackages(directories[0], reason: "the runtime \(runtime) has no place for packages")
        }
        for directory in directories { try ImageStore.checkPackages(directory) }
        try await building("packages-\(runtime)", needing: 0, existing: { nil as Void? }) {
            workspace throws(ImageError) in
            let staged = workspace.appending("added")
            try Tree.make(staged.appending("content"))
            for directory in directories {
                try await Tool.cp.run(
                    AddedPackages.copyArguments(from: directory, to: staged.appending("content")),
                    step: "copying packages", log: workspace.appending("log"))
            }
            try await BlockingThread.run { () throws(ImageError) in try addedPackages(runtime).replace(with: staged) }
        }
    }

    /// What an image of `runtime` is made from on this host.
    func inputs(of runtime: String) throws(ImageError) -> ImageInputs {
        try ImageInputs(runtime: runtime, share: share, packages: try addedPackages(runtime).digest)
    }

    func addedPackages(_ runtime: String) -> AddedPackages {
        AddedPackages(directory: packages.appending(FilePath.Component(runtime) ?? "_"))
    }

    /// What a root is built with; nil where nothing is added.
    func packages(_ runtime: String, _ inputs: ImageInputs) throws(ImageError) -> PackagePlace? {
        guard inputs.packages != nil else { return nil }
        let content = addedPackages(runtime).content
        guard let place = inputs.bootstrap.packages, FileInfo(content)?.isDirectory == true else {
            throw .missing(
                "what was added to \(runtime) on another host",
                remedy: "run `thaw image build \(runtime)` with --with-package DIR, or with --without-packages")
        }
        return PackagePlace(content: content, place: place)
    }

    private func place(of runtime: String) throws(ImageError) -> String? {
        guard share.runtimeNames().contains(runtime) else {
            throw .unknownRuntime(runtime, known: share.runtimeNames())
        }
        return try RuntimeBootstrap.load(from: share.runtime(runtime).appending("bootstrap.json")).packages
    }

    /// A directory of packages, and not one of them.
    private static func checkPackages(_ directory: FilePath) throws(ImageError) {
        guard FileInfo(following: directory)?.isDirectory == true else {
            throw .unusablePackages(directory, reason: "there is no such directory")
        }
        for name in ["package.json", "__init__.py"] where FileInfo(directory.appending(name)) != nil {
            throw .unusablePackages(
                directory, reason: "it is a package itself (it has \(name)); name the directory that it is in")
        }
    }
}
