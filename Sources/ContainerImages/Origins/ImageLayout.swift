internal import LinuxKit
internal import SystemPackage

/// A layout on disk: image-spec's image-layout.md, as skopeo and buildah write it.
struct ImageLayout: ImageSource {
    let reference: ImageReference
    let directory: FilePath
    let limit: Int

    func image() async throws(ContainerImageError) -> SourceImage {
        try await LayoutWalk(
            reference: reference, limit: limit,
            read: { name, limit throws(ContainerImageError) in try await read(name, limit: limit) }
        ).image()
    }

    func fetch(
        _ drafts: [BlobDraft], of image: SourceImage, progress: @escaping @Sendable (Int, Int) -> Void
    ) async throws(ContainerImageError) {
        for (layer, draft) in drafts.enumerated() {
            if Task.isCancelled { throw .cancelled }
            try await BlockingThread.run { () throws(ContainerImageError) in
                let file = try open(LayoutWalk.name(of: draft.blob.digest))
                while true {
                    let piece = try onDisk("read a layer") { () throws(Errno) in try file.read(upTo: 1 << 20) }
                    if piece.isEmpty { break }
                    try draft.append(piece)
                    progress(layer, piece.count)
                }
                try draft.check()
            }
        }
    }

    private func read(_ name: String, limit: Int) async throws(ContainerImageError) -> [UInt8] {
        try await BlockingThread.run { () throws(ContainerImageError) in
            let file = try open(name)
            do throws(Errno) { return try file.readAll(limit: limit) } catch .fileTooLarge {
                throw .notSupported(reference, .unsupported, "\(name) has more than \(limit) bytes")
            } catch {
                throw .notFound(reference, "cannot read \(name): \(error)")
            }
        }
    }

    private func open(_ name: String) throws(ContainerImageError) -> OwnedDescriptor {
        try HostFile.open(directory.pushing(FilePath(name)), for: reference)
    }
}

/// Regular files that a client names.
enum HostFile {
    /// Never waits, as it would for a pipe.
    static func open(_ path: FilePath, for reference: ImageReference) throws(ContainerImageError) -> OwnedDescriptor {
        do throws(Errno) {
            let file = try OwnedDescriptor.open(path, .readOnly, options: [.nonBlocking])
            guard try FileStatus.of(file).kind == .regular else { throw .invalidArgument }
            return file
        } catch {
            throw .notFound(reference, "cannot open \(path): \(error)")
        }
    }
}
