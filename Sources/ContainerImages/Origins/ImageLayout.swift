internal import LinuxKit
internal import SystemPackage

/// A layout on disk: image-spec's image-layout.md, as skopeo and buildah write it.
struct ImageLayout: ImageSource {
    let reference: ImageReference
    let directory: FilePath
    let limit: Int

    func image() async throws(ContainerImageError) -> SourceImage {
        try await ManifestWalk(
            reference: reference, limit: limit,
            document: { digest throws(ContainerImageError) in
                if let digest {
                    return (try await read("blobs/sha256/\(digest.hexadecimal)", limit: ManifestDocument.largest), nil)
                }
                let chosen = try choose(
                    in: try await read("index.json", limit: ManifestDocument.largest))
                return (
                    try await read("blobs/sha256/\(chosen.digest.hexadecimal)", limit: ManifestDocument.largest),
                    chosen.mediaType
                )
            },
            small: { blob throws(ContainerImageError) in
                try await read("blobs/sha256/\(blob.digest.hexadecimal)", limit: ConfigurationDocument.largest)
            }
        ).image()
    }

    func fetch(
        _ drafts: [BlobDraft], of image: SourceImage, progress: @escaping @Sendable (Int, Int) -> Void
    ) async throws(ContainerImageError) {
        for (layer, draft) in drafts.enumerated() {
            if Task.isCancelled { throw .cancelled }
            try await BlockingThread.run { () throws(ContainerImageError) in
                let file = try open("blobs/sha256/\(draft.blob.digest.hexadecimal)")
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

    /// What the tag names. Without a tag: what there is only one of, at all or for this machine.
    private func choose(in index: [UInt8]) throws(ContainerImageError) -> BlobDescriptor {
        let choices: [ManifestDocument.Choice]
        do throws(ManifestDocument.Unusable) {
            guard case .index(let found) = try ManifestDocument(index, type: ManifestDocument.indexes[0]) else {
                throw ManifestDocument.Unusable(reason: "index.json is no index")
            }
            choices = found.filter { !$0.isAttestation }
        } catch {
            throw .notSupported(reference, .unsupported, error.reason)
        }
        if let tag = reference.tag {
            let named = choices.filter { $0.name == tag }
            guard let found = ManifestDocument.Choice.matching(Platform.name, of: named) ?? named.first else {
                throw .notFound(reference, "the layout has no tag '\(tag)'")
            }
            return found.blob
        }
        if choices.count == 1 { return choices[0].blob }
        let matching = choices.filter { $0.platform == Platform.name }
        guard matching.count == 1 else {
            let tags = choices.compactMap(\.name).joined(separator: ", ")
            throw .notFound(reference, "the layout has \(choices.count) images; name a tag: \(tags)")
        }
        return matching[0].blob
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
