internal import LinuxKit
internal import Logging
internal import SystemPackage

/// Base images.
extension ImageStore {
    /// The base image of `runtime`, built if the recipe, its files or the guest changed since it last was.
    ///
    /// - Parameter verifying: reads an image that is there, and builds it anew if its content is not what it was.
    package func build(
        _ runtime: String, verifying: Bool = false, progress: @escaping Progress
    ) async throws(ImageError) -> BaseImage {
        let inputs = try await BlockingThread.run { () throws(ImageError) in try self.inputs(of: runtime) }
        let existing = { () async throws(ImageError) -> BaseImage? in
            guard let image = current(runtime, inputs: inputs.digest) else { return nil }
            if verifying, try await !isIntact(image) { return nil }
            return image
        }
        if let image = try await existing() { return image }
        return try await building("base-\(runtime)", needing: 64 << 20, existing: existing) {
            workspace throws(ImageError) in
            let kernel = try await kernelPart(inputs, progress: progress)
            let root = try await rootPart(runtime, inputs, progress: progress)
            progress("\(runtime): putting kernel, initramfs and root together")
            let image = try await BlockingThread.run { () throws(ImageError) in
                try assemble(runtime, inputs, kernel: kernel, root: root, in: workspace)
            }
            progress("\(runtime): ready, \(image.digest.prefix(12))")
            logger.info("built a base image", metadata: ["runtime": "\(runtime)", "digest": "\(image.digest)"])
            return image
        }
    }

    /// The base image that ``build(_:verifying:progress:)`` would return at once; nil if it would have to build.
    ///
    /// Reads the guest supervisor and the runtime's files to know: some milliseconds, blocking.
    package func image(_ runtime: String) throws(ImageError) -> BaseImage? {
        current(runtime, inputs: try inputs(of: runtime).digest)
    }

    /// The base image with this digest, current or not: what a snapshot names.
    package func image(digest: String) -> BaseImage? {
        list().first { $0.digest == digest }
    }

    /// Every base image that is complete, current or not.
    package func list() -> [BaseImage] {
        manifests().map { $0.manifest.image(in: $0.directory) }.sorted {
            ($0.runtime, $0.digest) < ($1.runtime, $1.digest)
        }
    }

    /// Reads the image's files and compares their digests with those they were written with.
    package func verify(_ image: BaseImage) async throws(ImageError) {
        let directory = image.root.removingLastComponent()
        try await BlockingThread.run { () throws(ImageError) in
            for (name, file) in try ImageManifest.load(from: directory).files {
                try file.verify(directory.appending(name))
            }
        }
    }

    private func isIntact(_ image: BaseImage) async throws(ImageError) -> Bool {
        do {
            try await verify(image)
            return true
        } catch .damaged(let path, let reason) {
            logger.warning("building a damaged base image anew", metadata: ["path": "\(path)", "reason": "\(reason)"])
            return false
        }
    }

    /// The newest, if there are several: Debian's packages change under the same recipe, and an import may bring others.
    func current(_ runtime: String, inputs: String) -> BaseImage? {
        manifests().filter { $0.manifest.runtime == runtime && $0.manifest.inputs == inputs }
            .map { $0.manifest.image(in: $0.directory) }
            .max { ImageStore.buildTime(of: $0) < ImageStore.buildTime(of: $1) }
    }

    /// When the image was put together, in nanoseconds since 1970.
    static func buildTime(of image: BaseImage) -> Int64 {
        let manifest = image.root.removingLastComponent().appending(ImageManifest.name)
        return (try? FileStatus.of(manifest))?.modified ?? 0
    }

    func manifests() -> [(manifest: ImageManifest, directory: FilePath)] {
        let names = (try? Tree.names(in: bases)) ?? []
        return names.compactMap { name in
            let directory = bases.appending(name)
            do {
                return (try ImageManifest.load(from: directory), directory)
            } catch {
                logger.warning("ignoring a damaged base image", metadata: ["error": "\(error)"])
                return nil
            }
        }
    }

    func assemble(
        _ runtime: String, _ inputs: ImageInputs, kernel: Part, root: Part, in workspace: FilePath
    ) throws(ImageError) -> BaseImage {
        let target = workspace.appending("base")
        try Tree.make(target)
        var modules: [(name: String, content: [UInt8])] = []
        for module in kernel.manifest.modules {
            modules.append((module, try Files.read(kernel.directory.appending("modules").appending("\(module).ko"))))
        }
        let initramfs = Initramfs.archive(guest: try Files.read(share.guest), modules: modules)
        try Files.write(initramfs, to: target.appending("initramfs"))
        try Files.link(kernel.directory.appending("kernel"), as: target.appending("kernel"))
        try Files.link(root.directory.appending("root.erofs"), as: target.appending("root.erofs"))

        let kernelFile = try FileRecord(of: target.appending("kernel"))
        let initramfsFile = try FileRecord(of: target.appending("initramfs"))
        let rootFile = try FileRecord(of: target.appending("root.erofs"))
        let manifest = ImageManifest(
            runtime: runtime,
            digest: ImageInputs.digest(of: [kernelFile.sha256, initramfsFile.sha256, rootFile.sha256]),
            inputs: inputs.digest, kernelRelease: kernel.manifest.kernelRelease,
            runtimeVersion: inputs.recipe.runtimeVersion,
            release: inputs.recipe.releaseVersion(among: root.manifest.debianPackages),
            command: inputs.bootstrap.command, launcher: inputs.bootstrap.launcher,
            environment: inputs.bootstrap.environment, seed: inputs.bootstrap.seed,
            debianPackages: root.manifest.debianPackages, root: rootFile, kernel: kernelFile, initramfs: initramfsFile)
        try manifest.write(to: target)
        // The same content under other inputs, or a damaged image: this one takes its place.
        let name = bases.appending(manifest.digest)
        try Tree.remove(name)
        try publish(target, as: name)
        return manifest.image(in: name)
    }
}
