import Crypto
internal import SystemPackage

/// What a base image is made from, as digests: equal inputs need no new build.
package struct ImageInputs: Sendable {
    let recipe: RuntimeRecipe
    let bootstrap: RuntimeBootstrap
    /// Names the root file system: recipe and the runtime's own files.
    let root: String
    /// Digest of the packages that were added to it.
    let packages: String?
    /// Names the kernel: Debian's release and the modules taken.
    let kernel: String
    /// Names the whole image: root, kernel, guest supervisor and the way the runtime is started.
    let digest: String

    /// The names of the parts that the image is put together from.
    package var rootPart: String { "root-\(root)" }
    package var kernelPart: String { "kernel-\(kernel)" }

    /// Part of every digest; raised when the same inputs are built into something else than before.
    private static let builder = "thaw-image 2"

    /// - Parameter packages: digest of what is added to the runtime on this host.
    package init(runtime: String, share: ShareDirectory, packages: String? = nil) throws(ImageError) {
        let directory = share.runtime(runtime)
        let recipePath = directory.appending("image.json")
        guard FileInfo(following: recipePath)?.isRegular == true else {
            throw .unknownRuntime(runtime, known: share.runtimeNames())
        }
        guard FileInfo(following: share.guest)?.isRegular == true else {
            throw .missing("the guest supervisor \(share.guest)", remedy: "run `make build`")
        }
        recipe = try RuntimeRecipe.load(from: recipePath)
        let bootstrapPath = directory.appending("bootstrap.json")
        bootstrap = try RuntimeBootstrap.load(from: bootstrapPath)

        var parts = [ImageInputs.builder, "root 3", try Files.digest(of: recipePath)]
        for name in (recipe.files ?? [:]).keys.sorted() {
            let file = directory.appending(FilePath(name).components)
            guard let info = FileInfo(following: file), info.isRegular else {
                throw .missing("the file \(file)", remedy: "run `make build`")
            }
            parts += [name, info.isExecutable ? "x" : "-", try Files.digest(of: file)]
        }
        if let packages { parts += ["packages", packages] }
        self.packages = packages
        root = ImageInputs.digest(of: parts)
        kernel = ImageInputs.digest(
            of: [ImageInputs.builder, "kernel", recipe.kernelSuite ?? recipe.suite] + KernelModules.needed)
        digest = ImageInputs.digest(
            of: [
                ImageInputs.builder, runtime, root, kernel, try Files.digest(of: share.guest),
                try Files.digest(of: bootstrapPath),
            ])
    }

    /// SHA-256 over the parts, each ended by a NUL, in hex.
    static func digest(of parts: [String]) -> String {
        var hash = SHA256()
        for part in parts { hash.update(data: Array(part.utf8) + [0]) }
        return hash.finalize().hexadecimal
    }
}
