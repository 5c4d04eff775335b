import Foundation
internal import LinuxKit
internal import Logging
internal import SystemPackage

/// Roots and kernels, kept apart so that a new guest supervisor or a second runtime does not build them again.
extension ImageStore {
    /// `part.json` in a part's directory.
    package struct PartManifest: Codable, Sendable, Equatable {
        static let name = "part.json"
        static let root = "root.erofs"
        static let kernel = "kernel"

        /// The name of a kernel's module in the part.
        static func module(_ name: String) -> String { "modules/\(name).ko" }

        /// Every file of the part, by its path in it.
        package var files: [String: FileRecord] = [:]
        /// Of a kernel.
        package var kernelRelease = ""
        /// Of a kernel: names in load order; `modules/<name>.ko`.
        package var modules: [String] = []
        /// Of a root: `name_version_architecture`.
        package var debianPackages: [String] = []

        package init(
            files: [String: FileRecord] = [:], kernelRelease: String = "", modules: [String] = [],
            debianPackages: [String] = []
        ) {
            self.files = files
            self.kernelRelease = kernelRelease
            self.modules = modules
            self.debianPackages = debianPackages
        }
    }

    package struct Part: Sendable, Equatable {
        var directory: FilePath
        package var manifest: PartManifest
    }

    /// Unpacked packages, the image made of them, and room to breathe.
    private static let kernelSpace = 512 << 20
    private static let rootSpace = 1 << 30

    func kernelPart(_ inputs: ImageInputs, progress: @escaping Progress) async throws(ImageError) -> Part {
        try await part(inputs.kernelPart, needing: ImageStore.kernelSpace) { workspace throws(ImageError) in
            let result = try await KernelBuilder(
                suite: inputs.recipe.kernelSuite ?? inputs.recipe.suite, workspace: workspace, progress: progress
            )
            .build()
            let manifest = PartManifest(
                kernelRelease: result.release, modules: result.modules.map { $0.stem ?? "" })
            return (manifest, [result.kernel, workspace.appending("modules")])
        }
    }

    package func rootPart(_ runtime: String, _ inputs: ImageInputs, progress: @escaping Progress)
        async throws(ImageError)
        -> Part
    {
        try await part(inputs.rootPart, needing: ImageStore.rootSpace) { workspace throws(ImageError) in
            let builder = RootBuilder(
                recipe: inputs.recipe, source: share.runtime(runtime), added: try packages(runtime, inputs),
                workspace: workspace, progress: { progress("\(runtime): \($0)") })
            let result = try await builder.build()
            return (PartManifest(debianPackages: result.debianPackages), [result.image])
        }
    }

    /// The part of this name if it is there and intact, else what `build` makes: its manifest without the files, and
    /// what goes into it.
    private func part(
        _ name: String, needing space: Int,
        build: (_ workspace: FilePath) async throws(ImageError) -> (PartManifest, [FilePath])
    ) async throws(ImageError) -> Part {
        let directory = parts.appending(name)
        let existing = { () async throws(ImageError) -> Part? in
            await BlockingThread.run { () throws(Never) in intactPart(directory) }
        }
        return try await building(name, needing: space, existing: existing) { workspace throws(ImageError) in
            let (manifest, content) = try await build(workspace)
            return try await BlockingThread.run { () throws(ImageError) in
                try publishPart(manifest, content, in: workspace, as: directory)
            }
        }
    }

    /// The manifest is inside before the directory gets its name: a part that can be seen is complete.
    func publishPart(
        _ manifest: PartManifest, _ content: [FilePath], in workspace: FilePath, as directory: FilePath
    ) throws(ImageError) -> Part {
        let part = workspace.appending("part")
        try Tree.make(part)
        for path in content {
            guard let name = path.lastComponent else { continue }
            try Files.rename(path, to: part.appending(name))
        }
        var manifest = manifest
        for file in try Tree.files(below: part) {
            manifest.files[file.string] = try FileRecord(of: part.pushing(file))
        }
        try Files.write(try encodedJSON(manifest, for: part), to: part.appending(PartManifest.name))
        try Tree.remove(directory)
        try publish(part, as: directory)
        return Part(directory: directory, manifest: manifest)
    }

    func intactPart(_ directory: FilePath) -> Part? {
        guard FileInfo(directory) != nil else { return nil }
        do {
            let manifest = try PartManifest.load(from: directory)
            for (name, file) in manifest.files { try file.verify(directory.appending(FilePath(name).components)) }
            return Part(directory: directory, manifest: manifest)
        } catch {
            logger.warning("building a damaged part anew", metadata: ["path": "\(directory)", "error": "\(error)"])
            return nil
        }
    }
}

extension ImageStore.PartManifest {
    static func load(from directory: FilePath) throws(ImageError) -> ImageStore.PartManifest {
        let path = directory.appending(name)
        let bytes = try Files.read(path, limit: 1 << 24)
        do {
            return try JSONDecoder().decode(ImageStore.PartManifest.self, from: Data(bytes))
        } catch {
            throw .damaged(path, reason: "\(error)")
        }
    }
}
