internal import LinuxKit
internal import Logging
package import SystemPackage

/// Base images for hosts without a way to Debian's mirrors and PyPI.
extension ImageStore {
    /// Writes the current images of `runtimes`, in the order given, each once, into one file.
    ///
    /// - Parameter file: replaced if it is there; nil for standard output.
    package func export(
        _ runtimes: [String], to file: FilePath?, progress: @escaping Progress
    ) async throws(ImageError) -> [BaseImage] {
        try await BlockingThread.run { () throws(ImageError) in
            var (archive, images) = (ImageArchive(images: [], parts: []), [BaseImage]())
            for runtime in runtimes where !archive.images.contains(where: { $0.runtime == runtime }) {
                images.append(try list(runtime, in: &archive))
            }
            let writer = try ArchiveWriter(file, progress: progress)
            do throws(ImageError) {
                try write(archive, to: writer)
                try writer.finish()
            } catch {
                writer.discard()
                throw error
            }
            return images
        }
    }

    private func list(_ runtime: String, in archive: inout ImageArchive) throws(ImageError) -> BaseImage {
        let inputs = try inputs(of: runtime)
        guard let image = current(runtime, inputs: inputs.digest) else { throw .notBuilt(runtime) }
        for name in [inputs.rootPart, inputs.kernelPart] where !archive.parts.contains(where: { $0.name == name }) {
            let manifest = try PartManifest.load(from: parts.appending(name))
            archive.parts.append(ImageArchive.Part(name: name, content: manifest))
        }
        archive.images.append(
            ImageArchive.Image(
                runtime: runtime, root: inputs.rootPart, kernel: inputs.kernelPart, packages: inputs.packages))
        return image
    }

    private func write(_ archive: ImageArchive, to writer: borrowing ArchiveWriter) throws(ImageError) {
        // Nothing is written that an import would refuse.
        if let problem = archive.problem { throw .damaged(parts, reason: problem) }
        let header: [UInt8]
        do { header = try archive.encodedHeader() } catch { throw .damaged(parts, reason: "\(error)") }
        try writer.write(header)
        for part in archive.parts {
            for (name, record) in part.files {
                let path = parts.appending(part.name).appending(FilePath(name).components)
                try writer.copy(path, record, named: "\(archive.label(of: part))/\(name)")
            }
        }
    }

    /// Takes the images of a file that ``export(_:to:progress:)`` wrote: as if they had been built here, with the guest
    /// supervisor of this host. All of them, or none: what does not belong to the recipes here, or is not whole, is refused.
    ///
    /// - Parameter file: nil for standard input.
    package func importImages(
        from file: FilePath?, progress: @escaping Progress
    ) async throws(ImageError) -> [BaseImage] {
        try await building("import", needing: 0, existing: { nil }) { workspace throws(ImageError) in
            let (archive, inputs) = try await BlockingThread.run { () throws(ImageError) in
                try unpack(file, into: workspace, progress: progress)
            }
            for part in archive.parts { try await adopt(part, from: workspace.appending(part.name)) }
            var images: [BaseImage] = []
            for (image, inputs) in zip(archive.images, inputs) {
                images.append(try await putTogether(image, inputs, from: archive, progress: progress))
            }
            return images
        }
    }

    /// Writes all parts into directories of their names; throws unless every byte is as it should be.
    private func unpack(
        _ file: FilePath?, into workspace: FilePath, progress: @escaping Progress
    ) throws(ImageError) -> (ImageArchive, [ImageInputs]) {
        let reader = try ArchiveReader(file, progress: progress)
        let archive = try reader.header()
        var inputs: [ImageInputs] = []
        var foreign: [String] = []
        for image in archive.images {
            let here = try ImageInputs(runtime: image.runtime, share: share, packages: image.packages)
            if here.rootPart != image.root || here.kernelPart != image.kernel { foreign.append(image.runtime) }
            inputs.append(here)
        }
        guard foreign.isEmpty else { throw .foreignArchive(file ?? "standard input", runtimes: foreign) }
        // And an initramfs for each.
        try Tree.requireSpace(archive.contentBytes + archive.images.count * (64 << 20), at: workspace)
        for part in archive.parts {
            let directory = workspace.appending(part.name)
            for (name, record) in part.files {
                let path = directory.appending(FilePath(name).components)
                try Tree.make(path.removingLastComponent())
                try reader.copy(record, to: path, named: "\(archive.label(of: part))/\(name)")
            }
        }
        try reader.end()
        return (archive, inputs)
    }

    private func adopt(_ part: ImageArchive.Part, from unpacked: FilePath) async throws(ImageError) {
        let directory = parts.appending(part.name)
        let existing = { () async throws(ImageError) -> Part? in
            await BlockingThread.run { () throws(Never) in intactPart(directory) }
                .flatMap { $0.manifest == part.content ? $0 : nil }
        }
        _ = try await building(part.name, needing: 0, existing: existing) { workspace throws(ImageError) in
            try await BlockingThread.run { () throws(ImageError) in
                let content = try Tree.names(in: unpacked).map { unpacked.appending($0) }
                return try publishPart(part.content, content, in: workspace, as: directory)
            }
        }
    }

    private func putTogether(
        _ image: ImageArchive.Image, _ inputs: ImageInputs, from archive: ImageArchive, progress: @escaping Progress
    ) async throws(ImageError) -> BaseImage {
        func part(_ name: String) throws(ImageError) -> Part {
            guard let part = archive.parts.first(where: { $0.name == name }) else {
                throw .missing("the part \(name)", remedy: "export the image again")
            }
            return Part(directory: parts.appending(name), manifest: part.content)
        }
        let (kernel, root) = (try part(image.kernel), try part(image.root))
        let existing = { () async throws(ImageError) -> BaseImage? in
            guard let current = current(image.runtime, inputs: inputs.digest) else { return nil }
            let manifest = try ImageManifest.load(from: current.root.removingLastComponent())
            let isTheSame =
                manifest.root == root.manifest.files[PartManifest.root]
                && manifest.kernel == kernel.manifest.files[PartManifest.kernel]
            return isTheSame ? current : nil
        }
        return try await building("base-\(image.runtime)", needing: 64 << 20, existing: existing) {
            workspace throws(ImageError) in
            let made = try await BlockingThread.run { () throws(ImageError) in
                let made = try assemble(image.runtime, inputs, kernel: kernel, root: root, in: workspace)
                try addedPackages(image.runtime).note(inputs.packages, in: workspace)
                return made
            }
            progress("\(image.runtime): ready, \(made.digest.prefix(12))")
            logger.info("imported a base image", metadata: ["runtime": "\(image.runtime)", "digest": "\(made.digest)"])
            return made
        }
    }
}

extension ImageArchive {
    /// Short enough for a line, and what an operator asked for.
    fileprivate func label(of part: Part) -> String {
        images.first { $0.root == part.name }?.runtime ?? String(part.name.prefix { $0 != "-" })
    }
}
